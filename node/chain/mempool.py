"""Transactions that wait for a block: a pure, synchronous value store with an order.

A transaction is *pending* when every nonce of its sender from the account's on is in the
pool up to its own, else it is *queued*.  The pool is told what happens to the chain: each
new block once and in order (`remove_mined`), a reorganisation by `reset`.

Order of a block: by what the block's builder earns per gas at the given base fee; each
sender in order of nonce; on equal earnings who came first.  When the pool is full the
transaction that offers least gives way, whoever sent it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from byline.derivation.transaction import AnyTransaction, Transaction
from byline.node.chain.admission import (
    AccountView,
    PoolContext,
    Refusal,
    most_it_may_cost,
    no_extra_cost,
    refuse_by_account,
    refuse_by_itself,
)

__all__ = [
    "AccountView", "Mempool", "PoolContext", "PoolLimits", "Refusal", "no_extra_cost",
]  # fmt: skip

PRICE_BUMP: Final = 10
"""Percent by which a replacement must raise both fees."""

_Offer: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """How much may wait."""

    transactions: int = 50_000
    size: int = 256 << 20
    """Bytes of encoded transactions."""
    per_sender: int = 16_384

    def __post_init__(self) -> None:
        if min(self.transactions, self.size, self.per_sender) < 1:
            raise ValueError(f"pool limits: {self}, want each at least 1")


@dataclass(frozen=True, slots=True)
class _Entry:
    tx: Transaction
    cost: int
    """Wei that its sender must own for it."""
    arrival: int

    @property
    def offer(self) -> _Offer:
        """Sorts by what is given up first: the lowest tip, the lowest cap, the latest."""
        return self.tx.max_priority_fee_per_gas, self.tx.max_fee_per_gas, -self.arrival


@dataclass(slots=True)
class _Sender:
    nonce: int
    """Of the account: the nonce of its next transaction in a block."""
    entries: dict[int, _Entry] = field(default_factory=dict)
    cost: int = 0
    """Sum over `entries`."""
    told: int = 0
    """The nonce up to which `newly_pending` has told of them."""

    def run(self) -> Iterator[_Entry]:
        """Yield the entries that follow each other from the account's nonce on."""
        nonce = self.nonce
        while (entry := self.entries.get(nonce)) is not None:
            yield entry
            nonce += 1


