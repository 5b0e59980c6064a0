"""When an L1 block is needed: by the wall clock, by what has passed, and after going back."""

from __future__ import annotations

import pytest

from byline.node.l1 import ripening
from byline.node.l1.ripening import LEAD, Ripening

GAME, OTHER = b"\x01" * 20, b"\x02" * 20


def at(head_time: int, now: int) -> Ripening:
    made = Ripening()
    made.begin(head_time, now)
    return made


def test_nothing_is_due_without_anything_to_wait_for() -> None:
    one = at(100, 100)
    assert one.next_time is None
    assert one.ripe(10**9) is None
    assert one.expired(10**9) == []


def test_the_next_time_is_the_first_of_all() -> None:
    one = at(100, 100)
    one.moment(130)
    one.clock(GAME, 120)
    assert one.next_time == 120
    one.moment(110)
    assert one.next_time == 110
    one.head(110, 100)
    assert one.next_time == 120
    assert one.stop(GAME)
    assert one.next_time == 130


def test_what_is_ripe_is_the_last_time_up_to_the_bound_that_no_block_has() -> None:
    one = at(100, 100)
    for moment in (105, 110, 120):
        one.moment(moment)
    assert one.ripe(104) is None
    assert one.ripe(105) == 105
    assert one.ripe(119) == 110
    one.head(110, 100)
    assert one.ripe(119) is None
    assert one.ripe(120) == 120


def test_a_moment_of_the_past_is_not_due_until_the_chain_goes_back() -> None:
    one = at(100, 100)
    one.moment(90)
    one.moment(105)
    one.head(110, 100)
    assert one.next_time is None
    one.head(100, 100)
    assert one.next_time == 105
    one.head(80, 100)
    assert one.next_time == 90


def test_only_so_many_moments_of_the_past_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ripening, "MOST_PASSED", 2)
    one = at(0, 0)
    for moment in (1, 2, 3, 4):
        one.moment(moment)
    one.head(10, 0)
    one.head(0, 0)
    assert one.next_time == 3


def test_a_clock_that_has_run_out_stays_until_the_game_stops() -> None:
    one = at(100, 100)
    one.clock(OTHER, 120)
    one.clock(GAME, 110)
    assert one.expired(109) == []
    assert one.expired(120) == [GAME, OTHER]
    one.head(200, 100)
    assert one.next_time == 110
    assert one.ripe(300) is None
    assert one.stop(GAME)
    assert not one.stop(GAME)
    assert one.expired(200) == [OTHER]


def test_the_wall_clock_is_followed_a_little_early() -> None:
    one = at(100, 100)
    assert one.reached(150) == 150 + LEAD


@pytest.mark.parametrize("elapsed", [1, 2, 500])
def test_a_chain_ahead_of_the_wall_goes_on_from_its_head(elapsed: int) -> None:
    one = at(10_000, 100)
    assert one.reached(100 + elapsed) == 10_000 + elapsed


def test_the_second_after_the_head_is_always_reached() -> None:
    assert at(10_000, 100).reached(100) == 10_001


def test_a_clock_that_was_set_back_does_not_take_time_away() -> None:
    assert at(10_000, 100).reached(50) == 10_001


def test_without_jumps_time_passes_from_the_head_on_and_is_bounded() -> None:
    one = at(100, 5_000)
    assert one.reached(5_000, 1_000) == 101
    assert one.reached(5_040, 1_000) == 140
    assert one.reached(9_000, 1_000) == 1_000


def test_beginning_again_forgets_everything() -> None:
    one = at(100, 100)
    one.moment(105)
    one.moment(90)
    one.clock(GAME, 110)
    one.begin(50, 100)
    assert one.next_time is None
    assert one.expired(10**9) == []
    one.head(0, 100)
    assert one.next_time is None
