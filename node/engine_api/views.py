"""From values to JSON: verdicts, payloads, bodies."""

from __future__ import annotations

from typing import Any, TypeAlias

from byline.derivation.block import Block
from byline.node.engine_api.values import PayloadStatus
from byline.rpc.quantities import as_hex

Json: TypeAlias = dict[str, Any]


def status(value: PayloadStatus) -> Json:
    """Return `PayloadStatusV1`."""
    return {
        "status": value.status,
        "latestValidHash": _optional(value.latest_valid_hash),
        "validationError": value.error,
    }


def forkchoice_updated(value: PayloadStatus, name: bytes | None) -> Json:
    """Return what a forkchoiceUpdated answers; `name` is the id of a payload begun."""
    return {"payloadStatus": status(value), "payloadId": _optional(name)}


def payload(block: Block, *, isthmus: bool) -> Json:
    """Return `ExecutionPayloadV3`, since Isthmus with `withdrawalsRoot`."""
    header = block.header
    found: Json = {
        "parentHash": as_hex(header.parent_hash),
        "feeRecipient": as_hex(header.coinbase),
        "stateRoot": as_hex(header.state_root),
        "receiptsRoot": as_hex(header.receipts_root),
        "logsBloom": as_hex(header.bloom),
        "prevRandao": as_hex(header.mix_hash),
        "blockNumber": hex(header.number),
        "gasLimit": hex(header.gas_limit),
        "gasUsed": hex(header.gas_used),
        "timestamp": hex(header.timestamp),
        "extraData": as_hex(header.extra_data),
        "baseFeePerGas": hex(header.base_fee or 0),
        "blockHash": as_hex(header.hash),
        "transactions": _transactions(block),
        "withdrawals": [],
        "blobGasUsed": hex(header.blob_gas_used or 0),
        "excessBlobGas": hex(header.excess_blob_gas or 0),
    }
    if isthmus:
        found["withdrawalsRoot"] = _optional(header.withdrawals_root)
    return found


def envelope(block: Block, value: int, *, isthmus: bool) -> Json:
    """Return what a getPayload answers; `value` is what the tips come to, in wei.

    `parentBeaconBlockRoot` is an addition of the OP Stack: op-node hands it to newPayload.
    """
    found: Json = {
        "executionPayload": payload(block, isthmus=isthmus),
        "blockValue": hex(value),
        "blobsBundle": {"commitments": [], "proofs": [], "blobs": []},
        "shouldOverrideBuilder": False,
        "parentBeaconBlockRoot": _optional(block.header.parent_beacon_root),
    }
    if isthmus:
        found["executionRequests"] = []
    return found


def body(block: Block | None) -> Json | None:
    """Return `ExecutionPayloadBodyV1`; `None` for a block nobody knows."""
    if block is None:
        return None
    return {"transactions": _transactions(block), "withdrawals": []}


def _transactions(block: Block) -> list[str]:
    return [as_hex(tx.raw) for tx in block.transactions]


def _optional(value: bytes | None) -> str | None:
    return None if value is None else as_hex(value)
