"""Transactions that get into a block only while conditions hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from byline.node.accounts import dev_accounts
from byline.node.evm.accounts import created_address
from byline.node.rollups.mining import Mode
from tests.integration.rollups import ALICE, World, world
from tests.integration.serving import Port, served

CAROL = dev_accounts()[2]
CONTRACT = "0x" + created_address(ALICE.address, 0).hex()
METHOD = "eth_sendRawTransactionConditional"


def _init(code: str) -> bytes:
    raw = bytes.fromhex(code)
    return bytes([0x60, len(raw), 0x80, 0x60, 9, 0x5F, 0x39, 0x5F, 0xF3]) + raw


@pytest.fixture
def here() -> World:
    found = world()
    # Writes the call value to slot 0.
    found.send("l2", to=None, data=_init("345f5500"), gas=200_000)
    found.send("l2", to=created_address(ALICE.address, 0), value=7, gas=100_000)
    return found


@pytest.fixture
def port(here: World) -> Iterator[Port]:
    with served(here, "l2") as found:
        yield found


def _raw(here: World) -> str:
    return "0x" + here.transfer("l2", sender=CAROL).raw.hex()


def _root(port: Port) -> str:
    return str(port.result("eth_getProof", CONTRACT, [], "latest")["storageHash"])


def test_it_is_mined_where_all_conditions_hold(here: World, port: Port) -> None:
    time = int(port.result("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    conditions = {
        "blockNumberMin": "0x2",
        "blockNumberMax": "0x3",
        "timestampMin": hex(time),
        "timestampMax": time + 100,
        "knownAccounts": {CONTRACT: {"0x0": "0x" + "00" * 31 + "07"}, "0x" + "00" * 20: {}},
    }
    tx_hash = port.result(METHOD, _raw(here), conditions)
    assert port.result("eth_getTransactionReceipt", tx_hash)["blockNumber"] == "0x3"
    by_root = {"knownAccounts": {CONTRACT: _root(port)}}
    tx_hash = port.result(METHOD, _raw(here), by_root)
    assert port.result("eth_getTransactionReceipt", tx_hash)["status"] == "0x1"
    assert port.result(METHOD, _raw(here), {})


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ({"blockNumberMin": "0x3"}, "block number 2 is less than the minimum 3"),
        ({"blockNumberMax": "0x1"}, "block number 2 is greater than the maximum 1"),
        ({"timestampMin": hex(2**40)}, "is less than the minimum"),
        ({"timestampMax": "0x1"}, "is greater than the maximum 1"),
        ({"knownAccounts": {CONTRACT: {"0x0": "0x8"}}}, "have 0x7, want 0x8"),
        ({"knownAccounts": {CONTRACT: "0x" + "11" * 32}}, "want 0x1111"),
        (
            {"blockNumberMin": "0x5", "blockNumberMax": "0x4"},
            "block number minimum constraint must be less than the maximum",
        ),
    ],
)
def test_it_is_refused_where_one_does_not(
    here: World, port: Port, conditions: dict[str, Any], words: str
) -> None:
    error = port.error(METHOD, _raw(here), conditions)
    assert error["code"] == -32003
    assert words in error["message"]
    assert port.result("txpool_status") == {"pending": "0x0", "queued": "0x0"}


def test_what_no_longer_holds_when_a_block_is_made_drops_it(here: World, port: Port) -> None:
    here.rollup.mining = here.rollup.mining.tell("l2", Mode(automine=False))
    known = {"knownAccounts": {CONTRACT: {"0x0": "0x7"}}}
    tx_hash = port.result(METHOD, _raw(here), known)
    assert port.result("txpool_status")["pending"] == "0x1"
    # A better offer comes before it in the same block, and changes the slot.
    better = {"from": "0x" + ALICE.address.hex(), "to": CONTRACT, "value": "0x9"}
    fees = {"maxPriorityFeePerGas": "0x77359400", "maxFeePerGas": "0x174876e800"}
    other = port.result("eth_sendTransaction", {**better, **fees})
    port.result("evm_mine")
    assert port.result("eth_getTransactionReceipt", other)["status"] == "0x1"
    assert port.result("eth_getTransactionReceipt", tx_hash) is None
    assert port.result("eth_getTransactionByHash", tx_hash) is None
    assert port.result("txpool_status") == {"pending": "0x0", "queued": "0x0"}


def test_too_much_to_check_is_refused(here: World, port: Port) -> None:
    words = {hex(slot): "0x0" for slot in range(1_001)}
    error = port.error(METHOD, _raw(here), {"knownAccounts": {CONTRACT: words}})
    assert error == {"code": -32602, "message": "conditional cost, 1001, exceeded max: 1000"}


def test_a_misspelt_condition_is_no_condition_that_holds(here: World, port: Port) -> None:
    error = port.error(METHOD, _raw(here), {"blockNumberMinimum": "0x1"})
    assert error["code"] == -32602


def test_a_transaction_that_the_pool_refuses_leaves_no_conditions(here: World, port: Port) -> None:
    raw = "0x" + here.transfer("l2", sender=CAROL, value=10**30).raw.hex()
    assert "insufficient funds" in port.error(METHOD, raw, {})["message"]
    assert not here.rollup.engine.conditionals.waiting
