"""py-evm's database reads through to the store and keeps every write to itself."""

from __future__ import annotations

import pytest
from eth.db.account import AccountDB

from byline.derivation.hashing import EMPTY_TRIE_ROOT, keccak256
from byline.node.storage.atomic import StateDatabase

HASH, OTHER = b"\1" * 32, b"\2" * 32


def test_reads_fall_through_and_writes_do_not() -> None:
    below = {HASH: b"node"}
    database = StateDatabase(below.get)
    assert database[HASH] == b"node"
    assert HASH in database
    assert database.exists(HASH)
    assert OTHER not in database
    database[OTHER] = b"new"
    assert database[OTHER] == b"new"
    assert below == {HASH: b"node"}
    assert database.written == {OTHER: b"new"}


def test_what_is_missing_is_a_key_error() -> None:
    database = StateDatabase(lambda _: None)
    with pytest.raises(KeyError):
        database[HASH]
    with pytest.raises(KeyError):
        del database[HASH]
    database.delete(HASH)


def test_a_deletion_hides_what_is_below_and_is_not_handed_over() -> None:
    database = StateDatabase({HASH: b"node"}.get)
    del database[HASH]
    assert HASH not in database
    assert database.written == {}
    database[HASH] = b"again"
    assert database.written == {HASH: b"again"}


def test_a_batch_shows_its_own_writes_and_takes_them_over_at_its_end() -> None:
    database = StateDatabase({HASH: b"node"}.get)
    with database.atomic_batch() as batch:
        batch[OTHER] = b"new"
        del batch[HASH]
        assert batch[OTHER] == b"new"
        assert HASH not in batch
        assert database.written == {}
        assert HASH in database
    assert database.written == {OTHER: b"new"}
    assert HASH not in database


def test_a_batch_that_raises_leaves_nothing_behind() -> None:
    database = StateDatabase({HASH: b"node"}.get)

    def half() -> None:
        with database.atomic_batch() as batch:
            batch[OTHER] = b"new"
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        half()
    assert database.written == {}
    assert OTHER not in database


def test_a_batch_is_dead_after_its_end() -> None:
    database = StateDatabase(lambda _: None)
    with database.atomic_batch() as batch:
        pass
    with pytest.raises(ValueError, match="this batch has ended"):
        batch[HASH] = b"late"
    with pytest.raises(ValueError, match="this batch has ended"):
        batch[HASH]
    assert database.written == {}


def test_py_evm_keeps_accounts_in_it_and_reads_them_from_what_was_handed_over() -> None:
    database = StateDatabase(lambda _: None)
    accounts = AccountDB(database, EMPTY_TRIE_ROOT)
    for number in range(50):
        address = keccak256(bytes([number]))[:20]
        accounts.set_balance(address, number + 1)
        accounts.set_storage(address, 1, number + 1)
        accounts.set_code(address, bytes([number]) * 40)
    accounts.persist()
    root = accounts.state_root
    assert all(keccak256(node) == key for key, node in database.written.items())
    again = AccountDB(StateDatabase(dict(database.written).get), root)
    for number in range(50):
        address = keccak256(bytes([number]))[:20]
        assert again.get_balance(address) == number + 1
        assert again.get_storage(address, 1) == number + 1
        assert again.get_code(address) == bytes([number]) * 40
