"""Who asks what: honest payers, those who come back, a contributor who pays itself."""

from __future__ import annotations

from collections import Counter

import pytest

from byline.node.demo.people import contributor, short
from byline.node.demo.plan import Sort, plan
from byline.node.demo.texts import NAMES, library

WASHER = contributor("somebody")
QUESTIONS = tuple(f"question {number}" for number in range(60))


@pytest.mark.parametrize(
    ("count", "sorts"),
    [
        (50, {Sort.EXTERNAL: 30, Sort.RETURNING: 15, Sort.WASH: 5}),
        (10, {Sort.EXTERNAL: 6, Sort.RETURNING: 3, Sort.WASH: 1}),
        (1, {Sort.EXTERNAL: 1}),
    ],
)
def test_of_ten_three_come_back_and_one_is_washed(count: int, sorts: dict[Sort, int]) -> None:
    assert Counter(one.sort for one in plan(QUESTIONS, count, WASHER, "mine")) == sorts


def test_who_comes_back_has_asked_something_else_before() -> None:
    queries = plan(QUESTIONS, 50, WASHER, "mine")
    fresh = {one.payer.address: one for one in queries if one.sort is Sort.EXTERNAL}
    assert len(fresh) == 30
    for one in queries:
        if one.sort is Sort.RETURNING:
            assert fresh[one.payer.address].question != one.question
        if one.sort is Sort.WASH:
            assert (one.payer, one.question) == (WASHER, "mine")
    assert WASHER.address not in fresh


def test_the_plan_is_the_same_each_time_and_mixed() -> None:
    queries = plan(QUESTIONS, 50, WASHER, "mine")
    assert queries == plan(QUESTIONS, 50, WASHER, "mine")
    assert [one.sort for one in queries] != sorted(
        (one.sort for one in queries), key=list(Sort).index
    )


def test_questions_repeat_where_there_are_too_few() -> None:
    queries = plan(("a", "b", "c"), 10, WASHER, "mine")
    assert {one.question for one in queries} == {"a", "b", "c", "mine"}


def test_the_topics_of_python_are_prose_of_twelve_contributors() -> None:
    found = library("python")
    assert set(found.contributors) == set(NAMES)
    texts = [one.text for one in (*found.base, *found.adapter)]
    assert len(texts) > 800
    assert all(text[0].isupper() and text[-1] in ".:" and "\n" not in text for text in texts)
    assert len(set(found.questions)) == len(found.questions) >= 20


def test_of_an_orcid_only_the_ends_are_shown() -> None:
    assert short("0000-0002-0736-9199") == "0000..9199"
    assert short("Amara") == "Amara"
    assert short("unattributed") == "unattributed"
