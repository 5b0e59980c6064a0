"""What users have said about the time of the next blocks, and the clock of a devnet.

Both chains of a devnet share one clock.  It runs with the wall's, at an offset that time
travel changes, so that a chain that was sent a week ahead goes on from there.  Beside the
clock there are wishes, which hold until blocks have fulfilled them:

- a floor under the next block of either chain (`evm_increaseTime`, `evm_setTime`),
- an exact time of the next block of one chain (`evm_setNextBlockTimestamp`),
- a distance between the blocks of one chain (`anvil_setBlockTimestampInterval`).

Here is only what was wished.  Which time a block gets, and how a verifier comes to know of
it, is decided by the rollup (`local`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Final

from byline.node.clock import OffsetClock
from byline.node.errors import Corrupt
from byline.node.rollups.rollup import ChainName
from byline.node.storage.kv import KeyValue

KEY: Final = b"t"
"""Under which the wishes are kept."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """The offset of the clock and what next blocks shall have; all times in seconds."""

    offset: int = 0
    """That the devnet's clock is ahead of the wall's."""
    floor: int | None = None
    """Least time of the next block of either chain, since 1970."""
    exact: Mapping[ChainName, int] = field(default_factory=dict)
    """Time of the next block of a chain, since 1970."""
    apart: Mapping[ChainName, int] = field(default_factory=dict)
    """Between the blocks of a chain; empty leaves it to the rules and the clock."""


class Timeline:
    """The clock and the wishes, kept in `kv` so that they survive the end of the process."""

    def __init__(self, clock: OffsetClock, kv: KeyValue) -> None:
        """Take up what `kv` holds; raises `Corrupt` where that is none of ours."""
        self.clock = clock
        self._kv = kv
        raw = kv.get(KEY)
        self.is_new = raw is None
        """Whether nothing had been kept."""
        self._wishes = Wishes(offset=clock.offset) if raw is None else _decode(raw)
        self.clock.offset = self._wishes.offset

    @property
    def wishes(self) -> Wishes:
        """What is wished now: a value to keep and to go back to."""
        return self._wishes

    def begin_at(self, timestamp: int) -> None:
        """Let the clock begin at `timestamp`; a restart does not know of it."""
        self.clock.set(timestamp)
        self._wishes = replace(self._wishes, offset=self.clock.offset)

    def go_back(self, wishes: Wishes) -> None:
        """Wish what was wished when `wishes` was read."""
        self.clock.offset = wishes.offset
        if wishes != self._wishes:
            self._keep(wishes)

    def set_floor(self, timestamp: int) -> None:
        """Let the clock, and the next block of either chain, have `timestamp` or later."""
        self.clock.set(timestamp)
        self._keep(replace(self._wishes, offset=self.clock.offset, floor=timestamp))

    def set_exact(self, name: ChainName, timestamp: int) -> None:
        """Let the next block of a chain have exactly `timestamp`."""
        self._keep(replace(self._wishes, exact={**self._wishes.exact, name: timestamp}))

    def set_apart(self, name: ChainName, seconds: int | None) -> None:
        """Let the blocks of a chain be `seconds` apart from now on; `None` ends that."""
        others = {key: value for key, value in self._wishes.apart.items() if key != name}
        apart = others if seconds is None else {**others, name: seconds}
        self._keep(replace(self._wishes, apart=apart))

    def fulfilled(self, name: ChainName) -> None:
        """Forget the exact time of the next block of a chain: it is made."""
        if name in self._wishes.exact:
            left = {key: value for key, value in self._wishes.exact.items() if key != name}
            self._keep(replace(self._wishes, exact=left))

    def reached(self, timestamp: int) -> None:
        """Forget a floor that both chains have reached with `timestamp`."""
        floor = self._wishes.floor
        if floor is not None and floor <= timestamp:
            self._keep(replace(self._wishes, floor=None))

    def set_clock(self, timestamp: int) -> None:
        """Let the clock go on from `timestamp`."""
        self.clock.set(timestamp)
        self._keep(replace(self._wishes, offset=self.clock.offset))

    def _keep(self, wishes: Wishes) -> None:
        self._wishes = wishes
        self._kv.write({KEY: json.dumps(asdict(wishes)).encode()})


def _decode(raw: bytes) -> Wishes:
    try:
        return Wishes(**json.loads(raw))
    except (ValueError, TypeError) as exc:
        raise Corrupt(f"the time wished for, under {KEY!r}, does not read: {exc}") from exc
