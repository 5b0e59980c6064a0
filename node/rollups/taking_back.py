"""How users take back blocks of a chain, and begin again: rollback, reorganisation, reset.

What is safe on the L2 is on the L1.  So blocks of the L2 that are safe go only with the L1
blocks that hold their batches, and so do edits and header fields that DevControl declared:
then the L1 is taken back, too, and its users' transactions wait again.

Free functions on a `LocalRollup`; like its methods they run on the writer's thread.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from byline.derivation.dev_events import ClockSet, read_event
from byline.derivation.errors import InvalidData
from byline.derivation.transaction import Transaction
from byline.derivation.types import L1Block, L2BlockRef
from byline.node.chain.forkchoice import ForkChoice
from byline.node.rollups.going_back import Snapshot, reorg_l1, revert
from byline.node.rollups.rollup import BlocksDropped, ChainName
from byline.node.rollups.timeline import Wishes
from byline.rpc.backend import Refused

if TYPE_CHECKING:
    from byline.node.rollups.local import LocalRollup


def height(rollup: LocalRollup, name: ChainName) -> int:
    """Return how many blocks a chain has above its first."""
    genesis = rollup.engine.config.genesis
    first = genesis.l1.number if name == "l1" else genesis.l2.number
    return rollup.chain(name).head.number - first


def rollback(rollup: LocalRollup, name: ChainName, depth: int) -> None:
    """Take back the last `depth` blocks of a chain; their transactions are gone.

    What waits goes on waiting.  Raises `Refused` for more blocks than there are.
    """
    most = height(rollup, name)
    if depth > most:
        raise Refused(
            f"Rollback depth must not exceed current chain height: current height {most}, "
            f"depth {depth}"
        )
    if depth and name == "l1":
        reorg_l1(rollup, depth, blocks=0, lose=True)
    elif depth:
        _rollback_l2(rollup, depth)


def reorganise(
    rollup: LocalRollup,
    name: ChainName,
    depth: int,
    chosen: Callable[[int], Sequence[Transaction]],
) -> None:
    """Make other blocks in place of the last `depth` of a chain.

    Block by block, counted from 0, `chosen` says what goes into it, and is asked when those
    before are there.  Raises `Refused` for a depth that the chain does not have and, when all
    is done, for a transaction that did not fit.
    """
    most = height(rollup, name)
    if not 1 <= depth <= most:
        raise Refused(
            f"Reorg depth must not exceed current chain height: current height {most}, "
            f"depth {depth}" + ("" if depth else ", want at least 1")
        )
    rollback(rollup, name, depth)
    left_out: list[str] = []
    for offset in range(depth):
        transactions = tuple(chosen(offset))
        header = rollup.mine_chosen(name, transactions)
        block = rollup.chain(name).store.block(header.hash)
        assert block is not None, "it was made just now"
        held = {tx.hash for tx in block.transactions}
        left_out += [f"0x{tx.hash.hex()}" for tx in transactions if tx.hash not in held]
    if left_out:
        raise Refused(
            f"the chain is reorganised, but its blocks did not take {', '.join(left_out)}"
        )


def reset(rollup: LocalRollup) -> None:
    """Let both chains begin again: no blocks, nothing waiting or wished, no snapshots."""
    genesis = rollup.engine.config.genesis
    l1_head = rollup.l1.chain.canonical(genesis.l1.number)
    first = rollup.engine.ref_at(genesis.l2.number)
    assert l1_head is not None
    assert first is not None, "both chains have their first blocks"
    begin = Snapshot(
        l1_head=l1_head,
        heads=ForkChoice(first, first, first),
        between_channels=True,
        pools={"l1": (), "l2": ()},
        wishes=Wishes(),
        mining=replace(rollup.mining, told={}),
    )
    revert(rollup, begin)
    rollup.begin_clock()
    rollup.snapshots.clear()
    rollup.muted.clear()
    rollup.instance = secrets.token_bytes(32)


def _rollback_l2(rollup: LocalRollup, depth: int) -> None:
    engine, l1 = rollup.engine, rollup.l1
    heads, top = engine.heads, engine.chain.head
    target = engine.ref_at(heads.unsafe.number - depth)
    assert target is not None, "the depth was checked"
    last = _last_without(rollup, target)
    safe = min(heads.safe, target, key=lambda ref: ref.number)
    finalized = min(heads.finalized, target, key=lambda ref: ref.number)
    engine.restore(ForkChoice(target, safe, finalized))
    rollup.publish(BlocksDropped("l2", engine.chain.head, top))
    rollup.batcher.rewind()
    if last < l1.head.number:
        reorg_l1(rollup, l1.head.number - last, blocks=0)
    else:
        rollup.withdraw_postings()
    rollup.take_back("l2", ())
    rollup.forget_lost_jump()


def _last_without(rollup: LocalRollup, target: L2BlockRef) -> int:
    """Return up to which L1 block nothing is about L2 blocks after `target`.

    Times that are declared do no harm: the next block at that height may have them.
    """
    last = rollup.l1.head.number
    for entry in rollup.driver.safe_heads.newest_first():
        if entry.l2.number <= target.number:
            break
        last = entry.l1.number - 1
    for number in range(target.l1_origin.number + 1, last + 1):
        block = rollup.l1.block(number)
        if block is not None and _declares_after(rollup, block, target.number):
            return number - 1
    return last


def _declares_after(rollup: LocalRollup, block: L1Block, l2_number: int) -> bool:
    """Tell whether `block` declares more than a time of an L2 block after `l2_number`."""
    for receipt in block.receipts:
        for log in receipt.logs if receipt.succeeded else ():
            if log.address != rollup.engine.config.dev_control:
                continue
            try:
                event = read_event(log)
            except InvalidData:
                continue
            if event is None or isinstance(event, ClockSet):
                continue
            if event.l2_number > l2_number:
                return True
    return False
