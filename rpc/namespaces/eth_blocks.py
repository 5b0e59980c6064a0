"""`eth_`: the chain, its blocks, mined transactions and receipts, fees.

An unknown block or transaction is `null` here, never an error (execution-apis).
"""

from __future__ import annotations

from typing import Any, Final

from byline.rpc import parameters as read
from byline.rpc import quantities, views
from byline.rpc.backend import BlockRef
from byline.rpc.errors import InvalidParams
from byline.rpc.method import Context, Method, Parameter
from byline.rpc.namespaces.common import (
    ANY_BLOCK,
    FULL,
    HASH,
    INDEX,
    NUMBER,
    deposit_nonces,
    legacy_price,
    located,
)

Found = dict[str, Any] | None


async def chain_id(context: Context) -> str:
    """Return the chain id of EIP-155."""
    return hex(context.backend.chain.chain_id)


async def block_number(context: Context) -> str:
    """Return the height of the head."""
    return hex(await context.backend.chain.block_number())


async def syncing(context: Context) -> bool:
    """Return false: a node that makes the blocks is always in sync."""
    return False


async def coinbase(context: Context) -> str:
    """Return who gets the tips of the latest block."""
    latest = await context.backend.chain.block("latest")
    return views.as_hex(bytes(20) if latest is None else latest.header.coinbase)


async def protocol_version(context: Context) -> str:
    """Return eth/68, the wire protocol of the forks served (no peers speak it here)."""
    return hex(68)


async def mining(context: Context) -> bool:
    """Tell whether blocks come by themselves: with transactions, or by the clock."""
    steering = context.backend.steering
    if steering is None:
        return False
    return await steering.pacing.automine() or await steering.pacing.interval() is not None


async def hashrate(context: Context) -> str:
    """Return zero: there is no proof of work."""
    return "0x0"


async def get_block(context: Context, ref: BlockRef, full: bool) -> Found:
    """Return a block."""
    block = await context.backend.chain.block(ref)
    if block is None:
        return None
    pending = ref == "pending"
    nonces = await deposit_nonces(context, block) if full and not pending else ()
    return views.block(block, full=full, pending=pending, deposit_nonces=nonces)


async def get_header(context: Context, ref: BlockRef) -> Found:
    """Return a block without its body."""
    block = await context.backend.chain.block(ref)
    if block is None:
        return None
    found = views.header(block)
    return views.as_pending(found) if ref == "pending" else found


async def get_transaction_count(context: Context, ref: BlockRef) -> str | None:
    """Return how many transactions a block has."""
    block = await context.backend.chain.block(ref)
    return None if block is None else hex(len(block.transactions))


async def get_uncle_count(context: Context, ref: BlockRef) -> str | None:
    """Return zero for a block that exists."""
    return None if await context.backend.chain.block(ref) is None else "0x0"


async def get_uncle(context: Context, ref: BlockRef, index: int) -> None:
    """Return null: blocks have no uncles since the merge."""


async def get_transaction(context: Context, tx_hash: bytes) -> Found:
    """Return a mined or pooled transaction."""
    found = await context.backend.chain.transaction(tx_hash)
    return None if found is None else views.transaction(found)


async def get_transaction_at(context: Context, ref: BlockRef, index: int) -> Found:
    """Return a block's transaction by its place."""
    block = await context.backend.chain.block(ref)
    if block is None or index >= len(block.transactions):
        return None
    return views.transaction(await located(context, block, ref, index))


async def get_raw_transaction(context: Context, tx_hash: bytes) -> str | None:
    """Return a transaction's EIP-2718 bytes."""
    found = await context.backend.chain.transaction(tx_hash)
    return None if found is None else views.as_hex(found.transaction.raw)


async def get_raw_transaction_at(context: Context, ref: BlockRef, index: int) -> str | None:
    """Return the EIP-2718 bytes of a block's transaction by its place."""
    block = await context.backend.chain.block(ref)
    if block is None or index >= len(block.transactions):
        return None
    return views.as_hex(block.transactions[index].raw)


