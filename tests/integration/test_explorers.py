"""What explorers ask: Otterscan's methods, and what was sent by whom."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from byline.node.evm.accounts import created_address
from byline.node.rollups.rollup import ChainName
from byline.rpc.backend import BlockRef
from byline.rpc.namespaces import ots
from tests.integration.rollups import ALICE, BOB, World, world
from tests.integration.serving import Port, served

FROM, TO = (f"0x{account.address.hex()}" for account in (ALICE, BOB))
# Sends a wei to an address in its call data and makes an empty contract.
BUSY = "5f5f5f5f60015f355af1505f5f5ff05000"
# Reverts with the word 0x2a.
REVERTS = "602a5f5260205ffd"
NOWHERE = "0x" + "11" * 32
EMPTY_ROOT = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"


def _init(code: str) -> bytes:
    raw = bytes.fromhex(code)
    return bytes([0x60, len(raw), 0x80, 0x60, 9, 0x5F, 0x39, 0x5F, 0xF3]) + raw


@pytest.fixture(scope="module")
def made() -> World:
    here = world()
    for name in ("l1", "l2"):
        chain: ChainName = "l1" if name == "l1" else "l2"
        here.send(chain)
        for code in (BUSY, REVERTS):
            here.send(chain, to=None, data=_init(code), gas=200_000)
        busy, fails = (created_address(ALICE.address, nonce) for nonce in (1, 2))
        receiver = bytes.fromhex("cc" * 20).rjust(32, b"\0")
        here.send(chain, to=busy, data=receiver, value=5, gas=200_000)
        here.send(chain, to=fails, gas=100_000)
    return here


def _sent(port: Port, nonce: int) -> str:
    found = port.result("ots_getTransactionBySenderAndNonce", FROM, nonce)
    assert isinstance(found, str)
    return found


def test_the_level_is_eight(port: Port) -> None:
    assert port.result("ots_getApiLevel") == 8


def test_who_has_code(port: Port) -> None:
    busy = "0x" + created_address(ALICE.address, 1).hex()
    assert port.result("ots_hasCode", busy, "latest") is True
    assert port.result("ots_hasCode", busy, 1) is False
    assert port.result("ots_hasCode", FROM, "latest") is False


def test_calls_of_a_transaction_come_with_their_depths(port: Port) -> None:
    found = port.result("ots_traceTransaction", _sent(port, 3))
    assert [(call["type"], call["depth"], call["value"]) for call in found] == [
        ("CALL", 0, "0x5"),
        ("CALL", 1, "0x1"),
        ("CREATE", 1, "0x0"),
    ]
    assert found[1]["to"] == "0x" + "cc" * 20
    assert port.result("ots_traceTransaction", NOWHERE) == []


def test_operations_are_those_within_a_transaction(port: Port) -> None:
    busy = created_address(ALICE.address, 1)
    assert port.result("ots_getInternalOperations", _sent(port, 0)) == []
    found = port.result("ots_getInternalOperations", _sent(port, 3))
    assert found == [
        {"type": 0, "from": "0x" + busy.hex(), "to": "0x" + "cc" * 20, "value": "0x1"},
        {
            "type": 2,
            "from": "0x" + busy.hex(),
            "to": "0x" + created_address(busy, 1).hex(),
            "value": "0x0",
        },
    ]


def test_the_error_of_a_transaction_is_what_it_gave_back(port: Port) -> None:
    assert port.result("ots_getTransactionError", _sent(port, 4)) == f"0x{42:064x}"
    assert port.result("ots_getTransactionError", _sent(port, 3)) == "0x"


def test_details_of_a_block_leave_out_its_transactions(port: Port) -> None:
    block = port.result("eth_getBlockByNumber", "latest", False)
    receipts = port.result("eth_getBlockReceipts", "latest")
    by_number = port.result("ots_getBlockDetails", int(block["number"], 16))
    assert by_number == port.result("ots_getBlockDetailsByHash", block["hash"])
    assert by_number["block"]["transactionCount"] == len(block["transactions"])
    assert "transactions" not in by_number["block"]
    paid = sum(int(one["gasUsed"], 16) * int(one["effectiveGasPrice"], 16) for one in receipts)
    assert int(by_number["totalFees"], 16) == paid > 0
    assert port.result("ots_getBlockDetails", 10**6) is None


def test_pages_of_a_block_begin_at_its_end(name: ChainName) -> None:
    here = world()
    for nonce in (2, 1, 0):
        here.send(name, nonce=nonce, data=b"\1\2\3\4\5", gas=30_000)
    with served(here, name) as port:
        block = port.result("eth_getBlockByNumber", "latest", True)
        assert len(block["transactions"]) >= 3
        first = port.result("ots_getBlockTransactions", int(block["number"], 16), 0, 2)
        rest = port.result("ots_getBlockTransactions", int(block["number"], 16), 1, 50)
    hashes = [one["hash"] for one in block["transactions"]]
    assert [one["hash"] for one in first["fullblock"]["transactions"]] == hashes[-2:]
    assert [one["transactionHash"] for one in first["receipts"]] == hashes[-2:]
    assert first["fullblock"]["transactions"][0]["input"] == "0x01020304"
    assert rest["fullblock"]["transactions"] == []


def test_searches_page_through_what_reaches_an_account(port: Port) -> None:
    def hashes(page: Any) -> list[str]:
        for tx, receipt in zip(page["txs"], page["receipts"], strict=True):
            assert tx["hash"] == receipt["transactionHash"]
            assert receipt["timestamp"] == tx["blockTimestamp"]
        return [tx["hash"] for tx in page["txs"]]

    every = [_sent(port, nonce) for nonce in (4, 3, 2, 1, 0)]
    newest = port.result("ots_searchTransactionsBefore", FROM, 0, 2)
    assert hashes(newest) == every[:2]
    assert (newest["firstPage"], newest["lastPage"]) == (True, False)
    at = int(newest["txs"][-1]["blockNumber"], 16)
    older = port.result("ots_searchTransactionsBefore", FROM, at, 100)
    assert hashes(older) == every[2:]
    assert (older["firstPage"], older["lastPage"]) == (False, True)
    oldest = port.result("ots_searchTransactionsAfter", FROM, 0, 3)
    assert hashes(oldest) == every[2:]
    assert (oldest["firstPage"], oldest["lastPage"]) == (False, True)
    reached = port.result("ots_searchTransactionsBefore", "0x" + "cc" * 20, 0, 25)
    assert hashes(reached) == [_sent(port, 3)]
    assert port.error("ots_searchTransactionsBefore", FROM, 0, 0)["code"] == -32602


def test_the_creator_of_a_contract_is_found(port: Port) -> None:
    busy = created_address(ALICE.address, 1)
    made_by = port.result("ots_getContractCreator", "0x" + busy.hex())
    assert made_by == {"hash": _sent(port, 1), "creator": FROM}
    inner = port.result("eth_getTransactionReceipt", _sent(port, 3))
    assert inner["status"] == "0x1"
    assert port.result("ots_getContractCreator", FROM) is None


def test_a_transaction_is_found_by_sender_and_nonce(port: Port) -> None:
    found = port.result("eth_getTransactionBySenderAndNonce", FROM, "0x1")
    assert found == port.result("eth_getTransactionByHash", _sent(port, 1))
    assert port.result("eth_getTransactionBySenderAndNonce", FROM, "0x5") is None
    assert port.result("eth_getTransactionBySenderAndNonce", TO, "0x0") is None


def test_one_that_waits_is_found_too(name: ChainName) -> None:
    here = world()
    waiting = here.send(name, nonce=7)
    with served(here, name) as port:
        found = port.result("eth_getTransactionBySenderAndNonce", FROM, 7)
        assert (found["hash"], found["blockHash"]) == ("0x" + waiting.hex(), None)


def test_a_deposit_is_found_by_the_nonce_that_it_used() -> None:
    depositor = "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001"
    here = world()
    here.send("l2")
    here.send("l2")
    with served(here, "l2") as port:
        found = port.result("eth_getTransactionBySenderAndNonce", depositor, 1)
        assert (found["type"], found["blockNumber"]) == ("0x7e", "0x2")


def test_headers_are_those_of_the_eth_namespace(port: Port) -> None:
    head = port.result("eth_getHeaderByNumber", "latest")
    assert port.result("erigon_getHeaderByNumber", "latest") == head
    assert port.result("erigon_getHeaderByHash", head["hash"]) == head
    assert port.result("erigon_blockNumber") == head["number"]
    assert port.result("erigon_blockNumber", "earliest") == "0x0"


def test_an_account_is_what_the_trie_holds(port: Port) -> None:
    proof = port.result("eth_getProof", FROM, [], "latest")
    assert port.result("eth_getAccount", FROM) == {
        "balance": proof["balance"],
        "nonce": proof["nonce"],
        "codeHash": proof["codeHash"],
        "storageRoot": proof["storageHash"],
    }
    assert port.result("eth_getAccount", NOWHERE[:42])["storageRoot"] == EMPTY_ROOT


def test_a_search_is_bounded(made: World, port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ots, "MOST_SEARCHED", 2)
    error = port.error("ots_searchTransactionsBefore", NOWHERE[:42], 0, 5)
    assert error["message"].startswith("nothing in 2 blocks, up to block ")
    found = port.result("ots_searchTransactionsBefore", FROM, 0, 5)
    assert [tx["hash"] for tx in found["txs"]] == [_sent(port, 4), _sent(port, 3)]
    assert found["lastPage"] is False


def test_a_search_takes_a_bounded_time(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ots, "MOST_SECONDS", -1.0)
    error = port.error("ots_searchTransactionsAfter", NOWHERE[:42], 0, 5)
    assert error["message"] == "nothing in -1.0 s, up to block 1: go on from there"


class EmptyBlocks:
    """Has many blocks without transactions, at hand."""

    async def block_number(self) -> int:
        return 100_000

    async def block(self, ref: BlockRef) -> Any:
        number = 0 if ref == "earliest" else ref
        return SimpleNamespace(number=number, transactions=())


def test_a_search_through_empty_blocks_holds_up_nobody() -> None:
    async def run() -> int:
        context: Any = SimpleNamespace(backend=SimpleNamespace(chain=EmptyBlocks()))
        search = asyncio.ensure_future(ots.search_before(context, ALICE.address, 0, 5))
        turns = 0
        while not search.done():
            turns += 1
            await asyncio.sleep(0)
        assert search.result() == {"txs": [], "receipts": [], "firstPage": True, "lastPage": True}
        return turns

    assert asyncio.run(run()) > 5
