# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title OptimismPortal
@notice Where deposits enter: what is logged here the L2 must execute.  Value sent along is minted
        on the L2 and stays here.  Withdrawals are not paid out by this version: the functions
        for them are absent.
@dev Rules: ethereum-optimism/specs, protocol/deposits.md.  Differences from the OP Stack:
       - data of up to 49,152 bytes (the OP Stack: 120,000); longer calldata reverts without a
         reason, as every argument beyond its bound does in Vyper;
       - there is no market for deposit gas: the 20,000,000 of each L1 block cost nothing beyond
         the gas of the call, and the base fee in `params` stays at its minimum.
     Storage: slot 1 as in the OP Stack, a base fee of 128 bits, from bit 128 the deposit gas of
     the last block with deposits in 64, from bit 192 that block's number in 64.
"""

# error OptimismPortal_BadTarget()
# error OptimismPortal_GasLimitTooLow()
# error OutOfGas()

MAX_DATA: constant(uint256) = 49152
OPAQUE_HEAD: constant(uint256) = 73
RECEIVE_GAS_LIMIT: constant(uint64) = 100_000
LEAST_GAS: constant(uint64) = 21_000
GAS_PER_BYTE: constant(uint64) = 40
MAX_BLOCK_GAS: constant(uint256) = 20_000_000
BASE_FEE: constant(uint256) = 10**9
# 0x1111000000000000000000000000000000001111
ALIAS_OFFSET: constant(uint256) = (4369 << 144) | 4369
MAX_160: constant(uint256) = 2**160 - 1
DELEGATION_BYTES: constant(uint256) = 23
DELEGATION_PREFIX: constant(Bytes[3]) = x"ef0100"
MAX_64: constant(uint256) = 2**64 - 1
DEPOSIT_VERSION: constant(uint256) = 0

event TransactionDeposited:
    sender: indexed(address)
    to: indexed(address)
    version: indexed(uint256)
    opaqueData: Bytes[MAX_DATA + OPAQUE_HEAD]

gap: uint256
metering: uint256


@external
@pure
def version() -> String[5]:
    """
    @notice The level of the OP Stack contract whose deposits this one takes.
    """
    return "5.2.0"


@external
@pure
def minimumGasLimit(_byteCount: uint64) -> uint64:
    """
    @notice The least L2 gas of a deposit with that many bytes of data.
    """
    return self._minimum_gas_limit(_byteCount)


@external
@view
def params() -> (uint128, uint64, uint64):
    """
    @notice Base fee of deposit gas, deposit gas of the last block with deposits, its number.
    """
    return (
        convert(BASE_FEE, uint128),
        convert((self.metering >> 128) & MAX_64, uint64),
        convert(self.metering >> 192, uint64),
    )


@external
@payable
def depositTransaction(
    _to: address, _value: uint256, _gasLimit: uint64, _isCreation: bool, _data: Bytes[MAX_DATA]
):
    """
    @notice Have the L2 execute a transaction from the caller.  A contract appears there under
            its alias.
    @param _to Whom to call; zero for a creation.
    @param _value Wei that the L2 transaction carries, out of what is minted and what the sender
           has on the L2.
    @param _gasLimit Gas of the L2 transaction.
    @param _isCreation Whether `_data` is creation code.
    @param _data Calldata, or creation code.
    """
    self._deposit(_to, _value, _gasLimit, _isCreation, _data)


@external
@payable
def __default__():
    """
    @notice Plain value is deposited for its sender.
    """
    assert len(msg.data) == 0
    self._deposit(msg.sender, msg.value, RECEIVE_GAS_LIMIT, False, b"")


@internal
@payable
def _deposit(
    to: address, amount: uint256, gas_limit: uint64, is_creation: bool, data: Bytes[MAX_DATA]
):
    if is_creation and to != empty(address):
        raw_revert(method_id("OptimismPortal_BadTarget()"))
    if gas_limit < self._minimum_gas_limit(convert(len(data), uint64)):
        raw_revert(method_id("OptimismPortal_GasLimitTooLow()"))
    self._meter(convert(gas_limit, uint256))
    log TransactionDeposited(
        sender=self._l2_sender(),
        to=to,
        version=DEPOSIT_VERSION,
        opaqueData=concat(
            convert(msg.value, bytes32),
            convert(amount, bytes32),
            convert(gas_limit, bytes8),
            convert(is_creation, bytes1),
            data,
        ),
    )


@internal
@pure
def _minimum_gas_limit(byte_count: uint64) -> uint64:
    return byte_count * GAS_PER_BYTE + LEAST_GAS


@internal
def _meter(gas_limit: uint256):
    bought: uint256 = gas_limit
    if self.metering >> 192 == block.number:
        bought += (self.metering >> 128) & MAX_64
    if bought > MAX_BLOCK_GAS:
        raw_revert(method_id("OutOfGas()"))
    self.metering = (block.number << 192) | (bought << 128) | BASE_FEE


@internal
@view
def _l2_sender() -> address:
    if self._is_account_of_a_person():
        return msg.sender
    alias: uint256 = (convert(msg.sender, uint256) + ALIAS_OFFSET) & MAX_160
    return convert(convert(alias, uint160), address)


@internal
@view
def _is_account_of_a_person() -> bool:
    # An account that delegates to code (EIP-7702) still signs its own transactions.
    if msg.sender == tx.origin:
        return True
    if msg.sender.codesize != DELEGATION_BYTES:
        return False
    return slice(msg.sender.code, 0, 3) == DELEGATION_PREFIX
