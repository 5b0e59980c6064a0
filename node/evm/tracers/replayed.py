"""Parity's replays: output, traces and state differences of one transaction.

Source: OpenEthereum, JSON-RPC `trace` module.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from byline.node.evm.tracers.base import Scene, TransactionTracer
from byline.node.evm.tracers.flat import FlatCallTracer
from byline.node.evm.tracers.mux import MuxTracer
from byline.node.evm.tracers.prestate import StateDifference
from byline.node.evm.tracers.vm import VmTracer
from byline.node.evm.transition import Applied
from byline.rpc.quantities import as_hex

TRACE: Final = "trace"
STATE_DIFF: Final = "stateDiff"
VM_TRACE: Final = "vmTrace"
PLACED: Final = frozenset({"blockHash", "blockNumber", "transactionHash", "transactionPosition"})
"""Members that traces lack here, as the whole is of one transaction."""


class Replayed(MuxTracer):
    """Watches for the kinds of answers that are asked for: `trace`, `stateDiff`, `vmTrace`."""

    def __init__(self, scene: Scene, kinds: Collection[str]) -> None:
        tracers: dict[str, TransactionTracer] = {}
        if TRACE in kinds:
            tracers[TRACE] = FlatCallTracer(scene, parity=True)
        if STATE_DIFF in kinds:
            tracers[STATE_DIFF] = StateDifference(scene)
        if VM_TRACE in kinds:
            tracers[VM_TRACE] = VmTracer(scene)
        super().__init__(tracers)
        self._output = b""

    def end(self, applied: Applied) -> None:
        """See `TransactionTracer.end`."""
        super().end(applied)
        self._output = applied.output

    def result(self) -> dict[str, Any]:
        """Return all kinds; null and empty where they were not asked for."""
        found = super().result()
        traces = found.get(TRACE, [])
        return {
            "output": as_hex(self._output),
            "stateDiff": found.get(STATE_DIFF),
            "trace": [
                {name: value for name, value in entry.items() if name not in PLACED}
                for entry in traces
            ],
            "vmTrace": found.get(VM_TRACE),
        }
