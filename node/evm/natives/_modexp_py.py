"""Powers by Python's own numbers: the reference of the compiled kernel."""

from __future__ import annotations


def power(base: bytes, exponent: bytes, modulus: bytes) -> bytes:
    """Return base ** exponent modulo `modulus`, big-endian numbers of any length.

    The result is as long as `modulus`, and zero for a modulus of zero.
    """
    b, e, m = (int.from_bytes(number, "big") for number in (base, exponent, modulus))
    return (pow(b, e, m) if m else 0).to_bytes(len(modulus), "big")
