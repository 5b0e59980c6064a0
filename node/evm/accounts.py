"""What Ethereum says of accounts, whichever engine executes.

Sources: EIP-7702 (delegation), EIP-2935 and EIP-4788 (system calls), the yellow paper
(address of a creation).
"""

from __future__ import annotations

from typing import Final

from byline.derivation.hashing import keccak256
from byline.derivation.kernels import rlp

DELEGATION_PREFIX: Final = b"\xef\x01\x00"
"""Code of an account that runs the code of another."""

SYSTEM_ADDRESS: Final = bytes.fromhex("fffffffffffffffffffffffffffffffffffffffe")
SYSTEM_CALL_GAS: Final = 30_000_000


def created_address(sender: bytes, nonce: int) -> bytes:
    """Return the address of the contract that `sender` creates with `nonce`."""
    return keccak256(rlp.encode([sender, nonce]))[12:]
