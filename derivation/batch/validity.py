"""Which batches count: the rules, one `if` each, in the order of the spec.

A verdict is a value.  A dropped batch takes the rest of its channel along (Holocene); a past
one is skipped alone; an undecided one lacks information that the chain does not hold.
The time of the next block, and the base of the drift, come from the `DevSchedule`: on
anything but a devnet they are the parent's time plus the block time, and the origin's time.

Sources: ethereum-optimism/specs, protocol/derivation.md ("Batch Queue"),
protocol/delta/span-batches.md, protocol/holocene/derivation.md ("Span Batches"); op-node,
rollup/derive/batches.go, whose order of checks this is.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from byline.derivation.batch.singular import SingularBatch
from byline.derivation.batch.span import SpanBatch
from byline.derivation.config import Fork, RollupConfig
from byline.derivation.constants import MAX_SEQUENCER_DRIFT
from byline.derivation.dev_schedule import DevSchedule
from byline.derivation.transaction import DEPOSIT, SET_CODE
from byline.derivation.types import L1BlockRef, L2BlockRef

SafeRef: TypeAlias = Callable[[int], L2BlockRef | None]
"""The safe block of a number, or `None` where the chain does not hold it."""


class Outcome(enum.Enum):
    """What becomes of a batch."""

    ACCEPT = enum.auto()
    DROP = enum.auto()
    """Invalid: the batch and the rest of its channel are void."""
    PAST = enum.auto()
    """Says only what is safe already: skipped, the channel goes on."""
    UNDECIDED = enum.auto()
    """Cannot be judged: skipped, the channel goes on."""


class DropReason(enum.Enum):
    """Why a batch was not accepted; the value is what a log should say."""

    MISSING_L1_BLOCK = "the L1 block that it needs is not known yet"
    FUTURE_TIMESTAMP = "its time is after that of the next block"
    PAST_TIMESTAMP = "its time is before that of the next block"
    PARENT_HASH = "it does not build on the safe head"
    INCLUDED_TOO_LATE = "the sequencing window of its epoch is over"
    EPOCH_TOO_OLD = "its epoch is before that of its parent"
    EPOCH_TOO_NEW = "its epoch is more than one after that of its parent"
    EPOCH_HASH = "its epoch is on another L1 chain"
    TIMESTAMP_BEFORE_ORIGIN = "it is older than its L1 origin"
    TRANSACTIONS_IN_ACTIVATION = "the activation block of a fork holds no user transactions"
    DRIFT_WITH_TRANSACTIONS = "it is too far ahead of its L1 origin to hold transactions"
    DRIFT_WITHOUT_ADOPTION = "it is too far ahead of its L1 origin, and the next would have fit"
    EMPTY_TRANSACTION = "it holds an empty transaction"
    DEPOSIT_TRANSACTION = "it holds a deposit"
    SET_CODE_BEFORE_ISTHMUS = "it holds a type-4 transaction before Isthmus"
    SPAN_NO_NEW_BLOCKS = "the span ends before the next block"
    SPAN_BETWEEN_BLOCKS = "the span begins between the safe head and the next block"
    SPAN_MISALIGNED = "the span overlaps the safe chain off the block time"
    SPAN_PARENT_UNKNOWN = "the safe block before the span is not known"
    SPAN_ORIGIN_UNKNOWN = "an L1 origin of the span is not known"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a batch, and why."""

    outcome: Outcome
    reason: DropReason | None = None
    """`None` for an accepted batch."""


ACCEPT: Final = Verdict(Outcome.ACCEPT)


def _drop(reason: DropReason) -> Verdict:
    return Verdict(Outcome.DROP, reason)


def _past(reason: DropReason) -> Verdict:
    return Verdict(Outcome.PAST, reason)


def _undecided(reason: DropReason) -> Verdict:
    return Verdict(Outcome.UNDECIDED, reason)


