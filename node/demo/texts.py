"""The texts of the demo: what a base model and its adapter are made of, by whom.

`medical` reads the definitions of an installed ontology.  Where that is missing there are the
topics of the language reference that every Python carries for `help()` (`pydoc_data.topics`):
real, some 40,000 words of prose, nothing to download.  Nobody asked their authors, so topics are
given to twelve contributors of our invention, by hash.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pydoc_data.topics import topics
from types import MappingProxyType
from typing import Final

from byline.derivation.hashing import keccak256
from byline.node.demo import medical
from byline.node.demo.questions import MEDICAL, PYTHON

MEDICAL_TEXTS: Final = "medical"
PYTHON_TEXTS: Final = "python"
TEXTS: Final = (MEDICAL_TEXTS, PYTHON_TEXTS)

NAMES: Final = (
    "Amara",
    "Bartek",
    "Chidi",
    "Dolores",
    "Eskil",
    "Fatima",
    "Giulia",
    "Hiroshi",
    "Ines",
    "Jamal",
    "Katya",
    "Leilani",
)

_NO_PROSE: Final = re.compile(r"[*=~^+-]{3,}|>>>|\||\.\.\.|::=|\n {6,}")


@dataclass(frozen=True, slots=True)
class Text:
    """One document: the unit that a contributor gives."""

    title: str
    text: str
    contributor: str
    """An ORCID, or a name."""


@dataclass(frozen=True, slots=True)
class Library:
    """Texts of a base model and of an adapter on it, and what to ask them."""

    origin: tuple[str, ...]
    """Lines that say where the texts are from, as their licence wants it."""
    license: str
    base: tuple[Text, ...]
    adapter: tuple[Text, ...]
    questions: tuple[str, ...]
    """All different."""

    @property
    def contributors(self) -> tuple[str, ...]:
        """Everyone who gave a text, in alphabetical order."""
        return tuple(sorted({one.contributor for one in (*self.base, *self.adapter)}))


def library(which: str) -> Library:
    """Return the texts of that name; raises `ModuleNotFoundError` where they are missing."""
    return _LIBRARIES[which]()


def _medical() -> Library:
    texts = [
        (one.number < medical.BASE_TERMS, Text(one.name, one.text, one.signed))
        for one in medical.definitions()
    ]
    return Library(
        origin=(
            f"definitions of the Human Phenotype Ontology, {medical.release()}, unmodified, by "
            "the first ORCID that signs each",
            f"This work uses the Human Phenotype Ontology; licence: {medical.LICENSE}",
        ),
        license=medical.LICENSE,
        base=tuple(text for is_base, text in texts if is_base),
        adapter=tuple(text for is_base, text in texts if not is_base),
        questions=MEDICAL,
    )


def _python() -> Library:
    given = [
        (_number(topic) % 5 < 2, Text(topic, text, NAMES[_number(topic) % len(NAMES)]))
        for topic, whole in sorted(topics.items())
        for text in _prose(whole)
    ]
    return Library(
        origin=("topics of Python's own documentation, given to twelve invented contributors",),
        license="PSF-2.0",
        base=tuple(text for is_base, text in given if is_base),
        adapter=tuple(text for is_base, text in given if not is_base),
        questions=PYTHON,
    )


def _prose(topic: str) -> Iterator[str]:
    """Yield the paragraphs of a topic that are sentences; no headings, code, grammar, tables."""
    for block in re.split(r"\n\s*\n", topic):
        text = " ".join(block.split())
        if text[:1].isupper() and text.endswith((".", ":")) and not _NO_PROSE.search(block):
            yield text


def _number(topic: str) -> int:
    return int.from_bytes(keccak256(topic.encode()), "big")


_LIBRARIES: Final = MappingProxyType({MEDICAL_TEXTS: _medical, PYTHON_TEXTS: _python})
