"""Both engines see the same, and the comparison finds what it is there to find."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from byline.node.evm.call_stack import prepare_threads
from byline.node.evm.engines import engine
from byline.node.evm.machine import CallOutcome, MessageCall
from byline.node.evm.pyevm import PyEvmEngine, PyEvmMachine
from tests.fuzz.execution.__main__ import main
from tests.fuzz.execution.cases import OBSERVERS, difference, random_case
from tests.fuzz.execution.machines import observe
from tests.fuzz.execution.oracles import PYTHON
from tests.fuzz.execution.shrink import shrunk
from tests.fuzz.execution.worker import Found, Judge, Tally, judged

T = TypeVar("T")
KECCAK = 0x20


@pytest.fixture(scope="module")
def deep() -> Any:
    """Return a way to call a function in a thread that bears 1,024 nested calls."""
    before = threading.stack_size()
    prepare_threads()
    with ThreadPoolExecutor(1) as pool:

        def run(function: Callable[[], T]) -> T:
            return pool.submit(function).result()

        yield run
    threading.stack_size(before)


class Wrong(PyEvmEngine):
    """Takes a gas too much where the code that is called holds a KECCAK256."""

    name = "wrong"

    def open(self, *args: Any) -> PyEvmMachine:
        opened = super().open(*args)
        return WrongMachine(opened._database, opened._state)


class WrongMachine(PyEvmMachine):
    def run(self, call: MessageCall) -> CallOutcome:
        outcome = super().run(call)
        dear = call.to is not None and KECCAK in self.code(call.to) and outcome.gas_left > 0
        return replace(outcome, gas_left=outcome.gas_left - dear)


def test_the_engines_agree_on_random_cases(deep: Callable[[Callable[[], Tally]], Tally]) -> None:
    tally = deep(lambda: judged(range(150), oracles=False))
    assert [found.words for found in tally.found] == []
    assert min(tally.counts[kind] for kind in OBSERVERS) >= 8


@pytest.mark.slow
def test_the_engines_and_the_oracles_agree_on_many_random_cases(
    deep: Callable[[Callable[[], Tally]], Tally],
) -> None:
    tally = deep(lambda: judged(range(1_000_000, 1_003_000)))
    assert [found.words for found in tally.found] == []
    if PYTHON.is_file():
        assert min(tally.counts[name] for name in ("by EELS", "by revm")) >= 20


def test_cases_do_all_that_there_is_to_do(
    deep: Callable[[Callable[[], Counter[str]]], Counter[str]],
) -> None:
    def kinds() -> Counter[str]:
        seen: Counter[str] = Counter()
        judge = Judge(oracles=False)
        for seed in range(200):
            case = random_case(seed)
            if OBSERVERS[case["kind"]] is observe:
                for name, value in observe(case, judge.fast):
                    if name == "error":
                        seen[str(value)] += 1
                    elif name == "succeeded":
                        seen["success" if value else "failure"] += 1
        return seen

    seen = deep(kinds)
    assert min(seen["success"], seen["failure"]) >= 50, seen
    assert len(seen) >= 8, seen


def test_a_wrong_engine_is_found_and_its_case_made_small(
    deep: Callable[[Callable[[], dict[str, Any]]], dict[str, Any]],
) -> None:
    wrong, right = Wrong(), PyEvmEngine()

    def find() -> dict[str, Any]:
        differing = (
            case
            for case in map(random_case, range(100))
            if case["kind"] == "program" and difference(case, wrong, right)
        )
        return shrunk(next(differing), lambda it: bool(difference(it, wrong, right)), 30)

    small = deep(find)
    words = difference(small, wrong, right)
    assert words is not None
    assert words.startswith("gas_left: wrong ")
    codes = [bytes.fromhex(fields["code"]) for fields in small["alloc"].values()]
    assert sum(map(len, codes)) < 8
    assert len(small["steps"]) == 1


def test_a_saved_difference_can_be_run_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = random_case(3)
    file = Found(case, "gas_left: 1, 2").save(tmp_path)
    assert json.loads(file.read_text())["difference"] == "gas_left: 1, 2"
    assert main(["--replay", str(file)]) == 0
    assert capsys.readouterr().out == "the engines agree\n"


def test_an_exception_that_escapes_both_engines_is_a_difference() -> None:
    case = random_case(0) | {"steps": [{"do": "nothing known", "address": "", "undo": False}]}
    case |= {"kind": "program", "opcodes": "PRAGUE", "trace": False}
    words = difference(case, engine("fast"), engine("pyevm"))
    assert words is not None
    assert words.startswith("both raise ValueError: no such step")
