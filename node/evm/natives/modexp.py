"""MODEXP (address 5): base ** exponent % modulus on numbers of any length, and its price.

py-evm's own returns 0 for an empty base, where x ** 0 is 1; so this one serves every fork.
The input is three words with the lengths of base, exponent and modulus in bytes, then the
three numbers; what is missing at the end counts as zero.

Sources: EIP-198 (meaning), EIP-2565 (price since Berlin), EIP-7823 and EIP-7883 (bound and
price since Osaka); the numbers in the final price are those that clients agree on, not
those of the first draft.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from byline.node.evm.natives.native import Failed, Native

MAX_OSAKA_LENGTH: Final = 1024
"""Bytes of each of the three numbers (EIP-7823)."""
_LENGTHS: Final = 96
_WORD: Final = 32


@dataclass(frozen=True, slots=True)
class ModexpInput:
    """The lengths that an input declares, and the input itself."""

    data: bytes
    base_length: int
    exponent_length: int
    modulus_length: int

    @classmethod
    def read(cls, data: bytes) -> ModexpInput:
        """Read the three lengths; each may be anything below 2**256."""
        head = data[:_LENGTHS].ljust(_LENGTHS, b"\0")
        return cls(data, *(int.from_bytes(head[at : at + _WORD], "big") for at in (0, 32, 64)))

    def number(self, start: int, length: int) -> int:
        """Return the `length` bytes at `start` as a number; zero bytes follow the data.

        The shift stands for those bytes, so that nothing is allocated for a length alone;
        the caller has charged for `length`.
        """
        part = self.data[start : start + length]
        return int.from_bytes(part, "big") << 8 * (length - len(part)) if part else 0

    @property
    def exponent_bits(self) -> int:
        """Index of the highest bit set in the exponent's first 32 bytes; 0 for none."""
        start = _LENGTHS + self.base_length
        head = self.number(start, min(self.exponent_length, _WORD))
        return max(head.bit_length() - 1, 0)

    @property
    def longest(self) -> int:
        """Bytes of the longer one of base and modulus."""
        return max(self.base_length, self.modulus_length)

    def iterations(self, gas_per_byte: int) -> int:
        """Return the squarings to pay for, `gas_per_byte` for each byte behind the first 32."""
        more = max(self.exponent_length - _WORD, 0) * gas_per_byte
        return max(more + self.exponent_bits, 1)


def berlin_gas(given: ModexpInput) -> int:
    """Return the gas since Berlin (EIP-2565)."""
    words = -(-given.longest // 8)
    return max(200, words**2 * given.iterations(8) // 3)


def osaka_gas(given: ModexpInput) -> int:
    """Return the gas since Osaka (EIP-7883)."""
    words = -(-given.longest // 8)
    complexity = 2 * words**2 if given.longest > _WORD else 16
    return max(500, complexity * given.iterations(16))


def power(given: ModexpInput) -> bytes:
    """Return the result in as many bytes as the modulus has; zero for a modulus of zero."""
    if given.modulus_length == 0:
        return b""
    at = _LENGTHS
    base = given.number(at, given.base_length)
    at += given.base_length
    exponent = given.number(at, given.exponent_length)
    modulus = given.number(at + given.exponent_length, given.modulus_length)
    result = pow(base, exponent, modulus) if modulus else 0
    return result.to_bytes(given.modulus_length, "big")


def run(data: bytes) -> bytes:
    """Return the result in as many bytes as the modulus has; zero for a modulus of zero."""
    return power(ModexpInput.read(data))


def run_osaka(data: bytes) -> bytes:
    """Return what `run` does; raises `Failed` where a number is longer than 1,024 bytes."""
    given = ModexpInput.read(data)
    if max(given.longest, given.exponent_length) > MAX_OSAKA_LENGTH:
        raise Failed(
            f"MODEXP: lengths {given.base_length}, {given.exponent_length} and "
            f"{given.modulus_length}, each at most {MAX_OSAKA_LENGTH} bytes"
        )
    return power(given)


MODEXP: Final = Native("MODEXP", lambda data: berlin_gas(ModexpInput.read(data)), run)
"""Before Osaka."""
MODEXP_OSAKA: Final = Native("MODEXP", lambda data: osaka_gas(ModexpInput.read(data)), run_osaka)
"""Since Osaka: longer numbers fail, with all gas."""
