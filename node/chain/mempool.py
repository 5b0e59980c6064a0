"""The pool: which transactions wait, in which order they are offered to a block.

Admission needs an account and the next block's conditions, given as values, so the pool
itself knows no chain.  A refusal is a value with geth's words, which clients match on.

Source of words and bounds: go-ethereum core/txpool (validation.go, errors.go, legacypool).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from byline.derivation.intrinsic import floor_gas, intrinsic_gas
from byline.derivation.transaction import (
    ACCESS_LIST,
    DYNAMIC_FEE,
    LEGACY,
    SET_CODE,
    AnyTransaction,
    Transaction,
)
from byline.node.evm.transition import DELEGATION_PREFIX, MAX_INITCODE_SIZE

PRICE_BUMP_PERCENT: Final = 10
"""By so much both fee caps must rise to replace a transaction."""
MAX_TRANSACTION_BYTES: Final = 128 * 1024
ACCEPTED_TYPES: Final = frozenset({LEGACY, ACCESS_LIST, DYNAMIC_FEE, SET_CODE})


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the pool holds."""

    transactions: int = 16_384
    per_sender: int = 4_096


@dataclass(frozen=True, slots=True)
class AccountView:
    """A sender as of the head."""

    nonce: int
    balance: int
    """Wei."""
    code: bytes = b""


def no_extra_cost(tx: Transaction) -> int:
    """Return 0: on the L1 gas and value are the whole price."""
    return 0


@dataclass(frozen=True, slots=True)
class PoolContext:
    """What the next block asks of a transaction."""

    chain_id: int
    base_fee: int
    block_gas_limit: int
    extra_cost: Callable[[Transaction], int] = no_extra_cost
    """Wei beyond gas and value: on the L2 the L1 and operator fees."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the pool does not take a transaction."""

    reason: str


@dataclass(slots=True)
class _Sender:
    """The waiting transactions of one account."""

    nonce: int
    """The account's nonce at the head: the next one to be mined."""
    waiting: dict[int, Transaction] = field(default_factory=dict)

    def executable(self) -> Iterator[Transaction]:
        nonce = self.nonce
        while (tx := self.waiting.get(nonce)) is not None:
            yield tx
            nonce += 1


