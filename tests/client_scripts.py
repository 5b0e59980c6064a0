"""Node scripts of stock clients against a running chain, and the contracts that they use."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

E2E = Path(__file__).resolve().parent / "e2e"
SOLC = E2E / "solidity" / "solc.mjs"
SECONDS = 300


def environment(clients: Path) -> dict[str, str]:
    """Return an environment with the installed node, in which nothing phones home."""
    quiet = {"HARDHAT_DISABLE_TELEMETRY_PROMPT": "true", "NO_COLOR": "1", "CI": "true"}
    kept = {key: value for key, value in os.environ.items() if not key.startswith("BYLINE_")}
    path = f"{clients / 'node_modules' / '.bin'}{os.pathsep}{kept.get('PATH', '')}"
    return {**kept, **quiet, "PATH": path, "BYLINE_CLIENTS": str(clients)}


def compile_solidity(clients: Path, source: Path) -> dict[str, dict[str, Any]]:
    """Return abi, bytecode and deployed bytecode of the contracts in a file, by name."""
    wanted = {
        "language": "Solidity",
        "sources": {source.name: {"content": source.read_text()}},
        "settings": {
            "evmVersion": "prague",
            "optimizer": {"enabled": True},
            "outputSelection": {
                "*": {"*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"]}
            },
        },
    }
    done = subprocess.run(
        ["node", str(SOLC), "--standard-json"],
        input=json.dumps(wanted),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=environment(clients),
    )
    assert done.returncode == 0, done.stderr
    output = json.loads(done.stdout)
    assert "errors" not in output, output["errors"]
    return {
        name: {
            "abi": found["abi"],
            "bytecode": "0x" + found["evm"]["bytecode"]["object"],
            "deployed": "0x" + found["evm"]["deployedBytecode"]["object"],
        }
        for name, found in output["contracts"][source.name].items()
    }


def run_parts(
    script: str, url: str, clients: Path, contracts: Path, parts: Sequence[str] = ()
) -> list[str]:
    """Run a script's parts, all of them by default; return those done, fail with what failed."""
    done = subprocess.run(
        ["node", str(E2E / script), url, str(clients), str(contracts), *parts],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=environment(clients),
    )
    assert done.stdout.strip(), done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    words = "\n\n".join(f"{name}: {words}" for name, words in found["failed"].items())
    assert not found["failed"], f"{script} at {url}\n{words}"
    assert done.returncode == 0, done.stderr
    return list(found["done"])
