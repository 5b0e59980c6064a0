"""InferencePayments: every wei paid is credited, claimed once, and told in events."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from byline.node.contracts.artifacts import load
from byline.precompiles.math import CASCADE, HAMILTON, apportion
from tests.contracts.attribution import (
    ATTRIBUTION_MATH,
    MATH_SLOT,
    PAYMENTS,
    TWIN,
    math_of,
    payments,
)
from tests.contracts.harness import Contract, Event, Evm, Outcome

OWNER = b"\x0a" * 20
PAYER = b"\x0b" * 20
ALICE, BOB, CAROL = (bytes([n]) * 20 for n in (0x21, 0x22, 0x23))
MODEL = keccak(b"a model")
EXACT = keccak(b"a model that divides by largest remainders")
REQUEST = keccak(b"a question")
EVIDENCE = keccak(b"its spans")


@pytest.fixture(params=[False, True], ids=["precompile", "twin"])
def contract(request: pytest.FixtureRequest) -> Contract:
    return with_models(payments(twin=request.param))


def with_models(contract: Contract) -> Contract:
    for model, method in ((MODEL, CASCADE), (EXACT, HAMILTON)):
        assert contract.send("registerModel", model, OWNER, method).success
    return contract


def pay(contract: Contract, value: int, shares: dict[bytes, int], model: bytes = MODEL) -> Outcome:
    """Pay `value` for an answer with these weights, contributors in order."""
    who = sorted(shares)
    weights = [shares[one] for one in who]
    return contract.send(
        "payForInference", model, REQUEST, EVIDENCE, who, weights, value=value, sender=PAYER
    )


def refused(contract: Contract, outcome: Outcome, signature: str, *arguments: Any) -> None:
    """Assert that the call reverted with exactly this error."""
    kinds = [kind for kind in signature.split("(")[1].rstrip(")").split(",") if kind]
    assert not outcome.success
    assert outcome.output == keccak(text=signature)[:4] + encode(kinds, arguments)
    assert contract.error(outcome) == signature.split("(")[0]


def credits_of(contract: Contract, *who: bytes) -> list[int]:
    return [contract.read("credits", one) for one in who]


def test_the_back_end_is_the_precompile_unless_genesis_names_another(contract: Contract) -> None:
    has_twin = bool(contract.evm.code(TWIN))
    assert math_of(contract) == (TWIN if has_twin else ATTRIBUTION_MATH)
    assert contract.evm.code(ATTRIBUTION_MATH) == b""


def test_a_contract_deployed_by_a_transaction_takes_its_math_from_the_constructor() -> None:
    evm = Evm()
    artifact = load("InferencePayments")
    outcome = evm.deploy(artifact.bytecode + encode(["address"], [TWIN]))
    assert math_of(Contract(evm, outcome.created, artifact.abi)) == TWIN
    assert artifact.storage["_math"] == MATH_SLOT


def test_a_payment_is_credited_by_weight_and_told_in_events(contract: Contract) -> None:
    outcome = pay(contract, 100, {ALICE: 1, BOB: 1, CAROL: 1})
    assert outcome.success
    assert credits_of(contract, ALICE, BOB, CAROL) == [33, 33, 34]
    paid, *credited = [contract.event(log) for log in outcome.logs]
    assert paid == {
        "": "InferencePaid",
        "modelId": MODEL,
        "payer": "0x" + PAYER.hex(),
        "requestHash": REQUEST,
        "amount": 100,
        "evidenceRoot": EVIDENCE,
        "method": CASCADE,
        "contributors": 3,
    }
    assert credited[2] == {
        "": "Credited",
        "requestHash": REQUEST,
        "contributor": "0x" + CAROL.hex(),
        "amount": 34,
        "weight": 1,
    }
    assert [event["amount"] for event in credited] == [33, 33, 34]


def test_the_model_chooses_how_its_fees_are_divided(contract: Contract) -> None:
    assert pay(contract, 100, {ALICE: 1, BOB: 1, CAROL: 1}, EXACT).success
    assert credits_of(contract, ALICE, BOB, CAROL) == [34, 33, 33]


def test_the_owner_and_nobody_else_may_change_the_method(contract: Contract) -> None:
    refused(
        contract,
        contract.send("setMethod", MODEL, HAMILTON, sender=ALICE),
        "NotModelOwner(address)",
        ALICE,
    )
    assert contract.send("setMethod", MODEL, HAMILTON, sender=OWNER).success
    assert contract.read("models", MODEL) == ("0x" + OWNER.hex(), HAMILTON)
    pay(contract, 100, {ALICE: 1, BOB: 1, CAROL: 1})
    assert credits_of(contract, ALICE, BOB, CAROL) == [34, 33, 33]


def test_a_claim_pays_the_whole_credit_once(contract: Contract) -> None:
    pay(contract, 90, {ALICE: 1, BOB: 2})
    outcome = contract.send("claim", sender=BOB)
    assert int.from_bytes(outcome.output, "big") == contract.evm.balance(BOB) == 60
    assert contract.event(outcome.logs[0]) == {
        "": "Claimed",
        "contributor": "0x" + BOB.hex(),
        "amount": 60,
    }
    refused(contract, contract.send("claim", sender=BOB), "NothingToClaim()")
    assert credits_of(contract, ALICE, BOB) == [30, 0]
    assert contract.evm.balance(PAYMENTS) == 30
    assert contract.read("totalCredited") - contract.read("totalClaimed") == 30


REFUSALS: dict[str, tuple[dict[str, Any], str, list[Any]]] = {
    "no such model": ({"model": b"\x01" * 32}, "UnknownModel(bytes32)", [b"\x01" * 32]),
    "no value": ({"value": 0}, "NothingPaid()", []),
    "too much value": ({"value": 2**128}, "AmountTooLarge(uint256)", [2**128]),
    "a weight too few": ({"weights": [1]}, "LengthMismatch(uint256,uint256)", [2, 1]),
    "nobody": ({"who": [], "weights": []}, "ZeroWeight()", []),
    "out of order": ({"who": [BOB, ALICE]}, "NotAscending(uint256)", [1]),
    "twice the same": ({"who": [BOB, BOB]}, "NotAscending(uint256)", [1]),
    "the zero address": ({"who": [bytes(20), BOB]}, "NotAscending(uint256)", [0]),
    "no weight": ({"weights": [0, 0]}, "ZeroWeight()", []),
    "too much weight": ({"weights": [2**64 - 1, 1]}, "WeightOverflow(uint256)", [2**64]),
}


@pytest.mark.parametrize(("changed", "signature", "arguments"), REFUSALS.values(), ids=REFUSALS)
def test_a_refused_payment_says_why_and_keeps_nothing(
    contract: Contract, changed: dict[str, Any], signature: str, arguments: list[Any]
) -> None:
    call: dict[str, Any] = {"model": MODEL, "who": [ALICE, BOB], "weights": [1, 2], "value": 7}
    call |= changed
    outcome = contract.send(
        "payForInference",
        call["model"],
        REQUEST,
        EVIDENCE,
        call["who"],
        call["weights"],
        value=call["value"],
        sender=PAYER,
    )
    refused(contract, outcome, signature, *arguments)
    assert outcome.logs == ()
    assert contract.evm.balance(PAYMENTS) == contract.read("totalCredited") == 0


def test_registrations_that_make_no_sense_are_refused(contract: Contract) -> None:
    refused(
        contract,
        contract.send("registerModel", MODEL, ALICE, CASCADE),
        "ModelExists(bytes32)",
        MODEL,
    )
    free = b"\x05" * 32
    refused(contract, contract.send("registerModel", free, bytes(20), CASCADE), "ZeroOwner()")
    refused(contract, contract.send("registerModel", free, ALICE, 2), "UnknownMethod(uint8)", 2)
    refused(
        contract,
        contract.send("setMethod", MODEL, 2, sender=OWNER),
        "UnknownMethod(uint8)",
        2,
    )


def test_ether_sent_without_a_call_is_refused(contract: Contract) -> None:
    assert not contract.evm.call(PAYMENTS, value=1).success


def test_a_contributor_that_refuses_ether_keeps_its_credit(contract: Contract) -> None:
    contract.evm.set(ALICE, code=bytes.fromhex("5f5ffd"))  # revert(0, 0)
    pay(contract, 5, {ALICE: 1})
    refused(contract, contract.send("claim", sender=ALICE), "ClaimFailed()")
    assert credits_of(contract, ALICE) == [5]


def test_a_contributor_that_claims_again_while_it_is_paid_gets_nothing_more(
    contract: Contract,
) -> None:
    selector = contract.data("claim").hex()
    # mstore(0, claim selector); call(gas, caller, 0, 0, 4, 0, 0)
    contract.evm.set(ALICE, code=bytes.fromhex(f"63{selector}60e01b5f525f5f60045f5f335af15000"))
    pay(contract, 1000, {ALICE: 1, BOB: 9})
    outcome = contract.send("claim", sender=ALICE)
    assert outcome.success
    assert len(outcome.logs) == 1
    assert contract.evm.balance(ALICE) == 100
    assert contract.evm.balance(PAYMENTS) == 900


WRONG_MATH = {
    "a share too few": encode(["uint128[]"], [[7]]),
    "a share too many": encode(["uint128[]"], [[3, 4, 0]]),
    "a wei too many": encode(["uint128[]"], [[4, 4]]),
    "a wei too few": encode(["uint128[]"], [[3, 3]]),
    "no shares": encode(["uint128[]"], [[]]),
    "no output": b"",
    "an endless array": encode(["uint256", "uint256"], [32, 2**64]),
}


@pytest.mark.parametrize("output", WRONG_MATH.values(), ids=WRONG_MATH)
def test_math_that_does_not_conserve_the_payment_is_not_believed(output: bytes) -> None:
    """What genesis names as math could be anything; here it returns these bytes."""
    contract = with_models(payments(twin=True))
    size = len(output).to_bytes(2, "big").hex()
    # codecopy(0, 12, size); return(0, size)
    code = bytes.fromhex(f"61{size}600c5f3961{size}5ff3") + output
    contract.evm.set(TWIN, code=code)
    outcome = pay(contract, 7, {ALICE: 1, BOB: 1})
    assert not outcome.success
    assert contract.read("totalCredited") == 0


def test_256_contributors_can_share_one_payment(contract: Contract) -> None:
    shares = {(index + 1).to_bytes(20, "big"): index * index for index in range(256)}
    value = 10**18 + 1
    assert pay(contract, value, shares, EXACT).success
    expected = apportion(HAMILTON, value, [shares[one] for one in sorted(shares)])
    assert credits_of(contract, *sorted(shares)) == list(expected)
    too_many = {(index + 1).to_bytes(20, "big"): 1 for index in range(257)}
    assert not pay(contract, value, too_many).success


class Ledger:
    """What the contract's books must say, kept from its events alone."""

    def __init__(self) -> None:
        self.credits: Counter[str] = Counter()
        self.paid = self.credited = self.claimed = 0

    def read(self, contract: Contract, logs: tuple[Event, ...]) -> None:
        for event in (contract.event(log) for log in logs):
            match event[""]:
                case "InferencePaid":
                    self.paid += event["amount"]
                case "Credited":
                    self.credits[event["contributor"]] += event["amount"]
                    self.credited += event["amount"]
                case "Claimed":
                    self.credits[event["contributor"]] -= event["amount"]
                    self.claimed += event["amount"]


