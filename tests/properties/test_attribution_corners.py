"""Honest answers of odd shape: nothing can be held against them, and they are paid to the wei."""

from __future__ import annotations

import pytest

from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Dataset, Document
from byline.node.attribution.spans import LEAVES_TO_STOP, MOST_LEAVES
from byline.node.attribution.tokens import token_id, tokenize
from byline.node.contracts.attribution_predeploys import Backend
from tests.attribution_judging import (
    assert_nothing_is_proven,
    assert_runs_its_course,
    faults_of,
    recorded,
)
from tests.attribution_lies import (
    PEOPLE,
    truth,
)
from tests.contracts.ledger_world import (
    FALLBACK,
    OPERATOR,
    Answer,
    world,
)


def _dataset(number: int, *documents: tuple[str, bytes]) -> Dataset:
    return Dataset.build(number, [Document(*one) for one in documents])


A, B, C, D = PEOPLE
LONG_TEXT = " ".join(f"w{number}" for number in range(150))
CORNERS: dict[str, tuple[tuple[Dataset, ...], int, str, int]] = {
    "the start and the end of a dataset": (
        (_dataset(1, ("one two three four", A), ("five six seven", B)),),
        2,
        "six seven one two",
        10**15,
    ),
    "a dataset of one token": (
        (_dataset(1, ("", A)), _dataset(2, ("x y", B))),
        1,
        "x y x",
        10**15,
    ),
    "the whole dataset": ((_dataset(1, ("one two three", A)),), 3, "one two three", 10**15),
    "a span at the very end of every dataset": (
        tuple(_dataset(number, ("u v", A), ("x y z", B)) for number in (1, 2, 3, 4)),
        2,
        "y z y z x y z",
        10**15 + 7,
    ),
    "more than 64 tokens in a row": (
        (_dataset(1, (LONG_TEXT, A), (LONG_TEXT, B)),),
        5,
        LONG_TEXT,
        10**16,
    ),
    "one token and nothing else": (
        (_dataset(1, ("x " * 100, A)), _dataset(2, ("x " * 3, B), ("x " * 70, C))),
        1,
        "x " * 140,
        10**15,
    ),
    "a period of two": (
        (_dataset(1, ("x y " * 40, A), ("y x " * 40, B)),),
        2,
        "x y " * 50 + "y",
        10**15,
    ),
    "five and more of a span": (
        (_dataset(1, *[(f"s{number} x y z", PEOPLE[number % 4]) for number in range(11)]),),
        3,
        "q x y z q x y z",
        10**15 + 3,
    ),
    "the stop behind 240 leaves": (
        tuple(_dataset(number, ("x y " * 4, A), ("x y", B)) for number in (1, 2, 3, 4)),
        2,
        "x y q " * 30,
        10**17,
    ),
    "240 leaves at the output's end": (
        tuple(_dataset(number, *[("x y", person) for person in PEOPLE]) for number in (1, 2, 3)),
        2,
        "x y q " * 20 + "x",
        10**17,
    ),
    "no span at all": ((_dataset(1, ("one two three", A)),), 2, "two one nothing else", 10**15),
    "a span that is one too short": (
        (_dataset(1, ("one two three four", A)),),
        4,
        "one two three",
        10**15,
    ),
    "a fee of one wei": (
        (_dataset(1, ("one two three", A), ("four five six", B), ("seven eight", C)),),
        2,
        "seven eight one two three four five six",
        1,
    ),
    "a fee of one unit and a wei less than two": (
        (_dataset(1, ("one two three", A), ("four five six", B)),),
        2,
        "four five one two",
        2 * 10**9 - 1,
    ),
    "the shortest span of one": ((_dataset(1, ("x y z", A)),), 1, "z y x z", 10**15),
    "the shortest span of 64": ((_dataset(1, (LONG_TEXT, A)),), 64, LONG_TEXT, 10**15),
    "an answer of 1024 tokens": (
        (_dataset(1, (LONG_TEXT, A)), _dataset(2, ("x y", B))),
        3,
        "q " * 961 + " ".join(f"w{number}" for number in range(50, 113)),
        10**15,
    ),
}


@pytest.mark.parametrize("backend", Backend)
@pytest.mark.parametrize("name", CORNERS)
def test_honest_answers_of_odd_shape_stand_and_are_paid_to_the_wei(
    name: str, backend: Backend
) -> None:
    datasets, shortest, text, fee = CORNERS[name]
    told = truth(Corpus(datasets, shortest, FALLBACK), tokenize(text), fee)
    chain = world(told.corpus, backend)
    batch = recorded(chain, [told])
    assert faults_of(told, batch, 0) == []
    assert_nothing_is_proven(chain, told, batch)
    assert sum(amount for _, amount in told.answer.points) == max(1, fee // 10**9)
    assert_runs_its_course(chain, batch)
    credited = [
        chain.vault.read("creditOf", who)
        for who in {who for who, _ in told.answer.points} | {OPERATOR, b"\x70" * 20}
    ]
    assert sum(credited) + int(chain.vault.read("carryOf", chain.model)) == fee


def corner(name: str) -> Answer:
    datasets, shortest, text, fee = CORNERS[name]
    return truth(Corpus(datasets, shortest, FALLBACK), tokenize(text), fee).answer


def test_the_corners_are_what_they_are_called() -> None:
    ends = corner("the start and the end of a dataset").leaves
    assert [(leaf.pos, leaf.length) for leaf in ends] == [(6, 2), (0, 2)]
    assert {leaf.length for leaf in corner("more than 64 tokens in a row").leaves} == {64, 22}
    assert {leaf.length for leaf in corner("one token and nothing else").leaves} == {64, 12}
    many = corner("five and more of a span").leaves
    assert {leaf.hi - leaf.lo for leaf in many} == {11}
    assert len(many) == 8
    assert LEAVES_TO_STOP < len(corner("the stop behind 240 leaves").leaves) <= MOST_LEAVES
    assert len(corner("240 leaves at the output's end").leaves) == LEAVES_TO_STOP
    for name in ("no span at all", "a span that is one too short"):
        assert corner(name).points == ((FALLBACK, 10**6),)
    assert sorted(amount for _, amount in corner("a fee of one wei").points) == [0, 0, 1]
    assert len(corner("an answer of 1024 tokens").output) == 1024
    assert token_id("x") in corner("a dataset of one token").output
