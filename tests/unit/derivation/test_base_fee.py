"""The base fee follows from the parent as EIP-1559, Holocene and Jovian say."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.derivation.base_fee import (
    BLOB_GAS,
    BaseFeeParameters,
    extra_data_decode,
    extra_data_encode,
    extra_data_of,
    next_base_fee,
    next_excess_blob_gas,
    next_l1_base_fee,
    next_l2_base_fee,
)
from byline.derivation.config import Fork, Genesis, RollupConfig, SystemConfig
from byline.derivation.errors import InvalidData
from byline.derivation.header import Header
from byline.derivation.types import BlockId, PayloadAttributes
from tests.vectors_folder import load

CONFIG = RollupConfig(
    genesis=Genesis(BlockId(0, bytes(32)), BlockId(0, bytes(32)), 0,
                    SystemConfig(bytes(20), bytes(32), 30_000_000)),
    l1_chain_id=900, l2_chain_id=901, batch_inbox=bytes(20), deposit_contract=bytes(20),
    l1_system_config=bytes(20),
    forks=MappingProxyType({Fork.HOLOCENE: 0, Fork.ISTHMUS: 0, Fork.JOVIAN: 100}),
)  # fmt: skip

ATTRIBUTES = PayloadAttributes(
    timestamp=100, prev_randao=bytes(32), suggested_fee_recipient=bytes(20), transactions=(),
    no_tx_pool=True, gas_limit=30_000_000, parent_beacon_block_root=bytes(32),
    eip1559_params=bytes(8), min_base_fee=0,
)  # fmt: skip


def block(used: int, *, data: int = 0, fee: int = 10**9, limit: int = 30_000_000) -> Header:
    return Header(gas_limit=limit, gas_used=used, base_fee=fee, blob_gas_used=data)


@pytest.mark.parametrize(
    ("fee", "limit", "used", "want"),
    [
        # EIP-1559 on the L1: unchanged at the target, one eighth at the extremes.
        (10**9, 20_000_000, 10_000_000, 10**9),
        (10**9, 20_000_000, 20_000_000, 1_125_000_000),
        (10**9, 20_000_000, 9_000_000, 987_500_000),
        (10**9, 20_000_000, 11_000_000, 1_012_500_000),
        (10**9, 20_000_000, 0, 875_000_000),
        # The least step up is one wei; nothing is left below zero.
        (7, 20_000_000, 20_000_000, 8),
        (0, 20_000_000, 20_000_000, 1),
        (0, 20_000_000, 0, 0),
        (7, 20_000_000, 0, 7),
    ],
)
def test_the_l1_base_fee_moves_by_at_most_an_eighth(
    fee: int, limit: int, used: int, want: int
) -> None:
    assert next_l1_base_fee(block(used, fee=fee, limit=limit)) == want


def test_the_target_is_the_gas_limit_divided_by_the_elasticity_rounded_down() -> None:
    parent = block(16, limit=100)
    assert next_base_fee(parent, elasticity=6, denominator=250, jovian=False) == 10**9
    assert next_base_fee(
        block(17, limit=100), elasticity=6, denominator=250, jovian=False
    ) == 10**9 + 10**9 // 16 // 250  # fmt: skip


def test_since_jovian_data_counts_like_gas_and_before_it_does_not() -> None:
    parent = block(1_000_000, data=25_000_000)
    like_gas = next_base_fee(block(25_000_000), elasticity=6, denominator=250, jovian=False)
    assert next_base_fee(parent, elasticity=6, denominator=250, jovian=True) == like_gas
    before = next_base_fee(parent, elasticity=6, denominator=250, jovian=False)
    assert before < 10**9 < like_gas


def test_the_minimum_holds_since_jovian_only() -> None:
    parent = block(0)
    floor = 2 * 10**9
    assert (
        next_base_fee(parent, elasticity=6, denominator=250, min_base_fee=floor, jovian=True)
        == floor
    )
    assert (
        next_base_fee(parent, elasticity=6, denominator=250, min_base_fee=floor, jovian=False)
        < 10**9
    )


def test_the_l2_reads_the_parameters_from_the_parents_extra_data() -> None:
    holocene = replace(block(30_000_000), extra_data=bytes.fromhex("000000003200000002"))
    assert next_l2_base_fee(holocene, CONFIG) == 10**9 + 10**9 // 50
    jovian = holocene.with_(
        timestamp=100,
        extra_data=bytes.fromhex("010000003200000002") + (3 * 10**9).to_bytes(8, "big"),
    )
    assert next_l2_base_fee(jovian, CONFIG) == 3 * 10**9


@pytest.mark.parametrize("timestamp", [99, 100])
def test_extra_data_of_the_other_fork_is_refused(timestamp: int) -> None:
    own = None if timestamp == 99 else 0
    other = 0 if timestamp == 99 else None
    parent = block(0).with_(timestamp=timestamp)
    right = parent.with_(extra_data=extra_data_encode(BaseFeeParameters(250, 6, own)))
    assert next_l2_base_fee(right, CONFIG) > 0
    wrong = parent.with_(extra_data=extra_data_encode(BaseFeeParameters(250, 6, other)))
    with pytest.raises(InvalidData, match="bytes, want"):
        next_l2_base_fee(wrong, CONFIG)


@pytest.mark.parametrize(
    "parent", [Header(gas_limit=30_000_000), block(0, limit=5)], ids=["no base fee", "no target"]
)
def test_a_parent_without_base_fee_or_target_is_refused(parent: Header) -> None:
    with pytest.raises(ValueError, match=r"no base fee|no gas target"):
        next_base_fee(parent, elasticity=6, denominator=250, jovian=False)


def test_extra_data_of_the_specs_example_reads_as_written() -> None:
    raw = bytes.fromhex("01000000fa000000060000000000000000")
    assert extra_data_decode(raw) == BaseFeeParameters(250, 6, 0)
    assert extra_data_encode(BaseFeeParameters(250, 6, 0)) == raw
    assert extra_data_encode(BaseFeeParameters(250, 6)) == bytes.fromhex("00000000fa00000006")


uint32 = st.integers(1, 2**32 - 1)


@given(uint32, uint32, st.none() | st.integers(0, 2**64 - 1))
def test_extra_data_reads_back_what_was_written(
    denominator: int, elasticity: int, minimum: int | None
) -> None:
    parameters = BaseFeeParameters(denominator, elasticity, minimum)
    assert extra_data_decode(extra_data_encode(parameters)) == parameters


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "empty"),
        ("02000000fa00000006", "version is 2"),
        ("00000000fa0000000600", "version 0 has 10 bytes, want 9"),
        ("01000000fa00000006", "version 1 has 9 bytes, want 17"),
        ("000000000000000006", "denominator 0"),
        ("00000000fa00000000", "elasticity 0"),
    ],
)
def test_malformed_extra_data_is_refused_with_its_reason(raw: str, reason: str) -> None:
    with pytest.raises(InvalidData, match=reason):
        extra_data_decode(bytes.fromhex(raw))


@pytest.mark.parametrize(
    "parameters",
    [BaseFeeParameters(0, 6), BaseFeeParameters(250, 2**32), BaseFeeParameters(250, 6, 2**64)],
)
def test_parameters_that_do_not_fit_are_not_written(parameters: BaseFeeParameters) -> None:
    with pytest.raises(ValueError, match="extra data"):
        extra_data_encode(parameters)


def test_zero_parameters_in_the_attributes_stand_for_the_chains_constants() -> None:
    assert extra_data_of(ATTRIBUTES, CONFIG) == bytes.fromhex("01000000fa000000060000000000000000")
    early = replace(ATTRIBUTES, timestamp=99, min_base_fee=None)
    assert extra_data_of(early, CONFIG) == bytes.fromhex("00000000fa00000006")
    chosen = replace(early, eip1559_params=bytes.fromhex("0000003200000002"))
    assert extra_data_of(chosen, CONFIG) == bytes.fromhex("000000003200000002")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"eip1559_params": bytes.fromhex("0000000000000002")}, "both or neither"),
        ({"eip1559_params": bytes.fromhex("0000000200000000")}, "both or neither"),
        ({"eip1559_params": b"\0"}, "1 bytes, want 8"),
        ({"min_base_fee": None}, "want a number since Jovian"),
        ({"timestamp": 99}, "want none before Jovian"),
    ],
)
def test_attributes_that_break_a_rule_are_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(InvalidData, match=reason):
        extra_data_of(replace(ATTRIBUTES, **changes), CONFIG)  # type: ignore[arg-type]


def test_excess_blob_gas_grows_by_what_exceeds_six_blobs() -> None:
    parent = Header(blob_gas_used=9 * BLOB_GAS, excess_blob_gas=BLOB_GAS)
    assert next_excess_blob_gas(parent) == 4 * BLOB_GAS
    assert next_excess_blob_gas(Header(blob_gas_used=5 * BLOB_GAS, excess_blob_gas=0)) == 0
    assert next_excess_blob_gas(Header()) == 0
    assert next_excess_blob_gas(parent, target=3 * BLOB_GAS) == 7 * BLOB_GAS


def test_a_block_of_op_sepolia_has_the_base_fee_that_its_parent_implies() -> None:
    grandparent, parent = (
        load(f"executor-holocene/block-{number}.json.gz")["parent_header"]
        for number in (26207960, 26207961)
    )
    header = Header(
        gas_limit=int(grandparent["gasLimit"], 16),
        gas_used=int(grandparent["gasUsed"], 16),
        base_fee=int(grandparent["baseFeePerGas"], 16),
        extra_data=bytes.fromhex(grandparent["extraData"][2:]),
    )
    assert next_l2_base_fee(header, CONFIG) == int(parent["baseFeePerGas"], 16)


def test_a_first_block_of_another_chain_may_have_extra_data_of_any_kind() -> None:
    first = Header(number=7, gas_limit=60_000_000, extra_data=b"geth", base_fee=10**9)
    genesis = replace(CONFIG.genesis, l2=BlockId(7, first.hash))
    forked = replace(CONFIG, genesis=genesis)
    fallen = 10**9 - 10**9 // CONFIG.eip1559_denominator
    assert next_l2_base_fee(first, forked) == fallen
    for other in (first.with_(number=8), first.with_(gas_used=1)):
        with pytest.raises(InvalidData, match="version is 103"):
            next_l2_base_fee(other, forked)
