# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title OptimismPortal
@notice Where deposits enter and withdrawals leave.  What is logged by a deposit the L2 must
        execute; what the L2 has recorded as a withdrawal is proven here against a dispute game,
        and paid once the game has been won and both waiting periods are over.
@dev Rules: ethereum-optimism/specs, protocol/{deposits,withdrawals,guaranteed-gas-market}.md and
     fault-proof/stage-one/optimism-portal.md; for an ERC-20 as gas token
     experimental/custom-gas-token.md in the form of 2024, in which the token is locked here.
     Differences from the OP Stack:
       - deposits carry up to 49,152 bytes of data (the OP Stack: 120,000) and withdrawals up to
         24,576 (no limit); longer calldata reverts without a reason, as every argument beyond
         its bound does in Vyper, and so does a trie node of more than 544 bytes;
       - there is no lockbox: value lies here, and one of the lockbox's errors comes from here;
       - no super roots, so no second form of proveWithdrawalTransaction;
       - setup is a call of the deployer, not of a proxy's administrator.
"""

from lib import deployer
from lib import merkle_trie
from lib import tokens
from . import _deposits as deposits
from . import _portal_store as store
from . import _resource_metering as metering
from . import _withdrawals as withdrawals

initializes: store
uses: deployer
uses: metering

exports: (
    deposits.minimumGasLimit,
    metering.params,
    store.anchorStateRegistry,
    store.disputeGameBlacklist,
    store.disputeGameFactory,
    store.disputeGameFinalityDelaySeconds,
    store.finalizedWithdrawals,
    store.guardian,
    store.l2Sender,
    store.numProofSubmitters,
    store.paused,
    store.proofMaturityDelaySeconds,
    store.proofSubmitters,
    store.provenWithdrawals,
    store.respectedGameType,
    store.respectedGameTypeUpdatedAt,
    store.superchainConfig,
    store.systemConfig,
)

# error ETHLockbox_InsufficientBalance()
# error NoValue()
# error OnlyCustomGasToken()
# error Unauthorized()
# error OptimismPortal_AlreadyFinalized()
# error OptimismPortal_CallPaused()
# error OptimismPortal_GasEstimation()
# error OptimismPortal_ImproperDisputeGame()
# error OptimismPortal_InvalidDisputeGame()
# error OptimismPortal_InvalidMerkleProof()
# error OptimismPortal_InvalidOutputRootProof()
# error OptimismPortal_InvalidProofTimestamp()
# error OptimismPortal_InvalidRootClaim()
# error OptimismPortal_NoReentrancy()
# error OptimismPortal_ProofNotOldEnough()
# error OptimismPortal_Unproven()
# function balance() view returns (uint256)

event WithdrawalProven:
    withdrawalHash: indexed(bytes32)
    sender: indexed(address)
    target: indexed(address)

event WithdrawalProvenExtension1:
    withdrawalHash: indexed(bytes32)
    proofSubmitter: indexed(address)

event WithdrawalFinalized:
    withdrawalHash: indexed(bytes32)
    success: bool

RECEIVE_GAS_LIMIT: constant(uint64) = 100_000
SYSTEM_DEPOSIT_GAS_LIMIT: constant(uint64) = 200_000
CHALLENGER_WINS: constant(uint8) = 1
DEFAULT_L2_SENDER: constant(address) = 0x000000000000000000000000000000000000dEaD
# Whom clients name as origin to learn how much gas is enough.
ESTIMATION_ADDRESS: constant(address) = 0x0000000000000000000000000000000000000001
ETHER_TOKEN: constant(address) = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE
DEPOSITOR: constant(address) = 0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001
L1_BLOCK: constant(address) = 0x4200000000000000000000000000000000000015


@deploy
def __init__():
    deployer._remember()


@external
def initialize(
    _systemConfig: address, _anchorStateRegistry: address, _proofMaturityDelaySeconds: uint256
):
    """
    @notice Set up, once, by the deployer.
    """
    deployer._begin_setup()
    store.systemConfig = _systemConfig
    store.anchorStateRegistry = _anchorStateRegistry
    store.proofMaturityDelaySeconds = _proofMaturityDelaySeconds
    store.l2Sender = DEFAULT_L2_SENDER
    metering._begin()


@external
@pure
def version() -> String[5]:
    """
    @notice The level of the OP Stack contract that this one answers like.
    """
    return "5.2.0"


# --- Deposits


@external
@payable
def depositTransaction(
    _to: address,
    _value: uint256,
    _gasLimit: uint64,
    _isCreation: bool,
    _data: Bytes[deposits.MAX_DATA],
):
    """
    @notice Have the L2 execute a transaction from the caller, and mint there what is sent along.
            A contract appears there under its alias.
    @param _to Whom to call; zero for a creation.
    @param _value Wei that the L2 transaction carries, out of what is minted and what the sender
           has on the L2.
    @param _gasLimit Gas of the L2 transaction.
    @param _isCreation Whether `_data` is creation code.
    @param _data Calldata, or creation code.
    """
    initial_gas: uint256 = msg.gas
    self._refuse_ether_for_a_token()
    deposits._check(_to, _gasLimit, _isCreation, len(_data))
    head: Bytes[deposits.HEAD + 64] = deposits._head(
        msg.value, _value, _gasLimit, _isCreation, len(_data)
    )
    raw_log(
        [
            deposits.TRANSACTION_DEPOSITED,
            deposits._sender(),
            convert(_to, bytes32),
            deposits.VERSION_0,
        ],
        concat(head, _data, deposits._padding(len(_data))),
    )
    self._charge(_gasLimit, initial_gas)


@external
def depositERC20Transaction(
    _to: address,
    _mint: uint256,
    _value: uint256,
    _gasLimit: uint64,
    _isCreation: bool,
    _data: Bytes[deposits.MAX_DATA],
):
    """
    @notice A deposit where an ERC-20 pays for gas on the L2: `_mint` of it is taken from the
            caller, who must have approved that, and minted there.
    """
    initial_gas: uint256 = msg.gas
    token: address = store._token()
    if token == ETHER_TOKEN:
        raw_revert(method_id("OnlyCustomGasToken()"))
    if _mint != 0:
        store.locked += _mint
        tokens._take(token, _mint)
    deposits._check(_to, _gasLimit, _isCreation, len(_data))
    head: Bytes[deposits.HEAD + 64] = deposits._head(
        _mint, _value, _gasLimit, _isCreation, len(_data)
    )
    raw_log(
        [
            deposits.TRANSACTION_DEPOSITED,
            deposits._sender(),
            convert(_to, bytes32),
            deposits.VERSION_0,
        ],
        concat(head, _data, deposits._padding(len(_data))),
    )
    self._charge(_gasLimit, initial_gas)


@external
@payable
def donateETH():
    """
    @notice Leave value here that is not minted on the L2.
    """
    pass


@external
def setGasPayingToken(_token: address, _decimals: uint8, _name: bytes32, _symbol: bytes32):
    """
    @notice Tell the L2 what pays for gas.  For the system config, when it is set up.
    """
    if msg.sender != store.systemConfig:
        raw_revert(method_id("Unauthorized()"))
    metering._use(convert(SYSTEM_DEPOSIT_GAS_LIMIT, uint256))
    call: Bytes[132] = abi_encode(
        _token,
        _decimals,
        _name,
        _symbol,
        method_id=method_id("setGasPayingToken(address,uint8,bytes32,bytes32)"),
    )
    size: uint256 = len(call)
    head: Bytes[deposits.HEAD + 64] = deposits._head(0, 0, SYSTEM_DEPOSIT_GAS_LIMIT, False, size)
    raw_log(
        [
            deposits.TRANSACTION_DEPOSITED,
            convert(DEPOSITOR, bytes32),
            convert(L1_BLOCK, bytes32),
            deposits.VERSION_0,
        ],
        concat(head, call, deposits._padding(size)),
    )


@external
@payable
@raw_return
def __default__() -> Bytes[32]:
    """
    @notice Plain value is deposited for its sender.  Vyper keeps the name `balance` for itself,
            so that getter is answered here: the gas tokens that are locked, or else the wei.
    """
    if len(msg.data) == 4 and msg.value == 0:
        assert slice(msg.data, 0, 4) == method_id("balance()", output_type=Bytes[4])
        held: uint256 = self.balance if store._token() == ETHER_TOKEN else store.locked
        return abi_encode(held)
    assert len(msg.data) == 0
    initial_gas: uint256 = msg.gas
    self._refuse_ether_for_a_token()
    head: Bytes[deposits.HEAD + 64] = deposits._head(
        msg.value, msg.value, RECEIVE_GAS_LIMIT, False, 0
    )
    raw_log(
        [
            deposits.TRANSACTION_DEPOSITED,
            deposits._sender(),
            convert(msg.sender, bytes32),
            deposits.VERSION_0,
        ],
        concat(head, deposits._padding(0)),
    )
    self._charge(RECEIVE_GAS_LIMIT, initial_gas)
    return b""


@internal
def _charge(gas_limit: uint64, initial_gas: uint256):
    config: metering.ResourceConfig = staticcall store.SystemConfig(
        store.systemConfig
    ).resourceConfig()
    metering._meter(gas_limit, config, initial_gas)


@internal
@payable
def _refuse_ether_for_a_token():
    if msg.value != 0 and store._token() != ETHER_TOKEN:
        raw_revert(method_id("NoValue()"))


# --- Withdrawals


@external
def proveWithdrawalTransaction(
    _tx: withdrawals.WithdrawalTransaction,
    _disputeGameIndex: uint256,
    _outputRootProof: withdrawals.OutputRootProof,
    _withdrawalProof: DynArray[Bytes[merkle_trie.MAX_NODE], merkle_trie.MAX_DEPTH],
):
    """
    @notice Show that the L2 has recorded a withdrawal, and begin to wait for it.
    @param _tx The withdrawal.
    @param _disputeGameIndex The game, in the factory, whose root claim is the output root.
    @param _outputRootProof What the output root is the hash of.
    @param _withdrawalProof The path to the record in the storage trie of L2ToL1MessagePasser.
    """
    self._refuse_while_paused()
    if _tx.target == self:
        raw_revert(method_id("OptimismPortal_BadTarget()"))
    game: address = (
        staticcall store.DisputeGameFactory(store._factory()).gameAtIndex(_disputeGameIndex)
    )[2]
    self._check_game(game, keccak256(abi_encode(_outputRootProof)))
    withdrawal_hash: bytes32 = withdrawals._hash(_tx)
    root: bytes32 = _outputRootProof.messagePasserStorageRoot
    key: bytes32 = withdrawals._key(withdrawal_hash)
    if not merkle_trie._includes(key, withdrawals.RECORDED, _withdrawalProof, root):
        raw_revert(method_id("OptimismPortal_InvalidMerkleProof()"))
    store.proven[withdrawal_hash][msg.sender] = (
        (block.timestamp << 160) | convert(game, uint256)
    )
    store.proofSubmitters[withdrawal_hash].append(msg.sender)
    log WithdrawalProven(withdrawalHash=withdrawal_hash, sender=_tx.sender, target=_tx.target)
    log WithdrawalProvenExtension1(withdrawalHash=withdrawal_hash, proofSubmitter=msg.sender)


@external
@view
def checkWithdrawal(_withdrawalHash: bytes32, _proofSubmitter: address):
    """
    @notice Revert unless that withdrawal, as somebody has proven it, may be finalized now.
    """
    self._check_withdrawal(_withdrawalHash, _proofSubmitter)


@external
def finalizeWithdrawalTransaction(_tx: withdrawals.WithdrawalTransaction):
    """
    @notice Pay and execute a withdrawal that the caller has proven.
    """
    self._finalize(_tx, msg.sender)


@external
def finalizeWithdrawalTransactionExternalProof(
    _tx: withdrawals.WithdrawalTransaction, _proofSubmitter: address
):
    """
    @notice Pay and execute a withdrawal that somebody has proven.
    """
    self._finalize(_tx, _proofSubmitter)


@internal
@view
def _refuse_while_paused():
    if staticcall store.SystemConfig(store.systemConfig).paused():
        raw_revert(method_id("OptimismPortal_CallPaused()"))


@internal
@view
def _check_game(game: address, output_root: bytes32):
    registry: address = store.anchorStateRegistry
    if not staticcall store.AnchorStateRegistry(registry).isGameProper(game):
        raw_revert(method_id("OptimismPortal_ImproperDisputeGame()"))
    if not staticcall store.AnchorStateRegistry(registry).isGameRespected(game):
        raw_revert(method_id("OptimismPortal_InvalidDisputeGame()"))
    if staticcall store.DisputeGame(game).status() == CHALLENGER_WINS:
        raw_revert(method_id("OptimismPortal_InvalidDisputeGame()"))
    if block.timestamp <= convert(staticcall store.DisputeGame(game).createdAt(), uint256):
        raw_revert(method_id("OptimismPortal_InvalidProofTimestamp()"))
    if staticcall store.DisputeGame(game).rootClaim() != output_root:
        raw_revert(method_id("OptimismPortal_InvalidOutputRootProof()"))


@internal
@view
def _check_withdrawal(withdrawal_hash: bytes32, submitter: address):
    game: address = empty(address)
    proven_at: uint64 = 0
    game, proven_at = store._proven_withdrawal(withdrawal_hash, submitter)
    if store.finalizedWithdrawals[withdrawal_hash]:
        raw_revert(method_id("OptimismPortal_AlreadyFinalized()"))
    if proven_at == 0:
        raw_revert(method_id("OptimismPortal_Unproven()"))
    if proven_at <= staticcall store.DisputeGame(game).createdAt():
        raw_revert(method_id("OptimismPortal_InvalidProofTimestamp()"))
    age: uint256 = block.timestamp - convert(proven_at, uint256)
    if age <= store.proofMaturityDelaySeconds:
        raw_revert(method_id("OptimismPortal_ProofNotOldEnough()"))
    registry: address = store.anchorStateRegistry
    if not staticcall store.AnchorStateRegistry(registry).isGameClaimValid(game):
        raw_revert(method_id("OptimismPortal_InvalidRootClaim()"))


@internal
def _finalize(t: withdrawals.WithdrawalTransaction, submitter: address):
    self._refuse_while_paused()
    if store.l2Sender != DEFAULT_L2_SENDER:
        raw_revert(method_id("OptimismPortal_NoReentrancy()"))
    token: address = store._token()
    # The portal's own tokens could be moved by a withdrawal that calls the token.
    if t.target == self or t.target == token:
        raw_revert(method_id("OptimismPortal_BadTarget()"))
    withdrawal_hash: bytes32 = withdrawals._hash(t)
    self._check_withdrawal(withdrawal_hash, submitter)
    store.finalizedWithdrawals[withdrawal_hash] = True
    store.l2Sender = t.sender
    success: bool = True
    if token == ETHER_TOKEN:
        # Refused rather than failed: it can be paid when there is more.
        if t.value > self.balance:
            raw_revert(method_id("ETHLockbox_InsufficientBalance()"))
        success = withdrawals._call(t, t.value)
    else:
        if t.value != 0:
            store.locked -= t.value
            tokens._give(token, t.target, t.value)
        if len(t.data) != 0:
            success = withdrawals._call(t, 0)
    store.l2Sender = DEFAULT_L2_SENDER
    log WithdrawalFinalized(withdrawalHash=withdrawal_hash, success=success)
    if not success and tx.origin == ESTIMATION_ADDRESS:
        raw_revert(method_id("OptimismPortal_GasEstimation()"))
