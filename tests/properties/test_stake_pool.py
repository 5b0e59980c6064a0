"""StakePool in any order of stakes, payments, claims and withdrawals: no fraction is lost."""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from byline.node.contracts.attribution_predeploys import STAKE_LOCK
from tests.contracts.attribution_family import PEOPLE, START, number, told
from tests.contracts.harness import Outcome
from tests.contracts.test_stake_pool import FINE, MODEL, OTHER, with_models

STAKERS = PEOPLE[:4]
PAYER = PEOPLE[4]
MODELS = (MODEL, OTHER)
BOUND = 2**128

models = st.sampled_from(MODELS)
people = st.sampled_from(STAKERS)
amounts = st.integers(1, 9) | st.integers(1, 10**21) | st.sampled_from([2**64, 2**120, BOUND - 2])


class PoolBooks:
    """One model's pool, rebuilt from its events."""

    def __init__(self) -> None:
        self.stakes: Counter[str] = Counter()
        self.dues: Counter[str] = Counter()
        self.locked: Counter[str] = Counter()
        self.acc = self.rem = self.funded = self.claimed = 0

    def read(self, event: dict[str, Any]) -> None:
        who, amount = event.get("who", ""), event["amount"]
        match event[""]:
            case "Staked":
                self.stakes[who] += amount
                self.locked[who] = event["lockedUntil"]
            case "Unstaked":
                self.stakes[who] -= amount
            case "Funded":
                grown, self.rem = divmod(amount * FINE + self.rem, self.stakes.total())
                self.acc += grown
                self.funded += amount
                for staker, stake in self.stakes.items():
                    self.dues[staker] += stake * grown
            case "Claimed":
                self.dues[who] -= amount * FINE
                self.claimed += amount
            case other:
                raise AssertionError(f"the pool told of {other}")


class StakePoolMachine(RuleBasedStateMachine):
    """Everyone stakes, is paid, claims and leaves; time goes on at times."""

    def __init__(self) -> None:
        super().__init__()
        self.chain = with_models()
        self.pool = self.chain.pool
        self.now = START
        self.books = {model: PoolBooks() for model in MODELS}
        self.fair: defaultdict[tuple[int, bytes], Fraction] = defaultdict(Fraction)
        """Wei that each should have had so far, in exact numbers."""
        self.slack: Counter[int] = Counter()
        """Fine wei by which remainders may have moved between stakers."""
        self.paid: Counter[tuple[int, bytes]] = Counter()

    def send(self, possible: bool, name: str, model: int, *rest: int, **options: Any) -> Outcome:
        """Send; it must succeed exactly where it is `possible`."""
        outcome = self.pool.send(name, model, *rest, **options)
        assert outcome.success == possible, self.pool.error(outcome)
        for event in told(self.pool, outcome):
            assert event["model"] == model
            self.books[model].read(event)
        return outcome

    def staked(self, model: int, who: bytes) -> int:
        return self.books[model].stakes["0x" + who.hex()]

    @rule(model=models, who=people, amount=amounts)
    def stake(self, model: int, who: bytes, amount: int) -> None:
        possible = self.books[model].stakes.total() + amount < BOUND
        self.send(possible, "stake", model, value=amount, sender=who)

    @rule(model=models, who=people, amount=amounts, everything=st.booleans())
    def unstake(self, model: int, who: bytes, amount: int, everything: bool) -> None:
        held = self.staked(model, who)
        amount = held if everything and held else amount
        old_enough = self.now >= self.books[model].locked["0x" + who.hex()]
        before = self.chain.evm.balance(who)
        done = self.send(amount <= held and old_enough, "unstake", model, amount, sender=who)
        assert self.chain.evm.balance(who) - before == (amount if done.success else 0)

    @rule(model=models, amount=amounts)
    def fund(self, model: int, amount: int) -> None:
        books = self.books[model]
        total = books.stakes.total()
        possible = total > 0 and books.funded + amount < BOUND
        self.slack[model] += (total + books.rem) if possible else 0
        self.send(possible, "fund", model, value=amount, sender=PAYER)
        for who in STAKERS if possible else ():
            self.fair[model, who] += Fraction(amount * self.staked(model, who), total)

    @rule(model=models, who=people)
    def claim(self, model: int, who: bytes) -> None:
        due = self.books[model].dues["0x" + who.hex()] // FINE
        before = self.chain.evm.balance(who)
        done = self.send(due > 0, "claim", model, sender=who)
        assert self.chain.evm.balance(who) - before == due
        self.paid[model, who] += number(done) if done.success else 0

    @rule(seconds=st.sampled_from([1, STAKE_LOCK - 1, STAKE_LOCK]))
    def wait(self, seconds: int) -> None:
        self.now += seconds
        self.chain.evm.at(2, self.now)

    @invariant()
    def every_fraction_is_owed_to_somebody(self) -> None:
        owed = 0
        for model in MODELS:
            staked, acc, rem, funded, claimed = self.pool.read("pool", model)
            dues = [self.pool.read("fineDue", model, who) for who in STAKERS]
            assert sum(dues) + rem == (funded - claimed) * FINE
            pending = [self.pool.read("pending", model, who) for who in STAKERS]
            assert pending == [due // FINE for due in dues]
            assert sum(pending) + claimed <= funded
            assert staked == sum(self.pool.read("stakeOf", model, who) for who in STAKERS)
            books = self.books[model]
            assert (staked, acc, rem, funded, claimed) == (
                books.stakes.total(),
                books.acc,
                books.rem,
                books.funded,
                books.claimed,
            )
            for who, due in zip(STAKERS, dues, strict=True):
                text = "0x" + who.hex()
                assert due == books.dues[text]
                assert self.staked(model, who) == self.pool.read("stakeOf", model, who)
                assert self.pool.read("lockedUntil", model, who) == books.locked[text]
                had = due + self.paid[model, who] * FINE
                assert abs(had - self.fair[model, who] * FINE) <= self.slack[model]
            owed += staked + funded - claimed
        assert self.chain.evm.balance(self.pool.address) == owed


TestStakePool = StakePoolMachine.TestCase
TestStakePool.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
