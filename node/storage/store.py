"""The blocks of one chain, each written in one atomic batch.

A block is there with everything that belongs to it (state, header, body, receipts,
indices, head, and what the node keeps beside it) or not at all: see `kv` for what
survives what.  Blocks that a reorganisation leaves behind stay readable by hash, and so
does their state.

The canonical index counts up to the head, and the transaction index where the canonical one
agrees: going back is one write, whatever stood above, and what is then stale is overwritten
when blocks come in its place.

State nodes are never deleted, so every block that was ever executed can be read.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

from byline.derivation.block import Block
from byline.derivation.header import Header
from byline.derivation.receipt import Receipt
from byline.node.chain.block import ExecutedBlock
from byline.node.errors import Corrupt, StorageError, UnknownHash
from byline.node.storage.kv import KeyValue
from byline.node.storage.lru import Lru
from byline.node.storage.migrations import migrate
from byline.node.storage.tables import (
    BODIES,
    CANONICAL,
    HEADERS,
    META,
    NODES,
    POINTERS,
    RECEIPTS,
    TRANSACTIONS,
    Location,
    Table,
)

HEADER_CACHE: Final = 2048
BLOCK_CACHE: Final = 16_384
"""Transactions of the blocks in memory, and likewise receipts: some 30 MB, if they are small."""
BLOCK_WEIGHT: Final = 64
"""As many transactions an empty block counts, so that 256 of them are kept."""

K = TypeVar("K")
V = TypeVar("V")

_Changes = dict[bytes, bytes | None]
_NO_META: Final[Mapping[str, bytes]] = {}


class ChainStore:
    """Blocks, receipts and state of one chain; many threads may read while one writes."""

    def __init__(self, kv: KeyValue) -> None:
        """Open the chain in `kv`.

        Raises `NewerSchema` for data of a later version, `Corrupt` when the head that the
        data names is not in it.
        """
        migrate(kv)
        self._kv = kv
        self._writing = threading.RLock()
        self._headers: Lru[bytes, Header] = Lru(HEADER_CACHE)
        self._blocks: Lru[bytes, Block] = Lru(
            BLOCK_CACHE, lambda block: BLOCK_WEIGHT + len(block.transactions)
        )
        self._receipts: Lru[bytes, tuple[Receipt, ...]] = Lru(
            BLOCK_CACHE, lambda receipts: BLOCK_WEIGHT + len(receipts)
        )
        self._head = self._stored_head()
        self._first = self._stored_first()

    def _stored_head(self) -> Header | None:
        head = self._read(POINTERS, "head")
        if head is None:
            return None
        header = self.header(head)
        if header is None or self._read(CANONICAL, header.number) != head:
            raise Corrupt(
                f"the head 0x{head.hex()} is not among the stored blocks: restore the data "
                "folder from a copy, or move it away and start anew"
            )
        return header

    def _stored_first(self) -> Header | None:
        first = self._read(POINTERS, "first")
        return None if first is None else self.header(first)

    @property
    def first_number(self) -> int:
        """Height of the first block that is here: 0, but for a chain that is a fork."""
        return 0 if self._first is None else self._first.number

    @property
    def is_empty(self) -> bool:
        """True until a genesis block is committed."""
        return self._head is None

    def head(self) -> Header:
        """Return the header of the canonical head; raises `StorageError` when empty."""
        if self._head is None:
            raise StorageError("the chain has no block yet: commit a genesis block first")
        return self._head

    def header(self, block_hash: bytes) -> Header | None:
        """Return a header, canonical or not."""
        found = self._headers.get(block_hash)
        if found is None:
            found = self._read(HEADERS, block_hash)
            if found is not None:
                self._headers.put(block_hash, found)
        return found

    def block(self, block_hash: bytes) -> Block | None:
        """Return a block, canonical or not."""
        found = self._blocks.get(block_hash)
        if found is None:
            header = self.header(block_hash)
            body = self._read(BODIES, block_hash)
            if header is None or body is None:
                return None
            found = Block(header, body)
            self._blocks.put(block_hash, found)
        return found

    def receipts(self, block_hash: bytes) -> tuple[Receipt, ...] | None:
        """Return the receipts of a block, canonical or not, in order."""
        found = self._receipts.get(block_hash)
        if found is None:
            found = self._read(RECEIPTS, block_hash)
            if found is not None:
                self._receipts.put(block_hash, found)
        return found

    def canonical_hash(self, number: int) -> bytes | None:
        """Return the hash of the canonical block at `number`."""
        head = self._head
        if head is None or not 0 <= number <= head.number:
            return None
        return self._read(CANONICAL, number)

    def transaction_location(self, tx_hash: bytes) -> tuple[bytes, int] | None:
        """Return block hash and index of a transaction of the canonical chain."""
        found = self._read(TRANSACTIONS, tx_hash)
        if found is None:
            return None
        header = self.header(found.block_hash)
        if header is None or self.canonical_hash(header.number) != found.block_hash:
            return None
        return found.block_hash, found.index

    def node(self, node_hash: bytes) -> bytes | None:
        """Return a trie node, code, address or slot by its Keccak-256 hash."""
        # Asked for most often by far: nothing between the engine and the database.
        return self._kv.get(NODES.prefix + node_hash)

    def meta(self, name: str) -> bytes | None:
        """Return what was kept under `name`."""
        return self._read(META, name)

    def write_meta(self, entries: Mapping[str, bytes], *, sync: bool = False) -> None:
        """Keep `entries` under their names, in one batch."""
        with self._writing:
            self._kv.write(_meta_changes(entries), sync=sync)

    def commit(
        self,
        executed: ExecutedBlock,
        *,
        meta: Mapping[str, bytes] = _NO_META,
        make_head: bool = True,
        first: bool = False,
        sync: bool = False,
    ) -> None:
        """Write a block and all that belongs to it in one atomic batch.

        With `make_head` it becomes the canonical head, by a reorganisation if its parent is
        not the present one.  Without, it is readable by hash alone.  The `first` block of a
        fork has its parent on the other chain.  Raises `UnknownHash` when the parent is not
        stored, `StorageError` for a second genesis.
        """
        header, block_hash = executed.header, executed.hash
        with self._writing:
            self._check_parent(header, first)
            changes: _Changes = NODES.entries(executed.nodes.items())
            changes[HEADERS.key(block_hash)] = HEADERS.encode(header)
            changes[BODIES.key(block_hash)] = BODIES.encode(executed.block.transactions)
            changes[RECEIPTS.key(block_hash)] = RECEIPTS.encode(executed.receipts)
            if make_head:
                changes |= self._head_changes(executed.block)
            if first:
                changes[POINTERS.key("first")] = POINTERS.encode(block_hash)
            changes |= _meta_changes(meta)
            self._kv.write(changes, sync=sync)
            self._headers.put(block_hash, header)
            self._blocks.put(block_hash, executed.block)
            self._receipts.put(block_hash, executed.receipts)
            if first:
                self._first = header
            if make_head:
                self._head = header

    def set_head(
        self, block_hash: bytes, *, meta: Mapping[str, bytes] = _NO_META, sync: bool = False
    ) -> None:
        """Make a stored block the canonical head, in one atomic batch.

        What stood above the common ancestor is no longer canonical and stays readable by
        hash.  Going back to an ancestor takes the same time however far it is.  Raises
        `UnknownHash` for a block that is not stored.
        """
        with self._writing:
            block = self._known(block_hash)
            changes = self._head_changes(block)
            self._kv.write(changes | _meta_changes(meta), sync=sync)
            self._head = block.header

    def _check_parent(self, header: Header, first: bool) -> None:
        if header.number == 0 or first:
            if self._head is not None:
                same = self.canonical_hash(header.number) == header.hash
                raise StorageError(
                    "the chain has this genesis block already: use set_head to go back to it"
                    if same
                    else "the chain has another genesis block: pass another --data-dir"
                )
        elif self.header(header.parent_hash) is None:
            raise UnknownHash(
                f"block {header.number}: its parent 0x{header.parent_hash.hex()} is not stored"
            )

    def _known(self, block_hash: bytes) -> Block:
        block = self.block(block_hash)
        if block is None:
            raise UnknownHash(f"block 0x{block_hash.hex()} is not stored")
        return block

    def _head_changes(self, block: Block) -> _Changes:
        """Return what makes `block` the head, the head pointer last."""
        changes: _Changes = {}
        for one in reversed(tuple(self._not_canonical_up_to(block))):
            changes[CANONICAL.key(one.number)] = CANONICAL.encode(one.hash)
            block_hash = one.hash
            changes |= TRANSACTIONS.entries(
                (transaction.hash, Location(block_hash, index))
                for index, transaction in enumerate(one.transactions)
            )
        # A dict keeps the place of a key that is written again; the head is not among them.
        changes[POINTERS.key("head")] = POINTERS.encode(block.hash)
        return changes

    def _not_canonical_up_to(self, block: Block) -> Iterator[Block]:
        """Yield `block` and its ancestors down to the first canonical one, that one left out."""
        while self.canonical_hash(block.number) != block.hash:
            yield block
            if block.number == 0 or self._head is None:
                return
            block = self._known(block.header.parent_hash)

    def _read(self, table: Table[K, V], key: K) -> V | None:
        raw = self._kv.get(table.key(key))
        return None if raw is None else table.read(key, raw)


def _meta_changes(entries: Mapping[str, bytes]) -> _Changes:
    return META.entries(entries.items())
