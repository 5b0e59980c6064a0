"""The logs' filter: kernel and reference set the same bits, and they are Ethereum's."""

from __future__ import annotations

from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.derivation.kernels import _bloom_c, _bloom_py, bloom

BOTH = pytest.mark.parametrize("kernel", [_bloom_c, _bloom_py])
BLOOMS = st.lists(st.binary(max_size=40), max_size=5).map(_bloom_py.bloom_of)


def test_the_compiled_kernel_is_loaded() -> None:
    assert bloom.COMPILED
    assert (bloom.bloom_of, bloom.union_of) == (_bloom_c.bloom_of, _bloom_c.union_of)


@BOTH
def test_each_item_sets_the_bits_that_its_hash_names(kernel: ModuleType) -> None:
    # keccak256(b"") begins with c5d2 4601 86f7: bits 0x5d2, 0x601 and 0x6f7.
    bits = int.from_bytes(kernel.bloom_of([b""]), "big")
    assert bits == 1 << 0x5D2 | 1 << 0x601 | 1 << 0x6F7
    assert kernel.bloom_of([]) == bloom.EMPTY_BLOOM


@given(st.lists(st.binary(max_size=300), max_size=12))
def test_both_set_the_same_bits(items: list[bytes]) -> None:
    assert _bloom_c.bloom_of(items) == _bloom_py.bloom_of(items)
    one_by_one = [_bloom_c.bloom_of([item]) for item in items]
    assert _bloom_c.union_of(one_by_one) == _bloom_c.bloom_of(items)


@given(st.lists(BLOOMS, max_size=6))
def test_both_unite_alike(blooms: list[bytes]) -> None:
    assert _bloom_c.union_of(blooms) == _bloom_py.union_of(blooms)


@BOTH
def test_a_filter_of_another_size_is_refused(kernel: ModuleType) -> None:
    for size in (0, 255, 257):
        with pytest.raises(ValueError, match=f"bloom: want 256 bytes, got {size}"):
            kernel.union_of([bytes(256), bytes(size)])


@BOTH
def test_only_bytes_are_taken(kernel: ModuleType) -> None:
    for other in (None, "x" * 256, 1):
        with pytest.raises(TypeError):
            kernel.bloom_of([other])
        with pytest.raises(TypeError):
            kernel.union_of([other])
