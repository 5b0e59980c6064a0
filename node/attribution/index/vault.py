"""Settlements, credits, accumulators, claims and carries, from the events of the vault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from byline.node.attribution.index.events import Event
from byline.node.attribution.index.rows import (
    GivenRow,
    Mode,
    SettlementRow,
    SettlementStatus,
    ShareRow,
    UnitsRow,
)

MERGED: Final = 0
"""The pool of credits that `withdraw` pays, all models together; others are model ids."""


@dataclass(frozen=True, slots=True)
class VaultBook:
    """What the vault holds.  Only `enter` writes, into a copy that nobody else has yet."""

    credits: dict[tuple[int, bytes], int] = field(default_factory=dict)
    """By pool and person: wei owed."""
    carry: dict[int, int] = field(default_factory=dict)
    """By model: wei that join its next pot."""
    settlements: dict[int, SettlementRow] = field(default_factory=dict)
    """By batch."""
    given: dict[tuple[int, bytes], GivenRow] = field(default_factory=dict)
    """By batch and person."""
    claims: dict[tuple[int, int], tuple[bytes, int]] = field(default_factory=dict)
    """By batch and index: who claimed how much."""
    fallbacks: dict[int, tuple[bytes, int]] = field(default_factory=dict)
    """By batch: who was credited a pot without a list."""
    pools: dict[int, UnitsRow] = field(default_factory=dict)
    acc: dict[tuple[int, int], int] = field(default_factory=dict)
    """By model and epoch: wei that each unit has earned."""
    units: dict[tuple[int, int, bytes], int] = field(default_factory=dict)
    """By model, epoch and person: the units that were entered."""
    shares: dict[tuple[int, bytes], ShareRow] = field(default_factory=dict)
    accrued: dict[int, int] = field(default_factory=dict)
    """By model: wei in its accumulator."""
    left: dict[bytes, int] = field(default_factory=dict)
    """By person: wei that the vault has sent."""
    unasked: dict[int, int] = field(default_factory=dict)
    """By model: wei that came without a batch."""

    def enter(self, event: Event) -> None:
        """Take in an event of the vault."""
        _ENTRIES[event.name](self, event)

    def pool(self, model: int) -> UnitsRow:
        """Return a model's accumulator."""
        return self.pools.get(model, _NO_UNITS)

    def due(self, model: int, who: bytes) -> int:
        """Return wei that somebody's units have earned and that nobody has taken."""
        row = self.shares.get((model, who), _NO_SHARE)
        return row.units * (self.acc.get((model, row.epoch), 0) - row.paid)

    def accrued_of(self, model: int, who: bytes) -> int:
        """Return wei that `claimAccrued` would pay, before any penalty."""
        return self.credits.get((model, who), 0) + self.due(model, who)

    def owed(self) -> int:
        """Return everything that the vault owes and carries: its balance."""
        unpaid = sum(row.left for row in self.settlements.values())
        parts = (self.credits, self.carry, self.accrued)
        return unpaid + sum(sum(part.values()) for part in parts)


_NO_UNITS: Final = UnitsRow()
_NO_SHARE: Final = ShareRow()
_NOTHING: Final = GivenRow()


def _credit(book: VaultBook, pool: int, who: bytes, amount: int) -> None:
    if amount:
        book.credits[pool, who] = book.credits.get((pool, who), 0) + amount


def _carry(book: VaultBook, model: int, amount: int) -> None:
    book.carry[model] = book.carry.get(model, 0) + amount


def _send(book: VaultBook, who: bytes, amount: int) -> None:
    book.left[who] = book.left.get(who, 0) + amount


def _change(book: VaultBook, batch: int, less: int = 0, **changes: Any) -> None:
    row = book.settlements[batch]
    book.settlements[batch] = replace(row, left=row.left - less, **changes)


def _give(book: VaultBook, e: Event, what: str) -> None:
    key = (e["batchId"], e["who"])
    row = book.given.get(key, _NOTHING)
    book.given[key] = replace(row, **{what: getattr(row, what) + e["amount"]})


def _deposited(book: VaultBook, e: Event) -> None:
    book.settlements[e["batchId"]] = SettlementRow(
        model=e["modelId"],
        mode=Mode(e["mode"]),
        method=e["method"],
        amount=e["amount"],
        treasury=e["treasury"],
        platform=e["platform"],
        owner=e["owner"],
        to_owner=e["toOwner"],
        to_stakers=e["toStakers"],
        to_ancestors=e["toAncestors"],
        carried=e["carried"],
        pot=e["pot"],
        left=e["pot"],
        list_root=e["root"],
        n=e["n"],
        weight=e["weight"],
        place=e.place,
        root=e["root"],
    )
    _credit(book, MERGED, e["treasury"], e["platform"])
    _credit(book, MERGED, e["owner"], e["toOwner"])
    _carry(book, e["modelId"], -e["carried"])


def _fallback(book: VaultBook, e: Event) -> None:
    book.fallbacks[e["batchId"]] = (e["who"], e["amount"])
    _credit(book, MERGED, e["who"], e["amount"])
    _change(book, e["batchId"], e["amount"])


def _carry_forward(book: VaultBook, e: Event) -> None:
    _carry(book, e["modelId"], e["amount"])
    if not e["batchId"]:
        book.unasked[e["modelId"]] = book.unasked.get(e["modelId"], 0) + e["amount"]


def _settled(book: VaultBook, e: Event) -> None:
    row = book.settlements[e["batchId"]]
    _change(
        book,
        e["batchId"],
        status=SettlementStatus.SETTLED,
        settled_at=e.place.timestamp,
        root=e["root"],
    )
    pool = book.pool(row.model)
    if row.epoch and row.epoch == pool.epoch:
        book.pools[row.model] = replace(pool, list_root=row.list_root)


