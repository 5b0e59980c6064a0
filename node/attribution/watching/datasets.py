"""What a watcher makes of a dataset whose content is at hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from byline.node.attribution.dataset import Dataset
from byline.node.attribution.index.rows import DatasetRow
from byline.node.attribution.proof.batch_check import check_dataset
from byline.node.attribution.proof.challenges import BadDataset, DatasetFault
from byline.node.attribution.proof.faults import Fault, Reason
from byline.node.attribution.suffix_array import suffix_array
from byline.node.attribution.watching.accusing import Accusation, provable
from byline.node.errors import Corrupt


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A dataset whose content is at hand, and what is wrong with it.  Compared by identity."""

    dataset: Dataset
    accusations: tuple[Accusation, ...]
    faults: tuple[Fault, ...] | None = None
    """What `check_dataset` found; `None` where it was not asked."""
    repaired: Dataset | None = None
    """With the suffix array that its tokens have, where the committed one is another."""


def judge_dataset(
    row: DatasetRow, dataset: Dataset, known: tuple[Fault, ...] | None = None
) -> Held:
    """Return `dataset`, which has the roots of `row`, with all that is wrong with it.

    The numbers of tokens and ranges that it was registered with are looked at first: where
    they are wrong, nothing else need be.  known: what `check_dataset` said of the same content
    under another number.  Raises `Corrupt` where no challenge shows what is wrong: of no ranges
    at all there is none to open.
    """
    shape = tuple(_shape(row, dataset))
    if shape:
        return Held(dataset, shape)
    checked = tuple(check_dataset(dataset)) if known is None else known
    faults = tuple(replace(one, dataset=row.id) for one in checked)
    found = tuple(provable(dataset, faults))
    if faults and not found:
        raise Corrupt(
            f"dataset {row.id} cannot be used, and no challenge can show that: {faults[0]}"
        )
    suffixes = any(one.reason is not Reason.OWNERS_BROKEN for one in faults)
    order = suffix_array(dataset.tokens) if suffixes else None
    repaired = None if order is None else replace(dataset, suffix_array=order)
    return Held(dataset, found, faults, repaired)


def _shape(row: DatasetRow, dataset: Dataset) -> Iterator[Accusation]:
    if row.tokens != len(dataset):
        yield Accusation(
            f"BAD_DATASET: registered with {row.tokens} tokens, but its roots are of "
            f"{len(dataset)}",
            BadDataset(DatasetFault.TOKENS_SHAPE, left=dataset.open_tokens(len(dataset) - 1)),
        )
    elif row.owners != len(dataset.ranges) and dataset.ranges:
        yield Accusation(
            f"BAD_DATASET: registered with {row.owners} owner ranges, but its root is of "
            f"{len(dataset.ranges)}",
            BadDataset(DatasetFault.OWNERS, owners=dataset.open_range(0)),
        )
