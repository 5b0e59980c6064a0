"""The twin contract, the precompile on the chain, reference and kernel are one function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.derivation.hashing import EMPTY_TRIE_ROOT
from byline.node.contracts import addresses
from byline.node.contracts.artifacts import load
from byline.precompiles import ATTRIBUTION_MATH, PRECOMPILES
from byline.precompiles.math import (
    CASCADE,
    HAMILTON,
    MAX_RECIPIENTS,
    METHODS,
    encode_call,
    gas,
)
from tests.attribution_cores import cores
from tests.contracts.attribution_family import WithOwnNatives
from tests.contracts.harness import ANYBODY, CHAIN_ID
from tests.contracts.quick import Base, Quick
from tests.unit.precompiles.test_refusals import (
    LINES,
    cap_floor,
    chunk,
    decay,
    relu,
    softmax,
)

GAS = 4_000_000_000
TWIN = addresses.ATTRIBUTION_MATH
few = settings(max_examples=60)


@pytest.fixture(scope="module")
def evm() -> Quick:
    """One state for all: neither form has any of its own."""
    evm = WithOwnNatives(Base({}, EMPTY_TRIE_ROOT, 1, 1_700_000_000), CHAIN_ID)
    evm.set(TWIN, code=load("AttributionMath").runtime)
    return evm


def outcomes(evm: Quick, data: bytes) -> dict[str, tuple[bool, bytes]]:
    """Return success and output, or revert data, of all four forms."""
    found = {core.name: core.outcome(data) for core in cores()}
    for name, address in (("precompile", ATTRIBUTION_MATH), ("twin", TWIN)):
        outcome = evm.call(address, data, gas=GAS)
        assert outcome.success or outcome.output, (name, outcome.error)
        found[name] = outcome.success, outcome.output
    return found


def assert_agree(evm: Quick, data: bytes, *, taken: bool | None = None) -> None:
    """taken: whether all are to answer; `None` where they may refuse as well."""
    found = outcomes(evm, data)
    assert len(set(found.values())) == 1, found
    if taken is not None:
        assert {success for success, _ in found.values()} == {taken}, found


@pytest.mark.parametrize("data", [data for data, _ in LINES.values()], ids=LINES.keys())
def test_all_refuse_with_the_same_bytes(evm: Quick, data: bytes) -> None:
    assert_agree(evm, data, taken=False)


words = st.one_of(
    st.integers(0, 3),
    st.sampled_from([1, 2, 3, 5]).map(lambda few: 2**64 // few),
    st.integers(0, 2**40),
    st.integers(2**64 - 2, 2**64 + 1),
    st.integers(0, 2**256 - 1),
)
amounts = st.one_of(
    st.integers(0, 50), st.integers(0, 10**20), st.integers(2**128 - 2, 2**128 + 1)
)


@few
@given(
    method=st.sampled_from(sorted(METHODS.values())),
    amount=st.integers(0, 50) | st.integers(0, 2**128 - 1),
    weights=st.lists(st.integers(0, 4) | st.integers(0, 2**59), min_size=1, max_size=24),
)
def test_all_divide_alike(evm: Quick, method: int, amount: int, weights: list[int]) -> None:
    assert_agree(evm, encode_call(method, amount, weights), taken=any(weights))


@few
@given(
    amount=st.integers(0, 50) | st.integers(0, 2**128 - 1),
    weights=st.lists(st.integers(0, 4) | st.integers(0, 2**59), max_size=12),
    more=st.integers(-1, 2**58),
    reached=st.integers(0, 2**58),
)
def test_all_divide_chunks_alike(
    evm: Quick, amount: int, weights: list[int], more: int, reached: int
) -> None:
    total = max(0, sum(weights) + reached + more)
    taken = total > 0 and more >= 0
    assert_agree(evm, chunk(amount, total, reached, weights), taken=taken)


@few
@given(
    amount=st.integers(0, 50) | st.integers(0, 2**128 - 1),
    weights=st.lists(
        st.integers(0, 4) | st.integers(0, 2**12) | st.integers(0, 2**59), max_size=24
    ),
    parts=st.integers(1, 200),
    least=st.integers(0, 3),
    max_bps=st.integers(0, 10_001),
)
def test_all_keep_to_a_floor_and_a_cap_alike(
    evm: Quick, amount: int, weights: list[int], parts: int, least: int, max_bps: int
) -> None:
    min_pay = least * amount // parts // 2
    taken = min_pay < 2**128 and max_bps <= 10_000 and any(weights)
    assert_agree(evm, cap_floor(amount, weights, min_pay, max_bps), taken=taken)


@few
@given(
    scores=st.lists(st.integers(-(2**20), 2**20) | st.integers(-(2**63) - 1, 2**63), max_size=12),
    unit=st.integers(0, 2**20) | st.integers(2**32 - 2, 2**32),
    weights=st.lists(st.integers(0, 2**64), max_size=6),
    ages=st.lists(st.integers(0, 60) | st.integers(0, 2**32), min_size=6, max_size=6),
    more=st.sampled_from([0, 0, 0, 1]),
)
def test_all_weigh_alike(
    evm: Quick,
    scores: list[int],
    unit: int,
    weights: list[int],
    ages: list[int],
    more: int,
) -> None:
    assert_agree(evm, relu(scores))
    assert_agree(evm, softmax(scores, unit))
    assert_agree(evm, decay(weights, (ages * 2)[: len(weights) + more], unit))


@few
@given(method=st.integers(0, 6) | words, amount=amounts, weights=st.lists(words, max_size=6))
def test_all_agree_on_arguments_out_of_range(
    evm: Quick, method: int, amount: int, weights: list[int]
) -> None:
    assert_agree(evm, encode_call(method, amount, weights))


CALLS: Final[dict[str, Callable[[list[int]], bytes]]] = {
    "apportion": lambda weights: encode_call(HAMILTON, 77, weights),
    "chunk": lambda weights: chunk(77, sum(weights) + 3, 2, weights),
    "bounds": lambda weights: cap_floor(77, weights, 3, 4000),
    "relu": relu,
    "softmax": lambda weights: softmax(weights, 9),
    "decay": lambda weights: decay(weights, weights, 2),
}


@few
@given(
    call=st.sampled_from(sorted(CALLS)),
    weights=st.lists(st.integers(0, 9), max_size=4),
    changes=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=3),
    cut=st.integers(0, 70),
    more=st.binary(max_size=33),
)
def test_all_agree_on_bytes_changed_cut_or_added(
    evm: Quick,
    call: str,
    weights: list[int],
    changes: list[tuple[int, int]],
    cut: int,
    more: bytes,
) -> None:
    data = bytearray(CALLS[call](weights))
    for place, value in changes:
        data[place % len(data)] = value
    assert_agree(evm, bytes(data[: len(data) - cut]) + more)


@few
@given(data=st.binary(max_size=200))
def test_all_agree_on_noise(evm: Quick, data: bytes) -> None:
    assert_agree(evm, data)


@pytest.mark.parametrize(
    ("weights", "each"),
    [([2**56] * 60, 6_000), ([2**place for place in range(60)], 35_000)],
    ids=["equal", "of all sizes"],
)
def test_weights_made_to_be_hard_cost_the_twin_a_bounded_search(
    evm: Quick, weights: list[int], each: int
) -> None:
    """What decides the last wei is found by halving among values that occur."""
    calls = [encode_call(method, 2**128 - 1, weights) for method in METHODS.values()]
    calls += [encode_call(method, 61, weights) for method in METHODS.values()]
    calls += [cap_floor(10**18, weights, 10**3, 200)]
    for data in calls:
        assert_agree(evm, data, taken=True)
        assert evm.call(TWIN, data, gas=GAS).gas_used < 20_000 + each * len(weights)


@pytest.mark.parametrize("count", [0, 1, 64, 65, 512, 513])
def test_all_agree_at_the_sizes_of_the_buffers(evm: Quick, count: int) -> None:
    weights = [(place * place * 7919) % 100_003 for place in range(count)]
    for data in (
        *(encode_call(method, 10**18 + 7, weights) for method in METHODS.values()),
        cap_floor(10**18, weights, 10**14, 200),
    ):
        assert_agree(evm, data, taken=any(weights))
    for data in (
        chunk(10**18, sum(weights) + 9, 7, weights),
        relu(weights),
        softmax(weights, 10_000),
        decay(weights, weights[::-1], 30_000),
    ):
        assert_agree(evm, data, taken=True)


@pytest.mark.parametrize("count", [1, 10, 64, 65, 200])
def test_the_twin_costs_few_recipients_little(evm: Quick, count: int) -> None:
    """A cascade: 11,000 and 700 a recipient, as its source says, for any that fit its buffers."""
    data = encode_call(CASCADE, 10**18 + 7, [2**40 + place for place in range(count)])
    assert evm.call(TWIN, data, gas=GAS).gas_used < 12_000 + 900 * count


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())
def test_all_agree_on_as_many_recipients_as_there_may_be(evm: Quick, method: int) -> None:
    weights = [(index * index * 7919) % 100_003 for index in range(MAX_RECIPIENTS)]
    assert_agree(evm, encode_call(method, 10**27 + 1, weights), taken=True)


@pytest.mark.parametrize("address", [ATTRIBUTION_MATH, TWIN], ids=["precompile", "twin"])
@pytest.mark.parametrize("data", [b"", encode_call(CASCADE, 5, [1, 2])], ids=["no input", "good"])
def test_a_call_with_value_is_refused_before_anything_else(
    evm: Quick, address: bytes, data: bytes
) -> None:
    evm.set(ANYBODY, balance=1)
    outcome = evm.call(address, data, value=1)
    assert not outcome.success
    assert outcome.output == PRECOMPILES[ATTRIBUTION_MATH].value_refused


def test_the_twin_declares_the_abi_of_the_precompile() -> None:
    def plain(entries: object) -> set[tuple[str, str, str]]:
        assert isinstance(entries, list | tuple)
        return {
            (e["type"], e["name"], ",".join(i["type"] for i in e["inputs"]))
            for e in entries
            if e["type"] != "fallback"
        }

    assert plain(load("AttributionMath").abi) == plain(PRECOMPILES[ATTRIBUTION_MATH].abi())


def test_the_chain_charges_the_scheduled_gas_and_no_more_for_a_refusal(evm: Quick) -> None:
    for data in (
        encode_call(CASCADE, 5, [1] * 100),
        encode_call(CASCADE, 5, [0] * 100),
        softmax([1] * 100, 1),
        b"",
    ):
        price = gas(data)
        assert evm.call(ATTRIBUTION_MATH, data).gas_used == price
        assert not evm.call(ATTRIBUTION_MATH, data, gas=price - 1).success
    assert gas(softmax([1] * 100, 1)) > gas(encode_call(CASCADE, 5, [1] * 100)) > gas(b"")
