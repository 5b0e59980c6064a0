"""Calls of blob transactions: what they may not be, and what their blobs cost (EIP-4844)."""

from __future__ import annotations

from typing import Final

from byline.derivation.blob_parameters import BLOB_GAS
from byline.derivation.header import Header
from byline.node.chain.chain import Chain
from byline.rpc.backend import CallRequest, Refused

VERSION_BYTE: Final = 1


def check_blobs(
    chain: Chain, seen: Header, request: CallRequest, base_fee: int | None = None
) -> None:
    """Raise `Refused` for blobs that no transaction could bring in the block with header `seen`.

    `base_fee` is another price, in wei per blob gas, than the block's.
    """
    if not request.blob_hashes:
        return
    most = chain.rules.most_blobs_per_transaction(seen.timestamp)
    if most == 0:
        raise Refused("transaction type not supported")
    if len(request.blob_hashes) > most:
        raise Refused(f"too many blobs: {len(request.blob_hashes)}, want at most {most}")
    for index, blob_hash in enumerate(request.blob_hashes):
        if blob_hash[0] != VERSION_BYTE:
            raise Refused(
                f"blob {index} has invalid hash version: 0x{blob_hash[:1].hex()}, want 0x01"
            )
    cap = request.max_fee_per_blob_gas
    price = chain.rules.blob_base_fee(seen) if base_fee is None else base_fee
    if 0 < cap < price:
        raise Refused(
            "max fee per blob gas less than block blob gas fee: "
            f"maxFeePerBlobGas: {cap}, blobBaseFee: {price}"
        )


def most_for_blobs(request: CallRequest) -> int:
    """Return the wei that the sender must own for the blobs."""
    return BLOB_GAS * len(request.blob_hashes) * request.max_fee_per_blob_gas
