"""`txpool_`: what waits, by sender and nonce, in geth's shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from byline.derivation.transaction import AnyTransaction, DepositTransaction
from byline.rpc import views
from byline.rpc.method import Context, Method
from byline.rpc.namespaces.common import ADDRESS

View = Callable[[AnyTransaction], Any]


async def status(context: Context) -> dict[str, str]:
    """Return how many wait."""
    pool = context.backend.pool
    return {
        "pending": hex(len(await pool.pending())),
        "queued": hex(len(await pool.queued())),
    }


async def content(context: Context) -> dict[str, Any]:
    """Return the transactions themselves."""
    return await _both(context, views.pending_transaction)


async def inspect(context: Context) -> dict[str, Any]:
    """Return one line about each transaction."""
    return await _both(context, _summary)


async def content_from(context: Context, address: bytes) -> dict[str, Any]:
    """Return the transactions of one sender, by nonce."""
    found = await content(context)
    name = views.checksummed(address)
    return {"pending": found["pending"].get(name, {}), "queued": found["queued"].get(name, {})}


async def _both(context: Context, view: View) -> dict[str, Any]:
    pool = context.backend.pool
    return {
        "pending": _by_sender(await pool.pending(), view),
        "queued": _by_sender(await pool.queued(), view),
    }


def _by_sender(items: Iterable[AnyTransaction], view: View) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for item in items:
        # Deposits are never pooled; they come from the L1.
        if not isinstance(item, DepositTransaction):
            found.setdefault(views.checksummed(item.sender), {})[str(item.nonce)] = view(item)
    return found


def _summary(item: AnyTransaction) -> str:
    assert not isinstance(item, DepositTransaction)
    to = "contract creation" if item.to is None else views.checksummed(item.to)
    return f"{to}: {item.value} wei + {item.gas} gas × {item.max_fee_per_gas} wei"  # noqa: RUF001


METHODS: Final = {
    "txpool_status": Method(status),
    "txpool_content": Method(content),
    "txpool_inspect": Method(inspect),
    "txpool_contentFrom": Method(content_from, (ADDRESS,)),
}
