# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Withdrawals
@notice What a withdrawal is, and how the L1 knows that the L2 has recorded it.
@dev Rules: ethereum-optimism/specs, protocol/withdrawals.md.
"""

MAX_DATA: constant(uint256) = 24576
# What a call costs at most besides its gas (EIP-150, value, a new account).
CALL_OVERHEAD: constant(uint256) = 40_000
# The record of a withdrawal in the storage trie: true, in RLP.
RECORDED: constant(Bytes[33]) = x"01"

struct WithdrawalTransaction:
    nonce: uint256
    sender: address
    target: address
    value: uint256
    gasLimit: uint256
    data: Bytes[MAX_DATA]

struct OutputRootProof:
    version: bytes32
    stateRoot: bytes32
    messagePasserStorageRoot: bytes32
    latestBlockhash: bytes32


@internal
@pure
def _hash(t: WithdrawalTransaction) -> bytes32:
    return keccak256(abi_encode(t.nonce, t.sender, t.target, t.value, t.gasLimit, t.data))


@internal
@pure
def _key(withdrawal_hash: bytes32) -> bytes32:
    """
    @notice Where the storage trie of L2ToL1MessagePasser has the record of a withdrawal.
    """
    # The slot of a mapping that is the first variable of a Solidity contract.
    slot: bytes32 = keccak256(abi_encode(withdrawal_hash, empty(uint256)))
    return keccak256(slot)


@internal
def _call(t: WithdrawalTransaction, amount: uint256) -> bool:
    """
    @notice Call the target, which gets at least the gas that the withdrawal asks for.
    """
    # A call passes on no more than 63 of 64 parts of what is left.
    needed: uint256 = t.gasLimit * 64 + CALL_OVERHEAD * 63
    assert msg.gas * 63 >= needed, "SafeCall: Not enough gas"
    return raw_call(t.target, t.data, value=amount, revert_on_failure=False)
