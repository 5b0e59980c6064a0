"""Sends the batcher's data to an L1 node, one transaction after the other.

The order on the L1 is the order of the frames: a transaction is sent when the one before
is in a block.  One that waits too long is sent again with the same nonce and higher fees.
"""

from __future__ import annotations

import asyncio
import enum
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from byline.derivation.config import RollupConfig
from byline.derivation.transaction import Transaction
from byline.node.accounts import DevAccount
from byline.node.client import CallFailed, RpcClient
from byline.node.errors import NodeError
from byline.node.signing import sign_dynamic_fee

LOG = logging.getLogger("byline.batcher")

TIP: Final = 10**9
BUMP_PERCENT: Final = 125
"""Fees of a replacement, in hundredths of those before; nodes want at least 110."""
SECONDS_BEFORE_BUMP: Final = 36.0
"""Three slots of Ethereum."""
MOST_TRIES: Final = 20
POLL_SECONDS: Final = 0.25


class Outcome(enum.Enum):
    """What became of a transaction that was sent."""

    MINED = enum.auto()
    WAITING = enum.auto()
    LOST = enum.auto()
    """The L1 node does not know it any more."""


@dataclass(frozen=True, slots=True)
class Fees:
    """What a transaction offers, wei per gas."""

    most: int
    tip: int

    def raised(self) -> Fees:
        """Return fees that replace a transaction with these."""
        return Fees(self.most * BUMP_PERCENT // 100 + 1, self.tip * BUMP_PERCENT // 100 + 1)


class Poster:
    """Posts data items to the inbox from the batcher's account."""

    def __init__(
        self,
        client: RpcClient,
        config: RollupConfig,
        account: DevAccount,
        patience: float = SECONDS_BEFORE_BUMP,
    ) -> None:
        self._client = client
        self._config = config
        self._account = account
        self._patience = patience

    async def post(self, items: Sequence[bytes]) -> None:
        """Send `items` in order and wait until the L1 has each in a block.

        Raises `NodeError` when the L1 does not take one, or not in `MOST_TRIES` tries.
        """
        for item in items:
            nonce = await self._client.number(
                "eth_getTransactionCount", "0x" + self._account.address.hex(), "latest"
            )
            await self._until_mined(item, nonce)

    async def _until_mined(self, item: bytes, nonce: int) -> None:
        head = await self._client.call("eth_getBlockByNumber", "latest", False)
        fees = Fees(2 * int(head["baseFeePerGas"], 16) + TIP, TIP)
        sent: list[str] = []
        for _ in range(MOST_TRIES):
            tx = self._sign(item, nonce, fees)
            await self._send(tx)
            sent.append("0x" + tx.hash.hex())
            match await self._outcome(sent):
                case Outcome.MINED:
                    LOG.info("posted %d bytes in %s", len(item), sent[-1])
                    return
                case Outcome.LOST:
                    LOG.warning("the L1 has forgotten %s; sent again", sent[-1])
                case Outcome.WAITING:
                    fees = fees.raised()
                    LOG.warning(
                        "%s waits too long; sent again with %d wei per gas", sent[-1], fees.most
                    )
        raise NodeError(f"the L1 did not mine {sent[-1]}, nor {len(sent) - 1} tries before it")

    def _sign(self, item: bytes, nonce: int, fees: Fees) -> Transaction:
        zeroes = item.count(0)
        return sign_dynamic_fee(
            self._account,
            chain_id=self._config.l1_chain_id,
            nonce=nonce,
            # The EIP-7623 floor is what a transaction of pure data pays.
            gas=21_000 + 10 * (zeroes + 4 * (len(item) - zeroes)),
            to=self._config.batch_inbox,
            max_fee=fees.most,
            tip=fees.tip,
            data=item,
        )

    async def _send(self, tx: Transaction) -> None:
        try:
            await self._client.call("eth_sendRawTransaction", "0x" + tx.raw.hex())
        except CallFailed as exc:
            # One of this nonce is mined, or this very one waits: the receipts will tell.
            if not any(words in str(exc) for words in ("already", "nonce too low", "known")):
                raise

    async def _outcome(self, sent: Sequence[str]) -> Outcome:
        """Wait until any of `sent` is in a block (a reverted one counts, as its data does).

        A reorganisation, or a restart of the L1 node, can make it forget all of them.
        """
        deadline = asyncio.get_running_loop().time() + self._patience
        while asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(POLL_SECONDS)
            known = [await self._client.call("eth_getTransactionByHash", one) for one in sent]
            if any(tx is not None and tx["blockHash"] is not None for tx in known):
                return Outcome.MINED
            if not any(known):
                return Outcome.LOST
        return Outcome.WAITING
