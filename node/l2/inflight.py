"""Inbox transactions on their way, and what to do about those that no block takes.

A replacement has the nonce and the data of what it replaces and offers more: nodes want a
tenth more of each fee, and for blobs the double (geth, `core/txpool`).  Order is never
touched, so the frames keep theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from byline.node.l2.data_availability import L1Conditions
from byline.node.l2.inbox_transaction import Fees, Sidecar

BATCHER_TIP: Final = 10**9
"""Wei per gas offered to the builder of the L1 block."""


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """What a transaction offers at first, and when and by how much more."""

    tip: int = BATCHER_TIP
    patience: int = 3
    """L1 blocks without it before a transaction is sent again."""
    bump: int = 10
    """Percent by which a replacement raises each fee."""
    blob_bump: int = 100
    """The same where blobs are carried."""
    most_multiple: int = 5
    """A replacement offers at most so many times what a first offer would be now."""

    def offer(self, l1: L1Conditions) -> Fees:
        """Return what outlives five full L1 blocks in a row (each adds an eighth)."""
        return Fees(2 * l1.base_fee + self.tip, self.tip, 2 * l1.blob_base_fee)

    def raised(self, fees: Fees, l1: L1Conditions, *, blobs: bool) -> Fees | None:
        """Return the fees of a replacement, or `None` where they would exceed the bound."""
        percent = 100 + (self.blob_bump if blobs else self.bump)
        now = self.offer(l1)
        new = Fees(
            most=max(now.most, -(-fees.most * percent // 100)),
            tip=max(now.tip, -(-fees.tip * percent // 100)),
            blob=max(now.blob, -(-fees.blob * percent // 100)),
        )
        dear = new.most > self.most_multiple * now.most or (
            blobs and new.blob > self.most_multiple * now.blob
        )
        return None if dear else new


@dataclass(frozen=True, slots=True)
class Sent:
    """An inbox transaction that is not known to be in a block."""

    nonce: int
    item: bytes
    """The data item in calldata; empty with blobs."""
    sidecar: Sidecar | None
    fees: Fees
    at_l1: int
    """The L1's head when it was sent last."""


class InFlight:
    """What was sent and is not in a block, in order of nonce."""

    def __init__(self, policy: FeePolicy) -> None:
        self.policy = policy
        self._sent: dict[int, Sent] = {}

    def __len__(self) -> int:
        """Return how many transactions are on their way."""
        return len(self._sent)

    def __iter__(self) -> Iterator[Sent]:
        """Yield them in order of nonce."""
        return iter([self._sent[nonce] for nonce in sorted(self._sent)])

    def add(self, sent: Sent) -> None:
        """Take note of a transaction; one of the same nonce is replaced by it."""
        self._sent[sent.nonce] = sent

    def settle(self, next_nonce: int) -> None:
        """Forget what is in a block: everything below the account's next nonce."""
        for nonce in [nonce for nonce in self._sent if nonce < next_nonce]:
            del self._sent[nonce]

    def clear(self) -> None:
        """Forget everything: the batcher begins again after the safe head."""
        self._sent.clear()

    def overdue(self, l1: L1Conditions) -> list[Sent]:
        """Return replacements for what has waited too long, in order of nonce.

        The caller sends them and adds them; what would cost too much goes on waiting.
        """
        found = []
        for sent in self:
            if l1.number - sent.at_l1 < self.policy.patience:
                continue
            fees = self.policy.raised(sent.fees, l1, blobs=sent.sidecar is not None)
            if fees is not None:
                found.append(replace(sent, fees=fees, at_l1=l1.number))
        return found
