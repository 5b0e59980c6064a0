"""What the owner of the SystemConfig says on the L1, and how the L2 follows.

The names in brackets are those of the OP Stack's end-to-end action tests.
"""

from dataclasses import replace

import pytest

from byline.derivation.batch.validity import DropReason
from byline.derivation.constants import L1_FEE_VAULT, OPERATOR_FEE_VAULT
from byline.derivation.fees import da_footprint
from byline.derivation.l1_info import system_config_of
from byline.derivation.transaction import Transaction
from byline.node.chain.chain import InvalidBlock
from tests.scenarios.rollup_kit import (
    ALICE,
    STRANGER,
    World,
    agreed,
    block_at,
    by_hand,
    channel,
    config_of,
    epoch,
    info_at,
    l1_block,
    l1_transaction,
    l2_block,
    post,
    safe,
    sequenced,
    setting,
    single,
    singles,
    to_inbox,
    users,
)


def flushed(here: World) -> None:
    """Post everything and see a verifier agree."""
    here.rollup.flush()
    l1_block(here)
    assert safe(here) == here.rollup.engine.heads.unsafe.number
    agreed(here)


def test_a_new_batcher_counts_from_the_l1_block_that_names_it_and_the_old_one_no_more() -> None:
    """[batcher_change]."""
    here = by_hand()
    l1_block(here)
    first = sequenced(here, here.transfer("l2"))
    batcher = STRANGER.address.rjust(32, b"\0")
    by_old = to_inbox(here, *singles([first]))
    l1_block(here, setting(here, "setBatcherHash", batcher), *by_old)
    assert safe(here) == 0
    post(here, *singles([first]))
    assert safe(here) == 0
    post(here, *singles([first]), account=STRANGER)
    assert safe(here) == 1

    second = epoch(here)
    assert info_at(here, second.number).batcher == STRANGER.address
    rest = [block_at(here, number) for number in range(2, second.number + 1)]
    post(here, *singles(rest, name=b"\x22" * 16), account=STRANGER)
    assert safe(here) == second.number
    agreed(here)


def test_a_new_batcher_counts_in_the_very_block_that_names_it() -> None:
    """[batcher_change]."""
    here = by_hand()
    l1_block(here)
    block = sequenced(here, here.transfer("l2"))
    batcher = STRANGER.address.rjust(32, b"\0")
    by_new = to_inbox(here, *singles([block]), account=STRANGER)
    l1_block(here, *by_new, setting(here, "setBatcherHash", batcher))

    assert safe(here) == 1
    agreed(here)


def test_only_the_owner_configures() -> None:
    """[system_config]: a reverted call leaves no event and changes nothing."""
    here = by_hand()
    owners = setting(here, "setGasLimit", 70_000_000)
    strangers = l1_transaction(here, STRANGER, owners.to or b"", owners.data)
    l1_block(here, strangers)

    assert epoch(here).header.gas_limit == 60_000_000
    flushed(here)


def test_a_gas_limit_holds_from_the_first_block_of_its_epoch() -> None:
    """[system_config]."""
    here = by_hand()
    l1_block(here, setting(here, "setGasLimit", 40_000_000))
    last = epoch(here)

    limits = [block_at(here, number).header.gas_limit for number in range(last.number + 1)]
    assert limits == [60_000_000] * last.number + [40_000_000]
    flushed(here)


def test_scalars_price_the_l1_data_of_the_block_that_brings_them() -> None:
    """[system_config]."""
    here = by_hand()
    paid = []
    for scalars in ((1_368, 810_949), (0, 0), (10**6, 10**6)):
        l1_block(here, setting(here, "setGasConfigEcotone", *scalars))
        last = epoch(here)
        assert info_at(here, last.number).base_fee_scalar == scalars[0]
        assert info_at(here, last.number).blob_base_fee_scalar == scalars[1]
        before = here.balance("l2", L1_FEE_VAULT)
        sequenced(here, here.transfer("l2"))
        paid.append(here.balance("l2", L1_FEE_VAULT) - before)

    assert paid[1] == 0 < paid[0] < paid[2]
    flushed(here)


