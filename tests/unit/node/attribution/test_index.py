"""The index from events alone says what the contracts' views say, after any history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from byline.derivation.hashing import keccak256
from byline.derivation.receipt import Log
from byline.node.attribution.corpus import engine_id
from byline.node.attribution.index import bonds as index_bonds
from byline.node.attribution.index import ledger as index_ledger
from byline.node.attribution.index import registry as index_registry
from byline.node.attribution.index import vault as index_vault
from byline.node.attribution.index.events import TELLING, Place, events_of
from byline.node.attribution.index.index import Index, Unfounded, folded
from byline.node.attribution.index.rows import Mode
from byline.node.attribution.index.usage import shares_of
from byline.node.backend.attribution_checks import check_payouts, check_settlement
from byline.node.contracts.addresses import ATTRIBUTION_REGISTRY
from byline.node.contracts.artifacts import load
from byline.node.contracts.attribution_predeploys import Backend
from byline.precompiles.math import apportion
from byline.precompiles.math.sum_tree import SumTree
from tests.attribution_index import SETTINGS, Recorder, Views, recording
from tests.contracts.attribution_family import PEOPLE, done
from tests.contracts.ledger_world import (
    FALLBACK,
    OPERATOR,
    OWNERS,
    PAYERS,
    VOID,
    WATCHER,
    Batch,
)
from tests.contracts.vault_world import PLATFORM, SETTLED
from tests.properties.test_attribution_registry import RegistryMachine
from tests.properties.test_inference_ledger import Ledger
from tests.properties.test_payout_vault_steps import CROWD, VaultSteps
from tests.properties.test_stake_pool import StakePoolMachine

ROOT_MODE = 3
TREASURY = b"\x70" * 20


class IndexedLedger(Ledger):
    """The ledger's play on a model that changes how it pays, with an adapter of it."""

    recorder: Recorder

    @initialize(backend=st.sampled_from(Backend))
    def start(self, backend: Backend) -> None:
        self.recorder.begin()
        super().start(backend)
        registry = self.world.family.registry
        done(
            registry, "registerAdapter", [1], [self.world.model], [2500], 1, engine_id(3),
            bytes(20), 1, 0, "adapter", sender=OPERATOR,
        )  # fmt: skip

    @rule(mode=st.integers(0, 3), method=st.integers(0, 4))
    def change_mode(self, mode: int, method: int) -> None:
        registry, model = self.world.family.registry, self.world.model
        done(registry, "setPolicy", model, 1, method, mode, sender=OPERATOR)

    @rule(step=st.integers(1, 5))
    def train(self, step: int) -> None:
        registry, model = self.world.family.registry, self.world.model
        registry.send(
            "recordTraining", model, step, b"\1" * 32, b"\2" * 32, -step, sender=OPERATOR
        )

    @rule(batch=Ledger.batches)
    def claim(self, batch: Batch) -> None:
        row = self.recorder.grown().vault.settlements.get(batch.id)
        if row is None or row.mode != ROOT_MODE or row.settled_at == 0:
            return
        weights = [weight for _, weight in batch.payouts]
        shares = apportion(row.method, row.pot, weights)
        owners = [owner for owner, _ in batch.payouts]
        tree = SumTree(tuple(zip(owners, shares, strict=True)))
        for at, amount in enumerate(shares):
            self.world.vault.send("claim", batch.id, at, amount, tree.proof(at), sender=owners[at])

    @invariant()
    def the_index_says_what_the_views_say(self) -> None:
        if hasattr(self, "world"):
            people = (*PAYERS, WATCHER, OPERATOR, *OWNERS, FALLBACK, TREASURY)
            Views(self.world.family.evm, self.recorder.grown()).everything(people)

    @invariant()
    def what_was_paid_is_what_the_lists_give(self) -> None:
        if not hasattr(self, "world"):
            return
        index = self.recorder.grown()
        for batch, row in index.vault.settlements.items():
            found = check_settlement(index, batch)
            assert found.words == ()
            shares = shares_of(index, batch)
            assert found.done == (shares is not None and row.status == SETTLED)
            if shares is None:
                assert index.ledger.payouts_of(batch, FALLBACK) is None or not row.settled_at
            elif row.mode is Mode.ACCUMULATOR:
                assert 0 <= row.pot - sum(amount for _, amount in shares) < len(shares)
            else:
                assert sum(amount for _, amount in shares) == row.pot

    @invariant()
    def lists_that_are_not_the_sums_of_the_records_have_faults(self) -> None:
        if not hasattr(self, "world"):
            return
        index = self.recorder.grown()
        for batch in index.ledger.batches:
            found = check_payouts(index, batch)
            if found.done:
                assert bool(found.faults) == (self.lies.get(batch) == "payouts")

    @rule(batch=Ledger.batches)
    def publish_all(self, batch: Batch) -> None:
        if self.status(batch) != VOID:
            for index in range(len(batch.records)):
                self.sent(self.world.publish(batch, index, sender=WATCHER), allowed=True)

    def teardown(self) -> None:
        assert self.recorder.grown() == self.recorder.whole()


