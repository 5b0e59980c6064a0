"""Sends the batcher's transactions to an L1 node and sees that it keeps them.

What to send, with which fees, and what to send again is the batcher's to say; here it is
sent in the order of its nonces, and once more where the node has forgotten it (a
reorganisation, or a restart, may do that).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

from byline.node.client import CallFailed, RpcClient
from byline.node.l2.inbox_transaction import InboxTransaction

LOG = logging.getLogger("byline.batcher")

HARMLESS: Final = ("already known", "already imported", "nonce too low", "known transaction")
"""Refusals of what the node has, or has mined: its nonce will tell."""


class Poster:
    """The way of inbox transactions from one account to one L1 node."""

    def __init__(self, client: RpcClient, address: bytes) -> None:
        self._client = client
        self._address = "0x" + address.hex()
        self._waiting: dict[int, InboxTransaction] = {}

    @property
    def waiting(self) -> int:
        """Transactions that were sent and are not in a block."""
        return len(self._waiting)

    async def next_nonce(self) -> int:
        """Return the account's nonce at the L1's head; what is below it has arrived."""
        nonce = await self._client.number("eth_getTransactionCount", self._address, "latest")
        for arrived in [known for known in self._waiting if known < nonce]:
            LOG.debug("posted 0x%s", self._waiting.pop(arrived).transaction.hash.hex())
        return nonce

    def cut_off(self, nonce: int) -> bool:
        """Tell whether an L1 reorganisation took back what came before all that waits."""
        return bool(self._waiting) and nonce < min(self._waiting)

    async def send(self, transactions: Iterable[InboxTransaction]) -> None:
        """Send in order; raises `CallFailed` for what the node does not take."""
        for item in transactions:
            await self._send(item)
            self._waiting[item.transaction.nonce] = item

    async def send_forgotten(self) -> None:
        """Send again what the node does not know any more."""
        for nonce in sorted(self._waiting):
            item = self._waiting[nonce]
            tx_hash = "0x" + item.transaction.hash.hex()
            if await self._client.call("eth_getTransactionByHash", tx_hash) is None:
                LOG.warning("the L1 has forgotten %s; sent again", tx_hash)
                await self._send(item)

    def forget(self) -> None:
        """Let go of all that is on its way."""
        self._waiting.clear()

    async def _send(self, item: InboxTransaction) -> None:
        try:
            await self._client.call("eth_sendRawTransaction", "0x" + item.network.hex())
        except CallFailed as exc:
            if not any(words in str(exc).lower() for words in HARMLESS):
                raise
