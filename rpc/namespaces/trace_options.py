"""What the methods of `debug_trace*` take beside a block, a transaction or a call.

Source: geth `eth/tracers/api.go` (`TraceConfig`, `TraceCallConfig`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from byline.rpc import parameters as read
from byline.rpc import quantities
from byline.rpc.backend import BlockOverrides, Pretended, TraceOptions
from byline.rpc.errors import InvalidParams
from byline.rpc.method import Parameter
from byline.rpc.parameters import member
from byline.rpc.quantities import shown

_DURATION: Final = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)")
_SECONDS: Final = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
}


def trace_options(value: Any) -> TraceOptions:
    """Read a `TraceConfig`; members that geth does not know are ignored, `reexec` too."""
    source = _object(value)
    return TraceOptions(
        tracer=member(source, "tracer", quantities.text),
        enable_memory=member(source, "enableMemory", quantities.boolean) or False,
        disable_stack=member(source, "disableStack", quantities.boolean) or False,
        disable_storage=member(source, "disableStorage", quantities.boolean) or False,
        enable_return_data=member(source, "enableReturnData", quantities.boolean) or False,
        limit=member(source, "limit", quantities.quantity_or_number) or 0,
        config=member(source, "tracerConfig", _object) or {},
        timeout=member(source, "timeout", duration),
    )


def pretended(value: Any) -> Pretended:
    """Read what a `TraceCallConfig` adds: overrides of accounts and block, and `txIndex`."""
    source = _object(value)
    return Pretended(
        accounts=member(source, "stateOverrides", read.state_overrides) or {},
        block=member(source, "blockOverrides", read.block_overrides) or BlockOverrides(),
        tx_index=member(source, "txIndex", quantities.quantity_or_number),
    )


def call_options(value: Any) -> tuple[Pretended, TraceOptions]:
    """Read a whole `TraceCallConfig`."""
    return pretended(value), trace_options(value)


def duration(value: Any) -> float:
    """Read seconds as Go writes them: `5s`, `1m30s`, `300ms`; more than none."""
    text = quantities.text(value)
    found, end = 0.0, 0
    for match in _DURATION.finditer(text):
        if match.start() != end:
            break
        unit = match.group(1)
        found += float(match.group()[: -len(unit)]) * _SECONDS[unit]
        end = match.end()
    if not text or end != len(text) or found <= 0:
        raise InvalidParams(f'want a time such as "5s" or "300ms", got {shown(value)}')
    return found


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidParams(f"want an object, got {shown(value)}")
    return value


OPTIONS: Final = Parameter("trace options", trace_options, required=False, default=TraceOptions())
CALL_OPTIONS: Final = Parameter(
    "trace options", call_options, required=False, default=(Pretended(), TraceOptions())
)
