def add(data: bytes) -> bytes:
    """See `_bn254_py.add`."""

def mul(data: bytes) -> bytes:
    """See `_bn254_py.mul`."""

def pairing(data: bytes) -> bytes:
    """See `_bn254_py.pairing`."""
