"""Parameters and look-ups that several namespaces share."""

from __future__ import annotations

from typing import Final

from byline.derivation.block import Block
from byline.rpc import parameters as read
from byline.rpc import quantities
from byline.rpc.backend import BlockRef, LocatedTransaction
from byline.rpc.method import Context, Parameter

ADDRESS: Final = Parameter("address", quantities.address)
HASH: Final = Parameter("hash", quantities.hash32)
INDEX: Final = Parameter("index", quantities.quantity64)
NUMBER: Final = Parameter("block", read.block_number)
ANY_BLOCK: Final = Parameter("block", read.block_ref)
AT: Final = Parameter("block", read.block_ref, required=False, default="latest")
FULL: Final = Parameter("full transactions", quantities.boolean, required=False, default=False)
CALL: Final = Parameter("call", read.call_request)
TRANSACTION: Final = Parameter("transaction", read.call_request)
RAW: Final = Parameter("raw transaction", quantities.data)


async def located(context: Context, block: Block, ref: BlockRef, index: int) -> LocatedTransaction:
    """Return the transaction at `index`, which the block must have."""
    if ref == "pending":
        return LocatedTransaction(block.transactions[index], None, None)
    nonces = await deposit_nonces(context, block)
    return LocatedTransaction(block.transactions[index], block, index, nonces[index])


async def deposit_nonces(context: Context, block: Block) -> list[int | None]:
    """Return the sender's nonce before, for each transaction; only receipts have it."""
    if not any(item.type == 0x7E for item in block.transactions):
        return [None] * len(block.transactions)
    receipts = await context.backend.chain.receipts(block.hash)
    if receipts is None:
        return [None] * len(block.transactions)
    return [found.receipt.deposit_nonce for found in receipts]


async def legacy_price(context: Context) -> int:
    """Return a gas price that both the head and the next block take.

    Clients estimate on the head with this price; where the base fee falls from block to
    block, what the next block takes can be less than the head's base fee.  geth answers
    from the head's base fee too.
    """
    chain = context.backend.chain
    price = await chain.gas_price()
    latest = await chain.block("latest")
    if latest is None or latest.header.base_fee is None:
        return price
    return max(price, latest.header.base_fee + await chain.priority_fee())
