"""Header fields of single L2 blocks that a devnet's DevControl contract gives another value.

An event `BlockSet(l2Number, field, value)` names one by its number here:

    1  base fee       of that block; the next ones follow from it by the formula
    2  fee recipient  of that block and all after it, until another event
    3  prevRandao     of that block

A value that the field cannot hold has no effect, nor has a number that stands for none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

BASE_FEE: Final = 1
FEE_RECIPIENT: Final = 2
PREV_RANDAO: Final = 3

BASE_FEE_BOUND: Final = 2**64
"""Wei per gas; what is declared at or above it has no effect."""


@dataclass(frozen=True, slots=True)
class BlockFields:
    """What is declared of one block; `None` leaves a field to the rules."""

    base_fee: int | None = None
    """Wei per gas."""
    fee_recipient: bytes | None = None
    prev_randao: bytes | None = None


BY_THE_RULES: Final = BlockFields()


def block_fields(declared: Mapping[int, int]) -> BlockFields:
    """Return what `declared` (number of the field to value) means (`DevSchedule.fields`)."""
    base_fee = declared.get(BASE_FEE, BASE_FEE_BOUND)
    recipient = declared.get(FEE_RECIPIENT, 2**160)
    randao = declared.get(PREV_RANDAO)
    return BlockFields(
        base_fee=base_fee if base_fee < BASE_FEE_BOUND else None,
        fee_recipient=recipient.to_bytes(20, "big") if recipient < 2**160 else None,
        prev_randao=None if randao is None else randao.to_bytes(32, "big"),
    )
