# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Bridging tokens
@notice What the standard bridges of both chains share.  A token of this chain is locked here
        while its twin exists on the other; a twin of a token of the other chain is burned and
        minted.
@dev Rules: ethereum-optimism/specs, protocol/bridges.md.  Slots are those of the OP Stack
     (2 deposits, 3 messenger, 4 other bridge), except that keys of mappings are hashed Vyper's
     way.
     Differences from the OP Stack: extra data of up to 4,096 bytes, and tokens that keep a part
     of each transfer are refused.
"""

from lib import accounts
from lib import tokens

interface Messenger:
    def sendMessage(
        _target: address, _message: Bytes[MAX_MESSAGE], _minGasLimit: uint32
    ): payable
    def xDomainMessageSender() -> address: view

interface Mintable:
    def burn(_from: address, _amount: uint256): nonpayable
    def l1Token() -> address: view
    def mint(_to: address, _amount: uint256): nonpayable
    def remoteToken() -> address: view

event ETHBridgeInitiated:
    sender: indexed(address)
    to: indexed(address)
    amount: uint256
    extraData: Bytes[MAX_EXTRA_DATA]

event ETHBridgeFinalized:
    sender: indexed(address)
    to: indexed(address)
    amount: uint256
    extraData: Bytes[MAX_EXTRA_DATA]

event ERC20BridgeInitiated:
    localToken: indexed(address)
    remoteToken: indexed(address)
    sender: indexed(address)
    to: address
    amount: uint256
    extraData: Bytes[MAX_EXTRA_DATA]

event ERC20BridgeFinalized:
    localToken: indexed(address)
    remoteToken: indexed(address)
    sender: indexed(address)
    to: address
    amount: uint256
    extraData: Bytes[MAX_EXTRA_DATA]

MAX_EXTRA_DATA: constant(uint256) = 4096
# Selector, six words, the length of the extra data.
MAX_MESSAGE: constant(uint256) = MAX_EXTRA_DATA + 4 + 7 * 32
# ERC-165 and its question about nothing; ILegacyMintableERC20 and IOptimismMintableERC20.
ERC165: constant(bytes4) = 0x01ffc9a7
NOTHING: constant(bytes4) = 0xffffffff
LEGACY_MINTABLE: constant(bytes4) = 0x1d1d8b63
MINTABLE: constant(bytes4) = 0xec4fc8e3
QUESTION_GAS: constant(uint256) = 30_000

gap: uint256[2]
deposits: public(HashMap[address, HashMap[address, uint256]])
messenger: public(address)
otherBridge: public(address)


@external
@view
def MESSENGER() -> address:
    """
    @notice The messenger of this chain.
    """
    return self.messenger


@external
@view
def OTHER_BRIDGE() -> address:
    """
    @notice The bridge on the other chain.
    """
    return self.otherBridge


@internal
def _begin(messenger: address, other: address):
    """
    @notice Set up.
    """
    self.messenger = messenger
    self.otherBridge = other


@internal
@view
def _check_person():
    assert accounts._is_a_person(), "StandardBridge: function can only be called from an EOA"


@internal
@view
def _check_other_bridge():
    assert msg.sender == self.messenger, (
        "StandardBridge: function can only be called from the other bridge"
    )
    sender: address = staticcall Messenger(msg.sender).xDomainMessageSender()
    assert sender == self.otherBridge, (
        "StandardBridge: function can only be called from the other bridge"
    )


# --- To the other chain


@internal
@payable
def _send_ether(to: address, min_gas_limit: uint32, extra_data: Bytes[MAX_EXTRA_DATA]):
    """
    @notice Send the value of the call from the caller.
    """
    log ETHBridgeInitiated(
        sender=msg.sender, to=to, amount=msg.value, extraData=extra_data
    )
    extcall Messenger(self.messenger).sendMessage(
        self.otherBridge,
        abi_encode(
            msg.sender,
            to,
            msg.value,
            extra_data,
            method_id=method_id("finalizeBridgeETH(address,address,uint256,bytes)"),
        ),
        min_gas_limit,
        value=msg.value,
    )


@internal
def _lock_or_burn(local_token: address, remote_token: address, amount: uint256):
    """
    @notice Take tokens of the caller out of circulation.
    """
    if self._is_mintable(local_token):
        self._check_pair(local_token, remote_token)
        extcall Mintable(local_token).burn(msg.sender, amount)
    else:
        tokens._take(local_token, amount)
        self.deposits[local_token][remote_token] += amount


@internal
def _send_tokens(
    local_token: address,
    remote_token: address,
    to: address,
    amount: uint256,
    min_gas_limit: uint32,
    extra_data: Bytes[MAX_EXTRA_DATA],
):
    """
    @notice Announce tokens of the caller on the other chain.
    """
    log ERC20BridgeInitiated(
        localToken=local_token,
        remoteToken=remote_token,
        sender=msg.sender,
        to=to,
        amount=amount,
        extraData=extra_data,
    )
    # The other chain's local token is our remote one.
    extcall Messenger(self.messenger).sendMessage(
        self.otherBridge,
        abi_encode(
            remote_token,
            local_token,
            msg.sender,
            to,
            amount,
            extra_data,
            method_id=method_id(
                "finalizeBridgeERC20(address,address,address,address,uint256,bytes)"
            ),
        ),
        min_gas_limit,
    )


# --- From the other chain


@internal
@payable
def _receive_ether(
    sender: address, to: address, amount: uint256, extra_data: Bytes[MAX_EXTRA_DATA]
):
    """
    @notice Pay out the value of the call.
    """
    log ETHBridgeFinalized(sender=sender, to=to, amount=amount, extraData=extra_data)
    success: bool = raw_call(to, b"", value=amount, revert_on_failure=False)
    assert success, "StandardBridge: ETH transfer failed"


@internal
@payable
def _check_ether(to: address, amount: uint256):
    assert msg.value == amount, (
        "StandardBridge: amount sent does not match amount required"
    )
    assert to != self, "StandardBridge: cannot send to self"
    assert to != self.messenger, "StandardBridge: cannot send to messenger"


@internal
def _unlock_or_mint(local_token: address, remote_token: address, to: address, amount: uint256):
    """
    @notice Put tokens into circulation.
    """
    if self._is_mintable(local_token):
        self._check_pair(local_token, remote_token)
        extcall Mintable(local_token).mint(to, amount)
    else:
        self.deposits[local_token][remote_token] -= amount
        tokens._give(local_token, to, amount)


@internal
def _announce_receipt(
    local_token: address,
    remote_token: address,
    sender: address,
    to: address,
    amount: uint256,
    extra_data: Bytes[MAX_EXTRA_DATA],
):
    log ERC20BridgeFinalized(
        localToken=local_token,
        remoteToken=remote_token,
        sender=sender,
        to=to,
        amount=amount,
        extraData=extra_data,
    )


# --- Twins


@internal
@view
def _is_mintable(token: address) -> bool:
    return self._supports(token, LEGACY_MINTABLE) or self._supports(token, MINTABLE)


@internal
@view
def _check_pair(token: address, remote_token: address):
    known: address = empty(address)
    if self._supports(token, LEGACY_MINTABLE):
        known = staticcall Mintable(token).l1Token()
    else:
        known = staticcall Mintable(token).remoteToken()
    assert known == remote_token, (
        "StandardBridge: wrong remote token for Optimism Mintable ERC20 local token"
    )


@internal
@view
def _supports(token: address, interface_id: bytes4) -> bool:
    """
    @notice Whether a contract says so, as ERC-165 has it asked.
    """
    if not self._affirms(token, ERC165) or self._affirms(token, NOTHING):
        return False
    return self._affirms(token, interface_id)


@internal
@view
def _affirms(token: address, interface_id: bytes4) -> bool:
    success: bool = False
    answer: Bytes[32] = b""
    success, answer = raw_call(
        token,
        abi_encode(interface_id, method_id=method_id("supportsInterface(bytes4)")),
        max_outsize=32,
        gas=QUESTION_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    return success and len(answer) == 32 and convert(answer, uint256) != 0
