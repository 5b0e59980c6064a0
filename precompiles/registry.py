"""The table of precompiles.  To add one: a folder beside this file, a line in `PRECOMPILES`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from byline.precompiles import evidence, math
from byline.precompiles.errors import VALUE_NOT_ACCEPTED, CustomError
from byline.precompiles.functions import Function, error_abi


@dataclass(frozen=True, slots=True)
class Precompile:
    """A native function of the chain: bytes in, bytes out, priced by its input."""

    address: bytes
    """20 bytes."""
    name: str
    gas: Callable[[bytes], int]
    """Gas for an input, from the sizes it declares; takes any bytes and never raises.
    It is charged before `run` is called."""
    run: Callable[[bytes], bytes]
    """The output for an input; `InvalidInput` carries the revert data."""
    summary: str
    functions: tuple[Function, ...] = ()
    """What the input may call; empty for a precompile without selectors."""
    errors: tuple[CustomError, ...] = ()
    """Every custom error the precompile may revert with."""
    accepts_value: bool = False
    """If not, the node reverts a call with value with `value_refused`, before `run`."""

    def __post_init__(self) -> None:
        """Refuse an address of another size: it would never be called."""
        if len(self.address) != 20:
            raise ValueError(f"{self.name}: an address has 20 bytes, got {len(self.address)}")

    @property
    def value_refused(self) -> bytes:
        """Revert data for a call with value."""
        return VALUE_NOT_ACCEPTED.revert_data()

    def abi(self) -> list[dict[str, Any]]:
        """Return functions and errors as a contract ABI (JSON), for clients."""
        return [f.abi() for f in self.functions] + [error_abi(e) for e in self.errors]


def table(precompiles: Iterable[Precompile]) -> Mapping[bytes, Precompile]:
    """Return `precompiles` by address, read-only; two at one address are refused."""
    found: dict[bytes, Precompile] = {}
    for precompile in precompiles:
        if other := found.get(precompile.address):
            raise ValueError(
                f"{precompile.name} and {other.name} are both at 0x{precompile.address.hex()}: "
                "move one"
            )
        found[precompile.address] = precompile
    return MappingProxyType(found)


ATTRIBUTION_MATH: Final = 0xA770.to_bytes(20, "big")
"""Below 0xffff, as EIP-1352 wants of precompiles; outside 0x100-0x1ff, which EIP-7587
reserves for RIPs."""
ATTRIBUTION_EVIDENCE: Final = 0xA771.to_bytes(20, "big")

PRECOMPILES: Final[Mapping[bytes, Precompile]] = table(
    [
        Precompile(
            address=ATTRIBUTION_MATH,
            name="attribution math",
            gas=math.gas,
            run=math.run,
            summary="divides a payment among weighted contributors, exactly",
            functions=tuple(math.FUNCTIONS.values()),
            errors=math.ERRORS,
        ),
        Precompile(
            address=ATTRIBUTION_EVIDENCE,
            name="attribution evidence",
            gas=evidence.gas,
            run=evidence.run,
            summary="checks what an attribution claims: spans, owners, order, chunks",
            functions=tuple(evidence.FUNCTIONS.values()),
            errors=evidence.ERRORS,
        ),
    ]
)
