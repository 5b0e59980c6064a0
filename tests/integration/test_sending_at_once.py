"""What one account sends through the node at once: every transaction has its own nonce."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from byline.node.rollups.rollup import ChainName
from byline.rpc.senders import Senders
from tests.integration.rollups import ALICE, BOB, world
from tests.integration.serving import Port, served

COUNT = 12
SOMEBODY = b"\x0e" * 20


def at_once(port: Port, method: str, senders: list[bytes], **fields: str) -> list[Any]:
    """Ask for a transaction of each sender, all together; return the answers."""

    async def ask() -> list[bytes]:
        return await asyncio.gather(*(port.dispatcher.handle(one) for one in bodies))

    bodies = [
        json.dumps(
            {
                "jsonrpc": "2.0",
                "id": 1,
                "method": method,
                "params": [{"from": "0x" + sender.hex(), "to": "0x" + "77" * 20, **fields}],
            }
        ).encode()
        for sender in senders
    ]
    return [json.loads(answer) for answer in port.loop.run_until_complete(ask())]


def nonces(port: Port, hashes: list[str]) -> list[int]:
    found = [port.result("eth_getTransactionByHash", tx_hash) for tx_hash in hashes]
    return sorted(int(one["nonce"], 16) for one in found)


@pytest.mark.parametrize("name", ["l1", "l2"])
@pytest.mark.parametrize("automine", [True, False])
def test_transactions_of_one_account_that_come_together_are_all_taken(
    name: ChainName, automine: bool
) -> None:
    with served(world(), name) as port:
        port.result("evm_setAutomine", automine)
        answers = at_once(port, "eth_sendTransaction", [ALICE.address, BOB.address] * COUNT)
        assert [answer["error"] for answer in answers if "error" in answer] == []
        hashes = [answer["result"] for answer in answers]
        for mine in (hashes[0::2], hashes[1::2]):
            assert nonces(port, mine) == list(range(COUNT))
        port.result("evm_mine")
        assert all(port.result("eth_getTransactionReceipt", sent) for sent in hashes)


def test_so_are_those_whose_receipts_are_waited_for() -> None:
    with served(world(), "l2") as port:
        answers = at_once(port, "eth_sendTransactionSync", [ALICE.address] * COUNT)
        assert nonces(port, [answer["result"]["transactionHash"] for answer in answers]) == list(
            range(COUNT)
        )


def test_one_that_is_refused_leaves_its_nonce_to_the_next() -> None:
    with served(world(), "l2") as port:
        refused = at_once(port, "eth_sendTransaction", [ALICE.address] * 3, gas="0x1")
        assert all("intrinsic gas too low" in one["error"]["message"] for one in refused)
        (taken,) = at_once(port, "eth_sendTransaction", [ALICE.address])
        assert nonces(port, [taken["result"]]) == [0]


@pytest.mark.parametrize("name", ["l1", "l2"])
@pytest.mark.parametrize("automine", [True, False])
@pytest.mark.parametrize("method", ["eth_sendTransaction", "eth_sendUnsignedTransaction"])
def test_so_are_those_that_nobody_signs(name: ChainName, automine: bool, method: str) -> None:
    with served(world(), name) as port:
        port.result("anvil_setBalance", "0x" + SOMEBODY.hex(), hex(10**18))
        port.result("anvil_impersonateAccount", "0x" + SOMEBODY.hex())
        port.result("evm_setAutomine", automine)
        answers = at_once(port, method, [SOMEBODY] * COUNT)
        assert [answer["error"] for answer in answers if "error" in answer] == []
        port.result("evm_mine")
        hashes = [answer["result"] for answer in answers]
        assert all(port.result("eth_getTransactionReceipt", sent) for sent in hashes)
        assert nonces(port, hashes) == list(range(COUNT))


def test_nothing_is_kept_of_who_has_sent() -> None:
    async def work() -> Senders:
        senders = Senders()
        for number in range(100):
            async with senders.turn(number.to_bytes(20, "big")):
                assert len(senders._turns) == 1
        return senders

    assert len(asyncio.run(work())._turns) == 0
