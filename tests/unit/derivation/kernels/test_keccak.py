from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from eth_hash.auto import keccak as reference
from hypothesis import given
from hypothesis import strategies as st

from byline.derivation import hashing
from byline.derivation.kernels import _keccak_c, keccak

RATE = 136


def test_the_compiled_one_is_loaded() -> None:
    assert keccak.COMPILED
    assert hashing.keccak256 is _keccak_c.keccak256


def test_the_reference_is_chosen_by_the_environment() -> None:
    code = (
        "from byline.derivation.kernels import keccak\n"
        "from eth_hash.auto import keccak as reference\n"
        "assert not keccak.COMPILED and keccak.keccak256 is reference"
    )
    environment = {**os.environ, "BYLINE_NO_EXTENSIONS": "1"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


@pytest.mark.parametrize("function", [_keccak_c.keccak256, reference])
@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        (b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
        (b"\x80", "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"),
    ],
)
def test_known_answers(function: Callable[[bytes], bytes], data: bytes, digest: str) -> None:
    assert function(data).hex() == digest


def test_every_length_around_the_blocks_agrees() -> None:
    data = bytes(index * 7 + 1 & 0xFF for index in range(3 * RATE + 2))
    for length in range(len(data) + 1):
        assert _keccak_c.keccak256(data[:length]) == reference(data[:length])


def test_a_blob_agrees() -> None:
    data = bytes(range(256)) * 512
    assert _keccak_c.keccak256(data) == reference(data)


@given(st.binary(max_size=1000))
def test_any_bytes_agree(data: bytes) -> None:
    assert _keccak_c.keccak256(data) == reference(data)


def test_bytes_of_any_class_are_hashed() -> None:
    class Named(bytes):
        pass

    for data in (bytearray(b"abc"), Named(b"abc")):
        assert _keccak_c.keccak256(data) == reference(b"abc")


@pytest.mark.parametrize("value", ["abc", 5, None, [1, 2], memoryview(b"abc")])
def test_what_is_not_bytes_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="want bytes"):
        _keccak_c.keccak256(value)
    with pytest.raises(TypeError):
        reference(value)
