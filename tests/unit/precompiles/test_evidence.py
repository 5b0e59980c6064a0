"""The evidence checks, reference and kernel, against what they mean written another way."""

from __future__ import annotations

import itertools
import os
import random
import resource
import subprocess
import sys
from fractions import Fraction
from math import factorial, lcm
from typing import cast

import pytest
from eth_abi.abi import decode
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.precompiles import ATTRIBUTION_EVIDENCE, PRECOMPILES, evidence
from byline.precompiles.evidence import Span, read_entries
from byline.precompiles.evidence.merkle import MerkleTree, verify_chunk
from tests.evidence_cores import Core, call, cores, function, token_string

both = pytest.mark.parametrize("core", cores(), ids=lambda core: core.name)


def test_the_kernels_are_loaded_and_the_references_are_a_switch_away() -> None:
    assert evidence.BACKEND == "cython"
    code = "from byline.precompiles import evidence; print(evidence.BACKEND, evidence.spans)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "BYLINE_NO_EXTENSIONS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("python <function spans")


def test_the_table_has_the_precompile_at_its_address() -> None:
    found = PRECOMPILES[ATTRIBUTION_EVIDENCE]
    assert ATTRIBUTION_EVIDENCE.hex() == "a771".rjust(40, "0")
    assert [each.signature for each in found.functions] == [
        "matchLen(bytes,uint32,bytes,uint32,uint32)",
        "verifyChunk(bytes32,uint64,bytes,bytes)",
        "spans(bytes,bytes[],uint16)",
        "compareSuffix(bytes,bytes)",
        "knnShapley(uint8,uint8,uint8[])",
    ]


few_letters = st.binary(max_size=40).map(lambda data: bytes(byte & 1 for byte in data))


@both
@given(a=few_letters, b=few_letters, off_a=st.integers(0, 40), off_b=st.integers(0, 40),
       most=st.integers(0, 50) | st.just(2**32 - 1))  # fmt: skip
