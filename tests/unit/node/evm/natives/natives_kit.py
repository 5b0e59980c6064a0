"""What a native function gives for an input, failures included, to compare two of a kind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

from byline.node.evm.natives.native import Failed


def outcome(function: Callable[[bytes], bytes], data: bytes) -> bytes | str:
    """Return the output, or the words of the failure."""
    try:
        return function(data)
    except Failed as exc:
        return str(exc)


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def words(*numbers: int) -> bytes:
    return b"".join(word(number) for number in numbers)


def chosen_without_extensions(module: str, function: str) -> list[str]:
    """Return what `module` says of itself where the references are asked for."""
    code = f"import {module} as chosen; print(chosen.COMPILED, chosen.{function}.__module__)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "BYLINE_NO_EXTENSIONS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()
