"""Accounts and slots that opcodes name, also in frames that fail.

Source: geth `eth/tracers/logger/access_list_tracer.go`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from byline.derivation.transaction import AccessListEntry
from byline.node.evm.tracing import FrameEnd, FrameStart, Step

_SLOT: Final = frozenset({0x54, 0x55})
"""SLOAD, SSTORE."""
_ACCOUNT: Final = frozenset({0x31, 0x3B, 0x3C, 0x3F, 0xFF})
"""BALANCE, EXTCODESIZE, EXTCODECOPY, EXTCODEHASH, SELFDESTRUCT."""
_CALL: Final = frozenset({0xF1, 0xF2, 0xF4, 0xFA})
"""CALL, CALLCODE, DELEGATECALL, STATICCALL."""
_ADDRESS: Final = 2**160 - 1


class AccessTracer:
    """Collects what one transaction touches, beside what its access list names."""

    def __init__(self, known: Iterable[AccessListEntry]) -> None:
        self._found: dict[bytes, set[bytes]] = {}
        for entry in known:
            self._found.setdefault(entry.address, set()).update(entry.storage_keys)

    @property
    def opcodes(self) -> Collection[int]:
        """See `Tracer.opcodes`."""
        return _SLOT | _ACCOUNT | _CALL

    @property
    def memory(self) -> bool:
        """See `Tracer.memory`."""
        return False

    def enter(self, frame: FrameStart) -> None:
        """See `Tracer.enter`."""

    def step(self, step: Step) -> None:
        """See `Tracer.step`."""
        place = 2 if step.op in _CALL else 1
        if len(step.stack) < place:
            return
        word = step.stack[-place]
        if step.op in _SLOT:
            self._found.setdefault(step.address, set()).add(word.to_bytes(32, "big"))
        else:
            self._found.setdefault((word & _ADDRESS).to_bytes(20, "big"), set())

    def touch(self, address: bytes, slot: int) -> None:
        """See `Tracer.touch`."""
        self._found.setdefault(address, set()).add(slot.to_bytes(32, "big"))

    def fault(self, step: Step) -> None:
        """See `Tracer.fault`."""

    def leave(self, frame: FrameEnd) -> None:
        """See `Tracer.leave`."""

    def entries(self, left_out: Collection[bytes]) -> tuple[AccessListEntry, ...]:
        """Return them in order; addresses of `left_out` only where a slot makes it worth it."""
        return tuple(
            AccessListEntry(address, tuple(sorted(slots)))
            for address, slots in sorted(self._found.items())
            if slots or address not in left_out
        )
