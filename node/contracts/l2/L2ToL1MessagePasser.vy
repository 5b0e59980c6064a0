# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title L2ToL1MessagePasser
@notice Where withdrawals begin: each is recorded under its hash, and the L1 is shown a proof of
        that record.  Value sent along stays here until somebody burns it.
@dev The storage root of this account is part of every output root, so the slots are those of the
     OP Stack (specs, protocol/withdrawals.md), which follow Solidity:
       0  mapping from withdrawal hash to true, at keccak256(hash . 0)
       1  the number of withdrawals so far
     Vyper hashes mapping keys the other way round.  So storage is one array that begins at slot
     0, where index and slot are the same.
     Data is limited to 24,576 bytes (the OP Stack has no limit but gas): longer calldata reverts.
"""

MAX_DATA: constant(uint256) = 24576
RECEIVE_GAS_LIMIT: constant(uint256) = 100_000
NONCE_SLOT: constant(uint256) = 1
# Creation code that sends its value to itself and is gone: ADDRESS SELFDESTRUCT.
BURNER: constant(Bytes[2]) = x"30ff"

event MessagePassed:
    nonce: indexed(uint256)
    sender: indexed(address)
    target: indexed(address)
    value: uint256
    gasLimit: uint256
    data: Bytes[MAX_DATA]
    withdrawalHash: bytes32

event WithdrawerBalanceBurnt:
    amount: indexed(uint256)

MESSAGE_VERSION: public(constant(uint16)) = 1

slots: uint256[2**256 - 1]


@external
@pure
def version() -> String[5]:
    """
    @notice The level of the OP Stack contract that this one answers like.
    """
    return "1.2.0"


@external
@view
def messageNonce() -> uint256:
    """
    @notice The nonce of the next withdrawal, with the message version in its first two bytes.
    """
    return self._nonce()


@external
@view
def sentMessages(_withdrawalHash: bytes32) -> bool:
    """
    @notice Whether a withdrawal of that hash has begun.
    """
    return self.slots[self._slot_of(_withdrawalHash)] != 0


@external
@payable
def initiateWithdrawal(_target: address, _gasLimit: uint256, _data: Bytes[MAX_DATA]):
    """
    @notice Begin a withdrawal of the value sent along.
    @param _target Whom the L1 will call.
    @param _gasLimit Gas that the call on the L1 gets at least.
    @param _data Calldata of that call.
    """
    self._initiate(_target, _gasLimit, _data)


@external
def burn():
    """
    @notice Take all value that lies here out of the supply of the L2.
    """
    amount: uint256 = self.balance
    burner: address = raw_create(BURNER, value=amount)
    log WithdrawerBalanceBurnt(amount=amount)


@external
@payable
def __default__():
    """
    @notice Plain value is withdrawn to its sender.
    """
    assert len(msg.data) == 0
    self._initiate(msg.sender, RECEIVE_GAS_LIMIT, b"")


@internal
@view
def _nonce() -> uint256:
    return self.slots[NONCE_SLOT] | (convert(MESSAGE_VERSION, uint256) << 240)


@internal
@pure
def _slot_of(withdrawal_hash: bytes32) -> uint256:
    return convert(keccak256(abi_encode(withdrawal_hash, empty(uint256))), uint256)


@internal
@payable
def _initiate(target: address, gas_limit: uint256, data: Bytes[MAX_DATA]):
    nonce: uint256 = self._nonce()
    withdrawal_hash: bytes32 = keccak256(
        abi_encode(nonce, msg.sender, target, msg.value, gas_limit, data)
    )
    self.slots[self._slot_of(withdrawal_hash)] = 1
    log MessagePassed(
        nonce=nonce,
        sender=msg.sender,
        target=target,
        value=msg.value,
        gasLimit=gas_limit,
        data=data,
        withdrawalHash=withdrawal_hash,
    )
    self.slots[NONCE_SLOT] += 1
