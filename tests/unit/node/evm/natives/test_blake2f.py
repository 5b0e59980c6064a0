"""BLAKE2F: what EIP-152 says, compiled, and without holding the other threads up."""

from __future__ import annotations

import hashlib
import random
import threading
import time

import pytest
from eth._utils.blake2.coders import extract_blake2b_parameters
from eth._utils.blake2.compression import blake2b_compress

from byline.node.evm.natives.blake2f import BLAKE2F, gas
from byline.node.evm.natives.native import Failed
from tests.unit.node.evm.natives.natives_kit import outcome

STATE = (
    "48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5"
    "d182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b"
)
BLOCK = "616263".ljust(256, "0")
COUNTER = "03".ljust(32, "0")
ABC = bytes.fromhex("0000000c" + STATE + BLOCK + COUNTER + "01")
ABC_HASH = hashlib.blake2b(b"abc").digest()


def slow(data: bytes) -> bytes:
    """Return the state by py-evm's function in Python."""
    state: bytes = blake2b_compress(*extract_blake2b_parameters(data))
    return state


def test_the_hash_of_abc_comes_out() -> None:
    assert BLAKE2F.run(ABC) == ABC_HASH
    assert slow(ABC) == ABC_HASH


def test_it_agrees_with_the_one_in_python() -> None:
    chance = random.Random(1)
    for rounds in (0, 1, 2, 9, 10, 11, 12, 25, 130):
        for last in (b"\0", b"\1"):
            data = rounds.to_bytes(4, "big") + chance.randbytes(208) + last
            assert BLAKE2F.run(data) == slow(data)
            data = rounds.to_bytes(4, "big") + b"\xff" * 208 + last
            assert BLAKE2F.run(data) == slow(data)


@pytest.mark.parametrize("length", [0, 4, 212, 214, 426])
def test_another_length_fails_and_has_no_price(length: int) -> None:
    for data in (bytes(length), b"\xff" * length):
        assert gas(data) == 0
        with pytest.raises(Failed, match="213"):
            BLAKE2F.run(data)


@pytest.mark.parametrize("last", [2, 3, 128, 255])
def test_another_last_byte_fails(last: int) -> None:
    assert "0 or 1" in str(outcome(BLAKE2F.run, ABC[:-1] + bytes([last])))


def test_a_round_costs_a_gas() -> None:
    assert gas(ABC) == 12
    assert gas(b"\xff" * 213) == 2**32 - 1


def test_other_threads_run_meanwhile() -> None:
    data = (5_000_000).to_bytes(4, "big") + ABC[4:]
    took = 0.0

    def work() -> None:
        nonlocal took
        before = time.perf_counter()
        BLAKE2F.run(data)
        took = time.perf_counter() - before

    thread = threading.Thread(target=work)
    thread.start()
    turns, waited, last = 0, 0.0, time.perf_counter()
    while thread.is_alive():
        now = time.perf_counter()
        waited, last, turns = max(waited, now - last), now, turns + 1
    assert turns > 100
    assert waited < took
