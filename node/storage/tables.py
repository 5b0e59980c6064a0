"""Every table of a chain's store: its prefix, its keys, its values.

A key in the database is the table's prefix byte and the key's bytes.  Hashes are 32
bytes, numbers big-endian, so that a table is in order of height.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from byline.derivation.errors import InvalidData
from byline.derivation.header import Header
from byline.derivation.kernels import rlp
from byline.derivation.receipt import Receipt
from byline.derivation.transaction import AnyTransaction, decode_transaction
from byline.node.chain.impersonated import believe
from byline.node.errors import Corrupt

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Location:
    """Where a transaction stands on the canonical chain."""

    block_hash: bytes
    index: int


@dataclass(frozen=True)  # no slots: with them `Table[K, V](...)` fails on Python 3.11
class Table(Generic[K, V]):
    """One kind of entry."""

    name: str
    prefix: bytes
    key_bytes: Callable[[K], bytes]
    encode: Callable[[V], bytes]
    decode: Callable[[bytes], V]
    doc: str

    def key(self, key: K) -> bytes:
        """Return the database key of `key`."""
        return self.prefix + self.key_bytes(key)

    def entries(self, items: Iterable[tuple[K, V]]) -> dict[bytes, bytes | None]:
        """Return what a batch writes to hold `items`, by database key."""
        prefix, key_bytes, encode = self.prefix, self.key_bytes, self.encode
        return {prefix + key_bytes(key): encode(value) for key, value in items}

    def read(self, key: K, raw: bytes) -> V:
        """Decode what stands under `key`; raises `Corrupt` when it does not read."""
        try:
            return self.decode(raw)
        except (InvalidData, ValueError, UnicodeError) as exc:
            raise Corrupt(
                f"table {self.name}, key 0x{self.key_bytes(key).hex()}: {exc}; "
                "restore the data folder from a copy, or move it away and start anew"
            ) from exc


def _same(data: bytes) -> bytes:
    return data


def _hash(data: bytes) -> bytes:
    if len(data) != 32:
        raise ValueError(f"want a hash of 32 bytes, got {len(data)}")
    return data


def _number(number: int) -> bytes:
    return number.to_bytes(8, "big")


def _name(name: str) -> bytes:
    return name.encode()


def _list_encode(items: Sequence[bytes]) -> bytes:
    return rlp.encode(items)


def _list_decode(raw: bytes) -> list[bytes]:
    items = rlp.decode(raw)
    strings = [item for item in items if isinstance(item, bytes)]
    if not isinstance(items, list) or len(strings) != len(items):
        raise ValueError("want an RLP list of byte strings")
    return strings


def _encode_location(location: Location) -> bytes:
    return location.block_hash + location.index.to_bytes(4, "big")


def _decode_location(raw: bytes) -> Location:
    if len(raw) != 36:
        raise ValueError(f"want 36 bytes, got {len(raw)}")
    return Location(raw[:32], int.from_bytes(raw[32:], "big"))


def _encode_body(transactions: tuple[AnyTransaction, ...]) -> bytes:
    return _list_encode([transaction.raw for transaction in transactions])


def _decode_body(raw: bytes) -> tuple[AnyTransaction, ...]:
    transactions = tuple(decode_transaction(item) for item in _list_decode(raw))
    for transaction in transactions:
        # What is stored was executed: its sender was known then.
        believe(transaction)
    return transactions


def _encode_receipts(receipts: tuple[Receipt, ...]) -> bytes:
    return _list_encode([receipt.encode() for receipt in receipts])


def _decode_receipts(raw: bytes) -> tuple[Receipt, ...]:
    return tuple(Receipt.decode(item) for item in _list_decode(raw))


NODES: Final = Table[bytes, bytes](
    "nodes", b"s", _hash, _same, _same, "trie nodes and contract codes by Keccak-256 hash"
)
HEADERS: Final = Table[bytes, Header](
    "headers", b"h", _hash, Header.encode, Header.decode, "RLP headers by block hash"
)
BODIES: Final = Table[bytes, tuple[AnyTransaction, ...]](
    "bodies", b"b", _hash, _encode_body, _decode_body, "raw transactions by block hash"
)
RECEIPTS: Final = Table[bytes, tuple[Receipt, ...]](
    "receipts", b"r", _hash, _encode_receipts, _decode_receipts, "receipts by block hash"
)
CANONICAL: Final = Table[int, bytes](
    "canonical", b"n", _number, _same, _hash, "block hash by number, genesis to head"
)
TRANSACTIONS: Final = Table[bytes, Location](
    "transactions", b"t", _hash, _encode_location, _decode_location,
    "block hash and index by transaction hash, canonical blocks only",
)  # fmt: skip
META: Final = Table[str, bytes](
    "meta", b"m", _name, _same, _same, "what the node keeps beside the blocks, by name"
)
POINTERS: Final = Table[str, bytes](
    "pointers",
    b"p",
    _name,
    _same,
    _same,
    "`head`: hash of the head; `first`: of a fork's first block; `schema`: version number",
)

ALL: Final = (NODES, HEADERS, BODIES, RECEIPTS, CANONICAL, TRANSACTIONS, META, POINTERS)
