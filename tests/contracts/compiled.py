"""Compiles a few lines of Vyper around a module that is not a contract by itself."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

from byline.node.contracts import build
from byline.node.contracts.artifacts import Artifact

HEAD = "# pragma version 0.4.3\n# pragma nonreentrancy off\n"


@cache
def compiled(text: str) -> Artifact:
    """Return the contract that `text` makes, which may import from `lib` and from `l1`."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in ("lib", "l1"):
            shutil.copytree(build.ROOT / name, root / name)
        (root / "l1" / "Compiled.vy").write_text(HEAD + text)
        document = build.build(Path("l1/Compiled.vy"), root)
    return Artifact(
        name=document["contractName"],
        source=document["source"],
        abi=tuple(document["abi"]),
        bytecode=bytes.fromhex(document["bytecode"][2:]),
        runtime=bytes.fromhex(document["runtime"][2:]),
        storage=document["storage"],
    )
