"""`debug_trace*`: transactions, blocks and calls as a tracer sees them.

Source: geth `eth/tracers/api.go`.
"""

from __future__ import annotations

from typing import Any, Final

from byline.rpc import quantities
from byline.rpc.backend import Backend, BlockRef, CallRequest, Pretended, TraceOptions, Tracing
from byline.rpc.errors import ServerError
from byline.rpc.method import Context, Method, Parameter
from byline.rpc.namespaces.common import AT, CALL, HASH, NUMBER
from byline.rpc.namespaces.debug import decode_block
from byline.rpc.namespaces.trace_options import CALL_OPTIONS, OPTIONS


def tracing(backend: Backend) -> Tracing:
    """Return what traces; the table is served only where there is one."""
    if backend.tracing is None:
        raise ServerError("this node does not trace")
    return backend.tracing


async def trace_transaction(context: Context, tx_hash: bytes, options: TraceOptions) -> Any:
    """Return what a tracer shows of a mined transaction."""
    return await tracing(context.backend).trace_transaction(tx_hash, options)


async def trace_block(context: Context, ref: BlockRef, options: TraceOptions) -> Any:
    """Return what a tracer shows of every transaction of a block."""
    return await tracing(context.backend).trace_block(ref, options)


async def trace_raw_block(context: Context, raw: bytes, options: TraceOptions) -> Any:
    """Return what a tracer shows of a block that is given whole; its parent must be known."""
    return await tracing(context.backend).trace_block(decode_block(raw), options)


async def trace_call(
    context: Context,
    request: CallRequest,
    ref: BlockRef,
    options: tuple[Pretended, TraceOptions],
) -> Any:
    """Return what a tracer shows of a call."""
    return await tracing(context.backend).trace_call(request, ref, *options)


_RAW: Final = Parameter("block RLP", quantities.data)

METHODS: Final = {
    "debug_traceTransaction": Method(trace_transaction, (HASH, OPTIONS)),
    "debug_traceBlockByNumber": Method(trace_block, (NUMBER, OPTIONS)),
    "debug_traceBlockByHash": Method(trace_block, (HASH, OPTIONS)),
    "debug_traceBlock": Method(trace_raw_block, (_RAW, OPTIONS)),
    "debug_traceCall": Method(trace_call, (CALL, AT, CALL_OPTIONS)),
}