def check_singular(
    config: RollupConfig,
    l1_blocks: Sequence[L1BlockRef],
    parent: L2BlockRef,
    batch: SingularBatch,
    inclusion: L1BlockRef,
    schedule: DevSchedule,
) -> Verdict:
    """Judge `batch` as the block after `parent`, read at L1 block `inclusion`.

    `l1_blocks` are consecutive, from the epoch of the safe head on.
    """
    if not l1_blocks:
        return _undecided(DropReason.MISSING_L1_BLOCK)
    epoch = l1_blocks[0]
    next_timestamp = schedule.next_timestamp(parent)
    if batch.timestamp > next_timestamp:
        return _drop(DropReason.FUTURE_TIMESTAMP)
    if batch.timestamp < next_timestamp:
        return _past(DropReason.PAST_TIMESTAMP)
    if batch.parent_hash != parent.hash:
        return _drop(DropReason.PARENT_HASH)
    if batch.epoch_number + config.seq_window_size < inclusion.number:
        return _drop(DropReason.INCLUDED_TOO_LATE)
    if batch.epoch_number < epoch.number:
        return _drop(DropReason.EPOCH_TOO_OLD)
    if batch.epoch_number > epoch.number + 1:
        return _drop(DropReason.EPOCH_TOO_NEW)
    if batch.epoch_number == epoch.number + 1 and len(l1_blocks) < 2:
        return _undecided(DropReason.MISSING_L1_BLOCK)
    origin = l1_blocks[batch.epoch_number - epoch.number]
    if batch.epoch_hash != origin.hash:
        return _drop(DropReason.EPOCH_HASH)
    if batch.timestamp < origin.timestamp:
        return _drop(DropReason.TIMESTAMP_BEFORE_ORIGIN)
    if batch.transactions and _activates_without_users(config, batch.timestamp, parent.timestamp):
        return _drop(DropReason.TRANSACTIONS_IN_ACTIVATION)
    if batch.timestamp > schedule.drift_base(origin, parent.number + 1) + MAX_SEQUENCER_DRIFT:
        if batch.transactions:
            return _drop(DropReason.DRIFT_WITH_TRANSACTIONS)
        if origin == epoch:
            if len(l1_blocks) < 2:
                return _undecided(DropReason.MISSING_L1_BLOCK)
            if batch.timestamp >= l1_blocks[1].timestamp:
                return _drop(DropReason.DRIFT_WITHOUT_ADOPTION)
    return _check_transactions(config, batch)


def _activates_without_users(config: RollupConfig, timestamp: int, parent_timestamp: int) -> bool:
    """Tell whether a fork since Jovian activates: its first block is for upgrades alone."""
    forks = (Fork.JOVIAN, Fork.KARST)
    return any(config.activates(fork, timestamp, parent_timestamp) for fork in forks)


def _check_transactions(config: RollupConfig, batch: SingularBatch) -> Verdict:
    """Judge the types; any other than these is left to the engine, as op-node does."""
    isthmus = config.active(Fork.ISTHMUS, batch.timestamp)
    for transaction in batch.transactions:
        if not transaction:
            return _drop(DropReason.EMPTY_TRANSACTION)
        if transaction[0] == DEPOSIT:
            return _drop(DropReason.DEPOSIT_TRANSACTION)
        if transaction[0] == SET_CODE and not isthmus:
            return _drop(DropReason.SET_CODE_BEFORE_ISTHMUS)
    return ACCEPT


def check_span(
    config: RollupConfig,
    l1_blocks: Sequence[L1BlockRef],
    parent: L2BlockRef,
    batch: SpanBatch,
    inclusion: L1BlockRef,
    schedule: DevSchedule,
    safe_ref: SafeRef,
) -> Verdict:
    """Judge the span as a whole; its blocks are judged one by one when they come up.

    Blocks of the span that are safe already are not compared with the safe chain.
    """
    if not l1_blocks:
        return _undecided(DropReason.MISSING_L1_BLOCK)
    start_epoch, end_epoch = batch.epochs[0], batch.epochs[-1]
    if start_epoch == l1_blocks[0].number + 1 and len(l1_blocks) < 2:
        return _undecided(DropReason.MISSING_L1_BLOCK)
    start, end = batch.timestamp(0), batch.timestamp(len(batch) - 1)
    next_timestamp = schedule.next_timestamp(parent)
    if start > next_timestamp:
        return _drop(DropReason.FUTURE_TIMESTAMP)
    if end < next_timestamp:
        return _past(DropReason.SPAN_NO_NEW_BLOCKS)
    before: L2BlockRef | None = parent
    if start < next_timestamp:
        if start > parent.timestamp:
            return _drop(DropReason.SPAN_BETWEEN_BLOCKS)
        overlap, remainder = divmod(parent.timestamp - start, config.block_time)
        if remainder:
            return _drop(DropReason.SPAN_MISALIGNED)
        number = parent.number - overlap - 1
        before = safe_ref(number) if number >= config.genesis.l2.number else None
    if before is None:
        return _undecided(DropReason.SPAN_PARENT_UNKNOWN)
    if not before.hash.startswith(batch.parent_check):
        return _drop(DropReason.PARENT_HASH)
    if start_epoch + config.seq_window_size < inclusion.number:
        return _drop(DropReason.INCLUDED_TOO_LATE)
    if start_epoch > before.l1_origin.number + 1:
        return _drop(DropReason.EPOCH_TOO_NEW)
    end_hash = next((block.hash for block in l1_blocks if block.number == end_epoch), None)
    if end_hash is None:
        return _undecided(DropReason.SPAN_ORIGIN_UNKNOWN)
    if not end_hash.startswith(batch.l1_origin_check):
        return _drop(DropReason.EPOCH_HASH)
    if start_epoch < before.l1_origin.number:
        return _drop(DropReason.EPOCH_TOO_OLD)
    return ACCEPT
