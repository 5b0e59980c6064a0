# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title DevnetDisputeGame
@notice A claim about an output root that holds unless the challenger contradicts it in time.
        There is no proof of fault: who is named challenger is believed.  On a devnet that
        shows the whole life of a withdrawal, with a clock as short as one likes; it secures
        nothing.
@dev Interface: ethereum-optimism/specs, fault-proof/stage-one/{dispute-game-interface,
     bond-incentives}.md, as far as it can be answered without a machine to run steps on.
     DisputeGameFactory appends to every call what belongs to the game (see there); its
     arguments (`gameArgs`) for this type are
       anchor state registry 20, clock in seconds 8, proposer 20, challenger 20, L2 chain id 32.
     A proposer of zero lets anybody propose, a challenger of zero lets nobody challenge.
     Bonds lie here, not in DelayedWETH: the winner, or after a refund the creator, is paid once
     the game is final.
"""

from . import _games as games

# error AlreadyInitialized()
# error AnchorRootNotFound()
# error BadAuth()
# error BadExtraData()
# error BondTransferFailed()
# error ClaimAlreadyResolved()
# error ClockNotExpired()
# error ClockTimeExceeded()
# error GameNotFinalized()
# error GameNotInProgress()
# error GameNotResolved()
# error GamePaused()
# error InvalidParent()
# error NoCreditToClaim()
# error OutOfOrderResolution()
# error UnexpectedRootClaim(bytes32 rootClaim)

interface AnchorStateRegistry:
    def getAnchorRoot() -> (bytes32, uint256): view
    def isGameFinalized(_game: address) -> bool: view
    def isGameProper(_game: address) -> bool: view
    def paused() -> bool: view
    def respectedGameType() -> uint32: view

event Challenged:
    challenger: indexed(address)

event Resolved:
    status: indexed(uint8)

event GameClosed:
    bondDistributionMode: uint8

struct Proposal:
    root: bytes32
    l2SequenceNumber: uint256

# Where things lie in what is appended.
CREATOR_AT: constant(uint256) = 0
ROOT_CLAIM_AT: constant(uint256) = 20
L1_HEAD_AT: constant(uint256) = 52
GAME_TYPE_AT: constant(uint256) = 84
EXTRA_DATA_AT: constant(uint256) = 88
REGISTRY_AT: constant(uint256) = 120
CLOCK_AT: constant(uint256) = 140
PROPOSER_AT: constant(uint256) = 148
CHALLENGER_AT: constant(uint256) = 168
CHAIN_ID_AT: constant(uint256) = 188
APPENDED: constant(uint256) = 222

NO_PARENT: constant(uint32) = max_value(uint32)
ROOT_POSITION: constant(uint128) = 1
UNDECIDED: constant(uint8) = 0
NORMAL: constant(uint8) = 1
REFUND: constant(uint8) = 2

createdAt: public(uint64)
resolvedAt: public(uint64)
status: public(uint8)
initialized: bool
wasRespectedGameTypeWhenCreated: public(bool)
bondDistributionMode: public(uint8)
counteredBy: public(address)
isRootResolved: bool
startingOutputRoot: public(Proposal)
bond: uint256


@external
@pure
def version() -> String[5]:
    """
    @notice The version of this contract.
    """
    return "0.1.0"


# --- What the game is about


@external
@view
def gameCreator() -> address:
    """
    @notice Who made the claim.
    """
    return self._address(CREATOR_AT)


@external
@view
def rootClaim() -> bytes32:
    """
    @notice The output root that is claimed.
    """
    return self._root_claim()


@external
@view
def l1Head() -> bytes32:
    """
    @notice Hash of the L1 block before the one with the claim.
    """
    return convert(self._number(L1_HEAD_AT, 32), bytes32)


@external
@view
def gameType() -> uint32:
    """
    @notice The type under which the factory has this implementation.
    """
    return self._game_type()


@external
@view
def extraData() -> Bytes[games.MAX_EXTRA_DATA]:
    """
    @notice The number of the L2 block, as a word.
    """
    return slice(msg.data, self._base() + EXTRA_DATA_AT, 32)


@external
@view
def gameData() -> (uint32, bytes32, Bytes[games.MAX_EXTRA_DATA]):
    """
    @notice What the factory knows the game by.
    """
    extra_data: Bytes[32] = slice(msg.data, self._base() + EXTRA_DATA_AT, 32)
    return self._game_type(), self._root_claim(), extra_data


@external
@view
def l2BlockNumber() -> uint256:
    """
    @notice The L2 block whose output root is claimed.
    """
    return self._number(EXTRA_DATA_AT, 32)


@external
@view
def l2SequenceNumber() -> uint256:
    """
    @notice The L2 block whose output root is claimed.
    """
    return self._number(EXTRA_DATA_AT, 32)


@external
@view
def l2ChainId() -> uint256:
    """
    @notice The chain of that block.
    """
    return self._number(CHAIN_ID_AT, 32)


@external
@view
def anchorStateRegistry() -> address:
    """
    @notice Who decides whether the game counts.
    """
    return self._address(REGISTRY_AT)


@external
@view
def maxClockDuration() -> uint64:
    """
    @notice Seconds in which the claim may be challenged.
    """
    return convert(self._number(CLOCK_AT, 8), uint64)


@external
@view
def proposer() -> address:
    """
    @notice Who may make claims; zero for anybody.
    """
    return self._address(PROPOSER_AT)


@external
@view
def challenger() -> address:
    """
    @notice Who may contradict them; zero for nobody.
    """
    return self._address(CHALLENGER_AT)


@external
@pure
def claimDataLen() -> uint256:
    """
    @notice How many claims there are: the root claim alone.
    """
    return 1


@external
@view
def claimData(
    _index: uint256,
) -> (uint32, address, address, uint128, bytes32, uint128, uint128):
    """
    @notice The root claim as proposers and monitors of the OP Stack read it.
    @param _index Zero.
    @return Parent, of which there is none; who contradicted it; who made it; the bond; the output
            root; position; clock, which is the time of its beginning.
    """
    assert _index == 0
    return (
        NO_PARENT,
        self.counteredBy,
        self._address(CREATOR_AT),
        convert(self.bond, uint128),
        self._root_claim(),
        ROOT_POSITION,
        convert(self.createdAt, uint128),
    )


@external
@view
def startingBlockNumber() -> uint256:
    """
    @notice The L2 block of the anchor when the game began.
    """
    return self.startingOutputRoot.l2SequenceNumber


@external
@view
def startingRootHash() -> bytes32:
    """
    @notice The output root of the anchor when the game began.
    """
    return self.startingOutputRoot.root


# --- The course of the game


@external
@payable
def initialize():
    """
    @notice Begin.  For the factory, which passes on the bond.
    """
    if self.initialized:
        raw_revert(method_id("AlreadyInitialized()"))
    if len(msg.data) != 4 + APPENDED or len(msg.data) - self._base() != APPENDED:
        raw_revert(method_id("BadExtraData()"))
    proposer: address = self._address(PROPOSER_AT)
    if proposer != empty(address) and tx.origin != proposer:
        raw_revert(method_id("BadAuth()"))
    registry: address = self._address(REGISTRY_AT)
    anchor: Proposal = empty(Proposal)
    anchor.root, anchor.l2SequenceNumber = staticcall AnchorStateRegistry(registry).getAnchorRoot()
    if anchor.root == empty(bytes32):
        raw_revert(method_id("AnchorRootNotFound()"))
    if self._number(EXTRA_DATA_AT, 32) <= anchor.l2SequenceNumber:
        raw_revert(
            abi_encode(self._root_claim(), method_id=method_id("UnexpectedRootClaim(bytes32)"))
        )
    self.initialized = True
    self.startingOutputRoot = anchor
    self.bond = msg.value
    self.createdAt = convert(block.timestamp, uint64)
    respected: uint32 = staticcall AnchorStateRegistry(registry).respectedGameType()
    self.wasRespectedGameTypeWhenCreated = respected == self._game_type()


@external
def challenge():
    """
    @notice Contradict the claim, which then loses.  For the challenger, while the clock runs.
    """
    self._check_in_progress()
    if msg.sender != self._address(CHALLENGER_AT) or msg.sender == empty(address):
        raw_revert(method_id("BadAuth()"))
    if self._is_time_over():
        raw_revert(method_id("ClockTimeExceeded()"))
    self.counteredBy = msg.sender
    log Challenged(challenger=msg.sender)


@external
def resolveClaim(_claimIndex: uint256, _numToResolve: uint256):
    """
    @notice Settle the root claim, the only one of this game, once the clock has run out.
    @param _claimIndex Zero.
    @param _numToResolve How many claims below it to settle; there are none.
    """
    self._check_in_progress()
    if _claimIndex != 0:
        raw_revert(method_id("InvalidParent()"))
    if not self._is_time_over():
        raw_revert(method_id("ClockNotExpired()"))
    if self.isRootResolved:
        raw_revert(method_id("ClaimAlreadyResolved()"))
    self.isRootResolved = True


@external
def resolve() -> uint8:
    """
    @notice End the game after its root claim was settled.
    @return 1 if the challenger has won, 2 if the claim holds.
    """
    self._check_in_progress()
    if not self.isRootResolved:
        raw_revert(method_id("OutOfOrderResolution()"))
    status: uint8 = games.DEFENDER_WINS
    if self.counteredBy != empty(address):
        status = games.CHALLENGER_WINS
    self.status = status
    self.resolvedAt = convert(block.timestamp, uint64)
    log Resolved(status=status)
    return status


@external
def closeGame():
    """
    @notice Decide who gets the bond, and offer the claim as anchor, once the game is final.
    """
    self._close()


@external
@view
def credit(_recipient: address) -> uint256:
    """
    @notice Wei that somebody may claim, as things stand.
    """
    return self._credit(_recipient)


@external
def claimCredit(_recipient: address):
    """
    @notice Pay somebody what is due, once the game is final.
    """
    self._close()
    amount: uint256 = self._credit(_recipient)
    if amount == 0:
        raw_revert(method_id("NoCreditToClaim()"))
    self.bond = 0
    if not raw_call(_recipient, b"", value=amount, revert_on_failure=False):
        raw_revert(method_id("BondTransferFailed()"))


@internal
@view
def _check_in_progress():
    if not self.initialized or self.status != games.IN_PROGRESS:
        raw_revert(method_id("GameNotInProgress()"))


@internal
@view
def _is_time_over() -> bool:
    return block.timestamp - convert(self.createdAt, uint256) >= self._number(CLOCK_AT, 8)


@internal
@view
def _credit(recipient: address) -> uint256:
    is_refund: bool = self.bondDistributionMode == REFUND
    if self.status == games.IN_PROGRESS and not is_refund:
        return 0
    winner: address = self._address(CREATOR_AT)
    if self.status == games.CHALLENGER_WINS and not is_refund:
        winner = self.counteredBy
    return self.bond if recipient == winner else 0


@internal
def _close():
    if self.bondDistributionMode != UNDECIDED:
        return
    registry: address = self._address(REGISTRY_AT)
    if staticcall AnchorStateRegistry(registry).paused():
        raw_revert(method_id("GamePaused()"))
    if self.resolvedAt == 0:
        raw_revert(method_id("GameNotResolved()"))
    if not staticcall AnchorStateRegistry(registry).isGameFinalized(self):
        raw_revert(method_id("GameNotFinalized()"))
    # Refused if the claim lost, does not count or is older than the anchor.
    is_anchor: bool = raw_call(
        registry,
        abi_encode(self, method_id=method_id("setAnchorState(address)")),
        revert_on_failure=False,
    )
    self.bondDistributionMode = REFUND
    if staticcall AnchorStateRegistry(registry).isGameProper(self):
        self.bondDistributionMode = NORMAL
    log GameClosed(bondDistributionMode=self.bondDistributionMode)


@internal
@view
def _base() -> uint256:
    # The last two bytes count what is appended, themselves included.
    appended: uint256 = convert(slice(msg.data, len(msg.data) - 2, 2), uint256)
    return len(msg.data) - appended


@internal
@view
def _number(at: uint256, size: uint256) -> uint256:
    return convert(slice(msg.data, self._base() + at, 32), uint256) >> (256 - 8 * size)


@internal
@view
def _address(at: uint256) -> address:
    return convert(convert(self._number(at, 20), uint160), address)


@internal
@view
def _root_claim() -> bytes32:
    return convert(self._number(ROOT_CLAIM_AT, 32), bytes32)


@internal
@view
def _game_type() -> uint32:
    return convert(self._number(GAME_TYPE_AT, 4), uint32)
