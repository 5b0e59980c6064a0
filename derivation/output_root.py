"""The output root: what a proposal says about the L2, in 32 bytes.

Source: OP Stack specs, protocol/proposals.md (L2 output commitment construction).
"""

from __future__ import annotations

from byline.derivation.hashing import ZERO_HASH, keccak256


def output_root(state_root: bytes, storage_root: bytes, block_hash: bytes) -> bytes:
    """Return the version-0 output root of an L2 block.

    `storage_root` is that of the L2ToL1MessagePasser after the block: since Isthmus the
    header's `withdrawals_root`.  Raises `ValueError` when a part is not 32 bytes long.
    """
    parts = {"state root": state_root, "storage root": storage_root, "block hash": block_hash}
    for name, part in parts.items():
        if len(part) != 32:
            raise ValueError(f"output root: {name} has {len(part)} bytes, want 32")
    return keccak256(ZERO_HASH + state_root + storage_root + block_hash)