def _chunk_settled(book: VaultBook, e: Event) -> None:
    reached = book.settlements[e["batchId"]].reached + e["weight"]
    _change(book, e["batchId"], entries=e["start"] + e["n"], reached=reached)


def _credited(book: VaultBook, e: Event) -> None:
    _credit(book, MERGED, e["who"], e["amount"])
    _give(book, e, "credited")
    _change(book, e["batchId"], e["amount"])


def _pushed(book: VaultBook, e: Event) -> None:
    _send(book, e["who"], e["amount"])
    _give(book, e, "pushed")
    _change(book, e["batchId"], e["amount"])


def _withheld(book: VaultBook, e: Event) -> None:
    """Enter what a penalty keeps: of a claim it was told before that it was all paid."""
    _carry(book, e["modelId"], e["amount"])
    row = book.settlements.get(e["batchId"])
    if row is not None:
        _give(book, e, "withheld")
    if row is not None and row.mode in (Mode.PUSH, Mode.CREDIT):
        _change(book, e["batchId"], e["amount"])
    else:
        _send(book, e["who"], -e["amount"])


def _epoch_opened(book: VaultBook, e: Event) -> None:
    pool = book.pool(e["modelId"])
    book.pools[e["modelId"]] = UnitsRow(e["epoch"], e["units"], pool.rem)
    _change(book, e["batchId"], epoch=e["epoch"])


def _accrued(book: VaultBook, e: Event) -> None:
    model, amount = e["modelId"], e["amount"]
    pool = book.pool(model)
    grown, rem = divmod(amount + pool.rem, pool.units)
    book.pools[model] = replace(pool, rem=rem)
    book.acc[model, e["epoch"]] = book.acc.get((model, e["epoch"]), 0) + grown
    book.accrued[model] = book.accrued.get(model, 0) + amount
    _carry(book, model, -e["carried"])
    if e["batchId"]:
        _change(book, e["batchId"], amount, epoch=e["epoch"])
    else:
        book.unasked[model] = book.unasked.get(model, 0) + amount - e["carried"]


def _carry_released(book: VaultBook, e: Event) -> None:
    model = e["modelId"]
    _carry(book, model, -e["carried"])
    _credit(book, MERGED, e["who"], e["amount"])
    book.unasked[model] = book.unasked.get(model, 0) + e["amount"] - e["carried"]


def _units_entered(book: VaultBook, e: Event) -> None:
    model, who, epoch = e["modelId"], e["who"], e["epoch"]
    entered = book.units.get((model, epoch, who), 0) + e["units"]
    if epoch == book.pool(model).epoch:
        # A list that names somebody twice, in chunks, pays what it has earned at each.
        again = (model, epoch, who) in book.units
        paid = book.acc[model, epoch] if again else 0
        book.shares[model, who] = ShareRow(epoch, entered, paid)
    book.units[model, epoch, who] = entered
    _credit(book, model, who, e["due"])
    book.accrued[model] = book.accrued.get(model, 0) - e["due"]


def _claimed(book: VaultBook, e: Event) -> None:
    book.claims[e["batchId"], e["index"]] = (e["who"], e["amount"])
    _give(book, e, "claimed")
    _send(book, e["who"], e["amount"])
    _change(book, e["batchId"], e["amount"])


def _accrued_claimed(book: VaultBook, e: Event) -> None:
    model, who = e["modelId"], e["who"]
    book.accrued[model] -= book.due(model, who)
    book.credits.pop((model, who), None)
    row = book.shares.get((model, who))
    if row is not None:
        paid = book.acc.get((model, row.epoch), 0)
        book.shares[model, who] = replace(row, paid=paid)
    _send(book, who, e["amount"])


def _withdrawn(book: VaultBook, e: Event) -> None:
    book.credits[MERGED, e["who"]] -= e["amount"]
    _send(book, e["who"], e["amount"])


def _sponsored(book: VaultBook, e: Event) -> None:
    _send(book, e["who"], -e["fee"])
    _send(book, e["sponsor"], e["fee"])


def _swept(book: VaultBook, e: Event) -> None:
    _carry(book, e["modelId"], e["amount"])
    _change(book, e["batchId"], e["amount"], status=SettlementStatus.SWEPT)


def _voided(book: VaultBook, e: Event) -> None:
    model, amount = e["modelId"], e["amount"]
    _carry(book, model, amount)
    _change(book, e["batchId"], 0 if e["units"] else amount, status=SettlementStatus.VOID)
    if e["units"]:
        book.accrued[model] -= amount
        pool = book.pool(model)
        if e["epoch"] == pool.epoch:
            book.pools[model] = replace(pool, units=pool.units - e["units"])


_ENTRIES: Final[Mapping[str, Callable[[VaultBook, Event], None]]] = MappingProxyType(
    {
        "Deposited": _deposited,
        "Fallback": _fallback,
        "CarryForward": _carry_forward,
        "CarryReleased": _carry_released,
        "Settled": _settled,
        "ChunkSettled": _chunk_settled,
        "Credited": _credited,
        "Pushed": _pushed,
        "Withheld": _withheld,
        "EpochOpened": _epoch_opened,
        "Accrued": _accrued,
        "UnitsEntered": _units_entered,
        "Claimed": _claimed,
        "AccruedClaimed": _accrued_claimed,
        "Withdrawn": _withdrawn,
        "Sponsored": _sponsored,
        "Swept": _swept,
        "Voided": _voided,
    }
)
