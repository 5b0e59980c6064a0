"""What the methods answer is what the execution-apis describe."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account

from tests.unit.rpc.client import Client, client, run
from tests.unit.rpc.fakes import CHAIN_ID, KEY, REVERTS, SENDER, TARGET, dynamic, legacy, sign
from tests.unit.rpc.schema import check_result, methods, violations

ADDRESS = "0x" + SENDER.hex()
TO = "0x" + TARGET.hex()
ACCESS = [{"address": TO, "storageKeys": ["0x" + "00" * 32]}]


def raw_transactions() -> list[bytes]:
    """Return one transaction of each type that the L2 takes."""
    authorization = Account.from_key(KEY).sign_authorization(
        {"chainId": CHAIN_ID, "address": TARGET, "nonce": 1}
    )
    unprotected = {"nonce": 0, "gas": 50_000, "to": TARGET, "value": 1, "gasPrice": 2000}
    return [
        bytes(Account.sign_transaction(unprotected, KEY).raw_transaction),
        legacy(nonce=1, data=b"\x01"),
        sign(type=1, gasPrice=2000, accessList=ACCESS, nonce=2),
        dynamic(nonce=3, to=b"", data=b"\x60\x00"),
        sign(
            type=4,
            maxFeePerGas=5000,
            maxPriorityFeePerGas=10,
            authorizationList=[authorization],
            nonce=4,
        ),
    ]


async def filled() -> Client:
    """Return a client of a chain with a block of each transaction type and a full pool."""
    made = client()
    for raw in raw_transactions():
        await made.result("eth_sendRawTransaction", "0x" + raw.hex())
    made.node.automine = False
    await made.result("eth_sendRawTransaction", "0x" + dynamic(nonce=5).hex())
    return made


QUESTIONS: list[tuple[str, list[Any]]] = [
    ("debug_getBadBlocks", []),
    ("eth_accounts", []),
    ("eth_baseFee", []),
    ("eth_blobBaseFee", []),
    ("eth_blockNumber", []),
    ("eth_call", [{"to": TO, "input": "0x1234"}, "latest"]),
    ("eth_capabilities", []),
    ("eth_chainId", []),
    ("eth_coinbase", []),
    ("eth_createAccessList", [{"to": TO}, "latest"]),
    ("eth_createAccessList", [{"to": "0x" + REVERTS.hex()}, "latest"]),
    ("eth_estimateGas", [{"to": TO}]),
    ("eth_feeHistory", ["0x2", "latest", [10.0, 90]]),
    ("eth_feeHistory", ["0x0", "latest", None]),
    ("eth_fillTransaction", [{"from": ADDRESS, "to": TO}]),
    ("eth_fillTransaction", [{"from": ADDRESS, "to": TO, "gasPrice": "0x9"}]),
    (
        "eth_fillTransaction",
        [{"from": ADDRESS, "to": TO, "gasPrice": "0x9", "accessList": ACCESS}],
    ),
    ("eth_fillTransaction", [{"from": ADDRESS, "to": TO, "authorizationList": []}]),
    ("eth_gasPrice", []),
    ("eth_getBalance", [ADDRESS, "latest"]),
    *(("eth_getBlockByNumber", [hex(number), True]) for number in range(6)),
    ("eth_getBlockByNumber", ["latest", False]),
    ("eth_getBlockByNumber", ["0xffff", False]),
    ("eth_getBlockReceipts", ["0x0"]),
    *(("eth_getBlockReceipts", [hex(number)]) for number in range(1, 6)),
    ("eth_getBlockReceipts", ["0xffff"]),
    ("eth_getBlockTransactionCountByNumber", ["0x1"]),
    ("eth_getBlockTransactionCountByNumber", ["0xffff"]),
    ("eth_getCode", [TO, "latest"]),
    ("eth_getLogs", [{"fromBlock": "0x0", "toBlock": "latest"}]),
    ("eth_getProof", [TO, ["0x1", "0x" + "00" * 32], "latest"]),
    ("eth_getStorageAt", [TO, "0x0", "latest"]),
    ("eth_getStorageValues", [{TO: ["0x0", "0x" + "00" * 32], ADDRESS: []}]),
    ("eth_getTransactionByBlockNumberAndIndex", ["0x1", "0x0"]),
    ("eth_getTransactionByBlockNumberAndIndex", ["0x1", "0x1"]),
    ("eth_getTransactionByBlockNumberAndIndex", ["0x1", "0x9"]),
    ("eth_getTransactionCount", [ADDRESS, "pending"]),
    ("eth_getTransactionByHash", ["0x" + "00" * 32]),
    ("eth_getTransactionReceipt", ["0x" + "00" * 32]),
    ("eth_maxPriorityFeePerGas", []),
    ("eth_newBlockFilter", []),
    ("eth_newFilter", [{}]),
    ("eth_newPendingTransactionFilter", []),
    ("eth_sendTransaction", [{"from": ADDRESS, "to": TO}]),
    ("eth_sign", [ADDRESS, "0xdead"]),
    ("eth_signTransaction", [{"from": ADDRESS, "to": TO}]),
    ("eth_signTransaction", [{"from": ADDRESS, "to": TO, "gasPrice": "0x9"}]),
    ("eth_syncing", []),
    ("eth_uninstallFilter", ["0x1"]),
    ("net_version", []),
    ("debug_getRawBlock", ["0x1"]),
    ("debug_getRawHeader", ["0x1"]),
    ("debug_getRawReceipts", ["0x1"]),
    ("debug_getRawTransaction", ["0x" + "00" * 32]),
    ("txpool_content", []),
    ("txpool_contentFrom", [ADDRESS]),
    ("txpool_status", []),
]


@pytest.mark.parametrize(("method", "params"), QUESTIONS)
def test_answers_match_the_result_schema(method: str, params: list[Any]) -> None:
    async def work() -> Any:
        return await (await filled()).result(method, *params)

    check_result(method, run(work()))


def test_each_transaction_and_receipt_matches_by_hash_too() -> None:
    async def work() -> None:
        made = await filled()
        for block in made.node.blocks:
            for item in block.transactions:
                name = "0x" + item.hash.hex()
                check_result(
                    "eth_getTransactionByHash", await made.result("eth_getTransactionByHash", name)
                )
                check_result(
                    "eth_getTransactionReceipt",
                    await made.result("eth_getTransactionReceipt", name),
                )

    run(work())


def test_filter_news_match_the_result_schema() -> None:
    async def work() -> None:
        made = client()
        names = [
            await made.result("eth_newFilter", {}),
            await made.result("eth_newBlockFilter"),
            await made.result("eth_newPendingTransactionFilter"),
        ]
        queue: Any = []
        made.node.diverted = queue
        await made.result("eth_sendRawTransaction", "0x" + dynamic(data=b"\x01").hex())
        for event in queue:
            made.dispatcher.feed.give(event)
        for name in names:
            found = await made.result("eth_getFilterChanges", name)
            assert len(found) == 1
            check_result("eth_getFilterChanges", found)

    run(work())


def test_the_checker_finds_faults() -> None:
    """A receipt with a stray member, a number with a leading zero, a missing field."""
    schema = methods()["eth_getTransactionReceipt"]["result"]["schema"]
    assert list(violations(schema, {"blockTimestamp": "0x1"}, ""))
    assert list(violations({"$ref": "#/components/schemas/uint"}, "0x01", ""))
    assert not list(violations({"$ref": "#/components/schemas/uint"}, "0x1", ""))
    block = methods()["eth_getBlockByNumber"]["result"]["schema"]
    assert list(violations(block, {"hash": "0x" + "00" * 32}, ""))


def test_every_method_of_the_pinned_list_is_served_or_known_to_be_absent() -> None:
    absent = {
        "debug_getRawBlockAccessList", "debug_traceBlockByHash", "debug_traceBlockByNumber",
        "debug_traceTransaction", "eth_config", "eth_getBlockAccessList", "eth_simulateV1",
        "testing_buildBlockV1",
    }  # fmt: skip
    served = set(client().dispatcher.context(None).methods)
    wanted = {name for name in methods() if not name.startswith("engine_")}
    assert absent == wanted - served
