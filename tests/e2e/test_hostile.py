"""What the node does while somebody asks too much of it."""

from __future__ import annotations

import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.devnets import call, running
from tests.hostility import CHAIN_ID, Stopwatch, request

pytestmark = pytest.mark.slow

ENDLESS_LOOP = {"data": "0x5b5f56"}
SOON = 1.0
"""Seconds of the node's; a look-up takes a few milliseconds when nobody else asks."""
ENGINES = [("pyevm", "2"), ("fast", "0.002")]
"""Each with a time in which it cannot burn the gas of a call."""


@contextmanager
def asking(url: str, times: int) -> Iterator[threading.Event]:
    """Have as many callers ask for an endless loop, again and again until the event is set."""
    enough = threading.Event()

    def ask() -> None:
        while not enough.is_set():
            with pytest.raises((RuntimeError, OSError, HTTPException)):
                call(url, "eth_call", ENDLESS_LOOP, "latest")

    threads = [threading.Thread(target=ask) for _ in range(times)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    try:
        yield enough
    finally:
        enough.set()
        for thread in threads:
            thread.join(30)


@pytest.mark.parametrize(("engine", "seconds"), ENGINES)
def test_endless_calls_are_given_up_and_nobody_waits_for_them(
    tmp_path: Path, engine: str, seconds: str
) -> None:
    with running(tmp_path, ["--engine", engine, "--call-timeout", seconds]) as devnet:
        with asking(devnet.l2_url, 6):
            for method, parameters in (
                ("eth_chainId", ()),
                ("eth_getBalance", ("0x" + "11" * 20, "latest")),
                ("eth_getBlockByNumber", ("latest", True)),
            ):
                watch = Stopwatch(devnet)
                call(devnet.l2_url, method, *parameters)
                assert watch.seconds() < SOON, method
        with pytest.raises(RuntimeError, match=rf"timeout = {seconds}s.*--call-timeout"):
            call(devnet.l2_url, "eth_call", ENDLESS_LOOP, "latest")
        with pytest.raises(RuntimeError, match=rf"timeout = {seconds}s"):
            call(devnet.l2_url, "eth_estimateGas", ENDLESS_LOOP)


@pytest.mark.parametrize("engine", ["pyevm", "fast"])
def test_most_answers_come_within_tens_of_milliseconds_beside_long_calls(
    tmp_path: Path, engine: str
) -> None:
    arguments = ["--engine", engine, "--call-timeout", "4"]
    with running(tmp_path, arguments) as devnet, asking(devnet.l2_url, 2):
        took: list[float] = []
        for _ in range(50):
            watch = Stopwatch(devnet)
            call(devnet.l2_url, "eth_blockNumber")
            took.append(watch.seconds())
            time.sleep(0.02)
        assert sorted(took)[len(took) * 3 // 4] < 0.05


def test_what_is_timed_is_the_work_of_the_node(tmp_path: Path) -> None:
    with running(tmp_path) as devnet:
        working = Stopwatch(devnet)
        call(devnet.l2_url, "anvil_mine", hex(300))
        assert working.seconds() > 0.05
        idle = Stopwatch(devnet)
        time.sleep(0.5)
        assert idle.seconds() < 0.25


BATCH = b",".join([request("eth_getBlockByNumber", "latest", True)] * 1000)
LOGS = {"fromBlock": "0x0", "toBlock": "latest"}
LOADS = {
    "long batches": b"[" + BATCH + b"]",
    "unknown methods": b"[" + b",".join(request(f"eth_get{n}Block") for n in range(1000)) + b"]",
    "many values": request("eth_chainId", *[[]] * 80_000),
    "too many values": b"[" + b"[]," * 1_700_000 + b"1]",
    "a large text": request("web3_sha3", "0x" + "ab" * 2_500_000),
    "mining": request("anvil_mine", hex(300)),
    "searches for logs": request("eth_getLogs", LOGS),
    "traces": request("debug_traceCall", {**ENDLESS_LOOP, "gas": hex(1_000_000)}, "latest", {}),
}


@pytest.mark.parametrize("name", LOADS)
def test_answers_come_soon_beside_whatever_else_is_asked(tmp_path: Path, name: str) -> None:
    with running(tmp_path) as devnet:
        call(devnet.l2_url, "anvil_mine", hex(500))
        enough = threading.Event()

        def load() -> None:
            while not enough.is_set():
                post(devnet.l2_url, LOADS[name])

        threads = [threading.Thread(target=load) for _ in range(2)]
        for thread in threads:
            thread.start()
        took: list[float] = []
        for _ in range(50):
            watch = Stopwatch(devnet)
            assert post(devnet.l2_url, CHAIN_ID) == b'{"jsonrpc":"2.0","id":7,"result":"0x385"}'
            took.append(watch.seconds())
            time.sleep(0.02)
        enough.set()
        for thread in threads:
            thread.join(60)
        assert sorted(took)[len(took) // 2] < 0.15, took
        assert max(took) < 2 * SOON, took


def post(url: str, body: bytes) -> bytes:
    """Return the body of the answer, which is not read here: that takes this process's time."""
    asked = urllib.request.Request(url, body, {"content-type": "application/json"})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return bytes(answer.read())


@pytest.mark.parametrize("engine", ["pyevm", "fast"])
def test_it_stops_at_once_though_calls_run(tmp_path: Path, engine: str) -> None:
    with running(tmp_path, ["--engine", engine]) as devnet, asking(devnet.l2_url, 3) as enough:
        enough.set()
        before = time.monotonic()
        assert devnet.stop() == 0
        assert time.monotonic() - before < 4
