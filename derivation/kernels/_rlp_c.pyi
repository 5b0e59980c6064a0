from byline.derivation.kernels.rlp_types import Decoded, Encodable

def decode(data: bytes) -> Decoded:
    """See `_rlp_py.decode`."""

def encode(item: Encodable) -> bytes:
    """See `_rlp_py.encode`."""

def read_item(data: bytes, at: int) -> tuple[bool, int, int]:
    """See `_rlp_py.read_item`."""

def number(item: Decoded, name: str, bits: int = 256) -> int:
    """See `_rlp_py.number`."""
