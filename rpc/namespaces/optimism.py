"""`optimism_`: the rollup node's side of the L2.

Inputs are hex quantities, but numbers in the answers are plain JSON numbers, and
`l1origin` is in lower case: op-node's shapes (op-service/eth).
"""

from __future__ import annotations

from typing import Any, Final

from byline.derivation.types import BlockId, L1BlockRef, L2BlockRef, SyncStatus
from byline.rpc import quantities, views
from byline.rpc.backend import Rollup
from byline.rpc.errors import ServerError
from byline.rpc.method import Context, Method, Parameter


async def sync_status(context: Context) -> dict[str, Any]:
    """Return where the heads of both chains stand."""
    return status_json(await _rollup(context).sync_status())


async def output_at_block(context: Context, number: int) -> dict[str, Any]:
    """Return the output root at an L2 block and what it is made of."""
    rollup = _rollup(context)
    found = await rollup.output_at(number)
    return {
        "version": views.word(0),
        "outputRoot": views.as_hex(found.output_root),
        "blockRef": l2_ref(found.block),
        "withdrawalStorageRoot": views.as_hex(found.withdrawal_storage_root),
        "stateRoot": views.as_hex(found.state_root),
        "syncStatus": status_json(await rollup.sync_status()),
    }


async def safe_head_at_l1_block(context: Context, number: int) -> dict[str, Any]:
    """Return the L2 block that the L1 up to a block made safe.

    Where nothing is known of that time, op-node's words.
    """
    found = await _rollup(context).safe_head_at(number)
    if found is None:
        raise ServerError("not found")
    return {"l1Block": block_id(found.l1_block), "safeHead": block_id(found.safe_head)}


async def rollup_config(context: Context) -> Any:
    """Return rollup.json."""
    return dict(await _rollup(context).rollup_config())


async def version(context: Context) -> str:
    """Return what software this is."""
    return context.backend.client_version


def l1_ref(ref: L1BlockRef) -> dict[str, Any]:
    """Return a reference to an L1 block."""
    return {
        "hash": views.as_hex(ref.hash),
        "number": ref.number,
        "parentHash": views.as_hex(ref.parent_hash),
        "timestamp": ref.timestamp,
    }


def block_id(found: BlockId) -> dict[str, Any]:
    """Return a block's hash and number."""
    return {"hash": views.as_hex(found.hash), "number": found.number}


def l2_ref(ref: L2BlockRef) -> dict[str, Any]:
    """Return a reference to an L2 block and its place in its epoch."""
    return {
        "hash": views.as_hex(ref.hash),
        "number": ref.number,
        "parentHash": views.as_hex(ref.parent_hash),
        "timestamp": ref.timestamp,
        "l1origin": block_id(ref.l1_origin),
        "sequenceNumber": ref.sequence_number,
    }


def status_json(status: SyncStatus) -> dict[str, Any]:
    """Return a sync status; without interop the local and cross heads are the same."""
    unsafe, safe = l2_ref(status.unsafe_l2), l2_ref(status.safe_l2)
    return {
        "current_l1": l1_ref(status.current_l1),
        "current_l1_finalized": l1_ref(status.finalized_l1),
        "head_l1": l1_ref(status.head_l1),
        "safe_l1": l1_ref(status.safe_l1),
        "finalized_l1": l1_ref(status.finalized_l1),
        "unsafe_l2": unsafe,
        "safe_l2": safe,
        "finalized_l2": l2_ref(status.finalized_l2),
        "pending_safe_l2": safe,
        "cross_unsafe_l2": unsafe,
        "local_safe_l2": safe,
    }


def _rollup(context: Context) -> Rollup:
    rollup = context.backend.rollup
    assert rollup is not None, "these methods are served beside an L2 only"
    return rollup


METHODS: Final = {
    "optimism_syncStatus": Method(sync_status),
    "optimism_outputAtBlock": Method(
        output_at_block, (Parameter("block", quantities.quantity64),)
    ),
    "optimism_safeHeadAtL1Block": Method(
        safe_head_at_l1_block, (Parameter("L1 block", quantities.quantity64),)
    ),
    "optimism_rollupConfig": Method(rollup_config),
    "optimism_version": Method(version),
}
