"""py-evm's account database, able to undo that the storage of an account was cleared twice.

A transaction may create a contract (which clears) and delete it again; py-evm's own would
end with an error where both are undone at once.
"""

from __future__ import annotations

from typing import Any

from eth.db.account import AccountDB
from eth.db.storage import CLEAR_COUNT_KEY_NAME, AccountStorageDB


class _Storage(AccountStorageDB):  # type: ignore[misc]
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

    def _clears(self) -> int:
        return int.from_bytes(self._clear_count[CLEAR_COUNT_KEY_NAME], "big")


class Accounts(AccountDB):  # type: ignore[misc]
    """What py-evm's state keeps its accounts in."""

    def _get_address_store(self, address: Any) -> Any:
        store = self._account_stores.get(address)
        if store is None:
            store = _Storage(self._raw_store_db, self._get_storage_root(address), address)
            self._account_stores[address] = store
        return store
