"""A chain in this process with two payout vaults, one on each back end of the attribution math.

Whoever measures plays the ledger: both vaults are deployed by transactions, and take deposits
from the account that all transactions come from.  Registry, fee policies and bonds are those
of genesis.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from eth_abi.abi import encode

from byline.derivation.base_fee import extra_data_of
from byline.derivation.hashing import keccak256
from byline.derivation.kernels import rlp
from byline.derivation.transaction import Transaction, decode_transaction
from byline.node.accounts import DevAccount, dev_accounts
from byline.node.assembly import build_rollup
from byline.node.attribution.corpus import engine_id
from byline.node.attribution.states import MODES
from byline.node.bench.engines import run
from byline.node.bench.transactions import MAX_FEE, TIP
from byline.node.chain.chain import Built
from byline.node.clock import SystemClock
from byline.node.config import NodeConfig
from byline.node.contracts import addresses
from byline.node.contracts.calls import Interface
from byline.node.evm.rules import BlockInput
from byline.node.evm.transition import MAX_TRANSACTION_GAS
from byline.node.rollups.local import LocalRollup
from byline.node.signing import sign_dynamic_fee
from byline.node.storage.kv import MemoryKV

BLOCK_GAS: Final = 60_000_000
DEPLOY_GAS: Final = 8_000_000
VAULT: Final = Interface.of("PayoutVault")
REGISTRY: Final = Interface.of("AttributionRegistry")
POLICY: Final = Interface.of("FeePolicy")
PRECOMPILE: Final = "precompile"
TWIN: Final = "twin"
CLAIM_SECONDS: Final = 10**6


@dataclass(frozen=True, slots=True)
class Spent:
    """What some transactions took, all blocks that they stand in included."""

    gas: tuple[int, ...]
    """Of each transaction, as its receipt says it."""
    seconds: float
    """Processor time to execute, build the roots and store the blocks; without signatures."""


class SettlingChain:
    """An L2 whose blocks are built here from one account's transactions."""

    def __init__(self, rollup: LocalRollup) -> None:
        self._rollup = rollup
        self._nonces: dict[bytes, int] = {}
        self.ledger, *self.people = dev_accounts()
        self.vaults = {
            PRECOMPILE: self._vault(bytes(20)),
            TWIN: self._vault(addresses.ATTRIBUTION_MATH),
        }
        self.models = self._models()
        self.batches = 0

    def _vault(self, math: bytes) -> bytes:
        """Deploy a vault that asks `math`; return its address."""
        arguments = [
            math,
            bytes(20),
            self.ledger.address,
            addresses.ATTRIBUTION_REGISTRY,
            addresses.FEE_POLICY,
            addresses.CONTRIBUTOR_BOND,
            addresses.STAKE_POOL,
            bytes(20),
            CLAIM_SECONDS,
        ]
        code = VAULT.artifact.bytecode + encode(["address"] * 8 + ["uint64"], arguments)
        nonce = self._nonces.get(self.ledger.address, 0)
        self.send([self.sign(None, code, gas=DEPLOY_GAS)])
        return keccak256(rlp.encode([self.ledger.address, nonce]))[12:]

    def _models(self) -> dict[str, int]:
        """Register a model for each mode, all of whose fees are its contributors'."""
        terms = [0, 0, 0, 0, 0, 0, 10_000, self.ledger.address]
        dataset = [bytes(32)] * 4 + [1, 1, "", ""]
        calls = [
            (addresses.FEE_POLICY, POLICY.call("createPolicy", *terms)),
            (addresses.ATTRIBUTION_REGISTRY, REGISTRY.call("registerDataset", *dataset)),
        ]
        for mode in range(len(MODES)):
            model = [[1], [], [], 1, engine_id(), bytes(20), 0, mode, ""]
            call = REGISTRY.call("registerModel", *model)
            calls.append((addresses.ATTRIBUTION_REGISTRY, call))
        self.send([self.sign(to, data) for to, data in calls])
        return {mode: number for number, mode in enumerate(MODES, 1)}

    def sign(
        self,
        to: bytes | None,
        data: bytes,
        *,
        value: int = 0,
        gas: int = MAX_TRANSACTION_GAS,
        account: DevAccount | None = None,
    ) -> Transaction:
        """Return the next transaction of an account, the ledger's unless told otherwise."""
        by = account or self.ledger
        nonce = self._nonces.get(by.address, 0)
        self._nonces[by.address] = nonce + 1
        return sign_dynamic_fee(
            by,
            chain_id=self._rollup.engine.config.l2_chain_id,
            nonce=nonce,
            gas=gas,
            to=to,
            max_fee=MAX_FEE,
            tip=TIP,
            value=value,
            data=data,
        )

    def send(self, transactions: Sequence[Transaction]) -> Spent:
        """Put transactions into blocks; raises `RuntimeError` where one fails."""
        gas: list[int] = []
        seconds = 0.0
        per_block = max(1, BLOCK_GAS // MAX_TRANSACTION_GAS)
        for at in range(0, len(transactions), per_block):
            part = transactions[at : at + per_block]
            for tx in part:
                # Found once and kept: whoever sends has paid for it.
                assert tx.sender
            begun = time.process_time()
            gas += self._block(part)
            seconds += time.process_time() - begun
        return Spent(tuple(gas), seconds)

    def _block(self, transactions: Sequence[Transaction]) -> list[int]:
        engine = self._rollup.engine
        attributes = self._rollup.sequencer.plan().attributes
        given = BlockInput(
            timestamp=attributes.timestamp,
            coinbase=attributes.suggested_fee_recipient,
            prev_randao=attributes.prev_randao,
            gas_limit=BLOCK_GAS,
            parent_beacon_root=attributes.parent_beacon_block_root,
            extra_data=extra_data_of(attributes, engine.config),
        )
        builder = engine.chain.builder(engine.header_of(engine.heads.unsafe), given)
        for raw in attributes.transactions:
            builder.add(decode_transaction(raw))
        for tx in transactions:
            builder.add(tx)
        sealed = builder.seal()
        engine.insert(Built(sealed, ()))
        receipts = sealed.receipts[-len(transactions) - 1 :]
        for receipt in receipts[1:]:
            if not receipt.succeeded:
                raise RuntimeError("a transaction of the settlement bench failed")
        totals = [receipt.cumulative_gas_used for receipt in receipts]
        return [after - before for before, after in pairwise(totals)]

    def read(self, vault: str, function: str, *arguments: Any) -> Any:
        """Return what a view of a vault answers."""
        data = VAULT.call(function, *arguments)
        output, _ = run(self._rollup.engine.chain, self.vaults[vault], data, 10**7)
        return VAULT.result(function, output)


@contextmanager
def settling_chain(engine: str) -> Iterator[SettlingChain]:
    """Open a new chain in memory; raises `RuntimeError` if it runs on another engine."""
    settings = NodeConfig(block_time=2, engine=engine)
    rollup = build_rollup(settings, MemoryKV(), SystemClock(), lambda _: None)
    if rollup.engine.chain.engine.name != engine:
        raise RuntimeError(f"asked for {engine}, got {rollup.engine.chain.engine.name}")
    yield SettlingChain(rollup)
