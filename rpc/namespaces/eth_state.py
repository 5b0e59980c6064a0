"""`eth_`: accounts at a block, and calls on top of it.

An unknown block is the error `header not found` here, not null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from byline.rpc import parameters as read
from byline.rpc import quantities, views
from byline.rpc.backend import AccountOverride, BlockOverrides, BlockRef, CallRequest
from byline.rpc.errors import InvalidParams
from byline.rpc.method import Context, Method, Parameter
from byline.rpc.namespaces.common import ADDRESS, AT

Overrides = Mapping[bytes, AccountOverride]


async def get_balance(context: Context, address: bytes, ref: BlockRef) -> str:
    """Return wei."""
    return hex(await context.backend.state.balance(address, ref))


async def get_transaction_count(context: Context, address: bytes, ref: BlockRef) -> str:
    """Return the nonce; at `pending` with the pool's transactions counted."""
    return hex(await context.backend.state.nonce(address, ref))


async def get_code(context: Context, address: bytes, ref: BlockRef) -> str:
    """Return the code."""
    return views.as_hex(await context.backend.state.code(address, ref))


async def get_storage_at(context: Context, address: bytes, slot: int, ref: BlockRef) -> str:
    """Return one word, padded to 32 bytes."""
    return views.word(await context.backend.state.storage(address, slot, ref))


async def get_proof(context: Context, address: bytes, keys: list[str], ref: BlockRef) -> Any:
    """Return the account and slots with Merkle-Patricia proofs (EIP-1186)."""
    most = context.limits.proof_keys
    if len(keys) > most:
        raise InvalidParams(f"too many keys: {len(keys)}, want at most {most}")
    return views.proof(await context.backend.state.proof(address, keys, ref))


async def call(
    context: Context,
    request: CallRequest,
    ref: BlockRef,
    overrides: Overrides,
    block: BlockOverrides,
) -> str:
    """Run a call and return its output."""
    return views.as_hex(await context.backend.state.call(request, ref, overrides, block))


async def estimate_gas(
    context: Context,
    request: CallRequest,
    ref: BlockRef,
    overrides: Overrides,
    block: BlockOverrides,
) -> str:
    """Return the least gas limit with which the transaction succeeds."""
    return hex(await context.backend.state.estimate_gas(request, ref, overrides, block))


async def create_access_list(
    context: Context,
    request: CallRequest,
    ref: BlockRef,
    overrides: Overrides,
    block: BlockOverrides,
) -> Any:
    """Return what the call touches; a call that reverts has a result with `error`."""
    entries, gas, error = await context.backend.state.create_access_list(
        request, ref, overrides, block
    )
    found = {"accessList": views.access_list(entries), "gasUsed": hex(gas)}
    return found if error is None else {**found, "error": error}


def _keys(value: Any) -> list[str]:
    """Check storage keys and keep them as they are: the answer repeats them."""
    if not isinstance(value, list):
        raise InvalidParams("want a list of storage keys")
    for key in value:
        quantities.slot(key)
    return [key.lower() for key in value]


_SLOT = Parameter("storage slot", quantities.slot)
_STORAGE_KEYS = Parameter("storage keys", _keys, required=False, default=[])
_CALL = Parameter("call", read.blob_call_request)
_OVERRIDES = Parameter("state overrides", read.state_overrides, required=False, default={})
_BLOCK = Parameter(
    "block overrides", read.block_overrides, required=False, default=BlockOverrides()
)

METHODS: Final = {
    "eth_getBalance": Method(get_balance, (ADDRESS, AT)),
    "eth_getTransactionCount": Method(get_transaction_count, (ADDRESS, AT)),
    "eth_getCode": Method(get_code, (ADDRESS, AT)),
    "eth_getStorageAt": Method(get_storage_at, (ADDRESS, _SLOT, AT)),
    "eth_getProof": Method(get_proof, (ADDRESS, _STORAGE_KEYS, AT)),
    "eth_call": Method(call, (_CALL, AT, _OVERRIDES, _BLOCK)),
    "eth_estimateGas": Method(estimate_gas, (_CALL, AT, _OVERRIDES, _BLOCK)),
    "eth_createAccessList": Method(create_access_list, (_CALL, AT, _OVERRIDES, _BLOCK)),
}
