"""py-evm's own native functions, to compare ours with."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from eth.exceptions import VMError
from eth.vm.forks.prague.computation import PRAGUE_PRECOMPILES


class _Charged(Exception):
    """Ends a function of py-evm as soon as it has named its price."""


def _computation(data: bytes, consume_gas: Callable[[int, str], None]) -> Any:
    message = SimpleNamespace(data=data, data_as_bytes=data)
    return SimpleNamespace(msg=message, output=b"", consume_gas=consume_gas)


def function(number: int) -> Callable[[bytes], bytes | None]:
    """Return py-evm's function at an address: the output, or `None` for a failure."""
    wrapped = PRAGUE_PRECOMPILES[number.to_bytes(20, "big")]

    def call(data: bytes) -> bytes | None:
        computation = _computation(data, lambda *_, **__: None)
        try:
            wrapped(computation)
        except VMError:
            return None
        return bytes(computation.output)

    return call


def price(number: int, data: bytes) -> int | None:
    """Return what py-evm charges, or `None` where it fails before it does."""
    charged: list[int] = []

    def consume_gas(amount: int, reason: str) -> None:
        charged.append(amount)
        raise _Charged

    try:
        PRAGUE_PRECOMPILES[number.to_bytes(20, "big")](_computation(data, consume_gas))
    except _Charged:
        return charged[0]
    except VMError:
        pass
    return None
