"""Withdrawals read from the logs of genuine contracts, and from logs that lie."""

from __future__ import annotations

from typing import Any

from byline.derivation.block import Block
from byline.derivation.constants import L2_TO_L1_MESSAGE_PASSER
from byline.derivation.header import Header
from byline.derivation.receipt import Log, Receipt
from byline.derivation.transaction import DepositTransaction
from byline.node.crossings.calls import Kind
from byline.node.crossings.events import Finalized, Proven, portal_events, withdrawals
from tests.vectors_folder import load

SENT = DepositTransaction(bytes(32), bytes(20), bytes(20), 0, 0, 0, False, b"")


def log_of(document: Any) -> Log:
    return Log(
        bytes.fromhex(document["address"][2:]),
        tuple(bytes.fromhex(topic[2:]) for topic in document["topics"]),
        bytes.fromhex(document["data"][2:]),
    )


def receipt_of(logs: list[Log]) -> Receipt:
    return Receipt(2, True, 21_000, tuple(logs))


def portal_logs(name: str) -> tuple[bytes, list[Log]]:
    """Return the portal and the logs of a step of the vectors."""
    [step] = [
        one for one in load("l1-contracts/l1_e2e_steps.json")["steps"] if one["name"] == name
    ]
    return bytes.fromhex(step["to"][2:]), [log_of(one) for one in step["logs"]]


def test_the_genuine_portal_says_what_was_proven_and_finalized() -> None:
    withdrawal = load("l1-contracts/l1_e2e_steps.json")["withdrawal"]
    portal, logs = portal_logs("prove")
    [proven] = portal_events(4, [SENT], [receipt_of(logs)], portal)
    assert isinstance(proven, Proven)
    assert "0x" + proven.hash.hex() == withdrawal["withdrawal_hash"]
    assert (proven.l1.number, proven.l1.hash) == (4, SENT.hash)
    portal, logs = portal_logs("finalize")
    [finalized] = portal_events(5, [SENT], [receipt_of(logs)], portal)
    assert isinstance(finalized, Finalized)
    assert (finalized.hash, finalized.succeeded) == (proven.hash, True)


def test_the_portal_says_when_the_call_of_a_withdrawal_failed() -> None:
    portal, logs = portal_logs("finalize")
    failed = [
        Log(log.address, log.topics, bytes(32)) if log.address == portal else log for log in logs
    ]
    [finalized] = portal_events(5, [SENT], [receipt_of(failed)], portal)
    assert isinstance(finalized, Finalized)
    assert not finalized.succeeded


def test_another_contract_proves_nothing() -> None:
    _, logs = portal_logs("prove")
    assert not list(portal_events(4, [SENT], [receipt_of(logs)], b"\x99" * 20))


def l2_block(logs: list[Log]) -> tuple[Block, list[Receipt]]:
    return Block(Header(number=9), (SENT,)), [receipt_of(logs)]


def passed() -> Log:
    [log] = [
        log_of(one)
        for one in load("withdrawals/message_passed.json")["receipt"]["logs"]
        if one["address"].lower() == "0x" + L2_TO_L1_MESSAGE_PASSER.hex()
        and len(one["topics"]) == 4
    ]
    return log


def test_a_withdrawal_of_a_public_chain_reads() -> None:
    document = load("withdrawals/message_passed.json")
    [found] = withdrawals(*l2_block([passed()]))
    assert "0x" + found.hash.hex() == document["withdrawalHash"]
    assert (found.l2.number, found.l2.hash) == (9, SENT.hash)
    assert found.crossing.kind is Kind.ERC20
    assert found.crossing.token is not None
    assert found.crossing.token.hex() == "89d51be807d98fc974a0f41b2e67a8228d7846ef"
    assert found.crossing.sender.hex() == "c20c5ec92fda6e611a08485123cdc0d5b84bd3a2"
    assert found.crossing.units == 500


def test_a_log_that_is_cut_off_is_no_withdrawal_or_a_readable_one() -> None:
    whole = passed()
    for length in range(len(whole.data)):
        cut = Log(whole.address, whole.topics, whole.data[:length])
        assert len(list(withdrawals(*l2_block([cut])))) == (length >= 160)
    assert not list(withdrawals(*l2_block([Log(whole.address, whole.topics[:3], whole.data)])))
