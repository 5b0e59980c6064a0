"""The safe-head database: what it answers, what it forgets, and that it survives."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.derivation.types import BlockId
from byline.node.errors import Corrupt
from byline.node.l2.safe_heads import PREFIX, SafeHead, SafeHeads
from byline.node.storage.kv import KeyValue, MemoryKV
from byline.node.storage.leveldb import LevelKV


def l1(number: int) -> BlockId:
    return BlockId(number, b"\x01" + number.to_bytes(31, "big"))


def l2(number: int) -> BlockId:
    return BlockId(number, b"\x02" + number.to_bytes(31, "big"))


@pytest.fixture(params=["memory", "level"])
def kv(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KeyValue]:
    store: KeyValue = MemoryKV() if request.param == "memory" else LevelKV(tmp_path / "db")
    yield store
    store.close()


def filled(kv: KeyValue) -> SafeHeads:
    heads = SafeHeads(kv)
    for at, safe in ((3, 1), (3, 4), (300, 9), (301, 12)):
        heads.record(l1(at), l2(safe))
    return heads


def test_the_answer_is_the_last_change_up_to_the_l1_block(kv: KeyValue) -> None:
    heads = filled(kv)
    asked = (2, 3, 299, 300, 301, 10**6)
    found = [None if (entry := heads.at(at)) is None else entry.l2.number for at in asked]
    assert found == [None, 4, 4, 9, 12, 12]
    assert heads.at(299) == SafeHead(l1(3), l2(4))


def test_another_object_over_the_same_store_knows_the_same(kv: KeyValue) -> None:
    kv.write({b"i": b"", b"k": b""})
    filled(kv)
    again = SafeHeads(kv)
    assert [entry.l2.number for entry in again.newest_first()] == [12, 9, 4]


def test_truncating_forgets_down_to_the_first_entry_that_holds(kv: KeyValue) -> None:
    heads = filled(kv)
    assert heads.truncate(lambda entry: entry.l1.number <= 300) == SafeHead(l1(300), l2(9))
    assert heads.at(400) == SafeHeads(kv).at(400) == SafeHead(l1(300), l2(9))
    heads.record(l1(301), l2(10))
    assert heads.truncate(lambda entry: False) is None
    assert SafeHeads(kv).at(10**6) is None


def test_an_older_l1_block_is_not_recorded_after_a_newer_one(kv: KeyValue) -> None:
    with pytest.raises(ValueError, match="truncate first"):
        filled(kv).record(l1(300), l2(13))


def test_a_broken_entry_is_named() -> None:
    kv = MemoryKV()
    filled(kv)
    kv.write({PREFIX + (300).to_bytes(8, "big"): b"short"})
    with pytest.raises(Corrupt, match="L1 block 300"):
        SafeHeads(kv).at(300)


@given(st.lists(st.integers(0, 3), max_size=30), st.integers(0, 40), st.integers(0, 60))
def test_it_answers_as_a_plain_list_of_changes_does(
    steps: list[int], cut: int, asked: int
) -> None:
    heads, plain, at = SafeHeads(MemoryKV()), dict[int, int](), 0
    for safe, step in enumerate(steps):
        at += step
        heads.record(l1(at), l2(safe))
        plain[at] = safe
    heads.truncate(lambda entry: entry.l1.number <= cut)
    known = [safe for number, safe in plain.items() if number <= min(cut, asked)]
    found = heads.at(asked)
    assert (None if found is None else found.l2.number) == (known[-1] if known else None)


@pytest.mark.parametrize("last", [2, 3, 150, 300, 400])
def test_what_later_blocks_made_safe_is_forgotten_at_once(kv: KeyValue, last: int) -> None:
    heads, slowly = filled(kv), filled(MemoryKV())
    left = heads.forget_after(last)
    assert left == slowly.truncate(lambda entry: entry.l1.number <= last)
    for again in (heads, SafeHeads(kv)):
        assert list(again.newest_first()) == list(slowly.newest_first())
        assert again.at(1_000) == left
