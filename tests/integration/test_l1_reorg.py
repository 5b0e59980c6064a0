"""The L1 takes blocks back: what the L2 keeps, what it gives up, and that it derives again."""

import asyncio
import random

import pytest

from byline.node.config import NodeConfig
from byline.node.rollups.rollup import BlocksDropped, Mining
from byline.node.storage.kv import MemoryKV
from byline.node.verifier import Verifier
from byline.rpc.backend import Refused
from tests.integration.rollups import BOB, LocalSource, World, world
from tests.integration.test_rollup import deposit, verified


def converges(here: World) -> None:
    """A fresh verifier ends on the hashes of the sequencer, every block is safe, and whatever
    is said to have been safe was so on the chains that are."""
    # The L1 block of a flush may bring deposits, which make further L2 blocks.
    while here.rollup.flush():
        pass
    verifier, _ = verified(here)
    heads = here.rollup.engine.heads
    assert verifier.engine.heads.safe == heads.safe == heads.unsafe
    safe_heads_are_canonical(here)


def safe_heads_are_canonical(here: World) -> None:
    l1, l2 = here.rollup.l1.chain.store, here.rollup.engine.chain.store
    for entry in here.rollup.driver.safe_heads.newest_first():
        assert l1.canonical_hash(entry.l1.number) == entry.l1.hash
        assert l2.canonical_hash(entry.l2.number) == entry.l2.hash


def test_the_l1_goes_back_and_grows_differently() -> None:
    here = world()
    for _ in range(4):
        here.rollup.mine_l1()
    before = [here.rollup.l1.block(number) for number in range(5)]
    here.rollup.reorg_l1(2)

    after = [here.rollup.l1.block(number) for number in range(5)]
    same = [a == b for a, b in zip(before, after, strict=True)]
    assert same == [True, True, True, False, False]


def test_as_many_blocks_come_as_were_asked_for() -> None:
    here = world()
    for _ in range(4):
        here.rollup.mine_l1()
    here.rollup.reorg_l1(3, blocks=1)
    assert here.rollup.l1.head.number == 2


@pytest.mark.parametrize("depth", [0, -1, 3])
def test_a_depth_that_the_l1_does_not_have_is_refused(depth: int) -> None:
    here = world()
    here.rollup.mine_l1()
    here.rollup.mine_l1()
    with pytest.raises(Refused, match="want 1 to 2"):
        here.rollup.reorg_l1(depth)


def test_l2_blocks_whose_origin_is_gone_are_dropped_and_their_transactions_wait_again() -> None:
    here = world(NodeConfig(block_time=2))
    here.rollup.mine_l2()
    kept = here.rollup.engine.heads.unsafe
    here.rollup.mine_l1()
    tx_hash = here.send("l2")
    here.rollup.mine_l2()
    assert here.rollup.engine.heads.unsafe.l1_origin.number == 1
    here.rollup.reorg_l1(1)

    assert here.rollup.engine.heads.unsafe == kept
    assert here.rollup.pools["l2"].get(tx_hash) is not None
    assert {"l1", "l2"} == {
        item.chain for item in here.happened if isinstance(item, BlocksDropped)
    }


def test_blocks_whose_batches_the_l1_lost_are_unsafe_again_and_posted_again() -> None:
    here = world(NodeConfig(l1_finality=10))
    for _ in range(3):
        here.send("l2")
    here.rollup.flush()
    unsafe = here.rollup.engine.heads.unsafe
    assert here.rollup.engine.heads.safe == unsafe
    here.rollup.reorg_l1(1)

    heads = here.rollup.engine.heads
    assert (heads.safe.number, heads.unsafe) == (0, unsafe)
    assert here.rollup.batcher.pending == 3
    converges(here)
    assert here.rollup.engine.heads.safe == unsafe


def test_what_stays_on_the_l1_stays_safe() -> None:
    here = world(NodeConfig(l1_finality=10))
    here.send("l2")
    here.rollup.flush()
    safe = here.rollup.engine.heads.safe
    here.send("l2")
    here.rollup.flush()
    here.rollup.reorg_l1(1)
    assert here.rollup.engine.heads.safe == safe
    assert here.rollup.driver.safe_heads.at(10**6) is not None
    converges(here)


def test_finality_is_kept_above_its_depth_and_given_up_with_a_warning_below(
    caplog: pytest.LogCaptureFixture,
) -> None:
    here = world(NodeConfig(l1_finality=2))
    here.send("l2")
    here.rollup.flush()
    for _ in range(3):
        here.rollup.mine_l1()
    final = here.rollup.engine.heads.finalized
    assert final.number == 1
    here.rollup.reorg_l1(2)
    assert here.rollup.engine.heads.finalized == final
    assert "finalized" not in caplog.text
    here.rollup.reorg_l1(here.rollup.l1.head.number)
    assert "took back what it had finalized" in caplog.text
    converges(here)


def test_a_deposit_waits_again_and_reaches_the_l2_once() -> None:
    here = world()
    before = here.balance("l2", BOB.address)
    deposit(here, 10**18)
    assert here.balance("l2", BOB.address) == before + 10**18
    here.rollup.reorg_l1(1)
    assert here.balance("l2", BOB.address) == before + 10**18
    converges(here)