async def get_transaction_receipt(context: Context, tx_hash: bytes) -> Found:
    """Return the receipt of a mined transaction."""
    found = await context.backend.chain.receipt(tx_hash)
    return None if found is None else views.receipt(found)


async def get_block_receipts(context: Context, ref: BlockRef) -> list[Any] | None:
    """Return all receipts of a block, in order."""
    found = await context.backend.chain.receipts(ref)
    return None if found is None else [views.receipt(item) for item in found]


async def gas_price(context: Context) -> str:
    """Return a legacy gas price that the next block takes."""
    return hex(await legacy_price(context))


async def max_priority_fee_per_gas(context: Context) -> str:
    """Return a tip that the next block takes."""
    return hex(await context.backend.chain.priority_fee())


async def blob_base_fee(context: Context) -> str:
    """Return the blob base fee of the next block."""
    return hex(await context.backend.chain.blob_base_fee())


async def fee_history(
    context: Context, count: int, newest: BlockRef, percentiles: tuple[float, ...] | None
) -> Any:
    """Return the fees of `count` blocks, clipped to the limit, up to `newest`."""
    head = await context.backend.chain.block_number()
    if isinstance(newest, int) and newest > head:
        raise InvalidParams(f"request beyond head block: requested {newest}, head {head}")
    clipped = min(count, context.limits.fee_history_blocks)
    if clipped == 0:
        return {"oldestBlock": "0x0", "baseFeePerGas": [], "gasUsedRatio": []}
    return views.fee_history(
        # geth gives no rewards for an empty list of percentiles.
        await context.backend.chain.fee_history(clipped, newest, percentiles or None)
    )


_COUNT = Parameter("block count", quantities.quantity_or_number)
_PERCENTILES = Parameter("reward percentiles", read.percentiles, required=False)

METHODS: Final = {
    "eth_chainId": Method(chain_id),
    "eth_blockNumber": Method(block_number),
    "eth_syncing": Method(syncing),
    "eth_coinbase": Method(coinbase),
    "eth_protocolVersion": Method(protocol_version),
    "eth_mining": Method(mining),
    "eth_hashrate": Method(hashrate),
    "eth_getBlockByNumber": Method(get_block, (NUMBER, FULL)),
    "eth_getBlockByHash": Method(get_block, (HASH, FULL)),
    "eth_getHeaderByNumber": Method(get_header, (NUMBER,)),
    "eth_getHeaderByHash": Method(get_header, (HASH,)),
    "eth_getBlockTransactionCountByNumber": Method(get_transaction_count, (NUMBER,)),
    "eth_getBlockTransactionCountByHash": Method(get_transaction_count, (HASH,)),
    "eth_getUncleCountByBlockNumber": Method(get_uncle_count, (NUMBER,)),
    "eth_getUncleCountByBlockHash": Method(get_uncle_count, (HASH,)),
    "eth_getUncleByBlockNumberAndIndex": Method(get_uncle, (NUMBER, INDEX)),
    "eth_getUncleByBlockHashAndIndex": Method(get_uncle, (HASH, INDEX)),
    "eth_getTransactionByHash": Method(get_transaction, (HASH,)),
    "eth_getTransactionByBlockNumberAndIndex": Method(get_transaction_at, (NUMBER, INDEX)),
    "eth_getTransactionByBlockHashAndIndex": Method(get_transaction_at, (HASH, INDEX)),
    "eth_getRawTransactionByHash": Method(get_raw_transaction, (HASH,)),
    "eth_getRawTransactionByBlockNumberAndIndex": Method(get_raw_transaction_at, (NUMBER, INDEX)),
    "eth_getRawTransactionByBlockHashAndIndex": Method(get_raw_transaction_at, (HASH, INDEX)),
    "eth_getTransactionReceipt": Method(get_transaction_receipt, (HASH,)),
    "eth_getBlockReceipts": Method(get_block_receipts, (ANY_BLOCK,)),
    "eth_gasPrice": Method(gas_price),
    "eth_maxPriorityFeePerGas": Method(max_priority_fee_per_gas),
    "eth_blobBaseFee": Method(blob_base_fee),
    "eth_feeHistory": Method(fee_history, (_COUNT, NUMBER, _PERCENTILES)),
}
