"""Taken receipts on disk: an append-only file, synced before an answer leaves.

Each line is a CRC-32 of eight hex digits, a space and JSON:

    {"what": "taken", ...}                          a receipt, its answer and its evidence
    {"what": "recorded", "payer", "nonce", "batch", "index"}
    {"what": "returned", "payer", "nonce"}          the chain took the record back
    {"what": "lost", "payer", "nonce", "why"}

What is over may be left out: `rewrite` puts a new file, complete and synced, in the place of
the old one.

A crash can cut the last line only: what follows the last whole line is dropped, since nobody
was told of it.  A line that does not read back with whole ones behind it is damage, and
refused.  One process holds the file at a time.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Self

from byline.node.attribution.encoding import (
    decode_evidence,
    decode_packed,
    encode_evidence,
    encode_packed,
)
from byline.node.attribution.receipts import SignedReceipt
from byline.node.attribution.serving.book import PaymentBook, ReceiptKey, Stage, Taken
from byline.node.attribution.tokens import decode_tokens, encode_tokens
from byline.node.errors import Corrupt, StorageError

_CRC_DIGITS: Final = 8
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


class JournalHeld(StorageError):
    """Another endpoint writes to the journal."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"another endpoint holds {path}: stop it, or serve from a folder of its own"
        )


class Journal:
    """The file of one endpoint; a context manager.

    Raises `JournalHeld` where another process holds it, `Corrupt` where it is damaged, and
    `StorageError` where it cannot be opened or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._entries: list[Mapping[str, Any]] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(path, _FLAGS, 0o600)
        except OSError as error:
            raise StorageError(f"the journal {path} cannot be opened: {error}") from error
        try:
            self._lock()
            self._entries = self._read()
            _sync_folder(path.parent)
        except BaseException:
            os.close(self._fd)
            raise
        self.broken = False
        """Whether a write failed: what is on disk is not known, so nothing more is taken."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the file up; twice is as good as once."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def fill(self, book: PaymentBook) -> int:
        """Tell a new book all that was written, and return the number of receipts.

        Raises `Corrupt` for an entry about a receipt that the file does not have, or one that
        is not what this version writes.
        """
        count = 0
        for at, entry in enumerate(self._entries, 1):
            try:
                count += _tell(book, entry)
            except (KeyError, ValueError, TypeError) as error:
                raise Corrupt(f"{self.path}, entry {at}: {error!r}; restore the file") from error
        self._entries = []
        return count

    def taken(self, taken: Taken) -> None:
        """Write a receipt down; it is on disk on return.  Raises `StorageError`."""
        self._append(_receipt(taken))

    def recorded(self, places: Mapping[ReceiptKey, tuple[int, int]]) -> None:
        """Write down batch and index of receipts."""
        self._append(*(_recorded(key, *place) for key, place in places.items()))

    def returned(self, keys: tuple[ReceiptKey, ...]) -> None:
        """Write down that the chain took records back."""
        self._append(*({"what": "returned", **_key(key)} for key in keys))

    def lost(self, key: ReceiptKey, why: str) -> None:
        """Write down that a receipt cannot be recorded."""
        self._append(_lost(key, why))

    def rewrite(self, kept: Iterable[Taken]) -> None:
        """Leave all receipts out but `kept`.

        Raises `StorageError`; the old file goes on to be written where the new one is not in
        its place.
        """
        if self.broken:
            raise StorageError(f"the journal {self.path} could not be written: restart")
        new = self.path.with_name(self.path.name + ".new")
        fd = -1
        try:
            fd = os.open(new, _FLAGS | os.O_TRUNC, 0o600)
            # Held before it has the name, so that nobody else holds what is found by it.
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for one in kept:
                _write(fd, b"".join(map(_line, _entries(one))))
            os.fsync(fd)
            new.replace(self.path)
        except OSError as error:
            if fd >= 0:
                os.close(fd)
                # On a full disk it would take the room of the next receipt.
                with contextlib.suppress(OSError):
                    new.unlink()
            raise StorageError(
                f"the journal {self.path} cannot be shortened: {error}; make room"
            ) from error
        os.close(self._fd)
        self._fd = fd
        try:
            _sync_folder(self.path.parent)
        except OSError as error:
            self.broken = True
            raise StorageError(f"{self.path.parent} cannot be synced: {error}; restart") from error

    def _append(self, *entries: Mapping[str, Any]) -> None:
        if self.broken:
            raise StorageError(f"the journal {self.path} could not be written: restart")
        try:
            _write(self._fd, b"".join(map(_line, entries)))
            os.fsync(self._fd)
        except OSError as error:
            self.broken = True
            raise StorageError(
                f"the journal {self.path} cannot be written: {error}; make room and restart"
            ) from error

    def _lock(self) -> None:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise JournalHeld(self.path) from error
        if os.fstat(self._fd).st_ino != self.path.stat().st_ino:
            # It was written anew between our opening and locking it.
            raise JournalHeld(self.path)

    def _read(self) -> list[Mapping[str, Any]]:
        data = self.path.read_bytes()
        *lines, tail = data.split(b"\n")
        entries: list[Mapping[str, Any]] = []
        for at, line in enumerate(lines):
            entry = _entry(line)
            if entry is None:
                if at + 1 < len(lines):
                    raise Corrupt(f"{self.path}, line {at + 1} does not read back: restore it")
                tail = line + b"\n" + tail
                break
            entries.append(entry)
        if tail:
            os.ftruncate(self._fd, len(data) - len(tail))
            os.fsync(self._fd)
        return entries


