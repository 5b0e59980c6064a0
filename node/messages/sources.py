"""Where the user says ABIs are: `--abi out --abi 0xAddress=Token.json`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")


@dataclass(frozen=True, slots=True)
class AbiSource:
    """A file or a folder."""

    path: Path
    address: bytes | None = None
    """Of the contract that it describes, on either chain."""


def abi_sources(texts: Iterable[str]) -> tuple[AbiSource, ...]:
    """Read the setting; raises `ValueError` as `abi_source` does."""
    return tuple(map(abi_source, texts))


def abi_source(text: str) -> AbiSource:
    """Read one value: `PATH` or `ADDRESS=FILE`.

    Raises `ValueError` for a path where nothing is, and for what is no address.
    """
    told, equals, rest = text.partition("=")
    address = None
    if equals and not Path(text).exists():
        if not _ADDRESS.fullmatch(told):
            raise ValueError(f"{told!r} is no address, want 0x and 40 hex digits")
        address, text = bytes.fromhex(told[2:]), rest
    path = Path(text).expanduser()
    if not path.exists():
        raise ValueError(
            f"{text} is not there: want an ABI file, a folder of them (out, artifacts), "
            "or ADDRESS=FILE"
        )
    if address is not None and path.is_dir():
        raise ValueError(f"{text} is a folder, but {told} is one contract: name its file")
    return AbiSource(path, address)


def checked_source(text: str) -> str:
    """Return `text` if it is a source; raises as `abi_source` does."""
    abi_source(text)
    return text
