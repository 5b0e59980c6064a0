# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title DevControl
@notice The switches of a devnet.  What is set here is an event of the L1, so that every
        verifier of this devnet derives the same L2 from the L1 alone.  Stock verifiers do not
        read these events; on a public network this contract does not exist.
@dev Storage: slot 0 the owner, written by genesis.
"""

# error NotOwner()

event ClockSet:
    l2Number: indexed(uint256)
    timestamp: uint64

owner: public(address)


@external
@pure
def version() -> String[5]:
    return "0.1.0"


@external
def setClock(_l2Number: uint256, _timestamp: uint64):
    """
    @notice Move the L2 clock: block `_l2Number` gets at least `_timestamp`.
    @param _l2Number The first L2 block that the jump applies to.
    @param _timestamp Seconds since 1970.
    """
    if msg.sender != self.owner:
        raw_revert(method_id("NotOwner()"))
    log ClockSet(l2Number=_l2Number, timestamp=_timestamp)
