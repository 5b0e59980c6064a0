"""Logging, set up once: to standard error, or to a file in the data folder."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from byline.node.errors import StorageError

FORMAT: Final = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


def set_up(level: str, folder: Path | None) -> Path | None:
    """Log the project's messages from `level` on; return the file they go to, if any.

    Raises `StorageError` when that cannot be written.
    """
    root = logging.getLogger()
    root.setLevel(logging.WARNING)
    logging.getLogger("byline").setLevel(level.upper())
    handler: logging.Handler = logging.StreamHandler()
    path = None
    if folder is not None:
        path = folder / "byline.log"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handler = logging.FileHandler(path)
        except OSError as exc:
            raise StorageError(
                f"cannot write into the data folder {folder} ({exc.strerror}): "
                "check that it is a folder you may write to, or pass another --data-dir"
            ) from exc
    handler.setFormatter(logging.Formatter(FORMAT))
    root.handlers[:] = [handler]
    return path
