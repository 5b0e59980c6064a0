"""Every chooser takes the kernel where it is built, and the reference where that is wished."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("name", ["rlp", "secp256k1", "fastlz", "bloom"])
@pytest.mark.parametrize(("wish", "compiled"), [("1", False), ("0", True), ("", True)])
def test_the_references_are_chosen_on_demand(name: str, wish: str, compiled: bool) -> None:
    code = (
        f"from byline.derivation.kernels import {name} as chosen;"
        "print(chosen.COMPILED, *(getattr(chosen, name).__module__"
        " for name in chosen.__all__ if name.islower() and hasattr(chosen, name)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "BYLINE_NO_EXTENSIONS": wish},
        capture_output=True,
        text=True,
        check=True,
    )
    module = f"byline.derivation.kernels._{name}_{'c' if compiled else 'py'}"
    was_compiled, *modules = done.stdout.split()
    assert was_compiled == str(compiled)
    assert set(modules) == {module}
