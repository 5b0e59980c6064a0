"""What the node does while somebody asks too much of it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from tests.devnets import call, running

pytestmark = pytest.mark.slow

ENDLESS_LOOP = {"data": "0x5b5f56"}
SOON = 1.0
"""Seconds; a look-up takes a few milliseconds when nobody else asks."""


def ask_in_the_background(url: str, times: int) -> list[threading.Thread]:
    def ask() -> None:
        with pytest.raises((RuntimeError, OSError)):
            call(url, "eth_call", ENDLESS_LOOP, "latest")

    threads = [threading.Thread(target=ask) for _ in range(times)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    return threads


def test_endless_calls_are_given_up_and_nobody_waits_for_them(tmp_path: Path) -> None:
    with running(tmp_path, ["--call-timeout", "2"]) as devnet:
        threads = ask_in_the_background(devnet.l2_url, 6)
        for method, parameters in (
            ("eth_chainId", ()),
            ("eth_getBalance", ("0x" + "11" * 20, "latest")),
            ("eth_getBlockByNumber", ("latest", True)),
        ):
            before = time.monotonic()
            call(devnet.l2_url, method, *parameters)
            assert time.monotonic() - before < SOON, method
        assert any(thread.is_alive() for thread in threads)
        for thread in threads:
            thread.join(30)
        with pytest.raises(RuntimeError, match=r"timeout = 2s.*--call-timeout"):
            call(devnet.l2_url, "eth_call", ENDLESS_LOOP, "latest")
        with pytest.raises(RuntimeError, match=r"timeout = 2s"):
            call(devnet.l2_url, "eth_estimateGas", ENDLESS_LOOP)


def test_most_answers_come_within_tens_of_milliseconds_beside_long_calls(tmp_path: Path) -> None:
    with running(tmp_path, ["--call-timeout", "4"]) as devnet:
        threads = ask_in_the_background(devnet.l2_url, 2)
        took: list[float] = []
        while any(thread.is_alive() for thread in threads) and len(took) < 50:
            before = time.monotonic()
            call(devnet.l2_url, "eth_blockNumber")
            took.append(time.monotonic() - before)
            time.sleep(0.02)
        for thread in threads:
            thread.join(30)
        assert len(took) > 10
        assert sorted(took)[len(took) * 3 // 4] < 0.05


def test_it_stops_at_once_though_calls_run(tmp_path: Path) -> None:
    with running(tmp_path) as devnet:
        threads = ask_in_the_background(devnet.l2_url, 3)
        before = time.monotonic()
        assert devnet.stop() == 0
        assert time.monotonic() - before < 4
        for thread in threads:
            thread.join(10)
