"""What blocks before Holocene say and charge: to read history, not to execute it.

This node runs no rules before Holocene; explorers and checks of older blocks need the
numbers all the same.

Sources: OP Stack specs, protocol/deposits.md (L1 attributes, Bedrock),
protocol/exec-engine.md (L1 fee), regolith/overview.md, ecotone/exec-engine.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from byline.derivation.errors import InvalidData
from byline.derivation.transaction import DEPOSIT

BEDROCK_SELECTOR: Final = bytes.fromhex("015d8eb9")
"""setL1BlockValues(uint64,uint64,uint256,bytes32,uint64,bytes32,uint256,uint256)"""
BEDROCK_LENGTH: Final = 4 + 8 * 32

_ZERO_GAS: Final = 4
_OTHER_GAS: Final = 16
_SIGNATURE_BYTES: Final = 68
"""Bedrock counted a signature that was there already; Regolith stopped that."""
_U64: Final = 2**64


@dataclass(frozen=True, slots=True)
class BedrockL1Info:
    """The L1 attributes of a block before Ecotone."""

    number: int
    timestamp: int
    base_fee: int
    block_hash: bytes
    sequence_number: int
    batcher: bytes
    """20 bytes."""
    l1_fee_overhead: int
    """Gas that every transaction counts beside its data."""
    l1_fee_scalar: int
    """Millionths."""

    def encode(self) -> bytes:
        """Return the calldata of the L1 attributes transaction."""
        words = (
            self.number,
            self.timestamp,
            self.base_fee,
            int.from_bytes(self.block_hash, "big"),
            self.sequence_number,
            int.from_bytes(self.batcher, "big"),
            self.l1_fee_overhead,
            self.l1_fee_scalar,
        )
        return BEDROCK_SELECTOR + b"".join(word.to_bytes(32, "big") for word in words)

    @classmethod
    def decode(cls, data: bytes) -> BedrockL1Info:
        """Read such calldata; raises `InvalidData` naming what is wrong."""
        if data[:4] != BEDROCK_SELECTOR or len(data) != BEDROCK_LENGTH:
            raise InvalidData(
                f"Bedrock L1 attributes: selector 0x{data[:4].hex()} with {len(data)} bytes, "
                f"want 0x{BEDROCK_SELECTOR.hex()} with {BEDROCK_LENGTH}"
            )
        words = [data[at : at + 32] for at in range(4, BEDROCK_LENGTH, 32)]
        number, timestamp, base_fee, _, sequence, _, overhead, scalar = (
            int.from_bytes(word, "big") for word in words
        )
        if max(number, timestamp, sequence) >= _U64 or any(words[5][:12]):
            raise InvalidData("Bedrock L1 attributes: a value is wider than its type")
        return cls(
            number, timestamp, base_fee, words[3], sequence, words[5][12:], overhead, scalar
        )


def calldata_gas(raw: bytes) -> int:
    """Return what the bytes of a transaction cost as calldata, before EIP-7623."""
    zeroes = raw.count(0)
    return zeroes * _ZERO_GAS + (len(raw) - zeroes) * _OTHER_GAS


def rollup_data_gas(raw: bytes, *, regolith: bool) -> int:
    """Return the L1 gas that a transaction counts before Ecotone."""
    return calldata_gas(raw) + (0 if regolith else _SIGNATURE_BYTES * _OTHER_GAS)


def bedrock_l1_fee(raw: bytes, info: BedrockL1Info, *, regolith: bool) -> int:
    """Return the L1 data fee in wei before Ecotone; a deposit pays none."""
    if not raw or raw[0] == DEPOSIT:
        return 0
    gas = rollup_data_gas(raw, regolith=regolith) + info.l1_fee_overhead
    return gas * info.base_fee * info.l1_fee_scalar // 10**6


def ecotone_l1_fee(
    raw: bytes, base_fee: int, base_fee_scalar: int, blob_base_fee: int, blob_base_fee_scalar: int
) -> int:
    """Return the L1 data fee in wei at Ecotone; a deposit pays none."""
    if not raw or raw[0] == DEPOSIT:
        return 0
    price = 16 * base_fee * base_fee_scalar + blob_base_fee * blob_base_fee_scalar
    return calldata_gas(raw) * price // (16 * 10**6)
