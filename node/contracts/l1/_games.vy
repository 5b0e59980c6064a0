# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Dispute games, as seen by others
@notice The calls that the factory and the registry make to games and to each other.
@dev Rules: ethereum-optimism/specs, fault-proof/stage-one/dispute-game-interface.md.
"""

interface DisputeGame:
    def anchorStateRegistry() -> address: view
    def createdAt() -> uint64: view
    def extraData() -> Bytes[MAX_EXTRA_DATA]: view
    def gameData() -> (uint32, bytes32, Bytes[MAX_EXTRA_DATA]): view
    def initialize(): payable
    def l2SequenceNumber() -> uint256: view
    def resolvedAt() -> uint64: view
    def rootClaim() -> bytes32: view
    def status() -> uint8: view
    def wasRespectedGameTypeWhenCreated() -> bool: view

interface DisputeGameFactory:
    def games(
        _gameType: uint32, _rootClaim: bytes32, _extraData: Bytes[MAX_EXTRA_DATA]
    ) -> (address, uint64): view

MAX_EXTRA_DATA: constant(uint256) = 128
IN_PROGRESS: constant(uint8) = 0
CHALLENGER_WINS: constant(uint8) = 1
DEFENDER_WINS: constant(uint8) = 2
