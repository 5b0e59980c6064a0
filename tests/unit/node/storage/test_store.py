"""A chain's store gives back what it was given, and follows its head."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.node.chain.block import ExecutedBlock
from byline.node.errors import Corrupt, StorageError, UnknownHash
from byline.node.storage import store as store_module
from byline.node.storage.kv import Batch, MemoryKV, Prefixed
from byline.node.storage.leveldb import LevelKV
from byline.node.storage.store import BLOCK_CACHE, BLOCK_WEIGHT, HEADER_CACHE, ChainStore
from byline.node.storage.tables import ALL, BODIES, CANONICAL, HEADERS, POINTERS, RECEIPTS, Table
from tests.unit.node.storage.chain_kit import child, signed


class CountingKV(MemoryKV):
    """Remembers its batches."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[Batch] = []
        self.reads = 0

    def get(self, key: bytes) -> bytes | None:
        self.reads += 1
        return super().get(key)

    def write(self, batch: Batch, *, sync: bool = False) -> None:
        self.batches.append(dict(batch))
        super().write(batch, sync=sync)


def grow(store: ChainStore, count: int, salt: bytes = b"") -> list[ExecutedBlock]:
    """Commit `count` blocks on the head, each with one transfer; return them."""
    made: list[ExecutedBlock] = []
    for _ in range(count):
        parent = None if store.is_empty else store.head()
        transactions = () if parent is None else (signed(parent.number),)
        made.append(child(parent, *transactions, salt=salt))
        store.commit(made[-1])
    return made


def assert_canonical(store: ChainStore, blocks: list[ExecutedBlock]) -> None:
    """Check that exactly `blocks`, genesis first, are the canonical chain."""
    assert store.head() == blocks[-1].header
    for number, one in enumerate(blocks):
        assert store.canonical_hash(number) == one.hash
        for index, transaction in enumerate(one.block.transactions):
            assert store.transaction_location(transaction.hash) == (one.hash, index)
    assert store.canonical_hash(len(blocks)) is None


def assert_readable(store: ChainStore, one: ExecutedBlock) -> None:
    """Check that everything of a block can be read by hash."""
    assert store.header(one.hash) == one.header
    assert store.block(one.hash) == one.block
    assert store.receipts(one.hash) == one.receipts
    for node_hash, node in one.nodes.items():
        assert store.node(node_hash) == node


def assert_unknown(store: ChainStore, block_hash: bytes) -> None:
    """Check that nothing is known of a block."""
    assert store.header(block_hash) is None
    assert store.block(block_hash) is None
    assert store.receipts(block_hash) is None


def test_an_empty_store_says_that_it_is_empty() -> None:
    store = ChainStore(MemoryKV())
    assert store.is_empty
    with pytest.raises(StorageError, match="no block yet"):
        store.head()
    assert store.canonical_hash(0) is None
    assert_unknown(store, bytes(32))
    assert store.transaction_location(bytes(32)) is None
    assert store.node(bytes(32)) is None
    assert store.meta("x") is None


def test_every_block_reads_back_from_disk_and_from_memory(tmp_path: Path) -> None:
    kv = LevelKV(tmp_path)
    store = ChainStore(kv)
    blocks = grow(store, 5)
    for again in (store, ChainStore(kv)):
        assert_canonical(again, blocks)
        for one in blocks:
            assert_readable(again, one)
    kv.close()


def test_numbers_that_no_block_has_are_unknown() -> None:
    store = ChainStore(MemoryKV())
    grow(store, 1)
    for number in (-1, 1, 2**64, 2**70):
        assert store.canonical_hash(number) is None


def test_a_commit_is_one_write_with_the_callers_entries_in_it() -> None:
    kv = CountingKV()
    store = ChainStore(kv)
    [genesis] = grow(store, 1)
    kv.batches.clear()
    store.commit(child(genesis.header, signed(0)), meta={"safe": b"x", "finalized": b"y"})
    [batch] = kv.batches
    assert {key[:1] for key in batch} == {table.prefix for table in ALL}
    assert (store.meta("safe"), store.meta("finalized")) == (b"x", b"y")
    assert len(kv.batches) == 1


