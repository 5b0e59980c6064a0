"""`eth_callBundle`: signed transactions tried out together, as searchers send them to relays.

Source: Flashbots, `eth_callBundle`; amounts are decimal strings there, gas is a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from byline.derivation.hashing import keccak256
from byline.rpc import parameters as read
from byline.rpc import quantities, views
from byline.rpc.backend import BlockOverrides, BlockRef
from byline.rpc.errors import InvalidParams, ServerError, revert_reason
from byline.rpc.method import Context, Method, Parameter
from byline.rpc.parameters import member, needed
from byline.rpc.simulation import SignedBundle, TriedTransaction

MOST_TRANSACTIONS: Final = 100


async def call_bundle(context: Context, asked: tuple[SignedBundle, BlockRef]) -> Any:
    """Return how every transaction of a bundle would end, and what the coinbase would get."""
    simulating = context.backend.simulating
    assert simulating is not None
    wanted, ref = asked
    block = await context.backend.chain.block(ref)
    if block is None:
        raise ServerError("block not found")
    done = await simulating.try_bundle(wanted, ref)
    gas = sum(item.gas_used for item in done)
    gain, fees = sum(item.coinbase_gain for item in done), sum(item.fees for item in done)
    return {
        "bundleGasPrice": str(gain // gas if gas else 0),
        "bundleHash": views.as_hex(keccak256(b"".join(item.transaction.hash for item in done))),
        "coinbaseDiff": str(gain),
        "ethSentToCoinbase": str(gain - fees),
        "gasFees": str(fees),
        "results": [_shown(item) for item in done],
        "stateBlockNumber": block.number - (ref == "pending"),
        "totalGasUsed": gas,
    }


def _shown(item: TriedTransaction) -> dict[str, Any]:
    tx = item.transaction
    found: dict[str, Any] = {
        "coinbaseDiff": str(item.coinbase_gain),
        "ethSentToCoinbase": str(item.coinbase_gain - item.fees),
        "fromAddress": views.checksummed(tx.sender),
        "gasFees": str(item.fees),
        "gasPrice": str(item.coinbase_gain // item.gas_used),
        "gasUsed": item.gas_used,
        "toAddress": "0x" if tx.to is None else views.checksummed(tx.to),
        "txHash": views.as_hex(tx.hash),
    }
    if item.succeeded:
        return {**found, "value": views.as_hex(item.output)}
    found["error"] = item.error or "execution reverted"
    if item.reverted:
        found["revert"] = revert_reason(item.output) or views.as_hex(item.output)
    return found


def _bundle(value: Any) -> tuple[SignedBundle, BlockRef]:
    if not isinstance(value, dict):
        raise InvalidParams(f"want an object, got {quantities.shown(value)}")
    source: Mapping[str, Any] = value
    block = BlockOverrides(
        number=needed(source, "blockNumber", quantities.quantity_or_number),
        timestamp=member(source, "timestamp", quantities.quantity_or_number),
        gas_limit=member(source, "gasLimit", quantities.quantity_or_number),
        coinbase=member(source, "coinbase", quantities.address),
        base_fee=member(source, "baseFee", quantities.quantity_or_number),
    )
    raws = needed(source, "txs", _transactions)
    milliseconds = member(source, "timeout", quantities.quantity_or_number)
    seconds = None if milliseconds is None else milliseconds / 1000
    ref = member(source, "stateBlockNumber", read.block_ref)
    return SignedBundle(raws, block, seconds), "latest" if ref is None else ref


def _transactions(value: Any) -> tuple[bytes, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MOST_TRANSACTIONS:
        raise InvalidParams(f"want a list of 1 to {MOST_TRANSACTIONS} signed transactions")
    return tuple(quantities.data(raw) for raw in value)


METHODS: Final = {"eth_callBundle": Method(call_bundle, (Parameter("bundle", _bundle),))}
