"""The ledger in any order of calls: its balance is what it owes, and its events say all of it."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

from byline.node.attribution.encoding import encode_packed, out_hash
from byline.node.attribution.proof.challenges import Challenge, NotSettled
from byline.node.attribution.weights import payout_root, weights_root
from byline.node.contracts.attribution_predeploys import Backend
from tests.contracts.attribution_family import told
from tests.contracts.challenging import LIES, PROOFS, lists, underpaid
from tests.contracts.harness import Outcome
from tests.contracts.ledger_world import (
    BOND,
    DEFAULTED,
    DELAY,
    DEMAND_FEE,
    FINALIZED,
    KEYS,
    OPERATOR,
    OWNERS,
    PAYERS,
    PENALTY,
    RECORDED,
    RELEASED,
    REQUEST,
    SETTLE_WINDOW,
    VOID,
    WATCHER,
    WINDOW,
    Answer,
    Batch,
    World,
    answer,
    corpus,
    world,
)

MADE_OF = corpus()
PAYOUTS = 2**64 - 1
PROVEN_BY = {
    "weight": "weights",
    "other place": "tokens of the first leaf",
    "shorter span": "longer at the first span",
    "other owner": "owner of the last leaf",
    "starts early": "first",
    "dataset left out": "dataset left out",
}
FEES = (1, 10**9, 10**15 + 1)
PERSON = st.sampled_from([*PAYERS, WATCHER])


@cache
def true(fee: int) -> Answer:
    return answer(MADE_OF, fee=fee)


class Books:
    """What the ledger owes, from its events alone."""

    def __init__(self) -> None:
        self.prepaid: Counter[str] = Counter()
        self.requests: dict[bytes, int] = {}
        self.held: Counter[int] = Counter()
        self.demands: dict[tuple[int, int], int] = {}
        self.status: dict[int, int] = {}
        self.bonds: dict[int, int] = {}
        self.slashed = 0

    def owed(self) -> int:
        kept = (self.prepaid, self.requests, self.held, self.demands)
        return sum(sum(one.values()) for one in kept)

    def read(self, event: dict[str, Any]) -> None:
        """Keep the books on with one event."""
        batch, fee = event.get("batchId", 0), event.get("fee", 0)
        place = (batch, event.get("index", 0))
        match event[""]:
            case "PrepaidDeposited":
                self.prepaid[event["payer"]] += event["amount"]
            case "PrepaidDebited" | "Withdrawn":
                self.prepaid[event["payer"]] -= event["amount"]
            case "InferenceOpened":
                self.requests[event["reqId"]] = fee
            case "InferenceCancelled":
                assert self.requests.pop(event["reqId"]) == fee
            case "InferenceAnswered":
                self.requests.pop(event["reqId"])
            case "ReceiptBatch":
                self.held[batch] = event["totalFee"]
                self.status[batch] = RECORDED
                self.bonds[batch] = event["bond"]
            case "EvidenceDemanded":
                self.demands[place] = fee
            case "DemandAnswered" | "DemandReturned":
                assert self.demands.pop(place) == fee
                self.prepaid[event["to"]] += fee
            case "ChallengeResolved":
                batch = event["subject"]
                self.status[batch] = DEFAULTED if self.status[batch] == FINALIZED else VOID
                self.slashed += event["amount"]
                assert self.bonds.pop(batch) == event["amount"]
            case "Finalized":
                self.status[batch] = FINALIZED
                assert self.held.pop(batch) == event["totalFee"]
            case "Released":
                self.status[batch] = RELEASED
                assert self.bonds.pop(batch) == event["bond"]
            case "Refunded":
                self.held[batch] -= fee
                self.prepaid[event["payer"]] += fee


class Ledger(RuleBasedStateMachine):
    """Everybody does anything at any time; what may not be done changes nothing."""

    requests = Bundle("requests")
    batches = Bundle("batches")

    @initialize(backend=st.sampled_from(Backend))
    def start(self, backend: Backend) -> None:
        self.world: World = world(MADE_OF, backend)
        self.books = Books()
        for payer in PAYERS:
            self.books.prepaid["0x" + payer.hex()] = 10**18
        self.lies: dict[int, str] = {}
        self.penalties = 0

    def sent(self, outcome: Outcome, allowed: bool) -> None:
        """Read the events of a call that has to succeed exactly if it is allowed."""
        assert outcome.success == allowed, self.world.ledger.error(outcome)
        for event in told(self.world.ledger, outcome):
            self.books.read(event)

    def send(self, allowed: bool, name: str, *arguments: Any, **options: Any) -> Outcome:
        outcome = self.world.ledger.send(name, *arguments, **options)
        self.sent(outcome, allowed)
        return outcome

    def status(self, batch: Batch) -> int:
        return self.books.status[batch.id]

    def window_open(self, batch: Batch) -> bool:
        end = self.world.ledger.read("batchState", batch.id)[2]
        return self.status(batch) == RECORDED and self.world.now <= end

    @rule(seconds=st.sampled_from([1, WINDOW, WINDOW + 1, SETTLE_WINDOW + 1]))
    def pass_time(self, seconds: int) -> None:
        self.world.later(seconds)

    @rule(who=PERSON, sender=PERSON, amount=st.integers(0, 10**16))
    def deposit(self, who: bytes, sender: bytes, amount: int) -> None:
        self.send(amount > 0, "depositFor", who, sender=sender, value=amount)

    @rule(who=PERSON, amount=st.integers(0, 2 * 10**18), wait=st.sampled_from([0, DELAY]))
    def withdraw(self, who: bytes, amount: int, wait: int) -> None:
        self.send(True, "requestWithdrawal", amount, sender=who)
        self.world.later(wait)
        allowed = min(amount, self.world.prepaid(who)) > 0 and wait == DELAY
        before = self.world.family.evm.balance(who), self.world.prepaid(who)
        self.send(allowed, "withdraw", sender=who)
        after = self.world.family.evm.balance(who), self.world.prepaid(who)
        assert sum(before) == sum(after)

    @rule(
        target=requests,
        payer=st.sampled_from(PAYERS),
        fee=st.sampled_from(FEES),
        wait=st.none() | st.sampled_from([0, WINDOW, WINDOW + 1]),
    )
    def open(self, payer: bytes, fee: int, wait: int | None) -> Any:
        """Open a request, and after some time try to answer and to cancel it."""
        deadline = self.world.now + WINDOW
        outcome = self.send(
            True, "open", self.world.model, REQUEST, deadline, sender=payer, value=fee
        )
        request = outcome.output, payer, fee, deadline
        if wait is not None:
            self.world.later(wait)
            self.answer(request)
            self.cancel(request, payer)
        return request

    @rule(request=requests, sender=PERSON)
    def cancel(self, request: Any, sender: bytes) -> None:
        number, payer, _, deadline = request
        known = number in self.books.requests
        allowed = known and sender == payer and self.world.now > deadline
        self.send(allowed, "cancel", number, sender=sender)

    @rule(request=requests)
    def answer(self, request: Any) -> None:
        number, _, fee, deadline = request
        one, root = true(fee), payout_root(true(fee).points)
        allowed = number in self.books.requests and self.world.now <= deadline
        self.send(
            allowed, "record", number, out_hash(one.output), one.tree.root,
            weights_root(one.points), 3, len(one.output), root.root, root.count,
            sender=OPERATOR,
        )  # fmt: skip

    @rule(
        target=batches,
        fees=st.lists(st.sampled_from(FEES), min_size=1, max_size=3),
        lie=st.none() | st.sampled_from([*PROVEN_BY, "payouts"]),
    )
    def record(self, fees: list[int], lie: str | None) -> Any:
        answers = [true(fee) for fee in fees]
        payouts = None
        if lie == "payouts":
            owed: Counter[bytes] = Counter()
            for one in answers:
                owed.update(dict(one.points))
            most = max(OWNERS, key=lambda owner: owed[owner])
            other = next(owner for owner in OWNERS if owner != most)
            owed[most] -= 1
            owed[other] += 1
            payouts = tuple(sorted(owed.items()))
        elif lie is not None:
            answers[0] = LIES[lie](answers[0])
        poor = [
            at for at, fee in enumerate(fees) if self.world.prepaid(PAYERS[at % len(KEYS)]) < fee
        ]
        if poor:
            return multiple()
        batch, outcome = self.world.recorded(answers, payouts)
        self.sent(outcome, allowed=True)
        self.lies[batch.id] = lie or ""
        return batch

    @rule(batch=batches, sender=PERSON, honestly=st.booleans())
    def challenge(self, batch: Batch, sender: bytes, honestly: bool) -> None:
        lie = self.lies[batch.id]
        made: Challenge = underpaid(batch, OWNERS[0])
        if not honestly and lie not in ("", "payouts"):
            return
        if honestly and lie == "payouts":
            made = lists(batch)
        elif honestly and lie:
            made = PROOFS[PROVEN_BY[lie]](MADE_OF, batch, true(batch.answers[0].fee))
        elif not honestly:
            made = PROOFS["weights"](MADE_OF, batch, true(batch.answers[0].fee))
        allowed = self.window_open(batch) and honestly and lie != ""
        self.sent(self.world.challenge(batch.id, made, sender=sender), allowed)

    @rule(batch=batches, sender=PERSON)
    def publish(self, batch: Batch, sender: bytes) -> None:
        self.sent(self.world.publish(batch, 0, sender=sender), self.status(batch) != VOID)

    @rule(batch=batches, sender=PERSON)
    def publish_payouts(self, batch: Batch, sender: bytes) -> None:
        packed = encode_packed(batch.payouts)
        self.send(self.status(batch) != VOID, "publishPayouts", batch.id, packed, sender=sender)

    @rule(batch=batches, sender=PERSON, index=st.sampled_from([0, PAYOUTS]))
    def demand(self, batch: Batch, sender: bytes, index: int) -> None:
        asked = (batch.id, index) in self.books.demands
        known = self.world.ledger.read("published", batch.id, index)
        name = "demandPayouts" if index else "demand"
        self.send(
            self.window_open(batch) and not asked and not known,
            name,
            *((batch.id,) if index else batch.proof(0)),
            sender=sender,
            value=DEMAND_FEE,
        )

    @rule(batch=batches, index=st.sampled_from([0, PAYOUTS]))
    def slash_withheld(self, batch: Batch, index: int) -> None:
        by, deadline = self.world.ledger.read("demands", batch.id, index)
        late = int(by, 16) != 0 and self.world.now > deadline
        self.send(late and self.status(batch) == RECORDED, "slashWithheld", batch.id, index)

    @rule(batch=batches, index=st.sampled_from([0, PAYOUTS]))
    def reclaim(self, batch: Batch, index: int) -> None:
        asked = (batch.id, index) in self.books.demands
        self.send(asked and self.status(batch) == VOID, "reclaimDemand", batch.id, index)

    @rule(batch=batches)
    def finalize(self, batch: Batch) -> None:
        end = self.world.ledger.read("batchState", batch.id)[2]
        asked = any(number == batch.id for number, _ in self.books.demands)
        allowed = self.status(batch) == RECORDED and self.world.now > end and not asked
        self.send(allowed, "finalize", batch.id)

    @rule(batch=batches)
    def settle(self, batch: Batch) -> None:
        settled = self.world.vault.read("settled", batch.id)
        outcome = self.world.settle(batch)
        assert outcome.success == (self.status(batch) == FINALIZED and not settled)

    @rule(batch=batches)
    def release(self, batch: Batch) -> None:
        settled = self.world.vault.read("settled", batch.id)
        self.send(self.status(batch) == FINALIZED and settled, "release", batch.id)

    @rule(batch=batches)
    def default(self, batch: Batch) -> None:
        final = self.world.ledger.read("batchState", batch.id)[3]
        late = self.world.now > final + SETTLE_WINDOW
        settled = self.world.vault.read("settled", batch.id)
        allowed = self.status(batch) == FINALIZED and late and not settled
        self.sent(self.world.challenge(batch.id, NotSettled()), allowed)

    @rule(batch=batches, index=st.integers(0, 2))
    def refund(self, batch: Batch, index: int) -> None:
        if index < len(batch.records):
            done = self.world.ledger.read("refunded", batch.id, index)
            allowed = self.status(batch) == VOID and not done
            self.send(allowed, "refund", *batch.proof(index))

    @rule(batch=batches, index=st.sampled_from([0, PAYOUTS]), sender=PERSON)
    def withhold(self, batch: Batch, index: int, sender: bytes) -> None:
        """Nobody answers a demand for as long as there is time."""
        self.demand(batch, sender, index)
        self.pass_time(WINDOW + 1)
        self.finalize(batch)
        self.slash_withheld(batch, index)
        self.reclaim(batch, PAYOUTS - index)
        self.refund(batch, 0)

    @rule(batch=batches, wait=st.sampled_from([0, SETTLE_WINDOW, SETTLE_WINDOW + 1]))
    def run_out(self, batch: Batch, wait: int) -> None:
        """Nobody proves anything in the window, and somebody settles, or not in time."""
        self.pass_time(WINDOW + 1)
        self.finalize(batch)
        self.pass_time(wait)
        self.default(batch)
        self.settle(batch)
        self.release(batch)

    @rule(batch=batches, sender=PERSON)
    def prove(self, batch: Batch, sender: bytes) -> None:
        """Somebody proves a lie, and everybody gets the fees back."""
        self.challenge(batch, sender, honestly=True)
        for index in range(len(batch.records)):
            self.refund(batch, index)

    @invariant()
    def the_balance_is_what_is_owed(self) -> None:
        assert self.world.balance() == self.books.owed()

    @invariant()
    def the_views_say_what_the_events_say(self) -> None:
        for who in (*PAYERS, WATCHER):
            assert self.world.prepaid(who) == self.books.prepaid["0x" + who.hex()]
        for batch, status in self.books.status.items():
            assert self.world.status(batch) == status

    @invariant()
    def the_operator_has_locked_what_its_batches_lock(self) -> None:
        total, locked, score = self.world.bond(OPERATOR)
        assert locked == sum(self.books.bonds.values())
        assert total == 100 * BOND - self.books.slashed
        assert score == PENALTY * self.books.slashed // BOND


TestLedger = Ledger.TestCase
TestLedger.settings = settings(
    max_examples=60,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
