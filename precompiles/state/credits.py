"""Credits of many accounts in one call: what the vault's own loop does, word for word.

For every entry, in order: read the credit, add the amount, write the credit; also where the
amount is 0.  So a call leaves the storage that the loop leaves, and pays the same for it.
"""

from __future__ import annotations

from typing import Final

from byline.derivation.hashing import keccak256
from byline.precompiles.abi import WORD
from byline.precompiles.state.call import read_call
from byline.precompiles.state.frame import Frame
from byline.precompiles.state.refusals import (
    ENTRY,
    credit_overflow,
    delegated_call,
    not_ascending,
    not_vault,
    static_call,
)

CREDITS_SLOT: Final = 0
"""Slot of `credits`, a HashMap[bytes32, HashMap[address, uint256]], in PayoutVault."""
ADDRESS: Final = 20
PADDING: Final = bytes(WORD - ADDRESS)


def pool_slot(pool: bytes) -> bytes:
    """Return the slot of the inner map `credits[pool]`: Vyper hashes slot, then key."""
    return keccak256(CREDITS_SLOT.to_bytes(WORD, "big") + pool)


def credit_slot(pool: bytes, who: bytes) -> bytes:
    """Return the slot of the word `credits[pool][who]`."""
    return keccak256(pool_slot(pool) + PADDING + who)


def credit_batch(frame: Frame, vault: bytes) -> bytes:
    """Add every amount to the credit of its address in the storage of `vault`, the caller.

    Returns no bytes.  Raises `InvalidInput` for what `refusals` lists.
    """
    if frame.is_delegated:
        raise delegated_call()
    if frame.is_static:
        raise static_call()
    if frame.caller != vault:
        raise not_vault(frame.caller, vault)
    call = read_call(frame.data)
    prefix = pool_slot(call.pool) + PADDING
    packed, load, store = call.packed, frame.load, frame.store
    before = b""
    for at in range(0, len(packed), ENTRY):
        who = packed[at : at + ADDRESS]
        if who <= before:
            raise not_ascending(at // ENTRY)
        before = who
        slot = keccak256(prefix + who)
        credit = load(slot) + int.from_bytes(packed[at + ADDRESS : at + ENTRY], "big")
        if credit >> 256:
            raise credit_overflow(at // ENTRY)
        store(slot, credit)
    return b""
