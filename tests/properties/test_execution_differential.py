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

from byline.derivation.hashing import EMPTY_TRIE_ROOT, ZERO_HASH
from byline.derivation.header import Header
from byline.derivation.transaction import Transaction, decode_transaction
from byline.node.chain.builder import BlockBuilder
from byline.node.chain.genesis import genesis_machine
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.evm.ethereum import EthereumRules
from byline.node.evm.l1_forks import L1Fork, L1Schedule
from byline.node.evm.pyevm import PyEvmEngine
from byline.node.evm.rules import BlockInput
from byline.node.evm.transition import Applied, InvalidTransaction
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


def parent_of(case: dict[str, Any], state_root: bytes) -> Header:
    """Return a header after which the base fee stays the same."""
    return Header(
        parent_hash=ZERO_HASH,
        number=0,
        state_root=state_root,
        gas_limit=case["gas_limit"],
        gas_used=case["gas_limit"] // 2,
        timestamp=case["timestamp"] - 12,
        base_fee=case["base_fee"],
        withdrawals_root=EMPTY_TRIE_ROOT,
        blob_gas_used=0,
        excess_blob_gas=0,
        parent_beacon_root=ZERO_HASH,
    )


def ours(case: dict[str, Any], fork: L1Fork) -> tuple[BlockBuilder, Header]:
    """Return a block under construction on the case's allocation, and its parent."""
    alloc = {
        bytes.fromhex(address): GenesisAccount(
            balance=fields["balance"],
            nonce=fields["nonce"],
            code=bytes.fromhex(fields["code"]),
            storage={int(slot): value for slot, value in fields["storage"].items()},
        )
        for address, fields in case["alloc"].items()
    }
    machine = genesis_machine(PyEvmEngine(), alloc)
    parent = parent_of(case, machine.commit())
    nodes = dict(machine.nodes)
    given = BlockInput(
        timestamp=case["timestamp"],
        coinbase=bytes.fromhex(case["coinbase"]),
        prev_randao=bytes.fromhex(case["prev_randao"]),
        gas_limit=case["gas_limit"],
        parent_beacon_root=ZERO_HASH,
    )
    rules = EthereumRules(case["chain_id"], L1Schedule.at_genesis(fork))
    builder = BlockBuilder(PyEvmEngine(), rules, parent, given, nodes.get, [parent.hash])
    return builder, parent


def attempt(builder: BlockBuilder, raw: str) -> Applied | str:
    """Return what a transaction does, or why it is not valid."""
    tx = decode_transaction(bytes.fromhex(raw))
    assert isinstance(tx, Transaction)
    try:
        return builder.add(tx)
    except InvalidTransaction as exc:
        return str(exc)


def shown(done: Applied | str) -> dict[str, Any]:
    """Return our result in the oracle's words."""
    if isinstance(done, str):
        return {"invalid": done}
    return {
        "succeeded": done.succeeded,
        "gas_used": done.gas_used,
        "output": done.output.hex(),
        "logs": [
            [log.address.hex(), [topic.hex() for topic in log.topics], log.data.hex()]
            for log in done.logs
        ],
    }


def same(left: dict[str, Any], right: dict[str, Any]) -> bool:
    """Tell whether results agree; the words for what is invalid may differ."""
    return left == right or ("invalid" in left and "invalid" in right)


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("fork", [L1Fork.PRAGUE, L1Fork.OSAKA])
def test_random_blocks_end_as_in_the_execution_specs(
    oracle: Path, fork: L1Fork, first: int
) -> None:
    seeds = range(first, min(first + BATCH, SEED + CASES))
    cases = [random_block(seed) for seed in seeds]
    blocks = [ours(case, fork) for case in cases]
    for case, (_, parent) in zip(cases, blocks, strict=True):
        case["parent"] = parent.hash.hex()
    document = json.dumps({"fork": fork.name.lower(), "cases": cases})
    command = [str(oracle), "-I", str(HERE / "execution_oracle.py")]
    done = subprocess.run(command, input=document, capture_output=True, text=True, timeout=1_800)
    assert done.returncode == 0, done.stderr[-4_000:]
    kinds: Counter[str] = Counter()
    for seed, case, (builder, _), expected in zip(
        seeds, cases, blocks, json.loads(done.stdout), strict=True
    ):
        for index, raw in enumerate(case["transactions"]):
            found = shown(attempt(builder, raw))
            assert same(found, expected["results"][index]), (seed, index, found, expected)
            kinds["invalid" if "invalid" in found else str(found["succeeded"])] += 1
        root = builder.seal().block.header.state_root.hex()
        assert root == expected["root"], f"seed {seed}: the state differs"
    if len(cases) == BATCH:
        # The generator is worth its time only while all of it happens.
        assert min(kinds[kind] for kind in ("True", "False", "invalid")) >= BATCH // 10, kinds
