"""Logging, set up once: to standard error, or to a file in the data folder."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

FORMAT: Final = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


def set_up(level: str, folder: Path | None) -> Path | None:
    """Log the project's messages from `level` on; return the file they go to, if any."""
    root = logging.getLogger()
    root.setLevel(logging.WARNING)
    logging.getLogger("byline").setLevel(level.upper())
    handler: logging.Handler = logging.StreamHandler()
    path = None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "byline.log"
        handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter(FORMAT))
    root.handlers[:] = [handler]
    return path
