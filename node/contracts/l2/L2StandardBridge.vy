# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title L2StandardBridge
@notice Ether and tokens to the L1 and back, through the messengers.
@dev Rules: ethereum-optimism/specs, protocol/bridges.md.  Genesis writes slots 3 (the messenger of
     this chain) and 4 (the bridge on the L1); there is no other setup.  Each event of today is
     preceded by the one that older clients listen for.  With an ERC-20 as gas token no ether is
     bridged.
"""

from lib import standard_bridge as bridge

initializes: bridge

exports: (
    bridge.MESSENGER,
    bridge.OTHER_BRIDGE,
    bridge.deposits,
    bridge.messenger,
    bridge.otherBridge,
)

interface L1Block:
    def isCustomGasToken() -> bool: view

interface Twin:
    def l1Token() -> address: view

event WithdrawalInitiated:
    l1Token: indexed(address)
    l2Token: indexed(address)
    sender: indexed(address)
    to: address
    amount: uint256
    extraData: Bytes[bridge.MAX_EXTRA_DATA]

event DepositFinalized:
    l1Token: indexed(address)
    l2Token: indexed(address)
    sender: indexed(address)
    to: address
    amount: uint256
    extraData: Bytes[bridge.MAX_EXTRA_DATA]

L1_BLOCK: constant(address) = 0x4200000000000000000000000000000000000015
# How ether is named among tokens of the L2.
ETHER_TOKEN: constant(address) = 0xDeadDeAddeAddEAddeadDEaDDEAdDeaDDeAD0000
RECEIVE_GAS_LIMIT: constant(uint32) = 200_000


@external
@pure
def version() -> String[6]:
    """
    @notice The level of the OP Stack contract that this one answers like.
    """
    return "1.13.2"


@external
@pure
def paused() -> bool:
    """
    @notice Whether nothing is paid out: never.
    """
    return False


@external
@view
def l1TokenBridge() -> address:
    """
    @notice The bridge on the L1.
    """
    return bridge.otherBridge


# --- To the L1


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
def bridgeERC20(
    _localToken: address,
    _remoteToken: address,
    _amount: uint256,
    _minGasLimit: uint32,
    _extraData: Bytes[bridge.MAX_EXTRA_DATA],
):
    """
    @notice Bridge tokens of the caller to its own address.  A token of this chain must have been
            approved.
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
    @notice Bridge tokens of the caller.  A token of this chain must have been approved.
    """
    self._send_tokens(_localToken, _remoteToken, _to, _amount, _minGasLimit, _extraData)


@external
@payable
def withdraw(
    _l2Token: address,
    _amount: uint256,
    _minGasLimit: uint32,
    _extraData: Bytes[bridge.MAX_EXTRA_DATA],
):
    """
    @notice An older way: ether by its name among tokens, or a twin, to the caller's own address.
    """
    self._refuse_older_way_for_a_token()
    bridge._check_person()
    self._withdraw(_l2Token, msg.sender, _amount, _minGasLimit, _extraData)


@external
@payable
def withdrawTo(
    _l2Token: address,
    _to: address,
    _amount: uint256,
    _minGasLimit: uint32,
    _extraData: Bytes[bridge.MAX_EXTRA_DATA],
):
    """
    @notice An older way: ether by its name among tokens, or a twin.
    """
    self._refuse_older_way_for_a_token()
    self._withdraw(_l2Token, _to, _amount, _minGasLimit, _extraData)


# --- From the L1


@external
@payable
def finalizeBridgeETH(
    _from: address, _to: address, _amount: uint256, _extraData: Bytes[bridge.MAX_EXTRA_DATA]
):
    """
    @notice Pay out ether.  For messages of the bridge on the L1.
    """
    bridge._check_other_bridge()
    self._refuse_for_a_token()
    bridge._check_ether(_to, _amount)
    log DepositFinalized(
        l1Token=empty(address),
        l2Token=ETHER_TOKEN,
        sender=_from,
        to=_to,
        amount=_amount,
        extraData=_extraData,
    )
    bridge._receive_ether(_from, _to, _amount, _extraData)


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
    @notice Pay out tokens.  For messages of the bridge on the L1.
    """
    bridge._check_other_bridge()
    bridge._unlock_or_mint(_localToken, _remoteToken, _to, _amount)
    log DepositFinalized(
        l1Token=_remoteToken,
        l2Token=_localToken,
        sender=_from,
        to=_to,
        amount=_amount,
        extraData=_extraData,
    )
    bridge._announce_receipt(_localToken, _remoteToken, _from, _to, _amount, _extraData)


# --- What they share


@internal
@payable
def _withdraw(
    l2_token: address,
    to: address,
    amount: uint256,
    min_gas_limit: uint32,
    extra_data: Bytes[bridge.MAX_EXTRA_DATA],
):
    if l2_token == ETHER_TOKEN:
        assert msg.value == amount, (
            "StandardBridge: bridging ETH must include sufficient ETH value"
        )
        self._send_ether(to, min_gas_limit, extra_data)
        return
    l1_token: address = staticcall Twin(l2_token).l1Token()
    assert msg.value == 0, "StandardBridge: cannot send value"
    self._send_tokens(l2_token, l1_token, to, amount, min_gas_limit, extra_data)


@internal
@payable
def _send_ether(
    to: address, min_gas_limit: uint32, extra_data: Bytes[bridge.MAX_EXTRA_DATA]
):
    self._refuse_for_a_token()
    log WithdrawalInitiated(
        l1Token=empty(address),
        l2Token=ETHER_TOKEN,
        sender=msg.sender,
        to=to,
        amount=msg.value,
        extraData=extra_data,
    )
    bridge._send_ether(to, min_gas_limit, extra_data)


@internal
def _send_tokens(
    local_token: address,
    remote_token: address,
    to: address,
    amount: uint256,
    min_gas_limit: uint32,
    extra_data: Bytes[bridge.MAX_EXTRA_DATA],
):
    bridge._lock_or_burn(local_token, remote_token, amount)
    log WithdrawalInitiated(
        l1Token=remote_token,
        l2Token=local_token,
        sender=msg.sender,
        to=to,
        amount=amount,
        extraData=extra_data,
    )
    bridge._send_tokens(local_token, remote_token, to, amount, min_gas_limit, extra_data)


@internal
@view
def _refuse_for_a_token():
    assert not staticcall L1Block(L1_BLOCK).isCustomGasToken(), (
        "StandardBridge: cannot bridge ETH with custom gas token"
    )


@internal
@view
def _refuse_older_way_for_a_token():
    assert not staticcall L1Block(L1_BLOCK).isCustomGasToken(), (
        "L2StandardBridge: not supported with custom gas token"
    )
