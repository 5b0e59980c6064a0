# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title DisputeGameFactory
@notice Creates dispute games, each about one output root, and lists them.
@dev Rules: ethereum-optimism/specs, fault-proof/stage-one/dispute-game-interface.md.
     A game is a small contract that passes every call on to the implementation of its type and
     appends what is particular to it, so implementations have neither constructor nor setup.
     Appended are creator 20, root claim 32, hash of the parent block 32, extra data; with
     arguments of the type (`gameArgs`) game type 4 before the extra data and the arguments
     after it; and in any case two bytes with the length of all that and themselves.
     A game's identity packs its type in 32 bits, its timestamp in 64, its address in 160.
     Differences from the OP Stack: extra data of up to 128 bytes, arguments of up to 512,
     setImplementation without arguments clears those of before, and findLatestGames returns at
     most 256 games.  Slots are those of the OP Stack (51 owner,
     101 implementations, 102 bonds, 103 games, 104 their list) but for the hashing of keys, and
     for 100, the arguments.
"""

from lib import deployer
from . import _games as games_seen

initializes: deployer

# error BadAuth()
# error IncorrectBondAmount()
# error GameAlreadyExists(bytes32 uuid)
# error NoImplementation(uint32 gameType)

struct GameSearchResult:
    index: uint256
    metadata: bytes32
    timestamp: uint64
    rootClaim: bytes32
    extraData: Bytes[games_seen.MAX_EXTRA_DATA]

event DisputeGameCreated:
    disputeProxy: indexed(address)
    gameType: indexed(uint32)
    rootClaim: indexed(bytes32)

event ImplementationSet:
    impl: indexed(address)
    gameType: indexed(uint32)

event ImplementationArgsSet:
    gameType: indexed(uint32)
    args: Bytes[MAX_ARGS]

event InitBondUpdated:
    gameType: indexed(uint32)
    newBond: indexed(uint256)

event OwnershipTransferred:
    previousOwner: indexed(address)
    newOwner: indexed(address)

MAX_ARGS: constant(uint256) = 512
MAX_GAMES: constant(uint256) = 2**64
MAX_FOUND: constant(uint256) = 256
MAX_160: constant(uint256) = 2**160 - 1
MAX_64: constant(uint256) = 2**64 - 1
# Creation code: PUSH2 (length) DUP1 PUSH1 10 PUSH0 CODECOPY PUSH0 RETURN.
CREATE_HEAD: constant(Bytes[1]) = x"61"
CREATE_TAIL: constant(Bytes[7]) = x"80600a5f395ff3"
# A game: plain value stays; calldata and what is appended go to the implementation.
#   CALLDATASIZE PUSH1 5 JUMPI STOP JUMPDEST
#   CALLDATASIZE PUSH0 PUSH0 CALLDATACOPY
#   PUSH2 (appended) PUSH2 63 CALLDATASIZE CODECOPY
#   PUSH0 PUSH0 PUSH2 (appended) CALLDATASIZE ADD PUSH0 PUSH20 (implementation) GAS DELEGATECALL
#   RETURNDATASIZE PUSH0 PUSH0 RETURNDATACOPY
#   PUSH1 59 JUMPI RETURNDATASIZE PUSH0 REVERT JUMPDEST RETURNDATASIZE PUSH0 RETURN
GAME_HEAD: constant(Bytes[11]) = x"36600557005b365f5f3761"
GAME_COPY: constant(Bytes[8]) = x"61003f36395f5f61"
GAME_CALL: constant(Bytes[4]) = x"36015f73"
GAME_TAIL: constant(Bytes[16]) = x"5af43d5f5f3e603b573d5ffd5b3d5ff3"
GAME_BYTES: constant(uint256) = 63

gap_before_owner: uint256[50]
owner: public(address)
gap_before_args: uint256[48]
gameArgs: public(HashMap[uint32, Bytes[MAX_ARGS]])
gameImpls: public(HashMap[uint32, address])
initBonds: public(HashMap[uint32, uint256])
identities: HashMap[bytes32, uint256]
list: DynArray[uint256, MAX_GAMES]


@deploy
def __init__():
    deployer._remember()


@external
def initialize(_owner: address):
    """
    @notice Set up, once, by the deployer.
    """
    deployer._begin_setup()
    log OwnershipTransferred(previousOwner=self.owner, newOwner=_owner)
    self.owner = _owner


@external
@pure
def version() -> String[5]:
    """
    @notice The level of the OP Stack contract that this one answers like.
    """
    return "1.4.0"


@external
@view
def gameCount() -> uint256:
    """
    @notice How many games there are.
    """
    return len(self.list)


@external
@view
def gameAtIndex(_index: uint256) -> (uint32, uint64, address):
    """
    @notice Type, timestamp and address of a game.
    """
    return self._unpack(self.list[_index])


@external
@view
def games(
    _gameType: uint32, _rootClaim: bytes32, _extraData: Bytes[games_seen.MAX_EXTRA_DATA]
) -> (address, uint64):
    """
    @notice Address and timestamp of the game about that claim; zeros if there is none.
    """
    identity: uint256 = self.identities[self._uuid(_gameType, _rootClaim, _extraData)]
    game_type: uint32 = 0
    timestamp: uint64 = 0
    game: address = empty(address)
    game_type, timestamp, game = self._unpack(identity)
    return game, timestamp


@external
@pure
def getGameUUID(
    _gameType: uint32, _rootClaim: bytes32, _extraData: Bytes[games_seen.MAX_EXTRA_DATA]
) -> bytes32:
    """
    @notice What there may be only one game of.
    """
    return self._uuid(_gameType, _rootClaim, _extraData)


@external
@view
def findLatestGames(
    _gameType: uint32, _start: uint256, _n: uint256
) -> DynArray[GameSearchResult, MAX_FOUND]:
    """
    @notice The latest games of a type, from an index down.
    @param _start The index to begin at; none are found beyond the list.
    @param _n How many at most.
    """
    found: DynArray[GameSearchResult, MAX_FOUND] = []
    if _start >= len(self.list):
        return found
    wanted: uint256 = min(_n, MAX_FOUND)
    for below: uint256 in range(_start + 1, bound=MAX_GAMES):
        if len(found) == wanted:
            break
        index: uint256 = _start - below
        identity: uint256 = self.list[index]
        game_type: uint32 = 0
        timestamp: uint64 = 0
        game: address = empty(address)
        game_type, timestamp, game = self._unpack(identity)
        if game_type != _gameType:
            continue
        found.append(
            GameSearchResult(
                index=index,
                metadata=convert(identity, bytes32),
                timestamp=timestamp,
                rootClaim=staticcall games_seen.DisputeGame(game).rootClaim(),
                extraData=staticcall games_seen.DisputeGame(game).extraData(),
            )
        )
    return found


@external
@payable
def create(
    _gameType: uint32, _rootClaim: bytes32, _extraData: Bytes[games_seen.MAX_EXTRA_DATA]
) -> address:
    """
    @notice Claim an output root.  The value sent along must be the bond of that type.
    @param _extraData What the type of game wants; the number of the L2 block, as a word.
    """
    implementation: address = self.gameImpls[_gameType]
    if implementation == empty(address):
        raw_revert(abi_encode(_gameType, method_id=method_id("NoImplementation(uint32)")))
    if msg.value != self.initBonds[_gameType]:
        raw_revert(method_id("IncorrectBondAmount()"))
    game: address = self._deploy(implementation, _gameType, _rootClaim, _extraData)
    extcall games_seen.DisputeGame(game).initialize(value=msg.value)
    uuid: bytes32 = self._uuid(_gameType, _rootClaim, _extraData)
    if self.identities[uuid] != 0:
        raw_revert(abi_encode(uuid, method_id=method_id("GameAlreadyExists(bytes32)")))
    identity: uint256 = (
        (convert(_gameType, uint256) << 224) | (block.timestamp << 160) | convert(game, uint256)
    )
    self.identities[uuid] = identity
    self.list.append(identity)
    log DisputeGameCreated(disputeProxy=game, gameType=_gameType, rootClaim=_rootClaim)
    return game


@external
def setImplementation(_gameType: uint32, _impl: address, _args: Bytes[MAX_ARGS] = b""):
    """
    @notice Set what games of a type do, and the arguments that each of them gets.
    """
    self._check_owner()
    self.gameImpls[_gameType] = _impl
    self.gameArgs[_gameType] = _args
    log ImplementationSet(impl=_impl, gameType=_gameType)
    if len(_args) != 0:
        log ImplementationArgsSet(gameType=_gameType, args=_args)


@external
def setInitBond(_gameType: uint32, _initBond: uint256):
    """
    @notice Set what creating a game of a type takes, in wei.
    """
    self._check_owner()
    self.initBonds[_gameType] = _initBond
    log InitBondUpdated(gameType=_gameType, newBond=_initBond)


@external
def transferOwnership(_newOwner: address):
    """
    @notice Let somebody else set implementations and bonds.
    """
    self._check_owner()
    assert _newOwner != empty(address), "Ownable: new owner is the zero address"
    log OwnershipTransferred(previousOwner=self.owner, newOwner=_newOwner)
    self.owner = _newOwner


@internal
@view
def _check_owner():
    assert msg.sender == self.owner, "Ownable: caller is not the owner"


@internal
@pure
def _unpack(identity: uint256) -> (uint32, uint64, address):
    return (
        convert(identity >> 224, uint32),
        convert((identity >> 160) & MAX_64, uint64),
        convert(convert(identity & MAX_160, uint160), address),
    )


@internal
@pure
def _uuid(
    game_type: uint32, root_claim: bytes32, extra_data: Bytes[games_seen.MAX_EXTRA_DATA]
) -> bytes32:
    return keccak256(abi_encode(game_type, root_claim, extra_data))


@internal
def _deploy(
    implementation: address,
    game_type: uint32,
    root_claim: bytes32,
    extra_data: Bytes[games_seen.MAX_EXTRA_DATA],
) -> address:
    args: Bytes[MAX_ARGS] = self.gameArgs[game_type]
    typed: Bytes[4] = b""
    if len(args) != 0:
        typed = concat(convert(game_type, bytes4), b"")
    appended: Bytes[MAX_ARGS + games_seen.MAX_EXTRA_DATA + 88] = concat(
        convert(msg.sender, bytes20),
        root_claim,
        blockhash(block.number - 1),
        typed,
        extra_data,
        args,
    )
    size: bytes2 = convert(convert(len(appended) + 2, uint16), bytes2)
    total: bytes2 = convert(convert(GAME_BYTES + len(appended) + 2, uint16), bytes2)
    return raw_create(
        concat(
            CREATE_HEAD,
            total,
            CREATE_TAIL,
            GAME_HEAD,
            size,
            GAME_COPY,
            size,
            GAME_CALL,
            convert(implementation, bytes20),
            GAME_TAIL,
            appended,
            size,
        )
    )
