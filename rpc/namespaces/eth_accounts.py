"""`eth_`: several things of accounts at once.

Sources: execution-apis `eth_getStorageValues`; reth `eth_getAccountInfo`, which forge asks
for when it forks, and `eth_getAccount`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from byline.rpc import quantities, views
from byline.rpc.backend import BlockRef
from byline.rpc.errors import InvalidParams
from byline.rpc.method import Context, Method, Parameter
from byline.rpc.namespaces.common import ADDRESS, AT
from byline.rpc.simulation import CLIENT_LIMIT, SimulationRefused

MOST_SLOTS: Final = 1024
"""Of all accounts together (geth's)."""

Slots = Mapping[str, tuple[bytes, tuple[int, ...]]]


async def get_storage_values(context: Context, wanted: Slots, ref: BlockRef) -> Any:
    """Return the words of slots by account; the addresses come back as they were asked."""
    total = sum(len(slots) for _, slots in wanted.values())
    if total > MOST_SLOTS:
        raise SimulationRefused(CLIENT_LIMIT, f"too many slots (max {MOST_SLOTS})")
    if not total:
        raise InvalidParams("empty request")
    state = context.backend.state
    return {
        key: [views.word(await state.storage(address, slot, ref)) for slot in slots]
        for key, (address, slots) in wanted.items()
    }


async def get_account_info(context: Context, address: bytes, ref: BlockRef) -> Any:
    """Return balance, nonce and code."""
    state = context.backend.state
    return {
        "balance": hex(await state.balance(address, ref)),
        "nonce": hex(await state.nonce(address, ref)),
        "code": views.as_hex(await state.code(address, ref)),
    }


async def get_account(context: Context, address: bytes, ref: BlockRef) -> Any:
    """Return what the state's trie holds of an account; one that is not there is empty."""
    found = await context.backend.state.proof(address, [], ref)
    return {
        "balance": hex(found.balance),
        "nonce": hex(found.nonce),
        "codeHash": views.as_hex(found.code_hash),
        "storageRoot": views.as_hex(found.storage_hash),
    }


def _slots(value: Any) -> Slots:
    if not isinstance(value, dict):
        raise InvalidParams(f"want an object of lists, got {quantities.shown(value)}")
    return {key: (quantities.address(key), _keys(key, slots)) for key, slots in value.items()}


def _keys(key: str, value: Any) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise InvalidParams(f"{key}: want a list of storage keys, got {quantities.shown(value)}")
    return tuple(quantities.slot(item) for item in value)


_SLOTS = Parameter("slots", _slots)

METHODS: Final = {
    "eth_getStorageValues": Method(get_storage_values, (_SLOTS, AT)),
    "eth_getAccount": Method(get_account, (ADDRESS, AT)),
    "eth_getAccountInfo": Method(get_account_info, (ADDRESS, AT)),
}
