"""What a watcher knows beside the chain: evidence from an operator, datasets from a folder.

An operator's endpoint answers GET /evidence/0x<reqHash> with {"records": [..]}, of which each
has {"output": "0x<token string>", "evidence": "0x<leaves>"}: one request may be answered more
than once.  A folder has files 0x<reqHash>.json of the same, or of one such entry.  Whatever
they say, only what a record's hashes name is taken.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Protocol

import aiohttp
import orjson

from byline.node.attribution.encoding import RecordLeaf
from byline.node.attribution.folder import DATASET, load_dataset
from byline.node.attribution.holdings import registered_roots
from byline.node.attribution.index.rows import DatasetRow
from byline.node.attribution.watching.datasets import Held, judge_dataset
from byline.node.attribution.watching.judging import Content
from byline.node.errors import Corrupt

LOG = logging.getLogger("byline.attribution")

MOST_BYTES: Final = 1 << 20
"""Of one answer: the largest output and evidence take 37 kB as hex."""
SECONDS: Final = 5.0
"""For all that is looked for at a time: nobody's silence keeps the watcher from its work."""
MOST_AT_ONCE: Final = 8
"""Requests to one source."""


class EvidenceSource(Protocol):
    """Somewhere that evidence may be found."""

    async def read(self, name: str) -> bytes | None:
        """Return what there is for a request, by its hash as 0x and hex; `None` for nothing."""
        ...


class EvidenceFolder:
    """A folder of evidence."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def read(self, name: str) -> bytes | None:
        """Return a file's bytes."""
        return await asyncio.to_thread(self._bytes, self._folder / f"{name}.json")

    def _bytes(self, path: Path) -> bytes | None:
        try:
            with path.open("rb") as file:
                return file.read(MOST_BYTES)
        except OSError:
            return None


class EvidenceEndpoint:
    """The paid endpoint of an operator; or whatever answers like one."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    async def read(self, name: str) -> bytes | None:
        """Return an answer's body; nothing where there is none in time, or too much."""
        timeout = aiohttp.ClientTimeout(total=2 * SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(f"{self._url}/evidence/{name}", allow_redirects=False) as answer,
            ):
                if answer.status != 200:
                    return None
                body = bytearray()
                async for part in answer.content.iter_chunked(1 << 16):
                    body += part
                    if len(body) > MOST_BYTES:
                        return None
                return bytes(body)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            LOG.debug("%s does not answer: %s", self._url, error)
            return None


def source_of(place: str) -> EvidenceSource:
    """Return the source at a URL or in a folder."""
    if place.startswith(("http://", "https://")):
        return EvidenceEndpoint(place)
    return EvidenceFolder(Path(place))


def contents_in(data: bytes) -> tuple[Content, ...]:
    """Return the contents that an answer has; none where it is not of the form."""
    try:
        given = orjson.loads(data)
        if isinstance(given, dict):
            given = given.get("records", [given])
        return tuple(
            Content(_bytes(entry["output"]), _bytes(entry["evidence"])) for entry in given
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return ()


async def look_for(
    records: Iterable[RecordLeaf], sources: Iterable[EvidenceSource], seconds: float = SECONDS
) -> Mapping[tuple[bytes, bytes], Content]:
    """Return what belongs to any of `records`, by outHash and evidenceRoot.

    All sources are asked at once, so that a silent one is in nobody's way.
    """
    found: dict[tuple[bytes, bytes], Content] = {}

    async def one(record: RecordLeaf, source: EvidenceSource, free: asyncio.Semaphore) -> None:
        name = (record.out_hash, record.evidence_root)
        async with free:
            data = None if name in found else await source.read("0x" + record.req_hash.hex())
        for content in contents_in(data or b"[]"):
            if content.belongs_to(record):
                found[name] = content

    wanted = tuple(records)
    tasks = [
        asyncio.create_task(one(record, source, free))
        for source, free in [(source, asyncio.Semaphore(MOST_AT_ONCE)) for source in sources]
        for record in wanted
    ]
    if tasks:
        done, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        for task in done:
            task.result()
    return found


class DatasetShelf:
    """The datasets of a folder that are registered; one subfolder each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._broken: set[tuple[Path, float]] = set()
        self._useless: set[DatasetRow] = set()
        self.held: dict[int, Held] = {}

    def fill(self, rows: Sequence[DatasetRow]) -> list[str]:
        """Load and check what is registered and not held yet; return what went wrong.

        Takes about two seconds for 400,000 tokens, once.
        """
        # After a change of the chain a number may be another dataset's, or nobody's.
        kept = {
            row.id: self.held[row.id]
            for row in rows
            if row.id in self.held and self.held[row.id].dataset.roots == registered_roots(row)
        }
        missing = [row for row in rows if row.id not in kept]
        problems: list[str] = []
        told = self._told() if missing else {}
        # One content may be registered many times, by somebody who wants us busy: it is loaded
        # and checked once.
        twins = {registered_roots(row): kept[row.id] for row in rows if row.id in kept}
        for row in missing:
            roots = registered_roots(row)
            held = self._load(row, twins.get(roots), told, problems)
            if held is not None:
                kept[row.id] = held
                if roots not in twins or twins[roots].faults is None:
                    twins[roots] = held
        self.held = kept
        return problems

    def _load(
        self,
        row: DatasetRow,
        twin: Held | None,
        told: Mapping[Path, Any],
        problems: list[str],
    ) -> Held | None:
        if twin is not None:
            return self._numbered(row, twin, problems)
        wanted = {name: "0x" + root.hex() for name, root in asdict(registered_roots(row)).items()}
        for folder in [one for one, roots in told.items() if roots == wanted]:
            changed = (folder, _changed(folder))
            if changed in self._broken:
                continue
            try:
                dataset = load_dataset(folder)
                if dataset.roots == registered_roots(row):
                    return judge_dataset(row, dataset.numbered(row.id))
            except Corrupt as error:
                problems.append(str(error))
                self._broken.add(changed)
        return None

    def _numbered(self, row: DatasetRow, twin: Held, problems: list[str]) -> Held | None:
        """Return what is held already under another number, which it may be no dataset of."""
        if row in self._useless:
            return None
        try:
            return judge_dataset(row, twin.dataset.numbered(row.id), twin.faults)
        except Corrupt as error:
            problems.append(str(error))
            self._useless.add(row)
            return None

    def _told(self) -> Mapping[Path, Any]:
        """Return the roots that folders say they have, without reading their texts."""
        found = {}
        for file in sorted(self._folder.glob(f"*/{DATASET}")):
            with suppress(OSError, ValueError, KeyError, TypeError):
                found[file.parent] = orjson.loads(file.read_bytes())["roots"]
        return found


def _changed(folder: Path) -> float:
    try:
        return (folder / DATASET).stat().st_mtime
    except OSError:
        return 0.0


def _bytes(text: str) -> bytes:
    if not text.startswith("0x"):
        raise ValueError("want bytes as 0x and hex digits")
    return bytes.fromhex(text[2:])
