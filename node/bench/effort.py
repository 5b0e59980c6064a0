"""How much is measured, and what every part of the bench is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from byline.node.evm.engines import DEFAULT


@dataclass(frozen=True, slots=True)
class Effort:
    """Sizes of the measurements."""

    name: str
    gas: int
    """Of each computation."""
    slow_gas: int
    """The same where an engine needs a microsecond for an instruction."""
    seconds: float
    """A repeated measurement lasts so long at least."""
    short: float
    """The same where there are many to repeat."""
    block: int
    """Transactions of the big block."""
    slow_block: int
    """The same for py-evm's own chain."""
    blocks: int
    """How often that block is made; the best counts."""
    window: int
    """Transactions that are sent one at a time, at each height."""
    heights: tuple[int, ...]
    """Blocks before each window."""
    peer_heights: tuple[int, ...]
    """The same for the peers."""
    calls: int
    starts: int
    derive_blocks: int
    recipients: tuple[int, ...]
    """Among whom a payment is divided."""


QUICK: Final = Effort(
    name="quick",
    gas=1_000_000,
    slow_gas=200_000,
    seconds=0.2,
    short=0.02,
    block=200,
    slow_block=40,
    blocks=1,
    window=50,
    heights=(50,),
    peer_heights=(50,),
    calls=200,
    starts=1,
    derive_blocks=60,
    recipients=(10, 100),
)
NORMAL: Final = Effort(
    name="normal",
    gas=15_000_000,
    slow_gas=1_000_000,
    seconds=1.0,
    short=0.2,
    block=2_000,
    slow_block=400,
    blocks=3,
    window=800,
    heights=(100, 1_000, 10_000),
    peer_heights=(100, 1_000),
    calls=5_000,
    starts=5,
    derive_blocks=240,
    recipients=(10, 100, 1_000, 4_000),
)
LONG: Final = Effort(
    name="long",
    gas=15_000_000,
    slow_gas=1_000_000,
    seconds=3.0,
    short=0.5,
    block=2_000,
    slow_block=400,
    blocks=5,
    window=800,
    heights=(100, 1_000, 10_000, 100_000),
    peer_heights=(100, 1_000, 10_000),
    calls=20_000,
    starts=9,
    derive_blocks=240,
    recipients=(10, 100, 1_000, 4_000),
)


def _silent(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class Bench:
    """One run: what every part is given."""

    effort: Effort = NORMAL
    say: Callable[[str], None] = field(default=_silent, repr=False)
    """Is told what is being measured now."""
    engine: str = DEFAULT
    """What the node runs on."""
