"""The payout vault in any order of deposits, settlements, claims and sweeps, on both back ends.

After every step the balance is everything owed and carried, and the books that are kept from
the events alone say what the views say; each settlement pays what the attribution math says.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from byline.precompiles.math import CASCADE, HAMILTON
from tests.contracts.attribution_family import LEDGER, PEOPLE
from tests.contracts.harness import Outcome
from tests.contracts.vault_world import (
    CREDIT,
    FALLBACK,
    PLATFORM,
    PUSH,
    ROOT,
    SETTLED,
    WAITING,
    WINDOW,
    Backend,
    Books,
    Entries,
    World,
    address,
    world,
)

OWNER, *CONTRIBUTORS = PEOPLE
REFUSING = b"\x31" * 20
CROWD = tuple(sorted([*CONTRIBUTORS, REFUSING]))
"""Who earns; the last of them takes no ether."""

weights = st.integers(0, 3) | st.integers(0, 2**40)
lists = st.dictionaries(st.sampled_from(CROWD), weights, min_size=1).map(
    lambda chosen: tuple(sorted(chosen.items()))
)
amounts = st.integers(0, 9) | st.integers(0, 10**24)
KNOWN: tuple[Entries, ...] = (
    tuple((who, 1) for who in CROWD),
    ((CROWD[0], 3), (CROWD[2], 0), (CROWD[5], 4)),
)
entries_of_batches = st.sampled_from(KNOWN) | lists


class VaultSteps(RuleBasedStateMachine):
    """A vault, and its books."""

    backend: Backend
    world: World

    @initialize(modes=st.tuples(st.integers(0, 3), st.integers(0, 3)), method=st.integers(0, 4))
    def begin(self, modes: tuple[int, int], method: int) -> None:
        self.world = world(self.backend)
        self.world.evm.set(REFUSING, code=bytes.fromhex("5f5ffd"))
        self.books = Books()
        self.lists: dict[int, Entries] = {}
        self.start: dict[int, int] = {}
        base = self.world.model(OWNER, mode=modes[0], method=method)
        adapter = self.world.model(OWNER, mode=modes[1], parents=[(base, 2500)])
        self.models = (base, adapter)
        self.money_in = self.to_stakers = 0

    def told(self, outcome: Outcome) -> list[dict[str, Any]]:
        """Enter the events of a call that must have succeeded."""
        assert outcome.success, self.world.vault.error(outcome)
        return self.books.read(self.world.vault, outcome.logs)

    def batches(self, status: int, *modes: int) -> list[int]:
        """Return the batches in a status, in one of the modes."""
        rows = [(batch, self.world.vault.read("settlement", batch)) for batch in self.lists]
        return [batch for batch, row in rows if row[6] == status and row[1] in modes]

    @rule(which=st.integers(0, 1), entries=entries_of_batches, amount=amounts)
    def deposit(self, which: int, entries: Entries, amount: int) -> None:
        batch = len(self.lists) + 1
        events = self.told(self.world.try_deposit(batch, self.models[which], entries, amount))
        self.lists[batch] = entries
        self.money_in += amount
        self.to_stakers += sum(event.get("toStakers", 0) for event in events)

    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        waiting = [b for b in self.batches(WAITING, 0, 1, 2, 3) if b not in self.start]
        if waiting:
            batch = data.draw(st.sampled_from(waiting))
            self.given(batch, self.told(self.world.settle(batch, self.lists[batch])))

    def given(self, batch: int, events: list[dict[str, Any]]) -> None:
        """Check what a settlement in one piece gave to each, and kept from them."""
        _, mode, method, pot, *_ = self.world.vault.read("settlement", batch)
        if mode not in (PUSH, CREDIT):
            return
        got: dict[bytes, int] = {}
        for event in events:
            if event[""] in ("Pushed", "Credited", "Withheld"):
                who = address(event["who"])
                got[who] = got.get(who, 0) + event["amount"]
        shares = self.world.shares(self.lists[batch], pot, method)
        assert got == {who: amount for who, amount in shares if amount}

    @rule(size=st.sampled_from([1, 2, 4, 8]), data=st.data())
    def settle_a_chunk(self, size: int, data: st.DataObject) -> None:
        waiting = [
            batch
            for batch in self.batches(WAITING, 0, 1, 2, 3)
            if self.world.vault.read("settlement", batch)[2] == CASCADE
            and self.start.get(batch, 0) % size == 0
        ]
        if waiting:
            batch = data.draw(st.sampled_from(waiting))
            start = self.start.get(batch, 0)
            self.told(self.world.settle_chunk(batch, self.lists[batch], start, size))
            self.start[batch] = start + size

    @rule(other=lists, data=st.data())
    def bring_another_list(self, other: Entries, data: st.DataObject) -> None:
        if self.lists:
            batch = data.draw(st.sampled_from(sorted(self.lists)))
            if other != self.lists[batch]:
                assert not self.world.settle(batch, other).success

    @rule(data=st.data())
    def claim(self, data: st.DataObject) -> None:
        settled = [b for b in self.batches(SETTLED, ROOT) if sum(dict(self.lists[b]).values())]
        if not settled:
            return
        batch = data.draw(st.sampled_from(settled))
        index = data.draw(st.integers(0, len(self.lists[batch]) - 1))
        _, _, method, pot, *_ = self.world.vault.read("settlement", batch)
        who, amount = self.world.shares(self.lists[batch], pot, method)[index]
        proof = self.world.claims(self.lists[batch], pot, method).proof(index)
        before = self.world.vault.read("claimed", batch, index)
        outcome = self.world.vault.send("claim", batch, index, amount, proof, sender=who)
        if before:
            assert self.world.vault.error(outcome) == "AlreadyClaimed"
        elif who == REFUSING and not outcome.success:
            assert self.world.vault.error(outcome) == "ClaimFailed"
        else:
            self.told(outcome)

    @rule(who=st.sampled_from((*CROWD, OWNER, PLATFORM)))
    def withdraw(self, who: bytes) -> None:
        self.taken(who, "withdraw")

    @rule(who=st.sampled_from(CROWD), which=st.integers(0, 1))
    def claim_accrued(self, who: bytes, which: int) -> None:
        self.taken(who, "claimAccrued", self.models[which])

    def taken(self, who: bytes, name: str, *arguments: Any) -> None:
        outcome = self.world.vault.send(name, *arguments, sender=who)
        if outcome.success:
            self.told(outcome)
        elif self.world.vault.error(outcome) == "ClaimFailed":
            assert who == REFUSING
        else:
            assert self.world.vault.error(outcome) == "NothingToClaim"

    @rule(which=st.integers(0, 1), amount=amounts)
    def accrue(self, which: int, amount: int) -> None:
        outcome = self.world.vault.send("accrue", self.models[which], value=amount, sender=OWNER)
        if amount or outcome.success:
            self.told(outcome)
            self.money_in += amount

    @rule(which=st.integers(0, 1), mode=st.integers(0, 3), method=st.sampled_from([0, HAMILTON]))
    def change_mode(self, which: int, mode: int, method: int) -> None:
        done = self.world.family.registry.send(
            "setPolicy", self.models[which], self.world.policy, method, mode, sender=OWNER
        )
        assert done.success

    @rule(which=st.integers(0, 1))
    def deprecate(self, which: int) -> None:
        self.world.family.registry.send("deprecateModel", self.models[which], sender=OWNER)

    @rule(who=st.sampled_from(CROWD), points=st.integers(1, 300))
    def punish(self, who: bytes, points: int) -> None:
        bond = self.world.family.bond
        assert bond.send("slash", who, 0, LEDGER, points, sender=LEDGER).success

    @precondition(lambda self: self.to_stakers == 0)
    @rule(which=st.integers(0, 1))
    def stake(self, which: int) -> None:
        pool, model = self.world.family.pool, self.models[which]
        live = self.world.family.registry.read("model", model)[9] == 1
        assert pool.send("stake", model, sender=OWNER, value=10**6).success == live

    @rule(data=st.data())
    def void(self, data: st.DataObject) -> None:
        waiting = self.batches(WAITING, 0, 1, 2, 3)
        if waiting:
            batch = data.draw(st.sampled_from(waiting))
            self.told(self.world.vault.send("voidSettlement", batch, sender=LEDGER))

    @rule(data=st.data())
    def sweep(self, data: st.DataObject) -> None:
        settled = self.batches(SETTLED, ROOT)
        if settled:
            batch = data.draw(st.sampled_from(settled))
            self.world.later(WINDOW + 1)
            self.told(self.world.vault.send("sweepExpired", batch))

    @invariant()
    def the_books_balance(self) -> None:
        if hasattr(self, "books"):
            people = (*CROWD, OWNER, PLATFORM, FALLBACK)
            self.books.check(self.world, people, self.models)
            left = sum(self.books.paid.values()) + self.to_stakers
            assert self.money_in == self.world.balance() + left
            assert self.world.evm.balance(REFUSING) == 0


@pytest.mark.parametrize("backend", list(Backend), ids=lambda backend: backend.value)
def test_no_order_of_steps_loses_or_makes_a_wei(backend: Backend) -> None:
    machine = type("OnOneBackEnd", (VaultSteps,), {"backend": backend})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=25, stateful_step_count=25, deadline=None)
    )


@pytest.mark.slow
@pytest.mark.parametrize("backend", list(Backend), ids=lambda backend: backend.value)
def test_no_long_order_of_steps_loses_or_makes_a_wei(backend: Backend) -> None:
    machine = type("OnOneBackEnd", (VaultSteps,), {"backend": backend})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=100, stateful_step_count=50, deadline=None)
    )
