# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Deposits
@notice The log that the L2 derives a transaction from.
@dev Rules: ethereum-optimism/specs, protocol/deposits.md.
     The log is put together where the data lie, with `raw_log`: each further copy of the most
     that data can be would cost every deposit 30,000 gas and more for memory.
"""

from lib import accounts

# event TransactionDeposited(address indexed from, address indexed to, uint256 indexed version, bytes opaqueData)
# error OptimismPortal_BadTarget()
# error OptimismPortal_GasLimitTooLow()

MAX_DATA: constant(uint256) = 49152
HEAD: constant(uint256) = 73
LEAST_GAS: constant(uint64) = 21_000
GAS_PER_BYTE: constant(uint64) = 40
# 0x1111000000000000000000000000000000001111
ALIAS_OFFSET: constant(uint256) = (4369 << 144) | 4369
MAX_160: constant(uint256) = 2**160 - 1

TRANSACTION_DEPOSITED: constant(bytes32) = keccak256(
    "TransactionDeposited(address,address,uint256,bytes)"
)
VERSION_0: constant(bytes32) = empty(bytes32)


@external
@pure
def minimumGasLimit(_byteCount: uint64) -> uint64:
    """
    @notice The least L2 gas of a deposit with that many bytes of data.
    """
    return self._minimum_gas_limit(_byteCount)


@internal
@pure
def _minimum_gas_limit(byte_count: uint64) -> uint64:
    return byte_count * GAS_PER_BYTE + LEAST_GAS


@internal
@pure
def _check(to: address, gas_limit: uint64, is_creation: bool, size: uint256):
    """
    @notice Refuse a deposit of so many bytes of data that the L2 could not execute.
    """
    if is_creation and to != empty(address):
        raw_revert(method_id("OptimismPortal_BadTarget()"))
    if gas_limit < self._minimum_gas_limit(convert(size, uint64)):
        raw_revert(method_id("OptimismPortal_GasLimitTooLow()"))


@internal
@pure
def _head(
    mint: uint256, amount: uint256, gas_limit: uint64, is_creation: bool, size: uint256
) -> Bytes[HEAD + 64]:
    """
    @notice What precedes the data in the log of a deposit.
    """
    return concat(
        convert(32, bytes32),
        convert(HEAD + size, bytes32),
        convert(mint, bytes32),
        convert(amount, bytes32),
        convert(gas_limit, bytes8),
        convert(is_creation, bytes1),
    )


@internal
@pure
def _padding(size: uint256) -> Bytes[31]:
    """
    @notice What follows the data in the log of a deposit, up to a whole word.
    """
    zeros: Bytes[31] = x"00000000000000000000000000000000000000000000000000000000000000"
    return slice(zeros, 0, (32 - (HEAD + size) % 32) % 32)


@internal
@view
def _sender() -> bytes32:
    """
    @notice Who a deposit of the caller is from on the L2.
    """
    return convert(self._l2_sender(), bytes32)


@internal
@view
def _l2_sender() -> address:
    if accounts._is_a_person():
        return msg.sender
    alias: uint256 = (convert(msg.sender, uint256) + ALIAS_OFFSET) & MAX_160
    return convert(convert(alias, uint160), address)
