"""AttributionRegistry: who may say what of datasets and models, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from tests.contracts.attribution_family import (
    LEDGER,
    PEOPLE,
    Family,
    done,
    family,
    number,
    refused,
    told,
)
from tests.contracts.harness import Outcome
from tests.contracts.registry_books import UNKNOWN_DATASET, UNKNOWN_MODEL, Books

ALICE, BOB, CAROL, DAVE, *_ = PEOPLE
ROOTS = tuple(keccak(text=name) for name in ("documents", "tokens", "suffixes", "owners"))
SPANS = keccak(text="byline spans v1")[:30]
ENGINE = SPANS + (5).to_bytes(2, "big")
POLICY = (3, 5, 7, 500, 4_500, 1_000, 4_000, DAVE)
MOST = 2**32 - 1


@pytest.fixture
def chain() -> Family:
    made = family()
    for _ in range(2):
        done(made.policy, "createPolicy", *POLICY)
    return made


def describe(**changes: Any) -> tuple[Any, ...]:
    usual = dict(zip(("doc", "tok", "sa", "owner"), ROOTS, strict=True))
    rest = {"tokens": 1_000, "owners": 10, "uri": "ipfs://texts", "license": "CC-BY-4.0"}
    return tuple((usual | rest | changes).values())


def dataset(chain: Family, sender: bytes = ALICE, **changes: Any) -> int:
    return number(done(chain.registry, "registerDataset", *describe(**changes), sender=sender))


def terms(**changes: Any) -> tuple[Any, ...]:
    usual = {
        "datasets": [1],
        "parents": [],
        "bps": [],
        "policy": 1,
        "engine": ENGINE,
        "fallback": CAROL,
        "method": 0,
        "mode": 3,
        "uri": "ipfs://model",
    }
    return tuple((usual | changes).values())


def model(chain: Family, sender: bytes = BOB, name: str = "registerModel", **changes: Any) -> int:
    return number(done(chain.registry, name, *terms(**changes), sender=sender))


def attempt(chain: Family, sender: bytes = BOB, **changes: Any) -> Outcome:
    return chain.registry.send("registerModel", *terms(**changes), sender=sender)


def text(address: bytes) -> str:
    return "0x" + address.hex()


def test_a_dataset_reads_as_it_was_registered(chain: Family) -> None:
    assert dataset(chain) == 1
    assert dataset(chain, BOB, tokens=MOST, owners=MOST) == 2
    assert chain.registry.read("datasetCount") == 2
    assert chain.registry.read("dataset", 1) == (text(ALICE), *ROOTS, 1_000, 10, 1, 0, 1)
    assert chain.registry.read("dataset", 2) == (text(BOB), *ROOTS, MOST, MOST, 1, 0, 1)
    for unknown in (0, 3, MOST):
        assert chain.registry.read("dataset", unknown) == UNKNOWN_DATASET


def test_every_field_of_a_dataset_is_in_its_event(chain: Family) -> None:
    outcome = done(chain.registry, "registerDataset", *describe(), sender=ALICE)
    (event,) = told(chain.registry, outcome)
    names = ("docRoot", "tokRoot", "saRoot", "ownerRoot", "tokens", "owners", "uri", "license")
    assert event == {
        "": "DatasetRegistered",
        "id": 1,
        "registrant": text(ALICE),
        **dict(zip(names, describe(), strict=True)),
    }


def test_a_version_follows_the_dataset_of_the_same_registrant(chain: Family) -> None:
    dataset(chain)
    changed = describe(tok=b"\x09" * 32, tokens=2_000)
    outcome = done(chain.registry, "newVersion", 1, *changed, sender=ALICE)
    assert number(outcome) == 2
    registered, version = told(chain.registry, outcome)
    assert registered["tokRoot"] == b"\x09" * 32
    assert version == {"": "DatasetVersion", "id": 2, "previous": 1, "version": 2}
    assert chain.registry.read("dataset", 2)[5:] == (2_000, 10, 2, 1, 1)
    assert number(done(chain.registry, "newVersion", 2, *changed, sender=ALICE)) == 3
    assert chain.registry.read("dataset", 3)[7:9] == (3, 2)
    assert chain.registry.read("dataset", 1)[7:] == (1, 0, 1)
    for sender, previous, signature, argument in (
        (BOB, 2, "NotRegistrant(address)", BOB),
        (ALICE, 4, "UnknownDataset(uint256)", 4),
        (ALICE, 0, "UnknownDataset(uint256)", 0),
    ):
        outcome = chain.registry.send("newVersion", previous, *changed, sender=sender)
        refused(chain.registry, outcome, signature, argument)


WRONG_DATASETS: dict[str, tuple[dict[str, Any], str, list[Any]]] = {
    "no tokens": ({"tokens": 0, "owners": 0}, "EmptyDataset()", []),
    "no owners": ({"owners": 0}, "BadOwners(uint256)", [0]),
    "more owners than tokens": ({"owners": 1_001}, "BadOwners(uint256)", [1_001]),
    "a long place": ({"uri": "u" * 257}, "UriTooLong(uint256)", [257]),
    "long terms": ({"license": "l" * 65}, "LicenseTooLong(uint256)", [65]),
}


@pytest.mark.parametrize(("changes", "error", "args"), WRONG_DATASETS.values(), ids=WRONG_DATASETS)
def test_datasets_that_make_no_sense_are_refused(
    chain: Family, changes: dict[str, Any], error: str, args: list[Any]
) -> None:
    assert dataset(chain, uri="u" * 256, license="l" * 64) == 1
    values = describe(**changes)
    refused(chain.registry, chain.registry.send("registerDataset", *values), error, *args)
    outcome = chain.registry.send("newVersion", 1, *values, sender=ALICE)
    refused(chain.registry, outcome, error, *args)
    assert chain.registry.read("datasetCount") == 1


def test_the_registrant_deprecates_and_the_ledger_condemns(chain: Family) -> None:
    registry = chain.registry
    dataset(chain)
    for sender, call, signature, *arguments in (
        (BOB, ("deprecateDataset", 1), "NotRegistrant(address)", BOB),
        (ALICE, ("deprecateDataset", 2), "UnknownDataset(uint256)", 2),
        (ALICE, ("condemnDataset", 1), "NotLedger(address)", ALICE),
        (LEDGER, ("condemnDataset", 2), "UnknownDataset(uint256)", 2),
    ):
        refused(registry, registry.send(*call, sender=sender), signature, *arguments)
    (event,) = told(registry, done(registry, "deprecateDataset", 1, sender=ALICE))
    assert event == {"": "DatasetStatus", "id": 1, "status": 2}
    assert registry.read("dataset", 1)[-1] == 2
    again = registry.send("deprecateDataset", 1, sender=ALICE)
    refused(registry, again, "NotLive(uint256)", 1)
    (event,) = told(registry, done(registry, "condemnDataset", 1, sender=LEDGER))
    assert event == {"": "DatasetStatus", "id": 1, "status": 3}
    again = registry.send("condemnDataset", 1, sender=LEDGER)
    refused(registry, again, "AlreadyCondemned(uint256)", 1)
    again = registry.send("deprecateDataset", 1, sender=ALICE)
    refused(registry, again, "NotLive(uint256)", 1)


def test_a_condemned_dataset_can_be_followed_but_not_used(chain: Family) -> None:
    dataset(chain)
    done(chain.registry, "condemnDataset", 1, sender=LEDGER)
    refused(chain.registry, attempt(chain), "DatasetCondemned(uint256)", 1)
    done(chain.registry, "newVersion", 1, *describe(), sender=ALICE)
    assert model(chain, datasets=[2]) == 1


def test_a_model_reads_as_it_was_registered(chain: Family) -> None:
    for count in (7, 20, 300):
        dataset(chain, tokens=count, owners=1)
    assert model(chain, datasets=[1, 3], method=4, mode=0, policy=2) == 1
    expected = (text(BOB), text(BOB), text(CAROL), 0, 2, ENGINE, 4, 0, 307, 1)
    assert chain.registry.read("model", 1) == expected
    assert chain.registry.read("modelDatasets", 1) == (1, 3)
    assert chain.registry.read("parents", 1) == ((), ())
    assert chain.registry.read("lineage", 1) == ((1,), b"\x27\x10", b"")
    assert model(chain, fallback=bytes(20), datasets=[1, 2, 3]) == 2
    assert chain.registry.read("model", 2)[2] == text(BOB)
    for unknown in (0, 3, MOST):
        assert chain.registry.read("model", unknown) == UNKNOWN_MODEL
        assert chain.registry.read("modelDatasets", unknown) == ()
        assert chain.registry.read("parents", unknown) == ((), ())
        outcome = chain.registry.send("lineage", unknown)
        refused(chain.registry, outcome, "UnknownModel(uint256)", unknown)


def test_an_adapter_has_a_parent_and_every_field_is_in_the_events(chain: Family) -> None:
    dataset(chain)
    model(chain)
    refused(chain.registry, chain.registry.send("registerAdapter", *terms()), "NoParents()")
    values = terms(parents=[1], bps=[2_500])
    outcome = done(chain.registry, "registerAdapter", *values, sender=ALICE)
    registered, edge = told(chain.registry, outcome)
    assert registered == {
        "": "ModelRegistered",
        "id": 2,
        "owner": text(ALICE),
        "operator": text(ALICE),
        "fallbackTo": text(CAROL),
        "kind": 1,
        "feePolicy": 1,
        "engineId": ENGINE,
        "method": 0,
        "mode": 3,
        "tokens": 1_000,
        "datasets": (1,),
        "uri": "ipfs://model",
    }
    assert edge == {"": "LineageEdge", "child": 2, "parent": 1, "bps": 2_500}
    assert chain.registry.read("parents", 2) == ((1,), (2_500,))
    assert chain.registry.read("lineage", 2) == (
        (1, 2),
        (10_000).to_bytes(2, "big") + (7_500).to_bytes(2, "big"),
        bytes.fromhex("00010000000009c4"),
    )


OTHER_ENGINE = keccak(text="another engine")[:30] + b"\0\5"
WRONG_MODELS: dict[str, tuple[dict[str, Any], str, list[Any]]] = {
    "no dataset": ({"datasets": []}, "BadDatasetCount(uint256)", [0]),
    "five datasets": ({"datasets": [1, 2, 3, 4, 5]}, "BadDatasetCount(uint256)", [5]),
    "datasets out of order": ({"datasets": [2, 1]}, "NotAscending(uint256)", [1]),
    "a dataset twice": ({"datasets": [1, 2, 2]}, "NotAscending(uint256)", [2]),
    "dataset zero": ({"datasets": [0, 1]}, "NotAscending(uint256)", [0]),
    "an unknown dataset": ({"datasets": [1, 6]}, "UnknownDataset(uint256)", [6]),
    "a condemned dataset": ({"datasets": [1, 5]}, "DatasetCondemned(uint256)", [5]),
    "too many tokens": ({"datasets": [1, 4]}, "TooManyTokens(uint256)", [2**32]),
    "a part too few": ({"parents": [1]}, "LengthMismatch(uint256,uint256)", [1, 0]),
    "a part too many": ({"bps": [1]}, "LengthMismatch(uint256,uint256)", [0, 1]),
    "parents out of order": ({"parents": [2, 1], "bps": [1, 1]}, "NotAscending(uint256)", [1]),
    "itself for a parent": ({"parents": [1, 3], "bps": [1, 1]}, "BadParent(uint256)", [3]),
    "a parent that gets nothing": ({"parents": [1], "bps": [0]}, "BadBps(uint256)", [0]),
    "parents that get more than all": (
        {"parents": [1, 2], "bps": [5_000, 5_001]},
        "BadBps(uint256)",
        [10_001],
    ),
    "no policy": ({"policy": 0}, "UnknownPolicy(uint256)", [0]),
    "an unknown policy": ({"policy": 3}, "UnknownPolicy(uint256)", [3]),
    "an unknown method": ({"method": 5}, "UnknownMethod(uint8)", [5]),
    "an unknown mode": ({"mode": 4}, "UnknownMode(uint8)", [4]),
    "no engine": ({"engine": bytes(32)}, "UnknownEngine(bytes32)", [bytes(32)]),
    "another engine": ({"engine": OTHER_ENGINE}, "UnknownEngine(bytes32)", [OTHER_ENGINE]),
    "spans of no token": (
        {"engine": SPANS + bytes(2)},
        "UnknownEngine(bytes32)",
        [SPANS + bytes(2)],
    ),
    "spans of 65 tokens": (
        {"engine": SPANS + b"\0\x41"},
        "UnknownEngine(bytes32)",
        [SPANS + b"\0\x41"],
    ),
    "a long place": ({"uri": "u" * 257}, "UriTooLong(uint256)", [257]),
}


@pytest.mark.parametrize(("changes", "error", "args"), WRONG_MODELS.values(), ids=WRONG_MODELS)
def test_models_that_make_no_sense_are_refused(
    chain: Family, changes: dict[str, Any], error: str, args: list[Any]
) -> None:
    for count in (1_000, 1, 1, 2**32 - 1_000, 1):
        dataset(chain, tokens=count, owners=1)
    done(chain.registry, "condemnDataset", 5, sender=LEDGER)
    for _ in range(2):
        model(chain)
    refused(chain.registry, attempt(chain, **changes), error, *args)
    assert chain.registry.read("modelCount") == 2


@pytest.mark.parametrize("engine", [SPANS + b"\0\x01", SPANS + b"\0\x40"])
def test_spans_of_1_to_64_tokens_are_registered(chain: Family, engine: bytes) -> None:
    dataset(chain)
    model(chain, engine=engine)
    assert chain.registry.read("model", 1)[5] == engine


def test_the_owner_changes_terms_and_operator(chain: Family) -> None:
    registry = chain.registry
    dataset(chain)
    model(chain)
    before = registry.read("model", 1)
    (event,) = told(registry, done(registry, "setPolicy", 1, 2, 1, 0, sender=BOB))
    assert event == {"": "PolicySet", "model": 1, "feePolicy": 2, "method": 1, "mode": 0}
    (event,) = told(registry, done(registry, "setOperator", 1, CAROL, sender=BOB))
    assert event == {"": "OperatorSet", "model": 1, "operator": text(CAROL)}
    after = registry.read("model", 1)
    assert after == (before[0], text(CAROL), *before[2:4], 2, before[5], 1, 0, *before[8:])
    (event,) = told(registry, done(registry, "deprecateModel", 1, sender=BOB))
    assert event == {"": "ModelStatus", "model": 1, "status": 2}
    assert registry.read("model", 1) == (*after[:-1], 2)
    refused(registry, registry.send("deprecateModel", 1, sender=BOB), "NotLive(uint256)", 1)


OWNERS_CALLS: dict[str, tuple[Any, ...]] = {
    "setPolicy": (1, 0, 0),
    "setOperator": (CAROL,),
    "recordTraining": (1, bytes(32), bytes(32), 0),
    "deprecateModel": (),
}


@pytest.mark.parametrize(("name", "arguments"), OWNERS_CALLS.items(), ids=OWNERS_CALLS)
def test_nobody_but_the_owner_changes_a_model(
    chain: Family, name: str, arguments: tuple[Any, ...]
) -> None:
    registry = chain.registry
    dataset(chain)
    model(chain)
    done(registry, "setOperator", 1, CAROL, sender=BOB)
    outcome = registry.send(name, 1, *arguments, sender=CAROL)
    refused(registry, outcome, "NotModelOwner(address)", CAROL)
    for unknown in (0, 2):
        outcome = registry.send(name, unknown, *arguments, sender=BOB)
        refused(registry, outcome, "UnknownModel(uint256)", unknown)


def test_terms_that_make_no_sense_are_refused_later_too(chain: Family) -> None:
    registry = chain.registry
    dataset(chain)
    model(chain)
    for terms_of, signature, argument in (
        ((3, 0, 0), "UnknownPolicy(uint256)", 3),
        ((1, 5, 0), "UnknownMethod(uint8)", 5),
        ((1, 0, 4), "UnknownMode(uint8)", 4),
    ):
        outcome = registry.send("setPolicy", 1, *terms_of, sender=BOB)
        refused(registry, outcome, signature, argument)
    outcome = registry.send("setOperator", 1, bytes(20), sender=BOB)
    refused(registry, outcome, "ZeroOperator()")


def test_training_goes_forward(chain: Family) -> None:
    registry = chain.registry
    dataset(chain)
    model(chain)
    values = (b"\x01" * 32, b"\x02" * 32, -(2**63))
    first = registry.send("recordTraining", 1, 0, *values, sender=BOB)
    refused(registry, first, "StepNotAfter(uint256)", 0)
    (event,) = told(registry, done(registry, "recordTraining", 1, 10, *values, sender=BOB))
    assert event == {
        "": "TrainingStep",
        "model": 1,
        "step": 10,
        "checkpointRoot": values[0],
        "batchRoot": values[1],
        "lossQ16": values[2],
    }
    assert registry.read("lastStep", 1) == 10
    again = registry.send("recordTraining", 1, 10, *values, sender=BOB)
    refused(registry, again, "StepNotAfter(uint256)", 10)
    done(registry, "recordTraining", 1, 2**64 - 1, *values, sender=BOB)
    done(registry, "deprecateModel", 1, sender=BOB)
    late = registry.send("recordTraining", 1, 2**64 - 1, *values, sender=BOB)
    refused(registry, late, "NotLive(uint256)", 1)


def test_a_lineage_holds_32_models_each_made_from_all_before(chain: Family) -> None:
    registry, books = chain.registry, Books()
    dataset(chain)
    for count in range(32):
        parents = list(range(1, count + 1))
        outcome = done(registry, "registerModel", *terms(parents=parents, bps=[300] * count))
        books.read(told(registry, outcome))
    ids, nodes, edges = registry.read("lineage", 32)
    assert (ids, nodes, edges) == books.lineage(32)
    assert (len(ids), len(nodes), len(edges)) == (32, 2 * 32, 8 * 496)
    refused(registry, attempt(chain, parents=[32], bps=[1]), "LineageTooLarge(uint256)", 33)
    wide = list(range(1, 33))
    refused(registry, attempt(chain, parents=wide, bps=[1] * 32), "LineageTooLarge(uint256)", 33)
    assert model(chain, parents=[31], bps=[10_000]) == 33
    assert registry.read("lineage", 33)[1][-2:] == bytes(2)


def test_what_two_parents_share_is_in_the_lineage_once(chain: Family) -> None:
    dataset(chain)
    for parents in ([], [1], [1], [2, 3], []):
        model(chain, parents=parents, bps=[1_000] * len(parents))
    assert chain.registry.read("lineage", 4)[0] == (1, 2, 3, 4)
    assert chain.registry.read("lineage", 5)[0] == (5,)
    model(chain, parents=[4, 5], bps=[1, 1])
    ids, _, edges = chain.registry.read("lineage", 6)
    assert ids == (1, 2, 3, 4, 5, 6)
    children = [int.from_bytes(edges[at : at + 2], "big") for at in range(0, len(edges), 8)]
    assert children == [1, 2, 3, 3, 5, 5]


def test_ether_is_refused(chain: Family) -> None:
    for contract in (chain.registry, chain.policy):
        assert not chain.evm.call(contract.address, value=1, sender=ALICE).success
