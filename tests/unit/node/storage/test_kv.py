"""The store in memory, and a part of a store, keep the contract."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.node.storage.kv import KeyValue, MemoryKV, Prefixed, after_prefix
from tests.contract_tests.kv_suite import KeyValueSuite


class TestMemoryKV(KeyValueSuite):
    @pytest.fixture
    def kv(self) -> KeyValue:
        return MemoryKV()


class TestPrefixed(KeyValueSuite):
    @pytest.fixture
    def kv(self) -> KeyValue:
        inner = MemoryKV()
        inner.write({b"1": b"before", b"2": b"shorter", b"2L1": b"shorter", b"2L10": b"after"})
        return Prefixed(inner, b"2L1/")


def test_two_parts_of_one_store_do_not_see_each_other() -> None:
    inner = MemoryKV()
    left, right = Prefixed(inner, b"l"), Prefixed(inner, b"r")
    left.write({b"key": b"left"})
    right.write({b"key": b"right"})
    assert (left.get(b"key"), right.get(b"key")) == (b"left", b"right")
    assert list(left.scan(b"")) == [(b"key", b"left")]
    left.close()
    assert dict(inner.scan(b"")) == {b"lkey": b"left", b"rkey": b"right"}


def test_a_part_without_prefix_is_refused() -> None:
    with pytest.raises(ValueError, match="prefix: empty"):
        Prefixed(MemoryKV(), b"")


@given(st.binary(max_size=4), st.binary(max_size=4))
def test_the_key_after_a_prefix_is_the_first_that_does_not_begin_with_it(
    prefix: bytes, key: bytes
) -> None:
    end = after_prefix(prefix)
    inside = key >= prefix and (end is None or key < end)
    assert inside == key.startswith(prefix)
