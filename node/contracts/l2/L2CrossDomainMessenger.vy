# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title L2CrossDomainMessenger
@notice Sends messages to the L1, as withdrawals, and executes those that come from there, which
        arrive as deposits from the alias of the messenger on the L1.
@dev Rules: ethereum-optimism/specs, protocol/messengers.md.  Genesis writes slots 204 (0xdead:
     nobody's message is being executed) and 207 (the messenger on the L1); there is no other
     setup.  With an ERC-20 as gas token messages carry no value.
"""

from lib import cross_domain_messenger as messages

initializes: messages

exports: (
    messages.ENCODING_OVERHEAD,
    messages.FLOOR_CALLDATA_OVERHEAD,
    messages.MESSAGE_VERSION,
    messages.MIN_GAS_CALLDATA_OVERHEAD,
    messages.MIN_GAS_DYNAMIC_OVERHEAD_DENOMINATOR,
    messages.MIN_GAS_DYNAMIC_OVERHEAD_NUMERATOR,
    messages.OTHER_MESSENGER,
    messages.RELAY_CALL_OVERHEAD,
    messages.RELAY_CONSTANT_OVERHEAD,
    messages.RELAY_GAS_CHECK_BUFFER,
    messages.RELAY_RESERVED_GAS,
    messages.TX_BASE_GAS,
    messages.baseGas,
    messages.failedMessages,
    messages.messageNonce,
    messages.otherMessenger,
    messages.successfulMessages,
    messages.xDomainMessageSender,
)

interface L1Block:
    def isCustomGasToken() -> bool: view

interface MessagePasser:
    def initiateWithdrawal(
        _target: address, _gasLimit: uint256, _data: Bytes[messages.MAX_MESSAGE + 260]
    ): payable

L1_BLOCK: constant(address) = 0x4200000000000000000000000000000000000015
MESSAGE_PASSER: constant(address) = 0x4200000000000000000000000000000000000016
# What is added to the address of a contract of the L1 that makes a deposit.
ALIAS_OFFSET: constant(uint256) = (4369 << 144) | 4369
MAX_160: constant(uint256) = 2**160 - 1


@external
@pure
def version() -> String[5]:
    """
    @notice The level of the OP Stack contract that this one answers like.
    """
    return "2.2.1"


@external
@view
def l1CrossDomainMessenger() -> address:
    """
    @notice The messenger on the L1.
    """
    return messages.otherMessenger


@external
@pure
def paused() -> bool:
    """
    @notice Whether messages from the L1 stand still: never.
    """
    return False


@external
@payable
def sendMessage(
    _target: address, _message: Bytes[messages.MAX_MESSAGE], _minGasLimit: uint32
):
    """
    @notice Have a contract called on the L1, with the value sent along.
    @param _target Whom to call there.
    @param _message Calldata.
    @param _minGasLimit Gas that the target needs there.
    """
    if msg.value != 0:
        assert not staticcall L1Block(L1_BLOCK).isCustomGasToken(), (
            "CrossDomainMessenger: cannot send value with custom gas token"
        )
    nonce: uint256 = messages._nonce()
    min_gas_limit: uint256 = convert(_minGasLimit, uint256)
    extcall MessagePasser(MESSAGE_PASSER).initiateWithdrawal(
        messages.otherMessenger,
        convert(messages._base_gas(len(_message), _minGasLimit), uint256),
        abi_encode(
            nonce,
            msg.sender,
            _target,
            msg.value,
            min_gas_limit,
            _message,
            method_id=method_id("relayMessage(uint256,address,address,uint256,uint256,bytes)"),
        ),
        value=msg.value,
    )
    log messages.SentMessage(
        target=_target,
        sender=msg.sender,
        message=_message,
        messageNonce=nonce,
        gasLimit=min_gas_limit,
    )
    log messages.SentMessageExtension1(sender=msg.sender, value=msg.value)
    messages._count()


@external
@payable
def relayMessage(
    _nonce: uint256,
    _sender: address,
    _target: address,
    _value: uint256,
    _minGasLimit: uint256,
    _message: Bytes[messages.MAX_MESSAGE],
):
    """
    @notice Execute a message from the L1.  For its messenger; for anybody if it failed before.
    """
    messages._relay(
        self._without_alias(msg.sender) == messages.otherMessenger,
        _target == self or _target == MESSAGE_PASSER,
        _nonce,
        _sender,
        _target,
        _value,
        _minGasLimit,
        _message,
    )


@internal
@pure
def _without_alias(sender: address) -> address:
    """
    @notice The address on the L1 of a contract that is seen here as `sender`.
    """
    original: uint256 = (convert(sender, uint256) + 2**160 - ALIAS_OFFSET) & MAX_160
    return convert(convert(original, uint160), address)
