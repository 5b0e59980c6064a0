"""Random blocks of signed transactions under the L1's rules, on an engine."""

from __future__ import annotations

import random
from dataclasses import asdict
from typing import Any

from eth_keys.datatypes import PrivateKey
from rlp import encode

from byline.derivation.errors import InvalidData
from byline.derivation.hashing import EMPTY_TRIE_ROOT, ZERO_HASH, keccak256
from byline.derivation.header import Header
from byline.derivation.transaction import BLOB, Transaction, decode_transaction
from byline.node.chain.builder import BlockBuilder
from byline.node.evm.ethereum import EthereumRules
from byline.node.evm.l1_forks import L1Fork, L1Schedule
from byline.node.evm.machine import Engine
from byline.node.evm.rules import BlockInput
from byline.node.evm.transition import Applied, InvalidTransaction
from tests.fuzz.execution.machines import Seen, first_state
from tests.fuzz.execution.programs import Programmer
from tests.properties.random_blocks import (
    BASE_FEE,
    CHAIN_ID,
    CONTRACTS,
    SENDERS,
    random_block,
)

FORKS = ("PRAGUE", "OSAKA")


def random_case(seed: int) -> dict[str, Any]:
    """Return a block: the accounts of `random_block` with richer code, and a blob or two."""
    rng = random.Random(f"block {seed}")
    writer = Programmer(rng)
    case = random_block(seed)
    for address in CONTRACTS:
        if rng.random() < 0.6:
            case["alloc"][address.hex()]["code"] = writer.whole().hex()
    if rng.random() < 0.2:
        place = rng.randrange(len(case["transactions"]) + 1)
        case["transactions"].insert(place, blob_transaction(rng).hex())
    return {**case, "kind": "block", "seed": seed, "fork": rng.choice(FORKS)}


def blob_transaction(rng: random.Random) -> bytes:
    """Return a transaction of type 3, by the last of the senders, that is mostly valid."""
    hashes = [
        bytes([1 if rng.random() < 0.95 else 2]) + rng.randbytes(31)
        for _ in range(rng.choice((0, 1, 1, 2, 6, 7, 9)))
    ]
    fields = [
        CHAIN_ID, 0, rng.choice((0, 1)), rng.choice((BASE_FEE, 2 * BASE_FEE)),
        rng.choice((30_000, 300_000)), rng.choice(CONTRACTS), rng.choice((0, 1)),
        rng.randbytes(rng.choice((0, 4, 40))), [], rng.choice((0, 1, 10)), hashes,
    ]  # fmt: skip
    payload = bytes([BLOB]) + encode(fields)
    signature = PrivateKey(SENDERS[-1].key).sign_msg_hash(keccak256(payload))
    signed: bytes = encode([*fields, signature.v, signature.r, signature.s])
    return bytes([BLOB]) + signed


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


def begun(case: dict[str, Any], engine: Engine, fork: L1Fork) -> tuple[BlockBuilder, Header]:
    """Return a block under construction on the case's allocation, and its parent."""
    state_root, nodes = first_state(case, engine)
    parent = parent_of(case, state_root)
    given = BlockInput(
        timestamp=case["timestamp"],
        coinbase=bytes.fromhex(case["coinbase"]),
        prev_randao=bytes.fromhex(case["prev_randao"]),
        gas_limit=case["gas_limit"],
        parent_beacon_root=ZERO_HASH,
    )
    rules = EthereumRules(case["chain_id"], L1Schedule.at_genesis(fork))
    builder = BlockBuilder(engine, rules, parent, given, nodes.get, [parent.hash])
    return builder, parent


def attempt(builder: BlockBuilder, raw: str) -> Applied | str:
    """Return what a transaction does, or why it is not valid."""
    try:
        tx = decode_transaction(bytes.fromhex(raw))
        assert isinstance(tx, Transaction)
        return builder.add(tx)
    except (InvalidData, InvalidTransaction) as exc:
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


def observe(case: dict[str, Any], engine: Engine) -> Seen:
    """Build a block of the case; an exception that escapes is seen, too."""
    seen: Seen = []
    try:
        builder, parent = begun(case, engine, L1Fork[case["fork"]])
        seen.append(("parent", parent))
        for index, raw in enumerate(case["transactions"]):
            done = attempt(builder, raw)
            fields = {"invalid": done} if isinstance(done, str) else asdict(done)
            seen += [(f"transaction {index}: {name}", value) for name, value in fields.items()]
            seen.append((f"accessed by {index}", dict(builder.machine.accessed())))
        executed = builder.seal()
        seen += [("header", executed.header), ("receipts", executed.receipts)]
        seen.append(("hash", executed.hash))
    except Exception as exc:
        seen.append(("exception", f"{type(exc).__name__}: {exc}"))
    return seen
