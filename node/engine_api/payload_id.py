"""The name of a payload under construction: a hash of all that decides it.

The formula is op-geth's, so that one who logs ids sees the same in both.
"""

from __future__ import annotations

import hashlib

from byline.derivation.hashing import keccak256
from byline.derivation.types import PayloadAttributes

_NO_WITHDRAWALS = b"\xc0"
"""The RLP of an empty list."""


def payload_id(parent: bytes, attributes: PayloadAttributes, version: int) -> bytes:
    """Return the 8-byte id of the block on `parent` (a hash) from `attributes`.

    `version` is that of the forkchoiceUpdated method; it is the first byte.
    """
    digest = hashlib.sha256()
    digest.update(parent)
    digest.update(attributes.timestamp.to_bytes(8, "big"))
    digest.update(attributes.prev_randao)
    digest.update(attributes.suggested_fee_recipient)
    digest.update(_NO_WITHDRAWALS)
    digest.update(attributes.parent_beacon_block_root)
    if attributes.no_tx_pool or attributes.transactions:
        digest.update(bytes([attributes.no_tx_pool]))
        digest.update(len(attributes.transactions).to_bytes(8, "big"))
        for raw in attributes.transactions:
            digest.update(keccak256(raw))
    digest.update(attributes.gas_limit.to_bytes(8, "big"))
    digest.update(attributes.eip1559_params)
    if attributes.min_base_fee is not None:
        digest.update(attributes.min_base_fee.to_bytes(8, "big"))
    return bytes([version]) + digest.digest()[1:8]
