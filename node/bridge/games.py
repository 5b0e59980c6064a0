"""Dispute games, as far as a withdrawal is proven against one.

Source: ethereum-optimism/optimism, src/dispute/DisputeGameFactory.sol.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from eth_abi.abi import decode

from byline.node.bridge.calls import Call, calldata
from byline.node.bridge.contracts import Contracts

MOST_GAMES: Final = 100
"""Games that are looked through, the newest first."""


@dataclass(frozen=True, slots=True)
class Game:
    """A claim about the L2 as of one block."""

    index: int
    """In the factory."""
    address: bytes
    root_claim: bytes
    """The output root that is claimed."""
    block_number: int
    """The L2 block that it is claimed of."""


def respected_type(contracts: Contracts) -> Call:
    """Ask for the type of game that withdrawals are proven against; read by `read_number`."""
    return Call(contracts.portal, calldata("respectedGameType()"))


def game_count(contracts: Contracts) -> Call:
    """Ask how many games there are; read by `read_number`."""
    return Call(contracts.dispute_game_factory, calldata("gameCount()"))


def read_number(answer: bytes) -> int:
    """Return the number that a call answered."""
    return int.from_bytes(answer[:32], "big")


def latest_games(contracts: Contracts, game_type: int, count: int) -> Call:
    """Ask for the latest games of a type, of `count` that there are; read by `read_games`."""
    arguments = [game_type, max(0, count - 1), min(count, MOST_GAMES)]
    data = calldata("findLatestGames(uint32,uint256,uint256)", arguments)
    return Call(contracts.dispute_game_factory, data)


def read_games(answer: bytes) -> list[Game]:
    """Return the games of an answer, the newest first."""
    (rows,) = decode(["(uint256,bytes32,uint64,bytes32,bytes)[]"], answer)
    return [
        Game(index, metadata[12:], root, int.from_bytes(extra[:32], "big"))
        for index, metadata, _, root, extra in rows
    ]


def covering(games: list[Game], block_number: int) -> Game | None:
    """Return the newest game about a block at or after `block_number`, if there is one."""
    return next((game for game in games if game.block_number >= block_number), None)