@pytest.fixture(params=[False, True], ids=["precompile", "twin"], scope="module")
def books(request: pytest.FixtureRequest) -> tuple[Contract, Ledger]:
    return with_models(payments(twin=request.param)), Ledger()


people = st.sampled_from([bytes([number]) * 20 for number in range(0x31, 0x3A)])
steps = st.tuples(
    st.sampled_from([MODEL, EXACT]),
    st.integers(1, 9) | st.integers(1, 10**24) | st.just(2**128 - 1),
    st.dictionaries(
        people, st.integers(0, 3) | st.integers(0, 2**60), min_size=1, max_size=6
    ).filter(lambda shares: sum(shares.values()) > 0),
    st.none() | people,
)


@given(step=steps)
def test_what_is_paid_is_credited_and_what_is_credited_can_be_claimed(
    books: tuple[Contract, Ledger], step: tuple[bytes, int, dict[bytes, int], bytes | None]
) -> None:
    """One long history on each back end; after every step the books balance to the wei."""
    contract, ledger = books
    model, value, shares, claimant = step
    outcome = pay(contract, value, shares, model)
    assert outcome.success
    ledger.read(contract, outcome.logs)
    expected = apportion(
        HAMILTON if model == EXACT else CASCADE, value, [shares[one] for one in sorted(shares)]
    )
    amounts = [contract.event(log)["amount"] for log in outcome.logs[1:]]
    assert amounts == list(expected)
    assert sum(amounts) == value
    if claimant is not None:
        ledger.read(contract, contract.send("claim", sender=claimant).logs)
    assert ledger.paid == ledger.credited == contract.read("totalCredited")
    assert ledger.claimed == contract.read("totalClaimed")
    assert contract.evm.balance(PAYMENTS) == ledger.credited - ledger.claimed
    assert contract.evm.balance(PAYMENTS) == sum(ledger.credits.values())
    for one in shares:
        assert contract.read("credits", one) == ledger.credits["0x" + one.hex()]
