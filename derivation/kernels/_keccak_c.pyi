def keccak256(data: bytes | bytearray) -> bytes:
    """Return the 32-byte Keccak-256 hash of `data`; `TypeError` for anything but bytes."""
