"""How a command is found, and what is imported for it."""

from __future__ import annotations

import argparse
import subprocess
import sys

import pytest

from byline.node.attribution.serving.bounds import Bounds
from byline.node.attribution.serving.operator import OperatorSettings
from byline.node.cli import (
    COMMANDS,
    _misspelt,
    attribution_fidelity,
    attribution_serve,
    main,
)
from byline.node.cli.attribution import SUBCOMMANDS

HEAVY = ("numpy", "aiohttp", "rich.table", "eth_abi", "byline.precompiles")


def imported_by(*words: str) -> set[str]:
    """Return the modules that a command has imported when it ends."""
    code = (
        "import sys\nfrom byline.node.cli import main\n"
        f"main({list(words)!r})\nprint(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("words", [("--help",), ("attribution", "--help"), ("attribution",)])
def test_a_list_of_commands_imports_none_of_them(words: tuple[str, ...]) -> None:
    found = imported_by(*words)
    assert not found & {command.module for command in (*COMMANDS, *SUBCOMMANDS)} - {
        "byline.node.cli.attribution"
    }
    assert not found & set(HEAVY)


@pytest.mark.parametrize("name", ["register", "serve"])
def test_the_options_of_a_subcommand_import_no_engine(name: str) -> None:
    found = imported_by("attribution", name, "--help")
    assert f"byline.node.cli.attribution_{name}" in found
    assert not found & {"numpy", "aiohttp", "eth_abi", "byline.precompiles"}


@pytest.mark.parametrize("name", ["status", "explain", "verify"])
def test_what_only_asks_the_node_imports_no_engine(name: str) -> None:
    found = imported_by("attribution", name, "--help")
    assert not found & {"numpy", "eth_abi", "byline.precompiles"}


@pytest.mark.parametrize("name", [command.name for command in SUBCOMMANDS])
def test_every_subcommand_tells_its_options(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attribution", name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"usage: byline attribution {name} ")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["attribution", "sevre"], "byline attribution: no command 'sevre': did you mean serve?"),
        (["atribution"], "byline: no command 'atribution': did you mean attribution?"),
        (["attribution", "x"], "byline attribution: no command 'x': there are register, serve,"),
    ],
)
def test_a_typo_is_told_the_nearest_name(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert told in capsys.readouterr().err


def test_options_of_parts_of_a_command_are_known() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--help-me")
    parts = parser.add_subparsers()
    parts.add_parser("dump").add_argument("--help-you")
    for words in (
        ["dump", "--help-you", "1"],
        ["dump", "--help-yo=1"],
        ["--", "--help-mo"],
        ["-x"],
    ):
        assert _misspelt(parser, words) is None
    told = _misspelt(parser, ["dump", "--help-yuo", "1"])
    assert told == "no option --help-yuo: did you mean --help-you?"


def test_ctrl_c_is_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(attribution_fidelity, "run", interrupted)
    assert main(["attribution", "fidelity"]) == 130
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--contributors", "0"], "for 0 contributors"),
        (["--contributors", "9", "--train", "8"], "--contributors 9: want at most 8"),
        (["--contributors", "257"], "--contributors 257: want at most 256"),
        (["--train", "-5"], "-5 of 569 rows"),
        (["--train", "9999"], "9999 of 569 rows"),
        (["--csv", __file__], f"--csv {__file__}: "),
        (["--csv", "/nowhere"], "/nowhere"),
    ],
)
def test_fidelity_says_in_a_line_what_does_not_fit(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["attribution", "fidelity", *words]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1


def test_the_options_of_serve_have_the_defaults_of_what_they_set() -> None:
    defaults = {name: default for name, _, default, *_ in attribution_serve._NUMBERS}
    operator, bounds = OperatorSettings(), Bounds()
    assert defaults == {
        "batch": operator.most_receipts,
        "batch-age": operator.most_age,
        "keep": operator.keep_seconds,
        "answer-seconds": bounds.answer_seconds,
        "offers": bounds.offers,
        "offers-of-client": bounds.offers_of_client,
    }