def test_the_old_form_of_scalars_is_understood_and_written_anew() -> None:
    """[system_config]."""
    here = by_hand()
    l1_block(here, setting(here, "setGasConfig", 9, 5_000))
    last = epoch(here)

    info = info_at(here, last.number)
    assert (info.base_fee_scalar, info.blob_base_fee_scalar) == (5_000, 0)
    assert system_config_of(last, config_of(here)).scalar[0] == 1
    flushed(here)


def test_eip1559_parameters_move_the_base_fee_one_block_later() -> None:
    """[system_config]."""
    here = by_hand()
    l1_block(here, setting(here, "setEIP1559Params", 2, 4))
    last = epoch(here)
    assert last.header.extra_data[1:9] == bytes([0, 0, 0, 2, 0, 0, 0, 4])
    before = block_at(here, last.number - 1).header
    following = l2_block(here)

    # An almost empty block lowers the fee: by up to 1/250 until then, by up to 1/2 from now.
    assert last.header.base_fee is not None
    assert before.base_fee is not None
    assert following.header.base_fee is not None
    assert last.header.base_fee > before.base_fee * 249 // 250
    assert following.header.base_fee < last.header.base_fee * 52 // 100
    flushed(here)


def test_the_operator_fee_is_taken_exactly() -> None:
    """[operator_fee]."""
    here = by_hand()
    l1_block(here, setting(here, "setOperatorFeeScalars", 3, 7_000))
    epoch(here)
    before = here.balance("l2", OPERATOR_FEE_VAULT)
    alice = here.balance("l2", ALICE.address)
    block = sequenced(here, here.transfer("l2", gas=100_000))

    taken = here.balance("l2", OPERATOR_FEE_VAULT) - before
    assert taken == 21_000 * 3 * 100 + 7_000
    assert alice - here.balance("l2", ALICE.address) > taken
    assert users(block)[0].gas == 100_000
    flushed(here)


def test_before_jovian_the_operator_fee_is_a_millionth() -> None:
    """[operator_fee]."""
    here = by_hand("isthmus")
    l1_block(here, setting(here, "setOperatorFeeScalars", 2_000_000, 11))
    epoch(here)
    before = here.balance("l2", OPERATOR_FEE_VAULT)
    sequenced(here, here.transfer("l2"))

    assert here.balance("l2", OPERATOR_FEE_VAULT) - before == 2 * 21_000 + 11
    flushed(here)


def test_a_minimum_base_fee_holds_from_the_block_after_the_one_that_brings_it() -> None:
    """[jovian_minbasefee]."""
    here = by_hand()
    least = 5 * 10**9
    l1_block(here, setting(here, "setMinBaseFee", least))
    last = epoch(here)
    assert last.header.base_fee is not None
    assert last.header.base_fee < least
    assert int.from_bytes(last.header.extra_data[9:], "big") == least

    assert [l2_block(here).header.base_fee for _ in range(3)] == [least] * 3
    flushed(here)


def footprint_world(scalar: int) -> World:
    here = by_hand()
    l1_block(here, setting(here, "setDAFootprintGasScalar", scalar))
    last = epoch(here)
    assert info_at(here, last.number).da_footprint_gas_scalar == scalar
    return here


def test_the_da_footprint_stands_in_the_header_and_counts_for_the_base_fee() -> None:
    """[jovian_dafootprint]."""
    here = footprint_world(60_000)
    block = sequenced(here, *(_transfers(here, 8)))
    wanted = sum(da_footprint(tx.raw, 60_000) for tx in users(block))

    assert block.header.blob_gas_used == wanted > block.header.gas_used
    base_fee = block.header.base_fee
    assert base_fee is not None
    following = l2_block(here)
    target = 60_000_000 // 6
    assert following.header.base_fee == base_fee + base_fee * (wanted - target) // target // 250
    flushed(here)


def _transfers(here: World, count: int) -> list[Transaction]:
    nonce = here.rollup.engine.chain.machine(here.rollup.engine.chain.head).nonce(ALICE.address)
    return [here.transfer("l2", nonce=nonce + place) for place in range(count)]


