"""The two cores of the attribution math, to be held against each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from byline.precompiles.abi import encode_array
from byline.precompiles.errors import InvalidInput
from byline.precompiles.functions import select
from byline.precompiles.math import FUNCTIONS, _core_py, encode_call
from byline.precompiles.math.call import read_call


@dataclass(frozen=True)
class Core:
    """One implementation of the loop, behind the reading of input that both share."""

    name: str
    divide: Callable[[int, int, bytes], bytes]

    def run(self, data: bytes) -> bytes:
        """Return the output; raises `InvalidInput`."""
        select(FUNCTIONS, data)
        call = read_call(data)
        return encode_array(self.divide(call.method, call.amount, call.words))

    def outcome(self, data: bytes) -> tuple[bool, bytes]:
        """Return whether the call succeeds, and its output or revert data."""
        try:
            return True, self.run(data)
        except InvalidInput as exc:
            return False, exc.revert_data

    def shares(self, method: int, amount: int, weights: list[int]) -> list[int]:
        """Return the shares of an accepted call."""
        output = self.run(encode_call(method, amount, weights))
        words = [int.from_bytes(output[at : at + 32], "big") for at in range(0, len(output), 32)]
        assert words[:2] == [32, len(weights)]
        return words[2:]


def cores() -> list[Core]:
    """Return reference and kernel; fails where the kernel is not built."""
    from byline.precompiles.math import _core_c

    return [Core("python", _core_py.divide), Core("cython", _core_c.divide)]
