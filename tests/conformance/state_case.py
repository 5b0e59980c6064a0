"""A state test: one transaction on given accounts, through the node's rules and machine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import rlp

from byline.derivation.errors import InvalidData
from byline.derivation.hashing import ZERO_HASH, keccak256
from byline.derivation.header import Header
from byline.derivation.receipt import Log
from byline.derivation.transaction import decode_transaction
from byline.node.chain.builder import block_context
from byline.node.chain.genesis import genesis_machine
from byline.node.evm.ethereum import EthereumRules
from byline.node.evm.machine import Engine
from byline.node.evm.transition import InvalidTransaction
from tests.conformance.fixtures import Fixture, allocation, data, number
from tests.conformance.forks import rules_of
from tests.conformance.outcome import Outcome
from tests.conformance.reasons import refused_rightly

BLOCKHASH_DEPTH: Final = 256


@dataclass(frozen=True, slots=True)
class _Start:
    """The accounts before, written once for all cases of a test."""

    root: bytes
    nodes: dict[bytes, bytes]


def cases(fixture: Fixture, engine: Engine) -> Iterator[Outcome | None]:
    """Run every case of a state test; `None` for one whose fork the node does not have."""
    start: _Start | None = None
    for fork, posts in fixture.document["post"].items():
        rules = rules_of(fork)
        for index, post in enumerate(posts):
            if rules is None:
                yield None
                continue
            start = start or _written(engine, fixture.document["pre"])
            begun = time.perf_counter()
            problem = _problem(engine, rules, fixture.document["env"], start, post)
            taken = time.perf_counter() - begun
            yield Outcome(fixture.file, f"{fixture.name}[{fork}-{index}]", problem, taken)


def _written(engine: Engine, pre: dict[str, Any]) -> _Start:
    machine = genesis_machine(engine, allocation(pre))
    root = machine.commit()
    return _Start(root, dict(machine.nodes))


def _header(env: dict[str, Any], rules: EthereumRules) -> Header:
    return Header(
        coinbase=data(env["currentCoinbase"]),
        number=number(env["currentNumber"]),
        gas_limit=number(env["currentGasLimit"]),
        timestamp=number(env["currentTimestamp"]),
        mix_hash=number(env.get("currentRandom", "0x0")).to_bytes(32, "big"),
        base_fee=number(env["currentBaseFee"]),
        withdrawals_root=ZERO_HASH,
        blob_gas_used=0,
        excess_blob_gas=number(env.get("currentExcessBlobGas", "0x0")),
    )


def _ancestors(height: int) -> Iterator[bytes]:
    """Yield the hashes that state tests give the blocks before: of the number in decimal."""
    for before in range(height - 1, max(-1, height - 1 - BLOCKHASH_DEPTH), -1):
        yield keccak256(str(before).encode())


def _problem(
    engine: Engine,
    rules: EthereumRules,
    env: dict[str, Any],
    start: _Start,
    post: dict[str, Any],
) -> str | None:
    header = _header(env, rules)
    machine = engine.open(
        start.nodes.get,
        start.root,
        block_context(rules, header, _ancestors(header.number)),
        rules.precompiles(header.timestamp),
        rules.opcodes(header.timestamp),
    )
    block = rules.begin(machine, header, header)
    expected: str = post.get("expectException", "")
    logs: tuple[Log, ...] = ()
    refusal = None
    try:
        logs = block.apply(decode_transaction(data(post["txbytes"])), header.gas_limit).logs
    except (InvalidData, InvalidTransaction) as exc:
        refusal = str(exc)
    if refusal is None and expected:
        return f"taken, though it is to be refused: {expected}"
    if refusal is not None and not expected:
        return f"refused: {refusal}"
    if refusal is not None and not refused_rightly(expected, refusal):
        return f"refused for another reason than {expected}: {refusal}"
    root = machine.commit()
    if root != data(post["hash"]):
        return f"state root is 0x{root.hex()}, want {post['hash']}"
    if logs_hash(logs) != data(post["logs"]):
        return f"logs hash to 0x{logs_hash(logs).hex()}, want {post['logs']}"
    return None


def logs_hash(logs: tuple[Log, ...]) -> bytes:
    """Return what state tests say of the logs."""
    encoded: bytes = rlp.encode([[log.address, list(log.topics), log.data] for log in logs])
    return keccak256(encoded)
