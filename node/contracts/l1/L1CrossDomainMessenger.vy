# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title L1CrossDomainMessenger
@notice Sends messages to the L2, as deposits, and executes those that come from there, which
        the portal hands over when their withdrawal is finalized.
@dev Rules: ethereum-optimism/specs, protocol/messengers.md.  With an ERC-20 as gas token
     messages carry no value.
"""

from lib import cross_domain_messenger as messages
from lib import deployer

initializes: messages
initializes: deployer

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

interface OptimismPortal:
    def depositTransaction(
        _to: address,
        _value: uint256,
        _gasLimit: uint64,
        _isCreation: bool,
        _data: Bytes[messages.MAX_MESSAGE + 260],
    ): payable
    def l2Sender() -> address: view

interface SystemConfig:
    def isCustomGasToken() -> bool: view
    def paused() -> bool: view
    def superchainConfig() -> address: view

portal: public(address)
systemConfig: public(address)


@deploy
def __init__():
    deployer._remember()


@external
def initialize(_systemConfig: address, _portal: address, _otherMessenger: address):
    """
    @notice Set up, once, by the deployer.
    """
    deployer._begin_setup()
    self.systemConfig = _systemConfig
    self.portal = _portal
    messages._begin(_otherMessenger)


@external
@pure
def version() -> String[6]:
    """
    @notice The level of the OP Stack contract that this one answers like.
    """
    return "2.9.0"


@external
@view
def PORTAL() -> address:
    """
    @notice Where deposits enter.
    """
    return self.portal


@external
@view
def paused() -> bool:
    """
    @notice Whether messages from the L2 stand still.
    """
    return staticcall SystemConfig(self.systemConfig).paused()


@external
@view
def superchainConfig() -> address:
    """
    @notice Where that is kept.
    """
    return staticcall SystemConfig(self.systemConfig).superchainConfig()


@external
@payable
def sendMessage(
    _target: address, _message: Bytes[messages.MAX_MESSAGE], _minGasLimit: uint32
):
    """
    @notice Have a contract called on the L2, with the value sent along.
    @param _target Whom to call there.
    @param _message Calldata.
    @param _minGasLimit Gas that the target needs there.
    """
    if msg.value != 0:
        assert not staticcall SystemConfig(self.systemConfig).isCustomGasToken(), (
            "CrossDomainMessenger: cannot send value with custom gas token"
        )
    nonce: uint256 = messages._nonce()
    min_gas_limit: uint256 = convert(_minGasLimit, uint256)
    extcall OptimismPortal(self.portal).depositTransaction(
        messages.otherMessenger,
        msg.value,
        messages._base_gas(len(_message), _minGasLimit),
        False,
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
    @notice Execute a message from the L2.  For the portal; for anybody if it failed before.
    """
    assert not staticcall SystemConfig(self.systemConfig).paused(), "CrossDomainMessenger: paused"
    portal: address = self.portal
    is_from_other: bool = False
    if msg.sender == portal:
        is_from_other = staticcall OptimismPortal(portal).l2Sender() == messages.otherMessenger
    messages._relay(
        is_from_other,
        _target == self or _target == portal,
        _nonce,
        _sender,
        _target,
        _value,
        _minGasLimit,
        _message,
    )
