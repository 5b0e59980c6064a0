"""Deposits of validators on the L1: from the deposit contract's logs to requests.

Source: EIP-6110.  An L1 without validators only has to commit to them in the header.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from byline.derivation.hashing import keccak256
from byline.derivation.receipt import Log

DEPOSIT_CONTRACT: Final = bytes.fromhex("00000000219ab540356cbb839cbe05303d7705fa")
"""The address on Ethereum mainnet."""
DEPOSIT_EVENT: Final = keccak256(b"DepositEvent(bytes,bytes,bytes,bytes,bytes)")

_FIELDS: Final = ((160, 48), (256, 32), (320, 8), (384, 96), (512, 8))
"""Where the ABI puts public key, withdrawal credentials, amount, signature and index, and
how many bytes each has."""
_LENGTH: Final = 576


def deposit_requests(logs: Iterable[Log]) -> bytes:
    """Return the requests in `logs`, 192 bytes each, in order.

    A log of another layout gives none.  The EIP calls a block with one invalid, but the
    genuine contract emits none, and a contract that a genesis file puts at its address must
    not stop the chain.
    """
    return b"".join(
        request
        for log in logs
        if log.address == DEPOSIT_CONTRACT and log.topics[:1] == (DEPOSIT_EVENT,)
        for request in (_request(log.data),)
        if request is not None
    )


def _request(data: bytes) -> bytes | None:
    if len(data) != _LENGTH:
        return None
    parts = []
    for index, (start, length) in enumerate(_FIELDS):
        offset = int.from_bytes(data[32 * index : 32 * index + 32], "big")
        size = int.from_bytes(data[start : start + 32], "big")
        if (offset, size) != (start, length):
            return None
        parts.append(data[start + 32 : start + 32 + length])
    return b"".join(parts)
