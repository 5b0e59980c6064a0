"""From a fault to the challenge that proves it: the openings that the ledger is shown."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Dataset, Opening
from byline.node.attribution.encoding import EvidenceLeaf, Points, RecordLeaf
from byline.node.attribution.evidence import Evidence
from byline.node.attribution.proof.challenges import (
    NO_OPENING,
    BadDataset,
    Challenge,
    DatasetFault,
    Edge,
    FalseSpan,
    LongerMatch,
    NotSettled,
    PayoutEntry,
    PayoutHeader,
    Share,
    Shown,
    ShownLeaf,
    Underpaid,
    WrongCount,
    WrongOwner,
    WrongPayouts,
    WrongWeights,
)
from byline.node.attribution.proof.faults import ChallengeKind, Fault, Reason
from byline.node.attribution.suffix_array import DEPTH
from byline.node.attribution.tokens import encode_tokens
from byline.precompiles.math.sum_tree import SumTree

_EDGES: Final = MappingProxyType(
    {
        Reason.RANGE_BOUNDS: Edge.FIRST,
        Reason.RANGE_STARTS_LATE: Edge.BEFORE_FIRST,
        Reason.RANGE_STARTS_EARLY: Edge.FIRST,
        Reason.RANGE_ENDS_LATE: Edge.LAST,
        Reason.RANGE_ENDS_EARLY: Edge.BEHIND_LAST,
    }
)


@dataclass(frozen=True, slots=True)
class RecordCase:
    """A record of a batch with all that was published for it."""

    corpus: Corpus
    shown: Shown
    """The record and its proof."""
    output: tuple[int, ...]
    leaves: tuple[EvidenceLeaf, ...]

    def leaf(self, index: int) -> ShownLeaf:
        """Return a leaf and the proof that the record has it."""
        return ShownLeaf(index, self.leaves[index], Evidence(self.leaves).tree().proof(index))


@dataclass(frozen=True, slots=True)
class BatchCase:
    """A batch with the points of its records, and its payouts where they are known."""

    records: tuple[RecordLeaf, ...]
    points: tuple[Points, ...]
    """Of each record, as its leaves give them and its weights root commits to them."""
    payouts: Points | None = None


def challenge_of(fault: Fault, case: RecordCase | BatchCase | Dataset) -> Challenge:
    """Return the challenge that proves `fault`, as `encode()`d for the ledger.

    case: what the fault was found in.  Raises `ValueError` where the fault is none of it, or
    is no challenge but a demand (kind 0).
    """
    if fault.kind is ChallengeKind.WITHHELD:
        raise ValueError(f"{fault}: no challenge proves that; demand that it be published")
    if isinstance(case, RecordCase):
        return _of_record(fault, case)
    return _of_batch(fault, case) if isinstance(case, BatchCase) else _of_dataset(fault, case)


def _of_record(fault: Fault, case: RecordCase) -> Challenge:
    if fault.kind is ChallengeKind.FALSE_SPAN:
        return _false_span(fault, case)
    if fault.kind is ChallengeKind.LONGER_MATCH:
        return _longer_match(fault, case)
    if fault.kind is ChallengeKind.WRONG_OWNER:
        at, leaf, dataset = _leaf_of(fault, case)
        return WrongOwner(case.shown, case.leaf(at), dataset.open_owner(leaf.pos))
    if fault.kind is ChallengeKind.WRONG_COUNT:
        return _left_out(fault, case) if fault.reason not in _EDGES else _range_edge(fault, case)
    if fault.kind is ChallengeKind.WRONG_WEIGHTS:
        return WrongWeights(case.shown, case.leaves)
    raise ValueError(f"{fault}: not found in a record")


def _false_span(fault: Fault, case: RecordCase) -> FalseSpan:
    """Show the output and openings only where they are what proves it."""
    assert fault.leaf is not None
    shown, output = case.leaf(fault.leaf), encode_tokens(case.output)
    if fault.reason is Reason.OUTSIDE_OUTPUT:
        return FalseSpan(case.shown, shown, output)
    if fault.reason is Reason.TOKENS_DIFFER:
        _, leaf, dataset = _leaf_of(fault, case)
        return FalseSpan(
            case.shown, shown, output, tokens=dataset.open_tokens(leaf.pos, leaf.length)
        )
    if fault.reason is Reason.OTHER_ENTRY:
        _, leaf, dataset = _leaf_of(fault, case)
        return FalseSpan(case.shown, shown, suffix=dataset.open_suffix(leaf.sa_index))
    return FalseSpan(case.shown, shown)


def _longer_match(fault: Fault, case: RecordCase) -> LongerMatch:
    dataset, pos, length = _match_of(fault, case)
    assert fault.start is not None
    return LongerMatch(
        case.shown,
        encode_tokens(case.output),
        case.leaves,
        out_pos=fault.start,
        length=length,
        dataset=dataset.id,
        pos=pos,
        tokens=dataset.open_tokens(pos, length),
    )


def _range_edge(fault: Fault, case: RecordCase) -> WrongCount:
    at, leaf, dataset = _leaf_of(fault, case)
    suffix = tokens = NO_OPENING
    if fault.entry is not None:
        suffix = dataset.open_suffix(fault.entry)
        tokens = _window(dataset, int(dataset.suffix_array[fault.entry]), leaf.length)
    return WrongCount(
        case.shown,
        encode_tokens(case.output),
        case.leaves,
        edge=_EDGES[fault.reason],
        leaf_index=at,
        suffix=suffix,
        tokens=tokens,
    )


def _left_out(fault: Fault, case: RecordCase) -> WrongCount:
    dataset, pos, length = _match_of(fault, case)
    assert fault.leaf is not None
    return WrongCount(
        case.shown,
        encode_tokens(case.output),
        case.leaves,
        edge=Edge.OTHER_DATASET,
        leaf_index=fault.leaf,
        dataset=dataset.id,
        pos=pos,
        tokens=dataset.open_tokens(pos, length),
    )


def _of_batch(fault: Fault, case: BatchCase) -> Challenge:
    if fault.reason is Reason.UNSETTLED:
        return NotSettled()
    if fault.reason is Reason.OTHER_PAYOUTS:
        return WrongPayouts(case.records, case.points)
    if case.payouts is None:
        raise ValueError(f"{fault}: needs the list of payouts; demand that it be published")
    tree = SumTree(case.payouts)
    if fault.reason is Reason.PAYOUT_HEADER:
        size = 1 << (len(case.payouts) - 1).bit_length()
        top = tree.chunk(0, size).hash
        return Underpaid(header=PayoutHeader(tree.root.count, tree.root.total, top))
    if fault.reason is not Reason.UNDERPAID or fault.owner is None:
        raise ValueError(f"{fault}: not found in a batch")
    paid = dict(case.payouts).get(fault.owner, 0)
    entries = tuple(
        PayoutEntry(at, *case.payouts[at], tree.proof(at))
        for at in _entries_about(fault.owner, case.payouts)
    )
    return Underpaid(fault.owner, case.records, _shares(case, fault.owner, paid), entries)


def _entries_about(owner: bytes, payouts: Points) -> Sequence[int]:
    """Return which entries show what `owner` gets: its own, or those it would stand between."""
    owners = [one for one, _ in payouts]
    at = bisect_left(owners, owner)
    if at < len(owners) and owners[at] == owner:
        return (at,)
    return [place for place in (at - 1, at) if 0 <= place < len(owners)]


def _shares(case: BatchCase, owner: bytes, paid: int) -> tuple[Share, ...]:
    """Return the owner's largest shares, as many as it takes to be above `paid`."""
    found = sorted(
        (
            (dict(points)[owner], record)
            for record, points in enumerate(case.points)
            if owner in dict(points)
        ),
        reverse=True,
    )
    chosen: list[Share] = []
    while found and (not chosen or sum(share.points for share in chosen) <= paid):
        amount, record = found.pop(0)
        leaf = [one for one, _ in case.points[record]].index(owner)
        chosen.append(Share(record, leaf, amount, SumTree(case.points[record]).proof(leaf)))
    return tuple(sorted(chosen, key=lambda share: share.record))


