"""Keccak-256, and the few constants that are hashes of nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from byline.derivation.kernels import keccak

ZERO_HASH: Final = bytes(32)
ZERO_ADDRESS: Final = bytes(20)

EMPTY_TRIE_ROOT: Final = bytes.fromhex(
    "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
)
"""Root of a trie without entries: keccak256(rlp(b''))."""

EMPTY_UNCLES_HASH: Final = bytes.fromhex(
    "1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"
)
"""keccak256(rlp([])): the ommers hash of every block since the merge."""

EMPTY_REQUESTS_HASH: Final = bytes.fromhex(
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)
"""sha256(b''): the requests hash of a block without requests (EIP-7685)."""

keccak256: Final[Callable[[bytes], bytes]] = keccak.keccak256
"""Return the 32-byte Keccak-256 hash of bytes; `TypeError` for anything else."""
