# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Messages between the chains
@notice What the messengers of both chains share: numbering messages, the gas that they need on
        the other side, and executing what arrives, again if it failed.
@dev Rules: ethereum-optimism/specs, protocol/messengers.md.  Slots are those of the OP Stack
     (203 successful messages, 204 sender, 205 nonce, 206 failed messages, 207 other messenger),
     except that keys of mappings are hashed Vyper's way.
     Messages carry up to 24,000 bytes (the OP Stack: no limit), so that their envelope fits
     into a withdrawal; longer calldata reverts without a reason.
"""

event SentMessage:
    target: indexed(address)
    sender: address
    message: Bytes[MAX_MESSAGE]
    messageNonce: uint256
    gasLimit: uint256

event SentMessageExtension1:
    sender: indexed(address)
    value: uint256

event RelayedMessage:
    msgHash: indexed(bytes32)

event FailedRelayedMessage:
    msgHash: indexed(bytes32)

MAX_MESSAGE: constant(uint256) = 24_000

MESSAGE_VERSION: public(constant(uint16)) = 1
RELAY_CONSTANT_OVERHEAD: public(constant(uint64)) = 200_000
MIN_GAS_DYNAMIC_OVERHEAD_NUMERATOR: public(constant(uint64)) = 64
MIN_GAS_DYNAMIC_OVERHEAD_DENOMINATOR: public(constant(uint64)) = 63
MIN_GAS_CALLDATA_OVERHEAD: public(constant(uint64)) = 16
RELAY_CALL_OVERHEAD: public(constant(uint64)) = 40_000
RELAY_RESERVED_GAS: public(constant(uint64)) = 40_000
RELAY_GAS_CHECK_BUFFER: public(constant(uint64)) = 5_000
TX_BASE_GAS: public(constant(uint64)) = 21_000
FLOOR_CALLDATA_OVERHEAD: public(constant(uint64)) = 40
ENCODING_OVERHEAD: public(constant(uint64)) = 260

DEFAULT_SENDER: constant(address) = 0x000000000000000000000000000000000000dEaD
# Whom clients name as origin to learn how much gas is enough.
ESTIMATION_ADDRESS: constant(address) = 0x0000000000000000000000000000000000000001
# What a call costs at most besides its gas (EIP-150, value, a new account).
CALL_OVERHEAD: constant(uint256) = 40_000

gap: uint256[203]
successfulMessages: public(HashMap[bytes32, bool])
message_sender: address
sent_count: uint256
failedMessages: public(HashMap[bytes32, bool])
otherMessenger: public(address)


@external
@view
def OTHER_MESSENGER() -> address:
    """
    @notice The messenger on the other chain.
    """
    return self.otherMessenger


@external
@view
def messageNonce() -> uint256:
    """
    @notice The nonce of the next message, with the version in its first two bytes.
    """
    return self._nonce()


@external
@view
def xDomainMessageSender() -> address:
    """
    @notice Who sent the message that is being executed.
    """
    assert self.message_sender != DEFAULT_SENDER, (
        "CrossDomainMessenger: xDomainMessageSender is not set"
    )
    return self.message_sender


@external
@pure
def baseGas(_message: Bytes[MAX_MESSAGE], _minGasLimit: uint32) -> uint64:
    """
    @notice Gas on the other side for a message whose target needs so much.
    """
    return self._base_gas(len(_message), _minGasLimit)


@internal
def _begin(other: address):
    """
    @notice Set up.
    """
    self.otherMessenger = other
    self.message_sender = DEFAULT_SENDER


@internal
@view
def _nonce() -> uint256:
    return self.sent_count | (convert(MESSAGE_VERSION, uint256) << 240)


@internal
def _count():
    """
    @notice A message was sent.
    """
    self.sent_count += 1


@internal
@pure
def _base_gas(size: uint256, min_gas_limit: uint32) -> uint64:
    execution: uint256 = (
        convert(RELAY_CONSTANT_OVERHEAD, uint256)
        + convert(RELAY_CALL_OVERHEAD, uint256)
        + convert(RELAY_RESERVED_GAS, uint256)
        + convert(RELAY_GAS_CHECK_BUFFER, uint256)
        + convert(min_gas_limit, uint256)
        * convert(MIN_GAS_DYNAMIC_OVERHEAD_NUMERATOR, uint256)
        // convert(MIN_GAS_DYNAMIC_OVERHEAD_DENOMINATOR, uint256)
    )
    total: uint256 = size + convert(ENCODING_OVERHEAD, uint256)
    by_execution: uint256 = execution + total * convert(MIN_GAS_CALLDATA_OVERHEAD, uint256)
    # Calldata has a price of its own that no execution undercuts (EIP-7623).
    by_calldata: uint256 = total * convert(FLOOR_CALLDATA_OVERHEAD, uint256)
    return TX_BASE_GAS + convert(max(by_execution, by_calldata), uint64)


@internal
@payable
def _relay(
    is_from_other: bool,
    is_blocked: bool,
    nonce: uint256,
    sender: address,
    target: address,
    amount: uint256,
    min_gas_limit: uint256,
    message: Bytes[MAX_MESSAGE],
):
    """
    @notice Execute a message that arrives, or one that failed before.
    @param is_from_other Whether it comes from the other messenger now.
    @param is_blocked Whether the target is a contract that no message may call.
    """
    version: uint256 = nonce >> 240
    assert version < 2, (
        "CrossDomainMessenger: only version 0 or 1 messages are supported at this time"
    )
    if version == 0:
        old_hash: bytes32 = keccak256(
            abi_encode(
                target,
                sender,
                message,
                nonce,
                method_id=method_id("relayMessage(address,address,bytes,uint256)"),
            )
        )
        assert not self.successfulMessages[old_hash], (
            "CrossDomainMessenger: legacy withdrawal already relayed"
        )
    message_hash: bytes32 = keccak256(
        abi_encode(
            nonce,
            sender,
            target,
            amount,
            min_gas_limit,
            message,
            method_id=method_id("relayMessage(uint256,address,address,uint256,uint256,bytes)"),
        )
    )
    if is_from_other:
        assert msg.value == amount
        assert not self.failedMessages[message_hash]
    else:
        assert msg.value == 0, (
            "CrossDomainMessenger: value must be zero unless message is from a system address"
        )
        assert self.failedMessages[message_hash], (
            "CrossDomainMessenger: message cannot be replayed"
        )
    assert not is_blocked, (
        "CrossDomainMessenger: cannot send message to blocked system address"
    )
    assert not self.successfulMessages[message_hash], (
        "CrossDomainMessenger: message has already been relayed"
    )
    # One message at a time: another sender must not be seen by the first message's target.
    if not self._has_gas(min_gas_limit) or self.message_sender != DEFAULT_SENDER:
        self._fail(message_hash)
        return
    self.message_sender = sender
    gas_limit: uint256 = msg.gas - convert(RELAY_RESERVED_GAS, uint256)
    success: bool = raw_call(
        target, message, gas=gas_limit, value=amount, revert_on_failure=False
    )
    self.message_sender = DEFAULT_SENDER
    if not success:
        self._fail(message_hash)
        return
    assert not self.successfulMessages[message_hash]
    self.successfulMessages[message_hash] = True
    log RelayedMessage(msgHash=message_hash)


@internal
@view
def _has_gas(min_gas_limit: uint256) -> bool:
    """
    @notice Whether the target would get its gas, although a call passes on no more than 63 of
            64 parts, and enough would be left to finish.
    """
    reserved: uint256 = convert(RELAY_RESERVED_GAS + RELAY_GAS_CHECK_BUFFER, uint256)
    if min_gas_limit >= 2**128:
        return False
    return msg.gas * 63 >= min_gas_limit * 64 + (CALL_OVERHEAD + reserved) * 63


@internal
def _fail(message_hash: bytes32):
    self.failedMessages[message_hash] = True
    log FailedRelayedMessage(msgHash=message_hash)
    assert tx.origin != ESTIMATION_ADDRESS, "CrossDomainMessenger: failed to relay message"
