"""A hostile accountant: long plays on all contracts at once, with books from events alone.

Models and adapters of every mode with lineage, policies that change and models that end in the
middle, stakes and bonds that come and go, lies and challenges, and contributors that are
contracts which refuse, burn gas, call back or destroy themselves.  Whenever one looks, every
view and every balance is what the events say.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import pytest

from byline.node.attribution.corpus import engine_id
from byline.node.attribution.encoding import encode_packed, out_hash
from byline.node.attribution.index.index import Index
from byline.node.attribution.index.rows import BatchStatus
from byline.node.attribution.proof.challenges import NotSettled
from byline.node.attribution.weights import payout_root, weights_root
from byline.node.contracts import addresses
from byline.node.contracts.artifacts import load
from byline.node.contracts.attribution_predeploys import Backend
from byline.node.contracts.declarations import selector
from byline.precompiles.math import apportion
from byline.precompiles.math.sum_tree import SumTree
from tests.attribution_index import Recorder, Views, recording
from tests.contracts.attribution_family import calls_back, done, number
from tests.contracts.challenging import LIES, PROOFS
from tests.contracts.harness import Contract, Outcome
from tests.contracts.ledger_world import (
    BOND,
    DEMAND_FEE,
    FALLBACK,
    OPERATOR,
    OWNERS,
    PAYERS,
    REQUEST,
    WATCHER,
    Answer,
    Batch,
    answer,
    corpus,
    world,
)
from tests.properties.test_inference_ledger import PROVEN_BY

PLATFORM: Final = b"\x70" * 20
MADE_OF: Final = corpus()
TRUE: Final = {fee: answer(MADE_OF, fee=fee) for fee in (1, 10**9, 10**15 + 1, 7 * 10**16)}
POLICIES: Final = (
    (0, 0, 7, 500, 1000, 1500, 7000),
    (0, 0, 0, 0, 0, 0, 10_000),
    (0, 0, 10**14, 2500, 2500, 2500, 2500),
    (0, 0, 0, 10_000, 0, 0, 0),
)
LINEAGES: Final[Sequence[tuple[Sequence[tuple[int, int]], int, int]]] = (
    ((), 0, 0),
    ((), 1, 1),
    ((), 2, 0),
    ((), 3, 2),
    (((1, 1000), (3, 2000)), 3, 0),
    (((4, 5000), (5, 5000)), 2, 0),
)
"""Parents (id, bps), mode and method of each model, from 1 on."""
WAITS: Final = (1, 299, 599, 600, 601, 3600, 3601, 90 * 86_400 + 1)
STAKERS: Final = (*PAYERS, WATCHER)
PEOPLE: Final = (*STAKERS, OPERATOR, *OWNERS, FALLBACK, PLATFORM)
WITHDRAW: Final = selector(
    dict(next(one for one in load("PayoutVault").abi if one.get("name") == "withdraw"))
)
CODES: Final = (
    bytes.fromhex("5f5ffd"),  # revert
    bytes.fromhex("5b5f56"),  # jump to itself
    bytes.fromhex("41ff"),  # self-destruct in favour of the block's maker
    calls_back(WITHDRAW),
)
ALL: Final = 2**64 - 1
"""Stands for the list of payouts where an index is asked for."""


class Play:
    """One chain, and whatever anybody may try on it."""

    def __init__(self, seed: int, backend: Backend, recorder: Recorder) -> None:
        self.random = random.Random(seed)
        self.recorder = recorder
        self.world = world(MADE_OF, backend)
        self.family = self.world.family
        self.batches: dict[int, Batch] = {}
        self.lies: dict[int, str] = {}
        self.requests: dict[bytes, tuple[int, bytes]] = {}
        self.tried: Counter[str] = Counter()
        for terms in POLICIES:
            done(self.family.policy, "createPolicy", *terms, PLATFORM)
        for parents, mode, method in LINEAGES:
            self.model(parents, mode, method)
        for who, code in zip((*OWNERS, FALLBACK), self.some(*CODES), strict=True):
            self.family.evm.set(who, code=code)

    def some(self, *things: Any) -> list[Any]:
        """Return all of `things` in any order."""
        return self.random.sample(things, len(things))

    def one(self, *things: Any) -> Any:
        return self.random.choice(things)

    def model(self, parents: Sequence[tuple[int, int]], mode: int, method: int) -> None:
        ids, bps = [one for one, _ in parents], [one for _, one in parents]
        engine = engine_id(MADE_OF.min_length)
        terms = [[1, 2], [one + 1 for one in ids], bps, 2, engine, FALLBACK, method, mode, ""]
        number(done(self.family.registry, "registerModel", *terms, sender=OPERATOR))

    def any_model(self) -> int:
        return self.random.randint(1, 1 + len(LINEAGES))

    def send(self, contract: Contract, name: str, *arguments: Any, **options: Any) -> Outcome:
        """Try a call; whatever refuses it has a name."""
        outcome = contract.send(name, *arguments, **{"sender": WATCHER} | options)
        return self.told(name, contract, outcome)

    def told(self, name: str, contract: Contract, outcome: Outcome) -> Outcome:
        if outcome.success:
            self.tried[name] += 1
        else:
            declared = {one["name"] for one in contract.abi if one["type"] == "error"}
            assert contract.error(outcome) in declared, f"{name}: {outcome.output.hex()}"
        return outcome

    # -- what somebody may try

    def pass_time(self) -> None:
        self.world.later(self.one(*WAITS))

    def record(self) -> None:
        self.world.model = self.any_model()
        answers = [TRUE[self.one(*TRUE)] for _ in range(self.random.randint(1, 3))]
        lie = self.one("", "", "", *PROVEN_BY)
        if lie:
            answers[0] = LIES[lie](answers[0])
        batch, outcome = self.world.recorded(answers)
        if self.told("recordBatch", self.world.ledger, outcome).success:
            self.batches[batch.id], self.lies[batch.id] = batch, lie

    def open(self) -> None:
        fee, payer, deadline = self.one(*TRUE), self.one(*PAYERS), self.world.now + 600
        call = (self.any_model(), REQUEST, deadline)
        outcome = self.send(self.world.ledger, "open", *call, sender=payer, value=fee)
        if outcome.success:
            self.requests[outcome.output] = (fee, payer)

    def answer(self) -> None:
        if self.requests:
            request = self.one(*self.requests)
            one = TRUE[self.requests[request][0]]
            root = payout_root(one.points)
            shown = (out_hash(one.output), one.tree.root, weights_root(one.points))
            call = (request, *shown, 3, len(one.output), root.root, root.count)
            outcome = self.send(self.world.ledger, "record", *call, sender=OPERATOR)
            if outcome.success:
                self.answered(int.from_bytes(outcome.output, "big"), one)

    def answered(self, batch: int, one: Answer) -> None:
        leaf = self.recorder.grown().ledger.records[batch, 0].leaf
        self.batches[batch] = Batch(batch, (one,), (leaf,), one.points)
        self.lies[batch] = ""

    def cancel(self) -> None:
        if self.requests:
            request = self.one(*self.requests)
            payer = self.requests[request][1]
            self.send(self.world.ledger, "cancel", request, sender=payer)

    def prepay(self) -> None:
        who = self.one(*PAYERS)
        self.send(self.world.ledger, "requestWithdrawal", self.one(1, 10**16), sender=who)
        self.world.later(self.one(1, 600))
        self.send(self.world.ledger, "withdraw", sender=who)
        self.send(self.world.ledger, "depositFor", who, sender=OPERATOR, value=self.one(0, 10**17))

    def change_terms(self) -> None:
        terms = (self.random.randint(1, 5), self.random.randint(0, 4), self.random.randint(0, 3))
        self.send(self.family.registry, "setPolicy", self.any_model(), *terms, sender=OPERATOR)

    def hand_over(self) -> None:
        to = self.one(OPERATOR, OPERATOR, WATCHER)
        self.send(self.family.registry, "setOperator", self.any_model(), to, sender=OPERATOR)

    def deprecate(self) -> None:
        if self.random.random() < 0.2:
            self.send(self.family.registry, "deprecateModel", self.any_model(), sender=OPERATOR)

    def stake(self) -> None:
        value = self.one(1, 10**9 + 7, 10**18)
        call = (self.any_model(),)
        self.send(self.family.pool, "stake", *call, sender=self.one(*STAKERS), value=value)

    def unstake(self) -> None:
        who, model = self.one(*STAKERS), self.any_model()
        held = self.family.pool.read("stakeOf", model, who)
        self.send(self.family.pool, "unstake", model, self.one(1, held, held + 1), sender=who)

    def earn_by_stake(self) -> None:
        self.send(self.family.pool, "claim", self.any_model(), sender=self.one(*STAKERS))

    def bond(self) -> None:
        self.send(self.family.bond, "bond", sender=self.one(OPERATOR, WATCHER), value=BOND)

    def take_bond_back(self) -> None:
        who = self.one(OPERATOR, WATCHER)
        total, locked, _ = self.family.bond.read("bondOf", who)
        self.send(self.family.bond, "withdraw", self.one(1, total - locked), sender=who)

    def pay_treasury(self) -> None:
        self.send(self.family.bond, "payTreasury")

    def accrue(self) -> None:
        self.send(
            self.world.vault, "accrue", self.any_model(), sender=OPERATOR,
            value=self.one(0, 1, 10**15),
        )  # fmt: skip

    def withdraw(self) -> None:
        self.send(self.world.vault, "withdraw", sender=self.one(*OWNERS, FALLBACK, OPERATOR))

    def claim_accrued(self) -> None:
        who = self.one(*OWNERS, FALLBACK)
        self.send(self.world.vault, "claimAccrued", self.any_model(), sender=who)

    # -- what somebody may try with a batch

    def finalize(self, batch: Batch) -> None:
        self.send(self.world.ledger, "finalize", batch.id)

    def settle(self, batch: Batch) -> None:
        self.send(self.world.vault, "settle", batch.id, encode_packed(batch.payouts))

    def run_its_course(self, batch: Batch) -> None:
        self.world.later(601)
        self.finalize(batch)
        self.settle(batch)
        self.send(self.world.ledger, "release", batch.id)

    def settle_a_chunk(self, batch: Batch) -> None:
        start = self.world.vault.read("progress", batch.id)[0]
        size = self.one(*(size for size in (1, 2, 4) if start % size == 0))
        chunk = batch.payouts[start : start + size]
        if chunk:
            proof = SumTree(batch.payouts).chunk_proof(start, size)
            self.send(self.world.vault, "settleChunk", batch.id, encode_packed(chunk), proof)

    def claim(self, batch: Batch) -> None:
        _, mode, method, pot, _, _, _ = self.world.vault.read("settlement", batch.id)
        owners, weights = zip(*batch.payouts, strict=True)
        shares = apportion(method, pot, weights)
        at = self.random.randrange(len(owners))
        proof = SumTree(tuple(zip(owners, shares, strict=True))).proof(at)
        leaf = (batch.id, at, shares[at], proof)
        outcome = self.send(self.world.vault, "claim", *leaf, sender=owners[at])
        assert not outcome.success or mode == 3

    def sweep(self, batch: Batch) -> None:
        self.send(self.world.vault, "sweepExpired", batch.id)

    def demand(self, batch: Batch) -> None:
        if self.random.random() < 0.5:
            self.send(self.world.ledger, "demand", *batch.proof(), value=DEMAND_FEE)
        else:
            self.send(self.world.ledger, "demandPayouts", batch.id, value=DEMAND_FEE)

    def publish(self, batch: Batch) -> None:
        at = self.random.randrange(len(batch.records))
        self.told("publish", self.world.ledger, self.world.publish(batch, at, sender=PAYERS[2]))

    def publish_payouts(self, batch: Batch) -> None:
        self.send(self.world.ledger, "publishPayouts", batch.id, encode_packed(batch.payouts))

    def slash_withheld(self, batch: Batch) -> None:
        self.send(self.world.ledger, "slashWithheld", batch.id, self.one(0, ALL))

    def reclaim(self, batch: Batch) -> None:
        self.send(self.world.ledger, "reclaimDemand", batch.id, self.one(0, ALL))

    def default(self, batch: Batch) -> None:
        self.told("default", self.world.ledger, self.world.challenge(batch.id, NotSettled()))

    def refund(self, batch: Batch) -> None:
        self.send(self.world.ledger, "refund", *batch.proof(len(batch.records) - 1))

    def challenge(self, batch: Batch) -> None:
        lie = self.lies[batch.id]
        prove = PROOFS[PROVEN_BY[lie] if lie else "weights"]
        proof = prove(MADE_OF, batch, TRUE[batch.answers[0].fee])
        outcome = self.world.challenge(batch.id, proof)
        assert lie or not outcome.success
        self.told("challenge", self.world.ledger, outcome)

    # -- the accounts

    def step(self) -> None:
        if self.batches and self.random.random() < 0.6:
            on_batch: Callable[[Play, Batch], None] = self.one(*ON_BATCH)
            on_batch(self, self.batches[self.one(*list(self.batches)[-6:])])
        else:
            anything: Callable[[Play], None] = self.one(*ANYTHING)
            anything(self)

    def check(self) -> None:
        index = self.recorder.grown()
        Views(self.family.evm, index).everything(PEOPLE)
        balance = self.family.evm.balance
        assert balance(addresses.INFERENCE_LEDGER) == owed_by_ledger(index)
        bonds = sum(row.total for row in index.bonds.bonds.values())
        assert balance(addresses.CONTRIBUTOR_BOND) == bonds + index.bonds.treasury.get("held", 0)
        pools = index.stakes.pools.values()
        staked = sum(pool.staked + pool.funded - pool.claimed for pool in pools)
        assert balance(addresses.STAKE_POOL) == staked
        for batch, lie in self.lies.items():
            if not lie:
                slashed = [one.kind for one in index.ledger.challenges_of(batch)]
                assert slashed in ([], [0], [7]), "an honest batch is punished for silence alone"


ANYTHING: Final = (
    *(Play.record,) * 5, *(Play.pass_time,) * 3, Play.open, Play.answer, Play.cancel,
    Play.prepay, Play.change_terms, Play.hand_over, Play.deprecate, Play.stake, Play.unstake,
    Play.earn_by_stake, Play.bond, Play.take_bond_back, Play.pay_treasury, Play.accrue,
    Play.withdraw, Play.claim_accrued,
)  # fmt: skip
ON_BATCH: Final = (
    *(Play.finalize,) * 3, *(Play.settle,) * 2, *(Play.run_its_course,) * 3,
    *(Play.settle_a_chunk,) * 3, *(Play.claim,) * 3, Play.sweep, *(Play.demand,) * 2,
    Play.publish, Play.publish_payouts, *(Play.slash_withheld,) * 2, *(Play.reclaim,) * 2,
    Play.default, *(Play.refund,) * 2, *(Play.challenge,) * 2,
)  # fmt: skip


def owed_by_ledger(index: Index) -> int:
    """Return what the ledger holds for others."""
    book = index.ledger
    held = sum(book.prepaid.values()) + sum(one.fee for one in book.requests.values())
    held += sum(one.fee for one in book.demands.values())
    for batch in book.batches.values():
        if batch.status in (BatchStatus.RECORDED, BatchStatus.VOID):
            held += batch.total_fee
    return held - sum(book.refunds.values())


def played(seed: int, backend: Backend, steps: int) -> Counter[str]:
    with recording() as recorder:
        play = Play(seed, backend, recorder)
        for at in range(steps):
            play.step()
            if at % 4 == 3:
                play.check()
        assert recorder.grown() == recorder.whole()
    return play.tried


@pytest.mark.parametrize("seed", range(2))
def test_no_play_of_all_contracts_loses_or_makes_a_wei(seed: int) -> None:
    tried = played(seed, list(Backend)[seed % 2], 160)
    assert {"recordBatch", "finalize", "settle"} <= set(tried)


CALLS: Final = frozenset(
    (
        "accrue", "bond", "cancel", "challenge", "claim", "claimAccrued", "default", "demand",
        "demandPayouts", "depositFor", "deprecateModel", "finalize", "open", "payTreasury",
        "publish", "publishPayouts", "record", "recordBatch", "refund", "release",
        "requestWithdrawal", "setOperator", "setPolicy", "settle", "settleChunk", "slashWithheld",
        "stake", "sweepExpired", "unstake", "withdraw",
    )
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("first", [100, 110])
def test_no_long_play_of_all_contracts_loses_or_makes_a_wei(first: int) -> None:
    tried: Counter[str] = Counter()
    for seed in range(first, first + 10):
        tried += played(seed, list(Backend)[seed % 2], 1000)
    # One play alone may be of models that soon end.
    assert not CALLS - set(tried)
