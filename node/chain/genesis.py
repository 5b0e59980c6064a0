"""The first block of a chain, from accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from byline.derivation.block import Block
from byline.derivation.constants import L2_TO_L1_MESSAGE_PASSER
from byline.derivation.hashing import EMPTY_TRIE_ROOT
from byline.derivation.header import Header
from byline.derivation.output_root import output_root
from byline.node.chain.block import ExecutedBlock
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.evm.machine import BlockContext, Engine, Machine, OpcodeSet

NO_BLOCK: Final = BlockContext(
    chain_id=0,
    number=0,
    timestamp=0,
    coinbase=bytes(20),
    gas_limit=0,
    base_fee=0,
    prev_randao=bytes(32),
    blob_base_fee=1,
)
"""No code runs in a genesis."""


def genesis_machine(engine: Engine, alloc: Mapping[bytes, GenesisAccount]) -> Machine:
    """Return a machine on the empty trie with the accounts of `alloc` written."""
    machine = engine.open(lambda _: None, EMPTY_TRIE_ROOT, NO_BLOCK, {}, OpcodeSet.PRAGUE)
    for address, account in alloc.items():
        machine.set_balance(address, account.balance)
        machine.set_nonce(address, account.nonce)
        if account.code:
            machine.set_code(address, account.code)
        for slot, value in account.storage.items():
            if value:
                machine.set_storage(address, slot, value)
    return machine


def genesis_block(
    engine: Engine,
    alloc: Mapping[bytes, GenesisAccount],
    *,
    message_passer_root: bool,
    **fields: Any,
) -> ExecutedBlock:
    """Return block 0 with the header `fields` given and the state root of `alloc`.

    `message_passer_root` fills withdrawalsRoot as an L2 does since Isthmus.
    """
    machine = genesis_machine(engine, alloc)
    state_root = machine.commit()
    withdrawals_root = (
        machine.storage_root(L2_TO_L1_MESSAGE_PASSER) if message_passer_root else EMPTY_TRIE_ROOT
    )
    header = Header(state_root=state_root, withdrawals_root=withdrawals_root, **fields)
    return ExecutedBlock(block=Block(header, ()), receipts=(), nodes=dict(machine.nodes))


def genesis_output(engine: Engine, genesis: ExecutedBlock) -> bytes:
    """Return the output root of an L2's first block."""
    header = genesis.block.header
    nodes = genesis.nodes
    machine = engine.open(nodes.get, header.state_root, NO_BLOCK, {}, OpcodeSet.PRAGUE)
    passer = machine.storage_root(L2_TO_L1_MESSAGE_PASSER)
    return output_root(header.state_root, passer, header.hash)
