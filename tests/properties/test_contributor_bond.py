"""ContributorBond in any order of calls: all money is somebody's, and the events say whose."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from byline.node.contracts.attribution_predeploys import PENALTY_LIMIT, PENALTY_THRESHOLD
from tests.contracts.attribution_family import LEDGER, PEOPLE, TREASURY, family, told
from tests.contracts.harness import Outcome

people = st.sampled_from(PEOPLE[:4])
amounts = st.integers(0, 9) | st.integers(0, 10**20)
penalties = st.integers(0, 120) | st.sampled_from([2**32 - 1])


class BondBooks:
    """The bonds, rebuilt from the events."""

    def __init__(self) -> None:
        self.total: Counter[str] = Counter()
        self.locked: Counter[str] = Counter()
        self.score: Counter[str] = Counter()
        self.treasury = 0

    def read(self, event: dict[str, Any]) -> None:
        who = event.get("who", "")
        match event[""]:
            case "Bonded":
                self.total[who] += event["amount"]
            case "Withdrawn":
                self.total[who] -= event["amount"]
            case "Locked":
                self.locked[who] += event["amount"]
            case "Unlocked":
                self.locked[who] -= event["amount"]
            case "Slashed":
                taken = event["toChallenger"] + event["toTreasury"]
                self.total[who] -= taken
                self.locked[who] -= taken
                self.score[who] += event["penalty"]
                self.total[event["challenger"]] += event["toChallenger"]
                self.treasury += event["toTreasury"]
            case "TreasuryPaid":
                self.treasury -= event["amount"]
            case other:
                raise AssertionError(f"the bond told of {other}")


class BondMachine(RuleBasedStateMachine):
    """People bond and withdraw, the ledger locks, frees and takes."""

    def __init__(self) -> None:
        super().__init__()
        self.chain = family()
        self.bond = self.chain.bond
        self.books = BondBooks()
        self.paid_in = self.paid_out = 0

    def send(self, possible: bool, name: str, *arguments: Any, **options: Any) -> Outcome:
        outcome = self.bond.send(name, *arguments, **options)
        assert outcome.success == possible, self.bond.error(outcome)
        for event in told(self.bond, outcome):
            self.books.read(event)
        return outcome

    def account(self, who: bytes) -> tuple[int, int, int]:
        text = "0x" + who.hex()
        return self.books.total[text], self.books.locked[text], self.books.score[text]

    @rule(who=people, amount=amounts)
    def put_up(self, who: bytes, amount: int) -> None:
        self.send(amount > 0, "bond", value=amount, sender=who)
        self.paid_in += amount

    @rule(who=people, payer=people, amount=amounts)
    def put_up_for(self, who: bytes, payer: bytes, amount: int) -> None:
        self.send(amount > 0, "bondFor", who, value=amount, sender=payer)
        self.paid_in += amount

    @rule(who=people, amount=amounts, everything=st.booleans())
    def withdraw(self, who: bytes, amount: int, everything: bool) -> None:
        total, locked, _ = self.account(who)
        amount = total - locked if everything else amount
        before = self.chain.evm.balance(who)
        done = self.send(0 < amount <= total - locked, "withdraw", amount, sender=who)
        paid = self.chain.evm.balance(who) - before
        assert paid == (amount if done.success else 0)
        self.paid_out += paid

    @rule(who=people, amount=amounts, everything=st.booleans())
    def lock(self, who: bytes, amount: int, everything: bool) -> None:
        total, locked, _ = self.account(who)
        amount = total - locked if everything else amount
        self.send(amount <= total - locked, "lock", who, amount, sender=LEDGER)

    @rule(who=people, amount=amounts, everything=st.booleans())
    def unlock(self, who: bytes, amount: int, everything: bool) -> None:
        locked = self.account(who)[1]
        amount = locked if everything else amount
        self.send(amount <= locked, "unlock", who, amount, sender=LEDGER)

    @rule(who=people, amount=amounts, everything=st.booleans(), by=people, penalty=penalties)
    def slash(self, who: bytes, amount: int, everything: bool, by: bytes, penalty: int) -> None:
        locked = self.account(who)[1]
        amount = locked if everything else amount
        possible = amount <= locked
        self.send(possible, "slash", who, amount, by, penalty, sender=LEDGER)

    @rule(who=people, amount=st.integers(1, 9) | st.integers(1, 10**20), by=people)
    def lose_a_new_bond(self, who: bytes, amount: int, by: bytes) -> None:
        self.put_up(who, amount)
        self.send(True, "lock", who, amount, sender=LEDGER)
        self.send(True, "slash", who, amount, by, 1, sender=LEDGER)

    @rule()
    def pay_treasury(self) -> None:
        due = self.books.treasury
        before = self.chain.evm.balance(TREASURY)
        self.send(due > 0, "payTreasury")
        assert self.chain.evm.balance(TREASURY) - before == due
        self.paid_out += due

    @rule(name=st.sampled_from(["lock", "unlock"]), who=people)
    def somebody_else_tries(self, name: str, who: bytes) -> None:
        self.send(False, name, who, 0, sender=who)

    @invariant()
    def all_money_is_somebodys(self) -> None:
        held = 0
        for who in PEOPLE[:4]:
            total, locked, score = self.bond.read("bondOf", who)
            assert (total, locked, score) == self.account(who)
            assert locked <= total
            held += total
            span = PENALTY_LIMIT - PENALTY_THRESHOLD
            left = min(max(PENALTY_LIMIT - score, 0), span)
            assert self.bond.read("multiplier", who) == 2**16 * left // span
        above = [score for score in self.books.score.values() if score > PENALTY_THRESHOLD]
        assert self.bond.read("penalised") == len(above)
        treasury = self.bond.read("treasury")
        assert treasury == self.books.treasury
        assert self.chain.evm.balance(self.bond.address) == held + treasury
        assert held + treasury == self.paid_in - self.paid_out


TestContributorBond = BondMachine.TestCase
TestContributorBond.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
