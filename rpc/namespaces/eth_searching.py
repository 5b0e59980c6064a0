"""`eth_`: a transaction by who sent it and its nonce.

Source: reth `eth_getTransactionBySenderAndNonce`; `cast tx --from --nonce` asks it.
"""

from __future__ import annotations

from typing import Any, Final

from byline.rpc import quantities, views
from byline.rpc.method import Context, Method, Parameter
from byline.rpc.namespaces.common import ADDRESS
from byline.rpc.namespaces.eth_transactions import pooled
from byline.rpc.searching import mined_by


async def by_sender_and_nonce(context: Context, sender: bytes, nonce: int) -> Any:
    """Return a mined or waiting transaction; null when there is none."""
    waiting = await pooled(context, sender, nonce)
    if waiting is not None:
        return views.pending_transaction(waiting)
    found = await mined_by(context.backend, sender, nonce)
    return None if found is None else views.transaction(found)


NONCE: Final = Parameter("nonce", quantities.quantity_or_number)

METHODS: Final = {
    "eth_getTransactionBySenderAndNonce": Method(by_sender_and_nonce, (ADDRESS, NONCE)),
}
