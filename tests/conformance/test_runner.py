"""The runner tells what passes, what fails and what is allowed to, on fixtures made here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import rlp
from eth_keys.datatypes import PrivateKey

from byline.derivation.hashing import EMPTY_TRIE_ROOT, ZERO_HASH, keccak256
from byline.derivation.header import Header
from byline.node.chain.genesis import genesis_machine
from byline.node.evm.engines import engine
from tests.conformance.__main__ import main
from tests.conformance.exceptions import Known, needless
from tests.conformance.fixtures import allocation
from tests.conformance.outcome import Outcome
from tests.conformance.reasons import refused_rightly
from tests.conformance.runner import Results, run_file
from tests.conformance.table import failures

KEY = PrivateKey(b"\x01" * 32)
SENDER = "0x" + KEY.public_key.to_canonical_address().hex()
TARGET, COINBASE = "0x" + "c0" * 20, "0x" + "fe" * 20
# CALLER PUSH0 SSTORE PUSH0 PUSH0 LOG0, and what that costs.
CODE = "0x335f555f5fa0"
USED = 21_000 + 2 + 2 + 22_100 + 2 + 2 + 375
PRICE, BASE_FEE, VALUE, FUNDS = 10, 7, 5, 10**18
GAS_LIMIT = 30_000_000


def encoded(item: Any) -> bytes:
    result: bytes = rlp.encode(item)
    return result


def transaction(gas: int) -> bytes:
    fields = [0, PRICE, gas, bytes.fromhex(TARGET[2:]), VALUE, b""]
    signature = KEY.sign_msg_hash(keccak256(encoded([*fields, 1, b"", b""])))
    return encoded([*fields, 37 + signature.v, signature.r, signature.s])


def account(balance: int, nonce: int, code: str, storage: dict[str, str]) -> dict[str, Any]:
    return {"balance": hex(balance), "nonce": hex(nonce), "code": code, "storage": storage}


PRE = {SENDER: account(FUNDS, 0, "0x", {}), TARGET: account(1, 0, CODE, {})}
POST = {
    SENDER: account(FUNDS - VALUE - USED * PRICE, 1, "0x", {}),
    TARGET: account(1 + VALUE, 0, CODE, {"0x00": SENDER}),
    COINBASE: account(USED * (PRICE - BASE_FEE), 0, "0x", {}),
}


def root(accounts: dict[str, Any]) -> str:
    return "0x" + genesis_machine(engine("pyevm"), allocation(accounts)).commit().hex()


LOGS = "0x" + keccak256(encoded([[bytes.fromhex(TARGET[2:]), [], b""]])).hex()
NO_LOGS = "0x" + keccak256(encoded([])).hex()
GOOD = {"hash": root(POST), "logs": LOGS, "txbytes": "0x" + transaction(100_000).hex()}
REFUSED = {
    "hash": root(PRE),
    "logs": NO_LOGS,
    "txbytes": "0x" + transaction(20_000).hex(),
    "expectException": "TransactionException.INTRINSIC_GAS_TOO_LOW",
}


def state_test(post: dict[str, Any], fork: str = "Prague") -> dict[str, Any]:
    env = {
        "currentCoinbase": COINBASE, "currentGasLimit": hex(GAS_LIMIT), "currentNumber": "0x1",
        "currentTimestamp": "0x3e8", "currentBaseFee": hex(BASE_FEE), "currentRandom": "0x0",
    }  # fmt: skip
    return {"env": env, "pre": PRE, "transaction": {}, "post": {fork: [post]}}


def ran(folder: Path, document: dict[str, Any], name: str) -> Results:
    file = folder / "some" / "test.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(document))
    return run_file(file, folder, name, "")


@pytest.mark.parametrize("name", ["fast", "pyevm"])
@pytest.mark.parametrize("post", [GOOD, REFUSED], ids=["executed", "refused"])
@pytest.mark.parametrize("fork", ["Cancun", "Prague", "Osaka", "BPO2"])
def test_a_case_passes_that_ends_as_the_fixture_says(
    tmp_path: Path, fork: str, post: dict[str, Any], name: str
) -> None:
    results = ran(tmp_path, {"one": state_test(post, fork)}, name)
    assert [outcome.problem for outcome in results.outcomes] == [None]
    assert results.outcomes[0].id == f"some/test.json::one[{fork}-0]"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hash": root(PRE)}, "state root is"),
        ({"logs": NO_LOGS}, "logs hash to"),
        ({"expectException": "TransactionException.NONCE_IS_MAX"}, "taken, though"),
        ({"txbytes": REFUSED["txbytes"]}, "refused: intrinsic gas too low"),
        (
            {**REFUSED, "expectException": "TransactionException.NONCE_MISMATCH_TOO_LOW"},
            "refused for another reason",
        ),
    ],
)
def test_a_case_fails_that_ends_otherwise(
    tmp_path: Path, change: dict[str, str], words: str
) -> None:
    results = ran(tmp_path, {"one": state_test({**GOOD, **change})}, "fast")
    assert words in (results.outcomes[0].problem or "")
    assert len(failures(results)) == 1


def genesis() -> Header:
    return Header(
        state_root=bytes.fromhex(root(PRE)[2:]), gas_limit=GAS_LIMIT, gas_used=GAS_LIMIT // 2,
        base_fee=BASE_FEE, withdrawals_root=EMPTY_TRIE_ROOT, blob_gas_used=0, excess_blob_gas=0,
        parent_beacon_root=ZERO_HASH,
    )  # fmt: skip


def block_test(state_root: str, expected: str | None = None) -> dict[str, Any]:
    """Return a Cancun block with the transaction, whose other roots are right."""
    raw, first = transaction(100_000), genesis()
    receipt = [1, USED, bloom(), [[bytes.fromhex(TARGET[2:]), [], b""]]]
    header = first.with_(
        parent_hash=first.hash, coinbase=bytes.fromhex(COINBASE[2:]), number=1,
        timestamp=12, gas_used=USED, state_root=bytes.fromhex(state_root[2:]), bloom=bloom(),
        transactions_root=leaf_root(raw), receipts_root=leaf_root(encoded(receipt)),
    )  # fmt: skip
    block = {"rlp": "0x" + encoded([header.fields(), [rlp.decode(raw)], [], []]).hex()}
    if expected:
        block["expectException"] = expected
    return {
        "network": "Cancun",
        "genesisRLP": "0x" + encoded([first.fields(), [], [], []]).hex(),
        "genesisBlockHeader": {"hash": "0x" + first.hash.hex()},
        "pre": PRE,
        "blocks": [block],
        "lastblockhash": "0x" + (first if expected else header).hash.hex(),
    }


def bloom() -> bytes:
    digest = keccak256(bytes.fromhex(TARGET[2:]))
    bits = 0
    for at in (0, 2, 4):
        bits |= 1 << (int.from_bytes(digest[at : at + 2], "big") % 2048)
    return bits.to_bytes(256, "big")


def leaf_root(value: bytes) -> bytes:
    """Return the root of a trie that holds one value, under the key 0x80."""
    return keccak256(encoded([b"\x20\x80", value]))


@pytest.mark.parametrize("name", ["fast", "pyevm"])
def test_blocks_are_taken_and_refused_as_the_fixture_says(tmp_path: Path, name: str) -> None:
    wrong = block_test(root(PRE), "BlockException.INVALID_STATE_ROOT")
    results = ran(tmp_path, {"good": block_test(root(POST)), "wrong": wrong}, name)
    assert [outcome.problem for outcome in results.outcomes] == [None, None]


def test_a_block_that_is_refused_for_another_reason_or_at_all_is_a_failure(tmp_path: Path) -> None:
    other = block_test(root(PRE), "BlockException.INVALID_GAS_USED")
    results = ran(tmp_path, {"other": other, "bad": block_test(root(PRE))}, "fast")
    first, second = (outcome.problem or "" for outcome in results.outcomes)
    assert "refused for another reason" in first
    assert second == "block 0 is refused: header differs: state_root"


def test_what_the_node_does_not_have_is_counted_and_not_run(tmp_path: Path) -> None:
    withdrawing = block_test(root(POST))
    withdrawing["blocks"][0]["withdrawals"] = [{}]
    document = {"old": state_test(GOOD, "Berlin"), "paid": withdrawing, "other": {"tests": 1}}
    results = ran(tmp_path, document, "fast")
    assert results.outcomes == []
    assert results.left_out == {"forks that the node does not have": 1, "withdrawals": 1}


def test_an_exception_allows_a_failure_and_is_an_error_for_a_case_that_passes() -> None:
    bad = Outcome("some/test.json", "one[Prague-0]", "state root is 0x", 0.0)
    good = Outcome("some/test.json", "two[Prague-0]", None, 0.0)
    known = (Known("some/test.json::one[Prague-*", "why"), Known("*::two*", "why"))
    assert [entry.covers(bad) for entry in known] == [True, False]
    assert len(needless([bad, good], known)) == 1
    assert needless([bad], known) == []


def test_a_reason_has_to_be_one_of_those_given() -> None:
    low = "TransactionException.INTRINSIC_GAS_TOO_LOW"
    assert refused_rightly(low, "intrinsic gas too low: gas 1")
    assert refused_rightly("TransactionException.NONCE_IS_MAX|" + low, "intrinsic gas too low")
    assert not refused_rightly(low, "nonce too low: next nonce 2")
    assert not refused_rightly("SomethingElse", "intrinsic gas too low")


def test_the_exit_status_tells_of_failures_and_of_nothing_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran(tmp_path, {"one": state_test({**GOOD, "logs": NO_LOGS})}, "fast")
    assert main([str(tmp_path), "--jobs", "1"]) == 1
    shown = capsys.readouterr().out
    assert "FAILED some/test.json::one[Prague-0]: logs hash to" in shown
    assert "fast: 1 cases, 1 failed" in shown
    assert main([str(tmp_path), "--jobs", "1", "--only", "no such"]) == 2
    ran(tmp_path, {"one": state_test(GOOD)}, "fast")
    assert main([str(tmp_path), "--jobs", "1"]) == 0
