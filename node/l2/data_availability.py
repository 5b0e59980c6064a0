"""Where frames travel, calldata or blobs, and what either costs on the L1 now.

Sources: EIP-7623 (floor price of calldata); EIP-4844 (blob gas); op-batcher,
`flags/types.go` (calldata, blobs, auto) and `batcher/channel_config_provider.go`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from byline.derivation.base_fee import BLOB_GAS
from byline.derivation.blob import MAX_BLOB_DATA

Carrier: TypeAlias = Literal["calldata", "blobs"]
DataAvailability: TypeAlias = Literal["calldata", "blobs", "auto"]

MAX_CALLDATA: Final = 120_000
"""Bytes of one transaction's calldata (op-batcher's default)."""
MAX_BLOBS: Final = 6
"""Blobs of one transaction (EIP-7594)."""
TRANSACTION_GAS: Final = 21_000
_FLOOR: Final = 10
"""EIP-7623: gas of a token; a zero byte is one, any other four."""

FRAME_ROOM: Final[dict[Carrier, int]] = {"calldata": MAX_CALLDATA - 1, "blobs": MAX_BLOB_DATA - 1}
"""Bytes of a frame that alone fills a transaction or a blob; a data item has one byte more."""


@dataclass(frozen=True, slots=True)
class L1Conditions:
    """What a batcher has to know of the L1 before it posts."""

    number: int
    """Height of the L1's head."""
    base_fee: int
    """Wei per gas in the next block."""
    blob_base_fee: int
    """Wei per blob gas in the next block."""


def calldata_gas(item: bytes) -> int:
    """Return the gas of a transaction that carries `item` and executes nothing."""
    zeroes = item.count(0)
    return TRANSACTION_GAS + _FLOOR * (zeroes + 4 * (len(item) - zeroes))


def calldata_price(items: Sequence[bytes], l1: L1Conditions, tip: int) -> int:
    """Return the wei that `items` cost, each in the calldata of a transaction."""
    return sum(calldata_gas(item) for item in items) * (l1.base_fee + tip)


def blob_price(blobs: int, per_transaction: int, l1: L1Conditions, tip: int) -> int:
    """Return the wei that `blobs` cost, `per_transaction` to a transaction."""
    transactions = -(-blobs // per_transaction)
    gas = transactions * TRANSACTION_GAS * (l1.base_fee + tip)
    return gas + blobs * BLOB_GAS * l1.blob_base_fee


def cheaper(
    in_calldata: Sequence[bytes], in_blobs: Sequence[bytes], per_transaction: int,
    l1: L1Conditions, tip: int,
) -> Carrier:  # fmt: skip
    """Return what carries the same channel for less, cut into data items for each."""
    blobs = blob_price(len(in_blobs), per_transaction, l1, tip)
    return "blobs" if blobs < calldata_price(in_calldata, l1, tip) else "calldata"
