"""Prices of blobs by L1 fork, against known answers and the formula of EIP-7918."""

import pytest

from byline.derivation.blob_parameters import (
    BLOB_BASE_COST,
    BLOB_GAS,
    BPO1_BLOBS,
    BPO2_BLOBS,
    CANCUN_BLOBS,
    PRAGUE_BLOBS,
    BlobParameters,
)
from byline.derivation.header import Header
from byline.derivation.l1_info import blob_base_fee
from byline.node.evm.l1_forks import BLOBS_OF, L1Fork, L1Schedule

GWEI = 10**9


def parent(blobs: int, excess: int = 0, base_fee: int = GWEI) -> Header:
    return Header(blob_gas_used=blobs * BLOB_GAS, excess_blob_gas=excess, base_fee=base_fee)


@pytest.mark.parametrize(
    ("parameters", "fee"),
    [(CANCUN_BLOBS, 159_773), (PRAGUE_BLOBS, 2_944), (BPO1_BLOBS, 120), (BPO2_BLOBS, 30)],
)
def test_the_same_excess_costs_less_from_fork_to_fork(
    parameters: BlobParameters, fee: int
) -> None:
    assert parameters.base_fee(40_000_000) == fee


def test_below_the_target_there_is_no_excess() -> None:
    for bounded in (False, True):
        assert PRAGUE_BLOBS.next_excess(parent(5), bounded=bounded) == 0
    assert PRAGUE_BLOBS.next_excess(Header(), bounded=False) == 0


def test_before_osaka_the_target_is_subtracted_whatever_gas_costs() -> None:
    assert PRAGUE_BLOBS.next_excess(parent(9), bounded=False) == 3 * BLOB_GAS


def test_cheap_blobs_do_not_get_cheaper_since_osaka() -> None:
    excess = 10 * BLOB_GAS
    # Blobs at 1 wei are worth less than 8192 gas at 1 gwei.
    assert PRAGUE_BLOBS.next_excess(parent(0, excess), bounded=True) == excess
    assert PRAGUE_BLOBS.next_excess(parent(9, excess), bounded=True) == excess + 3 * BLOB_GAS
    assert PRAGUE_BLOBS.next_excess(parent(0, excess), bounded=False) == excess - 6 * BLOB_GAS


def test_the_bound_of_eip_7918_is_where_both_cost_the_same() -> None:
    excess = 40_000_000
    even = BLOB_GAS * PRAGUE_BLOBS.base_fee(excess) // BLOB_BASE_COST
    falls = PRAGUE_BLOBS.next_excess(parent(0, excess, even), bounded=True)
    stays = PRAGUE_BLOBS.next_excess(parent(0, excess, even + 1), bounded=True)
    assert (falls, stays) == (excess - 6 * BLOB_GAS, excess)


def test_derivation_and_execution_agree_on_the_price_at_every_time() -> None:
    times = {L1Fork.CANCUN: 0, L1Fork.PRAGUE: 5}
    schedule = L1Schedule(times | {L1Fork.OSAKA: 10, L1Fork.BPO1: 20, L1Fork.BPO2: 30})
    for time in (0, 4, 5, 9, 10, 19, 20, 29, 30, 99):
        header = Header(timestamp=time, excess_blob_gas=40_000_000)
        fee = blob_base_fee(header, schedule.blob_schedule)
        assert fee == schedule.blob_base_fee(header) == schedule.blobs(time).base_fee(40_000_000)
    assert [schedule.newest(time) for time in (4, 9, 10, 20, 30)] == list(L1Fork)


def test_a_transaction_has_six_blobs_at_most_since_osaka() -> None:
    schedule = L1Schedule({L1Fork.PRAGUE: 0, L1Fork.OSAKA: 10, L1Fork.BPO1: 20})
    assert [schedule.most_blobs_per_transaction(time) for time in (0, 10, 20)] == [9, 6, 6]
    assert [(item.target, item.most) for item in BLOBS_OF.values()] == [
        (3, 6), (6, 9), (6, 9), (10, 15), (14, 21),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "times",
    [
        {},
        {L1Fork.PRAGUE: 5},
        {L1Fork.CANCUN: 5, L1Fork.PRAGUE: 9},
        {L1Fork.CANCUN: 0, L1Fork.OSAKA: 9},
        {L1Fork.OSAKA: 0},
        {L1Fork.PRAGUE: 0, L1Fork.BPO1: 5},
        {L1Fork.PRAGUE: 0, L1Fork.OSAKA: 9, L1Fork.BPO1: 5},
    ],
)
def test_forks_out_of_order_are_refused(times: dict[L1Fork, int]) -> None:
    with pytest.raises(ValueError, match="out of order"):
        L1Schedule(times)
