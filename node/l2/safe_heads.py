"""Which L2 block was safe at which L1 block: the safe-head database.

One entry for each L1 block whose data made an L2 block safe.  Between two entries nothing
changed, so the answer for an L1 block is the last entry up to it.  The entry is written
before the safe head moves: after a crash the step is derived again.
Source: op-node, `node/safedb/safedb.go` (what is asked, and that nothing before the first
entry is known).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from byline.derivation.types import BlockId
from byline.node.errors import Corrupt
from byline.node.storage.kv import KeyValue

PREFIX: Final = b"j"
"""Of the keys; the L1 number follows, 8 bytes, big-endian."""
_NUMBER: Final = 8
_HASH: Final = 32


@dataclass(frozen=True, slots=True)
class SafeHead:
    """The L2 block that the L1 up to `l1` made safe."""

    l1: BlockId
    l2: BlockId


class SafeHeads:
    """The entries, in `kv`; their L1 numbers are kept in memory, 40 bytes each."""

    def __init__(self, kv: KeyValue) -> None:
        self._kv = kv
        self._numbers = [int.from_bytes(key[len(PREFIX) :], "big") for key, _ in kv.scan(PREFIX)]

    def record(self, l1: BlockId, l2: BlockId) -> None:
        """Say that `l2` is safe now, by the data of `l1`.

        Raises `ValueError` when `l1` is before the newest entry: truncate first.
        """
        newest = self._numbers[-1] if self._numbers else -1
        if l1.number < newest:
            raise ValueError(f"safe heads: L1 block {l1.number} after {newest}: truncate first")
        self._kv.write({_key(l1.number): l1.hash + l2.number.to_bytes(_NUMBER, "big") + l2.hash})
        if l1.number != newest:
            self._numbers.append(l1.number)

    def at(self, l1_number: int) -> SafeHead | None:
        """Return what was safe at L1 block `l1_number`; `None` before the first entry."""
        place = bisect_right(self._numbers, l1_number)
        return self._read(self._numbers[place - 1]) if place else None

    def newest_first(self) -> Iterator[SafeHead]:
        """Yield all entries from the newest down; truncating meanwhile is allowed."""
        for number in reversed(tuple(self._numbers)):
            yield self._read(number)

    def truncate(self, holds: Callable[[SafeHead], bool]) -> SafeHead | None:
        """Forget entries from the newest down to the first that `holds`, and return that.

        `None` when there is none.
        """
        for entry in self.newest_first():
            if holds(entry):
                return entry
            self._kv.write({_key(entry.l1.number): None})
            self._numbers.pop()
        return None

    def forget_after(self, l1_number: int) -> SafeHead | None:
        """Forget what L1 blocks above `l1_number` made safe; return the newest entry left."""
        place = bisect_right(self._numbers, l1_number)
        gone = self._numbers[place:]
        if gone:
            self._kv.write({_key(number): None for number in gone})
            del self._numbers[place:]
        return self._read(self._numbers[-1]) if self._numbers else None

    def _read(self, number: int) -> SafeHead:
        raw = self._kv.get(_key(number))
        if raw is None or len(raw) != 2 * _HASH + _NUMBER:
            raise Corrupt(
                f"safe head at L1 block {number}: {'missing' if raw is None else len(raw)}, "
                f"want {2 * _HASH + _NUMBER} bytes; move the data folder away and start anew"
            )
        l2_number = int.from_bytes(raw[_HASH : _HASH + _NUMBER], "big")
        return SafeHead(BlockId(number, raw[:_HASH]), BlockId(l2_number, raw[_HASH + _NUMBER :]))


def _key(number: int) -> bytes:
    return PREFIX + number.to_bytes(_NUMBER, "big")
