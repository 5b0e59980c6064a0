def power(base: bytes, exponent: bytes, modulus: bytes) -> bytes:
    """See `_modexp_py.power`."""
