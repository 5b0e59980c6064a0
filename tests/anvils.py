"""anvil in a process of its own, for tests that need another node than ours."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.devnets import wait_for
from tests.vectors_folder import REPOSITORY

FOUNDRY = REPOSITORY / "build" / "clients" / "node_modules" / "@foundry-rs"


@contextlib.contextmanager
def running_anvil(*options: str) -> Iterator[str]:
    """Run anvil and yield its URL; skip when it is missing, but fail under CI=true."""
    # Not .bin/anvil: that is a script which, when it is killed, leaves the program running.
    program = next(FOUNDRY.glob("anvil-*/bin/anvil"), None)
    if program is None:
        words = f"no anvil in {FOUNDRY}: run `make clients`"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "said.txt"
        with said.open("w") as output:
            process = subprocess.Popen(
                [program, "--port", "0", *options], stdout=output, stderr=subprocess.STDOUT
            )

        def urls() -> list[str]:
            """Return where it listens, once it does: the system chooses a port that is free."""
            assert process.poll() is None, f"anvil ended:\n{said.read_text()}"
            return re.findall(r"^Listening on (\S+:\d+)$", said.read_text(), re.MULTILINE)

        try:
            wait_for(urls)
            yield f"http://{urls()[0]}"
        finally:
            process.kill()
            process.wait()
