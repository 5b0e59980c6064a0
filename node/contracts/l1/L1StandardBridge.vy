# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title L1StandardBridge
@notice Ether and tokens to the L2 and back, through the messengers.
@dev Rules: ethereum-optimism/specs, protocol/bridges.md.  Each event of today is preceded by the
     one that older clients listen for.  With an ERC-20 as gas token no ether is bridged.
"""

from lib import deployer
from lib import standard_bridge as bridge

initializes: bridge
initializes: deployer

exports: (
    bridge.MESSENGER,
    bridge.OTHER_BRIDGE,
    bridge.deposits,
    bridge.messenger,
    bridge.otherBridge,
)

interface SystemConfig:
    def isCustomGasToken() -> bool: view
    def paused() -> bool: view
    def superchainConfig() -> address: view

event ETHDepositInitiated:
    sender: indexed(address)
    to: indexed(address)
    amount: uint256
    extraData: Bytes[bridge.MAX_EXTRA_DATA]

event ETHWithdrawalFinalized:
    sender: indexed(address)
    to: indexed(address)
    amount: uint256
    extraData: Bytes[bridge.MAX_EXTRA_DATA]

event ERC20DepositInitiated:
    l1Token: indexed(address)
    l2Token: indexed(address)
    sender: indexed(address)
    to: address
    amount: uint256
    extraData: Bytes[bridge.MAX_EXTRA_DATA]

event ERC20WithdrawalFinalized:
    l1Token: indexed(address)
    l2Token: indexed(address)
    sender: indexed(address)
    to: address
    amount: uint256
    extraData: Bytes[bridge.MAX_EXTRA_DATA]

RECEIVE_GAS_LIMIT: constant(uint32) = 200_000

systemConfig: public(address)


@deploy
def __init__():
    deployer._remember()


@external
def initialize(_messenger: address, _systemConfig: address, _otherBridge: address):
    """
    @notice Set up, once, by the deployer.
    """
    deployer._begin_setup()
    self.systemConfig = _systemConfig
    bridge._begin(_messenger, _otherBridge)


@external
@pure
def version() -> String[6]:
    """
    @notice The level of the OP Stack contract that this one answers like.
    """
    return "2.6.0"


@external
@view
def paused() -> bool:
    """
    @notice Whether nothing is paid out.
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
@view
def l2TokenBridge() -> address:
    """
    @notice The bridge on the L2.
    """
    return bridge.otherBridge


# --- To the L2


@external
@payable
def __default__():
    """
    @notice Plain value is bridged to its sender.
    """
    assert len(msg.data) == 0
    bridge._check_person()
    self._send_ether(msg.sender, RECEIVE_GAS_LIMIT, b"")


@external
@payable
def bridgeETH(_minGasLimit: uint32, _extraData: Bytes[bridge.MAX_EXTRA_DATA]):
    """
    @notice Bridge the value sent along to the caller's own address.
    """
    bridge._check_person()
    self._send_ether(msg.sender, _minGasLimit, _extraData)


@external
@payable
def bridgeETHTo(
    _to: address, _minGasLimit: uint32, _extraData: Bytes[bridge.MAX_EXTRA_DATA]
):
    """
    @notice Bridge the value sent along.
    """
    self._send_ether(_to, _minGasLimit, _extraData)


@external
@payable
def depositETH(_minGasLimit: uint32, _extraData: Bytes[bridge.MAX_EXTRA_DATA]):
    """
    @notice An older name of bridgeETH.
    """
    bridge._check_person()
    self._send_ether(msg.sender, _minGasLimit, _extraData)


@external
@payable
def depositETHTo(
    _to: address, _minGasLimit: uint32, _extraData: Bytes[bridge.MAX_EXTRA_DATA]
):
    """
    @notice An older name of bridgeETHTo.
    """
    self._send_ether(_to, _minGasLimit, _extraData)


@external
def bridgeERC20(
    _localToken: address,
    _remoteToken: address,
    _amount: uint256,
    _minGasLimit: uint32,
    _extraData: Bytes[bridge.MAX_EXTRA_DATA],
):
    """
    @notice Bridge tokens of the caller, who must have approved that, to its own address.
    """
    bridge._check_person()
    self._send_tokens(
        _localToken, _remoteToken, msg.sender, _amount, _minGasLimit, _extraData
    )


@external
def bridgeERC20To(
    _localToken: address,
    _remoteToken: address,
    _to: address,
    _amount: uint256,
    _minGasLimit: uint32,
    _extraData: Bytes[bridge.MAX_EXTRA_DATA],
):
    """
    @notice Bridge tokens of the caller, who must have approved that.
    """
    self._send_tokens(_localToken, _remoteToken, _to, _amount, _minGasLimit, _extraData)


