"""The datasets' contents that a node holds: one folder each, found by the roots they have.

A dataset is used only once its folder gives the four roots that were registered, and its
suffix array and owner ranges are right.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Final

import orjson

from byline.node.attribution.corpus import Corpus, min_length_of
from byline.node.attribution.dataset import Dataset, Roots
from byline.node.attribution.folder import DATASET, load_dataset
from byline.node.attribution.index.index import Index
from byline.node.attribution.index.rows import DatasetRow
from byline.node.attribution.proof.batch_check import check_dataset
from byline.node.attribution.proof.faults import Fault
from byline.node.errors import Corrupt, NodeError

MOST_LOADED: Final = 16
"""Datasets that are kept in memory."""


class NotHeld(NodeError):
    """Contents are needed that are not here, or are not what was registered."""


@dataclass(frozen=True, slots=True)
class Held:
    """A dataset as it was registered, and what is wrong with it."""

    dataset: Dataset
    faults: tuple[Fault, ...]
    """That condemn it: lookups in it mean nothing then."""


class Holdings:
    """The datasets below a folder; what was loaded is kept.  For several threads."""

    def __init__(self, folder: Path | None) -> None:
        """Look below `folder` when a dataset is asked for; `None` holds nothing."""
        self.folder = folder
        self._loaded: dict[tuple[int, Roots], Held] = {}
        self._lock = Lock()

    def held(self, row: DatasetRow) -> Held:
        """Return the contents of a registered dataset; raises `NotHeld`."""
        roots = registered_roots(row)
        with self._lock:
            found = self._loaded.get((row.id, roots))
            if found is None:
                found = self._load(row, roots)
                while len(self._loaded) >= MOST_LOADED:
                    del self._loaded[next(iter(self._loaded))]
                self._loaded[row.id, roots] = found
            return found

    def states(self, rows: Iterable[DatasetRow]) -> list[tuple[str, str | None]]:
        """Return `held`, `absent` or `faulty` for each dataset, and why it is not held.

        By what the folders say of themselves, where a dataset has not been loaded yet.
        """
        here = {tuple(sorted(told.items())) for _, told in self._told()}
        return [self._state(row, here) for row in rows]

    def _state(
        self, row: DatasetRow, here: Collection[tuple[tuple[str, str], ...]]
    ) -> tuple[str, str | None]:
        roots = registered_roots(row)
        with self._lock:
            found = self._loaded.get((row.id, roots))
        if found is not None:
            return ("faulty", str(found.faults[0])) if found.faults else ("held", None)
        if tuple(sorted(_as_told(roots).items())) in here:
            return "held", None
        return "absent", self._wanted(row)

    def corpus(self, index: Index, model: int) -> Corpus:
        """Return what a model was made of, to look things up.

        Raises `NotHeld` for contents that are not here or not to be trusted, and for a model
        of another engine.
        """
        row = index.registry.models[model]
        try:
            least = min_length_of(row.engine_id)
        except ValueError as error:
            raise NotHeld(f"model {model}: {error}, so nothing here can follow it") from error
        datasets = []
        for number in row.datasets:
            held = self.held(index.registry.datasets[number])
            if held.faults:
                raise NotHeld(
                    f"dataset {number} is faulty, a challenge of kind 5 proves it: "
                    f"{held.faults[0]}"
                )
            datasets.append(held.dataset)
        return Corpus(tuple(datasets), least, row.fallback_to)

    def _load(self, row: DatasetRow, roots: Roots) -> Held:
        place = self._find(roots)
        if place is None:
            raise NotHeld(self._wanted(row))
        try:
            dataset = load_dataset(place)
        except Corrupt as error:
            raise NotHeld(f"dataset {row.id}: {error}") from error
        if dataset.id != row.id:
            dataset = dataset.numbered(row.id)
        if dataset.roots != roots or len(dataset) != row.tokens:
            raise NotHeld(f"dataset {row.id}: {place} changed while it was read: ask again")
        return Held(dataset, tuple(check_dataset(dataset)))

    def _find(self, roots: Roots) -> Path | None:
        wanted = _as_told(roots)
        return next((place for place, told in self._told() if told == wanted), None)

    def _told(self) -> Iterator[tuple[Path, Mapping[str, str]]]:
        """Yield the folders and the roots that they say they have."""
        if self.folder is None or not self.folder.is_dir():
            return
        for place in sorted(self.folder.iterdir()):
            try:
                told = orjson.loads((place / DATASET).read_bytes())
                roots = {str(name): str(root) for name, root in told["roots"].items()}
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                continue
            yield place, roots

    def _wanted(self, row: DatasetRow) -> str:
        where = (
            "pass --attribution-data DIR" if self.folder is None else f"put it in {self.folder}"
        )
        return (
            f"dataset {row.id} is not held here: {where}, with a folder whose roots are "
            f"tokens 0x{row.tok_root.hex()}, documents 0x{row.doc_root.hex()}, "
            f"suffixes 0x{row.sa_root.hex()}, owners 0x{row.owner_root.hex()}"
        )


def _as_told(roots: Roots) -> dict[str, str]:
    """Return roots as a folder names them."""
    return {name: "0x" + root.hex() for name, root in asdict(roots).items()}


def registered_roots(row: DatasetRow) -> Roots:
    """Return the roots that a dataset was registered with."""
    return Roots(row.doc_root, row.tok_root, row.sa_root, row.owner_root)