def test_match_len_counts_a_common_beginning(
    core: Core, a: bytes, b: bytes, off_a: int, off_b: int, most: int
) -> None:
    off_a, off_b = min(off_a, len(a)), min(off_b, len(b))
    pairs = zip(a[off_a : off_a + most], b[off_b:], strict=False)
    expected = list(itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
    assert core.match_len(a, off_a, b, off_b, most) == len(expected)


@both
@given(start=st.integers(250, 258), x=few_letters, y=few_letters)
def test_compare_suffix_is_the_order_of_the_first_256_bytes(
    core: Core, start: int, x: bytes, y: bytes
) -> None:
    for left, right in ((x, y), (bytes(start) + x, bytes(start) + y), (x, x)):
        first, second = list(left[:256]), list(right[:256])
        assert core.compare_suffix(left, right) == (first > second) - (first < second)


@both
def test_compare_suffix_takes_bytes_as_unsigned(core: Core) -> None:
    assert core.compare_suffix(b"\x7f", b"\x80") == -1
    assert core.compare_suffix(b"\xff", b"\x00\x00") == 1
    assert decode(["int8"], core.outcome(call("compareSuffix", b"a", b"b"))[1]) == (-1,)


@settings(max_examples=50)
@given(
    chunks=st.lists(st.binary(max_size=3), min_size=1, max_size=12),
    index=st.integers(0, 13) | st.just(2**64 - 1),
    place=st.integers(0, 200),
    change=st.integers(0, 255),
    cut=st.integers(0, 33),
)
def test_the_kernel_follows_proofs_as_the_reference_does(
    chunks: list[bytes], index: int, place: int, change: int, cut: int
) -> None:
    tree = MerkleTree(chunks)
    chunk = chunks[index % len(chunks)]
    proof = bytearray(tree.proof(index % len(chunks)))
    proof[place % len(proof)] ^= change
    for tampered in (bytes(proof), bytes(proof[cut:]), bytes(proof) + bytes(cut)):
        expected = verify_chunk(tree.root, index, chunk, tampered)
        for core in cores():
            assert core.verify_chunk(tree.root, index, chunk, tampered) is expected


@both
def test_a_proof_as_long_as_can_be_is_walked(core: Core) -> None:
    odd = 2**64 - 3
    assert not core.verify_chunk(bytes(32), odd, b"x", b"\xff" * 8 + bytes(64 * 32))
    assert not core.verify_chunk(bytes(32), 2**63, b"x", b"\xff" * 8 + bytes(64 * 32))


def shapley(k: int, matches: list[bool]) -> list[Fraction]:
    """The definition: what each adds, on the average over all orders, to the vote."""
    count = len(matches)

    def worth(points: tuple[int, ...]) -> Fraction:
        return Fraction(sum(matches[i] for i in sorted(points)[:k]), k)

    values = [Fraction(0)] * count
    for size in range(count):
        share = Fraction(factorial(size) * factorial(count - size - 1), factorial(count))
        for points in itertools.combinations(range(count), size):
            for i in set(range(count)) - set(points):
                values[i] += share * (worth((*points, i)) - worth(points))
    return values


@both
@pytest.mark.parametrize("k", [1, 2, 3, 7, 9])
def test_knn_shapley_is_the_shapley_value_of_the_vote(core: Core, k: int) -> None:
    for labels in itertools.product((5, 6), repeat=5):
        numerators, denominator = core.knn_shapley(k, 5, bytes(labels))
        expected = shapley(k, [label == 5 for label in labels])
        assert [Fraction(value, denominator) for value in numerators] == expected


@both
@given(k=st.integers(1, 255), labels=st.binary(max_size=42), label=st.integers(0, 255))
def test_knn_shapley_shares_out_the_whole_vote(
    core: Core, k: int, labels: bytes, label: int
) -> None:
    labels = bytes(byte & 3 for byte in labels)
    numerators, denominator = core.knn_shapley(k, label & 3, labels)
    assert sum(numerators) * k == labels[:k].count(label & 3) * denominator
    assert denominator == lcm(k, *range(k + 1, len(labels) + 1)) < 2**63
    assert all(-(2**63) <= value < 2**63 for value in numerators)


@both
def test_42_labels_fit_every_k_and_263_fit_the_largest(core: Core) -> None:
    for k in range(1, 256):
        core.knn_shapley(k, 1, bytes(42))
    assert core.knn_shapley(255, 0, bytes(263))[0][0] > 0
    assert core.knn_shapley(1, 9, b"\x09" + bytes(41))[0][0] == lcm(*range(1, 43))
    assert core.knn_shapley(3, 1, b"") == ((), 3)


def brute_spans(output: list[int], documents: list[list[int]], min_len: int) -> list[Span]:
    """The rule as it is told: try every length at every place of every document."""
    found: list[Span] = []
    leaves = place = 0
    while place < len(output) and leaves <= 240:
        for length in range(min(64, len(output) - place), min_len - 1, -1):
            piece = output[place : place + length]
            places = [
                (index, at)
                for index, document in enumerate(documents)
                for at in range(len(document) - length + 1)
                if document[at : at + length] == piece
            ]
            if places:
                found.append(Span(place, length, *places[0]))
                leaves += min(len(places), 4)
                place += length
                break
        else:
            place += 1
    return found


letters = st.integers(1, 3)


@both
@settings(max_examples=60)
@given(
    output=st.lists(letters, max_size=30),
    documents=st.lists(st.lists(letters | st.just(0), max_size=25), max_size=5),
    min_len=st.integers(1, 7),
)
def test_spans_are_those_of_the_rule(
    core: Core, output: list[int], documents: list[list[int]], min_len: int
) -> None:
    found = core.spans(token_string(output), [token_string(d) for d in documents], min_len)
    assert list(read_entries(found)) == brute_spans(output, documents, min_len)


@both
@pytest.mark.parametrize("min_len", [1, 5, 63, 64])
def test_a_span_ends_at_64_tokens_at_a_document_and_at_a_separator(
    core: Core, min_len: int
) -> None:
    output = [7] * 130 + [8] * 3
    documents = [[7] * 63, [7] * 40 + [0] + [7] * 63, [9] + [7] * 66 + [8, 8]]
    found = core.spans(token_string(output), [token_string(d) for d in documents], min_len)
    assert list(read_entries(found)) == brute_spans(output, documents, min_len)


@both
def test_the_search_ends_behind_240_leaves(core: Core) -> None:
    output = [token for _ in range(100) for token in (1, 2)]
    for repeats, number in ((3, 81), (4, 61), (9, 61)):
        document = [1, 0] * repeats
        found = read_entries(core.spans(token_string(output), [token_string(document)], 1))
        assert list(found) == brute_spans(output, [document], 1)
        assert len(found) == number


def test_kernel_and_reference_find_the_same_in_long_texts() -> None:
    source = random.Random(5)
    text = [source.choice((1, 2, 2, 3, 2**32 - 1)) for _ in range(1500)]
    output = [source.choice((1, 2, 2, 3, 2**32 - 1, 9)) for _ in range(500)]
    for width in (1, 400, 1500):
        documents = [token_string(text[at : at + width]) for at in range(0, 1500, width)][:256]
        for min_len in (1, 4, 9):
            one, other = (core.spans(token_string(output), documents, min_len) for core in cores())
            assert one == other
            assert one or width < min_len


@pytest.mark.parametrize(
    ("output", "documents", "min_len"),
    [(b"abc", [], 1), (b"abcd" * 1025, [], 1), (b"abcd", [b"abc"], 1), (b"abcd", [b""] * 257, 1),
     (b"abcd", [b"abcd" * 8193], 1), (b"abcd", [], 0), (b"abcd", [], 65)],
)  # fmt: skip
def test_the_kernel_itself_refuses_what_has_no_room_in_it(
    output: bytes, documents: list[bytes], min_len: int
) -> None:
    with pytest.raises(ValueError, match=r"tokens|documents|minLen"):
        cores()[1].spans(output, documents, min_len)
    with pytest.raises(TypeError):
        cores()[1].spans(output[:4].ljust(4, b"x"), [None], 1)  # type: ignore[list-item]


def test_the_kernels_take_nothing_but_bytes() -> None:
    core, nothing = cores()[1], cast(bytes, None)
    for broken in (
        lambda: core.match_len(nothing, 0, b"", 0, 1),
        lambda: core.match_len(b"", 0, nothing, 0, 1),
        lambda: core.compare_suffix(nothing, b""),
        lambda: core.compare_suffix(b"", nothing),
        lambda: core.verify_chunk(nothing, 0, b"", bytes(8)),
        lambda: core.verify_chunk(bytes(32), 0, nothing, bytes(7) + b"\1"),
        lambda: core.verify_chunk(bytes(32), 0, b"", nothing),
        lambda: core.knn_shapley(1, 1, nothing),
        lambda: core.spans(nothing, [], 1),
    ):
        with pytest.raises(TypeError):
            broken()
    for broken in (
        lambda: core.match_len(b"", -1, b"", 0, 1),
        lambda: core.match_len(b"", 0, b"", 0, -1),
        lambda: core.knn_shapley(-1, 1, b""),
        lambda: core.knn_shapley(256, 1, b""),
    ):
        with pytest.raises(ValueError, match=r"negative|uint8"):
            broken()


def test_calls_that_succeed_and_that_fail_leave_no_memory_behind() -> None:
    """Often enough that a block of 50 kB left each time would show."""
    core = cores()[1]
    text = token_string([7] * 1000)

    def calls(count: int) -> int:
        for _ in range(count):
            core.spans(text[:200], [text], 5)
            with pytest.raises(ValueError, match="token 50"):
                core.spans(text[:200] + bytes(4), [text], 5)
            core.verify_chunk(bytes(32), 0, bytes(50_000), bytes(7) + b"\1")
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    before = calls(20)
    assert calls(600) - before < 10_000


def test_entries_are_whole() -> None:
    entry = Span(1, 2, 3, 4)
    assert entry.encode().hex() == "0000000100000002000300000004"
    assert read_entries(entry.encode() * 2) == (entry, entry)
    with pytest.raises(ValueError, match="15 bytes are no whole entries"):
        read_entries(bytes(15))


def test_prices_follow_the_declared_sizes() -> None:
    assert evidence.gas(call("matchLen", b"", 0, b"", 0, 0)) == 1400
    assert evidence.gas(call("matchLen", bytes(32_000), 0, b"", 0, 0)) == 300 + 32_228 // 8
    assert evidence.gas(call("compareSuffix", bytes(32_000), b"")) == 300 + 32_132 // 8
    chunk = call("verifyChunk", bytes(32), 0, bytes(1024), bytes(8 + 32 * 10))
    assert evidence.gas(chunk) == 1000 + 12 * 32 + 120 * 10
    spans = call("spans", b"abcd" * 10, [b"abcd" * 99, b"abcd"], 5)
    assert evidence.gas(spans) == 2000 + 2 * 600 + 4 * 110 + 63
    assert evidence.gas(call("knnShapley", 3, 1, [1] * 40)) == 800 + 60 * 40


@pytest.mark.parametrize(
    "name", ["matchLen", "verifyChunk", "spans", "compareSuffix", "knnShapley"]
)
def test_a_refusal_is_priced_too_and_a_price_is_never_refused(name: str) -> None:
    selector = function(name).selector
    source = random.Random(3)
    for size in (0, 5, 100, 500, 70_000):
        for data in (selector + bytes(size), selector + source.randbytes(size)):
            assert 1400 <= evidence.gas(data) <= 2000 + 60 * 2048 + 600 * 256
