"""A store whose chain begins above height 0, on a block that is elsewhere."""

from __future__ import annotations

import pytest

from byline.derivation.block import Block
from byline.derivation.header import Header
from byline.node.chain.block import ExecutedBlock
from byline.node.errors import StorageError, UnknownHash
from byline.node.storage.kv import MemoryKV
from byline.node.storage.store import ChainStore


def block(number: int, parent: bytes, extra: bytes = b"") -> ExecutedBlock:
    header = Header(number=number, parent_hash=parent, extra_data=extra, base_fee=1)
    return ExecutedBlock(Block(header, ()), (), {})


FIRST = block(7, b"\x11" * 32)


def test_a_fork_begins_at_its_height_and_is_found_there_again() -> None:
    kv = MemoryKV()
    store = ChainStore(kv)
    assert store.first_number == 0
    store.commit(FIRST, first=True)
    store.commit(block(8, FIRST.hash))
    for found in (store, ChainStore(kv)):
        assert (found.first_number, found.head().number) == (7, 8)
        assert found.canonical_hash(7) == FIRST.hash
        assert found.canonical_hash(6) is None
        assert found.canonical_hash(0) is None


def test_a_reorganisation_ends_at_the_first_block() -> None:
    store = ChainStore(MemoryKV())
    store.commit(FIRST, first=True)
    store.commit(block(8, FIRST.hash))
    other = block(8, FIRST.hash, b"other")
    store.commit(other)
    assert store.canonical_hash(8) == other.hash
    store.set_head(FIRST.hash)
    assert store.head().number == 7


def test_a_block_whose_parent_is_elsewhere_is_refused_unless_it_is_the_first() -> None:
    store = ChainStore(MemoryKV())
    with pytest.raises(UnknownHash):
        store.commit(FIRST)
    store.commit(FIRST, first=True)
    with pytest.raises(StorageError, match="this genesis block already"):
        store.commit(FIRST, first=True)
    with pytest.raises(StorageError, match="another genesis block"):
        store.commit(block(7, b"\x12" * 32), first=True)
