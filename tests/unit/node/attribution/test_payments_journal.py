from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest

from byline.node.attribution.serving.book import PaymentBook, Stage, Taken
from byline.node.attribution.serving.journal import Journal, JournalHeld
from byline.node.attribution.serving.store import ReceiptStore
from byline.node.errors import Corrupt, StorageError
from tests.paid_answers import DOMAIN, PAYER, offer, payment


def receipts(count: int) -> list[Taken]:
    one = offer()
    book = PaymentBook(DOMAIN)
    book.begin_offer("here", 1_000)
    book.end_offer("here", one)
    return [
        book.take(payment(one.terms, nonce=nonce), one, 10**18, 1_000 + nonce, block=nonce)
        for nonce in range(count)
    ]


def reread(path: Path) -> PaymentBook:
    book = PaymentBook(DOMAIN)
    with Journal(path) as journal:
        journal.fill(book)
    return book


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "receipts.journal"


def test_what_was_written_is_read_back(path: Path) -> None:
    first, second, third, fourth = receipts(4)
    with Journal(path) as journal:
        for one in (first, second, third, fourth):
            journal.taken(one)
        journal.recorded({first.key: (7, 0), second.key: (7, 1)})
        journal.returned((second.key,))
        journal.lost(third.key, "too late")
    book = reread(path)
    assert book.pending() == (fourth, second) or book.pending() == (second, fourth)
    recorded = book.get(first.key)
    assert recorded is not None
    assert (recorded.stage, recorded.batch, recorded.index) == (Stage.RECORDED, 7, 0)
    assert recorded.answered == first.answered
    lost = book.get(third.key)
    assert lost is not None
    assert lost.why == "too late"
    assert book.open_of(PAYER.address) == 2 * first.signed.receipt.fee


def test_whatever_a_crash_leaves_of_the_last_line_the_others_are_there(path: Path) -> None:
    first, second = receipts(2)
    with Journal(path) as journal:
        journal.taken(first)
        whole = path.stat().st_size
        journal.taken(second)
    data = path.read_bytes()
    for size in (*range(whole, whole + 12), *range(whole + 12, len(data), 97), len(data) - 1):
        path.write_bytes(data[:size])
        assert reread(path).pending() == (first,), size
        assert path.stat().st_size == whole, "the rest is gone, so that lines can follow"
    path.write_bytes(data)
    assert reread(path).pending() == (first, second)


def test_a_line_can_follow_what_a_crash_left(path: Path) -> None:
    first, second = receipts(2)
    with Journal(path) as journal:
        journal.taken(first)
    with path.open("ab") as file:
        file.write(b'0123abcd {"what":')
    with Journal(path) as journal:
        journal.fill(PaymentBook(DOMAIN))
        journal.taken(second)
    assert reread(path).pending() == (first, second)


def test_blocks_of_zeros_at_the_end_are_dropped(path: Path) -> None:
    (first,) = receipts(1)
    with Journal(path) as journal:
        journal.taken(first)
    with path.open("ab") as file:
        file.write(bytes(4_096))
    assert reread(path).pending() == (first,)


def test_damage_before_the_end_is_refused(path: Path) -> None:
    with Journal(path) as journal:
        for one in receipts(2):
            journal.taken(one)
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    with pytest.raises(Corrupt, match="line 1 does not read back"):
        Journal(path)


def test_an_entry_about_an_unknown_receipt_is_refused(path: Path) -> None:
    with Journal(path) as journal:
        journal.lost((PAYER.address, 5), "why")
    with pytest.raises(Corrupt, match="never taken"):
        reread(path)


def test_one_process_holds_it(path: Path) -> None:
    with Journal(path), pytest.raises(JournalHeld):
        Journal(path)
    Journal(path).close()


def test_only_its_owner_may_read_it(path: Path) -> None:
    with Journal(path):
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.asyncio
async def test_a_receipt_that_cannot_be_written_is_not_recorded_and_none_is_after_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = receipts(2)
    book = PaymentBook(DOMAIN)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    with Journal(path) as journal:
        store = ReceiptStore(book, journal)
        book.restore(first)
        book._unwritten.add(first.key)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(StorageError, match="no space left"):
                await store.write(first)
        assert book.pending() == ()
        assert not book.is_written(first.key)
        book.restore(second)
        with pytest.raises(StorageError, match="restart"):
            await store.write(second)
        assert book.pending() == ()


@pytest.mark.asyncio
async def test_it_is_on_disk_when_write_returns(path: Path) -> None:
    (first,) = receipts(1)
    with Journal(path) as journal:
        book = PaymentBook(DOMAIN)
        book.restore(first)
        await ReceiptStore(book, journal).write(first)
        written = await asyncio.to_thread(path.read_bytes)
        assert b'"what":"taken"' in written


def test_a_journal_written_anew_has_what_was_kept(path: Path) -> None:
    first, second, third, fourth = receipts(4)
    book = PaymentBook(DOMAIN)
    with Journal(path) as journal:
        for one in (first, second, third, fourth):
            journal.taken(one)
            book.restore(one)
        journal.recorded({first.key: (7, 0), second.key: (8, 0)})
        for key, batch in ((first.key, 7), (second.key, 8)):
            book.recorded(key, batch, 0)
        journal.lost(third.key, "too late")
        book.lost(third.key, "too late")
        before = path.stat().st_size
        journal.rewrite(one for one in tuple(book.all()) if one.key != first.key)
        assert path.stat().st_size < before
        assert not path.with_name(path.name + ".new").exists()
        with pytest.raises(JournalHeld):
            Journal(path)
        journal.recorded({fourth.key: (9, 0)})
    found = reread(path)
    assert [one.key for one in found.all()] == [second.key, third.key, fourth.key]
    assert found.batches() == (8, 9)
    assert found.get(first.key) is None
    assert found.pending() == ()
    assert [one.why for one in found.all()] == ["", "too late", ""]


def test_a_journal_that_cannot_be_written_anew_goes_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = receipts(3)
    with Journal(path) as journal:
        journal.taken(first)
        whole = path.read_bytes()

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", full)
            with pytest.raises(StorageError, match="make room"):
                journal.rewrite([second])
        assert path.read_bytes() == whole
        assert list(path.parent.iterdir()) == [path], "what is left of it takes the room"
        journal.taken(third)
    assert reread(path).pending() == (first, third)


async def _forgetting(path: Path) -> tuple[ReceiptStore, list[Taken]]:
    old, *more = receipts(4)
    book = PaymentBook(DOMAIN)
    journal = Journal(path)
    store = ReceiptStore(book, journal)
    book.restore(old)
    await store.write(old)
    await store.recorded({old.key: (1, 0)})
    for one in more:
        # Taken while the file is written anew, and none of them is written yet.
        book.restore(one)
        book._unwritten.add(one.key)
    writing = [asyncio.create_task(store.write(one)) for one in more[:2]]
    await asyncio.sleep(0)
    forgetting = asyncio.create_task(store.forget({old.key}))
    writing.append(asyncio.create_task(store.write(more[2])))
    await asyncio.gather(forgetting, *writing)
    journal.close()
    return store, more


def test_what_is_taken_while_the_journal_is_written_anew_is_on_disk(path: Path) -> None:
    store, more = asyncio.run(_forgetting(path))
    assert store.book.pending() == tuple(more)
    found = reread(path)
    assert {one.key for one in found.pending()} == {one.key for one in more}
    assert found.batches() == store.book.batches() == ()
