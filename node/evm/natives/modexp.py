"""MODEXP (address 5): base ** exponent % modulus on numbers of any length, and its price.

py-evm's own returns 0 for an empty base, where x ** 0 is 1; so this one serves every fork.
The input is three words with the lengths of base, exponent and modulus in bytes, then the
three numbers; what is missing at the end counts as zero.

Sources: EIP-198 (meaning), EIP-2565 (price since Berlin), EIP-7823 and EIP-7883 (bound and
price since Osaka); the numbers in the final price are those that clients agree on, not
those of the first draft.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from byline.node.evm.natives.native import Failed, Native

COMPILED: bool = False
"""Whether `power` is the compiled one."""

if TYPE_CHECKING or os.environ.get("BYLINE_NO_EXTENSIONS"):
    from byline.node.evm.natives._modexp_py import power
else:
    try:
        from byline.node.evm.natives._modexp_c import power

        COMPILED = True
    except ImportError:
        from byline.node.evm.natives._modexp_py import power

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
        base = int.from_bytes(head[:32], "big")
        exponent = int.from_bytes(head[32:64], "big")
        return cls(data, base, exponent, int.from_bytes(head[64:], "big"))

    def part(self, start: int, length: int) -> bytes:
        """Return the `length` bytes at `start`; zero bytes follow the data.

        They take memory, so the caller has charged for `length`.
        """
        return self.data[start : start + length].ljust(length, b"\0")

    @property
    def exponent_bits(self) -> int:
        """Index of the highest bit set in the exponent's first 32 bytes; 0 for none."""
        start = _LENGTHS + self.base_length
        head = self.part(start, min(self.exponent_length, _WORD))
        return max(int.from_bytes(head, "big").bit_length() - 1, 0)

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


def result(given: ModexpInput) -> bytes:
    """Return the power in as many bytes as the modulus has; zero for a modulus of zero."""
    if given.modulus_length == 0:
        return b""
    base = given.part(_LENGTHS, given.base_length)
    exponent = given.part(_LENGTHS + given.base_length, given.exponent_length)
    at = _LENGTHS + given.base_length + given.exponent_length
    return power(base, exponent, given.part(at, given.modulus_length))


def run(data: bytes) -> bytes:
    """Return the result in as many bytes as the modulus has; zero for a modulus of zero."""
    return result(ModexpInput.read(data))


def run_osaka(data: bytes) -> bytes:
    """Return what `run` does; raises `Failed` where a number is longer than 1,024 bytes."""
    given = ModexpInput.read(data)
    if max(given.longest, given.exponent_length) > MAX_OSAKA_LENGTH:
        raise Failed(
            f"MODEXP: lengths {given.base_length}, {given.exponent_length} and "
            f"{given.modulus_length}, each at most {MAX_OSAKA_LENGTH} bytes"
        )
    return result(given)


MODEXP: Final = Native("MODEXP", lambda data: berlin_gas(ModexpInput.read(data)), run)
"""Before Osaka."""
MODEXP_OSAKA: Final = Native("MODEXP", lambda data: osaka_gas(ModexpInput.read(data)), run_osaka)
"""Since Osaka: longer numbers fail, with all gas."""
