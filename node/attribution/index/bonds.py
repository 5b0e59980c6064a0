"""Bonds, penalties and stakes, from the events of ContributorBond and StakePool."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from byline.node.attribution.index.events import Event
from byline.node.attribution.index.rows import BondRow, StakedRow, StakeRow

ONE: Final = 65_536
"""A multiplier that keeps nothing back, in Q16."""
FINE: Final = 2**64
"""Parts of a wei in which the stake pool counts."""


@dataclass(frozen=True, slots=True)
class BondBook:
    """What ContributorBond holds.  Only `enter` writes."""

    bonds: dict[bytes, BondRow] = field(default_factory=dict)
    treasury: dict[str, int] = field(default_factory=dict)
    """`held` and `paid`, in wei."""

    def enter(self, event: Event) -> None:
        """Take in an event of ContributorBond."""
        _BOND_ENTRIES[event.name](self, event)

    def of(self, who: bytes) -> BondRow:
        """Return somebody's bond."""
        return self.bonds.get(who, _NO_BOND)


@dataclass(frozen=True, slots=True)
class StakeBook:
    """What the stake pool holds.  Only `enter` writes."""

    pools: dict[int, StakedRow] = field(default_factory=dict)
    stakes: dict[tuple[int, bytes], StakeRow] = field(default_factory=dict)
    """By model and staker."""

    def enter(self, event: Event) -> None:
        """Take in an event of the stake pool."""
        _STAKE_ENTRIES[event.name](self, event)

    def pool(self, model: int) -> StakedRow:
        """Return the stakes on a model."""
        return self.pools.get(model, _NO_POOL)

    def due(self, model: int, who: bytes) -> int:
        """Return what a staker has earned and not been paid, in fine wei."""
        row = self.stakes.get((model, who), _NO_STAKE)
        return row.due + row.amount * (self.pool(model).acc - row.acc_at)

    def earned(self, model: int, who: bytes) -> StakeRow:
        """Return a stake with all that it has earned in its due."""
        row = self.stakes.get((model, who), _NO_STAKE)
        return replace(row, due=self.due(model, who), acc_at=self.pool(model).acc)


_NO_BOND: Final = BondRow()
_NO_POOL: Final = StakedRow()
_NO_STAKE: Final = StakeRow()


def _moved(book: BondBook, who: bytes, total: int = 0, locked: int = 0, score: int = 0) -> None:
    row = book.of(who)
    book.bonds[who] = BondRow(row.total + total, row.locked + locked, row.score + score)


def _slashed(book: BondBook, e: Event) -> None:
    amount = e["toChallenger"] + e["toTreasury"]
    _moved(book, e["who"], -amount, -amount, e["penalty"])
    _moved(book, e["challenger"], e["toChallenger"])
    book.treasury["held"] = book.treasury.get("held", 0) + e["toTreasury"]


def _treasury_paid(book: BondBook, e: Event) -> None:
    book.treasury["held"] -= e["amount"]
    book.treasury["paid"] = book.treasury.get("paid", 0) + e["amount"]


_BOND_ENTRIES: Final[Mapping[str, Callable[[BondBook, Event], None]]] = MappingProxyType(
    {
        "Bonded": lambda book, e: _moved(book, e["who"], e["amount"]),
        "Withdrawn": lambda book, e: _moved(book, e["who"], -e["amount"]),
        "Locked": lambda book, e: _moved(book, e["who"], locked=e["amount"]),
        "Unlocked": lambda book, e: _moved(book, e["who"], locked=-e["amount"]),
        "Slashed": _slashed,
        "TreasuryPaid": _treasury_paid,
    }
)


def _staked(book: StakeBook, e: Event) -> None:
    row, pool = book.earned(e["model"], e["who"]), book.pool(e["model"])
    book.stakes[e["model"], e["who"]] = replace(
        row, amount=row.amount + e["amount"], locked_until=e["lockedUntil"]
    )
    book.pools[e["model"]] = replace(pool, staked=pool.staked + e["amount"])


def _unstaked(book: StakeBook, e: Event) -> None:
    row, pool = book.earned(e["model"], e["who"]), book.pool(e["model"])
    book.stakes[e["model"], e["who"]] = replace(row, amount=row.amount - e["amount"])
    book.pools[e["model"]] = replace(pool, staked=pool.staked - e["amount"])


def _funded(book: StakeBook, e: Event) -> None:
    pool = book.pool(e["model"])
    grown, rem = divmod(e["amount"] * FINE + pool.rem, pool.staked)
    funded = pool.funded + e["amount"]
    book.pools[e["model"]] = replace(pool, acc=pool.acc + grown, rem=rem, funded=funded)


def _stake_claimed(book: StakeBook, e: Event) -> None:
    row, pool = book.earned(e["model"], e["who"]), book.pool(e["model"])
    book.stakes[e["model"], e["who"]] = replace(row, due=row.due - e["amount"] * FINE)
    book.pools[e["model"]] = replace(pool, claimed=pool.claimed + e["amount"])


_STAKE_ENTRIES: Final[Mapping[str, Callable[[StakeBook, Event], None]]] = MappingProxyType(
    {"Staked": _staked, "Unstaked": _unstaked, "Funded": _funded, "Claimed": _stake_claimed}
)
