"""Random blocks under the L1's rules, on our executor and on the execution specs.

They must agree on every transaction: whether it is valid, its status, gas, output and logs;
and on the state root, in which every balance, nonce, code and word has its part.
`BYLINE_DIFFERENTIAL_CASES` asks for more blocks a fork, `BYLINE_DIFFERENTIAL_SEED` for others.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from byline.node.chain.builder import BlockBuilder
from byline.node.evm.engines import engine
from byline.node.evm.l1_forks import L1Fork
from tests.fuzz.execution.blocks import attempt, begun, same, shown
from tests.properties.random_blocks import random_block

HERE = Path(__file__).resolve().parent
PYTHON = HERE.parent.parent / "build" / "oracle" / "bin" / "python"
CASES = int(os.environ.get("BYLINE_DIFFERENTIAL_CASES", "200"))
SEED = int(os.environ.get("BYLINE_DIFFERENTIAL_SEED", "0"))
BATCH = 100
FIRST = range(SEED, SEED + CASES, BATCH)


@pytest.fixture(scope="session")
def oracle() -> Path:
    """Return the Python of the execution specs; skip without, but fail under CI=true."""
    if not PYTHON.is_file():
        words = f"no execution specs at {PYTHON}: `make oracle` installs them"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    return PYTHON


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("fork", [L1Fork.PRAGUE, L1Fork.OSAKA])
def test_random_blocks_end_as_in_the_execution_specs(
    oracle: Path, fork: L1Fork, first: int
) -> None:
    seeds = range(first, min(first + BATCH, SEED + CASES))
    cases = [{**random_block(seed), "seed": seed} for seed in seeds]
    fast, reference = (
        [begun(case, engine(name), fork) for case in cases] for name in ("fast", "pyevm")
    )
    for case, (_, parent) in zip(cases, reference, strict=True):
        case["parent"] = parent.hash.hex()
    document = json.dumps({"fork": fork.name.lower(), "cases": cases})
    command = [str(oracle), "-I", str(HERE / "execution_oracle.py")]
    done = subprocess.run(command, input=document, capture_output=True, text=True, timeout=1_800)
    assert done.returncode == 0, done.stderr[-4_000:]
    expected_of = json.loads(done.stdout)
    for blocks in (fast, reference):
        compare(seeds, cases, [builder for builder, _ in blocks], expected_of)


def compare(
    seeds: range,
    cases: list[dict[str, Any]],
    builders: list[BlockBuilder],
    expected_of: list[dict[str, Any]],
) -> None:
    kinds: Counter[str] = Counter()
    for seed, case, builder, expected in zip(seeds, cases, builders, expected_of, strict=True):
        for index, raw in enumerate(case["transactions"]):
            found = shown(attempt(builder, raw))
            assert same(found, expected["results"][index]), (seed, index, found, expected)
            kinds["invalid" if "invalid" in found else str(found["succeeded"])] += 1
        root = builder.seal().block.header.state_root.hex()
        assert root == expected["root"], f"seed {seed}: the state differs"
    if len(cases) == BATCH:
        # The generator is worth its time only while all of it happens.
        assert min(kinds[kind] for kind in ("True", "False", "invalid")) >= BATCH // 10, kinds
