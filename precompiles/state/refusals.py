"""Why the state precompile refuses, and which reason wins.

The first line that applies wins.  From line 12 on some entries may have been added; the
revert takes them back.

    1   the call carries value                              ValueNotAccepted()
    2   it came by DELEGATECALL or CALLCODE                 DelegatedCall()
    3   it may not change the state                         StaticCall()
    4   the caller is not the vault of this chain           NotVault(caller)
    5   fewer than 4 bytes                                  MalformedInput(size)
    6   no function of this selector                        UnknownSelector(selector)
    7   pool:   word missing                                MalformedInput(4)
    8   packed: offset missing, or not 64                   MalformedInput(36)
    9   packed: length missing                              MalformedInput(68)
    10  length above 4096 entries, or no multiple of 36     BadLength(length)
    11  the input ends too early                            MalformedInput(where it ends)
        it goes on after the padding                        MalformedInput(end of the padding)
        it is padded with anything but zeros                MalformedInput(first such byte)
    12  an address that is not above the one before         NotAscending(index)
    13  a credit that would reach 2**256                    CreditOverflow(index)
"""

from __future__ import annotations

from typing import Final

from byline.precompiles.errors import (
    MALFORMED_INPUT,
    UNKNOWN_SELECTOR,
    VALUE_NOT_ACCEPTED,
    CustomError,
    InvalidInput,
)

MAX_ENTRIES: Final = 4096
ENTRY: Final = 36
"""Bytes of an entry: an address and a uint128."""

DELEGATED_CALL: Final = CustomError("DelegatedCall()")
STATIC_CALL: Final = CustomError("StaticCall()")
NOT_VAULT: Final = CustomError("NotVault(address)")
BAD_LENGTH: Final = CustomError("BadLength(uint256)")
NOT_ASCENDING: Final = CustomError("NotAscending(uint256)")
CREDIT_OVERFLOW: Final = CustomError("CreditOverflow(uint256)")

ERRORS: Final = (
    VALUE_NOT_ACCEPTED,
    DELEGATED_CALL,
    STATIC_CALL,
    NOT_VAULT,
    MALFORMED_INPUT,
    UNKNOWN_SELECTOR,
    BAD_LENGTH,
    NOT_ASCENDING,
    CREDIT_OVERFLOW,
)


def delegated_call() -> InvalidInput:
    """Line 2."""
    return DELEGATED_CALL.refuse("the code is borrowed: use CALL")


def static_call() -> InvalidInput:
    """Line 3."""
    return STATIC_CALL.refuse("credits change the state: use CALL outside of a STATICCALL")


def not_vault(caller: bytes, vault: bytes) -> InvalidInput:
    """Line 4."""
    return NOT_VAULT.refuse(
        f"0x{caller.hex()} calls, and only the vault 0x{vault.hex()} may",
        int.from_bytes(caller, "big"),
    )


def bad_length(length: int) -> InvalidInput:
    """Line 10."""
    return BAD_LENGTH.refuse(
        f"{length} bytes: want {ENTRY} for each of at most {MAX_ENTRIES} entries", length
    )


def not_ascending(index: int) -> InvalidInput:
    """Line 12."""
    return NOT_ASCENDING.refuse(
        f"address {index} is not above the one before: sort, and add up duplicates", index
    )


def credit_overflow(index: int) -> InvalidInput:
    """Line 13."""
    return CREDIT_OVERFLOW.refuse(f"credit {index} would reach 2**256", index)
