"""Everything that the attribution contracts have told, in one value: a fold over their events.

Nothing else goes in but the settings that no event tells, so whoever has the chain's logs
has the same index.  A fork of the chain is followed by folding on from an index of a block
before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Final, TypeVar

from byline.node.attribution.index.bonds import ONE, BondBook, StakeBook
from byline.node.attribution.index.events import Event, Unfounded
from byline.node.attribution.index.ledger import LedgerBook
from byline.node.attribution.index.registry import RegistryBook
from byline.node.attribution.index.vault import VaultBook

B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the contracts were set up with; seconds and penalty points."""

    challenge_window: int
    settle_window: int
    claim_window: int
    threshold: int
    """Penalty points up to which a contributor keeps all that it earns."""
    limit: int
    """Points from which on it keeps nothing."""


@dataclass(frozen=True, slots=True)
class Index:
    """What registry, policies, bonds, stakes, ledger and vault hold after some block.

    Its books are not to be written to: `folded` writes into copies.
    """

    settings: Settings
    registry: RegistryBook = field(default_factory=RegistryBook)
    bonds: BondBook = field(default_factory=BondBook)
    stakes: StakeBook = field(default_factory=StakeBook)
    ledger: LedgerBook = field(default_factory=LedgerBook)
    vault: VaultBook = field(default_factory=VaultBook)
    events: int = 0
    """Events that went in."""

    def multiplier(self, who: bytes) -> int:
        """Return the part of its earnings that somebody keeps, in Q16."""
        score = self.bonds.of(who).score
        threshold, limit = self.settings.threshold, self.settings.limit
        if score <= threshold:
            return ONE
        if score >= limit:
            return 0
        return ONE * (limit - score) // (limit - threshold)

    def fallback_of(self, model: int) -> bytes:
        """Return who is paid for a model's answers without spans."""
        return self.registry.models[model].fallback_to


def folded(index: Index, events: Iterable[Event]) -> Index:
    """Return `index` with `events` taken in, which follow on what it has.

    Copies the tables once, whatever the number of events; `index` stays as it was.  Raises
    `Unfounded` for an event that cannot come after those before.
    """
    told = tuple(events)
    if not told:
        return index
    new = Index(
        index.settings,
        _copied(index.registry),
        _copied(index.bonds),
        _copied(index.stakes),
        _copied(index.ledger),
        _copied(index.vault),
        index.events + len(told),
    )
    for event in told:
        try:
            _enter(new, event)
        except (LookupError, ValueError, ArithmeticError) as error:
            raise Unfounded(
                f"block {event.place.block}: {event.contract}.{event.name} does not follow from "
                f"what was told before ({type(error).__name__}: {error})"
            ) from error
    return new


def _enter(index: Index, event: Event) -> None:
    match event.contract:
        case "AttributionRegistry" | "FeePolicy":
            index.registry.enter(event)
        case "ContributorBond":
            index.bonds.enter(event)
        case "StakePool":
            index.stakes.enter(event)
        case "InferenceLedger":
            index.ledger.enter(event, index.settings.challenge_window)
        case "PayoutVault":
            index.vault.enter(event)


def _copied(book: B) -> B:
    """Return a book with tables of its own; the rows are frozen and stay the same."""
    tables: dict[str, Any] = {
        one.name: dict(getattr(book, one.name))
        for one in fields(book)  # type: ignore[arg-type]  # a book is a dataclass of dicts
    }
    return type(book)(**tables)


__all__: Final = ["Index", "Settings", "Unfounded", "folded"]
