"""What is wrong with a batch or a dataset as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from byline.node.attribution.dataset import Dataset
from byline.node.attribution.encoding import Points
from byline.node.attribution.proof.faults import Fault, Reason
from byline.node.attribution.suffix_array import suffix_array
from byline.node.attribution.weights import batch_payouts, payout_root
from byline.precompiles.math.sum_tree import SumRoot


def verify_batch(
    points: Sequence[Points], claimed: SumRoot, payouts: Points | None = None
) -> list[Fault]:
    """Return what is wrong with a batch's payouts; empty for the honest ones.

    points: those of each record, in order, as their leaves give them.
    claimed: the batch's payoutRoot, total W and number n, as the ledger holds them.
    payouts: the list behind payoutRoot where somebody has shown it; another list is not
    looked at.

    Without the list there is one fault, which the points of all records prove while they have
    at most 1,500 entries (see `challenges.WrongPayouts`); of larger batches the list is to be
    demanded first.  With it the faults name each owner who gets less, which two openings
    prove.
    """
    honest = batch_payouts(points)
    if payout_root(honest) == claimed:
        return []
    faults = [Fault(Reason.OTHER_PAYOUTS)]
    if payouts and (shown := payout_root(payouts)).root == claimed.root:
        if shown != claimed:
            return [Fault(Reason.PAYOUT_HEADER), *faults]
        return [*_short(honest, dict(payouts)), *faults]
    return faults


def _short(honest: Points, shown: Mapping[bytes, int]) -> Iterator[Fault]:
    for owner, amount in honest:
        if owner not in shown or shown[owner] < amount:
            yield Fault(Reason.UNDERPAID, owner=owner)


def check_dataset(dataset: Dataset) -> list[Fault]:
    """Return the faults of a dataset's suffix array and owner ranges; empty if both are right.

    Of each sort the first one only: one is enough to condemn the dataset.  That the tokens
    are those of the texts is not for the chain to see: whoever rebuilds the dataset compares
    roots, and does not use what differs.
    """
    return [*_suffix_faults(dataset), *_owner_faults(dataset)]


def _suffix_faults(dataset: Dataset) -> Iterator[Fault]:
    """Yield a wrong number, else the first entry outside, else the first of an unordered pair.

    Entries in strict order that all lie inside are each position once, so in the right order.
    """
    count, given = len(dataset), dataset.suffix_array
    if len(given) != count:
        yield Fault(Reason.SUFFIX_COUNT, dataset=dataset.id, entry=len(given) - 1)
        return
    outside = np.flatnonzero(given >= count)
    if len(outside):
        yield Fault(Reason.SUFFIX_OUTSIDE, dataset=dataset.id, entry=int(outside[0]))
        return
    places = np.empty(count, np.int64)
    places[suffix_array(dataset.tokens)] = np.arange(count)
    unordered = np.flatnonzero(np.diff(places[given]) <= 0)
    if len(unordered):
        yield Fault(Reason.SUFFIXES_UNORDERED, dataset=dataset.id, entry=int(unordered[0]))


def _owner_faults(dataset: Dataset) -> Iterator[Fault]:
    ranges, last = dataset.ranges, len(dataset.ranges) - 1
    broken = [
        *([0] if not ranges or ranges[0].start != 0 else []),
        *(at for at, one in enumerate(ranges) if one.start >= one.end),
        *(at for at, (one, after) in enumerate(pairwise(ranges)) if one.end != after.start),
        *([last] if ranges and ranges[-1].end != len(dataset) else []),
    ]
    if broken:
        yield Fault(Reason.OWNERS_BROKEN, dataset=dataset.id, entry=min(broken))
