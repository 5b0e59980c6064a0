"""py-evm's account database over the state of another chain (see `beneath`).

Two of its mappings are replaced at the bottom, below every journal and cache: addresses to
records of accounts, and slots of one account to words.  Both read what they lack from
beneath, and write down what differs from it alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from eth.constants import EMPTY_SHA3
from eth.db.accesslog import KeyAccessLoggerDB
from eth.db.cache import CacheDB
from eth.db.hash_trie import HashTrie
from eth.db.journal import JournalDB
from eth.db.storage import StorageLookup
from eth.rlp.accounts import Account
from eth.vm.interrupt import MissingBytecode
from trie import HexaryTrie

from byline.derivation.hashing import EMPTY_TRIE_ROOT, keccak256
from byline.derivation.kernels import rlp
from byline.node.evm.beneath import COVER, Beneath
from byline.node.evm.pyevm_storage import Accounts, Storage

_COVER_KEY: Final = keccak256(COVER)
_COVER_RECORD: Final = b"\x01"
_ZERO_RECORD: Final = b"\x80"
_GONE: Final = bytes(rlp.encode([b"", b"", EMPTY_TRIE_ROOT, EMPTY_SHA3]))
"""The record of an account that was deleted here."""


class _Records(HashTrie):  # type: ignore[misc]  # py-evm ships no types
    """Records of accounts by address."""

    def __init__(self, trie: Any, beneath: Beneath) -> None:
        super().__init__(trie)
        # The class passes other attributes on to the trie.
        object.__setattr__(self, "_beneath", beneath)

    def __getitem__(self, key: bytes) -> bytes:
        return bytes(super().__getitem__(key)) or self._under(key)

    def __contains__(self, key: bytes) -> bool:
        return bool(self[key])

    def __setitem__(self, key: bytes, value: bytes) -> None:
        under = self._under(key)
        if value == under or (not under and value == _GONE):
            super().__delitem__(key)
        else:
            super().__setitem__(key, value)

    def __delitem__(self, key: bytes) -> None:
        self[key] = _GONE

    def _under(self, key: bytes) -> bytes:
        beneath: Beneath = object.__getattribute__(self, "_beneath")
        return beneath.record(bytes(key)) or b""

    @contextmanager
    def squash_changes(self) -> Iterator[_Records]:
        with self._db.squash_changes() as memory_trie:
            yield _Records(memory_trie, object.__getattribute__(self, "_beneath"))


class _Words(StorageLookup):  # type: ignore[misc]
    """Encoded words of one account by the bytes of the slot."""

    def __init__(self, db: Any, root: bytes, address: bytes, beneath: Beneath) -> None:
        super().__init__(db, root, address)
        self._beneath = beneath
        self._cleared: list[bool] = [False]
        """Whether the storage was cleared here, after each clearing that can be undone."""

    def __getitem__(self, key: bytes) -> bytes:
        return bytes(super().__getitem__(key)) or self._under(key)

    def _exists(self, key: bytes) -> bool:
        return bool(self[key])

    def __setitem__(self, key: bytes, value: bytes) -> None:
        if value == self._under(key):
            super().__delitem__(key)
        else:
            super().__setitem__(key, value)

    def __delitem__(self, key: bytes) -> None:
        if self._under(key):
            super().__setitem__(key, _ZERO_RECORD)
        else:
            super().__delitem__(key)

    def _under(self, key: bytes) -> bytes:
        if self._cleared[-1] or self._get_read_trie()[_COVER_KEY]:
            return b""
        word = self._beneath.word(bytes(self._address), key.rjust(32, b"\0"))
        return rlp.encode(word.lstrip(b"\0")) if any(word) else b""

    def new_trie(self) -> int:
        index = int(super().new_trie())
        self._cleared = [*self._cleared[:index], True]
        if self._beneath.may_have_words(bytes(self._address)):
            self._get_write_trie()[_COVER_KEY] = _COVER_RECORD
        return index

    def rollback_trie(self, trie_index: int) -> None:
        super().rollback_trie(trie_index)
        del self._cleared[trie_index + 1 :]

    def commit_to(self, db: Any) -> None:
        super().commit_to(db)
        # Clearings before can no longer be undone; the trie says whether there was one.
        self._cleared = self._cleared[-1:]


class AccountsBeneath(Accounts):
    """Accounts that differ from those of another chain."""

    def __init__(self, db: Any, state_root: Any = EMPTY_TRIE_ROOT) -> None:
        super().__init__(db, state_root)
        self._beneath: Beneath = db.beneath
        self.keys.add(COVER)
        trie = HexaryTrie(self._batchtrie, state_root, prune=True)
        self._trie = _Records(trie, self._beneath)
        self._trie_logger = KeyAccessLoggerDB(self._trie, log_missing_keys=False)
        self._trie_cache = CacheDB(self._trie_logger)
        self._journaltrie = JournalDB(self._trie_cache)

    def account_exists(self, address: Any) -> bool:
        """Tell whether there is an account; a record of an empty one says that it is gone."""
        account: Account = self._get_account(address)
        return bool(account.nonce or account.balance or account.code_hash != EMPTY_SHA3)

    def get_code(self, address: Any) -> bytes:
        """Return the code, from beneath where it is not here."""
        try:
            return bytes(super().get_code(address))
        except MissingBytecode:
            code = self._beneath.code(bytes(address), bytes(self.get_code_hash(address)))
            if code is None:
                raise
            return code

    def _new_store(self, address: Any) -> Storage:
        store = super()._new_store(address)
        root = self._get_storage_root(address)
        store.look_up_in(_Words(self._raw_store_db, root, address, self._beneath))
        return store
