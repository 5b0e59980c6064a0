"""What is registered and asked: both datasets, both corpora, and the model that answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Dataset, Document
from byline.node.demo.infinigram import InfiniGram
from byline.node.demo.people import contributor
from byline.node.demo.texts import Library, Text

BASE_DATASET: Final = 1
ADAPTER_DATASET: Final = 2
"""Ids that a new chain's registry gives."""


@dataclass(frozen=True)
class Trained:
    """The two models of a library.  The adapter has read the base's texts, too."""

    library: Library
    base: Corpus
    adapter: Corpus

    @classmethod
    def build(cls, library: Library, fallback: bytes) -> Trained:
        """Build datasets and corpora; `fallback` (an address) is paid for answers of no spans."""
        base = _dataset(BASE_DATASET, library.base)
        adapter = _dataset(ADAPTER_DATASET, library.adapter)
        return cls(
            library,
            Corpus((base,), fallback=fallback),
            Corpus((base, adapter), fallback=fallback),
        )

    @cached_property
    def model(self) -> InfiniGram:
        """The adapter's language model."""
        titles = [
            [one.title for one in texts] for texts in (self.library.base, self.library.adapter)
        ]
        return InfiniGram(self.adapter, titles)

    @cached_property
    def base_model(self) -> InfiniGram:
        """The base's language model."""
        return InfiniGram(self.base, [[one.title for one in self.library.base]])

    @cached_property
    def names(self) -> dict[bytes, str]:
        """Contributors by address; not to be written to."""
        return {contributor(name).address: name for name in self.library.contributors}

    def text(self, dataset: int, document: int) -> Text:
        """Return a document of a dataset."""
        return (self.library.base if dataset == BASE_DATASET else self.library.adapter)[document]


def _dataset(number: int, texts: Sequence[Text]) -> Dataset:
    owners = {name: contributor(name).address for name in {one.contributor for one in texts}}
    return Dataset.build(number, [Document(one.text, owners[one.contributor]) for one in texts])
