"""The system config follows the `ConfigUpdate` events of the L1 SystemConfig contract.

Source: ethereum-optimism/specs, protocol/configurability.md; op-node,
rollup/derive/system_config.go.  A malformed update is skipped alone; unlike a malformed
deposit it halts nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from byline.derivation.config import SystemConfig
from byline.derivation.errors import InvalidData
from byline.derivation.hashing import ZERO_HASH, keccak256
from byline.derivation.receipt import Log, Receipt

CONFIG_UPDATE: Final = keccak256(b"ConfigUpdate(uint256,uint8,bytes)")
"""Topic 0; the others are the version, 0, and the kind of update."""


def apply_updates(
    config: SystemConfig, receipts: Sequence[Receipt], system_config_address: bytes
) -> SystemConfig:
    """Return `config` after the updates in the successful `receipts` of one L1 block."""
    return apply_updates_with_reasons(config, receipts, system_config_address)[0]


def apply_updates_with_reasons(
    config: SystemConfig, receipts: Sequence[Receipt], system_config_address: bytes
) -> tuple[SystemConfig, tuple[str, ...]]:
    """Return `config` after the updates, and why others were skipped, one line each."""
    skipped = []
    for position, receipt in enumerate(receipts):
        for log in receipt.logs if receipt.succeeded else ():
            if log.address != system_config_address or log.topics[:1] != (CONFIG_UPDATE,):
                continue
            try:
                config = apply_update(config, log)
            except InvalidData as exc:
                skipped.append(f"config update in receipt {position}: {exc}")
    return config, tuple(skipped)


def apply_update(config: SystemConfig, log: Log) -> SystemConfig:
    """Return `config` after one `ConfigUpdate`; raises `InvalidData` naming what is wrong."""
    if len(log.topics) != 3:
        raise InvalidData(f"{len(log.topics)} topics, want 3")
    if log.topics[1] != ZERO_HASH:
        raise InvalidData(f"version {int.from_bytes(log.topics[1], 'big')} is unknown, want 0")
    kind = int.from_bytes(log.topics[2], "big")
    reader = _READERS.get(kind)
    if reader is None:
        raise InvalidData(f"kind {kind} is unknown, want 0 to {max(_READERS)}")
    return replace(config, **reader(log.data))


def _content(data: bytes, length: int) -> bytes:
    """Return the ABI byte string in `data`, which must be exactly `length` bytes."""
    if len(data) != 64 + length:
        raise InvalidData(f"{len(data)} bytes of data, want {64 + length}")
    if int.from_bytes(data[:32], "big") != 32:
        raise InvalidData("the pointer is not 32")
    if int.from_bytes(data[32:64], "big") != length:
        raise InvalidData(f"the length is not {length}")
    return data[64:]


def _number(data: bytes, width: int) -> int:
    word = _content(data, 32)
    if any(word[:-width]):
        raise InvalidData(f"0x{word.hex()} has more than {width} bytes")
    return int.from_bytes(word, "big")


def _batcher(data: bytes) -> dict[str, Any]:
    return {"batcher": _number(data, 20).to_bytes(20, "big")}


def _scalars(data: bytes) -> dict[str, Any]:
    """Read overhead and scalar: since Ecotone the overhead is void, the scalar versioned."""
    scalar = _content(data, 64)[32:]
    padding = {0: scalar[1:28], 1: scalar[1:24]}.get(scalar[0])
    if padding is None:
        raise InvalidData(f"scalar version {scalar[0]} is unknown, want 0 or 1")
    if any(padding):
        raise InvalidData(f"scalar 0x{scalar.hex()} has bytes where version {scalar[0]} has none")
    return {"scalar": scalar, "overhead": ZERO_HASH}


def _gas_limit(data: bytes) -> dict[str, Any]:
    return {"gas_limit": _number(data, 8)}


def _unsafe_block_signer(data: bytes) -> dict[str, Any]:
    """Check the address, and change nothing: it matters to gossip, not to derivation."""
    _number(data, 20)
    return {}


def _eip1559_params(data: bytes) -> dict[str, Any]:
    params = _number(data, 8).to_bytes(8, "big")
    if any(params[:4]) != any(params[4:]):
        raise InvalidData(f"EIP-1559 parameters 0x{params.hex()}: one of the two is zero")
    return {"eip1559_params": params}


def _operator_fee(data: bytes) -> dict[str, Any]:
    word = _content(data, 32)
    return {
        "operator_fee_scalar": int.from_bytes(word[20:24], "big"),
        "operator_fee_constant": int.from_bytes(word[24:], "big"),
    }


def _min_base_fee(data: bytes) -> dict[str, Any]:
    return {"min_base_fee": _number(data, 8)}


def _da_footprint_gas_scalar(data: bytes) -> dict[str, Any]:
    return {"da_footprint_gas_scalar": _number(data, 2)}


_READERS = {
    0: _batcher,
    1: _scalars,
    2: _gas_limit,
    3: _unsafe_block_signer,
    4: _eip1559_params,
    5: _operator_fee,
    6: _min_base_fee,
    7: _da_footprint_gas_scalar,
}
