"""A bounded memory keeps what was used last, by number or by weight."""

from __future__ import annotations

import pytest

from byline.node.storage.lru import Lru


def test_the_entry_unused_for_longest_goes_first() -> None:
    cache: Lru[str, int] = Lru(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert (cache.get("a"), cache.get("b"), cache.get("c"), len(cache)) == (1, None, 3, 2)


def test_entries_go_until_the_rest_weighs_little_enough() -> None:
    cache: Lru[str, str] = Lru(10, len)
    for key, value in (("a", "1111"), ("b", "2222"), ("c", "3")):
        cache.put(key, value)
    cache.put("d", "444444444")
    assert [cache.get(key) for key in "abcd"] == [None, None, "3", "444444444"]
    cache.put("e", "55")
    assert [cache.get(key) for key in "cde"] == [None, None, "55"]


def test_an_entry_put_again_weighs_once() -> None:
    cache: Lru[str, str] = Lru(10, len)
    for _ in range(5):
        cache.put("a", "1111")
    cache.put("b", "222222")
    assert (cache.get("a"), cache.get("b")) == ("1111", "222222")


def test_the_newest_stays_however_heavy() -> None:
    cache: Lru[str, str] = Lru(3, len)
    cache.put("a", "1")
    cache.put("b", "22222")
    assert (cache.get("a"), cache.get("b"), len(cache)) == (None, "22222", 1)


def test_a_memory_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="cache size is 0"):
        Lru(0)