def _line(entry: Mapping[str, Any]) -> bytes:
    body = json.dumps(entry, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(body), body)


def _entry(line: bytes) -> Mapping[str, Any] | None:
    crc, body = line[:_CRC_DIGITS], line[_CRC_DIGITS + 1 :]
    try:
        if int(crc, 16) != zlib.crc32(body):
            return None
        found = json.loads(body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _tell(book: PaymentBook, entry: Mapping[str, Any]) -> int:
    """Tell the book one entry; 1 for a receipt."""
    what = entry["what"]
    if what == "taken":
        book.restore(_taken(entry))
        return 1
    key = (bytes.fromhex(entry["payer"]), int(entry["nonce"]))
    if book.get(key) is None:
        raise ValueError(f"nonce {key[1]} of 0x{key[0].hex()} was never taken")
    if what == "recorded":
        book.recorded(key, entry["batch"], entry["index"])
    elif what == "returned":
        book.returned(key)
    elif what == "lost":
        book.lost(key, entry["why"])
    else:
        raise ValueError(f"entry {what!r} is unknown: a later version wrote it")
    return 0


def _entries(taken: Taken) -> Iterator[Mapping[str, Any]]:
    """Yield what a receipt and what has become of it are written as."""
    yield _receipt(taken)
    if taken.stage is Stage.RECORDED:
        yield _recorded(taken.key, taken.batch, taken.index)
    elif taken.stage is Stage.LOST:
        yield _lost(taken.key, taken.why)


def _receipt(taken: Taken) -> Mapping[str, Any]:
    return {
        "what": "taken",
        "model": taken.signed.receipt.model_id,
        "receipt": taken.signed.encode().hex(),
        "answer": taken.answer,
        "output": encode_tokens(taken.output).hex(),
        "evidence": encode_evidence(taken.leaves).hex(),
        "points": encode_packed(taken.points).hex(),
        "at": taken.at,
        "block": taken.block,
    }


def _recorded(key: ReceiptKey, batch: int, index: int) -> Mapping[str, Any]:
    return {"what": "recorded", **_key(key), "batch": batch, "index": index}


def _lost(key: ReceiptKey, why: str) -> Mapping[str, Any]:
    return {"what": "lost", **_key(key), "why": why}


def _taken(entry: Mapping[str, Any]) -> Taken:
    return Taken(
        signed=SignedReceipt.decode(bytes.fromhex(entry["receipt"]), entry["model"]),
        answer=entry["answer"],
        output=decode_tokens(bytes.fromhex(entry["output"])),
        leaves=decode_evidence(bytes.fromhex(entry["evidence"])),
        points=decode_packed(bytes.fromhex(entry["points"])),
        at=entry["at"],
        block=entry["block"],
    )


def _key(key: ReceiptKey) -> dict[str, Any]:
    return {"payer": key[0].hex(), "nonce": key[1]}


def _write(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _sync_folder(folder: Path) -> None:
    """Make the file's name last, too."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
