# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title The judges of challenges
@notice Which function of which verifier a challenge is put before, by its kind.
"""

from . import _ledger_settings

uses: _ledger_settings

# error UnknownKind(uint8 kind)


@internal
@view
def _judge(_kind: uint8) -> (address, bytes4):
    """
    @notice Which verifier judges a kind, and in which function.
    """
    target: address = _ledger_settings.verifier
    selector: bytes4 = empty(bytes4)
    if _kind == 1:
        selector = method_id(
            "falseSpan(uint64,((uint64,bytes,bytes),bytes,uint64,bytes,bytes,(uint64,bytes[],bytes[]),(uint64,bytes[],bytes[])))",
            output_type=bytes4,
        )
    elif _kind == 2:
        selector = method_id(
            "longerMatch(uint64,((uint64,bytes,bytes),bytes,bytes,uint32,uint32,uint32,uint32,(uint64,bytes[],bytes[])))",
            output_type=bytes4,
        )
    elif _kind == 3:
        selector = method_id(
            "wrongOwner(uint64,((uint64,bytes,bytes),bytes,uint64,bytes,(uint64,bytes[],bytes[])))",
            output_type=bytes4,
        )
    elif _kind == 4:
        selector = method_id(
            "wrongCount(uint64,((uint64,bytes,bytes),bytes,bytes,uint8,uint32,uint32,uint32,(uint64,bytes[],bytes[]),(uint64,bytes[],bytes[])))",
            output_type=bytes4,
        )
    elif _kind == 5:
        selector = method_id(
            "badDataset(uint64,(uint8,uint64,(uint64,bytes[],bytes[]),(uint64,bytes[],bytes[]),(uint64,bytes[],bytes[]),(uint64,bytes[],bytes[])))",
            output_type=bytes4,
        )
    else:
        target = _ledger_settings.payoutVerifier
        if _kind == 6:
            selector = method_id(
                "wrongWeights(uint64,((uint64,bytes,bytes),bytes,bytes))", output_type=bytes4
            )
        elif _kind == 7:
            selector = method_id(
                "underpaid(uint64,(address,bytes,bytes,(uint32,address,uint128,bytes)[],(uint32,uint128,bytes32)))",
                output_type=bytes4,
            )
        elif _kind == 8:
            selector = method_id(
                "wrongPayouts(uint64,(bytes,bytes,bytes,bytes,bytes))", output_type=bytes4
            )
        else:
            raw_revert(abi_encode(_kind, method_id=method_id("UnknownKind(uint8)")))
    return target, selector
