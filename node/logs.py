"""Logging, set up once: to standard error, and to a file in the data folder.

text   one line a message, coloured where a terminal shows it
JSON   one object a line: time, level, logger, message, and what the message is about
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TextIO

from byline.node.errors import StorageError

FORMAT: Final = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
QUIET: Final = logging.ERROR
"""What is shown where nobody wants to be told anything."""
RED: Final = "\x1b[31m"
YELLOW: Final = "\x1b[33m"
CYAN: Final = "\x1b[36m"
DIM: Final = "\x1b[2m"
PLAIN: Final = "\x1b[0m"


class TextFormatter(logging.Formatter):
    """Lines of text, in colour if told so."""

    def __init__(self, *, coloured: bool = False) -> None:
        super().__init__(FORMAT)
        self._coloured = coloured

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        text = super().format(record)
        colour = _colour(record) if self._coloured else ""
        return f"{colour}{text}{PLAIN}" if colour else text


def _colour(record: logging.LogRecord) -> str:
    fields = fields_of(record)
    if record.levelno >= logging.ERROR or fields.get("status") == "failed":
        return RED
    if record.levelno >= logging.WARNING:
        return YELLOW
    if "console" in fields:
        return CYAN
    return DIM if record.levelno <= logging.DEBUG else ""


class JsonFormatter(logging.Formatter):
    """An object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        found = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **fields_of(record),
        }
        if record.exc_info:
            found["traceback"] = self.formatException(record.exc_info)
        return json.dumps(found, default=str)


def fields_of(record: logging.LogRecord) -> Mapping[str, Any]:
    """Return what a message is about, as it was given as `extra={"fields": ...}`."""
    fields = getattr(record, "fields", None)
    return fields if isinstance(fields, Mapping) else {}


class _Gathered(threading.local):
    """What one thread has formatted and not yet written, by handler; `None` writes at once."""

    texts: dict[GatheringHandler, list[str]] | None = None


_GATHERED: Final = _Gathered()


class GatheringHandler(logging.StreamHandler[TextIO]):
    """Writes together what a thread logs within `gathered`.

    Each write lets another thread run, and waits to be let again: a line at a time, that
    would slow down those who do the work.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler.emit`."""
        if _GATHERED.texts is None:
            super().emit(record)
            return
        try:
            _GATHERED.texts.setdefault(self, []).append(self.format(record))
        except Exception:
            self.handleError(record)

    def put(self, texts: Iterable[str]) -> None:
        """Write lines that are formatted."""
        with self.lock or nullcontext(), suppress(OSError, ValueError):
            self.stream.write("".join(text + self.terminator for text in texts))
            self.flush()


class FileHandler(GatheringHandler):
    """One that owns its file."""

    def close(self) -> None:
        """See `logging.Handler.close`."""
        self.stream.close()
        super().close()


@contextmanager
def gathered() -> Iterator[None]:
    """Let what this thread logs meanwhile be written at the end, together."""
    _GATHERED.texts = {}
    try:
        yield
    finally:
        held, _GATHERED.texts = _GATHERED.texts, None
        for handler, texts in (held or {}).items():
            handler.put(texts)


def set_up(
    level: str,
    folder: Path | None,
    *,
    as_json: bool = False,
    quiet: bool = False,
    verbose: bool = False,
) -> Path | None:
    """Log the project's messages from `level` on; return the file they go to, if any.

    Standard error has them where there is no file, and where it is a terminal; `quiet` leaves
    errors there, `verbose` logs everything.  Raises `StorageError` when the file cannot be
    written.
    """
    wanted = logging.DEBUG if verbose else logging.getLevelNamesMapping()[level.upper()]
    handlers: list[logging.Handler] = []
    path = None
    if folder is not None:
        path = folder / "byline.log"
        handlers.append(_to_file(folder, path))
        handlers[0].setFormatter(JsonFormatter() if as_json else TextFormatter())
    if folder is None or quiet or sys.stderr.isatty():
        shown = GatheringHandler()
        shown.setLevel(QUIET if quiet else logging.NOTSET)
        text = TextFormatter(coloured=takes_colour(sys.stderr))
        shown.setFormatter(JsonFormatter() if as_json else text)
        handlers.append(shown)
    root = logging.getLogger()
    root.setLevel(logging.WARNING)
    logging.getLogger("byline").setLevel(QUIET if quiet and folder is None else wanted)
    root.handlers[:] = handlers
    return path


def _to_file(folder: Path, path: Path) -> logging.Handler:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return FileHandler(path.open("a", encoding="utf-8", errors="backslashreplace"))
    except OSError as exc:
        raise StorageError(
            f"cannot write into the data folder {folder} ({exc.strerror}): "
            "check that it is a folder you may write to, or pass another --data-dir"
        ) from exc


def takes_colour(stream: TextIO) -> bool:
    """Tell whether a stream shows colours: a terminal, unless the user wants none.

    Source: no-color.org.
    """
    dumb = os.environ.get("TERM") == "dumb" or bool(os.environ.get("NO_COLOR"))
    return stream.isatty() and not dumb