class IndexedVault(VaultSteps):
    """The vault's play: every mode, penalties, sweeps and voids."""

    backend = Backend.PRECOMPILE
    recorder: Recorder

    @initialize(modes=st.tuples(st.integers(0, 3), st.integers(0, 3)), method=st.integers(0, 4))
    def begin(self, modes: tuple[int, int], method: int) -> None:
        self.recorder.begin()
        super().begin(modes, method)

    @invariant()
    def the_index_says_what_the_views_say(self) -> None:
        if hasattr(self, "books"):
            people = (*CROWD, *PEOPLE, PLATFORM, FALLBACK)
            index = self.recorder.grown()
            Views(self.world.evm, index).everything(people)
            for who in people:
                assert index.vault.left.get(who, 0) == self.books.paid[who]


class IndexedStakes(StakePoolMachine):
    """The stake pool's play."""

    recorder: Recorder

    def __init__(self) -> None:
        self.recorder.begin()
        super().__init__()

    @invariant()
    def the_index_says_what_the_views_say(self) -> None:
        Views(self.chain.evm, self.recorder.grown()).stakes(PEOPLE)


class IndexedRegistry(RegistryMachine):
    """The registry's play."""

    recorder: Recorder

    def __init__(self) -> None:
        self.recorder.begin()
        super().__init__()

    @invariant()
    def the_index_says_what_the_views_say(self) -> None:
        views = Views(self.chain.evm, self.recorder.grown())
        views.registry()
        views.policies()


@pytest.mark.parametrize("play", [IndexedLedger, IndexedVault, IndexedStakes, IndexedRegistry])
def test_after_any_history_the_index_says_what_the_views_say(play: type[Any]) -> None:
    with recording() as recorder:
        run_state_machine_as_test(
            type("Play", (play,), {"recorder": recorder}),
            settings=settings(
                max_examples=8,
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )


@pytest.mark.slow
@pytest.mark.parametrize("play", [IndexedLedger, IndexedVault])
def test_after_any_long_history_the_index_says_what_the_views_say(play: type[Any]) -> None:
    with recording() as recorder:
        run_state_machine_as_test(
            type("Play", (play,), {"recorder": recorder}),
            settings=settings(
                max_examples=40,
                stateful_step_count=60,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )


BOOKS: Mapping[str, Mapping[str, Callable[..., None]]] = {
    "AttributionRegistry": index_registry._ENTRIES,
    "FeePolicy": index_registry._ENTRIES,
    "ContributorBond": index_bonds._BOND_ENTRIES,
    "StakePool": index_bonds._STAKE_ENTRIES,
    "InferenceLedger": {**index_ledger._ENTRIES, "ReceiptBatch": lambda *_: None},
    "PayoutVault": index_vault._ENTRIES,
}


@pytest.mark.parametrize("contract", TELLING)
def test_every_event_of_a_contract_has_its_entry(contract: str) -> None:
    events = {entry["name"] for entry in load(contract).abi if entry["type"] == "event"}
    assert events <= set(BOOKS[contract])


def _registered(uri: bytes) -> Log:
    kinds = ["bytes32"] * 4 + ["uint32", "uint32", "bytes", "bytes"]
    topic = keccak256(
        b"DatasetRegistered(uint32,address,bytes32,bytes32,bytes32,bytes32,uint32,uint32,"
        b"string,string)"
    )
    topics = (topic, (1).to_bytes(32, "big"), bytes(12) + OPERATOR)
    data = encode(kinds, [bytes(32)] * 4 + [9, 1, uri, b"MIT"])
    return Log(ATTRIBUTION_REGISTRY, topics, data)


def _place(at: int) -> Place:
    return Place(7, 1_700_000_000, bytes(32))


def test_bytes_that_are_no_text_do_not_stop_the_index() -> None:
    index = folded(Index(SETTINGS), events_of([_registered(b"\xff\xfe!")], _place))
    assert index.registry.datasets[1].uri == "\ufffd\ufffd!"


def test_folding_leaves_the_index_before_as_it_was() -> None:
    before = Index(SETTINGS)
    after = folded(before, events_of([_registered(b"here")], _place))
    assert (before.registry.datasets, before.events) == ({}, 0)
    assert (set(after.registry.datasets), after.events) == ({1}, 1)


def test_logs_of_others_and_unknown_events_are_passed_over() -> None:
    log = _registered(b"")
    others = [
        replace(log, address=b"\x01" * 20),
        replace(log, topics=()),
        replace(log, topics=(bytes(32),)),
    ]
    assert list(events_of(others, _place)) == []


def test_an_event_out_of_nowhere_is_named() -> None:
    topic = keccak256(b"DatasetStatus(uint32,uint8)")
    log = Log(ATTRIBUTION_REGISTRY, (topic, (9).to_bytes(32, "big")), (2).to_bytes(32, "big"))
    with pytest.raises(Unfounded, match=r"block 7: AttributionRegistry.DatasetStatus does not"):
        folded(Index(SETTINGS), events_of([log], _place))


@pytest.mark.parametrize("data", [b"", bytes(31), b"\xff" * 320])
def test_data_that_are_no_event_are_named(data: bytes) -> None:
    log = replace(_registered(b"here"), data=data)
    with pytest.raises(Unfounded, match="DatasetRegistered is no such event"):
        list(events_of([log], _place))


def test_topics_that_are_no_event_are_named() -> None:
    one = _registered(b"here")
    with pytest.raises(Unfounded, match="DatasetRegistered is no such event"):
        list(events_of([replace(one, topics=one.topics[:2])], _place))
