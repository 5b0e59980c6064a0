"""Methods that read much at once or tell of the node, on both chains."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from byline.node.rollups.rollup import ChainName
from tests.integration.rollups import ALICE, BOB, World, world
from tests.integration.serving import Port, served
from tests.unit.rpc.schema import check_result, methods

ABSENT = {
    "debug_getRawBlockAccessList": "block access lists come with Amsterdam",
    "eth_getBlockAccessList": "block access lists come with Amsterdam",
    "testing_buildBlockV1": "for the tests of execution clients; evm_mine makes blocks here",
}
"""What the execution-apis have and neither port serves, and why."""
FROM = "0x" + ALICE.address.hex()
TO = "0x" + BOB.address.hex()
ZERO = "0x" + "00" * 32


@pytest.fixture(scope="module")
def made() -> World:
    here = world()
    for _ in range(2):
        here.send("l1")
        here.send("l2")
    return here


def test_every_method_of_the_specification_is_served_or_known_to_be_absent(port: Port) -> None:
    every = {method for method in methods() if not method.startswith("engine_")}
    answered = set(port.dispatcher.context(None).methods)
    assert every - answered == set(ABSENT)


def test_what_is_absent_is_refused_with_its_name(port: Port) -> None:
    for method in ABSENT:
        error = port.error(method)
        assert error["code"] == -32601
        assert error["message"] == f"the method {method} does not exist/is not available"


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("debug_getBadBlocks", []),
        ("debug_getRawBlock", ["latest"]),
        ("debug_getRawHeader", ["latest"]),
        ("debug_getRawReceipts", ["latest"]),
        ("debug_traceBlockByNumber", ["latest"]),
        ("eth_baseFee", []),
        ("eth_blobBaseFee", []),
        ("eth_call", [{"to": TO}, "latest"]),
        ("eth_capabilities", []),
        ("eth_coinbase", []),
        ("eth_config", []),
        ("eth_createAccessList", [{"from": FROM, "to": TO}, "latest"]),
        ("eth_estimateGas", [{"from": FROM, "to": TO}]),
        ("eth_feeHistory", ["0x2", "latest", [50]]),
        ("eth_fillTransaction", [{"from": FROM, "to": TO}]),
        ("eth_getBlockByNumber", ["latest", True]),
        ("eth_getBlockReceipts", ["latest"]),
        ("eth_getProof", [FROM, ["0x0"], "latest"]),
        ("eth_getStorageValues", [{TO: ["0x0", ZERO]}]),
        ("eth_getTransactionByBlockNumberAndIndex", ["latest", "0x0"]),
        ("eth_simulateV1", [{"blockStateCalls": [{"calls": [{"from": FROM, "to": TO}]}]}]),
        ("eth_syncing", []),
        ("net_version", []),
        ("txpool_content", []),
        ("txpool_status", []),
    ],
)
def test_results_of_the_chains_match_the_schema(
    port: Port, method: str, params: list[Any]
) -> None:
    check_result(method, port.result(method, *params))


def test_headers_are_blocks_without_what_is_in_them(port: Port) -> None:
    block = port.result("eth_getBlockByNumber", "latest", False)
    for method, ref in (("Number", block["number"]), ("Hash", block["hash"])):
        header = port.result(f"eth_getHeaderBy{method}", ref)
        assert header.items() <= block.items()
        assert block.keys() - header.keys() == {"transactions", "uncles", "size", "withdrawals"}
    assert port.result("eth_getHeaderByNumber", "0xffff") is None
    assert port.result("eth_getHeaderByHash", ZERO) is None


def test_the_base_fee_is_that_of_the_next_block(made: World, name: ChainName, port: Port) -> None:
    assert port.result("eth_baseFee") == hex(made.rollup.next_base_fee(name))


def test_storage_values_are_those_of_each_slot_and_keep_the_keys(port: Port) -> None:
    passer = "0x4200000000000000000000000000000000000016"
    mixed = TO.upper().replace("0X", "0x")
    found = port.result("eth_getStorageValues", {passer: ["0x1", "0x0"], mixed: [ZERO]}, "latest")
    assert list(found) == [passer, mixed]
    assert found[passer] == [
        port.result("eth_getStorageAt", passer, slot) for slot in ("0x1", "0x0")
    ]
    assert found[mixed] == [ZERO]


def test_storage_values_are_bounded(port: Port) -> None:
    assert port.error("eth_getStorageValues", {}) == {"code": -32602, "message": "empty request"}
    assert port.error("eth_getStorageValues", {TO: ["0x0"] * 1025}) == {
        "code": -38026,
        "message": "too many slots (max 1024)",
    }
    assert port.error("eth_getStorageValues", {"0x1": ["0x0"]})["code"] == -32602


def test_account_info_is_what_the_single_calls_answer(port: Port) -> None:
    found = port.result("eth_getAccountInfo", FROM, "latest")
    assert found == {
        "balance": port.result("eth_getBalance", FROM),
        "nonce": port.result("eth_getTransactionCount", FROM),
        "code": port.result("eth_getCode", FROM),
    }
    assert found["nonce"] != "0x0"


def test_who_sends_in_sync_gets_the_receipt(name: ChainName) -> None:
    here = world()
    with served(here, name) as port:
        tx = here.transfer(name)
        found = port.result("eth_sendRawTransactionSync", "0x" + tx.raw.hex(), 5000)
        assert found == port.result("eth_getTransactionReceipt", "0x" + tx.hash.hex())
        assert found["status"] == "0x1"
        again = port.error("eth_sendRawTransactionSync", "0x" + tx.raw.hex())
        assert again["code"] == -32000


def test_who_sends_in_sync_hears_of_a_transaction_that_waits(name: ChainName) -> None:
    here = world()
    with served(here, name) as port:
        tx = here.transfer(name, nonce=1)
        error = port.error("eth_sendRawTransactionSync", "0x" + tx.raw.hex(), "0x32")
        assert error == {
            "code": 4,
            "message": "The transaction was added to the transaction pool but wasn't processed "
            "in 50ms",
            "data": "0x" + tx.hash.hex(),
        }


def test_pending_transactions_are_the_nodes_own(name: ChainName) -> None:
    here = world()
    here.rollup.mining = replace(here.rollup.mining, automine=False)
    with served(here, name) as port:
        assert port.result("eth_pendingTransactions") == []
        port.result("eth_sendTransaction", {"from": FROM, "to": TO})
        (found,) = port.result("eth_pendingTransactions")
        assert (found["from"], found["blockHash"]) == (FROM, None)


def test_a_node_without_peers_tells_its_chain(port: Port) -> None:
    found = port.result("admin_nodeInfo")
    eth = found["protocols"]["eth"]
    assert eth["head"] == port.result("eth_getBlockByNumber", "latest", False)["hash"]
    assert eth["genesis"] == port.result("eth_getBlockByNumber", "earliest", False)["hash"]
    assert eth["network"] == int(port.result("net_version"))
    assert found["name"] == port.result("web3_clientVersion")
    assert port.result("admin_peers") == []
    assert port.result("admin_datadir") == ""
    assert {"admin", "eth", "debug", "net", "web3"} <= port.result("rpc_modules").keys()


def test_too_many_and_missing_parameters_are_refused(port: Port) -> None:
    for method in ("admin_peers", "eth_baseFee", "eth_capabilities", "debug_getBadBlocks"):
        assert port.error(method, 1) == {
            "code": -32602,
            "message": "too many arguments, want at most 0",
        }
    for method in ("eth_simulateV1", "eth_getStorageValues", "eth_sendRawTransactionSync"):
        assert "missing value for required argument 0" in port.error(method)["message"]
