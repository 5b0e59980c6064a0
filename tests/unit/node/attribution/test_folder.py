"""A dataset on disk: it reads back, and damage is found."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from byline.node.attribution.dataset import Dataset, Document, OwnerRange
from byline.node.attribution.folder import (
    DATASET,
    DOCUMENTS,
    RANGES,
    SUFFIXES,
    load_dataset,
    save_dataset,
)
from byline.node.errors import Corrupt

DOCUMENTS_OF_TEST = (
    Document("one two, three", b"\xaa" * 20),
    Document("lines\nof\u2028several\x85kinds\r\n", b"\xbb" * 20),
    Document("", b"\xcc" * 20),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_dataset(Dataset.build(3, DOCUMENTS_OF_TEST), tmp_path / "deep" / "dataset")
    return tmp_path / "deep" / "dataset"


def test_a_dataset_reads_back(folder: Path) -> None:
    dataset, built = load_dataset(folder), Dataset.build(3, DOCUMENTS_OF_TEST)
    assert dataset.documents == DOCUMENTS_OF_TEST
    assert (dataset.id, dataset.roots) == (built.id, built.roots)
    assert dataset.suffix_array.tolist() == built.suffix_array.tolist()
    assert dataset.ranges == built.ranges


@pytest.mark.parametrize("ends", [(), (2,), (1, 7)])
def test_ranges_that_are_not_those_of_the_texts_read_back(
    folder: Path, ends: tuple[int, ...]
) -> None:
    honest = load_dataset(folder)
    assert not (folder / RANGES).exists()
    starts = (0, *ends[:-1])
    ranges = tuple(OwnerRange(*at, b"\xee" * 20) for at in zip(starts, ends, strict=False))
    save_dataset(replace(honest, ranges=ranges), folder)
    assert load_dataset(folder).ranges == ranges
    save_dataset(honest, folder)
    assert load_dataset(folder).ranges == honest.ranges


def test_saving_over_another_dataset_leaves_the_new_one(folder: Path) -> None:
    other = Dataset.build(4, [Document("else", b"\xdd" * 20)])
    save_dataset(other, folder)
    assert load_dataset(folder).roots == other.roots


def test_changed_texts_are_found(folder: Path) -> None:
    path = folder / DOCUMENTS
    path.write_bytes(path.read_bytes().replace(b"two", b"ten"))
    with pytest.raises(Corrupt, match="the roots of documents, tokens are not those"):
        load_dataset(folder)


def test_a_changed_owner_is_found(folder: Path) -> None:
    path = folder / DOCUMENTS
    path.write_bytes(path.read_bytes().replace(b"aaaaaaaa", b"aaaaaaab"))
    with pytest.raises(Corrupt, match="the roots of owners are not those"):
        load_dataset(folder)


def test_a_changed_suffix_array_is_found(folder: Path) -> None:
    path = folder / SUFFIXES
    data = path.read_bytes()
    path.write_bytes(data[4:8] + data[:4] + data[8:])
    with pytest.raises(Corrupt, match="the roots of suffixes are not those"):
        load_dataset(folder)


@pytest.mark.parametrize("name", [DATASET, DOCUMENTS, SUFFIXES])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"7",
        b"[]\n",
        b"\xff\n",
        b'{"format": 1, "text": 5}\n',
        b'{"format": 1, "id": 1e400}\n',
        b"[" * 200_000 + b"\n",
    ],
)
def test_files_that_are_something_else_are_refused(
    folder: Path, name: str, content: bytes
) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(Corrupt, match="holds no dataset that can be read"):
        load_dataset(folder)


@pytest.mark.parametrize("name", [DATASET, DOCUMENTS, SUFFIXES])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(Corrupt, match=name):
        load_dataset(folder)


def test_a_later_format_is_refused(folder: Path) -> None:
    described = json.loads((folder / DATASET).read_text())
    (folder / DATASET).write_text(json.dumps({**described, "format": 2}))
    with pytest.raises(Corrupt, match="format 2: want 1"):
        load_dataset(folder)
