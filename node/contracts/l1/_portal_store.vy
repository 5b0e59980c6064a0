# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Storage of the portal
@notice What the portal remembers, and what it knows through the contracts that it is set up with.
@dev Slots are those of the OP Stack, except that keys of mappings are hashed Vyper's way:
       1 resource parameters, 50 l2Sender, 51 finalizedWithdrawals, 55 systemConfig,
       57 provenWithdrawals, 60 proofSubmitters, 61 gas tokens locked, 62 anchorStateRegistry;
       ours are 2 the deployer and 64 proofMaturityDelaySeconds.
"""

from lib import deployer
from . import _resource_metering as metering

initializes: metering
initializes: deployer

interface SystemConfig:
    def gasPayingToken() -> (address, uint8): view
    def guardian() -> address: view
    def paused() -> bool: view
    def resourceConfig() -> metering.ResourceConfig: view
    def superchainConfig() -> address: view

interface AnchorStateRegistry:
    def disputeGameBlacklist(_game: address) -> bool: view
    def disputeGameFactory() -> address: view
    def disputeGameFinalityDelaySeconds() -> uint256: view
    def isGameClaimValid(_game: address) -> bool: view
    def isGameProper(_game: address) -> bool: view
    def isGameRespected(_game: address) -> bool: view
    def respectedGameType() -> uint32: view
    def retirementTimestamp() -> uint64: view

interface DisputeGameFactory:
    def gameAtIndex(_index: uint256) -> (uint32, uint64, address): view

interface DisputeGame:
    def createdAt() -> uint64: view
    def rootClaim() -> bytes32: view
    def status() -> uint8: view

MAX_160: constant(uint256) = 2**160 - 1
MAX_SUBMITTERS: constant(uint256) = 2**64

gap_before_l2_sender: uint256[47]
l2Sender: public(address)
finalizedWithdrawals: public(HashMap[bytes32, bool])
gap_before_system_config: uint256[3]
systemConfig: public(address)
gap_before_proven: uint256
# A game in 160 bits and a timestamp in 64.
proven: HashMap[bytes32, HashMap[address, uint256]]
gap_before_submitters: uint256[2]
proofSubmitters: public(HashMap[bytes32, DynArray[address, MAX_SUBMITTERS]])
locked: uint256
anchorStateRegistry: public(address)
gap_before_delay: uint256
proofMaturityDelaySeconds: public(uint256)


@external
@view
def paused() -> bool:
    """
    @notice Whether withdrawals stand still.
    """
    return staticcall SystemConfig(self.systemConfig).paused()


@external
@view
def guardian() -> address:
    """
    @notice Who may stop withdrawals.
    """
    return staticcall SystemConfig(self.systemConfig).guardian()


@external
@view
def superchainConfig() -> address:
    """
    @notice Where it is kept whether withdrawals stand still.
    """
    return staticcall SystemConfig(self.systemConfig).superchainConfig()


@external
@view
def disputeGameFactory() -> address:
    """
    @notice Where games are created.
    """
    return self._factory()


@external
@view
def disputeGameFinalityDelaySeconds() -> uint256:
    """
    @notice How long after its resolution a game counts.
    """
    return staticcall AnchorStateRegistry(
        self.anchorStateRegistry
    ).disputeGameFinalityDelaySeconds()


@external
@view
def respectedGameType() -> uint32:
    """
    @notice The type of game that withdrawals are proven against.
    """
    return staticcall AnchorStateRegistry(self.anchorStateRegistry).respectedGameType()


@external
@view
def respectedGameTypeUpdatedAt() -> uint64:
    """
    @notice Up to when created games no longer count.
    """
    return staticcall AnchorStateRegistry(self.anchorStateRegistry).retirementTimestamp()


@external
@view
def disputeGameBlacklist(_disputeGame: address) -> bool:
    """
    @notice Whether the guardian has excluded that game.
    """
    return staticcall AnchorStateRegistry(self.anchorStateRegistry).disputeGameBlacklist(
        _disputeGame
    )


@external
@view
def provenWithdrawals(_withdrawalHash: bytes32, _proofSubmitter: address) -> (address, uint64):
    """
    @notice By which game and when somebody has proven a withdrawal; zeros if not at all.
    """
    return self._proven_withdrawal(_withdrawalHash, _proofSubmitter)


@external
@view
def numProofSubmitters(_withdrawalHash: bytes32) -> uint256:
    """
    @notice How many proofs of that withdrawal have been accepted.
    """
    return len(self.proofSubmitters[_withdrawalHash])


@internal
@view
def _factory() -> address:
    return staticcall AnchorStateRegistry(self.anchorStateRegistry).disputeGameFactory()


@internal
@view
def _token() -> address:
    return (staticcall SystemConfig(self.systemConfig).gasPayingToken())[0]


@internal
@view
def _proven_withdrawal(withdrawal_hash: bytes32, submitter: address) -> (address, uint64):
    packed: uint256 = self.proven[withdrawal_hash][submitter]
    return convert(convert(packed & MAX_160, uint160), address), convert(packed >> 160, uint64)
