"""Where the known answers lie: `BYLINE_VECTORS`, or `../shared/vectors` beside the repository."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


def vectors() -> Path:
    """Return the folder of vectors; skip when it is missing, but fail under CI=true."""
    folder = Path(os.environ.get("BYLINE_VECTORS", REPOSITORY.parent / "shared" / "vectors"))
    if not folder.is_dir():
        words = f"no vectors at {folder}: set BYLINE_VECTORS to their folder"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        # A module that reads vectors as it is imported is skipped as a whole.
        pytest.skip(words, allow_module_level=True)
    return folder


def load(name: str) -> Any:
    """Return the JSON document at `name` below the folder, unpacked when it ends in .gz."""
    data = (vectors() / name).read_bytes()
    return json.loads(gzip.decompress(data) if name.endswith(".gz") else data)
