# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Who is calling
"""

DELEGATION_BYTES: constant(uint256) = 23
DELEGATION_PREFIX: constant(Bytes[3]) = x"ef0100"


@internal
@view
def _is_a_person() -> bool:
    """
    @notice Whether the caller signs its own transactions, be it with code that it has delegated
            to (EIP-7702).
    """
    if msg.sender == tx.origin:
        return True
    if msg.sender.codesize != DELEGATION_BYTES:
        return False
    return slice(msg.sender.code, 0, 3) == DELEGATION_PREFIX
