"""`debug_`: blocks, headers, receipts and transactions as they are encoded."""

from __future__ import annotations

from typing import Final

from byline.derivation.block import Block
from byline.derivation.errors import InvalidData
from byline.derivation.header import Header
from byline.derivation.kernels import rlp
from byline.derivation.transaction import LEGACY, decode_transaction
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


async def get_bad_blocks(context: Context) -> list[str]:
    """Return none: blocks come from this node, or are refused where they come in."""
    return []


def encode_block(block: Block) -> bytes:
    """Return the RLP of header, transactions, no uncles and no withdrawals."""
    transactions = [
        rlp.decode(item.raw) if item.type == LEGACY else item.raw for item in block.transactions
    ]
    fields = [block.header.fields(), transactions, []]
    if block.header.withdrawals_root is not None:
        fields.append([])
    return bytes(rlp.encode(fields))


def decode_block(raw: bytes) -> Block:
    """Read the RLP of a block; raises `ServerError`.

    Uncles and withdrawals, which our blocks do not have, are passed over.
    """
    try:
        fields = rlp.decode(raw)
        if not isinstance(fields, list) or len(fields) < 3 or not isinstance(fields[1], list):
            raise ServerError(
                "could not decode block: want a list of header, transactions, uncles"
            )
        return Block(
            Header.decode(rlp.encode(fields[0])),
            tuple(
                decode_transaction(item if isinstance(item, bytes) else rlp.encode(item))
                for item in fields[1]
            ),
        )
    except InvalidData as exc:
        raise ServerError(f"could not decode block: {exc}") from None


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
    "debug_getBadBlocks": Method(get_bad_blocks),
}
