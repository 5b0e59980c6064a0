# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title One word of storage for what is asked of a model most
"""

from . import _registry_checks as checks

struct Head:  # of a model; one word of storage
    owner: address
    feePolicy: uint32
    tokens: uint32
    kind: uint8
    method: uint8
    mode: uint8
    status: uint8


@internal
@pure
def _packed(_head: Head) -> uint256:
    return (
        convert(_head.owner, uint256) << 96
        | convert(_head.feePolicy, uint256) << 64
        | convert(_head.tokens, uint256) << 32
        | convert(_head.kind, uint256) << 24
        | convert(_head.method, uint256) << 16
        | convert(_head.mode, uint256) << 8
        | convert(_head.status, uint256)
    )


@internal
@pure
def _unpacked(_word: uint256) -> Head:
    return Head(
        owner=convert(convert(_word >> 96, uint160), address),
        feePolicy=convert((_word >> 64) & checks.U32, uint32),
        tokens=convert((_word >> 32) & checks.U32, uint32),
        kind=convert((_word >> 24) & 255, uint8),
        method=convert((_word >> 16) & 255, uint8),
        mode=convert((_word >> 8) & 255, uint8),
        status=convert(_word & 255, uint8),
    )
