"""The store on disk keeps the contract, and refuses what it cannot use with one clear error."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from byline.node.errors import Corrupt, Locked, StorageError
from byline.node.storage.kv import KeyValue
from byline.node.storage.leveldb import LevelKV
from tests.contract_tests.kv_suite import KeyValueSuite


class TestLevelKV(KeyValueSuite):
    @pytest.fixture
    def kv(self, tmp_path: Path) -> Iterator[KeyValue]:
        store = LevelKV(tmp_path / "data")
        yield store
        store.close()


def test_what_was_written_is_there_after_reopening(tmp_path: Path) -> None:
    store = LevelKV(tmp_path / "a" / "b")
    store.write({b"a": b"1"})
    store.close()
    again = LevelKV(tmp_path / "a" / "b")
    assert again.get(b"a") == b"1"
    again.close()


def test_a_folder_in_use_by_another_process_names_it(tmp_path: Path) -> None:
    program = (
        "import sys; from byline.node.storage.leveldb import LevelKV\n"
        "store = LevelKV(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(Locked) as caught:
            LevelKV(tmp_path)
        assert str(caught.value) == (
            f"another node (pid {other.pid}) holds {tmp_path}: stop it or pass another --data-dir"
        )
        other.communicate()
    LevelKV(tmp_path).close()


def test_a_folder_in_use_by_this_process_is_locked_too(tmp_path: Path) -> None:
    store = LevelKV(tmp_path)
    with pytest.raises(Locked, match=f"pid {os.getpid()}"):
        LevelKV(tmp_path)
    store.close()


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(StorageError, match="cannot open the data folder") as caught:
        LevelKV(tmp_path / "file")
    assert not isinstance(caught.value, Locked | Corrupt)


@pytest.mark.parametrize("pattern", ["CURRENT", "MANIFEST-*", "*.log"])
def test_a_damaged_file_gives_one_clear_error(tmp_path: Path, pattern: str) -> None:
    store = LevelKV(tmp_path)
    for number in range(50):
        store.write({b"%03d" % number: bytes(2000)})
    store.close()
    [path] = tmp_path.glob(pattern)
    data = bytearray(path.read_bytes())
    for at in range(7, min(len(data), 40_000), 97):
        data[at] ^= 0xFF
    path.write_bytes(data if pattern != "CURRENT" else b"nonsense")
    with pytest.raises(Corrupt, match=f"the data in {tmp_path} is damaged"):
        LevelKV(tmp_path)


def test_a_damaged_table_is_never_answered_as_data(tmp_path: Path) -> None:
    store = LevelKV(tmp_path)
    for number in range(10):
        store.write({b"%03d" % number: os.urandom(300_000)})
    store.close()
    LevelKV(tmp_path).close()  # what is only in the log becomes a table on opening
    tables = sorted(tmp_path.glob("*.ldb"))
    assert tables
    for path in tables:
        data = bytearray(path.read_bytes())
        for at in range(1000, len(data) // 2, 1000):
            data[at] ^= 0xFF
        path.write_bytes(data)
    store = LevelKV(tmp_path)
    with pytest.raises(Corrupt, match="is damaged"):
        [store.get(b"%03d" % number) for number in range(10)]
    with pytest.raises(Corrupt, match="is damaged"):
        list(store.scan(b""))
    store.close()


def test_after_close_every_use_says_so(tmp_path: Path) -> None:
    store = LevelKV(tmp_path)
    store.write({b"a": b"1"})
    steps = store.scan(b"")
    store.close()
    with pytest.raises(StorageError, match="is closed"):
        store.get(b"a")
    with pytest.raises(StorageError, match="is closed"):
        store.write({b"a": b"2"})
    with pytest.raises(StorageError, match="is closed"):
        next(steps)
    with pytest.raises(StorageError, match="is closed"):
        next(store.scan(b""))


def test_a_scan_that_is_under_way_when_the_store_closes_ends_with_an_error(tmp_path: Path) -> None:
    store = LevelKV(tmp_path)
    store.write({n.to_bytes(4, "big"): b"" for n in range(2000)})
    steps = store.scan(b"")
    next(steps)
    store.close()
    with pytest.raises(StorageError, match="is closed"):
        list(steps)


def test_closing_under_readers_hurts_nobody(tmp_path: Path) -> None:
    store = LevelKV(tmp_path)
    store.write({b"a": b"1"})
    answers: list[object] = []

    def read() -> None:
        try:
            while True:
                assert store.get(b"a") == b"1"
        except StorageError as exc:
            answers.append(str(exc))

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    store.close()
    for reader in readers:
        reader.join(10)
    assert answers == [f"the data folder {tmp_path} is closed"] * 4
