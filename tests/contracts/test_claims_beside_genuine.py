"""Proposers and monitors of the OP Stack read the root claim of our game as of the genuine one."""

from __future__ import annotations

import pytest
from eth_abi.abi import decode

from tests.contracts.harness import Outcome, word
from tests.contracts.sides_of_l1 import OneSide, both_sides, people

CLAIM = ("uint32", "address", "address", "uint128", "bytes32", "uint128", "uint128")
ROOT = b"\x33" * 32


def proposed() -> tuple[OneSide, OneSide]:
    """Both sides with one game each, begun at the same time with the same bond."""
    sides = both_sides()
    for side in sides:
        bond = side.do("DisputeGameFactory", "initBonds(uint32)", 1).output
        outcome = side.create(ROOT, word(100), value=int.from_bytes(bond, "big"))
        assert outcome.success
        side.game = outcome.output[12:]
    return sides


def asked(sides: tuple[OneSide, OneSide], signature: str, *arguments: int) -> Outcome:
    """Ask both games, compare, and return what ours said."""
    ours, genuine = (side.call(side.game.hex(), signature, *arguments) for side in sides)
    assert (ours.success, ours.output) == (genuine.success, genuine.output)
    return ours


def test_the_root_claim_is_read_like_that_of_the_genuine_game() -> None:
    sides = proposed()
    claim = decode(CLAIM, asked(sides, "claimData(uint256)", 0).output)
    proposer = "0x" + people()["Proposer"].hex()
    assert claim == (2**32 - 1, "0x" + "00" * 20, proposer, 0, ROOT, 1, sides[0].now)
    for side in sides:
        side.settle()
    assert decode(CLAIM, asked(sides, "claimData(uint256)", 0).output) == claim


@pytest.mark.parametrize("index", [1, 2**255])
def test_there_is_one_claim(index: int) -> None:
    sides = proposed()
    assert asked(sides, "claimDataLen()").output == word(1)
    assert not asked(sides, "claimData(uint256)", index).success


def test_a_claim_that_lost_says_who_contradicted_it() -> None:
    sides = proposed()
    for side in sides:
        side.lose()
    claim = [
        decode(CLAIM, side.do(side.game.hex(), "claimData(uint256)", 0).output) for side in sides
    ]
    assert claim[0] == claim[1]
    assert claim[0][1] == "0x" + people()["Challenger"].hex()
