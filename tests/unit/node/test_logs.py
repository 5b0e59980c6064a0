"""Where messages go and what they look like there."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from byline.node import logs
from byline.node.errors import StorageError


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("byline")
    before = root.handlers[:], root.level, ours.level
    yield
    for handler in root.handlers:
        if handler not in before[0]:
            handler.close()
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return Terminal()


@pytest.fixture
def piped() -> io.StringIO:
    return io.StringIO()


def set_up(shown: io.StringIO, *arguments: Any, **named: Any) -> Path | None:
    """Set up the log with `shown` as standard error, which pytest puts back for each phase."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", shown)
        return logs.set_up(*arguments, **named)


LOG = logging.getLogger("byline.test")


def test_json_is_an_object_a_line_with_what_it_is_about(piped: io.StringIO) -> None:
    assert set_up(piped, "info", None, as_json=True) is None
    LOG.info("L2 #%d\nbelow \x1b[31m", 1, extra={"fields": {"block": 1, "hash": b"x"}})
    try:
        raise ValueError("no")
    except ValueError:
        LOG.exception("failed")
    first, second = map(json.loads, piped.getvalue().splitlines())
    assert first["message"] == "L2 #1\nbelow \x1b[31m"
    assert (first["level"], first["logger"], first["block"]) == ("info", "byline.test", 1)
    assert first["time"].endswith("+00:00")
    assert second["level"] == "error"
    assert "ValueError: no" in second["traceback"]


def test_text_has_no_colour_where_no_terminal_is(piped: io.StringIO) -> None:
    set_up(piped, "info", None)
    LOG.error("broken")
    assert "ERROR   byline.test: broken" in piped.getvalue()
    assert "\x1b" not in piped.getvalue()


def test_a_terminal_has_colours(terminal: Terminal) -> None:
    set_up(terminal, "info", None)
    LOG.info("plain")
    LOG.info("failed", extra={"fields": {"status": "failed"}})
    LOG.info("said", extra={"fields": {"console": "said"}})
    LOG.warning("careful")
    plain, failed, said, careful = terminal.getvalue().splitlines()
    assert "\x1b" not in plain
    for line, colour in ((failed, logs.RED), (said, logs.CYAN), (careful, logs.YELLOW)):
        assert line.startswith(colour)
        assert line.endswith(logs.PLAIN)


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_has_none_where_the_user_wants_none(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    set_up(terminal, "info", None)
    LOG.error("broken")
    assert "\x1b" not in terminal.getvalue()


def test_quiet_leaves_errors(piped: io.StringIO) -> None:
    set_up(piped, "info", None, quiet=True)
    LOG.warning("careful")
    LOG.error("broken")
    assert not LOG.isEnabledFor(logging.WARNING), "nobody is to work for nothing"
    assert [line[-6:] for line in piped.getvalue().splitlines()] == ["broken"]


def test_verbose_shows_everything(piped: io.StringIO) -> None:
    set_up(piped, "info", None, verbose=True)
    LOG.debug("detail")
    assert "detail" in piped.getvalue()


def test_a_data_folder_has_the_log_in_a_file(tmp_path: Path, piped: io.StringIO) -> None:
    path = set_up(piped, "info", tmp_path / "new", as_json=True)
    LOG.info("caf\xe9 \ud800")
    LOG.error("broken")
    assert path == tmp_path / "new" / "byline.log"
    assert len([json.loads(line) for line in path.read_text("utf-8").splitlines()]) == 2
    assert piped.getvalue() == ""


def test_a_terminal_sees_what_goes_to_the_file_too(tmp_path: Path, terminal: Terminal) -> None:
    path = set_up(terminal, "info", tmp_path)
    LOG.warning("careful")
    assert path is not None
    assert "careful" in terminal.getvalue()
    assert "\x1b" in terminal.getvalue()
    assert "\x1b" not in path.read_text()


def test_quiet_keeps_the_file_whole_and_shows_errors(tmp_path: Path, piped: io.StringIO) -> None:
    path = set_up(piped, "info", tmp_path, quiet=True)
    LOG.info("told")
    LOG.error("broken")
    assert path is not None
    assert len(path.read_text().splitlines()) == 2
    assert len(piped.getvalue().splitlines()) == 1


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot write into the data folder"):
        logs.set_up("info", tmp_path / "file")


def test_what_is_gathered_is_written_at_the_end_in_order(piped: io.StringIO) -> None:
    set_up(piped, "info", None)
    with logs.gathered():
        LOG.info("first")
        LOG.info("second")
        assert piped.getvalue() == ""
    assert [line[-6:].strip() for line in piped.getvalue().splitlines()] == ["first", "second"]
    LOG.info("third")
    assert piped.getvalue().endswith("third\n")


def test_a_stream_that_is_gone_stops_nobody(piped: io.StringIO) -> None:
    set_up(piped, "info", None)
    with logs.gathered():
        LOG.info("first")
        piped.close()
