"""The command line: one module a command, one line a command in `COMMANDS`.

What they share: running.py (asyncio, signals, errors as one line), banner.py (the start screen).
attribution.py has subcommands of its own: attribution_register.py, attribution_serve.py,
attribution_watch.py, attribution_explain.py, attribution_verify.py, attribution_status.py,
attribution_deploy.py, attribution_fidelity.py; attribution_signer.py says who signs,
attribution_deployment.py where the contracts stand, attribution_tables.py prints what a node
answers.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from byline.node.version import package_version


@dataclass(frozen=True, slots=True)
class Command:
    """A command and the module that offers `add_arguments(parser)` and `run(arguments)`.

    Or `SUBCOMMANDS`, a table of commands below this one.  The module is imported when the
    command is used: the EVM alone takes a second.
    """

    name: str
    module: str
    text: str


INTERRUPTED: Final = 130
"""Exit status after Ctrl-C, as shells have it."""

COMMANDS: Final = (
    Command("up", "byline.node.cli.up", "run the devnet: a local L1 and the L2 on it"),
    Command("demo", "byline.node.cli.demo", "pay the authors of real texts, end to end"),
    Command("attribution", "byline.node.cli.attribution", "serve and watch what models are paid"),
    Command("verify", "byline.node.cli.verify", "derive the L2 again from an L1 alone"),
    Command("engine", "byline.node.cli.engine", "run the L2 alone, driven by an op-node"),
    Command("install-l1", "byline.node.cli.install_l1", "make an anvil fit to be the L1 of an L2"),
    Command("state", "byline.node.cli.state", "write a chain's accounts to a file, or set them"),
    Command("config", "byline.node.cli.config", "show every setting and where it came from"),
    Command("bench", "byline.node.cli.bench", "measure this machine, print a table"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status: 0 done, 1 failed, 2 not understood."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="byline",
        description="A Python-native OP Stack devnet with an attribution precompile.",
    )
    parser.add_argument("--version", action="version", version=f"byline {package_version()}")
    try:
        return _run_one(parser, COMMANDS, words)
    except KeyboardInterrupt:
        return INTERRUPTED


def _run_one(parser: argparse.ArgumentParser, table: Sequence[Command], words: list[str]) -> int:
    """Run the command of `table` that the first word names, with the words after it."""
    known = [command.name for command in table]
    if words and not words[0].startswith("-") and words[0] not in known:
        near = difflib.get_close_matches(words[0], known, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        print(f"{parser.prog}: no command {words[0]!r}: {hint}", file=sys.stderr)
        return 2
    commands = parser.add_subparsers(metavar="COMMAND", dest="command")
    for command in table:
        part = commands.add_parser(command.name, help=command.text, description=command.text)
        if words and command.name == words[0]:
            module = importlib.import_module(command.module)
            if hasattr(module, "SUBCOMMANDS"):
                return _run_one(part, module.SUBCOMMANDS, words[1:])
            module.add_arguments(part)
            part.set_defaults(run=module.run)
            if (wrong := _misspelt(part, words[1:])) is not None:
                print(f"{part.prog}: {wrong}", file=sys.stderr)
                return 2
    try:
        parsed = parser.parse_args(words)
    except SystemExit as exc:
        return int(exc.code or 0)
    if "run" not in parsed:
        parser.print_help()
        return 2
    result: int = parsed.run(parsed)
    return result


def _misspelt(parser: argparse.ArgumentParser, words: Sequence[str]) -> str | None:
    """Say which option a parser does not have, where another one is near."""
    known = list(_options(parser))
    for word in words:
        if word == "--":
            break
        name = word.partition("=")[0]
        if not name.startswith("--") or any(option.startswith(name) for option in known):
            continue
        if near := difflib.get_close_matches(name, known, 1):
            return f"no option {name}: did you mean {near[0]}?"
    return None


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield the options of a parser and of those below it."""
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for part in action.choices.values():
                yield from _options(part)
