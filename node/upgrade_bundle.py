"""Reads the file with the upgrade transactions of forks that activate after genesis."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path
from typing import Final

import orjson

from byline.derivation.config import ConfigProblem, RollupConfig
from byline.derivation.upgrades import NO_UPGRADES, Upgrades, check_upgrades, read_bundle
from byline.node.errors import ConfigError

MOST_BYTES: Final = 1 << 26
"""Bytes of the largest bundle, unpacked; Karst's has half a megabyte."""
_GZIP: Final = b"\x1f\x8b"


def load_upgrades(path: Path | None, config: RollupConfig) -> Upgrades:
    """Return the upgrades in the file at `path` (JSON, or JSON in gzip); none without one.

    Raises `ConfigError` where it does not read, and where a fork of `config` activates after
    genesis whose transactions are not in it.
    """
    try:
        upgrades = NO_UPGRADES if path is None else read_bundle(_document(path))
        check_upgrades(config, upgrades)
    except ConfigProblem as exc:
        where = "" if path is None else f"{path}: "
        raise ConfigError(f"{where}{exc}") from exc
    return upgrades


def _document(path: Path) -> object:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if data.startswith(_GZIP):
            with gzip.open(io.BytesIO(data)) as packed:
                data = packed.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ConfigError(f"upgrade bundle {path}: more than {MOST_BYTES} bytes")
        document: object = orjson.loads(data)
    except (OSError, ValueError, EOFError, zlib.error, RecursionError) as exc:
        raise ConfigError(f"upgrade bundle {path}: {exc}") from exc
    return document
