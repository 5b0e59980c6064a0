"""What is read of dispute games, from factories and games of several versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from eth_abi.abi import encode

from byline.derivation.hashing import keccak256
from byline.node.l1.games import Disputes, Game, Unanswered

CONFIG, PORTAL, FACTORY, CODE = b"\xc0" * 20, b"\x90" * 20, b"\xfa" * 20, b"\x1c" * 20
PROPOSER, OTHER = b"\x77" * 20, b"\x66" * 20


def address(value: bytes) -> bytes:
    return value.rjust(32, b"\0")


@dataclass
class View:
    """Contracts that answer what a table says, by address, function and argument."""

    answers: Mapping[tuple[bytes, str, int | None], bytes]
    timestamp: int = 1_000
    asked: list[bytes] = field(default_factory=list)

    def ask(self, to: bytes, data: bytes) -> bytes:
        self.asked.append(data)
        for (contract, function, argument), answer in self.answers.items():
            words = b"" if argument is None else argument.to_bytes(32, "big")
            if (contract, keccak256(function.encode())[:4] + words) == (to, data):
                return answer
        raise Unanswered("execution reverted")

    def attempt(
        self, sender: bytes, to: bytes, data: bytes, *, value: int, gas: int, timestamp: int
    ) -> bytes | None:
        raise AssertionError("nothing is tried here")


def disputes(answers: Mapping[Any, bytes]) -> Disputes:
    return Disputes(View(answers), CONFIG, PORTAL)


def factory_with(arguments: bytes | None, proposer: bytes | None) -> Disputes:
    answers: dict[Any, bytes] = {(FACTORY, "gameImpls(uint32)", 1): address(CODE)}
    if arguments is not None:
        answers[FACTORY, "gameArgs(uint32)", 1] = encode(["bytes"], [arguments])
    if proposer is not None:
        answers[CODE, "proposer()", None] = address(proposer)
    return disputes(answers)


OURS = b"\xaa" * 28 + PROPOSER + b"\xcc" * 20 + b"\xdd" * 32
V2 = b"\xaa" * 124 + PROPOSER + b"\xcc" * 20


@pytest.mark.parametrize(
    ("arguments", "implementation", "found"),
    [
        (OURS, None, PROPOSER),
        (V2, OTHER, PROPOSER),
        (b"", PROPOSER, PROPOSER),
        (None, PROPOSER, PROPOSER),
        (None, None, None),
        (b"\x01" * 99, None, None),
        (OURS.replace(PROPOSER, bytes(20)), None, None),
        (None, bytes(20), None),
    ],
)
def test_the_proposer_stands_in_the_arguments_or_in_the_implementation(
    arguments: bytes | None, implementation: bytes | None, found: bytes | None
) -> None:
    assert factory_with(arguments, implementation).proposer(FACTORY, 1) == found


def test_a_type_without_an_implementation_has_no_games() -> None:
    answers = {(FACTORY, "gameImpls(uint32)", 1): bytes(32)}
    with pytest.raises(Unanswered, match="has no games of type 1"):
        disputes(answers).proposer(FACTORY, 1)


def test_the_l2_block_of_a_game_has_two_names() -> None:
    for name in ("l2SequenceNumber()", "l2BlockNumber()"):
        assert disputes({(CODE, name, None): (77).to_bytes(32, "big")}).block_number(CODE) == 77


def test_games_come_newest_first_and_no_more_than_asked() -> None:
    answers: dict[Any, bytes] = {(FACTORY, "gameCount()", None): (3).to_bytes(32, "big")}
    for index in range(3):
        entry = encode(["uint32", "uint64", "address"], [1, 100 + index, "0x" + "0a" * 20])
        answers[FACTORY, "gameAtIndex(uint256)", index] = entry
    one = disputes(answers)
    assert [game.created_at for game in one.newest_first(FACTORY, 2)] == [102, 101]
    assert list(one.newest_first(FACTORY, 9))[-1] == Game(b"\x0a" * 20, 1, 100)


def test_an_answer_that_is_too_short_is_none() -> None:
    with pytest.raises(Unanswered, match="answers 31 bytes, want 32"):
        disputes({(CODE, "status()", None): bytes(31)}).status(CODE)


def test_no_factory_is_none_and_not_an_error() -> None:
    assert disputes({}).factory() is None
    assert disputes({(CONFIG, "disputeGameFactory()", None): bytes(32)}).factory() is None


@pytest.mark.parametrize(
    ("status", "blacklisted", "retired", "counts"),
    [(0, 0, 0, True), (2, 0, 0, True), (1, 0, 0, False), (0, 1, 0, False), (0, 0, 1, False)],
)
def test_a_game_counts_unless_it_was_lost_or_taken_out(
    status: int, blacklisted: int, retired: int, counts: bool
) -> None:
    game = int.from_bytes(CODE, "big")
    one = disputes(
        {
            (PORTAL, "anchorStateRegistry()", None): address(OTHER),
            (CODE, "status()", None): status.to_bytes(32, "big"),
            (OTHER, "isGameBlacklisted(address)", game): blacklisted.to_bytes(32, "big"),
            (OTHER, "isGameRetired(address)", game): retired.to_bytes(32, "big"),
        }
    )
    assert one.counts(CODE) is counts
