"""Bare machines on an empty state, for tests of what code and precompiles do."""

from __future__ import annotations

from byline.derivation.config import Fork
from byline.derivation.hashing import EMPTY_TRIE_ROOT
from byline.node.evm.machine import (
    BlockContext,
    CallOutcome,
    Engine,
    Machine,
    MessageCall,
    OpcodeSet,
)
from byline.node.evm.optimism import OPCODES_OF
from byline.node.evm.precompiles import optimism_precompiles
from byline.node.evm.pyevm import PyEvmEngine
from byline.node.evm.rules import PrecompileTable

CALLER = b"\x11" * 20
CODE_AT = b"\x22" * 20
GAS = 10_000_000
CONTEXT = BlockContext(
    chain_id=1,
    number=1,
    timestamp=1,
    coinbase=bytes(20),
    gas_limit=GAS,
    base_fee=1,
    prev_randao=bytes(32),
    blob_base_fee=1,
)

ENGINE: Engine = PyEvmEngine()
"""What opens machines; the fixture `each_engine` puts another here."""


def machine(precompiles: PrecompileTable, opcodes: OpcodeSet) -> Machine:
    """Return a machine on no accounts at all."""
    return ENGINE.open(lambda _: None, EMPTY_TRIE_ROOT, CONTEXT, precompiles, opcodes)


def l2_machine(fork: Fork) -> Machine:
    """Return a machine with the L2's opcodes and precompiles under `fork`."""
    return machine(optimism_precompiles(fork), OPCODES_OF[fork])


def call(on: Machine, to: bytes, data: bytes = b"", gas: int = GAS) -> CallOutcome:
    """Call `to` in a transaction of its own."""
    on.begin_transaction()
    return on.run(
        MessageCall(sender=CALLER, to=to, value=0, data=data, gas=gas, gas_price=0, nonce=0)
    )


def run(on: Machine, code: bytes, gas: int = GAS) -> CallOutcome:
    """Run `code` as a contract's."""
    on.set_code(CODE_AT, code)
    return call(on, CODE_AT, gas=gas)
