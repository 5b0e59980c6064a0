"""Whether recorded answers, their batches and their settlements are right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from byline.node.attribution.corpus import Corpus
from byline.node.attribution.encoding import Points
from byline.node.attribution.index.index import Index
from byline.node.attribution.index.rows import GivenRow, Mode, SettlementStatus
from byline.node.attribution.index.usage import list_of, shares_of
from byline.node.attribution.proof.batch_check import verify_batch
from byline.node.attribution.proof.check import verify_record
from byline.node.attribution.proof.faults import Fault
from byline.precompiles.math.sum_tree import SumRoot, sum_tree_root


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a check."""

    done: bool
    """False where not everything is public that it needs."""
    faults: tuple[Fault, ...] = ()
    words: tuple[str, ...] = ()
    """Faults that no challenge is about."""


def check_answer(index: Index, corpus: Corpus, batch: int, at: int) -> Checked:
    """Check a record against the datasets, where its evidence is public."""
    shown = index.ledger.published.get((batch, at))
    if shown is None:
        return Checked(done=False)
    leaf = index.ledger.records[batch, at].leaf
    return Checked(True, tuple(verify_record(corpus, leaf, shown.output, shown.leaves)))


def check_payouts(index: Index, batch: int) -> Checked:
    """Check the batch's list against the points of its records, where all are public."""
    row = index.ledger.batches[batch]
    fallback = index.registry.models[row.model].fallback_to
    parts = [index.ledger.points_of(batch, at, fallback) for at in range(row.count)]
    known = [part for part in parts if part is not None]
    if len(known) < row.count:
        return Checked(done=False)
    claimed = SumRoot(row.payout_root, row.total_w, row.n)
    faults = verify_batch(known, claimed, index.ledger.lists.get(batch))
    return Checked(True, tuple(faults))


def check_settlement(index: Index, batch: int) -> Checked:
    """Check what was paid against the list of weights, where it is public and settled."""
    row = index.vault.settlements.get(batch)
    shares = shares_of(index, batch)
    weights = list_of(index, batch)
    whole = row is not None and row.status in (SettlementStatus.SETTLED, SettlementStatus.SWEPT)
    if not whole or shares is None or weights is None:
        return Checked(done=False)
    return Checked(True, words=tuple(_wrongly_settled(index, batch, weights, shares)))


def _wrongly_settled(index: Index, batch: int, weights: Points, shares: Points) -> Iterator[str]:
    row = index.vault.settlements[batch]
    if sum_tree_root(weights).root != row.list_root:
        yield "the vault settled another list than the records give"
    if row.mode is Mode.ROOT:
        if sum_tree_root(shares).root != row.root:
            yield "the root that was stored is not that of the amounts"
    elif row.mode is Mode.ACCUMULATOR:
        for who, units in weights:
            entered = index.vault.units.get((row.model, row.epoch, who), 0)
            if entered != units:
                yield f"0x{who.hex()} has {entered} units of {units}"
    else:
        for who, amount in shares:
            got = index.vault.given.get((batch, who), GivenRow()).total
            if got != amount:
                yield f"0x{who.hex()} got {got} wei of {amount}"
