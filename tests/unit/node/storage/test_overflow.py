"""The store that overflows to the disk keeps the contract, and its bounds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from byline.node.errors import StorageError
from byline.node.storage import temporary
from byline.node.storage.kv import KeyValue, MemoryKV
from byline.node.storage.leveldb import LevelKV
from byline.node.storage.overflow import ENTRY_COST, LEEWAY, STEP, OverflowKV
from byline.node.storage.temporary import remove_abandoned
from tests.contract_tests.kv_suite import KeyValueSuite


class TestOverflowKV(KeyValueSuite):
    @pytest.fixture
    def kv(self, tmp_path: Path) -> Iterator[KeyValue]:
        store = OverflowKV(parent=tmp_path)
        yield store
        store.close()


class TestOverflowKVOnDisk(KeyValueSuite):
    """All but the newest write is on disk."""

    @pytest.fixture
    def kv(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyValue]:
        monkeypatch.setattr("byline.node.storage.overflow.STEP", 0)
        monkeypatch.setattr("byline.node.storage.overflow.LEEWAY", 0)
        store = OverflowKV(bound=0, parent=tmp_path)
        yield store
        store.close()


KEYS = st.integers(0, 12).map(lambda number: b"k" * (number % 3) + bytes([number]))
BATCHES = st.lists(st.dictionaries(KEYS, st.none() | st.binary(max_size=40), max_size=4))


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(BATCHES, st.integers(0, 2_000))
def test_wherever_entries_are_the_answers_are_those_of_a_store_in_memory(
    tmp_path: Path, batches: list[dict[bytes, bytes | None]], bound: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("byline.node.storage.overflow.STEP", 100)
        patch.setattr("byline.node.storage.overflow.LEEWAY", 400)
        ours, theirs = OverflowKV(bound, tmp_path), MemoryKV()
        for batch in batches:
            ours.write(batch)
            theirs.write(batch)
            latest = sum(ENTRY_COST + 3 + len(value or b"") for value in batch.values())
            assert ours.size <= max(bound + 400, latest)
            for key in {key for one in batches for key in one}:
                assert ours.get(key) == theirs.get(key)
        for reverse in (False, True):
            for prefix, start in ((b"", None), (b"k", None), (b"k", b"k\x04"), (b"kk", b"kk\x05")):
                assert list(ours.scan(prefix, start, reverse)) == list(
                    theirs.scan(prefix, start, reverse)
                )
        ours.close()


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_memory_is_bounded_and_nothing_is_lost(tmp_path: Path) -> None:
    bound = 1 << 20
    store = OverflowKV(bound, tmp_path)
    for number in range(4_000):
        store.write({number.to_bytes(4, "big"): bytes(1_000)})
        assert store.size <= bound + LEEWAY
    wait_until(lambda: store.size <= bound + STEP)
    assert len(store._near) * (1_004 + ENTRY_COST) == store.size
    assert all(store.get(number.to_bytes(4, "big")) == bytes(1_000) for number in range(4_000))
    assert sum(1 for _ in store.scan(b"")) == 4_000
    store.close()


def test_little_data_never_touches_the_disk(tmp_path: Path) -> None:
    store = OverflowKV(parent=tmp_path)
    store.write({b"key": bytes(10_000)})
    assert store.folder is None
    assert list(tmp_path.iterdir()) == []


def test_closing_removes_the_folder(tmp_path: Path) -> None:
    store = OverflowKV(0, tmp_path)
    for key in (b"one", b"two"):
        store.write({key: bytes(LEEWAY)})
    assert store.folder is not None
    assert store.folder.parent == tmp_path
    store.close()
    store.close()
    assert list(tmp_path.iterdir()) == []


def test_readers_find_what_moves_to_the_disk_meanwhile(tmp_path: Path) -> None:
    store = OverflowKV(0, tmp_path)
    store.write({b"first": b"1"})
    missed, done = list[int](), threading.Event()

    def read() -> None:
        while not done.is_set():
            if store.get(b"first") != b"1":
                missed.append(1)

    thread = threading.Thread(target=read)
    thread.start()
    for number in range(40):
        store.write({b"first": b"1", number.to_bytes(2, "big"): bytes(STEP)})
    done.set()
    thread.join()
    store.close()
    assert not missed


def test_a_disk_that_fails_refuses_one_write_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("byline.node.storage.overflow.STEP", 0)
    monkeypatch.setattr("byline.node.storage.overflow.LEEWAY", 0)
    store = OverflowKV(0, tmp_path)
    for number in range(3):
        store.write({bytes([number]): b"old"})
    write = LevelKV.write

    def full(*args: object, **kwargs: object) -> None:
        raise StorageError("no space left on device")

    monkeypatch.setattr(LevelKV, "write", full)
    with pytest.raises(StorageError, match="no space"):
        store.write({b"new": b"refused"})
    monkeypatch.setattr(LevelKV, "write", write)
    assert store.get(b"new") is None
    store.write({b"new": b"taken", b"\0": None})
    store.write({b"another": b"taken"})
    assert store.get(b"\0") is None
    found = {b"\x01": b"old", b"\x02": b"old", b"new": b"taken", b"another": b"taken"}
    assert dict(store.scan(b"")) == found
    store.close()


HOLD = """
import sys, time
from pathlib import Path
from byline.node.storage.overflow import LEEWAY, OverflowKV
store = OverflowKV(0, Path(sys.argv[1]))
for key in (b"one", b"two"):
    store.write({key: bytes(LEEWAY)})
print(store.folder, flush=True)
time.sleep(60)
"""


def test_what_a_killed_process_leaves_is_removed_by_the_next_but_not_what_is_in_use(
    tmp_path: Path,
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    assert remove_abandoned(tmp_path) == []
    assert folder.is_dir()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    OverflowKV(parent=tmp_path).close()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_just_being_made_stays_and_an_old_one_goes(tmp_path: Path) -> None:
    folder = tmp_path / f"{temporary.PREFIX}new"
    folder.mkdir()
    (tmp_path / "other").mkdir()
    assert remove_abandoned(tmp_path) == []
    before = time.time() - temporary.UNLOCKED_SECONDS - 1
    os.utime(folder, (before, before))
    assert remove_abandoned(tmp_path) == [folder]
    assert [one.name for one in tmp_path.iterdir()] == ["other"]


def test_our_own_folder_is_in_use_though_its_lock_lets_us_in(tmp_path: Path) -> None:
    folder = temporary.make_folder(tmp_path)
    store = LevelKV(folder)
    assert remove_abandoned(tmp_path) == []
    store.close()
    temporary.remove_folder(folder)
    assert not folder.exists()
