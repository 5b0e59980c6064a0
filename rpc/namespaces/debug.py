"""`debug_`: blocks, headers, receipts and transactions as they are encoded."""

from __future__ import annotations

from typing import Final

from byline.derivation.block import Block
from byline.derivation.kernels import rlp
from byline.derivation.transaction import LEGACY
from byline.rpc import views
from byline.rpc.backend import BlockRef, UnknownBlock
from byline.rpc.errors import ServerError
from byline.rpc.method import Context, Method
from byline.rpc.namespaces.common import ANY_BLOCK, HASH


async def get_raw_header(context: Context, ref: BlockRef) -> str:
    """Return the RLP of a header, whose Keccak-256 is the block hash."""
    return views.as_hex((await _block(context, ref)).header.encode())


async def get_raw_block(context: Context, ref: BlockRef) -> str:
    """Return the RLP of a whole block."""
    return views.as_hex(encode_block(await _block(context, ref)))


async def get_raw_receipts(context: Context, ref: BlockRef) -> list[str]:
    """Return the consensus encoding of a block's receipts, in order."""
    found = await context.backend.chain.receipts(ref)
    if found is None:
        raise UnknownBlock(_name(ref))
    return [views.as_hex(item.receipt.encode()) for item in found]


async def get_raw_transaction(context: Context, tx_hash: bytes) -> str:
    """Return a transaction's EIP-2718 bytes; `0x` when nobody knows it, as geth answers."""
    found = await context.backend.chain.transaction(tx_hash)
    return "0x" if found is None else views.as_hex(found.transaction.raw)


def encode_block(block: Block) -> bytes:
    """Return the RLP of header, transactions, no uncles and no withdrawals."""
    transactions = [
        rlp.decode(item.raw) if item.type == LEGACY else item.raw for item in block.transactions
    ]
    fields = [block.header.fields(), transactions, []]
    if block.header.withdrawals_root is not None:
        fields.append([])
    return bytes(rlp.encode(fields))


async def _block(context: Context, ref: BlockRef) -> Block:
    found = await context.backend.chain.block(ref)
    if found is None:
        raise ServerError(f"block {_name(ref)} not found")
    return found


def _name(ref: BlockRef) -> str:
    return views.as_hex(ref) if isinstance(ref, bytes) else f"#{ref}"


METHODS: Final = {
    "debug_getRawHeader": Method(get_raw_header, (ANY_BLOCK,)),
    "debug_getRawBlock": Method(get_raw_block, (ANY_BLOCK,)),
    "debug_getRawReceipts": Method(get_raw_receipts, (ANY_BLOCK,)),
    "debug_getRawTransaction": Method(get_raw_transaction, (HASH,)),
}
