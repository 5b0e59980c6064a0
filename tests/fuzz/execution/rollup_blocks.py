"""Random L2 blocks: deposits among signed transactions, under the forks of the rollup."""

from __future__ import annotations

import random
from dataclasses import asdict
from typing import Any, Final

from byline.derivation.base_fee import BaseFeeParameters, extra_data_encode
from byline.derivation.config import Fork, Genesis, RollupConfig, SystemConfig, ecotone_scalar
from byline.derivation.constants import L1_BLOCK
from byline.derivation.errors import InvalidData
from byline.derivation.hashing import EMPTY_REQUESTS_HASH, ZERO_ADDRESS, ZERO_HASH
from byline.derivation.transaction import DepositTransaction, decode_transaction
from byline.derivation.types import BlockId
from byline.node.chain.builder import BlockBuilder
from byline.node.evm.machine import Engine
from byline.node.evm.optimism import OptimismRules
from byline.node.evm.rules import BlockInput
from byline.node.evm.transition import InvalidTransaction
from tests.fuzz.execution import blocks
from tests.fuzz.execution.machines import Seen, first_state
from tests.fuzz.execution.programs import Programmer, account
from tests.properties.random_blocks import CHAIN_ID, CONTRACTS, NATIVE, SENDERS

FORKS: Final = ("HOLOCENE", "ISTHMUS", "JOVIAN", "KARST")
FEE_SLOTS: Final = (1, 3, 7, 8)
"""Of the L1Block contract: base fees, scalars, operator fee."""


def random_case(seed: int) -> dict[str, Any]:
    """Return an L2 block on the accounts of an L1 block."""
    rng = random.Random(f"rollup {seed}")
    case = blocks.random_case(seed)
    fees = {str(slot): rng.getrandbits(rng.choice((0, 40, 200))) for slot in FEE_SLOTS}
    case["alloc"][L1_BLOCK.hex()] = account(0, 1, b"\x00", fees)
    transactions = case["transactions"]
    for _ in range(rng.randrange(4)):
        place = rng.randrange(len(transactions) + 1)
        transactions.insert(place, deposit(rng, Programmer(rng)).raw.hex())
    return {**case, "kind": "rollup", "fork": rng.choice(FORKS)}


def deposit(rng: random.Random, writer: Programmer) -> DepositTransaction:
    """Return a deposit, which may lack gas or funds."""
    creates = rng.random() < 0.2
    return DepositTransaction(
        source_hash=rng.randbytes(32),
        sender=rng.choice([SENDERS[0].address, CONTRACTS[0], b"\xa1" * 20]),
        to=None if creates else rng.choice([*CONTRACTS, *NATIVE, SENDERS[1].address]),
        mint=rng.choice((0, 0, 1, 10**18)),
        value=rng.choice((0, 0, 1, 10**18, 10**21)),
        gas=rng.choice((0, 21_000, 60_000, 200_000, 1_000_000)),
        is_system_transaction=rng.random() < 0.03,
        data=writer.whole() if creates else rng.randbytes(rng.choice((0, 4, 100))),
    )


def rules_of(fork: str) -> OptimismRules:
    """Return the rules of an L2 whose newest fork is `fork`, from its start."""
    system = SystemConfig(ZERO_ADDRESS, ecotone_scalar(1, 1), 30_000_000)
    return OptimismRules(
        RollupConfig(
            genesis=Genesis(BlockId(0, ZERO_HASH), BlockId(0, ZERO_HASH), 1, system),
            l1_chain_id=1,
            l2_chain_id=CHAIN_ID,
            batch_inbox=ZERO_ADDRESS,
            deposit_contract=ZERO_ADDRESS,
            l1_system_config=ZERO_ADDRESS,
            forks={item: 0 for item in Fork if item <= Fork[fork]},
        )
    )


def begun(case: dict[str, Any], engine: Engine) -> BlockBuilder:
    """Return a block under construction on the case's accounts."""
    state_root, nodes = first_state(case, engine)
    fork = Fork[case["fork"]]
    least = 0 if fork >= Fork.JOVIAN else None
    extra_data = extra_data_encode(BaseFeeParameters(50, 2, least))
    parent = blocks.parent_of(case, state_root).with_(
        extra_data=extra_data,
        requests_hash=EMPTY_REQUESTS_HASH if fork >= Fork.ISTHMUS else None,
    )
    given = BlockInput(
        timestamp=case["timestamp"],
        coinbase=bytes.fromhex(case["coinbase"]),
        prev_randao=bytes.fromhex(case["prev_randao"]),
        gas_limit=case["gas_limit"],
        parent_beacon_root=ZERO_HASH,
        extra_data=extra_data,
    )
    rules = rules_of(case["fork"])
    return BlockBuilder(engine, rules, parent, given, nodes.get, [parent.hash])


def observe(case: dict[str, Any], engine: Engine) -> Seen:
    """Build a block of the case; an exception that escapes is seen, too."""
    seen: Seen = []
    try:
        builder = begun(case, engine)
        for index, raw in enumerate(case["transactions"]):
            try:
                fields = asdict(builder.add(decode_transaction(bytes.fromhex(raw))))
            except (InvalidData, InvalidTransaction) as exc:
                fields = {"invalid": str(exc)}
            seen += [(f"transaction {index}: {name}", value) for name, value in fields.items()]
            seen.append((f"accessed by {index}", dict(builder.machine.accessed())))
        executed = builder.seal()
        seen += [("header", executed.header), ("receipts", executed.receipts)]
        seen.append(("hash", executed.hash))
    except Exception as exc:
        seen.append(("exception", f"{type(exc).__name__}: {exc}"))
    return seen
