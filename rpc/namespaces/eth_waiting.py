"""`eth_`: sending a transaction and waiting for its receipt; the node's own that wait.

Source: EIP-7966; geth `internal/ethapi/api.go` for words, code and bounds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, Final

from byline.derivation.transaction import DepositTransaction
from byline.rpc import quantities, views
from byline.rpc.backend import CallRequest, ChainEvent, NewHead
from byline.rpc.errors import RpcError
from byline.rpc.method import Context, Method, Parameter
from byline.rpc.namespaces.common import RAW, TRANSACTION
from byline.rpc.namespaces.eth_transactions import send

USUAL_WAIT: Final = 20_000
"""Milliseconds, where none are asked for."""
LONGEST_WAIT: Final = 60_000
_GLANCE: Final = 0.25
"""Seconds after which the receipt is looked for though nobody told of a block."""


class NotInTime(RpcError):
    """A transaction that was taken is not in a block yet; `data` is its hash."""

    code = 4


class _Blocks:
    """Hears of new blocks."""

    def __init__(self) -> None:
        self.made = asyncio.Event()

    def feed(self, event: ChainEvent) -> None:
        if isinstance(event, NewHead):
            self.made.set()

    def interrupted(self, reason: str) -> None:
        self.made.set()


async def send_raw_transaction_sync(context: Context, raw: bytes, wait: int) -> Any:
    """Hand a signed transaction to the pool and return its receipt once it is in a block.

    `wait` is in milliseconds; 0 stands for the usual time.
    """
    return await _sent(context, wait, context.backend.pool.submit(raw))


async def send_transaction_sync(context: Context, request: CallRequest, wait: int) -> Any:
    """Fill, sign and send; return the receipt once the transaction is in a block."""
    return await _sent(context, wait, send(context, request))


async def _sent(context: Context, wait: int, sending: Awaitable[bytes]) -> Any:
    wait = min(wait or USUAL_WAIT, LONGEST_WAIT)
    blocks = _Blocks()
    forget = context.feed.add(blocks)
    try:
        tx_hash = await sending
        try:
            async with asyncio.timeout(wait / 1000):
                return await _receipt(context, tx_hash, blocks)
        except TimeoutError:
            raise NotInTime(
                "The transaction was added to the transaction pool but wasn't processed in "
                f"{_duration(wait)}",
                views.as_hex(tx_hash),
            ) from None
    finally:
        forget()


async def _receipt(context: Context, tx_hash: bytes, blocks: _Blocks) -> Any:
    while True:
        blocks.made.clear()
        found = await context.backend.chain.receipt(tx_hash)
        if found is not None:
            return views.receipt(found)
        try:
            async with asyncio.timeout(_GLANCE):
                await blocks.made.wait()
        except TimeoutError:
            continue


def _duration(milliseconds: int) -> str:
    """Return a time as Go writes it: `250ms`, `1.5s`, `1m0s`."""
    if milliseconds < 1000:
        return f"{milliseconds}ms"
    minutes, rest = divmod(milliseconds, 60_000)
    seconds = f"{rest / 1000:g}s"
    return f"{minutes}m{seconds}" if minutes else seconds


async def pending_transactions(context: Context) -> list[Any]:
    """Return those of the node's own accounts that wait and could be mined."""
    own = set(await context.backend.accounts.addresses())
    return [
        views.pending_transaction(tx)
        for tx in await context.backend.pool.pending()
        if not isinstance(tx, DepositTransaction) and tx.sender in own
    ]


_WAIT = Parameter("timeout", quantities.quantity_or_number, required=False, default=0)

METHODS: Final = {
    "eth_sendRawTransactionSync": Method(send_raw_transaction_sync, (RAW, _WAIT)),
    "eth_sendTransactionSync": Method(send_transaction_sync, (TRANSACTION, _WAIT)),
    "eth_pendingTransactions": Method(pending_transactions),
}
