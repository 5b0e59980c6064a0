"""`eth_`: logs, poll filters, and subscriptions over WebSocket."""

from __future__ import annotations

from typing import Any, Final

from byline.rpc import parameters as read
from byline.rpc import quantities, views
from byline.rpc.backend import BlockRef, LogFilter, TooManyLogs, UnknownBlock
from byline.rpc.errors import InvalidParams, MethodNotFound, ServerError
from byline.rpc.filters import BlockFilter, LogsFilter, PendingFilter
from byline.rpc.limits import flag
from byline.rpc.method import Context, Method, Parameter
from byline.rpc.namespaces.common import FULL
from byline.rpc.subscriptions import (
    Kind,
    Logs,
    NewHeads,
    NewPendingTransactions,
    Opened,
    Syncing,
    TransactionReceipts,
)
from byline.rpc.turns import encoded


async def get_logs(context: Context, wanted: LogFilter) -> Any:
    """Return matching logs in chain order, encoded already."""
    if wanted.block_hash is None:
        await _check_range(context, wanted)
    try:
        found = await context.backend.chain.logs(wanted, context.limits.log_results)
    except UnknownBlock as exc:
        raise ServerError("unknown block", str(exc) or None) from exc
    except TooManyLogs as exc:
        raise InvalidParams(
            f"query returns too much: {exc}; ask for fewer blocks, or start the node with a "
            f"higher {flag('log_results')}"
        ) from exc
    return await encoded(views.log, found)


async def _check_range(context: Context, wanted: LogFilter) -> None:
    """Refuse ranges that end before they begin or begin or end after the head, as geth does."""
    head = await context.backend.chain.block_number()
    first = await _height(context, wanted.first, head)
    last = await _height(context, wanted.last, head)
    if max(first, last) > head:
        raise InvalidParams("block range extends beyond current head block")
    if first > last:
        raise InvalidParams("invalid block range params")
    most = context.limits.log_blocks
    if last - first >= most:
        raise InvalidParams(
            f"block range too large: {last - first + 1} blocks, want at most {most} "
            f"({flag('log_blocks')})"
        )


async def _height(context: Context, ref: BlockRef, head: int) -> int:
    if isinstance(ref, int):
        return ref
    if ref == "earliest":
        return 0
    if ref in ("safe", "finalized"):
        found = await context.backend.chain.block(ref)
        return 0 if found is None else found.number
    return head


async def new_filter(context: Context, wanted: LogFilter) -> str:
    """Collect new logs."""
    await context.feed.caught_up()
    return context.filters.add(LogsFilter(wanted))


async def new_block_filter(context: Context) -> str:
    """Collect hashes of new blocks."""
    await context.feed.caught_up()
    return context.filters.add(BlockFilter())


async def new_pending_transaction_filter(context: Context, full: bool) -> str:
    """Collect pooled transactions."""
    await context.feed.caught_up()
    return context.filters.add(PendingFilter(full))


async def get_filter_changes(context: Context, name: str) -> list[Any]:
    """Return what happened since the last poll."""
    await context.feed.caught_up()
    return context.filters.changes(name)


async def get_filter_logs(context: Context, name: str) -> Any:
    """Return all logs that a logs filter matches, old ones too."""
    return await get_logs(context, context.filters.logs_of(name))


async def uninstall_filter(context: Context, name: str) -> bool:
    """Forget a filter."""
    return context.filters.remove(name)


async def subscribe(context: Context, kind: str, option: Any) -> str:
    """Open a subscription; only WebSocket can notify."""
    opened = _transport(context)
    make = _KINDS.get(kind)
    if make is None:
        raise MethodNotFound(
            f'no "{kind[:64]}" subscription in eth namespace', f"want one of {', '.join(_KINDS)}"
        )
    await context.feed.caught_up()
    return opened.open(make(option))


async def unsubscribe(context: Context, name: str) -> bool:
    """Close a subscription."""
    if not _transport(context).close(name):
        raise ServerError("subscription not found")
    return True


def _transport(context: Context) -> Opened:
    if context.opened is None:
        raise MethodNotFound(
            "notifications not supported", "connect by WebSocket, on the same port, or by IPC"
        )
    return context.opened


def _no_option(name: str, option: Any) -> None:
    # web3.py sends an empty object where nothing is to be said.
    if option not in (None, {}, False):
        raise InvalidParams(f"invalid argument 1: {name} takes no option")


def _new_heads(option: Any) -> Kind:
    _no_option("newHeads", option)
    return NewHeads()


def _syncing(option: Any) -> Kind:
    _no_option("syncing", option)
    return Syncing()


def _logs(option: Any) -> Kind:
    return Logs(LogFilter() if option is None else read.log_filter(option))


def _new_pending(option: Any) -> Kind:
    return NewPendingTransactions(False if option is None else quantities.boolean(option))


def _receipts(option: Any) -> Kind:
    return TransactionReceipts(None if option is None else read.receipts_filter(option))


_KINDS: Final = {
    "newHeads": _new_heads,
    "logs": _logs,
    "newPendingTransactions": _new_pending,
    "syncing": _syncing,
    "transactionReceipts": _receipts,
}


def _anything(value: Any) -> Any:
    return value


_FILTER = Parameter("filter", read.log_filter)
_NAME = Parameter("id", quantities.text)
_KIND = Parameter("kind", quantities.text)
_OPTION = Parameter("option", _anything, required=False)

METHODS: Final = {
    "eth_getLogs": Method(get_logs, (_FILTER,)),
    "eth_newFilter": Method(new_filter, (_FILTER,)),
    "eth_newBlockFilter": Method(new_block_filter),
    "eth_newPendingTransactionFilter": Method(new_pending_transaction_filter, (FULL,)),
    "eth_getFilterChanges": Method(get_filter_changes, (_NAME,)),
    "eth_getFilterLogs": Method(get_filter_logs, (_NAME,)),
    "eth_uninstallFilter": Method(uninstall_filter, (_NAME,)),
    "eth_subscribe": Method(subscribe, (_KIND, _OPTION)),
    "eth_unsubscribe": Method(unsubscribe, (_NAME,)),
}
