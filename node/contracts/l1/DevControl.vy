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

event DevDeposited:
    l2Number: indexed(uint256)
    salt: indexed(bytes32)
    deposit: Bytes[MAX_DEPOSIT]

event BlockSet:
    l2Number: indexed(uint256)
    field: indexed(uint256)
    value: uint256

MAX_DEPOSIT: constant(uint256) = 65536

owner: public(address)


@external
@pure
def version() -> String[5]:
    return "0.2.0"


@external
def setClock(_l2Number: uint256, _timestamp: uint64):
    """
    @notice Move the L2 clock: block `_l2Number` gets at least `_timestamp`.
    @param _l2Number The first L2 block that the jump applies to.
    @param _timestamp Seconds since 1970.
    """
    self._only_owner()
    log ClockSet(l2Number=_l2Number, timestamp=_timestamp)


@external
def deposit(_l2Number: uint256, _salt: bytes32, _deposit: Bytes[MAX_DEPOSIT]):
    """
    @notice Force a deposit into L2 block `_l2Number`, after those of users.
    @param _l2Number The L2 block that holds it.
    @param _salt Makes the source hash of the deposit, and so its hash, unique.
    @param _deposit RLP of sender, recipient, value, gas limit and data.
    """
    self._only_owner()
    log DevDeposited(l2Number=_l2Number, salt=_salt, deposit=_deposit)


@external
def setField(_l2Number: uint256, _field: uint256, _value: uint256):
    """
    @notice Give a header field of L2 block `_l2Number` another value.
    @param _l2Number The L2 block.
    @param _field Which field, by the numbers that derivation knows.
    @param _value The value.
    """
    self._only_owner()
    log BlockSet(l2Number=_l2Number, field=_field, value=_value)


@internal
@view
def _only_owner():
    if msg.sender != self.owner:
        raw_revert(method_id("NotOwner()"))
