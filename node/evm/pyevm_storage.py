"""py-evm's account database, able to undo that the storage of an account was cleared.

py-evm's own forgets the storage where that was the first thing done to it, and ends with an
error where two clearings are undone at once: a transaction may create a contract, which
clears, and delete it again.
"""

from __future__ import annotations

from typing import Any

from eth.db.account import AccountDB
from eth.db.cache import CacheDB
from eth.db.journal import JournalDB
from eth.db.storage import CLEAR_COUNT_KEY_NAME, AccountStorageDB

from byline.derivation.hashing import EMPTY_TRIE_ROOT


class Storage(AccountStorageDB):  # type: ignore[misc]
    """The words of one account."""

    def discard(self, checkpoint: Any) -> None:
        before = self._clears()
        for journal in (self._journal_storage, self._clear_count):
            if journal.has_checkpoint(checkpoint):
                journal.discard(checkpoint)
            else:
                # The checkpoint is older than what is known of this account.
                journal.reset()
        self._storage_cache.reset_cache()
        after = self._clears()
        if after < before:
            self._storage_lookup.rollback_trie(after)

    def look_up_in(self, lookup: Any) -> None:
        """Read from and write to `lookup`, in place of a trie alone."""
        self._storage_lookup = lookup
        self._storage_cache = CacheDB(lookup)
        self._locked_changes = JournalDB(self._storage_cache)
        self._journal_storage = JournalDB(self._locked_changes)

    def _clears(self) -> int:
        return int.from_bytes(self._clear_count[CLEAR_COUNT_KEY_NAME], "big")


class Accounts(AccountDB):  # type: ignore[misc]
    """What py-evm's state keeps its accounts in; remembers which, as tries have hashes alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys: set[bytes] = set()
        """Addresses and 32-byte slots that were written."""

    def _set_account(self, address: Any, account: Any) -> None:
        self.keys.add(bytes(address))
        super()._set_account(address, account)

    def set_storage(self, address: Any, slot: int, value: int) -> None:
        self.keys.add(slot.to_bytes(32, "big"))
        super().set_storage(address, slot, value)

    def delete_storage(self, address: Any) -> None:
        # Opened first, the storage has the root to come back to if this is undone.
        self._wipe_storage(address)
        if self.account_exists(address):
            self._set_storage_root(address, EMPTY_TRIE_ROOT)

    def _get_address_store(self, address: Any) -> Any:
        store = self._account_stores.get(address)
        if store is None:
            store = self._account_stores[address] = self._new_store(address)
        return store

    def _new_store(self, address: Any) -> Storage:
        return Storage(self._raw_store_db, self._get_storage_root(address), address)
