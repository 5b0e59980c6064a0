# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title AnchorStateRegistry
@notice Says which dispute games count, and keeps the latest output root that one of them has
        settled: games begin there.
@dev Rules: ethereum-optimism/specs, fault-proof/stage-one/anchor-state-registry.md.
     Slots are those of the OP Stack (2 anchor game, 3 and 4 starting anchor root, 5 blacklist,
     6 respected game type 32 and, from bit 32, retirement timestamp 64) but for the hashing of
     keys; ours are 0 system config, 1 factory, 7 the delay (in the OP Stack a constant of the
     code) and 8 the deployer.
"""

from lib import deployer
from . import _games as games

# error AnchorStateRegistry_InvalidAnchorGame()
# error AnchorStateRegistry_Unauthorized()

interface SystemConfig:
    def guardian() -> address: view
    def paused() -> bool: view
    def superchainConfig() -> address: view

event AnchorUpdated:
    game: indexed(address)

event RespectedGameTypeSet:
    gameType: uint32

event RetirementTimestampSet:
    timestamp: uint256

event DisputeGameBlacklisted:
    disputeGame: indexed(address)

struct Proposal:
    root: bytes32
    l2SequenceNumber: uint256

MAX_32: constant(uint256) = 2**32 - 1

systemConfig: public(address)
disputeGameFactory: public(address)
anchorGame: public(address)
starting: Proposal
disputeGameBlacklist: public(HashMap[address, bool])
packed: uint256
disputeGameFinalityDelaySeconds: public(uint256)
initializes: deployer


@deploy
def __init__():
    deployer._remember()


@external
def initialize(
    _systemConfig: address,
    _disputeGameFactory: address,
    _startingAnchorRoot: Proposal,
    _startingRespectedGameType: uint32,
    _disputeGameFinalityDelaySeconds: uint256,
):
    """
    @notice Set up, once, by the deployer.  Games from before do not count.
    """
    deployer._begin_setup()
    self.systemConfig = _systemConfig
    self.disputeGameFactory = _disputeGameFactory
    self.starting = _startingAnchorRoot
    self.packed = (block.timestamp << 32) | convert(_startingRespectedGameType, uint256)
    self.disputeGameFinalityDelaySeconds = _disputeGameFinalityDelaySeconds


@external
@pure
def version() -> String[5]:
    """
    @notice The level of the OP Stack contract that this one answers like.
    """
    return "3.5.0"


# --- For the guardian


@external
def setRespectedGameType(_gameType: uint32):
    """
    @notice Set the type of game that withdrawals are proven against.
    """
    self._check_guardian()
    self.packed = (self.packed & ~MAX_32) | convert(_gameType, uint256)
    log RespectedGameTypeSet(gameType=_gameType)


@external
def updateRetirementTimestamp():
    """
    @notice Let no game count that was created until now.
    """
    self._check_guardian()
    self.packed = (block.timestamp << 32) | (self.packed & MAX_32)
    log RetirementTimestampSet(timestamp=block.timestamp)


@external
def blacklistDisputeGame(_disputeGame: address):
    """
    @notice Let one game never count.
    """
    self._check_guardian()
    self.disputeGameBlacklist[_disputeGame] = True
    log DisputeGameBlacklisted(disputeGame=_disputeGame)


# --- The anchor


@external
@view
def getAnchorRoot() -> (bytes32, uint256):
    """
    @notice The latest settled output root, and the number of its L2 block.
    """
    return self._anchor()


@external
@view
def anchors(_gameType: uint32) -> (bytes32, uint256):
    """
    @notice The same for every type of game.
    """
    return self._anchor()


@external
@view
def startingAnchorRoot() -> Proposal:
    """
    @notice The anchor before any game has settled one.
    """
    return self.starting


@external
def setAnchorState(_game: address):
    """
    @notice Make the claim of a game the anchor.  Anybody may, if it is valid and newer.
    """
    if not self._is_claim_valid(_game):
        raw_revert(method_id("AnchorStateRegistry_InvalidAnchorGame()"))
    if staticcall games.DisputeGame(_game).l2SequenceNumber() <= self._anchor()[1]:
        raw_revert(method_id("AnchorStateRegistry_InvalidAnchorGame()"))
    self.anchorGame = _game
    log AnchorUpdated(game=_game)


# --- What is true of a game


@external
@view
def paused() -> bool:
    """
    @notice Whether withdrawals stand still.
    """
    return self._is_paused()


@external
@view
def superchainConfig() -> address:
    """
    @notice Where it is kept whether withdrawals stand still.
    """
    return staticcall SystemConfig(self.systemConfig).superchainConfig()


@external
@view
def respectedGameType() -> uint32:
    """
    @notice The type of game that withdrawals are proven against.
    """
    return convert(self.packed & MAX_32, uint32)


@external
@view
def retirementTimestamp() -> uint64:
    """
    @notice Games that were created until then do not count.
    """
    return self._retirement_timestamp()


@external
@view
def isGameRegistered(_game: address) -> bool:
    """
    @notice Whether the factory has created the game, and it answers to this registry.
    """
    return self._is_registered(_game)


@external
@view
def isGameRespected(_game: address) -> bool:
    """
    @notice Whether its type was the respected one when it was created.
    """
    return self._is_respected(_game)


@external
@view
def isGameBlacklisted(_game: address) -> bool:
    """
    @notice Whether the guardian has excluded it.
    """
    return self.disputeGameBlacklist[_game]


@external
@view
def isGameRetired(_game: address) -> bool:
    """
    @notice Whether it is too old to count.
    """
    return self._is_retired(_game)


@external
@view
def isGameProper(_game: address) -> bool:
    """
    @notice Registered, neither blacklisted nor retired, and nothing is paused.
    """
    return self._is_proper(_game)


@external
@view
def isGameResolved(_game: address) -> bool:
    """
    @notice Whether somebody has won it.
    """
    return self._is_resolved(_game)


@external
@view
def isGameFinalized(_game: address) -> bool:
    """
    @notice Whether it was won long enough ago.
    """
    return self._is_finalized(_game)


@external
@view
def isGameClaimValid(_game: address) -> bool:
    """
    @notice Whether its root claim may be relied on.
    """
    return self._is_claim_valid(_game)


@internal
@view
def _check_guardian():
    if msg.sender != staticcall SystemConfig(self.systemConfig).guardian():
        raw_revert(method_id("AnchorStateRegistry_Unauthorized()"))


@internal
@view
def _anchor() -> (bytes32, uint256):
    game: address = self.anchorGame
    if game == empty(address):
        return self.starting.root, self.starting.l2SequenceNumber
    return (
        staticcall games.DisputeGame(game).rootClaim(),
        staticcall games.DisputeGame(game).l2SequenceNumber(),
    )


@internal
@view
def _is_paused() -> bool:
    return staticcall SystemConfig(self.systemConfig).paused()


@internal
@view
def _retirement_timestamp() -> uint64:
    return convert(self.packed >> 32, uint64)


@internal
@view
def _is_registered(game: address) -> bool:
    game_type: uint32 = 0
    root_claim: bytes32 = empty(bytes32)
    extra_data: Bytes[games.MAX_EXTRA_DATA] = b""
    game_type, root_claim, extra_data = staticcall games.DisputeGame(game).gameData()
    known: address = (
        staticcall games.DisputeGameFactory(self.disputeGameFactory).games(
            game_type, root_claim, extra_data
        )
    )[0]
    return known == game and staticcall games.DisputeGame(game).anchorStateRegistry() == self


@internal
@view
def _is_respected(game: address) -> bool:
    return staticcall games.DisputeGame(game).wasRespectedGameTypeWhenCreated()


@internal
@view
def _is_retired(game: address) -> bool:
    return staticcall games.DisputeGame(game).createdAt() <= self._retirement_timestamp()


@internal
@view
def _is_proper(game: address) -> bool:
    if not self._is_registered(game) or self.disputeGameBlacklist[game]:
        return False
    return not self._is_retired(game) and not self._is_paused()


@internal
@view
def _is_resolved(game: address) -> bool:
    if staticcall games.DisputeGame(game).resolvedAt() == 0:
        return False
    return staticcall games.DisputeGame(game).status() != games.IN_PROGRESS


@internal
@view
def _is_finalized(game: address) -> bool:
    if not self._is_resolved(game):
        return False
    resolved_at: uint256 = convert(staticcall games.DisputeGame(game).resolvedAt(), uint256)
    return block.timestamp - resolved_at > self.disputeGameFinalityDelaySeconds


@internal
@view
def _is_claim_valid(game: address) -> bool:
    if not self._is_proper(game) or not self._is_respected(game):
        return False
    if not self._is_finalized(game):
        return False
    return staticcall games.DisputeGame(game).status() == games.DEFENDER_WINS