def test_a_deposit_that_the_l1_lost_never_was() -> None:
    here = world()
    before = here.balance("l2", BOB.address)
    deposit(here, 10**18)
    here.rollup.reorg_l1(1, lose=True)
    assert here.balance("l2", BOB.address) == before
    here.send("l2", value=3)
    converges(here)


def test_a_block_whose_clock_jump_the_l1_lost_goes_with_it() -> None:
    here = world()
    for _ in range(3):
        here.rollup.mine_l1()
    kept = here.rollup.mine_l2()
    here.clock.advance(10_000)
    here.send("l2")
    jumped = here.rollup.engine.heads.unsafe
    # Its origin stays, but L1 block 4, which declared its time, goes.
    assert (jumped.timestamp, jumped.l1_origin.number) == (here.clock.now(), 2)
    assert here.rollup.l1.head.number == 4
    here.rollup.mining = Mining(strict=True)
    here.rollup.reorg_l1(1, blocks=0)

    assert here.rollup.engine.heads.unsafe == kept
    assert here.rollup.first_jump is None
    here.send("l2", value=5)
    converges(here)


def test_a_restart_after_a_reorganisation_goes_on() -> None:
    kv = MemoryKV()
    here = world(NodeConfig(l1_finality=10), kv=kv)
    for _ in range(3):
        here.send("l2")
        here.rollup.flush()
    here.rollup.reorg_l1(2)
    again = world(NodeConfig(l1_finality=10), kv=kv)
    assert again.rollup.engine.heads == here.rollup.engine.heads
    again.rollup.reorg_l1(3)
    again.send("l2", value=9)
    converges(again)


def test_a_snapshot_of_the_branch_that_was_left_can_still_be_reverted_to() -> None:
    here = world()
    here.send("l2")
    here.rollup.flush()
    number, head = here.rollup.snapshot(), here.rollup.l1.head
    here.rollup.reorg_l1(1)
    here.send("l2", value=4)
    here.rollup.flush()
    assert here.rollup.revert(number)
    assert here.rollup.l1.head == head
    here.send("l2", value=5)
    converges(here)


@pytest.mark.parametrize("more", [0, 1])
def test_a_revert_forgets_what_was_safe_on_the_other_branch_of_the_l1(more: int) -> None:
    here = world(NodeConfig(l1_finality=10))
    here.send("l2")
    here.rollup.flush()
    for _ in range(more):
        here.rollup.mine_l1()
    number = here.rollup.snapshot()
    here.rollup.reorg_l1(1 + more, blocks=1)
    here.rollup.flush()
    assert here.rollup.engine.heads.safe.number == 1
    here.rollup.revert(number)
    safe_heads_are_canonical(here)
    here.rollup.mine_l1()
    here.send("l2")
    converges(here)


def test_a_verifier_gives_up_what_the_l1_lost_and_comes_along() -> None:
    here = world(NodeConfig(l1_finality=10))
    here.send("l2")
    here.rollup.flush()
    here.send("l2")
    here.rollup.flush()

    async def scenario() -> None:
        source = LocalSource(here.rollup)
        verifier = Verifier(here.rollup.engine.config, source, MemoryKV())
        await verifier.start()
        both = await verifier.run(None, lambda _: None, follow=False)
        assert both == here.rollup.engine.heads.unsafe
        here.rollup.reorg_l1(1, blocks=2)
        # The origin of the second block is still there; the batch that carried it is not.
        one = await verifier.run(None, lambda _: None, follow=False)
        assert one == here.rollup.engine.heads.safe
        assert one.number == both.number - 1
        here.rollup.flush()
        again = await verifier.run(None, lambda _: None, follow=False)
        assert again == here.rollup.engine.heads.unsafe == here.rollup.engine.heads.safe

    asyncio.run(scenario())


def run_at_random(seed: int, steps: int) -> World:
    dice = random.Random(seed)
    here = world(
        NodeConfig(
            l1_finality=dice.choice([0, 2, 64]), batch_type=dice.choice(["span", "singular"])
        )
    )
    for step in range(steps):
        what = dice.choices(
            ["send", "deposit", "flush", "l1", "idle", "reorg"], [6, 1, 2, 2, 1, 2]
        )[0]
        if what == "send":
            here.send("l2", value=step)
        elif what == "deposit":
            deposit(here, 10**12 + step)
        elif what == "flush":
            here.rollup.flush()
        elif what == "l1":
            here.rollup.mine_l1()
        elif what == "idle":
            here.clock.advance(dice.choice([30, 5_000]))
        elif here.rollup.l1.head.number:
            depth = dice.randint(1, here.rollup.l1.head.number)
            here.rollup.reorg_l1(depth, blocks=dice.choice([None, 0, 1]), lose=dice.random() < 0.3)
    return here


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_a_fresh_verifier_ends_on_the_same_hashes(seed: int) -> None:
    converges(run_at_random(seed, 25))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 140))
def test_longer_histories_converge_too(seed: int) -> None:
    converges(run_at_random(seed, 80))