class Mempool:
    """The waiting transactions of one chain.  One thread at a time."""

    def __init__(self, limits: PoolLimits | None = None) -> None:
        self._limits = limits or PoolLimits()
        self._by_hash: dict[bytes, _Entry] = {}
        self._senders: dict[bytes, _Sender] = {}
        self._size = 0
        self._arrivals = 0
        self._cheapest: list[tuple[_Offer, bytes]] = []

    def __len__(self) -> int:
        return len(self._by_hash)

    def __contains__(self, tx_hash: bytes) -> bool:
        return tx_hash in self._by_hash

    def get(self, tx_hash: bytes) -> Transaction | None:
        """Return a waiting transaction."""
        entry = self._by_hash.get(tx_hash)
        return None if entry is None else entry.tx

    # -- what comes in ----------------------------------------------------------------

    def add(self, tx: Transaction, account: AccountView, context: PoolContext) -> Refusal | None:
        """Take `tx`, in place of one with the same nonce if it pays enough more.

        Returns why not, or `None` when it waits now.  A refused transaction leaves the
        pool as it was, but for what `account` makes too old.
        """
        if tx.hash in self._by_hash:
            return Refusal("already known")
        if (refusal := refuse_by_itself(tx, context)) is not None:
            return refusal
        self._follow(tx.sender, account.nonce)
        known = self._senders.get(tx.sender) or _Sender(account.nonce)
        replaced = known.entries.get(tx.nonce)
        entry = _Entry(tx, most_it_may_cost(tx, context), self._arrivals)
        others = known.cost - (replaced.cost if replaced else 0)
        refusal = refuse_by_account(tx, account, entry.cost, others)
        if refusal is None and replaced is not None and not _outbids(tx, replaced.tx):
            refusal = Refusal("replacement transaction underpriced")
        if refusal is not None:
            return refusal
        if replaced is None and len(known.entries) >= self._limits.per_sender:
            return Refusal(
                f"account limit exceeded: {len(known.entries)} transactions of "
                f"0x{tx.sender.hex()} wait, the most is {self._limits.per_sender}"
            )
        evicted = self._room_for(entry, replaced)
        if evicted is None:
            return Refusal(
                "transaction underpriced: the pool is full of transactions that offer more"
            )
        for one in evicted if replaced is None else (*evicted, replaced):
            self._forget(one)
        self._remember(entry, account.nonce)
        return None

    def _room_for(self, entry: _Entry, replaced: _Entry | None) -> list[_Entry] | None:
        """Return what must give way, or `None` when all of it offers more than `entry`."""
        count = len(self._by_hash) + (0 if replaced else 1) - self._limits.transactions
        excess = self._size + len(entry.tx.raw) - self._limits.size
        excess -= len(replaced.tx.raw) if replaced else 0
        popped: list[_Entry] = []
        while count > 0 or excess > 0:
            lowest = self._pop_cheapest()
            if lowest is not None:
                popped.append(lowest)
            if lowest is None or lowest.offer > entry.offer:
                self._push_back(popped)
                return None
            if lowest is not replaced:
                count -= 1
                excess -= len(lowest.tx.raw)
        return [one for one in popped if one is not replaced]

    def _pop_cheapest(self) -> _Entry | None:
        while self._cheapest:
            offer, tx_hash = heapq.heappop(self._cheapest)
            entry = self._by_hash.get(tx_hash)
            if entry is not None and entry.offer == offer:
                return entry
        return None

    def _push_back(self, entries: Iterable[_Entry]) -> None:
        for entry in entries:
            heapq.heappush(self._cheapest, (entry.offer, entry.tx.hash))

    def _remember(self, entry: _Entry, account_nonce: int) -> None:
        sender = self._senders.setdefault(entry.tx.sender, _Sender(account_nonce))
        sender.entries[entry.tx.nonce] = entry
        sender.cost += entry.cost
        self._by_hash[entry.tx.hash] = entry
        self._size += len(entry.tx.raw)
        self._arrivals += 1
        self._push_back([entry])
        # Entries of forgotten transactions stay in the heap until they surface or, here,
        # until they are more than the living ones.
        if len(self._cheapest) > 2 * len(self._by_hash) + 64:
            self._cheapest = [(one.offer, key) for key, one in self._by_hash.items()]
            heapq.heapify(self._cheapest)

    def newly_pending(self, tx: Transaction) -> tuple[Transaction, ...]:
        """Tell what has become pending because `tx` was added: it and what waited for it.

        To be asked once after each `add`; nothing for a transaction with a gap before it.
        """
        sender = self._senders[tx.sender]
        if tx.nonce < sender.told:
            return (tx,)  # in place of one that was told of, or of one that was removed
        found = []
        nonce = max(sender.told, sender.nonce)
        while (entry := sender.entries.get(nonce)) is not None:
            found.append(entry.tx)
            nonce += 1
        sender.told = nonce
        return tuple(found)

    # -- what goes out ----------------------------------------------------------------

    def remove(self, tx_hash: bytes) -> bool:
        """Forget one transaction; later ones of its sender become queued.

        Tells whether it was there.
        """
        entry = self._by_hash.get(tx_hash)
        if entry is not None:
            self._forget(entry)
        return entry is not None

    def _forget(self, entry: _Entry) -> None:
        address = entry.tx.sender
        sender = self._senders[address]
        del sender.entries[entry.tx.nonce], self._by_hash[entry.tx.hash]
        sender.cost -= entry.cost
        self._size -= len(entry.tx.raw)
        if not sender.entries:
            del self._senders[address]

    def remove_mined(self, transactions: Iterable[AnyTransaction]) -> None:
        """Follow a new block: its transactions leave, and whatever has the same nonce.

        Deposits count too: they raise their sender's nonce by one.
        """
        for tx in transactions if self._senders else ():
            sender = self._senders.get(tx.sender)
            if sender is not None:
                nonce = sender.nonce + 1
                if isinstance(tx, Transaction):
                    nonce = max(sender.nonce, tx.nonce + 1)
                self._follow(tx.sender, nonce)

    def _follow(self, address: bytes, nonce: int) -> None:
        """Take over the nonce of an account, and forget what it makes too old."""
        sender = self._senders.get(address)
        if sender is None:
            return
        # No entry stands below the nonce known before: look where there is less to look at.
        few = nonce - sender.nonce <= len(sender.entries)
        gone = range(sender.nonce, nonce) if few else tuple(sender.entries)
        sender.nonce = nonce
        for one in gone:
            if one < nonce and one in sender.entries:
                self._forget(sender.entries[one])

    def reset(
        self,
        account_of: Callable[[bytes], AccountView],
        context: PoolContext,
        reinjected: Iterable[Transaction] = (),
    ) -> list[tuple[Transaction, Refusal]]:
        """Admit everything anew, after a reorganisation or a change of state from outside.

        `reinjected` are the transactions of the blocks that were dropped, oldest first;
        they count as having come before the waiting ones.  Returns what was not kept.
        """
        waiting = self.transactions()
        self.clear()
        dropped = []
        for tx in (*reinjected, *waiting):
            refusal = self.add(tx, account_of(tx.sender), context)
            if refusal is not None and tx.hash not in self._by_hash:
                dropped.append((tx, refusal))
        return dropped

    def clear(self) -> None:
        """Forget everything."""
        self._by_hash.clear()
        self._senders.clear()
        self._cheapest.clear()
        self._size = 0

    # -- what is there ----------------------------------------------------------------

    def best(self, base_fee: int) -> Iterator[Transaction]:
        """Yield pending transactions in the order in which a block takes them.

        A sender's turn ends at the first that does not pay `base_fee`.
        """
        heads: list[tuple[int, int, Transaction, Iterator[_Entry]]] = []

        def enter(run: Iterator[_Entry]) -> None:
            entry = next(run, None)
            if entry is not None and entry.tx.max_fee_per_gas >= base_fee:
                tip = entry.tx.effective_gas_price(base_fee) - base_fee
                heapq.heappush(heads, (-tip, entry.arrival, entry.tx, run))

        for sender in list(self._senders.values()):
            enter(sender.run())
        while heads:
            _, _, tx, run = heapq.heappop(heads)
            yield tx
            enter(run)

    def pending(self, sender: bytes | None = None) -> tuple[Transaction, ...]:
        """Return transactions without a gap before them, of `sender` or of all, by nonce."""
        return tuple(entry.tx for one in self._some(sender) for entry in one.run())

    def queued(self, sender: bytes | None = None) -> tuple[Transaction, ...]:
        """Return transactions that wait for an earlier nonce, of `sender` or of all."""
        found = []
        for one in self._some(sender):
            ready = sum(1 for _ in one.run())
            last = one.nonce + ready
            found += [one.entries[nonce].tx for nonce in sorted(one.entries) if nonce >= last]
        return tuple(found)

    def count(self, sender: bytes) -> int:
        """Return how many of `sender` are pending; its next nonce is the account's plus this."""
        known = self._senders.get(sender)
        return 0 if known is None else sum(1 for _ in known.run())

    def transactions(self) -> tuple[Transaction, ...]:
        """Return all, in order of arrival."""
        entries = sorted(self._by_hash.values(), key=lambda entry: entry.arrival)
        return tuple(entry.tx for entry in entries)

    def _some(self, sender: bytes | None) -> Iterable[_Sender]:
        if sender is None:
            return tuple(self._senders.values())
        known = self._senders.get(sender)
        return () if known is None else (known,)


def _outbids(tx: Transaction, other: Transaction) -> bool:
    """Tell whether both fees of `tx` are higher than the other's, by `PRICE_BUMP` percent."""
    pairs = (
        (tx.max_fee_per_gas, other.max_fee_per_gas),
        (tx.max_priority_fee_per_gas, other.max_priority_fee_per_gas),
    )
    return all(new > old and new * 100 >= old * (100 + PRICE_BUMP) for new, old in pairs)
