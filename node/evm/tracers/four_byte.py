"""4byteTracer: which functions are called, by the first four bytes of their data.

Source: geth `eth/tracers/native/4byte.go`.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from byline.node.evm.tracers.base import Scene, Silent
from byline.node.evm.tracing import FrameKind, FrameStart
from byline.rpc.quantities import as_hex

CALLED: Final = frozenset(
    {FrameKind.CALL, FrameKind.CALLCODE, FrameKind.DELEGATECALL, FrameKind.STATICCALL}
)
ENTRY_BYTES: Final = 30


class FourByteTracer(Silent):
    """Counts selectors with the length of what follows them."""

    def __init__(self, scene: Scene) -> None:
        self._natives = frozenset(scene.natives)
        self._spend = scene.budget.spend
        self._found: Counter[tuple[bytes, int]] = Counter()

    def enter(self, frame: FrameStart) -> None:
        """See `Tracer.enter`."""
        if len(frame.data) < 4 or frame.kind not in CALLED or frame.to in self._natives:
            return
        key = frame.data[:4], len(frame.data) - 4
        if key not in self._found:
            self._spend(ENTRY_BYTES)
        self._found[key] += 1

    def result(self) -> dict[str, int]:
        """Return the counts by `0xSELECTOR-LENGTH`, in order."""
        named = {f"{as_hex(data)}-{size}": count for (data, size), count in self._found.items()}
        return dict(sorted(named.items()))
