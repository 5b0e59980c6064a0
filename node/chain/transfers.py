"""Wei that moves, shown as logs among those of contracts.

Source: execution-apis `eth_simulateV1`, `traceTransfers`; ERC-7528 for the address.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from byline.derivation.hashing import keccak256
from byline.derivation.receipt import Log
from byline.node.evm.tracing import FrameEnd, FrameKind, FrameStart, Step

ETHER: Final = bytes.fromhex("ee" * 20)
"""Stands for the coin of the chain where a token's address is wanted (ERC-7528)."""
TRANSFER: Final = keccak256(b"Transfer(address,address,uint256)")
LOG_OPCODES: Final = frozenset(range(0xA0, 0xA5))

_BORROWED: Final = (FrameKind.DELEGATECALL, FrameKind.CALLCODE)
"""Frames whose value does not leave the account."""


class TransferTracer:
    """Remembers transfers and the places of logs between them; those of failed frames vanish.

    Watches one transaction.
    """

    def __init__(self) -> None:
        self._frames: list[list[Log | None]] = [[]]

    @property
    def opcodes(self) -> Collection[int]:
        """See `Tracer.opcodes`."""
        return LOG_OPCODES

    @property
    def memory(self) -> bool:
        """See `Tracer.memory`."""
        return False

    def enter(self, frame: FrameStart) -> None:
        """See `Tracer.enter`."""
        self._frames.append([])
        if frame.value and frame.kind not in _BORROWED:
            self._frames[-1].append(transfer(frame.caller, frame.to, frame.value))

    def step(self, step: Step) -> None:
        """See `Tracer.step`."""
        self._frames[-1].append(None)

    def touch(self, address: bytes, slot: int) -> None:
        """See `Tracer.touch`."""

    def fault(self, step: Step) -> None:
        """See `Tracer.fault`."""

    def leave(self, frame: FrameEnd) -> None:
        """See `Tracer.leave`."""
        ended = self._frames.pop()
        if frame.error is None:
            self._frames[-1].extend(ended)

    def merged(self, logs: Iterable[Log]) -> tuple[Log, ...]:
        """Return the transfers and, at their places, `logs`, which the contracts emitted."""
        emitted = iter(logs)
        return tuple(next(emitted) if entry is None else entry for entry in self._frames[0])


def transfer(sender: bytes, to: bytes, value: int) -> Log:
    """Return the log of an ERC-20 transfer of `value` wei."""
    topics = (TRANSFER, sender.rjust(32, b"\0"), to.rjust(32, b"\0"))
    return Log(ETHER, topics, value.to_bytes(32, "big"))
