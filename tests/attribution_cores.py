"""The two cores of the attribution math, to be held against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from unittest import mock

from byline.precompiles.abi import array_tail
from byline.precompiles.errors import InvalidInput
from byline.precompiles.functions import select
from byline.precompiles.math import (
    FUNCTIONS,
    _bounds_py,
    _core_py,
    _weights_py,
    dividing,
    encode_call,
    functions,
    values,
)

FUNCTION_NAMES = ("divide", "divide_chunk", "cap_floor", "relu", "softmax", "decay")


@dataclass(frozen=True)
class Core:
    """One implementation of the loops, behind the reading of input that both share."""

    name: str
    loops: dict[str, Any]

    def run(self, data: bytes) -> bytes:
        """Return the output; raises `InvalidInput`."""
        with mock.patch.multiple(dividing, **self.loops):
            return select(FUNCTIONS, data).run(data)

    def outcome(self, data: bytes) -> tuple[bool, bytes]:
        """Return whether the call succeeds, and its output or revert data."""
        try:
            return True, self.run(data)
        except InvalidInput as exc:
            return False, exc.revert_data

    def shares(self, method: int, amount: int, weights: Sequence[int]) -> list[int]:
        """Return the shares of an accepted call."""
        return self._array(encode_call(method, amount, weights))

    def chunk(
        self, amount: int, total: int, reached: int, weights: Sequence[int]
    ) -> tuple[list[int], int]:
        """Return the shares of an accepted chunk, and what it has reached."""
        return self._pair(
            values.call_of(functions.APPORTION_CHUNK, amount, total, reached, array_tail(weights))
        )

    def cap_floor(
        self, amount: int, weights: Sequence[int], min_pay: int, max_bps: int
    ) -> tuple[list[int], int]:
        """Return the amounts of an accepted call, and the carry."""
        return self._pair(
            values.call_of(functions.CAP_FLOOR, amount, array_tail(weights), min_pay, max_bps)
        )

    def relu(self, scores: Sequence[int]) -> list[int]:
        """Return the weights of an accepted call."""
        return self._array(values.call_of(functions.RELU, array_tail(scores)))

    def softmax(self, scores: Sequence[int], temperature: int) -> list[int]:
        """Return the weights of an accepted call."""
        return self._array(values.call_of(functions.SOFTMAX, array_tail(scores), temperature))

    def decay(self, weights: Sequence[int], ages: Sequence[int], half_life: int) -> list[int]:
        """Return the weights of an accepted call."""
        return self._array(
            values.call_of(functions.DECAY, array_tail(weights), array_tail(ages), half_life)
        )

    def _array(self, data: bytes) -> list[int]:
        words = _words(self.run(data))
        assert words[:2] == [32, len(words) - 2]
        return words[2:]

    def _pair(self, data: bytes) -> tuple[list[int], int]:
        words = _words(self.run(data))
        assert words[0] == 64
        assert words[2] == len(words) - 3
        return words[3:], words[1]


def _words(output: bytes) -> list[int]:
    return [int.from_bytes(output[at : at + 32], "big") for at in range(0, len(output), 32)]


def _core(name: str, *modules: ModuleType) -> Core:
    loops = {
        wanted: getattr(module, wanted)
        for module in modules
        for wanted in FUNCTION_NAMES
        if getattr(getattr(module, wanted, None), "__module__", "") == module.__name__
    }
    assert set(loops) == set(FUNCTION_NAMES), sorted(loops)
    return Core(name, loops)


def cores() -> list[Core]:
    """Return reference and kernel; fails where a kernel is not built."""
    from byline.precompiles.math import _bounds_c, _core_c, _weights_c

    return [
        _core("python", _core_py, _bounds_py, _weights_py),
        _core("cython", _core_c, _bounds_c, _weights_c),
    ]