def test_a_block_takes_no_more_da_footprint_than_gas() -> None:
    """[jovian_dafootprint]: the sequencer leaves the rest; a batch with it is no block."""
    here = footprint_world(60_000)
    transfers = _transfers(here, 12)
    base = here.rollup.engine.heads.unsafe.number
    for tx in transfers:
        here.rollup.submit("l2", tx.raw)
    block = block_at(here, here.rollup.mine_l2().number)
    fits = 60_000_000 // da_footprint(users(block)[0].raw, 60_000)
    assert len(users(block)) == fits == 10

    greedy = tuple(tx.raw for tx in transfers[: fits + 1])
    before = [single(block_at(here, number)).encode() for number in range(1, base + 1)]
    post(here, *channel([*before, single(block, transactions=greedy).encode()]))
    assert safe(here) == base + 1
    assert users(block_at(here, base + 1)) == []
    agreed(here)


def test_a_zero_scalar_means_four_hundred() -> None:
    """[jovian_dafootprint]."""
    here = by_hand()
    l1_block(here, setting(here, "setDAFootprintGasScalar", 0))
    last = epoch(here)

    assert info_at(here, last.number).da_footprint_gas_scalar == 400
    flushed(here)


def test_many_settings_of_one_l1_block_hold_together() -> None:
    """[system_config]: updates apply in the order of their logs."""
    here = by_hand()
    calls: list[tuple[str, tuple[int, ...]]] = [
        ("setGasLimit", (50_000_000,)),
        ("setMinBaseFee", (123,)),
        ("setGasLimit", (55_000_000,)),
        ("setOperatorFeeScalars", (1, 2)),
        ("setDAFootprintGasScalar", (9,)),
        ("setGasConfigEcotone", (4, 5)),
    ]
    made = [setting(here, name, *given, ahead=place) for place, (name, given) in enumerate(calls)]
    l1_block(here, *made)
    last = epoch(here)

    found = system_config_of(last, config_of(here))
    assert (found.gas_limit, found.min_base_fee) == (55_000_000, 123)
    assert (found.operator_fee_scalar, found.operator_fee_constant) == (1, 2)
    assert (found.base_fee_scalar, found.blob_base_fee_scalar) == (4, 5)
    assert found.da_footprint_gas_scalar == 9
    flushed(here)


def test_the_contract_refuses_a_gas_limit_too_low_for_the_l1_attributes() -> None:
    """[system_config]: the contract's bound is what keeps the L1 attributes executable."""
    here = by_hand()
    tx = setting(here, "setGasLimit", 20_000_000)
    l1_block(here, tx)
    receipts = here.rollup.l1.chain.store.receipts(here.rollup.l1.head.hash)
    assert receipts is not None
    assert not receipts[0].succeeded
    assert epoch(here).header.gas_limit == 60_000_000


def test_a_batch_that_holds_a_deposit_is_dropped_with_its_channel() -> None:
    """[system_config]: nobody but the L1 can say what the L1 attributes are."""
    here = by_hand()
    l1_block(here)
    block = l2_block(here)
    smuggled = block.transactions[0].raw
    post(here, *channel([single(block, transactions=(smuggled,)).encode()]))

    assert safe(here) == 0
    assert [drop.verdict for drop in here.rollup.driver.pipeline.drops] == [
        DropReason.DEPOSIT_TRANSACTION
    ]
    post(here, *singles([block], name=b"\x22" * 16))
    assert safe(here) == 1
    agreed(here)


def test_the_engine_refuses_a_block_beyond_its_footprint_in_words() -> None:
    """[jovian_dafootprint]."""
    here = footprint_world(65_535)
    attributes = here.rollup.sequencer.plan().attributes
    raws = tuple(tx.raw for tx in _transfers(here, 10))
    asked = replace(attributes, transactions=(*attributes.transactions, *raws), no_tx_pool=True)
    with pytest.raises(InvalidBlock, match="footprint"):
        here.rollup.engine.build(here.rollup.engine.heads.unsafe, asked)
