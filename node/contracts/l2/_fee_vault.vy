# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Vaults of fees
@notice What the four vaults share: each collects one kind of fee of the L2 (tips, base fee, L1
        fee, operator fee) and pays it to its recipient once there is enough.
@dev Slots as in the OP Stack (specs, protocol/predeploys.md), written by genesis:
       0  wei paid out so far
       1  least wei to pay out
       2  recipient in the low 20 bytes, above it the network: 0 is the L1, 1 the L2
     Both events are called Withdrawal, which Vyper's `event` cannot say, so they are raw logs.
"""

# error ProxyAdminOwnedBase_NotProxyAdminOwner()
# event Withdrawal(uint256 value, address to, address from)
# event Withdrawal(uint256 value, address to, address from, uint8 withdrawalNetwork)

MESSAGE_PASSER: constant(address) = 0x4200000000000000000000000000000000000016
PROXY_ADMIN: constant(address) = 0x4200000000000000000000000000000000000018
WITHDRAWAL_GAS_LIMIT: constant(uint256) = 400_000
MAX_160: constant(uint256) = 2**160 - 1
L2: constant(uint256) = 1

interface MessagePasser:
    def initiateWithdrawal(_target: address, _gasLimit: uint256, _data: Bytes[1]): payable

interface ProxyAdmin:
    def owner() -> address: view

event MinWithdrawalAmountUpdated:
    oldWithdrawalAmount: uint256
    newWithdrawalAmount: uint256

event RecipientUpdated:
    oldRecipient: address
    newRecipient: address

event WithdrawalNetworkUpdated:
    oldWithdrawalNetwork: uint8
    newWithdrawalNetwork: uint8

totalProcessed: public(uint256)
minWithdrawalAmount: public(uint256)
recipient_and_network: uint256


@external
@view
def recipient() -> address:
    """
    @notice Who is paid.
    """
    return self._recipient()


@external
@view
def withdrawalNetwork() -> uint8:
    """
    @notice Where: 0 on the L1, 1 on the L2.
    """
    return convert(self._network(), uint8)


@external
@view
def RECIPIENT() -> address:
    """
    @notice Older name of `recipient`.
    """
    return self._recipient()


@external
@view
def WITHDRAWAL_NETWORK() -> uint8:
    """
    @notice Older name of `withdrawalNetwork`.
    """
    return convert(self._network(), uint8)


@external
@view
def MIN_WITHDRAWAL_AMOUNT() -> uint256:
    """
    @notice Older name of `minWithdrawalAmount`.
    """
    return self.minWithdrawalAmount


@external
@view
def proxyAdmin() -> address:
    """
    @notice Who may put another contract in the place of this one.
    """
    return PROXY_ADMIN


@external
@view
def proxyAdminOwner() -> address:
    """
    @notice Who commands that, and may change what is paid to whom and where.
    """
    return staticcall ProxyAdmin(PROXY_ADMIN).owner()


@external
def setMinWithdrawalAmount(_newMinWithdrawalAmount: uint256):
    """
    @notice Change the least amount that is paid.
    """
    self._check_owner()
    old: uint256 = self.minWithdrawalAmount
    self.minWithdrawalAmount = _newMinWithdrawalAmount
    log MinWithdrawalAmountUpdated(
        oldWithdrawalAmount=old, newWithdrawalAmount=_newMinWithdrawalAmount
    )


@external
def setRecipient(_newRecipient: address):
    """
    @notice Change who is paid.
    """
    self._check_owner()
    old: address = self._recipient()
    network: uint256 = self._network()
    self.recipient_and_network = network << 160 | convert(_newRecipient, uint256)
    log RecipientUpdated(oldRecipient=old, newRecipient=_newRecipient)


@external
def setWithdrawalNetwork(_newWithdrawalNetwork: uint8):
    """
    @notice Change where: 0 for the L1, 1 for the L2.
    """
    network: uint256 = convert(_newWithdrawalNetwork, uint256)
    assert network <= L2
    self._check_owner()
    old: uint8 = convert(self._network(), uint8)
    recipient: uint256 = self.recipient_and_network & MAX_160
    self.recipient_and_network = network << 160 | recipient
    log WithdrawalNetworkUpdated(
        oldWithdrawalNetwork=old, newWithdrawalNetwork=_newWithdrawalNetwork
    )


@external
def withdraw() -> uint256:
    """
    @notice Pay everything to the recipient: on the L2 at once, on the L1 by a withdrawal.
    @return The wei that were paid.
    """
    amount: uint256 = self.balance
    assert (
        amount >= self.minWithdrawalAmount
    ), "FeeVault: withdrawal amount must be greater than minimum withdrawal amount"
    self.totalProcessed += amount
    to: address = self._recipient()
    network: uint256 = self._network()
    raw_log(
        [keccak256("Withdrawal(uint256,address,address)")],
        abi_encode(amount, to, msg.sender),
    )
    raw_log(
        [keccak256("Withdrawal(uint256,address,address,uint8)")],
        abi_encode(amount, to, msg.sender, network),
    )
    if network == L2:
        success: bool = raw_call(to, b"", value=amount, revert_on_failure=False)
        assert success, "FeeVault: failed to send ETH to L2 fee recipient"
    else:
        extcall MessagePasser(MESSAGE_PASSER).initiateWithdrawal(
            to, WITHDRAWAL_GAS_LIMIT, b"", value=amount
        )
    return amount


@internal
@view
def _check_owner():
    if msg.sender != staticcall ProxyAdmin(PROXY_ADMIN).owner():
        raw_revert(method_id("ProxyAdminOwnedBase_NotProxyAdminOwner()"))


@internal
@view
def _recipient() -> address:
    return convert(convert(self.recipient_and_network & MAX_160, uint160), address)


@internal
@view
def _network() -> uint256:
    return (self.recipient_and_network >> 160) & 255
