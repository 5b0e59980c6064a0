"""Blocks of our own making whose outcome is pinned: `python -m tests.conformance.pins`.

A pin holds the digest of a random block, by seed, and the state root after it.  Writing
them asks the execution specs, py-evm and the fast engine, which have to agree; the tests
ask the engines again on every machine, with no fixtures at hand.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from byline.node.evm.call_stack import prepare_threads
from byline.node.evm.engines import engine
from byline.node.evm.l1_forks import L1Fork
from byline.node.evm.machine import Engine
from tests.fuzz.execution.blocks import FORKS, attempt, begun, random_case
from tests.fuzz.execution.oracles import EELS, Oracle, differs_from_eels

FILE: Final = Path(__file__).with_name("pins.json")
BLOCKS: Final = 120
"""For each fork."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One block."""

    seed: int
    fork: str
    case: str
    """Digest of accounts and transactions: another one means another generator."""
    root: str
    """State root after the block."""
    gas_used: int
    hash: str
    """Block hash, which covers the receipts."""


def case_of(seed: int, fork: str) -> dict[str, Any]:
    """Return the block of a pin."""
    return {**random_case(seed), "fork": fork}


def digest(case: dict[str, Any]) -> str:
    """Return what tells one case from another."""
    return hashlib.sha256(json.dumps(case, sort_keys=True).encode()).hexdigest()[:16]


def pinned(seed: int, fork: str, by: Engine) -> Pin:
    """Execute a block, and return what there is to pin of it."""
    case = case_of(seed, fork)
    builder, _ = begun(case, by, L1Fork[fork])
    for raw in case["transactions"]:
        attempt(builder, raw)
    header = builder.seal().header
    return Pin(
        seed, fork, digest(case), header.state_root.hex(), header.gas_used, header.hash.hex()
    )


def pins() -> list[Pin]:
    """Return what is pinned."""
    return [Pin(**fields) for fields in json.loads(FILE.read_text())]


def write() -> str | None:
    """Pin the blocks anew; return words, and write nothing, when not all agree."""
    fast, reference = engine("fast"), engine("pyevm")
    found = []
    with Oracle(EELS) as eels:
        for fork in FORKS:
            for seed in range(BLOCKS):
                pin = pinned(seed, fork, fast)
                if pinned(seed, fork, reference) != pin:
                    return f"{fork} {seed}: the engines differ"
                words = differs_from_eels(case_of(seed, fork), fast, eels)
                if words is not None:
                    return f"{fork} {seed}: {words}"
                found.append(pin)
    lines = ",\n".join(json.dumps(asdict(pin)) for pin in found)
    FILE.write_text(f"[\n{lines}\n]\n")
    return None


def main() -> int:
    prepare_threads()
    words = write()
    print(words or f"{FILE}: {2 * BLOCKS} blocks")
    return 1 if words else 0


if __name__ == "__main__":
    sys.exit(main())
