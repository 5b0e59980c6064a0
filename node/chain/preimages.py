"""Addresses and slots behind the hashed keys of the tries.

Every block keeps those that are new with it beside its trie nodes, under their hashes.
Chains that an earlier version made lack those of their older blocks.
"""

from __future__ import annotations

from collections.abc import Callable

ADDRESS_BYTES = 20
SLOT_BYTES = 32

Read = Callable[[bytes], bytes | None]
"""What a store has under a Keccak-256 hash (`ChainStore.node`)."""


def address_behind(read: Read, key: bytes) -> bytes | None:
    """Return the address whose hash is `key`; `None` where the store does not know it."""
    return _behind(read, key, ADDRESS_BYTES)


def slot_behind(read: Read, key: bytes) -> int | None:
    """Return the slot whose hash is `key`; `None` where the store does not know it."""
    found = _behind(read, key, SLOT_BYTES)
    return None if found is None else int.from_bytes(found, "big")


def _behind(read: Read, key: bytes, width: int) -> bytes | None:
    found = read(key)
    return found if found is not None and len(found) == width else None
