"""Where a watcher looks for evidence and texts, and what it makes of what it finds there."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.node.attribution.dataset import Dataset, Document
from byline.node.attribution.encoding import encode_evidence
from byline.node.attribution.folder import DOCUMENTS, save_dataset
from byline.node.attribution.index.rows import DatasetRow
from byline.node.attribution.proof.batch_check import check_dataset
from byline.node.attribution.proof.faults import Fault
from byline.node.attribution.tokens import encode_tokens
from byline.node.attribution.watching import datasets
from byline.node.attribution.watching.evidence import (
    MOST_BYTES,
    DatasetShelf,
    EvidenceEndpoint,
    contents_in,
    look_for,
    source_of,
)
from byline.node.attribution.watching.judging import Content
from tests.properties.attribution_records import OWNERS, Case
from tests.properties.test_attribution_faults import example

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def content(case: Case) -> Content:
    return Content(encode_tokens(case.output), encode_evidence(case.leaves))


@given(data=st.data())
@settings(max_examples=60)
def test_only_what_the_hashes_name_belongs_to_a_record(data: st.DataObject) -> None:
    case = example()
    right = content(case)
    assert right.belongs_to(case.record)
    at = data.draw(st.integers(0, len(right.evidence) - 1))
    changed = bytearray(right.evidence)
    changed[at] ^= data.draw(st.integers(1, 255))
    assert not replace(right, evidence=bytes(changed)).belongs_to(case.record)
    assert not replace(right, evidence=right.evidence[:-1]).belongs_to(case.record)
    assert not replace(right, output=right.output + bytes(4)).belongs_to(case.record)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["records", "output", "evidence"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=150)
def test_any_answer_is_read_or_passed_over(data: bytes) -> None:
    for one in contents_in(data):
        assert isinstance(one.output, bytes)


def test_deep_answers_are_passed_over() -> None:
    assert contents_in(b"[" * 200_000) == ()
    assert contents_in(b'{"records": 5}') == ()
    assert contents_in(b'{"output": "0x00", "evidence": "0x"}') == (Content(b"\0", b""),)


def body_of(*contents: Content) -> bytes:
    records = [
        {"output": "0x" + one.output.hex(), "evidence": "0x" + one.evidence.hex()}
        for one in contents
    ]
    return json.dumps({"records": records}).encode()


@asynccontextmanager
async def endpoint(answer: Handler) -> AsyncIterator[EvidenceEndpoint]:
    """Serve one handler for every path."""
    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as server:
        yield EvidenceEndpoint(str(server.make_url("/")))


RIGHT = content(example())
OTHER = Content(b"\0\0\0\1", b"")
RECORD = example().record
NAME = (RECORD.out_hash, RECORD.evidence_root)


@pytest.mark.asyncio
async def test_of_several_answers_the_one_that_belongs_is_taken() -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(body=body_of(OTHER, RIGHT))

    async with endpoint(answer) as source:
        assert await look_for([RECORD], [source]) == {NAME: RIGHT}
    assert asked == ["/evidence/0x" + RECORD.req_hash.hex()]


@pytest.mark.parametrize("status", [302, 404, 500])
@pytest.mark.asyncio
async def test_other_answers_are_none(status: int) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body_of(RIGHT), headers={"location": "/there"})

    async with endpoint(answer) as source:
        assert await look_for([RECORD], [source]) == {}


@pytest.mark.asyncio
async def test_an_endless_answer_is_not_read_to_its_end() -> None:
    sent = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            for _ in range(1000):
                await response.write(b" " * (1 << 16))
                sent += 1 << 16
        except (ConnectionError, OSError):
            pass
        return response

    async with endpoint(answer) as source:
        assert await look_for([RECORD], [source]) == {}
    assert sent < 32 * MOST_BYTES


@pytest.mark.asyncio
async def test_a_silent_operator_is_in_nobodys_way() -> None:
    """Neither for long, nor where another has the same evidence."""
    others = [replace(RECORD, req_hash=bytes([at]) * 32, out_hash=bytes(32)) for at in range(20)]
    let_go = asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        await let_go.wait()
        return web.Response()

    class AtOnce:
        async def read(self, name: str) -> bytes | None:
            return body_of(RIGHT) if name == "0x" + RECORD.req_hash.hex() else None

    async with endpoint(answer) as silent:
        begun = time.monotonic()
        found = await look_for([*others, RECORD], [silent, AtOnce()], 0.5)
        # Three times eight requests of ten seconds would be 30.
        assert time.monotonic() - begun < 20
        let_go.set()
    assert found == {NAME: RIGHT}


@pytest.mark.asyncio
async def test_a_dead_endpoint_and_a_missing_folder_have_nothing(tmp_path: Path) -> None:
    sources = [source_of("http://127.0.0.1:9"), source_of(str(tmp_path / "nowhere"))]
    assert await look_for([RECORD], sources) == {}
    assert await look_for([], sources) == {}
    assert await look_for([RECORD], []) == {}


def row_of(dataset: Dataset, number: int) -> DatasetRow:
    roots = dataset.roots
    commitments = (roots.documents, roots.tokens, roots.suffixes, roots.owners)
    sizes = (len(dataset), len(dataset.ranges))
    return DatasetRow(number, OWNERS[0], *commitments, *sizes, "", "")


def some(word: str) -> Dataset:
    return Dataset.build(1, [Document(f"the {word} stands on the hill", OWNERS[0])])


def test_a_dataset_is_found_by_its_roots_under_any_number(tmp_path: Path) -> None:
    save_dataset(some("house"), tmp_path / "a")
    save_dataset(some("tree"), tmp_path / "b")
    shelf = DatasetShelf(tmp_path)
    rows = [row_of(some("tree"), 1), row_of(some("tower"), 2), row_of(some("house"), 3)]
    assert shelf.fill(rows) == []
    assert sorted(shelf.held) == [1, 3]
    assert [shelf.held[number].dataset.id for number in (1, 3)] == [1, 3]
    assert shelf.held[1].dataset.roots == some("tree").roots
    save_dataset(some("tower"), tmp_path / "c")
    before = shelf.held[1]
    shelf.fill(rows)
    assert sorted(shelf.held) == [1, 2, 3]
    assert shelf.held[1] is before


def test_a_number_that_becomes_another_dataset_is_loaded_anew(tmp_path: Path) -> None:
    save_dataset(some("house"), tmp_path / "a")
    save_dataset(some("tree"), tmp_path / "b")
    shelf = DatasetShelf(tmp_path)
    shelf.fill([row_of(some("house"), 1)])
    shelf.fill([row_of(some("tree"), 1)])
    assert shelf.held[1].dataset.roots == some("tree").roots
    shelf.fill([])
    assert shelf.held == {}


def test_a_damaged_folder_is_said_once_and_used_once_it_is_whole(tmp_path: Path) -> None:
    save_dataset(some("house"), tmp_path / "a")
    file = tmp_path / "a" / DOCUMENTS
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b"house", b"horse"))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "dataset.json").write_text("[]")
    shelf = DatasetShelf(tmp_path)
    rows = [row_of(some("house"), 1)]
    assert "roots of" in shelf.fill(rows)[0]
    assert shelf.fill(rows) == []
    assert shelf.held == {}
    save_dataset(some("house"), tmp_path / "a")
    assert shelf.fill(rows) == []
    assert sorted(shelf.held) == [1]


def test_one_content_of_many_numbers_is_loaded_and_checked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever registers what is there again and again does not keep the watcher busy."""
    honest = some("house")
    wrong = replace(honest, suffix_array=np.flip(honest.suffix_array))
    save_dataset(honest, tmp_path / "a")
    save_dataset(wrong, tmp_path / "b")
    checks: list[int] = []

    def counted(dataset: Dataset) -> list[Fault]:
        checks.append(dataset.id)
        return check_dataset(dataset)

    monkeypatch.setattr(datasets, "check_dataset", counted)
    shelf = DatasetShelf(tmp_path)
    bad_size = replace(row_of(honest, 1), tokens=len(honest) + 1)
    rows = [bad_size, *(row_of(honest, number) for number in range(2, 30)), row_of(wrong, 30)]
    assert shelf.fill(rows) == []
    rows += [row_of(wrong, 31), row_of(honest, 32)]
    assert shelf.fill(rows) == []
    assert checks == [2, 30]
    assert [number for number, held in shelf.held.items() if held.accusations] == [1, 30, 31]
    assert [held.dataset.id for held in shelf.held.values()] == list(range(1, 33))
    assert "dataset 31" in shelf.held[31].accusations[0].words
    assert shelf.held[32].dataset.tokens is shelf.held[1].dataset.tokens


