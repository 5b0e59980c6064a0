"""What debuggers ask of the state and its tries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from byline.derivation.header import Header
from byline.rpc.backend import BlockRef


@dataclass(frozen=True, slots=True)
class StoredWord:
    """One entry of a storage trie."""

    hashed: bytes
    slot: int | None
    """`None` where only its hash is known."""
    value: int


@dataclass(frozen=True, slots=True)
class StorageRange:
    """Entries of a storage trie in the order of their hashed keys."""

    words: tuple[StoredWord, ...]
    following: bytes | None
    """The hashed key of the next entry; `None` at the end."""


@dataclass(frozen=True, slots=True)
class DumpedAccount:
    """One account of the state."""

    hashed: bytes
    address: bytes | None
    """`None` where only its hash is known."""
    balance: int
    nonce: int
    storage_root: bytes
    code_hash: bytes
    code: bytes
    """Empty where it was not asked for."""
    storage: tuple[StoredWord, ...]
    """Likewise."""


@dataclass(frozen=True, slots=True)
class Dump:
    """Accounts in the order of their hashed addresses."""

    root: bytes
    accounts: tuple[DumpedAccount, ...]
    following: bytes | None
    """The hashed address of the next account; `None` at the end."""


@dataclass(frozen=True, slots=True)
class DumpWish:
    """Which accounts, and what of each."""

    start: bytes = b""
    """The first hashed address."""
    most: int = 256
    code: bool = True
    storage: bool = True
    unknown: bool = False
    """Accounts as well of which only the hash of the address is known."""


@dataclass(frozen=True, slots=True)
class Witness:
    """All that is needed to execute a block without its chain."""

    headers: tuple[Header, ...]
    """The parent, and further back as far as BLOCKHASH reached."""
    codes: tuple[bytes, ...]
    nodes: tuple[bytes, ...]
    """Trie nodes."""
    keys: tuple[bytes, ...]
    """Addresses and slots that were looked at."""


class Inspecting(Protocol):
    """Looks into state and store; raises `UnknownBlock`, `Refused`, or `Halted` out of time."""

    async def by_hash(self, key: bytes) -> bytes | None:
        """Return the code, trie node, address or slot with a Keccak-256 hash."""

    async def storage_range(
        self, ref: BlockRef, tx_index: int, address: bytes, start: bytes, most: int
    ) -> StorageRange:
        """Return words of an account as they were before a transaction of a block."""

    async def dump(self, ref: BlockRef, wish: DumpWish) -> Dump:
        """Return accounts as they are after a block."""

    async def modified_accounts(self, first: BlockRef, last: BlockRef | None) -> Sequence[bytes]:
        """Return whose accounts a block changed, or those between two blocks."""

    async def intermediate_roots(self, block_hash: bytes) -> Sequence[bytes]:
        """Return the state root after each transaction of a block."""

    async def witness(self, ref: BlockRef) -> Witness:
        """Return what executing a block needs."""

    async def chain_config(self) -> Mapping[str, Any]:
        """Return the chain's rules as genesis files have them."""
