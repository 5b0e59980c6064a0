"""callTracer: frames nested in their callers.

Source: geth `eth/tracers/native/call.go`; op-geth for a deposit that never began.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from byline.node.evm.tracers.base import Scene
from byline.node.evm.tracers.call_tree import CallFrame, CallLog, CallTree
from byline.node.evm.tracers.words import REVERTED
from byline.node.evm.tracing import FrameKind
from byline.rpc.errors import revert_reason
from byline.rpc.quantities import as_hex

NO_FRAME_WORDS: Final = "failed deposit transaction"
"""op-geth's for a deposit that fails before any code could run."""


class CallTracer(CallTree):
    """Shows the tree; `only_top_call` leaves out inner calls, `with_log` brings logs in."""

    def __init__(self, scene: Scene, *, only_top_call: bool, with_log: bool) -> None:
        super().__init__(scene.budget, with_logs=with_log, top_only=only_top_call)

    def result(self) -> orjson.Fragment:
        """Return the outermost frame; JSON of any depth, which orjson alone would not write."""
        if self.root is None:
            return orjson.Fragment(orjson.dumps(self._never_began(self.applied.gas_used)))
        parts: list[bytes] = []
        waiting: list[bytes | tuple[CallFrame, bool]] = [(self.root, False)]
        while waiting:
            item = waiting.pop()
            if isinstance(item, bytes):
                parts.append(item)
                continue
            frame, undone = item
            undone = undone or frame.error is not None
            parts.append(self._head(frame))
            waiting.append(_tail(frame, [] if undone else frame.logs))
            if frame.calls:
                waiting.append(b"]")
                for call in reversed(frame.calls):
                    waiting += [(call, undone), b","]
                waiting[-1] = b',"calls":['
        return orjson.Fragment(b"".join(parts))

    def _head(self, frame: CallFrame) -> bytes:
        if frame is self.root:
            return _head(frame, self.tx.gas, self.applied.gas_used)
        return _head(frame, frame.start.gas, frame.gas_used)

    @staticmethod
    def _never_began(gas_used: int) -> dict[str, Any]:
        return {
            "from": as_hex(bytes(20)),
            "gas": "0x0",
            "gasUsed": hex(gas_used),
            "input": "0x",
            "error": NO_FRAME_WORDS,
            "type": "STOP",
        }


def _head(frame: CallFrame, gas: int, gas_used: int) -> bytes:
    """Return the members before the inner calls, without the closing brace."""
    start = frame.start
    found = {"from": as_hex(start.caller), "gas": hex(gas), "gasUsed": hex(gas_used)}
    if not (frame.creates and frame.error is not None):
        found["to"] = as_hex(start.to)
    found["input"] = as_hex(start.data)
    if frame.output and frame.error in (None, REVERTED):
        found["output"] = as_hex(frame.output)
    if frame.error is not None:
        found["error"] = frame.error
    if frame.error == REVERTED:
        reason = revert_reason(frame.output)
        if reason:
            found["revertReason"] = reason
    return orjson.dumps(found)[:-1]


def _tail(frame: CallFrame, logs: list[CallLog]) -> bytes:
    """Return the members after the inner calls, with the comma before."""
    found: dict[str, Any] = {}
    if logs:
        found["logs"] = [_log(item) for item in logs]
    if frame.start.kind is not FrameKind.STATICCALL:
        found["value"] = hex(frame.start.value)
    found["type"] = frame.start.kind.value
    return b"," + orjson.dumps(found)[1:]


def _log(log: CallLog) -> dict[str, Any]:
    return {
        "address": as_hex(log.address),
        "topics": [f"0x{topic:064x}" for topic in log.topics],
        "data": as_hex(log.data),
        "index": hex(log.index),
        "position": hex(log.position),
    }
