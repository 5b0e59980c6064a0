"""The twin contract, the precompile on the chain, reference and kernel are one function."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.node.contracts.artifacts import load
from byline.precompiles import ATTRIBUTION_MATH, PRECOMPILES
from byline.precompiles.math import CASCADE, HAMILTON, MAX_RECIPIENTS, encode_call
from tests.attribution_cores import cores
from tests.contracts.attribution import TWIN, evm_with_precompiles
from tests.contracts.harness import Evm
from tests.unit.precompiles.test_refusals import LINES

GAS = 2_000_000_000


@pytest.fixture(scope="module")
def evm() -> Evm:
    """One state for all: neither form has any of its own."""
    evm = evm_with_precompiles()
    evm.set(TWIN, code=load("AttributionMath").runtime)
    return evm


def outcomes(evm: Evm, data: bytes) -> dict[str, tuple[bool, bytes]]:
    """Return success and output, or revert data, of all four forms."""
    found = {core.name: core.outcome(data) for core in cores()}
    for name, address in (("precompile", ATTRIBUTION_MATH), ("twin", TWIN)):
        outcome = evm.call(address, data, gas=GAS)
        assert outcome.success or outcome.error.startswith("Revert"), (name, outcome.error)
        found[name] = outcome.success, outcome.output
    return found


def assert_agree(evm: Evm, data: bytes) -> None:
    found = outcomes(evm, data)
    assert len(set(found.values())) == 1, found


@pytest.mark.parametrize("data", [data for data, _ in LINES.values()], ids=LINES.keys())
def test_all_refuse_with_the_same_bytes(evm: Evm, data: bytes) -> None:
    assert_agree(evm, data)


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


@given(
    method=st.sampled_from([CASCADE, HAMILTON]),
    amount=st.integers(0, 50) | st.integers(0, 2**128 - 1),
    weights=st.lists(st.integers(0, 4) | st.integers(0, 2**59), min_size=1, max_size=24),
)
def test_all_divide_alike(evm: Evm, method: int, amount: int, weights: list[int]) -> None:
    assert_agree(evm, encode_call(method, amount, weights))


@given(method=st.integers(0, 3) | words, amount=amounts, weights=st.lists(words, max_size=6))
def test_all_agree_on_arguments_out_of_range(
    evm: Evm, method: int, amount: int, weights: list[int]
) -> None:
    assert_agree(evm, encode_call(method, amount, weights))


@given(
    weights=st.lists(st.integers(0, 9), max_size=4),
    changes=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=3),
    cut=st.integers(0, 70),
    more=st.binary(max_size=33),
)
def test_all_agree_on_bytes_changed_cut_or_added(
    evm: Evm, weights: list[int], changes: list[tuple[int, int]], cut: int, more: bytes
) -> None:
    data = bytearray(encode_call(HAMILTON, 77, weights))
    for place, value in changes:
        data[place % len(data)] = value
    assert_agree(evm, bytes(data[: len(data) - cut]) + more)


@given(data=st.binary(max_size=200))
def test_all_agree_on_noise(evm: Evm, data: bytes) -> None:
    assert_agree(evm, data)


def test_remainders_made_to_be_hard_to_tell_apart_cost_the_twin_a_bounded_search(
    evm: Evm,
) -> None:
    """Equal remainders are told apart by their place, at the end of the search for the bar."""
    data = encode_call(HAMILTON, 101, [2**56] * 200)
    assert_agree(evm, data)
    assert evm.call(TWIN, data, gas=GAS).gas_used < 160_000 + 10_000 * 200


@pytest.mark.slow
@pytest.mark.parametrize("method", [CASCADE, HAMILTON])
def test_all_agree_on_as_many_recipients_as_there_may_be(evm: Evm, method: int) -> None:
    weights = [(index * index * 7919) % 100_003 for index in range(MAX_RECIPIENTS)]
    assert_agree(evm, encode_call(method, 10**27 + 1, weights))


@pytest.mark.parametrize("address", [ATTRIBUTION_MATH, TWIN], ids=["precompile", "twin"])
@pytest.mark.parametrize("data", [b"", encode_call(CASCADE, 5, [1, 2])], ids=["no input", "good"])
def test_a_call_with_value_is_refused_before_anything_else(
    evm: Evm, address: bytes, data: bytes
) -> None:
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


def test_the_chain_charges_the_scheduled_gas_and_no_more_for_a_refusal(evm: Evm) -> None:
    good = encode_call(CASCADE, 5, [1] * 100)
    assert evm.call(ATTRIBUTION_MATH, good).gas_used == 2350
    assert evm.call(ATTRIBUTION_MATH, encode_call(CASCADE, 5, [0] * 100)).gas_used == 2350
    assert evm.call(ATTRIBUTION_MATH, b"").gas_used == 1150
    assert not evm.call(ATTRIBUTION_MATH, good, gas=2349).success
