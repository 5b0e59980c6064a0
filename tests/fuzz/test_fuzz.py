"""The fuzzer runs, and finds what it is there to find."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fuzz.__main__ import all_targets, save
from tests.fuzz.loop import Hang, fuzz, judge
from tests.fuzz.target import Target

TARGETS = all_targets()


@pytest.mark.parametrize("target", TARGETS, ids=[target.name for target in TARGETS])
def test_a_decoder_bears_changed_bytes(target: Target) -> None:
    """About a second for all of them; `make fuzz` takes longer."""
    report = fuzz(target, 0.05)

    assert report.finding is None, repr(report.finding)
    assert report.accepted > 0
    assert report.cases >= len(target.seeds)


def broken(data: bytes) -> None:
    """Bears everything but a zero byte, at which it fails otherwise than it may."""
    if b"\0" in data:
        raise KeyError(data)
    if b"\1" in data:
        raise ValueError("refused")


def test_a_wrong_exception_is_found_saved_and_can_be_replayed(tmp_path: Path) -> None:
    target = Target("broken one", (b"abcdef",), broken, (ValueError,))
    report = fuzz(target, 10)
    assert report.finding is not None
    file = save(target, report.finding, tmp_path)

    assert file.name.startswith("broken_one-")
    with pytest.raises(KeyError):
        judge(target, file.read_bytes())


def test_a_broken_law_is_found() -> None:
    def law(data: bytes) -> None:
        assert len(data) < 12

    report = fuzz(Target("law", (b"abcdef",), law, ()), 10)
    assert isinstance(report.finding and report.finding.error, AssertionError)


def test_a_decoder_that_hangs_is_found_even_if_it_catches_exceptions() -> None:
    def hang(_: bytes) -> None:
        try:
            time.sleep(20)
        except Exception:
            time.sleep(20)

    begun = time.monotonic()
    report = fuzz(Target("hang", (b"x",), hang, (Exception,)), 1, hang=0.2)
    assert isinstance(report.finding and report.finding.error, Hang)
    assert time.monotonic() - begun < 5


def test_a_decoder_that_takes_too_much_memory_is_found() -> None:
    """In a process of its own, which alone has the bound."""
    code = (
        "from tests.fuzz.loop import bound_memory, fuzz\n"
        "from tests.fuzz.target import Target\n"
        "bound_memory()\n"
        "report = fuzz(Target('big', (b'x',), lambda data: bytes(1 << 31), (ValueError,)), 1)\n"
        "print(type(report.finding.error).__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        timeout=60,
    )
    assert done.stdout.strip() == "MemoryError", done.stderr