def test_a_dataset_of_which_nothing_can_be_shown_is_not_used(tmp_path: Path) -> None:
    broken = replace(some("house"), ranges=())
    save_dataset(broken, tmp_path / "a")
    shelf = DatasetShelf(tmp_path)
    row = replace(row_of(broken, 1), owners=1)
    (problem,) = shelf.fill([row])
    assert "dataset 1 cannot be used, and no challenge can show that" in problem
    assert shelf.fill([row]) == []
    assert shelf.held == {}


def test_what_is_useless_under_one_number_keeps_nobody_from_the_others(tmp_path: Path) -> None:
    """Of no ranges at all nothing can be shown, unless it was registered with a wrong size."""
    broken = replace(some("house"), ranges=())
    save_dataset(broken, tmp_path / "a")
    save_dataset(some("tree"), tmp_path / "b")
    right = replace(row_of(broken, 2), owners=1)
    rows = [replace(right, id=1, tokens=len(broken) + 1), right, row_of(some("tree"), 3)]
    shelf = DatasetShelf(tmp_path)
    (problem,) = shelf.fill(rows)
    assert "dataset 2 cannot be used" in problem
    assert shelf.fill(rows) == []
    assert sorted(shelf.held) == [1, 3]
    assert shelf.held[1].accusations
