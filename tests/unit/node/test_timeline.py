"""What users want of time is kept, given back and forgotten when it is fulfilled."""

from __future__ import annotations

import pytest

from byline.node.clock import ManualClock, OffsetClock
from byline.node.errors import Corrupt
from byline.node.rollups.timeline import KEY, Timeline, Wishes
from byline.node.storage.kv import Batch, MemoryKV


class WrittenKV(MemoryKV):
    def __init__(self) -> None:
        super().__init__()
        self.writes = 0

    def write(self, batch: Batch, *, sync: bool = False) -> None:
        self.writes += 1
        super().write(batch, sync=sync)


def timeline(kv: MemoryKV | None = None, wall: ManualClock | None = None) -> Timeline:
    return Timeline(OffsetClock(wall or ManualClock(1_000)), kv or MemoryKV())


def test_a_set_clock_runs_on_with_the_walls() -> None:
    wall = ManualClock(1_000)
    clock = OffsetClock(wall)
    clock.set(5_000)
    wall.advance(7)
    assert (clock.now(), clock.offset, wall.now()) == (5_007, 4_000, 1_007)
    clock.set(900)
    assert (clock.now(), clock.offset) == (900, -107)


def test_a_floor_moves_the_clock_and_goes_when_it_is_reached() -> None:
    times = timeline()
    times.set_floor(4_000)
    assert times.clock.now() == 4_000
    times.reached(3_999)
    assert times.wishes.floor == 4_000
    times.reached(4_000)
    assert times.wishes == Wishes(offset=3_000)


def test_the_wishes_of_one_chain_are_not_the_others() -> None:
    times = timeline()
    times.set_exact("l1", 2_000)
    times.set_exact("l2", 3_000)
    times.set_apart("l1", 12)
    times.fulfilled("l1")
    assert (times.wishes.exact, times.wishes.apart) == ({"l2": 3_000}, {"l1": 12})
    times.set_apart("l2", 4)
    times.set_apart("l1", None)
    assert times.wishes.apart == {"l2": 4}


def test_what_is_kept_comes_back_in_another_process() -> None:
    kv = MemoryKV()
    first = timeline(kv)
    assert first.is_new
    first.set_floor(4_000)
    first.set_exact("l2", 5_000)
    first.set_apart("l1", 9)
    again = timeline(kv, ManualClock(1_100))
    assert not again.is_new
    assert again.wishes == first.wishes
    assert again.clock.now() == 4_100


def test_where_the_clock_begins_is_not_kept() -> None:
    kv = WrittenKV()
    times = timeline(kv)
    times.begin_at(50)
    assert (times.clock.now(), times.wishes.offset, kv.writes) == (50, -950, 0)
    assert timeline(kv).is_new


def test_going_back_brings_back_clock_and_wishes() -> None:
    times = timeline()
    times.set_exact("l1", 2_000)
    saved = times.wishes
    times.fulfilled("l1")
    times.set_floor(9_000)
    times.set_clock(9_500)
    times.go_back(saved)
    assert (times.wishes, times.clock.now()) == (saved, 1_000)


def test_blocks_that_fulfil_nothing_write_nothing() -> None:
    kv = WrittenKV()
    times = timeline(kv)
    for _ in range(3):
        times.fulfilled("l2")
        times.reached(10**9)
        times.go_back(times.wishes)
    assert kv.writes == 0


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff", b'{"offset": 1, "other": 2}'])
def test_what_does_not_read_is_not_guessed(raw: bytes) -> None:
    kv = MemoryKV()
    kv.write({KEY: raw})
    with pytest.raises(Corrupt, match="does not read"):
        timeline(kv)
