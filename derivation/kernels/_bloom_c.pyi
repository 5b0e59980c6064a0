from collections.abc import Sequence

def bloom_of(items: Sequence[bytes]) -> bytes:
    """See `_bloom_py.bloom_of`."""

def union_of(blooms: Sequence[bytes]) -> bytes:
    """See `_bloom_py.union_of`."""
