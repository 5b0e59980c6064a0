from collections.abc import Sequence

def recover(digest: bytes, y_parity: int, r: int, s: int) -> bytes | None:
    """See `_secp256k1_py.recover`."""

def recover_many(signatures: Sequence[tuple[bytes, int, int, int]]) -> list[bytes | None]:
    """See `_secp256k1_py.recover_many`; the GIL is released once, for the whole batch."""
