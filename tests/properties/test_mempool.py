"""Whatever is done to the pool, it stays in order, within bounds and true to its model."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from byline.derivation.transaction import Transaction
from byline.node.chain.mempool import AccountView, Mempool, PoolLimits
from tests.unit.node.chain.pool_kit import ALICE, BOB, CAROL, CONTEXT, RICH, transaction

SENDERS = (ALICE, BOB, CAROL)
LIMITS = PoolLimits(transactions=6, size=800, per_sender=4)

senders = st.sampled_from(SENDERS)
fees = st.integers(0, 40)


class PoolModel(RuleBasedStateMachine):
    """Beside the pool stands a list of all that should be in it."""

    @initialize()
    def begin(self) -> None:
        self.pool = Mempool(LIMITS)
        self.nonces = dict.fromkeys(SENDERS, 0)
        self.waiting: list[Transaction] = []

    def account(self, sender: bytes) -> AccountView:
        return replace(RICH, nonce=self.nonces[sender])

    @rule(sender=senders, ahead=st.integers(-1, 4), tip=fees, cap=fees, size=st.integers(20, 300))
    def add(self, sender: bytes, ahead: int, tip: int, cap: int, size: int) -> None:
        nonce = max(0, self.nonces[sender] + ahead)
        tx = transaction(sender, nonce, tip=tip, cap=cap)
        tx = replace(tx, raw=tx.raw + bytes(size - 20))
        tx.__dict__["sender"] = sender
        before = self.pool.transactions()
        refusal = self.pool.add(tx, self.account(sender), CONTEXT)
        same = [one for one in self.waiting if (one.sender, one.nonce) == (sender, nonce)]
        if refusal is not None:
            assert self.pool.transactions() == before
            return
        assert tip <= cap
        assert nonce >= self.nonces[sender]
        assert all(tip > one.max_priority_fee_per_gas for one in same)
        left = set(before) - set(self.pool.transactions())
        assert set(same) <= left
        for one in left - set(same):
            offer = (one.max_priority_fee_per_gas, one.max_fee_per_gas)
            assert offer < (tip, cap), "something better or equal was given up"
        self.waiting = [one for one in self.waiting if one not in left] + [tx]

    @rule(base_fee=fees, most=st.integers(1, 4))
    def mine(self, base_fee: int, most: int) -> None:
        block = [tx for tx, _ in zip(self.pool.best(base_fee), range(most), strict=False)]
        self.pool.remove_mined(block)
        for tx in block:
            assert tx.nonce == self.nonces[tx.sender], "mined out of order"
            self.nonces[tx.sender] += 1
            self.waiting.remove(tx)

    @rule(pick=st.randoms(use_true_random=False))
    def remove(self, pick: object) -> None:
        if self.waiting:
            gone = pick.choice(self.waiting)  # type: ignore[attr-defined]
            assert self.pool.remove(gone.hash)
            self.waiting.remove(gone)

    @rule(sender=senders)
    def mined_elsewhere(self, sender: bytes) -> None:
        self.pool.remove_mined([transaction(sender, self.nonces[sender])])
        self.nonces[sender] += 1
        self.waiting = [
            tx for tx in self.waiting if tx.sender != sender or tx.nonce >= self.nonces[sender]
        ]

    @rule()
    def reset(self) -> None:
        assert self.pool.reset(self.account, CONTEXT) == []

    @invariant()
    def holds_what_it_should(self) -> None:
        assert list(self.pool.transactions()) == self.waiting
        assert len(self.pool) == len(self.waiting) <= LIMITS.transactions
        assert sum(len(tx.raw) for tx in self.waiting) == self.pool._size <= LIMITS.size
        for sender in SENDERS:
            assert sum(tx.sender == sender for tx in self.waiting) <= LIMITS.per_sender

    @invariant()
    def splits_into_pending_and_queued(self) -> None:
        pending, queued = self.pool.pending(), self.pool.queued()
        assert sorted(tx.hash for tx in (*pending, *queued)) == sorted(
            tx.hash for tx in self.waiting
        )
        for sender in SENDERS:
            own = [tx.nonce for tx in pending if tx.sender == sender]
            first = self.nonces[sender]
            assert own == list(range(first, first + len(own)))
            assert self.pool.count(sender) == len(own)
            assert all(tx.nonce > first + len(own) for tx in queued if tx.sender == sender)

    @invariant()
    def best_is_a_greedy_order(self) -> None:
        base_fee = 5
        left = list(self.pool.pending())
        nonces = dict(self.nonces)
        for tx in self.pool.best(base_fee):
            ready = [
                one for one in left
                if one.nonce == nonces[one.sender] and one.max_fee_per_gas >= base_fee
            ]  # fmt: skip
            assert tx in ready
            most = max(one.effective_gas_price(base_fee) for one in ready)
            assert tx.effective_gas_price(base_fee) == most
            left.remove(tx)
            nonces[tx.sender] += 1
        assert not [
            one for one in left
            if one.nonce == nonces[one.sender] and one.max_fee_per_gas >= base_fee
        ]  # fmt: skip


TestPool = PoolModel.TestCase
TestPool.settings = settings(max_examples=60, stateful_step_count=40)
