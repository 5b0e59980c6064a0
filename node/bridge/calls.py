"""A call to a contract as a value, to be sent by any client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode

from byline.derivation.hashing import keccak256
from byline.node.hexes import checksum


@dataclass(frozen=True, slots=True)
class Call:
    """What a transaction does, before anybody has signed it."""

    to: bytes
    """The contract, 20 bytes."""
    data: bytes
    value: int = 0
    """Wei."""

    def fields(self, sender: str | bytes | None = None) -> dict[str, Any]:
        """Return the fields of a transaction as web3.py takes them, for signing or sending."""
        found = {"to": checksum(self.to), "data": "0x" + self.data.hex(), "value": self.value}
        if sender is None:
            return found
        name = checksum(sender) if isinstance(sender, bytes) else sender
        return {"from": name, **found}


def calldata(function: str, arguments: Sequence[Any] = ()) -> bytes:
    """Return the calldata of `function`, a signature like "approve(address,uint256)"."""
    types = _split(function[function.index("(") + 1 : -1])
    return keccak256(function.encode())[:4] + encode(types, arguments)


def _split(types: str) -> list[str]:
    """Split the types of a signature at its outer commas."""
    found, depth = [""], 0
    for letter in types:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            found.append("")
        else:
            found[-1] += letter
    return [item for item in found if item]
