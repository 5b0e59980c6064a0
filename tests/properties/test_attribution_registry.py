"""AttributionRegistry: whatever is registered, its views are what its events tell, and every
lineage divides money as the models were made."""

from __future__ import annotations

from collections import Counter
from typing import Any

from eth_abi.abi import decode
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from byline.precompiles import ATTRIBUTION_MATH
from byline.precompiles.math import CASCADE, apportion
from tests.contracts.attribution_family import LEDGER, PEOPLE, done, family, told
from tests.contracts.harness import Outcome, calldata
from tests.contracts.registry_books import Books

SPANS = keccak(text="byline spans v1")[:30]
POLICIES = 2

people = st.sampled_from(PEOPLE[:3])
ids = st.integers(0, 5)
rightful = st.booleans()
"""Whether it is the owner that calls, not somebody."""
words = st.integers(0, 2**256 - 1).map(lambda value: value.to_bytes(32, "big"))
engines = words | st.integers(0, 66).map(lambda least: SPANS + least.to_bytes(2, "big"))
counts = st.integers(0, 40) | st.integers(0, 2**32 - 1)
texts = st.text(max_size=30)
families = st.dictionaries(st.integers(1, 8), st.integers(1, 10_000 // 4), max_size=4)
terms = st.tuples(st.integers(0, POLICIES + 1), st.integers(0, 5), st.integers(0, 4))
good_terms = st.tuples(st.integers(1, POLICIES), st.integers(0, 4), st.integers(0, 3))


def text(address: bytes) -> str:
    return "0x" + address.hex()


def is_ascending(numbers: list[int]) -> bool:
    return all(low < high for low, high in zip([0, *numbers], numbers, strict=False))


class RegistryMachine(RuleBasedStateMachine):
    """People register, change and deprecate; the ledger condemns."""

    def __init__(self) -> None:
        super().__init__()
        self.chain = family()
        self.registry = self.chain.registry
        self.books = Books()

    @initialize(tokens=st.integers(1, 2**32 - 1), shape=st.lists(families, max_size=8))
    def begin(self, tokens: int, shape: list[dict[int, int]]) -> None:
        for _ in range(POLICIES):
            done(self.chain.policy, "createPolicy", 1, 1, 0, 0, 0, 0, 10_000, PEOPLE[0])
        for size in (tokens, 100):
            roots = (bytes(32),) * 4
            self.send(True, "registerDataset", *roots, size, 1, "", "", sender=PEOPLE[0])
        for index, parents in enumerate([{}, *shape]):
            older = {one: bps for one, bps in sorted(parents.items()) if one <= index}
            self._add_model(PEOPLE[1], [2], older, bytes(31) + b"\1", (1, 0, 3), bool(older))

    def send(self, possible: bool, name: str, *arguments: Any, sender: bytes) -> Outcome:
        """Send; it must succeed exactly where it is `possible`."""
        outcome = self.registry.send(name, *arguments, sender=sender)
        assert outcome.success == possible, self.registry.error(outcome)
        assert outcome.success or self.registry.error(outcome).isalpha()
        self.books.read(told(self.registry, outcome))
        return outcome

    def caller(self, who: bytes, rightful: bool, owner: str) -> bytes:
        """Return `who`, or the owner of what is called for where there is one."""
        found = bytes.fromhex(owner.removeprefix("0x"))
        return found if rightful and any(found) else who

    def owns(self, who: bytes, model: int) -> bool:
        return model in self.books.models and bool(self.books.model(model)[0] == text(who))

    def registered(self, who: bytes, dataset: int) -> bool:
        return bool(self.books.dataset(dataset)[0] == text(who))

    @rule(
        who=people,
        roots=st.tuples(words, words, words, words),
        tokens=counts,
        owners=counts,
        uri=texts,
        previous=st.none() | ids,
        rightful=rightful,
    )
    def add_dataset(
        self,
        who: bytes,
        roots: tuple[bytes, ...],
        tokens: int,
        owners: int,
        uri: str,
        previous: int | None,
        rightful: bool,
    ) -> None:
        values = (*roots, tokens, owners, uri, "MIT")
        possible = 0 < owners <= tokens
        if previous is None:
            self.send(possible, "registerDataset", *values, sender=who)
        else:
            who = self.caller(who, rightful, self.books.dataset(previous)[0])
            possible = possible and self.registered(who, previous)
            self.send(possible, "newVersion", previous, *values, sender=who)

    @rule(who=people, rightful=rightful, dataset=ids)
    def deprecate_dataset(self, who: bytes, rightful: bool, dataset: int) -> None:
        who = self.caller(who, rightful, self.books.dataset(dataset)[0])
        live = self.books.dataset(dataset)[-1] == 1
        self.send(self.registered(who, dataset) and live, "deprecateDataset", dataset, sender=who)

    @rule(dataset=ids)
    def condemn_dataset(self, dataset: int) -> None:
        possible = self.books.dataset(dataset)[-1] in (1, 2)
        self.send(possible, "condemnDataset", dataset, sender=LEDGER)

    @rule(
        who=people,
        datasets=st.lists(ids, max_size=5),
        parents=st.dictionaries(st.integers(0, 9), st.integers(0, 6_000), max_size=4),
        engine=engines,
        terms=terms,
        adapter=st.booleans(),
    )
    def add_model_of_any_kind(
        self,
        who: bytes,
        datasets: list[int],
        parents: dict[int, int],
        engine: bytes,
        terms: tuple[int, int, int],
        adapter: bool,
    ) -> None:
        self._add_model(who, datasets, parents, engine, terms, adapter)

    @rule(who=people, data=st.data(), terms=good_terms)
    def add_model(self, who: bytes, data: st.DataObject, terms: tuple[int, int, int]) -> None:
        usable = [i for i in self.books.datasets if self.books.dataset(i)[-1] < 3]
        if not usable:
            return
        datasets = [data.draw(st.sampled_from(usable), "dataset")]
        parents: dict[int, int] = {}
        if self.books.models:
            several = st.lists(st.sampled_from(list(self.books.models)), max_size=4, unique=True)
            chosen = sorted(data.draw(several, "parents"))
            left = 10_000
            for parent in chosen:
                parents[parent] = data.draw(st.integers(1, left - len(chosen)), "bps")
                left -= parents[parent]
                if left <= len(chosen):
                    break
        self._add_model(who, datasets, parents, SPANS + b"\0\1", terms, bool(parents))

    def _add_model(
        self,
        who: bytes,
        datasets: list[int],
        parents: dict[int, int],
        engine: bytes,
        terms: tuple[int, int, int],
        adapter: bool,
    ) -> None:
        names, bps = list(parents), list(parents.values())
        policy, method, mode = terms
        known = [self.books.dataset(one) for one in datasets]
        least = int.from_bytes(engine[30:], "big")
        closure = {above for one in names for above in self._lineage(one)}
        possible = (
            1 <= len(datasets) <= 4
            and is_ascending(datasets)
            and all(one[-1] in (1, 2) for one in known)
            and sum(one[5] for one in known) < 2**32
            and is_ascending(names)
            and all(one in self.books.models for one in names)
            and all(bps)
            and sum(bps) <= 10_000
            and len(closure) < 32
            and (bool(names) or not adapter)
            and 1 <= policy <= POLICIES
            and method <= 4
            and mode <= 3
            and engine[:30] == SPANS
            and 1 <= least <= 64
        )
        name = "registerAdapter" if adapter else "registerModel"
        values = (datasets, names, bps, policy, engine, bytes(20), method, mode, "")
        self.send(possible, name, *values, sender=who)

    def _lineage(self, model: int) -> set[int]:
        return set(self.books.lineage(model)[0]) if model in self.books.models else set()

    @rule(who=people, rightful=rightful, model=ids, terms=terms | good_terms)
    def set_policy(
        self, who: bytes, rightful: bool, model: int, terms: tuple[int, int, int]
    ) -> None:
        who = self.caller(who, rightful, self.books.model(model)[0])
        policy, method, mode = terms
        possible = self.owns(who, model) and 1 <= policy <= POLICIES and method < 5 and mode < 4
        self.send(possible, "setPolicy", model, *terms, sender=who)

    @rule(who=people, rightful=rightful, model=ids, operator=people)
    def set_operator(self, who: bytes, rightful: bool, model: int, operator: bytes) -> None:
        who = self.caller(who, rightful, self.books.model(model)[0])
        self.send(self.owns(who, model), "setOperator", model, operator, sender=who)

    @rule(
        who=people,
        rightful=rightful,
        model=ids,
        step=st.integers(0, 20),
        loss=st.integers(-(2**63), 2**63 - 1),
    )
    def train(self, who: bytes, rightful: bool, model: int, step: int, loss: int) -> None:
        who = self.caller(who, rightful, self.books.model(model)[0])
        live = self.books.model(model)[-1] == 1
        possible = self.owns(who, model) and live and step > self.books.last_step[model]
        values = (model, step, b"\x01" * 32, b"\x02" * 32, loss)
        self.send(possible, "recordTraining", *values, sender=who)

    @rule(who=people, rightful=rightful, model=ids)
    def deprecate_model(self, who: bytes, rightful: bool, model: int) -> None:
        who = self.caller(who, rightful, self.books.model(model)[0])
        possible = self.owns(who, model) and self.books.model(model)[-1] == 1
        self.send(possible, "deprecateModel", model, sender=who)

    @invariant()
    def views_are_what_the_events_tell(self) -> None:
        books = self.books
        assert self.registry.read("datasetCount") == len(books.datasets)
        assert self.registry.read("modelCount") == len(books.models)
        for dataset in range(len(books.datasets) + 2):
            assert self.registry.read("dataset", dataset) == books.dataset(dataset)
        for model in range(len(books.models) + 2):
            assert self.registry.read("model", model) == books.model(model)
            above = dict(sorted(books.parents[model].items()))
            assert self.registry.read("parents", model) == (tuple(above), tuple(above.values()))
            assert self.registry.read("lastStep", model) == books.last_step[model]
            if model in books.models:
                named = books.models[model]["datasets"]
                assert self.registry.read("modelDatasets", model) == named
                assert self.registry.read("lineage", model) == books.lineage(model)


TestAttributionRegistry = RegistryMachine.TestCase
TestAttributionRegistry.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)


def flows(books: Books, model: int, amount: int) -> dict[int, int]:
    """Return what each model of a lineage gets, from the parents that the events told."""
    arriving: Counter[int] = Counter({model: amount})
    kept = {}
    for one in reversed(books.lineage(model)[0]):
        above = dict(sorted(books.parents[one].items()))
        own = 10_000 - sum(above.values())
        kept[one] = arriving[one] * own // 10_000 if above else arriving[one]
        if above:
            shares = apportion(CASCADE, arriving[one] - kept[one], list(above.values()))
            arriving.update(dict(zip(above, shares, strict=True)))
    return kept


parents = st.dictionaries(st.integers(1, 9), st.integers(1, 2_500), min_size=1, max_size=4)


@given(
    shape=st.lists(parents, min_size=2, max_size=9),
    amount=st.integers(0, 9) | st.integers(0, 10**20) | st.just(2**128 - 1),
)
@settings(max_examples=25)
def test_a_lineage_divides_what_comes_in_as_the_models_were_made(
    shape: list[dict[int, int]], amount: int
) -> None:
    chain, books = family(), Books()
    registry = chain.registry
    done(chain.policy, "createPolicy", 1, 1, 0, 0, 0, 0, 10_000, PEOPLE[0])
    done(registry, "registerDataset", *(bytes(32),) * 4, 9, 1, "", "")
    for index, wanted in enumerate([{}, *shape]):
        above = {one: bps for one, bps in sorted(wanted.items()) if one <= index}
        lists = ([1], list(above), list(above.values()))
        values = (*lists, 1, SPANS + b"\0\1", bytes(20), 0, 0, "")
        books.read(told(registry, done(registry, "registerModel", *values)))
    for model in books.models:
        lineage, nodes, edges = registry.read("lineage", model)
        assert (lineage, nodes, edges) == books.lineage(model)
        call = calldata("payoutTree(uint128,bytes,bytes)", amount, nodes, edges)
        outcome = chain.evm.call(ATTRIBUTION_MATH, call)
        assert outcome.success, outcome.output.hex()
        (shares,) = decode(["uint128[]"], outcome.output)
        assert dict(zip(lineage, shares, strict=True)) == flows(books, model, amount)
        assert sum(shares) == amount
