"""FeePolicy: an answer's price, and a division of it that loses no wei."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.precompiles.math import CASCADE, apportion
from tests.contracts.attribution_family import (
    PEOPLE,
    Family,
    done,
    family,
    number,
    refused,
    told,
)

ALICE = PEOPLE[0]
TREASURY = b"\x7a" * 20
USUAL = (3_000, 5_000, 7, 500, 4_500, 1_000, 4_000, TREASURY)
FIELDS = (
    "rateIn",
    "rateOut",
    "platformFee",
    "platformBps",
    "modelBps",
    "stakerBps",
    "contributorBps",
    "treasury",
)
MOST = 2**128 - 1


@pytest.fixture
def chain() -> Family:
    return family()


def create(chain: Family, **changes: Any) -> int:
    values = dict(zip(FIELDS, USUAL, strict=True)) | changes
    return number(done(chain.policy, "createPolicy", *values.values()))


def test_policies_count_from_one_and_read_as_they_were_created(chain: Family) -> None:
    assert create(chain) == 1
    assert create(chain, rateIn=MOST, rateOut=MOST, platformFee=MOST) == 2
    assert chain.policy.read("policyCount") == 2
    hexed = "0x" + TREASURY.hex()
    assert chain.policy.read("policy", 1) == (*USUAL[:-1], hexed)
    assert chain.policy.read("policy", 2) == (MOST, MOST, MOST, 500, 4_500, 1_000, 4_000, hexed)


def test_every_field_of_a_policy_is_in_its_event(chain: Family) -> None:
    outcome = done(chain.policy, "createPolicy", *USUAL, sender=ALICE)
    (event,) = told(chain.policy, outcome)
    assert event.pop("") == "PolicyCreated"
    assert event.pop("id") == 1
    assert event.pop("creator") == "0x" + ALICE.hex()
    assert tuple(event[name] for name in FIELDS) == chain.policy.read("policy", 1)
    assert event.keys() == set(FIELDS)


def test_policies_that_divide_badly_are_refused(chain: Family) -> None:
    contract = chain.policy
    for bps, total in ((499, 9_999), (501, 10_001), (65_535, 75_035)):
        values = (*USUAL[:3], bps, *USUAL[4:])
        refused(contract, contract.send("createPolicy", *values), "BadBps(uint256)", total)
    nobody = (*USUAL[:-1], bytes(20))
    refused(contract, contract.send("createPolicy", *nobody), "ZeroTreasury()")
    assert contract.read("policyCount") == 0


@pytest.mark.parametrize("unknown", [0, 2, 2**32 - 1])
@pytest.mark.parametrize(
    ("view", "arguments"), [("policy", ()), ("quote", (1, 1)), ("split", (1,))]
)
def test_an_unknown_policy_answers_nothing(
    chain: Family, unknown: int, view: str, arguments: tuple[int, ...]
) -> None:
    create(chain)
    outcome = chain.policy.send(view, unknown, *arguments)
    refused(chain.policy, outcome, "UnknownPolicy(uint256)", unknown)


def test_a_price_is_rounded_up_once(chain: Family) -> None:
    create(chain, rateIn=1, rateOut=1, platformFee=0)
    assert chain.policy.read("quote", 1, 0, 0) == 0
    assert chain.policy.read("quote", 1, 1, 0) == 1
    assert chain.policy.read("quote", 1, 500, 500) == 1
    assert chain.policy.read("quote", 1, 501, 500) == 2


def test_a_price_beyond_an_amount_is_refused(chain: Family) -> None:
    create(chain, rateIn=MOST, rateOut=0, platformFee=0)
    assert chain.policy.read("quote", 1, 1_000, 0) == MOST
    outcome = chain.policy.send("quote", 1, 1_001, 0)
    price = -(-MOST * 1_001 // 1_000)
    refused(chain.policy, outcome, "AmountTooLarge(uint256)", price)


amounts = st.integers(0, 20) | st.integers(0, MOST) | st.integers(MOST - 20, MOST)
prices = st.integers(0, 10**12) | amounts
cuts = st.lists(st.integers(0, 10_000), min_size=3, max_size=3).map(sorted)
tokens = st.integers(0, 5_000) | st.integers(0, 2**32 - 1)
CHAIN = family()


@given(rates=st.tuples(prices, prices), fee=prices, cuts=cuts, amount=amounts, asked=tokens)
@settings(max_examples=60)
def test_a_split_is_the_platform_fee_and_the_cascade_of_the_rest_to_the_wei(
    rates: tuple[int, int], fee: int, cuts: list[int], amount: int, asked: int
) -> None:
    bps = [high - low for low, high in zip([0, *cuts], [*cuts, 10_000], strict=True)]
    values = (*rates, fee, *bps, TREASURY)
    outcome = done(CHAIN.policy, "createPolicy", *values)
    policy = number(outcome)
    (event,) = told(CHAIN.policy, outcome)
    assert CHAIN.policy.read("policy", policy) == tuple(event[name] for name in FIELDS)
    assert event["id"] == policy
    parts = CHAIN.policy.read("split", policy, amount)
    first = min(fee, amount)
    platform, *others = apportion(CASCADE, amount - first, bps)
    assert parts == (first + platform, *others)
    assert sum(parts) == amount
    price = fee - (-(rates[0] * asked + rates[1] * 7) // 1_000)
    outcome = CHAIN.policy.send("quote", policy, asked, 7)
    assert outcome.success == (price <= MOST)
    assert not outcome.success or number(outcome) == price
