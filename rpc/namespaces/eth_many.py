"""`eth_callMany`, `debug_traceCallMany`: bundles of calls, each on what the one before leaves.

Source: erigon, methods of these names; a value is hex without `0x` there, and so it is here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from byline.rpc import parameters as read
from byline.rpc import quantities, views
from byline.rpc.backend import (
    THE_BLOCK_ITSELF,
    BlockOverrides,
    BlockRef,
    Pretended,
    TraceOptions,
)
from byline.rpc.errors import InvalidParams, revert_reason
from byline.rpc.method import Context, Method, Parameter
from byline.rpc.namespaces.debug_trace import tracing
from byline.rpc.namespaces.trace_options import CALL_OPTIONS
from byline.rpc.parameters import member
from byline.rpc.simulation import Bundle, BundledCall, Bundles

USUAL_TIMEOUT: Final = 5_000
"""Milliseconds."""

_BUNDLE: Final = frozenset({"transactions", "blockOverride"})
_CONTEXT: Final = frozenset({"blockNumber", "transactionIndex"})
_OVERRIDE: Final = frozenset(
    {"blockNumber", "coinbase", "timestamp", "gasLimit", "difficulty", "baseFee"}
)


async def call_many(
    context: Context,
    bundles: tuple[Bundle, ...],
    where: tuple[BlockRef, int | None],
    accounts: Mapping[bytes, Any],
    milliseconds: int,
) -> list[Any]:
    """Return the value or the error of each call, bundle by bundle."""
    simulating = context.backend.simulating
    assert simulating is not None
    ref, index = where
    wanted = Bundles(bundles, accounts, index, milliseconds / 1000)
    return [[_shown(call) for call in done] for done in await simulating.call_many(wanted, ref)]


async def trace_call_many(
    context: Context,
    bundles: tuple[Bundle, ...],
    where: tuple[BlockRef, int | None],
    options: tuple[Pretended, TraceOptions],
) -> Any:
    """Return what a tracer shows of each call, bundle by bundle."""
    ref, index = where
    pretended, tracer = options
    if pretended.block != THE_BLOCK_ITSELF:
        raise InvalidParams("blockOverrides: say them in each bundle, as blockOverride")
    wanted = Bundles(bundles, pretended.accounts, index)
    return await tracing(context.backend).trace_bundles(wanted, ref, tracer)


def _shown(value: BundledCall) -> dict[str, Any]:
    if value.error is None:
        return {"value": value.output.hex()}
    if not value.output:
        return {"error": value.error}
    reason = revert_reason(value.output)
    text = value.error if reason is None else f"{value.error}: {reason}"
    return {"error": {"message": text, "data": views.as_hex(value.output)}}


def _bundles(value: Any) -> tuple[Bundle, ...]:
    return tuple(_bundle(index, entry) for index, entry in enumerate(_list(value)))


def _bundle(index: int, value: Any) -> Bundle:
    try:
        source = read.only(value, _BUNDLE)
        transactions = member(source, "transactions", _list) or []
        return Bundle(
            tuple(read.call_request(entry) for entry in transactions),
            member(source, "blockOverride", _block) or BlockOverrides(),
        )
    except InvalidParams as exc:
        raise InvalidParams(f"bundles[{index}]: {exc.message}") from None


def _block(value: Any) -> BlockOverrides:
    source = read.only(value, _OVERRIDE)
    return BlockOverrides(
        number=member(source, "blockNumber", quantities.quantity64),
        timestamp=member(source, "timestamp", quantities.quantity64),
        gas_limit=member(source, "gasLimit", quantities.quantity64),
        coinbase=member(source, "coinbase", quantities.address),
        base_fee=member(source, "baseFee", quantities.quantity),
    )


def _where(value: Any) -> tuple[BlockRef, int | None]:
    source = read.only(value, _CONTEXT)
    ref = member(source, "blockNumber", read.block_ref)
    return "latest" if ref is None else ref, member(source, "transactionIndex", _index)


def _index(value: Any) -> int | None:
    return None if value == -1 else quantities.quantity_or_number(value)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidParams(f"want a list, got {quantities.shown(value)}")
    return value


_BUNDLES: Final = Parameter("bundles", _bundles)
_WHERE: Final = Parameter("simulation context", _where, required=False, default=("latest", None))
_ACCOUNTS: Final = Parameter("state overrides", read.state_overrides, required=False, default={})
_TIMEOUT: Final = Parameter(
    "timeout", quantities.quantity_or_number, required=False, default=USUAL_TIMEOUT
)

METHODS: Final = {
    "debug_traceCallMany": Method(trace_call_many, (_BUNDLES, _WHERE, CALL_OPTIONS)),
    "eth_callMany": Method(call_many, (_BUNDLES, _WHERE, _ACCOUNTS, _TIMEOUT)),
}
