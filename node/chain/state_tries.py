"""Reading the tries of a state: accounts and words in the order of their hashed keys.

Sources: the Ethereum yellow paper, appendix D; geth `core/state/dump.go`,
`eth/api_debug.go` (`storageRangeAt`, `getModifiedAccounts`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from byline.derivation.hashing import EMPTY_TRIE_ROOT, keccak256
from byline.derivation.kernels import rlp
from byline.derivation.kernels.trie import Trie
from byline.node.chain.preimages import address_behind, slot_behind
from byline.rpc.inspecting import Dump, DumpedAccount, DumpWish, StorageRange, StoredWord

Read = Callable[[bytes], bytes | None]
"""What a store has under a Keccak-256 hash (`ChainStore.node`)."""
Check = Callable[[], None]
"""Called now and then; what it raises ends the reading."""

MOST_DUMPED_WORDS: Final = 100_000
"""Of all accounts of one dump together."""
EMPTY_CODE_HASH: Final = keccak256(b"")

_BRANCH: Final = 17
_ODD: Final = 1
_LEAF: Final = 2


class TooManyWords(Exception):
    """A dump would hold more words than it may."""


def storage_range(read: Read, root: bytes, start: bytes, most: int) -> StorageRange:
    """Return up to `most` words of a storage trie from the hashed key `start` on."""
    words: list[StoredWord] = []
    for key, record in Trie(read, root).items(start):
        if len(words) >= most:
            return StorageRange(tuple(words), key)
        words.append(_word(read, key, record))
    return StorageRange(tuple(words), None)


def _word(read: Read, key: bytes, record: bytes) -> StoredWord:
    value = int.from_bytes(_bytes(rlp.decode(record)), "big")
    return StoredWord(key, slot_behind(read, key), value)


def dump(read: Read, root: bytes, wish: DumpWish, check: Check) -> Dump:
    """Return the accounts that are wished for; raises `TooManyWords`."""
    accounts: list[DumpedAccount] = []
    left = MOST_DUMPED_WORDS
    for key, record in Trie(read, root).items(wish.start):
        check()
        if len(accounts) >= wish.most:
            return Dump(root, tuple(accounts), key)
        address = address_behind(read, key)
        if address is None and not wish.unknown:
            continue
        account = _account(read, key, address, record, wish, left)
        left -= len(account.storage)
        accounts.append(account)
    return Dump(root, tuple(accounts), None)


def _account(
    read: Read, key: bytes, address: bytes | None, record: bytes, wish: DumpWish, left: int
) -> DumpedAccount:
    nonce, balance, root, code_hash = map(_bytes, rlp.decode(record))
    storage: tuple[StoredWord, ...] = ()
    if wish.storage and root != EMPTY_TRIE_ROOT:
        found = storage_range(read, root, b"", left)
        if found.following is not None:
            raise TooManyWords(
                f"the accounts have more than {MOST_DUMPED_WORDS} words: leave out storage, or "
                "ask for single accounts with debug_storageRangeAt"
            )
        storage = found.words
    return DumpedAccount(
        hashed=key,
        address=address,
        balance=int.from_bytes(balance, "big"),
        nonce=int.from_bytes(nonce, "big"),
        storage_root=root,
        code_hash=code_hash,
        code=(read(code_hash) or b"") if wish.code and code_hash != EMPTY_CODE_HASH else b"",
        storage=storage,
    )


def _bytes(item: Any) -> bytes:
    assert isinstance(item, bytes)
    return item


def changed_keys(read: Read, old: bytes, new: bytes, check: Check) -> Iterator[bytes]:
    """Yield the keys that a trie has and another had not, or with other values.

    What both share is not read.  Keys that are gone are not among them, as in geth.
    """
    waiting: list[tuple[bytes, bytes, bytes]] = [(b"", old, new)]
    while waiting:
        check()
        path, before, after = waiting.pop()
        if before == after or after == EMPTY_TRIE_ROOT:
            continue
        first, second = _node(read, before), _node(read, after)
        if first is not None and second is not None and len(first) == len(second) == _BRANCH:
            for nibble in range(_BRANCH - 1):
                pair = (_reference(first[nibble]), _reference(second[nibble]))
                waiting.append((path + bytes([nibble]), *pair))
            continue
        known = dict(_leaves(read, path, before))
        for key, value in _leaves(read, path, after):
            if known.get(key) != value:
                yield key


def _reference(item: Any) -> bytes:
    """Return what stands for a child: its hash, its own encoding where short, or nothing."""
    return item if isinstance(item, bytes) else rlp.encode(item)


def _node(read: Read, reference: bytes) -> list[Any] | None:
    """Return a node by its hash, or from its own encoding; `None` where there is none."""
    if not reference or reference == EMPTY_TRIE_ROOT:
        return None
    raw: bytes | None = reference
    if len(reference) == 32:
        raw = read(reference)
        if raw is None:
            raise KeyError(f"trie node 0x{reference.hex()} is not in the store")
    found = rlp.decode(raw or b"")
    assert isinstance(found, list)
    return found


def _leaves(read: Read, path: bytes, reference: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield keys and values of the trie below a node at a `path` of nibbles."""
    waiting = [(path, reference)]
    while waiting:
        at, one = waiting.pop()
        node = _node(read, one)
        if node is None:
            continue
        if len(node) == _BRANCH:
            waiting += [(at + bytes([i]), _reference(node[i])) for i in range(_BRANCH - 1)]
            continue
        flag, nibbles = _unpacked(_bytes(node[0]))
        if flag & _LEAF:
            yield _packed(at + nibbles), _bytes(node[1])
        else:
            waiting.append((at + nibbles, _reference(node[1])))


def _unpacked(prefixed: bytes) -> tuple[int, bytes]:
    """Return flag and nibbles of a hex-prefix encoding (yellow paper, appendix C)."""
    nibbles = bytes(part for byte in prefixed for part in (byte >> 4, byte & 15))
    return nibbles[0], nibbles[1:] if nibbles[0] & _ODD else nibbles[2:]


def _packed(nibbles: bytes) -> bytes:
    return bytes(high << 4 | low for high, low in zip(nibbles[::2], nibbles[1::2], strict=True))
