"""A precompile's functions: selectors, dispatch, and the ABI that clients read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from eth_hash.auto import keccak

from byline.precompiles.abi import SELECTOR, malformed
from byline.precompiles.errors import UNKNOWN_SELECTOR, CustomError


@dataclass(frozen=True, slots=True)
class Function:
    """One pure function; `gas` and `run` take the whole input, selector included."""

    name: str
    inputs: tuple[tuple[str, str], ...]
    """(type, name) of each argument."""
    outputs: tuple[tuple[str, str], ...]
    gas: Callable[[bytes], int]
    """Price by the sizes that the input declares; never raises."""
    run: Callable[[bytes], bytes]
    """Raises `InvalidInput`."""
    summary: str

    @property
    def signature(self) -> str:
        """Name and argument types, as they are hashed."""
        return f"{self.name}({','.join(kind for kind, _ in self.inputs)})"

    @property
    def selector(self) -> bytes:
        """The first four bytes of the hash of the signature."""
        return keccak(self.signature.encode())[:SELECTOR]

    def abi(self) -> dict[str, Any]:
        """Return the function's entry in a contract ABI (JSON)."""
        return {
            "type": "function",
            "name": self.name,
            "stateMutability": "pure",
            "inputs": [{"type": kind, "name": name} for kind, name in self.inputs],
            "outputs": [{"type": kind, "name": name} for kind, name in self.outputs],
        }


def error_abi(error: CustomError) -> dict[str, Any]:
    """Return the error's entry in a contract ABI (JSON)."""
    name, _, rest = error.signature.partition("(")
    kinds = [kind for kind in rest.rstrip(")").split(",") if kind]
    return {"type": "error", "name": name, "inputs": [{"type": k, "name": ""} for k in kinds]}


def by_selector(functions: Iterable[Function]) -> Mapping[bytes, Function]:
    """Return the functions by selector; two with one selector are refused."""
    found: dict[bytes, Function] = {}
    for function in functions:
        if other := found.get(function.selector):
            raise ValueError(
                f"{function.signature} has the selector of {other.signature}: rename one"
            )
        found[function.selector] = function
    return MappingProxyType(found)


def select(functions: Mapping[bytes, Function], data: bytes) -> Function:
    """Return the function that `data` calls, or refuse."""
    if len(data) < SELECTOR:
        raise malformed(len(data), "the input ends inside the selector")
    selector = data[:SELECTOR]
    function = functions.get(selector)
    if function is None:
        known = ", ".join(f.signature for f in functions.values())
        raise UNKNOWN_SELECTOR.refuse(
            f"no function 0x{selector.hex()}: there is {known}", selector
        )
    return function
