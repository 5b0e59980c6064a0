"""Who may import whom, as a test; the message says what to do."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

MAY_IMPORT: dict[str, set[str]] = {
    "precompiles": {"derivation"},
    "derivation": set(),
    "rpc": {"derivation"},
    "node": {"precompiles", "derivation", "rpc"},
}
NO_IO = {
    "aiohttp", "asyncio", "concurrent", "datetime", "logging", "multiprocessing", "os",
    "pathlib", "plyvel", "queue", "random", "requests", "secrets", "select", "shutil", "signal",
    "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib",
    "uuid", "uvloop",
}  # fmt: skip
"""Modules that wait, or read a clock, a disk, the network or chance."""
CHOOSERS = "derivation/kernels"
"""Its modules read one environment variable, once, to choose between two equal functions."""
PURE = ("derivation", "precompiles")
BUILTIN_IO = {"open", "print", "input", "exec", "eval"}


def sources(part: str) -> list[Path]:
    return sorted((ROOT / part).rglob("*.py"))


def imports(text: str) -> set[str]:
    """Return the modules that `text` imports, wherever in it."""
    found: set[str] = set()
    for item in ast.walk(ast.parse(text)):
        if isinstance(item, ast.Import):
            found |= {alias.name for alias in item.names}
        elif isinstance(item, ast.ImportFrom) and item.module:
            found |= {item.module}
            found |= {f"{item.module}.{alias.name}" for alias in item.names}
    return found


def parts_of_ours(text: str) -> set[str]:
    names = (name.split(".") for name in imports(text) if name.startswith("byline."))
    return {name[1] for name in names} & set(MAY_IMPORT)


def io_in(text: str) -> set[str]:
    """Return what `text` uses to wait or to reach outside of the process."""
    found = {name.partition(".")[0] for name in imports(text)} & NO_IO
    for item in ast.walk(ast.parse(text)):
        if isinstance(item, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
            found.add("async")
        if isinstance(item, ast.Call) and isinstance(item.func, ast.Name):
            found |= {item.func.id} & BUILTIN_IO
    return found


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_a_part_imports_only_what_lies_below_it(part: str) -> None:
    assert sources(part)
    for path in sources(part):
        wrong = parts_of_ours(path.read_text()) - MAY_IMPORT[part] - {part}
        assert not wrong, (
            f"{path.relative_to(ROOT)} imports {sorted(wrong)}: {part} may import "
            f"{sorted(MAY_IMPORT[part]) or 'nothing of ours'}; declare what it needs as a "
            "Protocol, or move the code"
        )


def test_derivation_does_no_io() -> None:
    for path in sources("derivation"):
        used = io_in(path.read_text())
        if path.parent == ROOT / CHOOSERS:
            used -= {"os"}
        assert not used, (
            f"{path.relative_to(ROOT)} uses {sorted(used)}: derivation is pure and synchronous; "
            "take the value as an argument and let node fetch it"
        )


def test_no_import_is_relative() -> None:
    for part in MAY_IMPORT:
        for path in sources(part):
            for item in ast.walk(ast.parse(path.read_text())):
                relative = isinstance(item, ast.ImportFrom) and item.level
                assert not relative, f"{path.relative_to(ROOT)}: import it as byline.{part}..."


@pytest.mark.parametrize(
    "text",
    ["import byline.node.cli", "from byline.node import cli", "from byline import node",
     "def f():\n    from byline.node.cli import main"],
)  # fmt: skip
def test_the_guard_sees_every_form_of_import(text: str) -> None:
    assert parts_of_ours(text) == {"node"}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("import os.path", "os"),
        ("from time import sleep", "time"),
        ("async def f(): pass", "async"),
        ("open('x')", "open"),
        ("def f():\n    import random", "random"),
    ],
)
def test_the_guard_sees_io(text: str, what: str) -> None:
    assert io_in(text) == {what}
