"""Deposit gas is sold at the genuine portal's base fee, and paid for in gas of the L1."""

from __future__ import annotations

import random

import pytest

from tests.contracts.genuine import GENUINE_PORTAL, genuine_l1
from tests.contracts.harness import Contract, Evm, Outcome
from tests.contracts.l1_stack import GUARDIAN, Stack, l1_stack, text

SOMEBODY = text(b"\x22" * 20)
GWEI = 10**9
LIMIT = 20_000_000
PARAMS = 1
FREE = 2**200
"""A base fee of the L1 under which deposit gas burns none of its gas."""


def deposit(portal: Contract, gas: int, data: bytes = b"") -> Outcome:
    return portal.send("depositTransaction", SOMEBODY, 0, gas, False, data)


def packed(base_fee: int, bought: int, number: int) -> int:
    return number << 192 | bought << 128 | base_fee


def begin(portal: Contract, *, base_fee: int, bought: int, number: int) -> None:
    portal.evm.set(portal.address, storage={PARAMS: packed(base_fee, bought, number)})


@pytest.fixture(scope="module")
def stack() -> Stack:
    return l1_stack()


@pytest.fixture(scope="module")
def genuine() -> Evm:
    return genuine_l1()


@pytest.mark.parametrize("base_fee", [0, GWEI, 7 * GWEI + 3, 10**12 + 1, 10**15])
def test_base_fee_and_gas_go_as_in_the_genuine_portal(
    stack: Stack, genuine: Evm, base_fee: int
) -> None:
    source = random.Random(base_fee)
    theirs = Contract(genuine, GENUINE_PORTAL, stack.portal.abi)
    number = 1_000
    for portal in (stack.portal, theirs):
        begin(portal, base_fee=base_fee, bought=LIMIT, number=number)
    for _ in range(60):
        number += source.choice((0, 0, 1, 1, 1, 2, 3, 10, 50, 300, 10_000))
        gas = source.choice((21_000, 100_000, 1_999_999, 2_000_000, 5_000_000, 19_979_000))
        outcomes = []
        for portal in (stack.portal, theirs):
            portal.evm.at(number, 1_800_000_000 + number, FREE)
            outcomes.append(deposit(portal, gas))
        ours, expected = outcomes
        assert (ours.success, ours.output) == (expected.success, expected.output)
        assert stack.portal.read("params") == theirs.read("params")


def test_empty_blocks_let_the_base_fee_decay_as_in_the_genuine_portal(
    stack: Stack, genuine: Evm
) -> None:
    theirs = Contract(genuine, GENUINE_PORTAL, stack.portal.abi)
    for skipped in (1, 2, 3, 5, 8, 13, 50, 100, 150, 300, 600, 1_000, 10**6, 2**63):
        for base_fee in (GWEI, 123_456_789_123_456_789, 10**27 + 7, 2**127 + 12_345):
            results = []
            for portal in (stack.portal, theirs):
                begin(portal, base_fee=base_fee, bought=LIMIT, number=10)
                portal.evm.at(10 + skipped, 1_800_000_000, FREE)
                assert deposit(portal, 21_000).success
                results.append(portal.read("params"))
            ours, expected = results
            assert ours[1:] == expected[1:]
            # The genuine portal goes by a logarithm of 18 digits.
            assert abs(ours[0] - expected[0]) <= expected[0] // 10**18 * skipped


@pytest.mark.parametrize("price", [GWEI, 3 * GWEI, 50 * GWEI])
def test_what_a_deposit_costs_is_burned(stack: Stack, price: int) -> None:
    for gas in (21_000, 60_000, 200_000, 1_000_000):
        begin(stack.portal, base_fee=price, bought=2_000_000, number=50)
        stack.evm.at(51, 1_800_000_000, 2 * GWEI)
        outcome = deposit(stack.portal, gas)
        assert outcome.success
        cost = gas * price // (2 * GWEI)
        floor = 60_000
        assert cost <= outcome.gas_used + 100
        assert outcome.gas_used <= max(cost + 25_000, floor)


def test_an_l1_base_fee_below_a_gwei_counts_as_one(stack: Stack) -> None:
    used = []
    for fee in (1, GWEI):
        begin(stack.portal, base_fee=GWEI, bought=2_000_000, number=50)
        stack.evm.at(51, 1_800_000_000, fee)
        used.append(deposit(stack.portal, 500_000).gas_used)
    assert abs(used[0] - used[1]) < 200
    assert used[0] >= 500_000


def test_a_deposit_without_the_gas_to_burn_fails(stack: Stack) -> None:
    begin(stack.portal, base_fee=GWEI, bought=2_000_000, number=50)
    stack.evm.at(51, 1_800_000_000, GWEI)
    data = stack.portal.data("depositTransaction", SOMEBODY, 0, 500_000, False, b"")
    enough = stack.evm.call(stack.portal.address, data, gas=600_000)
    assert enough.success
    begin(stack.portal, base_fee=GWEI, bought=2_000_000, number=50)
    for gas in (499_999, 300_000, 100_000):
        assert not stack.evm.call(stack.portal.address, data, gas=gas).success
    assert stack.evm.storage(stack.portal.address, PARAMS) == packed(GWEI, 2_000_000, 50)


def test_deposits_of_one_block_share_the_gas_of_the_config(stack: Stack) -> None:
    begin(stack.portal, base_fee=GWEI, bought=0, number=60)
    stack.evm.at(61, 1_800_000_000, FREE)
    assert deposit(stack.portal, 19_000_000).success
    assert stack.portal.error(deposit(stack.portal, 1_000_001)) == "OutOfGas"
    assert deposit(stack.portal, 1_000_000).success
    assert stack.portal.read("params")[1:] == (LIMIT, 61)
    assert not stack.evm.call(stack.portal.address, value=1, sender=GUARDIAN).success
    stack.evm.at(62, 1_800_000_012)
    assert deposit(stack.portal, 19_000_000).success
    assert stack.portal.read("params")[0] == GWEI + GWEI * 18 // 2 // 8
