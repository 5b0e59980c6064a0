"""`trace_`: the flat traces of Parity, which explorers and `cast run` read.

Source: OpenEthereum, JSON-RPC `trace` module; reth for blocks that are not known (null).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from byline.rpc import parameters as read
from byline.rpc import quantities
from byline.rpc.backend import BlockRef, CallRequest, TraceKind
from byline.rpc.errors import InvalidParams, ServerError
from byline.rpc.method import Context, Method, Parameter
from byline.rpc.namespaces.common import ANY_BLOCK, AT, CALL, HASH
from byline.rpc.namespaces.debug_trace import tracing
from byline.rpc.parameters import member
from byline.rpc.quantities import shown

MOST_BLOCKS: Final = 100
"""Of one `trace_filter`: each is executed again."""
MOST_CALLS: Final = 100
"""Of one `trace_callMany`."""
MOST_TRACES: Final = 100_000
"""Of one `trace_filter`, those that `after` passes over included."""

MOST_BYTES: Final = 100_000_000
"""Of JSON in the answer to one `trace_filter`."""

Kinds = frozenset[TraceKind]


@dataclass(frozen=True, slots=True)
class Filter:
    """What `trace_filter` asks for; no addresses at all match any."""

    first: BlockRef = "latest"
    last: BlockRef = "latest"
    senders: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    both: bool = False
    """Whether sender and target must match, where both are given."""
    after: int = 0
    count: int | None = None

    def matches(self, trace: Mapping[str, Any]) -> bool:
        """Tell whether a trace is of the addresses."""
        action, result = trace["action"], trace.get("result") or {}
        sender = action.get("from", action.get("address"))
        target = action.get("to", action.get("refundAddress", result.get("address")))
        sent, received = sender in self.senders, target in self.targets
        if self.senders and self.targets:
            return sent and received if self.both else sent or received
        return not (self.senders or self.targets) or sent or received


async def transaction(context: Context, tx_hash: bytes) -> Any:
    """Return the traces of a mined transaction; null when nobody knows it."""
    return await tracing(context.backend).flat_transaction(tx_hash)


async def block(context: Context, ref: BlockRef) -> Any:
    """Return the traces of a block; null when there is none."""
    return await tracing(context.backend).flat_block(ref)


async def get(context: Context, tx_hash: bytes, address: list[int]) -> Any:
    """Return the trace at `address` of a transaction; null when there is none."""
    found = await tracing(context.backend).flat_transaction(tx_hash) or ()
    return next((item for item in found if item["traceAddress"] == address), None)


async def search(context: Context, wanted: Filter) -> Any:
    """Return the traces of a range of blocks that are of some addresses."""
    first, last = await _number(context, wanted.first), await _number(context, wanted.last)
    if first > last:
        raise InvalidParams(f"invalid block range params: {first} is after {last}")
    if last - first >= MOST_BLOCKS:
        raise ServerError(f"block range of {last - first + 1}: want at most {MOST_BLOCKS} blocks")
    if wanted.count == 0:
        return []
    found: list[Any] = []
    matching = size = 0
    for number in range(first, last + 1):
        for item in await tracing(context.backend).flat_block(number) or ():
            if not wanted.matches(item):
                continue
            matching += 1
            if matching > MOST_TRACES:
                raise ServerError(f"over {MOST_TRACES} traces: ask for fewer blocks")
            if matching > wanted.after:
                found.append(item)
                size += len(orjson.dumps(item))
            if size > MOST_BYTES:
                raise ServerError(f"over {MOST_BYTES:,} bytes of traces: ask for fewer blocks")
            if len(found) == wanted.count:
                return found
    return found


async def _number(context: Context, ref: BlockRef) -> int:
    if isinstance(ref, int):
        return min(ref, await context.backend.chain.block_number())
    found = await context.backend.chain.block("latest" if ref == "pending" else ref)
    if found is None:
        raise ServerError("header not found")
    return found.number


async def replay_transaction(context: Context, tx_hash: bytes, kinds: Kinds) -> Any:
    """Return output, traces and state differences of a mined transaction."""
    return await tracing(context.backend).replay_transaction(tx_hash, kinds)


async def replay_block(context: Context, ref: BlockRef, kinds: Kinds) -> Any:
    """Return the same of every transaction of a block."""
    return await tracing(context.backend).replay_block(ref, kinds)


async def call(context: Context, request: CallRequest, kinds: Kinds, ref: BlockRef) -> Any:
    """Return the same of a call."""
    return (await tracing(context.backend).replay_calls([(request, kinds)], ref))[0]


async def call_many(
    context: Context, requests: list[tuple[CallRequest, Kinds]], ref: BlockRef
) -> Any:
    """Return the same of several calls, each on the state that the one before leaves."""
    return await tracing(context.backend).replay_calls(requests, ref)


async def raw_transaction(context: Context, raw: bytes, kinds: Kinds) -> Any:
    """Return the same of a signed transaction on the head; it is not sent."""
    return await tracing(context.backend).replay_raw(raw, kinds)


def _kinds(value: Any) -> Kinds:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidParams('want a list of "trace", "stateDiff" and "vmTrace"')
    for item in value:
        if item not in ("trace", "stateDiff", "vmTrace"):
            raise InvalidParams(f'{shown(item)}: want "trace", "stateDiff" or "vmTrace"')
    return frozenset(value)


def _address(value: Any) -> list[int]:
    if not isinstance(value, list):
        raise InvalidParams(f"want a list of positions, got {shown(value)}")
    return [quantities.quantity_or_number(item) for item in value]


def _filter(value: Any) -> Filter:
    if not isinstance(value, dict):
        raise InvalidParams(f"want an object, got {shown(value)}")
    mode = member(value, "mode", quantities.text) or "union"
    if mode not in ("union", "intersection"):
        raise InvalidParams(f'mode: want "union" or "intersection", got {shown(mode)}')
    first = member(value, "fromBlock", read.block_number)
    last = member(value, "toBlock", read.block_number)
    return Filter(
        first="latest" if first is None else first,
        last="latest" if last is None else last,
        senders=member(value, "fromAddress", _addresses) or frozenset(),
        targets=member(value, "toAddress", _addresses) or frozenset(),
        both=mode == "intersection",
        after=member(value, "after", quantities.quantity_or_number) or 0,
        count=member(value, "count", quantities.quantity_or_number),
    )


def _addresses(value: Any) -> frozenset[str]:
    entries = value if isinstance(value, list) else [value]
    return frozenset(quantities.as_hex(quantities.address(entry)) for entry in entries)


def _calls(value: Any) -> list[tuple[CallRequest, Kinds]]:
    if not isinstance(value, list) or len(value) > MOST_CALLS:
        raise InvalidParams(f"want a list of at most {MOST_CALLS} calls")
    for entry in value:
        if not isinstance(entry, list) or len(entry) != 2:
            raise InvalidParams("each call: want a list of a call and its kinds of traces")
    return [(read.call_request(asked), _kinds(kinds)) for asked, kinds in value]


def _raw(value: Any) -> bytes:
    """Read an encoded transaction: hex, or a list of bytes, as cast writes one here."""
    if isinstance(value, list):
        try:
            return bytes(value)
        except (TypeError, ValueError):
            raise InvalidParams("want a hex string, or a list of bytes") from None
    return quantities.data(value)


_KINDS: Final = Parameter("kinds of traces", _kinds)
_RAW: Final = Parameter("raw transaction", _raw)

METHODS: Final = {
    "trace_transaction": Method(transaction, (HASH,)),
    "trace_block": Method(block, (ANY_BLOCK,)),
    "trace_get": Method(get, (HASH, Parameter("trace address", _address))),
    "trace_filter": Method(search, (Parameter("filter", _filter),)),
    "trace_replayTransaction": Method(replay_transaction, (HASH, _KINDS)),
    "trace_replayBlockTransactions": Method(replay_block, (ANY_BLOCK, _KINDS)),
    "trace_call": Method(call, (CALL, _KINDS, AT)),
    "trace_callMany": Method(call_many, (Parameter("calls", _calls), AT)),
    "trace_rawTransaction": Method(raw_transaction, (_RAW, _KINDS)),
}
