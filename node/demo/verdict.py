"""A fresh verifier: another process, an empty store, the L1's URL and the rollup config."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from byline.node.errors import NodeError


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the verifier ended on."""

    number: int
    block_hash: str
    state_root: str
    blocks: Mapping[int, str]
    """Hash by number, of every L2 block it derived."""


async def derive_again(
    l1_url: str, rollup_config: Mapping[str, Any], seen: Callable[[int], None]
) -> Verdict:
    """Run `byline verify` and return where it ended; `seen` gets every L2 block number.

    The config goes over as a file: the process is told no URL but the L1's.
    Raises `NodeError` with what it printed when it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rollup.json"
        path.write_text(json.dumps(rollup_config))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "byline.node", "verify", "--blocks",
            "--l1", l1_url, "--rollup-config", str(path),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=folder,
        )  # fmt: skip
        assert process.stdout is not None
        lines = []
        blocks: dict[int, str] = {}
        async for raw in process.stdout:
            lines.append(raw.decode())
            found = re.match(r"L2 block (\d+) (0x[0-9a-f]{64})", lines[-1])
            if found:
                blocks[int(found[1])] = found[2]
                seen(int(found[1]))
        status = await process.wait()
    text = "".join(lines)
    head = re.search(r"safe head: L2 block (\d+) (0x[0-9a-f]{64})", text)
    root = re.search(r"state root: (0x[0-9a-f]{64})", text)
    if status != 0 or head is None or root is None:
        raise NodeError(f"the verifier ended with status {status}:\n{text}")
    return Verdict(int(head[1]), head[2], root[1], blocks)
