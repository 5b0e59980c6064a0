"""The twin contract, the precompile on the chain, reference and kernel are one function."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.derivation.hashing import EMPTY_TRIE_ROOT
from byline.node.contracts import addresses
from byline.node.contracts.artifacts import load
from byline.node.evm.machine import OpcodeSet
from byline.node.evm.precompiles import ETHEREUM_PRAGUE, merged
from byline.precompiles import ATTRIBUTION_EVIDENCE, PRECOMPILES, evidence
from byline.precompiles.evidence.merkle import MerkleTree
from tests.contracts.harness import CHAIN_ID
from tests.contracts.quick import ENGINE, Base, Quick
from tests.evidence_cores import call, cores, token_string
from tests.unit.precompiles.test_evidence_refusals import GOOD, LINES

GAS = 4_000_000_000
TWIN = addresses.ATTRIBUTION_EVIDENCE
NATIVES = merged(ETHEREUM_PRAGUE, PRECOMPILES)


class WithPrecompiles(Quick):
    """A fast state whose native functions are the chain's own besides Ethereum's."""

    def _open(self) -> None:
        self.machine = ENGINE.open(
            self._nodes.get, self._root, self._block, NATIVES, OpcodeSet.PRAGUE
        )


@pytest.fixture(scope="module")
def evm() -> WithPrecompiles:
    """One state for all: neither form has any of its own."""
    evm = WithPrecompiles(Base({}, EMPTY_TRIE_ROOT, 1, 1_700_000_000), CHAIN_ID)
    evm.set(TWIN, code=load("AttributionEvidence").runtime)
    return evm


def assert_agree(evm: Quick, data: bytes, *, taken: bool | None = None) -> bytes:
    """Return what all four forms answer or refuse with.

    taken: whether all are to answer; `None` where they may refuse as well.
    """
    found = {core.name: core.outcome(data) for core in cores()}
    for name, address in (("precompile", ATTRIBUTION_EVIDENCE), ("twin", TWIN)):
        outcome = evm.call(address, data, gas=GAS)
        assert outcome.success or outcome.output, (name, outcome.error)
        found[name] = outcome.success, outcome.output
    assert len(set(found.values())) == 1, found
    if taken is not None:
        assert found["twin"][0] is taken, found
    return found["twin"][1]


@pytest.mark.parametrize("data", [data for data, _ in LINES.values()], ids=LINES.keys())
def test_all_refuse_with_the_same_bytes(evm: Quick, data: bytes) -> None:
    assert_agree(evm, data, taken=False)


texts = st.binary(max_size=100) | st.binary(max_size=100).map(
    lambda data: bytes(byte & 1 for byte in data)
)
numbers = st.integers(0, 120) | st.sampled_from([2**32 - 1, 2**32])


@settings(max_examples=60, deadline=None)
@given(a=texts, off_a=numbers, b=texts, off_b=numbers, most=numbers)
def test_all_count_equal_bytes_alike(
    evm: Quick, a: bytes, off_a: int, b: bytes, off_b: int, most: int
) -> None:
    if max(off_a, off_b, most) < 2**32:
        assert_agree(evm, call("matchLen", a, off_a % (len(a) + 2), b, off_b, most))
        assert_agree(evm, call("matchLen", a, 0, a[:off_b] + b, 0, most), taken=True)


@settings(max_examples=40, deadline=None)
@given(start=st.integers(0, 260), x=texts, y=texts)
def test_all_compare_alike(evm: Quick, start: int, x: bytes, y: bytes) -> None:
    long = call("compareSuffix", b"\x07" * start + x, b"\x07" * start + y)
    assert_agree(evm, long, taken=True)
    assert_agree(evm, call("compareSuffix", x, x + y), taken=True)


@settings(max_examples=60, deadline=None)
@given(
    chunks=st.lists(st.binary(max_size=40), min_size=1, max_size=11),
    index=st.integers(0, 12) | st.just(2**64 - 1),
    place=st.integers(0, 200),
    change=st.integers(0, 1),
    cut=st.integers(0, 33),
    more=st.sampled_from([b"", b"\0", bytes(32)]),
)
def test_all_follow_proofs_alike(
    evm: Quick, chunks: list[bytes], index: int, place: int, change: int, cut: int, more: bytes
) -> None:
    tree = MerkleTree(chunks)
    good = index % len(chunks)
    assert int.from_bytes(
        assert_agree(evm, call("verifyChunk", tree.root, good, chunks[good], tree.proof(good)))
    )
    proof = bytearray(tree.proof(good))
    proof[place % len(proof)] ^= change
    tampered = bytes(proof[: max(0, len(proof) - cut)]) + more
    data = call("verifyChunk", tree.root, index, chunks[good], tampered)
    assert_agree(evm, data, taken=True)


@pytest.mark.parametrize("size", [0, 1, 31, 32, 1023, 1024, 1025, 5000, 60_000])
def test_all_take_chunks_of_any_size(evm: Quick, size: int) -> None:
    tree = MerkleTree([bytes(size), random.Random(size).randbytes(size), b"x"])
    for index, chunk in ((1, random.Random(size).randbytes(size)), (0, bytes(size)), (2, b"x")):
        data = call("verifyChunk", tree.root, index, chunk, tree.proof(index))
        assert int.from_bytes(assert_agree(evm, data)) == 1


def test_all_walk_a_proof_as_long_as_can_be(evm: Quick) -> None:
    proof = b"\xff" * 8 + bytes(32 * 64)
    for index in (2**64 - 3, 2**63, 2**64 - 2):
        assert not int.from_bytes(
            assert_agree(evm, call("verifyChunk", bytes(32), index, b"", proof))
        )


letters = st.integers(1, 3) | st.just(2**32 - 1)


@settings(max_examples=60, deadline=None)
@given(
    output=st.lists(letters, max_size=20),
    documents=st.lists(st.lists(letters | st.just(0), max_size=16), max_size=4),
    min_len=st.integers(0, 6) | st.integers(63, 65),
)
def test_all_find_the_same_spans(
    evm: Quick, output: list[int], documents: list[list[int]], min_len: int
) -> None:
    strings = [token_string(document) for document in documents]
    data = call("spans", token_string(output), strings, min_len)
    assert_agree(evm, data, taken=1 <= min_len <= 64)


@pytest.mark.parametrize("min_len", [1, 5, 64])
def test_all_find_the_same_long_spans_and_stop_alike(evm: Quick, min_len: int) -> None:
    output = token_string([7] * 130 + [8] * 3)
    documents = [[7] * 63, [7] * 40 + [0] + [7] * 63, [9] + [7] * 66 + [8, 8]]
    data = call("spans", output, [token_string(d) for d in documents], min_len)
    assert_agree(evm, data, taken=True)
    many = token_string([token for _ in range(130) for token in (1, 2)])
    for repeats in (1, 3, 4, 9):
        data = call("spans", many, [token_string([1, 0] * repeats)], 1)
        assert_agree(evm, data, taken=True)
    assert_agree(evm, call("spans", b"abcd" * 1024, [b"abcd"] * 256, min_len), taken=True)


@settings(max_examples=60, deadline=None)
@given(k=st.integers(0, 255), label=st.integers(0, 2), labels=st.binary(max_size=60))
def test_all_divide_a_vote_alike(evm: Quick, k: int, label: int, labels: bytes) -> None:
    data = call("knnShapley", k, label, [byte % 3 for byte in labels])
    # More labels fit with some k, and not with others.
    assert_agree(evm, data, taken=None if k and len(labels) > 42 else k > 0)


def test_all_take_as_many_labels_as_there_may_be(evm: Quick) -> None:
    for k, most in ((1, 42), (255, 263), (40, 57)):
        for count in (most, most + 1):
            data = call("knnShapley", k, 1, [i % 2 for i in range(count)])
            assert_agree(evm, data, taken=count == most)


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(sorted(GOOD)),
    changes=st.lists(st.tuples(st.integers(0, 500), st.integers(0, 255)), max_size=3),
    cut=st.integers(0, 70),
    more=st.binary(max_size=33),
)
def test_all_agree_on_bytes_changed_cut_or_added(
    evm: Quick, name: str, changes: list[tuple[int, int]], cut: int, more: bytes
) -> None:
    data = bytearray(GOOD[name])
    for place, value in changes:
        data[place % len(data)] = value
    assert_agree(evm, bytes(data))
    assert_agree(evm, bytes(data[: len(data) - cut]) + more)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(GOOD)),
    place=st.integers(0, 10),
    value=st.integers(0, 400) | st.sampled_from([2**32, 2**64, 2**255, 2**256 - 1, 2**256 - 31]),
)
def test_all_agree_on_words_out_of_range(evm: Quick, name: str, place: int, value: int) -> None:
    data = GOOD[name]
    at = 4 + 32 * place % (len(data) - 4)
    assert_agree(evm, data[:at] + value.to_bytes(32, "big") + data[at + 32 :])


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(sorted(GOOD)), data=st.binary(max_size=300))
def test_all_agree_on_noise(evm: Quick, name: str, data: bytes) -> None:
    assert_agree(evm, data)
    assert_agree(evm, GOOD[name][:4] + data)


@pytest.mark.parametrize("address", [ATTRIBUTION_EVIDENCE, TWIN], ids=["precompile", "twin"])
@pytest.mark.parametrize("data", [b"", GOOD["order"]], ids=["no input", "good"])
def test_a_call_with_value_is_refused_before_anything_else(
    evm: Quick, address: bytes, data: bytes
) -> None:
    sender = b"\x33" * 20
    evm.set(sender, balance=10)
    outcome = evm.call(address, data, sender=sender, value=1)
    assert not outcome.success
    assert outcome.output == PRECOMPILES[ATTRIBUTION_EVIDENCE].value_refused


def test_the_twin_declares_the_abi_of_the_precompile() -> None:
    def plain(entries: object) -> set[tuple[str, str, str, str]]:
        assert isinstance(entries, list | tuple)
        return {
            (e["type"], e["name"], *(",".join(i["type"] for i in e.get(s, ())) for s in SIDES))
            for e in entries
            if e["type"] != "fallback"
        }

    SIDES = ("inputs", "outputs")  # noqa: N806
    twin = load("AttributionEvidence").abi
    assert plain(twin) == plain(PRECOMPILES[ATTRIBUTION_EVIDENCE].abi())


def test_the_chain_charges_the_scheduled_gas_and_no_more_for_a_refusal(evm: Quick) -> None:
    good = call("knnShapley", 3, 1, [1] * 40)
    assert evm.call(ATTRIBUTION_EVIDENCE, good).gas_used == evidence.gas(good) == 3200
    assert evm.call(ATTRIBUTION_EVIDENCE, good + b"\0").gas_used == 3200
    assert evm.call(ATTRIBUTION_EVIDENCE, b"").gas_used == 1400
    short = evm.call(ATTRIBUTION_EVIDENCE, good, gas=3199)
    assert not short.success
    assert short.output == b""


def test_the_twin_asks_little_for_the_checks_of_a_challenge(evm: Quick) -> None:
    """The figures that the contract's source gives."""
    tree = MerkleTree([bytes([i]) * 1024 for i in range(200)])
    chunk = call("verifyChunk", tree.root, 77, bytes([77]) * 1024, tree.proof(77))
    for data, most in (
        (call("compareSuffix", bytes(256), bytes(256)), 12_000),
        (call("matchLen", bytes(256), 0, bytes(256), 0, 256), 12_000),
        (chunk, 30_000),
    ):
        assert evm.call(TWIN, data).gas_used < most
