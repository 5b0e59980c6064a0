"""A dataset on disk: one folder, texts for people to read, the order kept for speed.

documents.jsonl   one document a line: {"text": ..., "owner": "0x.."}
dataset.json      {"format": 1, "id": .., "tokens": .., "roots": {..}}
suffix_array.u32  the entries, four bytes each, big-endian
owner_ranges.bin  the ranges, 28 bytes each, only where they are not those of the documents:
                  of a dataset that was registered wrong, so that a watcher can prove it

Loading computes tokens, owners and all four roots anew and compares them with dataset.json,
so damage is found.  Whether the roots are those that were registered is for the caller.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from byline.node.attribution.dataset import Dataset, Document, OwnerRange, owner_ranges
from byline.node.attribution.tokens import token_string
from byline.node.errors import Corrupt

FORMAT: Final = 1
DOCUMENTS: Final = "documents.jsonl"
DATASET: Final = "dataset.json"
SUFFIXES: Final = "suffix_array.u32"
RANGES: Final = "owner_ranges.bin"
RANGE_BYTES: Final = 28


def save_dataset(dataset: Dataset, folder: Path) -> None:
    """Write `dataset` into `folder`, which is made if it is not there.

    dataset.json comes last: a folder without it was not written to the end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DATASET).unlink(missing_ok=True)
    lines = (
        json.dumps({"text": one.text, "owner": "0x" + one.owner.hex()}, ensure_ascii=False)
        for one in dataset.documents
    )
    (folder / DOCUMENTS).write_bytes("".join(f"{line}\n" for line in lines).encode())
    (folder / SUFFIXES).write_bytes(dataset.suffix_bytes)
    if dataset.ranges == owner_ranges(dataset.documents, dataset.tokens):
        (folder / RANGES).unlink(missing_ok=True)
    else:
        (folder / RANGES).write_bytes(b"".join(one.encode() for one in dataset.ranges))
    described = {
        "format": FORMAT,
        "id": dataset.id,
        "tokens": len(dataset),
        "roots": _roots(dataset),
    }
    (folder / DATASET).write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")


def load_dataset(folder: Path) -> Dataset:
    """Return the dataset in `folder`.

    Raises `Corrupt` when a file is missing, cannot be read as what it is, or gives another
    root than dataset.json says.
    """
    try:
        described = orjson.loads((folder / DATASET).read_bytes())
        if described["format"] != FORMAT:
            raise ValueError(f"format {described['format']!r}: want {FORMAT}")
        documents = tuple(_documents((folder / DOCUMENTS).read_bytes()))
        suffixes = np.frombuffer((folder / SUFFIXES).read_bytes(), ">u4").astype(np.uint32)
        tokens = np.array(token_string(one.text for one in documents), np.uint32)
        ranges = _ranges(folder)
        if ranges is None:
            ranges = owner_ranges(documents, tokens)
        number = described["id"]
        if not isinstance(number, int):
            raise TypeError(f"id {number!r}: want a number")
        dataset = Dataset(number, documents, tokens, suffixes, ranges)
        expected = dict(described["roots"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Corrupt(
            f"{folder} holds no dataset that can be read: {error}; write it anew from its texts"
        ) from error
    found = _roots(dataset)
    if found != expected:
        wrong = sorted(name for name in found if found[name] != expected.get(name))
        raise Corrupt(
            f"{folder}: the roots of {', '.join(wrong)} are not those that {DATASET} names; "
            "the files were changed, or this Python splits words otherwise: write it anew"
        )
    return dataset


def _ranges(folder: Path) -> tuple[OwnerRange, ...] | None:
    """Return the ranges of the file, `None` where there is no file."""
    try:
        data = (folder / RANGES).read_bytes()
    except FileNotFoundError:
        return None
    parts = (data[at : at + RANGE_BYTES] for at in range(0, len(data), RANGE_BYTES))
    return tuple(map(OwnerRange.decode, parts))


def _roots(dataset: Dataset) -> dict[str, str]:
    return {name: "0x" + root.hex() for name, root in asdict(dataset.roots).items()}


def _documents(data: bytes) -> Iterator[Document]:
    # By line feeds alone: a text may hold other characters that end lines.
    for line in data.split(b"\n")[:-1]:
        fields: dict[str, Any] = orjson.loads(line)
        owner = fields["owner"]
        if not owner.startswith("0x"):
            raise ValueError(f"owner {owner!r}: want an address as 0x and 40 digits")
        yield Document(str(fields["text"]), bytes.fromhex(owner[2:]))
