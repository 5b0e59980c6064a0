"""What the index has about one model: its answers in a range, its people, who earned what."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from byline.node.attribution.encoding import Points
from byline.node.attribution.index.funding import Transfer
from byline.node.attribution.index.index import Index
from byline.node.attribution.index.metrics import Paid, Usage
from byline.node.attribution.index.rows import BatchRow, BatchStatus, Mode, RecordRow
from byline.precompiles.math import apportion

Units: TypeAlias = Mapping[tuple[int, int], Points]
"""By model and epoch: the units of an accumulator, owners ascending."""


def usage_of(
    index: Index,
    model: int,
    first: int,
    last: int,
    transfers: Sequence[Transfer] = (),
    check: Callable[[], None] = lambda: None,
) -> Usage:
    """Return how a model was used in the blocks `first` to `last`.

    transfers: of native tokens, up to `last`.  What others paid into payers' prepaid balances
    is added to them.  check: called for each batch; raises where it takes too long.
    `KeyError` for an unknown model.
    """
    row = index.registry.models[model]
    policy = index.registry.policies[row.fee_policy]
    answers: list[Paid] = []
    before: set[bytes] = set()
    batches = [one for one in index.ledger.batches.values() if one.model == model]
    for batch in batches:
        if batch.status is BatchStatus.VOID or batch.place.block > last:
            continue
        records = index.ledger.records_of(batch.id)
        if batch.place.block < first:
            before |= {record.leaf.payer for record in records}
            continue
        same = len({record.leaf.payer for record in records}) == 1
        for one in records:
            least = policy.quote(one.leaf.tokens_in, one.leaf.tokens_out)
            answers.append(_paid(one, least, len(records), same))
    paid_for = [Transfer(by, to, wei) for (by, to), wei in index.ledger.paid_for.items()]
    inside = {answer.batch for answer in answers}
    return Usage(
        answers=answers,
        before=frozenset(before),
        insiders=insiders(index, model, batches, check),
        earned=earned(index, [one for one in batches if one.id in inside], check),
        transfers=(*transfers, *paid_for),
    )


def _paid(one: RecordRow, least: int, mates: int, same: bool) -> Paid:
    leaf = one.leaf
    return Paid(
        one.batch, one.index, leaf.payer, leaf.req_hash, leaf.fee, least, one.place.timestamp,
        mates, same,
    )  # fmt: skip


def insiders(
    index: Index, model: int, batches: Sequence[BatchRow], check: Callable[[], None]
) -> frozenset[bytes]:
    """Return everybody who earns by a model, or decides about it."""
    row = index.registry.models[model]
    found = {row.owner, row.operator, row.fallback_to}
    found.add(index.registry.policies[row.fee_policy].treasury)
    found |= {batch.operator for batch in batches}
    own = {batch.id for batch in batches}
    found |= {who for batch, who in index.vault.given if batch in own}
    found |= {who for number, _, who in index.vault.units if number == model}
    staked = index.stakes.stakes.items()
    found |= {who for (number, who), stake in staked if number == model and stake.amount}
    for batch in batches:
        check()
        for owner, _ in index.ledger.payouts_of(batch.id, row.fallback_to) or ():
            found.add(owner)
    return frozenset(found)


def earned(
    index: Index, batches: Sequence[BatchRow], check: Callable[[], None]
) -> Mapping[bytes, int]:
    """Return wei that batches gave to each address, as far as the events tell.

    In root mode what a list that is public gives, claimed or not; else what was claimed.
    """
    found: Counter[bytes] = Counter()
    entered = entered_units(index)
    own = {batch.id for batch in batches}
    for (batch, who), given in index.vault.given.items():
        if batch in own and index.vault.settlements[batch].mode is not Mode.ROOT:
            found[who] += given.total
    for one in batches:
        check()
        row = index.vault.settlements.get(one.id)
        if row is None:
            continue
        found[row.treasury] += row.platform
        found[row.owner] += row.to_owner
        if one.id in index.vault.fallbacks:
            who, amount = index.vault.fallbacks[one.id]
            found[who] += amount
        if row.mode in (Mode.ROOT, Mode.ACCUMULATOR):
            for who, amount in shares_of(index, one.id, entered) or claimed_of(index, one.id):
                found[who] += amount
    return found


def shares_of(
    index: Index, batch: int, entered: Units | None = None
) -> tuple[tuple[bytes, int], ...] | None:
    """Return what a settled batch's pot gives to each of its list, before penalties.

    `None` where the list is not public, or the batch not settled.  Of an accumulator's pot
    the parts are rounded down: its remainder goes on to the next one.
    """
    row = index.vault.settlements.get(batch)
    weights = list_of(index, batch, entered)
    if row is None or weights is None or not row.settled_at or not row.weight:
        return None
    if row.mode is Mode.ACCUMULATOR:
        return tuple((who, row.pot * units // row.weight) for who, units in weights)
    amounts = apportion(row.method, row.pot, [weight for _, weight in weights])
    return tuple((who, part) for (who, _), part in zip(weights, amounts, strict=True))


def claimed_of(index: Index, batch: int) -> tuple[tuple[bytes, int], ...]:
    """Return what was claimed of a batch, by whom."""
    return tuple(claim for (number, _), claim in index.vault.claims.items() if number == batch)


def list_of(index: Index, batch: int, entered: Units | None = None) -> Points | None:
    """Return the list of weights behind a batch, where events give it: ascending owners.

    entered: what `entered_units` returned, for who asks about many batches.
    """
    row = index.ledger.batches[batch]
    fallback = index.registry.models[row.model].fallback_to
    found = index.ledger.payouts_of(batch, fallback)
    settled = index.vault.settlements.get(batch)
    if found is None and settled is not None and settled.epoch:
        units = entered_units(index) if entered is None else entered
        known = units.get((row.model, settled.epoch), ())
        if sum(weight for _, weight in known) == row.total_w and len(known) == row.n:
            return known
    return found


def entered_units(index: Index) -> Units:
    """Return the units of every accumulator's epochs: owners ascending."""
    found: defaultdict[tuple[int, int], list[tuple[bytes, int]]] = defaultdict(list)
    for (model, epoch, who), units in index.vault.units.items():
        found[model, epoch].append((who, units))
    return {key: tuple(sorted(units)) for key, units in found.items()}