def _of_dataset(fault: Fault, dataset: Dataset) -> BadDataset:
    if fault.kind is not ChallengeKind.BAD_DATASET or fault.entry is None:
        raise ValueError(f"{fault}: not found in a dataset")
    at = fault.entry
    if fault.reason is Reason.OWNERS_BROKEN:
        neighbours = min(2, len(dataset.ranges) - at)
        return BadDataset(DatasetFault.OWNERS, owners=dataset.open_range(at, neighbours))
    if fault.reason is Reason.SUFFIX_COUNT:
        # The last chunk: its index, its size or the number of chunks does not fit the tokens.
        return BadDataset(DatasetFault.SUFFIXES_SHAPE, suffix=dataset.open_suffix(at))
    if fault.reason is Reason.SUFFIX_OUTSIDE:
        return BadDataset(DatasetFault.ORDER, index=at, suffix=dataset.open_suffix(at))
    left, right = dataset.suffix_array[at : at + 2].tolist()
    return BadDataset(
        DatasetFault.ORDER,
        index=at,
        suffix=dataset.open_suffix(at, 2),
        left=dataset.open_tokens(left, min(DEPTH, len(dataset) - left)),
        right=dataset.open_tokens(right, min(DEPTH, len(dataset) - right)),
    )


def _leaf_of(fault: Fault, case: RecordCase) -> tuple[int, EvidenceLeaf, Dataset]:
    assert fault.leaf is not None
    leaf = case.leaves[fault.leaf]
    return fault.leaf, leaf, _dataset(case, leaf.dataset)


def _match_of(fault: Fault, case: RecordCase) -> tuple[Dataset, int, int]:
    assert fault.dataset is not None
    assert fault.pos is not None
    assert fault.length is not None
    return _dataset(case, fault.dataset), fault.pos, fault.length


def _dataset(case: RecordCase, number: int) -> Dataset:
    dataset = case.corpus.dataset(number)
    if dataset is None:
        raise ValueError(f"dataset {number} is not the model's")
    return dataset


def _window(dataset: Dataset, pos: int, length: int) -> Opening:
    """Return the tokens at `pos`; nothing where they would end behind the dataset."""
    return dataset.open_tokens(pos, length) if pos + length <= len(dataset) else NO_OPENING
