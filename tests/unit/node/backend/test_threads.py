import asyncio
import functools
import threading

from byline.node.backend.threads import MOST_HELD, LoopCalls, Threads


def test_what_work_has_to_tell_comes_in_order_and_before_its_result() -> None:
    async def story() -> list[int]:
        calls = LoopCalls(asyncio.get_running_loop())
        threads, told = Threads(calls), list[int]()

        def work(count: int) -> None:
            for number in range(count):
                calls.add(functools.partial(told.append, number))

        try:
            await threads.write(work, 10)
            return list(told)
        finally:
            threads.close()

    assert asyncio.run(story()) == list(range(10))


def test_the_loop_is_woken_once_for_all_that_a_piece_of_work_tells() -> None:
    class Loop:
        def __init__(self) -> None:
            self.woken = 0

        def is_closed(self) -> bool:
            return False

        def call_soon_threadsafe(self, call: object) -> None:
            self.woken += 1

    loop = Loop()
    calls = LoopCalls(loop)  # type: ignore[arg-type]
    with calls.held():
        for _ in range(MOST_HELD - 1):
            calls.add(lambda: None)
        assert loop.woken == 0
    assert loop.woken == 1
    calls.add(lambda: None)
    assert loop.woken == 2


def test_long_work_does_not_hold_back_what_it_tells() -> None:
    async def story() -> bool:
        calls = LoopCalls(asyncio.get_running_loop())
        threads, heard = Threads(calls), asyncio.Event()
        waiting = asyncio.run_coroutine_threadsafe

        def work() -> None:
            for _ in range(MOST_HELD):
                calls.add(heard.set)
            waiting(heard.wait(), calls._loop).result(10)

        try:
            await asyncio.wait_for(threads.write(work), 20)
            return heard.is_set()
        finally:
            threads.close()

    assert asyncio.run(story())


def test_work_that_fails_still_tells_what_it_had_to_tell() -> None:
    async def story() -> list[int]:
        calls = LoopCalls(asyncio.get_running_loop())
        threads, told = Threads(calls), list[int]()

        def work() -> None:
            calls.add(lambda: told.append(1))
            raise ZeroDivisionError

        try:
            await threads.write(work)
        except ZeroDivisionError:
            return list(told)
        finally:
            threads.close()
        raise AssertionError

    assert asyncio.run(story()) == [1]


def test_who_gives_up_waiting_stops_work_that_has_not_begun() -> None:
    async def story() -> list[str]:
        calls = LoopCalls(asyncio.get_running_loop())
        threads, done = Threads(calls), list[str]()
        begun, go_on = threading.Event(), threading.Event()

        def first() -> None:
            begun.set()
            go_on.wait(10)
            done.append("first")

        try:
            running = asyncio.create_task(threads.write(first))
            waiting = asyncio.create_task(threads.write(done.append, "second"))
            await asyncio.to_thread(begun.wait, 10)
            for task in (running, waiting):
                task.cancel()
            await asyncio.wait([running, waiting])
            go_on.set()
            await threads.write(done.append, "third")
            return done
        finally:
            go_on.set()
            threads.close()

    assert asyncio.run(story()) == ["first", "third"]
