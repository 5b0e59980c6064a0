"""The rollup as a whole: blocks on demand, time, deposits, batches, verifiers, snapshots."""

import asyncio

import pytest
from eth_abi.abi import encode

from byline.derivation.constants import (
    BASE_FEE_VAULT,
    L1_FEE_VAULT,
    MAX_SEQUENCER_DRIFT,
    SEQUENCER_FEE_VAULT,
)
from byline.derivation.hashing import keccak256
from byline.derivation.transaction import DepositTransaction
from byline.node.config import NodeConfig
from byline.node.l2.driver import Step
from byline.node.rollups.rollup import BlocksDropped
from byline.node.storage.kv import MemoryKV
from byline.node.verifier import Progress, Verifier
from byline.rpc.backend import Refused
from tests.integration.rollups import ALICE, BOB, GENESIS_TIME, LocalSource, World, world

DEPOSIT = keccak256(b"depositTransaction(address,uint256,uint64,bool,bytes)")[:4]


def deposit(here: World, value: int, to: bytes = BOB.address, data: bytes = b"") -> bytes:
    """Send `value` from Alice through the portal to `to` on the L2."""
    call = DEPOSIT + encode(
        ["address", "uint256", "uint64", "bool", "bytes"], [to, value, 100_000, False, data]
    )
    portal = here.rollup.engine.config.deposit_contract
    return here.send("l1", to=portal, value=value, data=call, gas=500_000)


def verified(here: World) -> tuple[Verifier, list[Progress]]:
    """Derive the L2 of `here` anew from its L1 alone."""
    reports: list[Progress] = []

    async def run() -> Verifier:
        source = LocalSource(here.rollup)
        verifier = Verifier(here.rollup.engine.config, source, MemoryKV())
        await verifier.start()
        await verifier.run(None, reports.append, follow=False)
        return verifier

    return asyncio.run(run()), reports


def test_a_transaction_makes_one_block_two_seconds_after_the_last() -> None:
    here = world()
    for number in range(1, 4):
        here.send("l2")
        head = here.rollup.engine.heads.unsafe
        assert (number, GENESIS_TIME + 2 * number) == (head.number, head.timestamp)


def test_every_block_begins_with_the_l1_attributes_deposit() -> None:
    here = world()
    here.send("l2")

    block = here.rollup.engine.chain.canonical_block(1)
    assert block is not None
    assert [0x7E, 2] == [tx.type for tx in block.transactions]


def test_fees_go_to_the_vaults_and_no_wei_is_lost() -> None:
    here = world()
    before = here.balance("l2", ALICE.address) + here.balance("l2", BOB.address)
    here.send("l2", value=5)

    paid = before - here.balance("l2", ALICE.address) - here.balance("l2", BOB.address)
    vaults = [SEQUENCER_FEE_VAULT, BASE_FEE_VAULT, L1_FEE_VAULT]
    assert paid == sum(here.balance("l2", vault) for vault in vaults) > 0
    assert all(here.balance("l2", vault) > 0 for vault in vaults)


def test_a_deposit_reaches_the_l2_in_the_first_block_of_its_epoch() -> None:
    here = world()
    before = here.balance("l2", BOB.address)
    deposit(here, 10**18)

    head = here.rollup.engine.heads.unsafe
    block = here.rollup.engine.block(head.hash)
    assert here.balance("l2", BOB.address) == before + 10**18
    assert head.l1_origin.number == here.rollup.l1.head.number
    assert head.sequence_number == 0
    assert isinstance(block.transactions[1], DepositTransaction)
    assert block.transactions[1].mint == 10**18


def test_batches_make_the_chain_safe_and_finalized_without_changing_it() -> None:
    here = world()
    for _ in range(5):
        here.send("l2")
    unsafe = here.rollup.engine.heads.unsafe
    assert here.rollup.flush() == 5

    heads = here.rollup.engine.heads
    assert heads.unsafe == heads.safe == heads.finalized == unsafe


def test_finality_follows_the_l1_by_the_given_depth() -> None:
    here = world(NodeConfig(l1_finality=2))
    here.send("l2")
    here.rollup.flush()
    assert here.rollup.engine.heads.safe.number == 1
    assert here.rollup.engine.heads.finalized.number == 0
    here.rollup.mine_l1()
    here.rollup.mine_l1()

    assert here.rollup.engine.heads.finalized.number == 1


def test_a_fresh_verifier_derives_the_same_hashes_from_the_l1_alone() -> None:
    here = world()
    for number in range(20):
        here.send("l2", value=number)
        if number % 7 == 3:
            deposit(here, 10**15 + number)
        if number % 5 == 4:
            here.rollup.flush()
        if number == 12:
            here.clock.advance(5_000)
    here.rollup.flush()

    verifier, reports = verified(here)
    assert verifier.engine.heads.safe == here.rollup.engine.heads.unsafe
    derived = [item for report in reports for item in report.newest]
    assert [item.ref.number for item in derived] == list(
        range(1, here.rollup.engine.heads.unsafe.number + 1)
    )
    assert {Step.BUILT} == {item.step for item in derived}


def test_after_idle_time_the_clock_catches_up_in_one_jump_and_no_extra_l2_block() -> None:
    here = world()
    here.send("l2")
    here.clock.advance(100_000)
    here.send("l2")

    head = here.rollup.engine.heads.unsafe
    assert (2, here.clock.now()) == (head.number, head.timestamp)
    assert here.rollup.first_jump == 2
    here.send("l2")
    assert here.rollup.engine.heads.unsafe.timestamp == here.clock.now() + 2


