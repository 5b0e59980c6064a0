"""What a call from the other chain asks for: value, a token, a message, a call, a creation.

Sources: OP Stack specs, protocol/messengers.md (relayMessage), protocol/bridges.md
(finalizeBridgeERC20, finalizeBridgeETH); Solidity ABI specification.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from byline.derivation.hashing import keccak256
from byline.node.contracts.addresses import L2_STANDARD_BRIDGE

RELAY_MESSAGE: Final = keccak256(b"relayMessage(uint256,address,address,uint256,uint256,bytes)")[
    :4
]
FINALIZE_TOKEN: Final = keccak256(
    b"finalizeBridgeERC20(address,address,address,address,uint256,bytes)"
)[:4]
FINALIZE_NATIVE: Final = keccak256(b"finalizeBridgeETH(address,address,uint256,bytes)")[:4]


class Kind(enum.Enum):
    """What a crossing is for."""

    NATIVE = "native"
    """Nothing but value, by itself or through the bridges."""
    ERC20 = "token"
    """A token, through the bridges."""
    MESSAGE = "message"
    """A call that the messengers pass on."""
    CALL = "call"
    CREATION = "creation"


@dataclass(frozen=True, slots=True)
class Crossing:
    """Who sends what to whom on the other chain."""

    kind: Kind
    sender: bytes
    """The first one known: behind messengers and bridges, whoever called them."""
    to: bytes | None
    """The last one known; `None` for a creation."""
    value: int
    """Wei of what pays for gas on the L2."""
    size: int = 0
    """Bytes of data."""
    token: bytes | None = None
    """Address on the chain that the token arrives on."""
    units: int = 0
    """Smallest units of that token."""


def crossing_of(
    sender: bytes, to: bytes | None, value: int, data: bytes, *, by_messenger: bool
) -> Crossing:
    """Read a call from the other chain.

    `by_messenger` says that a messenger sends it, or takes it: then data that call
    `relayMessage` stand for the message.  Data that do not read are a plain call.
    """
    if to is None:
        return Crossing(Kind.CREATION, sender, None, value, len(data))
    message = _message(data) if by_messenger else None
    if message is not None:
        return _bridged(message) or message.crossing
    return Crossing(Kind.CALL if data else Kind.NATIVE, sender, to, value, len(data))


@dataclass(frozen=True, slots=True)
class _Message:
    crossing: Crossing
    data: bytes


def _message(data: bytes) -> _Message | None:
    words = _words(data, RELAY_MESSAGE, 6)
    if words is None:
        return None
    _, sender, target, value, _, offset = words
    length = int.from_bytes(data[4 + offset : 36 + offset], "big")
    inner = data[36 + offset : 36 + offset + length]
    if len(inner) != length:
        return None
    crossing = Crossing(Kind.MESSAGE, _address(sender), _address(target), value, length)
    return _Message(crossing, inner)


def _bridged(message: _Message) -> Crossing | None:
    """Return what the bridges carry, where one of them sends or takes the message."""
    if L2_STANDARD_BRIDGE not in (message.crossing.sender, message.crossing.to):
        return None
    words = _words(message.data, FINALIZE_TOKEN, 5)
    if words is not None:
        token, _, sender, to, units = words
        return Crossing(
            Kind.ERC20,
            _address(sender),
            _address(to),
            message.crossing.value,
            token=_address(token),
            units=units,
        )
    words = _words(message.data, FINALIZE_NATIVE, 3)
    if words is not None:
        sender, to, value = words
        return Crossing(Kind.NATIVE, _address(sender), _address(to), value)
    return None


def _words(data: bytes, selector: bytes, count: int) -> list[int] | None:
    """Return the first words of the arguments, if `data` call that function and hold them."""
    if data[:4] != selector or len(data) < 4 + 32 * count:
        return None
    return [int.from_bytes(data[4 + 32 * i : 36 + 32 * i], "big") for i in range(count)]


def _address(word: int) -> bytes:
    return (word % 2**160).to_bytes(20, "big")