class Mempool:
    """Transactions by sender and nonce."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._senders: dict[bytes, _Sender] = {}
        self._by_hash: dict[bytes, Transaction] = {}
        self._arrival: dict[bytes, int] = {}
        self._arrivals = 0

    def __len__(self) -> int:
        return len(self._by_hash)

    def get(self, tx_hash: bytes) -> Transaction | None:
        """Return a waiting transaction."""
        return self._by_hash.get(tx_hash)

    def transactions(self) -> list[Transaction]:
        """Return all that wait, by arrival."""
        return sorted(self._by_hash.values(), key=lambda tx: self._arrival[tx.hash])

    def count(self, sender: bytes) -> int:
        """Return how many of `sender` could be mined one after the other."""
        known = self._senders.get(sender)
        return sum(1 for _ in known.executable()) if known else 0

    def queued(self) -> list[Transaction]:
        """Return those that wait for an earlier nonce."""
        ready = {tx.hash for known in self._senders.values() for tx in known.executable()}
        return [tx for tx in self.transactions() if tx.hash not in ready]

    def add(self, tx: Transaction, account: AccountView, context: PoolContext) -> Refusal | None:
        """Take `tx`, or say why not; `tx.sender` must be recoverable."""
        if tx.hash in self._by_hash:
            return Refusal("already known")
        refusal = check(tx, account, context) or self._replaces(tx)
        if refusal is not None:
            return refusal
        known = self._senders.setdefault(tx.sender, _Sender(account.nonce))
        known.nonce = account.nonce
        for nonce in [nonce for nonce in known.waiting if nonce < account.nonce]:
            self._drop(known.waiting[nonce])
        known = self._senders.setdefault(tx.sender, known)
        if len(known.waiting) >= self._limits.per_sender and tx.nonce not in known.waiting:
            return Refusal(
                f"txpool is full: {len(known.waiting)} transactions of this sender wait, "
                f"at most {self._limits.per_sender}"
            )
        replaced = known.waiting.get(tx.nonce)
        if replaced is not None:
            self._forget(replaced)
        known.waiting[tx.nonce] = tx
        self._by_hash[tx.hash] = tx
        self._arrivals += 1
        self._arrival[tx.hash] = self._arrivals
        return self._evict(tx)

    def _replaces(self, tx: Transaction) -> Refusal | None:
        known = self._senders.get(tx.sender)
        old = known.waiting.get(tx.nonce) if known else None
        if old is None:
            return None
        for new_fee, old_fee in (
            (tx.max_fee_per_gas, old.max_fee_per_gas),
            (tx.max_priority_fee_per_gas, old.max_priority_fee_per_gas),
        ):
            if new_fee * 100 < old_fee * (100 + PRICE_BUMP_PERCENT):
                return Refusal("replacement transaction underpriced")
        return None

    def _evict(self, newest: Transaction) -> Refusal | None:
        """Make room by dropping the last of whoever pays least."""
        if len(self._by_hash) <= self._limits.transactions:
            return None
        last = (known.waiting[max(known.waiting)] for known in self._senders.values())
        cheapest = min(last, key=lambda tx: (tx.max_fee_per_gas, -self._arrival[tx.hash]))
        self._drop(cheapest)
        if cheapest is newest:
            return Refusal(f"txpool is full: {self._limits.transactions} transactions wait")
        return None

    def best(self, base_fee: int) -> Iterator[Transaction]:
        """Yield what a block at `base_fee` can take: by tip, each sender by nonce.

        Equal tips go by arrival.  A transaction that does not pay the base fee holds up
        the later ones of its sender.
        """
        heap: list[tuple[int, int, int, Transaction, Iterator[Transaction]]] = []

        def push(rest: Iterator[Transaction]) -> None:
            tx = next(rest, None)
            if tx is not None and tx.max_fee_per_gas >= base_fee:
                tip = tx.effective_gas_price(base_fee) - base_fee
                arrival = self._arrival[tx.hash]
                heapq.heappush(heap, (-tip, arrival, len(heap), tx, rest))

        for known in list(self._senders.values()):
            push(iter(list(known.executable())))
        while heap:
            *_, tx, rest = heapq.heappop(heap)
            yield tx
            push(rest)

    def remove(self, tx_hash: bytes) -> None:
        """Take one out; unknown hashes are nothing to do."""
        tx = self._by_hash.get(tx_hash)
        if tx is not None:
            self._drop(tx)

    def remove_mined(self, transactions: Iterable[AnyTransaction]) -> None:
        """Take out what a new head block holds, and what its nonces make impossible."""
        for tx in transactions:
            if not isinstance(tx, Transaction):
                continue
            known = self._senders.get(tx.sender)
            if known is None:
                continue
            known.nonce = max(known.nonce, tx.nonce + 1)
            for nonce in [nonce for nonce in known.waiting if nonce < known.nonce]:
                self._drop(known.waiting[nonce])

    def _drop(self, tx: Transaction) -> None:
        self._forget(tx)
        known = self._senders[tx.sender]
        del known.waiting[tx.nonce]
        if not known.waiting:
            del self._senders[tx.sender]

    def _forget(self, tx: Transaction) -> None:
        del self._by_hash[tx.hash]
        del self._arrival[tx.hash]


def check(tx: Transaction, account: AccountView, context: PoolContext) -> Refusal | None:
    """Return why no next block could hold `tx`, or `None`; a nonce gap is no reason."""
    if tx.type not in ACCEPTED_TYPES:
        return Refusal(f"transaction type not supported: 0x{tx.type:02x}")
    if tx.chain_id is not None and tx.chain_id != context.chain_id:
        return Refusal(f"invalid chain id for signer: have {tx.chain_id} want {context.chain_id}")
    if len(tx.raw) > MAX_TRANSACTION_BYTES:
        return Refusal(f"oversized data: {len(tx.raw)} bytes, limit {MAX_TRANSACTION_BYTES}")
    if tx.to is None and len(tx.data) > MAX_INITCODE_SIZE:
        return Refusal(
            f"max initcode size exceeded: code size {len(tx.data)}, limit {MAX_INITCODE_SIZE}"
        )
    if tx.gas > context.block_gas_limit:
        return Refusal(
            f"exceeds block gas limit: gas limit reached: {tx.gas}, "
            f"block gas limit {context.block_gas_limit}"
        )
    if tx.max_priority_fee_per_gas > tx.max_fee_per_gas:
        return Refusal(
            "max priority fee per gas higher than max fee per gas: "
            f"maxPriorityFeePerGas: {tx.max_priority_fee_per_gas}, "
            f"maxFeePerGas: {tx.max_fee_per_gas}"
        )
    if tx.type == SET_CODE and not tx.authorizations:
        return Refusal("EIP-7702 transaction with empty auth list")
    needed = intrinsic_gas(tx)
    if tx.gas < needed:
        return Refusal(f"intrinsic gas too low: gas {tx.gas}, minimum needed {needed}")
    if tx.gas < floor_gas(tx):
        return Refusal(
            f"insufficient gas for floor data gas cost: gas {tx.gas}, "
            f"minimum needed {floor_gas(tx)}"
        )
    if tx.nonce < account.nonce:
        return Refusal(f"nonce too low: next nonce {account.nonce}, tx nonce {tx.nonce}")
    if account.code and not account.code.startswith(DELEGATION_PREFIX):
        return Refusal("sender not an eoa")
    cost = tx.gas * tx.max_fee_per_gas + tx.value + context.extra_cost(tx)
    if account.balance < cost:
        return Refusal(
            "insufficient funds for gas * price + value: "
            f"balance {account.balance}, tx cost {cost}, overshot {cost - account.balance}"
        )
    return None
