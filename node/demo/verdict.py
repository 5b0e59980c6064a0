"""Starts the fresh verifier and reads what it says."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from byline.node.demo.audit import Audit
from byline.node.errors import NodeError


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the verifier ended on."""

    number: int
    block_hash: str
    state_root: str
    blocks: Mapping[int, str]
    """Hash by number, of every L2 block it derived."""
    events: int
    """Of the attribution contracts."""
    audit: Audit


async def derive_again(
    l1_url: str, rollup_config: Mapping[str, Any], engine: str, seen: Callable[[int], None]
) -> Verdict:
    """Run the verifier and return where it ended; `seen` gets every L2 block number.

    The config goes over as a file: the process is told no URL but the L1's.
    Raises `NodeError` with what it printed when it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rollup.json"
        path.write_text(json.dumps(rollup_config))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "byline.node.demo.verifier", l1_url, str(path), engine,
            stdout=asyncio.subprocess.PIPE,
            cwd=folder,
            limit=2**24,
        )  # fmt: skip
        assert process.stdout is not None
        last: dict[str, Any] = {}
        blocks: dict[int, str] = {}
        async for raw in process.stdout:
            last = json.loads(raw)
            if "block" in last:
                blocks[last["block"]] = last["hash"]
                seen(last["block"])
        status = await process.wait()
    if "audit" not in last:
        raise NodeError(f"the verifier ended with status {status} after {len(blocks)} blocks")
    audit = Audit(**{**last["audit"], "faults": tuple(last["audit"]["faults"])})
    return Verdict(last["number"], last["hash"], last["state"], blocks, last["events"], audit)
