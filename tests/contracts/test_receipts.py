"""recordBatch: it takes what payers signed for, once, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from byline.node.attribution.receipts import ReceiptDomain, encode_receipts
from byline.node.attribution.weights import batch_payouts, payout_root
from byline.node.contracts.attribution_predeploys import Backend
from tests.contracts.attribution_family import LEDGER, done, refused, told
from tests.contracts.ledger_world import (
    BOND,
    DOMAIN,
    FEE,
    KEYS,
    OPERATOR,
    PAYERS,
    RECORDED,
    REQUEST,
    Answer,
    World,
    answer,
    corpus,
    world,
)

MADE_OF = corpus()
TRUE = answer(MADE_OF)
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
ETHER = 10**18


@pytest.fixture
def chain() -> World:
    return world(MADE_OF)


def untouched(chain: World) -> bool:
    """Return whether nothing was taken from anybody."""
    return (
        [chain.prepaid(payer) for payer in PAYERS] == [ETHER] * 3
        and chain.balance() == 3 * ETHER
        and chain.bond(OPERATOR)[1] == 0
        and chain.ledger.read("batchCount") == 0
    )


def changed(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


@pytest.mark.parametrize("backend", Backend)
def test_a_batch_debits_the_payers_and_is_told_in_events(backend: Backend) -> None:
    chain = world(MADE_OF, backend)
    signed = [chain.signed(TRUE, key) for key in KEYS]
    payouts = batch_payouts([TRUE.points] * 3)
    outcome = chain.send_receipts(encode_receipts(signed), payouts)
    assert outcome.success, chain.ledger.error(outcome)
    events = told(chain.ledger, outcome)
    assert [event[""] for event in events] == [
        *["PrepaidDebited", "InferenceRecorded"] * 3,
        "ReceiptBatch",
    ]
    assert events[3] == {
        "": "InferenceRecorded",
        "batchId": 1,
        "index": 1,
        "payer": "0x" + PAYERS[1].hex(),
        "reqHash": REQUEST,
        "outHash": signed[1].receipt.out_hash,
        "evidenceRoot": TRUE.tree.root,
        "weightsRoot": signed[1].weights_root,
        "fee": FEE,
        "tokensIn": 3,
        "tokensOut": len(TRUE.output),
        "nonce": 2,
    }
    root = payout_root(payouts)
    batch = {key: value for key, value in events[-1].items() if key not in ("", "recordsRoot")}
    assert batch == {
        "batchId": 1,
        "modelId": 1,
        "operator": "0x" + OPERATOR.hex(),
        "payoutRoot": root.root,
        "count": 3,
        "n": root.count,
        "totalW": root.total,
        "totalFee": 3 * FEE,
        "bond": BOND,
    }
    assert [chain.prepaid(payer) for payer in PAYERS] == [ETHER - FEE] * 3
    assert chain.balance() == 3 * ETHER
    assert chain.bond(OPERATOR) == (100 * BOND, BOND, 0)
    assert chain.status(1) == RECORDED
    assert all(chain.ledger.read("nonceUsed", payer, at + 1) for at, payer in enumerate(PAYERS))
    assert not chain.ledger.read("nonceUsed", PAYERS[0], 2)
    assert chain.ledger.read("batchState", 1) == (BOND, 0, chain.now + 600, 0)


def test_the_domain_is_the_one_that_receipts_are_signed_for(chain: World) -> None:
    assert chain.ledger.read("domainSeparator") == DOMAIN.separator()


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "expired": ({"deadline": 1_699_999_999}, "ReceiptExpired(uint256)"),
    "for nothing": ({"fee": 0}, "ZeroFee(uint256)"),
    "of somebody else": ({"payer": PAYERS[1]}, "WrongSigner(uint256)"),
    "of nobody": ({"payer": bytes(20)}, "WrongSigner(uint256)"),
    "for another model": ({"model_id": 2}, "WrongSigner(uint256)"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_receipt_is_refused_by_name_and_its_batch_with_it(chain: World, why: str) -> None:
    changes, error = REFUSED[why]
    data = encode_receipts([chain.signed(TRUE), chain.signed(TRUE, **changes)])
    refused(chain.ledger, chain.send_receipts(data), error, 1)
    assert untouched(chain)


def test_the_last_second_of_the_deadline_counts(chain: World) -> None:
    data = chain.signed(TRUE, deadline=chain.now).encode()
    assert chain.send_receipts(data).success


def test_a_receipt_counts_once_in_any_order(chain: World) -> None:
    late, early = chain.signed(TRUE, nonce=300), chain.signed(TRUE, nonce=2**64 - 1)
    twice = encode_receipts([late, late])
    refused(chain.ledger, chain.send_receipts(twice), "NonceUsed(uint256)", 1)
    assert untouched(chain)
    assert chain.send_receipts(late.encode()).success
    assert chain.send_receipts(early.encode()).success
    for again in (late, early, chain.signed(TRUE, nonce=300, fee=1)):
        refused(chain.ledger, chain.send_receipts(again.encode()), "NonceUsed(uint256)", 0)
    assert chain.prepaid(PAYERS[0]) == ETHER - 2 * FEE
    # Nonces are each payer's own.
    assert chain.send_receipts(chain.signed(TRUE, KEYS[1], nonce=300).encode()).success


@pytest.mark.parametrize(
    "domain",
    [replace(DOMAIN, chain_id=902), replace(DOMAIN, ledger=b"\x01" * 20)],
    ids=["chain", "ledger"],
)
def test_a_receipt_for_another_chain_or_ledger_is_refused(
    chain: World, domain: ReceiptDomain
) -> None:
    one = chain.signed(TRUE)
    elsewhere = replace(one, signature=one.receipt.sign(domain, KEYS[0]))
    refused(chain.ledger, chain.send_receipts(elsewhere.encode()), "WrongSigner(uint256)", 0)
    assert untouched(chain)


def test_a_signature_has_one_form(chain: World) -> None:
    one = chain.signed(TRUE)
    good = one.signature
    upper = (ORDER - int.from_bytes(good[32:64], "big")).to_bytes(32, "big")
    malformed = [good[:32] + upper + bytes([55 - good[64]])]
    malformed += [good[:64] + bytes([v]) for v in (0, 1, 26, 29, 255)]
    for signature in malformed:
        data = replace(one, signature=signature).encode()
        refused(chain.ledger, chain.send_receipts(data), "MalformedSignature(uint256)", 0)
    for signature in (
        bytes(64) + b"\x1b",
        b"\xff" * 32 + good[32:],
        good[:32] + bytes(32) + b"\x1c",
    ):
        data = replace(one, signature=signature).encode()
        refused(chain.ledger, chain.send_receipts(data), "WrongSigner(uint256)", 0)
    # What nobody signed is not signed by the zero address, either.
    nobody = chain.signed(TRUE, payer=bytes(20))
    data = replace(nobody, signature=bytes(64) + b"\x1b").encode()
    refused(chain.ledger, chain.send_receipts(data), "WrongSigner(uint256)", 0)
    assert untouched(chain)


@pytest.mark.parametrize("at", [*range(0, 20, 7), 20, 28, 60, 92, 108])
def test_no_bit_of_what_was_signed_can_be_another(chain: World, at: int) -> None:
    data = chain.signed(TRUE).encode()
    outcome = chain.send_receipts(changed(data, at, bytes([data[at] ^ 1])))
    refused(chain.ledger, outcome, "WrongSigner(uint256)", 0)
    assert untouched(chain)


def test_a_fee_beyond_the_prepaid_balance_is_refused(chain: World) -> None:
    whole = chain.signed(TRUE, fee=ETHER)
    more = encode_receipts([whole, chain.signed(TRUE, fee=1)])
    refused(chain.ledger, chain.send_receipts(more), "FeeOverPrepaid(uint256,uint256)", 1, 0)
    assert untouched(chain)
    assert chain.send_receipts(whole.encode()).success
    assert chain.prepaid(PAYERS[0]) == 0


def test_only_whole_receipts_from_1_to_256_are_taken(chain: World) -> None:
    done(chain.ledger, "deposit", sender=PAYERS[0], value=ETHER)
    refused(chain.ledger, chain.send_receipts(b""), "ReceiptCount(uint256)", 0)
    good = chain.signed(TRUE).encode()
    for size in (1, 252, 254, 505):
        data = (good + good)[:size]
        refused(chain.ledger, chain.send_receipts(data), "ReceiptsLength(uint256)", size)
    many = [chain.signed(TRUE, fee=1) for _ in range(201)]
    outcome = chain.send_receipts(encode_receipts(many))
    refused(chain.ledger, outcome, "ReceiptCount(uint256)", 201)
    # More than that does not fit the arguments: no reason, but nothing is done, either.
    assert not chain.send_receipts(encode_receipts([*many, *many])).success
    assert chain.ledger.read("batchCount") == 0
    outcome = chain.send_receipts(encode_receipts(many[:200]))
    assert outcome.success
    assert chain.ledger.read("batch", 1)[4:8] == (200, 1, 200, 200)
    assert outcome.gas_used < 2**24


def test_the_tree_of_records_is_the_one_that_anybody_can_build(chain: World) -> None:
    for count in (1, 2, 3, 5, 8, 13):
        batch = chain.record([TRUE] * count)
        assert chain.ledger.read("batch", batch.id)[2] == batch.tree.root


def test_units_are_summed_by_the_ledger(chain: World) -> None:
    fees = (1, 10**9 - 1, 10**9, 2 * 10**9 - 1, 5 * 10**9 + 7)
    data = encode_receipts([chain.signed(TRUE, fee=fee) for fee in fees])
    assert chain.send_receipts(data).success
    batch = chain.ledger.read("batch", 1)
    assert (batch[6], batch[7]) == (1 + 1 + 1 + 1 + 5, sum(fees))


def test_more_units_than_64_bits_hold_are_refused(chain: World) -> None:
    rich = 2**64 * 10**9
    chain.family.evm.set(PAYERS[0], balance=2 * rich)
    done(chain.ledger, "deposit", sender=PAYERS[0], value=rich + 10)
    before = chain.prepaid(PAYERS[0])
    most = chain.signed(TRUE, fee=rich - 1)
    data = encode_receipts([most, chain.signed(TRUE, fee=1)])
    refused(chain.ledger, chain.send_receipts(data), "UnitsOverflow(uint256)", 2**64)
    assert chain.prepaid(PAYERS[0]) == before
    assert chain.send_receipts(most.encode()).success
    assert chain.ledger.read("batch", 1)[6] == 2**64 - 1


def test_only_the_operator_of_a_live_model_records(chain: World) -> None:
    data = chain.signed(TRUE).encode()
    for sender in (PAYERS[0], LEDGER):
        outcome = chain.send_receipts(data, sender=sender)
        refused(chain.ledger, outcome, "NotOperator(address)", sender)
    outcome = chain.send_receipts(data, model=9)
    refused(chain.ledger, outcome, "ModelNotLive(uint32)", 9)
    done(chain.family.registry, "deprecateModel", chain.model, sender=OPERATOR)
    refused(chain.ledger, chain.send_receipts(data), "ModelNotLive(uint32)", chain.model)
    assert untouched(chain)


@pytest.mark.parametrize("n", [0, 4097, 2**32 - 1])
def test_a_list_of_payouts_that_no_challenge_could_judge_is_refused(chain: World, n: int) -> None:
    data = chain.signed(TRUE).encode()
    refused(chain.ledger, chain.send_receipts(data, n=n), "PayoutCount(uint256)", n)
    assert untouched(chain)


def test_a_batch_needs_a_bond(chain: World) -> None:
    done(chain.family.bond, "withdraw", 99 * BOND + 1, sender=OPERATOR)
    outcome = chain.send_receipts(chain.signed(TRUE).encode())
    assert not outcome.success
    assert chain.family.bond.error(outcome) == "NotFree"
    assert untouched(chain)


def test_answers_of_one_batch_may_differ(chain: World) -> None:
    other: Answer = answer(MADE_OF, "rain falls on the roof of the old house", 7 * 10**9)
    batch = chain.record([TRUE, other])
    assert [record.fee for record in batch.records] == [FEE, 7 * 10**9]
    assert chain.ledger.read("batch", batch.id)[6] == sum(amount for _, amount in batch.payouts)
