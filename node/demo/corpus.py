"""The texts of the demo and who gave them.

The texts are the topics of the language reference that every Python carries for `help()`
(`pydoc_data.topics`): real, some 65,000 words, nothing to download, no copy kept here.  They
differ a little between Python versions, and with them the figures of the demo.

Nobody asked their authors to play in it: the topics are given to twelve contributors of our
invention, by hash, so that the split is uneven but the same everywhere.  Several topics
repeat parts of others, as scraped data does; such a part then has several owners.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pydoc_data.topics import topics as _topics
from typing import Final

from coincurve import PublicKey

from byline.derivation.hashing import keccak256

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

_TOKEN: Final = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a punctuation mark, and where it stands in its text."""

    word: str
    """Lower case, so that a sentence matches wherever it is capitalised."""
    start: int
    """Offsets in characters; the text between two tokens is white space."""
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """One topic: the unit that a contributor gives."""

    topic: str
    text: str
    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Contributor:
    """Who gave some of the texts, and where the payments go."""

    name: str
    address: bytes
    """20 bytes, of `private_key`."""
    private_key: bytes
    """32 bytes from the hash of the name: for everyone to know, worth nothing."""
    topics: tuple[str, ...]


def tokenize(text: str) -> tuple[Token, ...]:
    """Return the words and marks of `text` in order."""
    return tuple(
        Token(match[0].casefold(), match.start(), match.end()) for match in _TOKEN.finditer(text)
    )


@cache
def documents() -> tuple[Document, ...]:
    """Return all texts, by topic in alphabetical order."""
    return tuple(Document(topic, text, tokenize(text)) for topic, text in sorted(_topics.items()))


@cache
def contributors() -> tuple[Contributor, ...]:
    """Return everyone who gave a text, by ascending address: the order of payments."""
    given: dict[str, list[str]] = {}
    for document in documents():
        number = int.from_bytes(keccak256(document.topic.encode()), "big")
        given.setdefault(NAMES[number % len(NAMES)], []).append(document.topic)
    everyone = (_contributor(name, tuple(topics)) for name, topics in given.items())
    return tuple(sorted(everyone, key=lambda contributor: contributor.address))


def _contributor(name: str, topics: tuple[str, ...]) -> Contributor:
    key = keccak256(b"byline demo contributor " + name.encode())
    point = PublicKey.from_valid_secret(key).format(compressed=False)[1:]
    return Contributor(name, keccak256(point)[12:], key, topics)


@cache
def owners() -> dict[str, Contributor]:
    """Return who gave each topic; not to be written to."""
    return {topic: one for one in contributors() for topic in one.topics}


@cache
def corpus_hash() -> bytes:
    """Return a commitment to all texts and their owners, in order."""
    parts = (
        keccak256(d.topic.encode()) + keccak256(d.text.encode()) + owners()[d.topic].address
        for d in documents()
    )
    return keccak256(b"byline demo corpus v1" + b"".join(parts))
