"""flatCallTracer, and traces in Parity's form: frames one after the other, with addresses.

Sources: geth `eth/tracers/native/call_flat.go`; OpenEthereum, JSON-RPC `trace` module.
"""

from __future__ import annotations

from typing import Any, Final

from byline.node.evm.tracers.base import Place, Scene
from byline.node.evm.tracers.call_tree import CallFrame, CallTree
from byline.node.evm.tracers.calls import NO_FRAME_WORDS
from byline.node.evm.tracers.words import REVERTED
from byline.node.evm.tracing import FrameKind, FrameStart
from byline.rpc.quantities import as_hex

UNSEEN: Final = frozenset({FrameKind.CALL, FrameKind.STATICCALL})
"""Kinds of calls that are left out where they are of a native contract."""
INDEX_BYTES: Final = 4
"""About what one number of a trace address is in JSON."""

_PARITY_WORDS: Final = (
    ("contract creation code storage out of gas", "Out of gas"),
    ("out of gas", "Out of gas"),
    ("gas uint64 overflow", "Out of gas"),
    ("max code size exceeded", "Out of gas"),
    ("invalid jump destination", "Bad jump destination"),
    ("execution reverted", "Reverted"),
    ("return data out of bounds", "Out of bounds"),
    ("stack limit reached", "Out of stack"),
    ("stack underflow", "Stack underflow"),
    ("invalid opcode", "Bad instruction"),
    ("invalid input length", "Built-in failed"),
    ("write protection", "Mutable Call In Static Context"),
)
"""What geth's words begin with, and Parity's for it."""


def parity_words(error: str) -> str:
    """Return Parity's name of an error, or the error where it has none."""
    return next((words for start, words in _PARITY_WORDS if error.startswith(start)), error)


class FlatCallTracer(CallTree):
    """Lists the frames; geth's form, or Parity's with `parity`."""

    def __init__(
        self,
        scene: Scene,
        *,
        convert_parity_errors: bool = False,
        include_precompiles: bool = False,
        parity: bool = False,
    ) -> None:
        super().__init__(scene.budget)
        self._spend = scene.budget.spend
        self._parity = parity
        self._convert = convert_parity_errors or parity
        self._hidden = frozenset[bytes]() if include_precompiles else frozenset(scene.natives)

    def result(self) -> list[dict[str, Any]]:
        """Return every frame, each with what stands in its place in the chain."""
        if self.root is None:
            return [self._entry(self._never_began(), [], 0)]
        found: list[dict[str, Any]] = []
        waiting: list[tuple[CallFrame, list[int]]] = [(self.root, [])]
        while waiting:
            frame, address = waiting.pop()
            self._spend(INDEX_BYTES * len(address))
            calls = [call for call in frame.calls if not self._left_out(call)]
            found.append(self._entry(frame, address, len(calls)))
            inner = [(call, [*address, index]) for index, call in enumerate(calls)]
            waiting += reversed(inner)
        return found

    def _never_began(self) -> CallFrame:
        """Return what stands for a deposit that failed before any code could run."""
        tx = self.tx
        kind = FrameKind.CREATE if tx.to is None else FrameKind.CALL
        start = FrameStart(kind, 0, tx.sender, tx.to or bytes(20), b"", tx.gas, 0)
        return CallFrame(start, 0, self.applied.gas_used, b"", NO_FRAME_WORDS)

    def _left_out(self, frame: CallFrame) -> bool:
        return frame.start.kind in UNSEEN and frame.start.to in self._hidden

    def _entry(self, frame: CallFrame, address: list[int], calls: int) -> dict[str, Any]:
        found: dict[str, Any] = {"action": self._action(frame)}
        found |= _place(self.tx.place)
        if frame.error is not None:
            found["error"] = parity_words(frame.error) if self._convert else frame.error
        result = self._result(frame)
        if result is not None or self._parity:
            found["result"] = result
        found["subtraces"] = calls
        found["traceAddress"] = address
        found |= _transaction(self.tx.place)
        found["type"] = _type(frame)
        return found

    def _gas(self, frame: CallFrame) -> int:
        """Return the gas limit as geth shows it, or what the code had as Parity does."""
        outermost = frame.start.depth == 0 and not self._parity
        return self.tx.gas if outermost else frame.start.gas

    def _action(self, frame: CallFrame) -> dict[str, Any]:
        start = frame.start
        if start.kind is FrameKind.SELFDESTRUCT:
            return {
                "address": as_hex(start.caller),
                "balance": hex(start.value),
                "refundAddress": as_hex(start.to),
            }
        if frame.creates:
            return {
                "creationMethod": start.kind.value.lower(),
                "from": as_hex(start.caller),
                "gas": hex(self._gas(frame)),
                "init": as_hex(start.data),
                "value": hex(start.value),
            }
        return {
            "callType": start.kind.value.lower(),
            "from": as_hex(start.caller),
            "gas": hex(self._gas(frame)),
            "input": as_hex(start.data),
            "to": as_hex(start.to),
            "value": hex(start.value),
        }

    def _result(self, frame: CallFrame) -> dict[str, Any] | None:
        if frame.start.kind is FrameKind.SELFDESTRUCT or frame.error not in (None, REVERTED):
            return None
        outermost = frame.start.depth == 0 and not self._parity
        used = self.applied.gas_used if outermost else frame.gas_used
        if not frame.creates:
            return {"gasUsed": hex(used), "output": as_hex(frame.output)}
        code = {"code": as_hex(frame.output), "gasUsed": hex(used)}
        return code if frame.error is not None else {"address": as_hex(frame.start.to), **code}


def _type(frame: CallFrame) -> str:
    if frame.start.kind is FrameKind.SELFDESTRUCT:
        return "suicide"
    return "create" if frame.creates else "call"


def _place(place: Place) -> dict[str, Any]:
    block_hash = None if place.block_hash is None else as_hex(place.block_hash)
    return {"blockHash": block_hash, "blockNumber": place.block_number or 0}


def _transaction(place: Place) -> dict[str, Any]:
    return {
        "transactionHash": None if place.tx_hash is None else as_hex(place.tx_hash),
        "transactionPosition": place.tx_index or 0,
    }
