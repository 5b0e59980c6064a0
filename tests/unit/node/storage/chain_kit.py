"""Small chains for storage tests: blocks that follow each other, not executed."""

from __future__ import annotations

import functools

from eth_account import Account

from byline.derivation.block import Block, receipts_root, transactions_root
from byline.derivation.hashing import keccak256
from byline.derivation.header import Header
from byline.derivation.receipt import Log, Receipt
from byline.derivation.transaction import AnyTransaction, DepositTransaction, decode_transaction
from byline.node.chain.block import ExecutedBlock

KEY = b"\x11" * 32


@functools.cache
def signed(nonce: int, chain_id: int = 901) -> AnyTransaction:
    """Return a signed transfer."""
    made = Account.sign_transaction(
        {"type": 2, "chainId": chain_id, "nonce": nonce, "gas": 21_000, "to": "0x" + "00" * 20,
         "value": 1, "data": b"", "maxFeePerGas": 10**9, "maxPriorityFeePerGas": 1},
        KEY,
    )  # fmt: skip
    return decode_transaction(bytes(made.raw_transaction))


def child(
    parent: Header | None, *transactions: AnyTransaction, salt: bytes = b""
) -> ExecutedBlock:
    """Return a block after `parent` (or a genesis) with a deposit and `transactions`."""
    number = 0 if parent is None else parent.number + 1
    everything: tuple[AnyTransaction, ...] = ()
    if parent is not None:
        source = keccak256(parent.hash + salt)
        deposit = DepositTransaction(source, bytes(20), bytes(20), 0, 0, 10**6, False, salt)
        everything = (deposit, *transactions)
    receipts = tuple(
        Receipt(
            type=tx.type, succeeded=True, cumulative_gas_used=21_000 * (index + 1),
            logs=(Log(bytes(20), (bytes(32),), salt),),
            deposit_nonce=number if isinstance(tx, DepositTransaction) else None,
            deposit_version=1 if isinstance(tx, DepositTransaction) else None,
        )
        for index, tx in enumerate(everything)
    )  # fmt: skip
    node = b"state %d " % number + salt
    header = Header(
        parent_hash=bytes(32) if parent is None else parent.hash,
        number=number, timestamp=2 * number, gas_limit=30_000_000, base_fee=10**9,
        state_root=keccak256(node), extra_data=salt,
        transactions_root=transactions_root(everything), receipts_root=receipts_root(receipts),
        withdrawals_root=bytes(32), blob_gas_used=0, excess_blob_gas=0,
        parent_beacon_root=bytes(32), requests_hash=bytes(32),
    )  # fmt: skip
    return ExecutedBlock(Block(header, everything), receipts, {keccak256(node): node})
