"""Interface files for contracts of users: `interfaces/I<Name>.sol` and `interfaces/<Name>.vyi`.

They are there for the precompiles and for every contract of `attribution/`, are written by
`python -m byline.node.contracts.build`, and are part of what is installed:

    from byline.node.contracts.interface_files import folder, read
    folder()                                    # a path for an import remapping
    read("IAttributionEvidence.sol")            # the text
"""

from __future__ import annotations

import difflib
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

SUFFIXES: Final = (".sol", ".vyi")


class UnknownInterface(LookupError):
    """No interface file of that name is there; the message offers the nearest names."""


def names() -> tuple[str, ...]:
    """Return the names of all interface files, sorted."""
    there = files("byline.node.contracts") / "interfaces"
    found = (entry.name for entry in there.iterdir())
    return tuple(sorted(name for name in found if name.endswith(SUFFIXES)))


def read(name: str) -> str:
    """Return the text of the file `name`, suffix included; `UnknownInterface` if none is."""
    if name not in names():
        near = difflib.get_close_matches(name, names(), n=3, cutoff=0.4) or names()
        raise UnknownInterface(f"no interface file {name!r}; there are {', '.join(near)}")
    return (files("byline.node.contracts") / "interfaces" / name).read_text("utf-8")


def folder() -> Path:
    """Return the folder that holds them, for the import paths of compilers."""
    with as_file(files("byline.node.contracts") / "interfaces") as path:
        return path