def test_a_failed_write_leaves_the_store_as_it_was() -> None:
    class Full(CountingKV):
        full = False

        def write(self, batch: Batch, *, sync: bool = False) -> None:
            if self.full:
                raise StorageError("disk full")
            super().write(batch, sync=sync)

    kv = Full()
    store = ChainStore(kv)
    blocks = grow(store, 3)
    kv.full = True
    lost = child(blocks[-1].header)
    with pytest.raises(StorageError, match="disk full"):
        store.commit(lost)
    with pytest.raises(StorageError, match="disk full"):
        store.set_head(blocks[0].hash)
    assert_canonical(store, blocks)
    assert_unknown(store, lost.hash)


def test_a_block_that_is_not_made_head_is_readable_by_hash_alone() -> None:
    store = ChainStore(MemoryKV())
    blocks = grow(store, 2)
    side = child(blocks[0].header, signed(9), salt=b"side")
    store.commit(side, make_head=False)
    assert_canonical(store, blocks)
    assert_readable(store, side)
    assert store.transaction_location(side.block.transactions[1].hash) is None


def test_going_back_drops_the_index_and_keeps_the_blocks() -> None:
    store = ChainStore(MemoryKV())
    blocks = grow(store, 6)
    store.set_head(blocks[2].hash, meta={"safe": b"2"})
    assert_canonical(store, blocks[:3])
    assert store.meta("safe") == b"2"
    for dropped in blocks[3:]:
        assert_readable(store, dropped)
        assert store.canonical_hash(dropped.number) is None
        for transaction in dropped.block.transactions:
            assert store.transaction_location(transaction.hash) is None


@pytest.mark.parametrize("way", ["set_head", "commit"])
def test_a_reorganisation_rewrites_the_index_in_one_write(way: str) -> None:
    kv = CountingKV()
    store = ChainStore(kv)
    trunk = grow(store, 3)
    grow(store, 3, b"old")
    # The same transfer stands in both branches, at other places.
    branch = [child(trunk[-1].header, signed(7), signed(2), salt=b"new")]
    branch.append(child(branch[-1].header, salt=b"new"))
    store.commit(branch[0], make_head=False)
    if way == "set_head":
        store.commit(branch[1], make_head=False)
    kv.batches.clear()
    if way == "set_head":
        store.set_head(branch[1].hash)
    else:
        store.commit(branch[1])
    assert len(kv.batches) == 1
    assert list(kv.batches[0])[-1] == POINTERS.key("head")
    for again in (store, ChainStore(kv)):
        assert_canonical(again, [*trunk, *branch])


def test_going_forth_and_back_between_branches_ends_where_it_began() -> None:
    store = ChainStore(MemoryKV())
    trunk = grow(store, 2)
    left = grow(store, 2, b"l")
    store.set_head(trunk[-1].hash)
    right = grow(store, 3, b"r")
    for _ in range(2):
        store.set_head(left[-1].hash)
        assert_canonical(store, trunk + left)
        store.set_head(right[-1].hash)
        assert_canonical(store, trunk + right)
    store.set_head(right[-1].hash)
    assert_canonical(store, trunk + right)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30)), max_size=25))
def test_whatever_moves_the_head_the_index_is_that_of_its_ancestors(
    moves: list[tuple[bool, int]],
) -> None:
    store = ChainStore(MemoryKV())
    known = grow(store, 1)
    for step, (new, pick) in enumerate(moves):
        one = known[pick % len(known)]
        if new:
            one = child(one.header, signed(one.number), salt=b"%d" % step)
            known.append(one)
            store.commit(one)
        else:
            store.set_head(one.hash)
        by_hash = {each.hash: each for each in known}
        path = [one]
        while path[-1].number:
            path.append(by_hash[path[-1].header.parent_hash])
        canonical = {tx.hash for each in path for tx in each.block.transactions}
        assert store.head() == one.header
        for each in path:
            assert store.canonical_hash(each.number) == each.hash
        assert store.canonical_hash(one.number + 1) is None
        for each in known:
            for tx in each.block.transactions:
                assert (store.transaction_location(tx.hash) is not None) == (tx.hash in canonical)


def test_what_is_not_there_is_refused_by_name() -> None:
    store = ChainStore(MemoryKV())
    [genesis] = grow(store, 1)
    with pytest.raises(UnknownHash, match=r"block 0x1111.* is not stored"):
        store.set_head(b"\x11" * 32)
    orphan = child(child(genesis.header).header)
    with pytest.raises(UnknownHash, match=r"block 2: its parent 0x.* is not stored"):
        store.commit(orphan)
    with pytest.raises(StorageError, match="another genesis block"):
        store.commit(child(None, salt=b"other"))
    with pytest.raises(StorageError, match="this genesis block already"):
        store.commit(genesis)


