"""Calls on the pending block see the time and number that the next block would have."""

from __future__ import annotations

import pytest

from byline.node.backend.resolve import Resolver
from byline.node.chain import calls
from byline.node.config import NodeConfig
from byline.node.evm.accounts import created_address
from byline.node.rollups.rollup import ChainName
from byline.rpc.backend import BlockRef, CallRequest
from tests.integration.rollups import ALICE, GENESIS_TIME, World, world
from tests.integration.serving import served

SEES = bytes.fromhex("425f524360205260405ff3")
"""Init code that returns TIMESTAMP and NUMBER."""


def seen(here: World, name: ChainName, ref: BlockRef) -> tuple[int, int]:
    resolver = Resolver(here.rollup, name)
    request = CallRequest(sender=ALICE.address, data=SEES)
    output = calls.call(resolver.chain, resolver.context(ref), request, {})
    return int.from_bytes(output[:32], "big"), int.from_bytes(output[32:], "big")


@pytest.mark.parametrize("engine", ["fast", "pyevm"])
@pytest.mark.parametrize("name", ["l1", "l2"])
def test_they_see_what_is_wished_of_the_next_block(name: ChainName, engine: str) -> None:
    here = world(NodeConfig(engine=engine))
    here.rollup.mine(name)
    latest = seen(here, name, "latest")
    assert latest == (here.rollup.chain(name).head.timestamp, 1)
    assert seen(here, name, "pending") == (here.rollup.next_timestamp(name), 2)
    here.rollup.set_time(GENESIS_TIME + 5_000)
    assert seen(here, name, "pending") == (GENESIS_TIME + 5_000, 2)
    here.rollup.set_next_timestamp(name, GENESIS_TIME + 700)
    assert seen(here, name, "pending") == (GENESIS_TIME + 700, 2)
    assert seen(here, name, "latest") == latest
    here.rollup.mine(name)
    assert seen(here, name, "latest") == (GENESIS_TIME + 700, 2)


def test_an_estimate_on_it_stands_on_the_state_of_the_head() -> None:
    here = world()
    here.send("l2", value=7)
    resolver = Resolver(here.rollup, "l2")
    here.rollup.increase_time(10_000)
    request = CallRequest(sender=ALICE.address, to=ALICE.address, value=1)
    pending = resolver.context("pending")
    assert pending.parent_hash == resolver.chain.head.hash
    gas = calls.estimate_gas(resolver.chain, pending, request, {}, lambda asked, gas: 0)
    assert gas == 21_000


NOBODY = "0x" + "ab" * 20
KEEPS = "0x602a5f55675f545f5260205ff35f5260086018f3"
"""Init code that stores 42 at slot 0, and leaves code that returns that slot."""


@pytest.mark.parametrize("engine", ["fast", "pyevm"])
@pytest.mark.parametrize("name", ["l1", "l2"])
def test_what_waits_is_in_the_pending_state_and_not_in_the_latest(
    name: ChainName, engine: str
) -> None:
    here = world(NodeConfig(engine=engine))
    sender = f"0x{ALICE.address.hex()}"
    with served(here, name) as port:
        port.result("evm_setAutomine", False)
        created = f"0x{created_address(ALICE.address, 0).hex()}"
        port.result("eth_sendTransaction", {"from": sender, "data": KEEPS, "gas": "0x186a0"})
        port.result("eth_sendTransaction", {"from": sender, "to": NOBODY, "value": "0x7"})
        asks = (
            ("eth_getBalance", [NOBODY], "0x0", "0x7"),
            ("eth_getCode", [created], "0x", "0x5f545f5260205ff3"),
            ("eth_getStorageAt", [created, "0x0"], "0x" + "00" * 32, "0x" + "00" * 31 + "2a"),
            ("eth_call", [{"to": created}], "0x", "0x" + "00" * 31 + "2a"),
            ("eth_getTransactionCount", [sender], "0x0", "0x2"),
        )
        for method, asked, latest, pending in asks:
            assert port.result(method, *asked, "latest") == latest, method
            assert port.result(method, *asked, "pending") == pending, method
        plain = int(port.result("eth_estimateGas", {"to": created}, "latest"), 16)
        assert int(port.result("eth_estimateGas", {"to": created}, "pending"), 16) > plain
        assert port.result("eth_blockNumber") == "0x0"
        port.result("evm_mine")
        for method, asked, _, pending in asks:
            assert port.result(method, *asked, "latest") == pending, method
            assert port.result(method, *asked, "pending") == pending, method