def test_a_jump_past_the_sequencer_drift_still_includes_users_and_verifies() -> None:
    here = world()
    here.send("l2")
    here.clock.advance(10_000_000)
    tx_hash = here.send("l2")
    assert here.rollup.engine.chain.store.transaction_location(tx_hash) is not None
    here.rollup.flush()

    verifier, _ = verified(here)
    assert verifier.engine.heads.safe == here.rollup.engine.heads.unsafe


def test_strict_mode_never_jumps() -> None:
    here = world(NodeConfig(strict=True))
    here.clock.advance(100_000)
    here.send("l2")

    assert here.rollup.engine.heads.unsafe.timestamp == GENESIS_TIME + 2
    assert here.rollup.first_jump is None
    with pytest.raises(Refused, match="strict"):
        here.rollup.mine_l2(GENESIS_TIME + 1_000)


def test_a_block_can_be_mined_at_a_later_time_but_not_an_earlier_one() -> None:
    here = world()
    here.rollup.mine_l2(GENESIS_TIME + 500)
    assert here.rollup.engine.heads.unsafe.timestamp == GENESIS_TIME + 500
    with pytest.raises(Refused, match="earliest"):
        here.rollup.mine_l2(GENESIS_TIME + 501)


def test_blocks_by_the_clock_do_not_outrun_the_l1_where_users_ask_for_many() -> None:
    here = world(NodeConfig(block_time=2))
    for _ in range(MAX_SEQUENCER_DRIFT // 2 + 50):
        here.rollup.mine("l2")
    here.send("l2")
    here.rollup.mine("l2")
    here.rollup.flush()
    here.rollup.mine_l1()

    heads = here.rollup.engine.heads
    assert heads.safe == heads.unsafe
    assert here.balance("l2", BOB.address) > here.balance("l1", BOB.address)


def test_many_blocks_without_a_pause_stay_within_the_drift_and_verify() -> None:
    here = world()
    for _ in range(1_000):
        here.rollup.mine_l2()
    tx_hash = here.send("l2")
    here.rollup.flush()

    assert here.rollup.engine.chain.store.transaction_location(tx_hash) is not None
    assert here.rollup.engine.heads.safe.number == 1_001


def test_without_automine_transactions_wait_for_the_next_block() -> None:
    here = world(NodeConfig(block_time=2))
    tx_hash = here.send("l2")
    assert here.rollup.engine.heads.unsafe.number == 0
    here.rollup.mine_l2()

    assert here.rollup.engine.chain.store.transaction_location(tx_hash) is not None


def test_a_snapshot_takes_both_chains_back_and_both_go_on() -> None:
    here = world()
    here.send("l2")
    number = here.rollup.snapshot()
    before = (here.rollup.l1.head, here.rollup.engine.heads)
    deposit(here, 10**18)
    here.send("l2", value=77)
    here.rollup.flush()
    assert here.rollup.revert(number)

    assert before == (here.rollup.l1.head, here.rollup.engine.heads)
    assert any(isinstance(item, BlocksDropped) for item in here.happened)
    assert not here.rollup.revert(number)
    here.send("l2")
    here.rollup.flush()
    verifier, _ = verified(here)
    assert verifier.engine.heads.safe == here.rollup.engine.heads.unsafe


def test_a_revert_brings_back_what_waited_in_the_pool() -> None:
    here = world(NodeConfig(block_time=2))
    tx_hash = here.send("l2")
    number = here.rollup.snapshot()
    here.rollup.mine_l2()
    assert here.rollup.pools["l2"].get(tx_hash) is None
    here.rollup.revert(number)

    assert here.rollup.pools["l2"].get(tx_hash) is not None


def test_a_restart_on_the_same_store_goes_on_where_it_was() -> None:
    kv = MemoryKV()
    first = world(kv=kv)
    for _ in range(3):
        first.send("l2")
    first.rollup.flush()
    first.send("l2")
    again = world(kv=kv)

    assert again.rollup.engine.heads == first.rollup.engine.heads
    again.send("l2")
    assert again.rollup.flush() == 2
    assert again.rollup.engine.heads.safe.number == 5
    verifier, _ = verified(again)
    assert verifier.engine.heads.safe == again.rollup.engine.heads.unsafe


@pytest.mark.parametrize("fork", ["holocene", "isthmus", "jovian", "karst"])
def test_the_loop_closes_under_every_fork(fork: str) -> None:
    here = world(NodeConfig(fork=fork))
    here.send("l2")
    deposit(here, 10**18)
    here.send("l2")
    here.rollup.flush()

    verifier, _ = verified(here)
    assert verifier.engine.heads.safe == here.rollup.engine.heads.unsafe
    assert verifier.engine.heads.safe.number >= 3


@pytest.mark.parametrize("timestamp", [2**62 + 1, 2**63, 2**64 - 1])
def test_a_time_that_leaves_no_room_is_refused(timestamp: int) -> None:
    here = world()
    for mine in (here.rollup.mine_l1, here.rollup.mine_l2):
        with pytest.raises(Refused, match="too late"):
            mine(timestamp)
    here.rollup.mine_l2(2**62)
    here.rollup.mine_l2()
    assert here.rollup.engine.heads.unsafe.timestamp == 2**62 + 2