def test_entries_of_the_node_are_kept_by_name() -> None:
    kv = MemoryKV()
    store = ChainStore(kv)
    store.write_meta({"a": b"1", "b": b""})
    assert (ChainStore(kv).meta("a"), ChainStore(kv).meta("b")) == (b"1", b"")


def test_two_chains_share_one_database() -> None:
    kv = MemoryKV()
    one, two = ChainStore(Prefixed(kv, b"1")), ChainStore(Prefixed(kv, b"2"))
    first, second = grow(one, 3, b"one"), grow(two, 2, b"two")
    assert_canonical(ChainStore(Prefixed(kv, b"1")), first)
    assert_canonical(ChainStore(Prefixed(kv, b"2")), second)
    assert one.header(second[-1].hash) is None


def test_what_was_read_is_remembered_within_bounds() -> None:
    kv = CountingKV()
    store = ChainStore(kv)
    kept = BLOCK_CACHE // (BLOCK_WEIGHT + 2)
    blocks = grow(store, kept + 10)
    before = kv.reads
    assert_readable(store, blocks[-1])
    assert kv.reads - before == len(blocks[-1].nodes), "only state nodes are read again"
    # All have a deposit and a transfer, but for the genesis block, which is forgotten by then.
    assert len(store._blocks) == len(store._receipts) == kept
    assert len(store._headers) <= HEADER_CACHE
    assert_readable(store, blocks[0])


def test_fewer_blocks_are_remembered_when_they_are_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "BLOCK_CACHE", 200)
    store = ChainStore(MemoryKV())
    grow(store, 3)
    assert len(store._blocks) == len(store._receipts) == 3
    full = child(store.head(), *(signed(nonce) for nonce in range(2, 102)))
    store.commit(full)
    assert len(store._blocks) == len(store._receipts) == 1
    assert store.block(full.hash) is full.block


@pytest.mark.parametrize("table", [HEADERS, BODIES, RECEIPTS])
def test_damage_is_reported_with_table_and_key(table: Table[bytes, Any]) -> None:
    kv = MemoryKV()
    blocks = grow(ChainStore(kv), 2)
    one = blocks[0]
    kv.write({table.key(one.hash): b"\xc2\x01"})
    store = ChainStore(kv)
    with pytest.raises(Corrupt, match=f"table [a-z]+, key 0x{one.hash.hex()}"):
        assert_readable(store, one)


def test_a_head_that_is_not_among_the_blocks_is_reported_on_opening() -> None:
    kv = MemoryKV()
    blocks = grow(ChainStore(kv), 3)
    kv.write({POINTERS.key("head"): bytes(32)})
    with pytest.raises(Corrupt, match=r"the head 0x0000.* is not among the stored blocks"):
        ChainStore(kv)
    kv.write({POINTERS.key("head"): blocks[2].hash, CANONICAL.key(2): None})
    with pytest.raises(Corrupt, match="the head"):
        ChainStore(kv)


def test_a_hole_in_the_canonical_index_is_filled_when_the_branch_is_taken_again() -> None:
    kv = MemoryKV()
    store = ChainStore(kv)
    blocks = grow(store, 5)
    kv.write({CANONICAL.key(3): None})
    store.set_head(blocks[1].hash)
    store.set_head(blocks[4].hash)
    assert_canonical(store, blocks)


def test_going_back_is_one_entry_whatever_stood_above() -> None:
    kv = CountingKV()
    store = ChainStore(kv)
    blocks = grow(store, 40)
    for back in (38, 1):
        kv.batches.clear()
        reads = kv.reads
        store.set_head(blocks[back].hash)
        assert [list(batch) for batch in kv.batches] == [[POINTERS.key("head")]]
        assert kv.reads - reads <= 1
        assert_canonical(store, blocks[: back + 1])
        assert_canonical(ChainStore(kv), blocks[: back + 1])
        store.set_head(blocks[-1].hash)


def test_every_table_has_its_own_prefix_and_a_doc_line() -> None:
    assert len({table.prefix for table in ALL}) == len(ALL)
    assert all(len(table.prefix) == 1 and table.doc for table in ALL)
