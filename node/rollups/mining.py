"""When blocks are made: at once, by the wall clock, or when somebody says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from byline.node.rollups.rollup import ChainName

Interval: TypeAlias = tuple[int, int]
"""Least and most milliseconds of wall-clock time between two blocks."""


@dataclass(frozen=True, slots=True)
class Mode:
    """When blocks of one chain are made.  With neither, only when somebody says so."""

    automine: bool = True
    """A transaction makes a block at once."""
    interval: Interval | None = None
    """Blocks come by the wall clock, whether transactions wait or not."""
    mixed: bool = False
    """The interval stays when automine is switched on."""

    def with_automine(self, on: bool) -> Mode:
        """Return the mode after automine was switched; on ends an interval, unless mixed."""
        return replace(
            self, automine=on, interval=None if on and not self.mixed else self.interval
        )

    def with_interval(self, interval: Interval | None, *, mixed: bool) -> Mode:
        """Return the mode after an interval was set, or ended by `None`.

        It takes the place of automine, as anvil has it, or with `mixed` leaves that as it is,
        as Hardhat does.
        """
        return Mode(self.automine and mixed, interval, mixed)


@dataclass(frozen=True, slots=True)
class Mining:
    """When blocks of both chains are made: as it was at the start, and as users said since."""

    automine: bool = True
    """A transaction makes a block at once."""
    interval: int | None = None
    """Seconds between L2 blocks on the wall clock; `None` makes none by itself."""
    l1_interval: int = 12
    """Seconds between L1 blocks on the wall clock, where `interval` is set."""
    strict: bool = False
    """Never jump the clock, so that stock verifiers can follow for ever."""
    told: Mapping[ChainName, Mode] = field(default_factory=dict)
    """What users said; of chains that are not in it, the above holds."""

    def mode(self, name: ChainName) -> Mode:
        """Return when blocks of a chain are made."""
        told = self.told.get(name)
        if told is not None:
            return told
        if self.interval is None:
            return Mode(self.automine)
        milliseconds = 1_000 * (self.interval if name == "l2" else self.l1_interval)
        return Mode(self.automine, (milliseconds, milliseconds), mixed=self.automine)

    def tell(self, name: ChainName, mode: Mode) -> Mining:
        """Return what holds after a user gave a chain another mode."""
        return replace(self, told={**self.told, name: mode})

    @property
    def makes_l1_blocks(self) -> bool:
        """Whether the node makes L1 blocks for what it sends there itself.

        Else its transactions wait, as users' do.
        """
        told = self.told.get("l1")
        return self.interval is None if told is None else told.automine

    @property
    def keeps_l1_near(self) -> bool:
        """Whether the node makes an L1 block when the L2's time is far ahead of the L1's.

        Not where both come by the wall clock from the start, and so stay together.
        """
        return self.automine or bool(self.told)

    def holds_back(self, name: ChainName) -> bool:
        """Tell whether users have said that only they make blocks of a chain."""
        told = self.told.get(name)
        return told is not None and not told.automine and told.interval is None