@external
def depositERC20(
    _l1Token: address,
    _l2Token: address,
    _amount: uint256,
    _minGasLimit: uint32,
    _extraData: Bytes[bridge.MAX_EXTRA_DATA],
):
    """
    @notice An older name of bridgeERC20.
    """
    bridge._check_person()
    self._send_tokens(_l1Token, _l2Token, msg.sender, _amount, _minGasLimit, _extraData)


@external
def depositERC20To(
    _l1Token: address,
    _l2Token: address,
    _to: address,
    _amount: uint256,
    _minGasLimit: uint32,
    _extraData: Bytes[bridge.MAX_EXTRA_DATA],
):
    """
    @notice An older name of bridgeERC20To.
    """
    self._send_tokens(_l1Token, _l2Token, _to, _amount, _minGasLimit, _extraData)


# --- From the L2


@external
@payable
def finalizeBridgeETH(
    _from: address, _to: address, _amount: uint256, _extraData: Bytes[bridge.MAX_EXTRA_DATA]
):
    """
    @notice Pay out ether.  For messages of the bridge on the L2.
    """
    self._receive_ether(_from, _to, _amount, _extraData)


@external
@payable
def finalizeETHWithdrawal(
    _from: address, _to: address, _amount: uint256, _extraData: Bytes[bridge.MAX_EXTRA_DATA]
):
    """
    @notice An older name of finalizeBridgeETH.
    """
    self._receive_ether(_from, _to, _amount, _extraData)


@external
def finalizeBridgeERC20(
    _localToken: address,
    _remoteToken: address,
    _from: address,
    _to: address,
    _amount: uint256,
    _extraData: Bytes[bridge.MAX_EXTRA_DATA],
):
    """
    @notice Pay out tokens.  For messages of the bridge on the L2.
    """
    self._receive_tokens(_localToken, _remoteToken, _from, _to, _amount, _extraData)


@external
def finalizeERC20Withdrawal(
    _l1Token: address,
    _l2Token: address,
    _from: address,
    _to: address,
    _amount: uint256,
    _extraData: Bytes[bridge.MAX_EXTRA_DATA],
):
    """
    @notice An older name of finalizeBridgeERC20.
    """
    self._receive_tokens(_l1Token, _l2Token, _from, _to, _amount, _extraData)


# --- What they share


@internal
@payable
def _send_ether(
    to: address, min_gas_limit: uint32, extra_data: Bytes[bridge.MAX_EXTRA_DATA]
):
    self._refuse_for_a_token()
    log ETHDepositInitiated(sender=msg.sender, to=to, amount=msg.value, extraData=extra_data)
    bridge._send_ether(to, min_gas_limit, extra_data)


@internal
def _send_tokens(
    l1_token: address,
    l2_token: address,
    to: address,
    amount: uint256,
    min_gas_limit: uint32,
    extra_data: Bytes[bridge.MAX_EXTRA_DATA],
):
    bridge._lock_or_burn(l1_token, l2_token, amount)
    log ERC20DepositInitiated(
        l1Token=l1_token,
        l2Token=l2_token,
        sender=msg.sender,
        to=to,
        amount=amount,
        extraData=extra_data,
    )
    bridge._send_tokens(l1_token, l2_token, to, amount, min_gas_limit, extra_data)


@internal
@payable
def _receive_ether(
    sender: address, to: address, amount: uint256, extra_data: Bytes[bridge.MAX_EXTRA_DATA]
):
    bridge._check_other_bridge()
    self._refuse_while_paused()
    self._refuse_for_a_token()
    bridge._check_ether(to, amount)
    log ETHWithdrawalFinalized(sender=sender, to=to, amount=amount, extraData=extra_data)
    bridge._receive_ether(sender, to, amount, extra_data)


@internal
def _receive_tokens(
    l1_token: address,
    l2_token: address,
    sender: address,
    to: address,
    amount: uint256,
    extra_data: Bytes[bridge.MAX_EXTRA_DATA],
):
    bridge._check_other_bridge()
    self._refuse_while_paused()
    bridge._unlock_or_mint(l1_token, l2_token, to, amount)
    log ERC20WithdrawalFinalized(
        l1Token=l1_token,
        l2Token=l2_token,
        sender=sender,
        to=to,
        amount=amount,
        extraData=extra_data,
    )
    bridge._announce_receipt(l1_token, l2_token, sender, to, amount, extra_data)


@internal
@view
def _refuse_while_paused():
    assert not staticcall SystemConfig(self.systemConfig).paused(), "StandardBridge: paused"


@internal
@view
def _refuse_for_a_token():
    assert not staticcall SystemConfig(self.systemConfig).isCustomGasToken(), (
        "StandardBridge: cannot bridge ETH with custom gas token"
    )
