"""How a local L1 and its L2 go back: reorganisations, and snapshots of both.

Free functions on a `LocalRollup`; like its methods they run on the writer's thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from byline.derivation.header import Header
from byline.derivation.transaction import Transaction
from byline.node.chain.forkchoice import ForkChoice
from byline.node.l1.chain import BY_THE_RULES, NextL1Block
from byline.node.rollups.impersonation import Forced, Impersonated
from byline.node.rollups.mining import Mining
from byline.node.rollups.rollup import BlocksDropped, ChainName, headers_above, signed_in
from byline.node.rollups.timeline import Wishes
from byline.rpc.backend import Refused

if TYPE_CHECKING:
    from byline.node.rollups.local import LocalRollup


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What to go back to."""

    l1_head: Header
    heads: ForkChoice
    between_channels: bool
    """Whether derivation had no channel open."""
    pools: Mapping[ChainName, tuple[Transaction, ...]]
    wishes: Wishes
    """The offset of the clock, and what next blocks were to have."""
    mining: Mining
    next_l1: NextL1Block = BY_THE_RULES
    """What users wanted of the L1's next block."""
    first_jump: int | None = None
    """The first L2 block that a stock verifier does not follow."""
    impersonated: Impersonated | None = None
    """`None` for those that were when the node began."""
    forced: Mapping[bytes, Forced] = field(default_factory=dict)
    """Deposits of impersonated accounts that waited, by hash."""


def reorg_l1(
    rollup: LocalRollup, depth: int, *, blocks: int | None = None, lose: bool = False
) -> None:
    """Let the L1 take back its last `depth` blocks and grow `blocks` others instead.

    `blocks` is `depth` unless told.  The users' transactions wait again and get into the
    new blocks, or with `lose` are gone.  The node's own (batches, clock events) are made
    anew where they are still needed.  Raises `Refused` for a depth the L1 does not have.
    """
    l1 = rollup.l1
    last = l1.head.number - depth
    if depth < 1 or last < 0:
        raise Refused(f"a reorganisation of {depth} L1 blocks: want 1 to {l1.head.number}")
    top = l1.head
    dropped = tuple(headers_above(l1.chain, top, last))
    waiting = rollup.pools["l1"].transactions()
    l1.go_back(last)
    rollup.keeper.go_back(l1.head, rollup.clock.now())
    rollup.batcher.in_flight.clear()
    rollup.pools["l1"].clear()
    lost = () if lose else signed_in(l1.chain, dropped)
    rollup.take_back("l1", [tx for tx in (*lost, *waiting) if not rollup.is_own(tx)])
    rollup.publish(BlocksDropped("l1", l1.head, top))
    l2_top = rollup.engine.chain.head
    rollup.l1_reorganised(last)
    rollup.impersonation.wait_again(rollup.engine, l2_top)
    rollup.forget_lost_jump()
    for _ in range(depth if blocks is None else blocks):
        rollup.mine_l1()


def snapshot(rollup: LocalRollup) -> Snapshot:
    """Return both chains and pools as they are."""
    return Snapshot(
        l1_head=rollup.l1.head,
        heads=rollup.engine.heads,
        between_channels=rollup.driver.pipeline.between_channels,
        pools={name: tuple(pool.transactions()) for name, pool in rollup.pools.items()},
        wishes=rollup.timeline.wishes,
        mining=rollup.mining,
        first_jump=rollup.first_jump,
        impersonated=rollup.impersonation.who,
        forced=rollup.impersonation.waiting,
        next_l1=rollup.next_l1,
    )


def revert(rollup: LocalRollup, saved: Snapshot) -> None:
    """Go back to what was `saved`."""
    tops: dict[ChainName, Header] = {"l1": rollup.l1.head, "l2": rollup.engine.chain.head}
    other_branch = not rollup.l1.chain.is_canonical(saved.l1_head)
    rollup.l1.chain.set_head(saved.l1_head)
    rollup.engine.restore(saved.heads)
    rollup.timeline.go_back(saved.wishes)
    rollup.set_mining(saved.mining)
    rollup.impersonation.go_back(saved.impersonated, saved.forced)
    rollup.next_l1 = saved.next_l1
    rollup.keeper.go_back(saved.l1_head, rollup.clock.now())
    rollup.depart_from(saved.first_jump)
    rollup.driver.safe_up_to(saved.l1_head.number)
    rollup.sequencer.schedule.forget_from(0 if other_branch else saved.l1_head.number + 1)
    if other_branch:
        rollup.sequencer_catch_up()
    rollup.batcher.in_flight.clear()
    rollup.batcher.rewind()
    for name, transactions in saved.pools.items():
        rollup.pools[name].clear()
        rollup.take_back(name, [tx for tx in transactions if not rollup.is_own(tx)])
    rollup.driver.reset(rollup.l1.block, between_channels=saved.between_channels)
    for name, top in tops.items():
        if top != rollup.chain(name).head:
            rollup.publish(BlocksDropped(name, rollup.chain(name).head, top))
    rollup.derive()
