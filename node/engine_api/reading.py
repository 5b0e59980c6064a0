"""From JSON to values: fork choice, attributes, payloads.

Every function raises `InvalidParams` with the member, what was got and what was wanted.
Members that nobody knows are ignored, as geth ignores them.
Sources: execution-apis, src/engine/{paris,shanghai,cancun,prague}.md; OP Stack specs,
protocol/exec-engine.md ("Extended PayloadAttributesV1") with Holocene and Jovian.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from byline.derivation.types import PayloadAttributes
from byline.node.engine_api.values import ExecutionPayload, ForkchoiceState
from byline.rpc.errors import InvalidParams
from byline.rpc.parameters import member, needed
from byline.rpc.quantities import (
    address,
    boolean,
    data,
    hash32,
    quantity,
    quantity64,
    quantity_or_number,
    shown,
    text,
)

MOST_EXTRA_DATA = 32
"""Bytes (yellow paper); OP Stack headers have 9 or 17."""


def forkchoice_state(value: Any) -> ForkchoiceState:
    """Read `ForkchoiceStateV1`."""
    source = json_object(value)
    return ForkchoiceState(
        head=needed(source, "headBlockHash", hash32),
        safe=needed(source, "safeBlockHash", hash32),
        finalized=needed(source, "finalizedBlockHash", hash32),
    )


def attributes(value: Any) -> PayloadAttributes:
    """Read `PayloadAttributesV3` with the members of the OP Stack since Holocene.

    `minBaseFee` comes as a number from op-node and as a quantity from others.
    """
    source = json_object(value)
    needed(source, "withdrawals", empty_list)
    return PayloadAttributes(
        timestamp=needed(source, "timestamp", quantity64),
        prev_randao=needed(source, "prevRandao", hash32),
        suggested_fee_recipient=needed(source, "suggestedFeeRecipient", address),
        transactions=member(source, "transactions", data_list) or (),
        no_tx_pool=member(source, "noTxPool", boolean) or False,
        gas_limit=needed(source, "gasLimit", quantity64),
        parent_beacon_block_root=needed(source, "parentBeaconBlockRoot", hash32),
        eip1559_params=needed(source, "eip1559Params", _eight_bytes),
        min_base_fee=member(source, "minBaseFee", quantity_or_number),
    )


def payload(value: Any) -> ExecutionPayload:
    """Read `ExecutionPayloadV3`, with `withdrawalsRoot` from Isthmus on."""
    source = json_object(value)
    needed(source, "withdrawals", empty_list)
    return ExecutionPayload(
        parent_hash=needed(source, "parentHash", hash32),
        fee_recipient=needed(source, "feeRecipient", address),
        state_root=needed(source, "stateRoot", hash32),
        receipts_root=needed(source, "receiptsRoot", hash32),
        logs_bloom=needed(source, "logsBloom", _bloom),
        prev_randao=needed(source, "prevRandao", hash32),
        block_number=needed(source, "blockNumber", quantity64),
        gas_limit=needed(source, "gasLimit", quantity64),
        gas_used=needed(source, "gasUsed", quantity64),
        timestamp=needed(source, "timestamp", quantity64),
        extra_data=needed(source, "extraData", _extra_data),
        base_fee=needed(source, "baseFeePerGas", quantity),
        block_hash=needed(source, "blockHash", hash32),
        transactions=needed(source, "transactions", data_list),
        withdrawals_root=member(source, "withdrawalsRoot", hash32),
        blob_gas_used=needed(source, "blobGasUsed", quantity64),
        excess_blob_gas=needed(source, "excessBlobGas", quantity64),
    )


def payload_name(value: Any) -> bytes:
    """Read the 8 bytes of a payload id."""
    return _eight_bytes(value)


def json_object(value: Any) -> Mapping[str, Any]:
    """Read an object."""
    if not isinstance(value, dict):
        raise InvalidParams(f"want an object, got {shown(value)}")
    return value


def empty_list(value: Any) -> tuple[()]:
    """Read a list that the OP Stack leaves empty: withdrawals, blob hashes, requests."""
    if value != []:
        got = f"{len(value)} entries" if isinstance(value, list) else shown(value)
        raise InvalidParams(f"want an empty list, got {got}")
    return ()


def data_list(value: Any) -> tuple[bytes, ...]:
    """Read a list of encoded transactions."""
    return tuple(data(item) for item in _list(value))


def hash_list(value: Any) -> tuple[bytes, ...]:
    """Read a list of hashes."""
    return tuple(hash32(item) for item in _list(value))


def text_list(value: Any) -> tuple[str, ...]:
    """Read a list of names."""
    return tuple(text(item) for item in _list(value))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidParams(f"want a list, got {shown(value)}")
    return value


def _eight_bytes(value: Any) -> bytes:
    return _sized(value, 8)


def _bloom(value: Any) -> bytes:
    return _sized(value, 256)


def _sized(value: Any, size: int) -> bytes:
    found = data(value)
    if len(found) != size:
        raise InvalidParams(f"hex string has {len(found)} bytes, want {size}")
    return found


def _extra_data(value: Any) -> bytes:
    found = data(value)
    if len(found) > MOST_EXTRA_DATA:
        raise InvalidParams(f"hex string has {len(found)} bytes, want at most {MOST_EXTRA_DATA}")
    return found
