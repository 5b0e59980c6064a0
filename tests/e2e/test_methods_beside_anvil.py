"""Answers have the members that anvil's have, for methods that wallets and explorers call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.anvils import running_anvil
from tests.devnets import RESTING, Running, call, running, wait_for

FROM = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
TO = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"
INIT = "0x600a600c600039600a6000f3602a60005260206000f3"
NOT_OURS = {"totalDifficulty", "blobGasPrice", "timestamp", "blockTimestamp"}
"""What anvil has in places where the specification has nothing, or that its receipts repeat."""


@pytest.fixture(scope="module")
def anvil() -> Iterator[str]:
    with running_anvil() as url:
        yield url


@pytest.fixture(scope="module")
def devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("devnet"), RESTING) as found:
        yield found


def _prepare(url: str) -> dict[str, str]:
    transfer = call(url, "eth_sendTransaction", {"from": FROM, "to": TO, "value": "0x5"})
    creation = call(url, "eth_sendTransaction", {"from": FROM, "data": INIT})
    # anvil answers with the hash before it has made the block.
    wait_for(lambda: call(url, "eth_getTransactionReceipt", creation))
    contract = call(url, "eth_getTransactionReceipt", creation)["contractAddress"]
    return {
        "HASH": transfer,
        "CREATION": creation,
        "CONTRACT": contract,
        "BLOCK": call(url, "eth_getBlockByNumber", "latest", False)["hash"],
        "FROM": FROM,
    }


CASES: list[tuple[str, list[Any]]] = [
    ("eth_networkId", []),
    ("eth_getAccount", ["FROM", "latest"]),
    ("eth_getAccountInfo", ["FROM", "latest"]),
    ("eth_getTransactionBySenderAndNonce", ["FROM", "0x0"]),
    ("eth_getTransactionBySenderAndNonce", ["FROM", "0x99"]),
    ("eth_getRawTransactionByBlockHashAndIndex", ["BLOCK", "0x0"]),
    ("eth_getUncleCountByBlockNumber", ["latest"]),
    ("eth_requestAccounts", []),
    ("eth_sendTransactionSync", [{"from": "FROM", "to": TO}]),
    ("eth_createAccessList", [{"from": "FROM", "to": "CONTRACT"}]),
    ("eth_feeHistory", ["0x2", "latest", [50]]),
    ("eth_getProof", ["CONTRACT", ["0x" + "00" * 32], "latest"]),
    ("ots_getApiLevel", []),
    ("ots_hasCode", ["CONTRACT", "latest"]),
    ("ots_getInternalOperations", ["CREATION"]),
    ("ots_traceTransaction", ["HASH"]),
    ("ots_getTransactionError", ["HASH"]),
    ("ots_getBlockDetails", [1]),
    ("ots_getBlockDetailsByHash", ["BLOCK"]),
    ("ots_getBlockTransactions", [1, 0, 5]),
    ("ots_searchTransactionsBefore", ["FROM", 0, 5]),
    ("ots_searchTransactionsAfter", ["FROM", 0, 5]),
    ("ots_getTransactionBySenderAndNonce", ["FROM", 0]),
    ("ots_getContractCreator", ["CONTRACT"]),
    ("ots_getContractCreator", ["FROM"]),
    ("txpool_status", []),
    ("debug_traceCall", [{"from": "FROM", "to": "CONTRACT"}, "latest", {"tracer": "callTracer"}]),
    ("trace_transaction", ["HASH"]),
    ("trace_replayBlockTransactions", ["0x1", ["trace"]]),
]


def _filled(value: Any, known: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_filled(entry, known) for entry in value]
    if isinstance(value, dict):
        return {key: _filled(entry, known) for key, entry in value.items()}
    return known.get(value, value) if isinstance(value, str) else value


def _check_like(ours: Any, theirs: Any, where: str) -> None:
    """Check that our answer has what theirs has, in the same forms."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        missing = theirs.keys() - ours.keys() - NOT_OURS
        assert not missing, f"{where}: we lack {missing}"
        for key in theirs.keys() & ours.keys():
            _check_like(ours[key], theirs[key], f"{where}.{key}")
    elif isinstance(theirs, list) and isinstance(ours, list):
        if theirs and ours:
            _check_like(ours[-1], theirs[-1], f"{where}[-1]")
    elif theirs is not None and ours is not None:
        assert type(ours) is type(theirs), f"{where}: {ours!r} beside {theirs!r}"


@pytest.mark.parametrize(("method", "params"), CASES)
def test_answers_have_what_anvils_have(
    anvil: str, devnet: Running, method: str, params: list[Any], prepared: dict[str, Any]
) -> None:
    theirs = call(anvil, method, *_filled(params, prepared["anvil"]))
    for url in (devnet.l1_url, devnet.l2_url):
        ours = call(url, method, *_filled(params, prepared[url]))
        assert (ours is None) == (theirs is None)
        _check_like(ours, theirs, method)


@pytest.fixture(scope="module")
def prepared(anvil: str, devnet: Running) -> dict[str, Any]:
    return {
        "anvil": _prepare(anvil),
        devnet.l1_url: _prepare(devnet.l1_url),
        devnet.l2_url: _prepare(devnet.l2_url),
    }
