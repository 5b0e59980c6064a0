"""What pays for gas on the L2: OPEN, an ERC-20 of the L1, or ether.

The L1's SystemConfig and the L2's L1Block both keep it, in the same three slots.  Source: OP
Stack specs, experimental/custom-gas-token.md in the form of 2024.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from byline.derivation.hashing import keccak256
from byline.node.contracts.addresses import OPEN_TOKEN

DECIMALS: Final = 18
"""Of every token that may pay for gas."""


def _slot(name: str) -> int:
    return int.from_bytes(keccak256(f"opstack.{name}".encode()), "big") - 1


TOKEN_SLOT: Final = _slot("gaspayingtoken")
"""Decimals from bit 160 on, address below; 0 for ether."""
NAME_SLOT: Final = _slot("gaspayingtokenname")
SYMBOL_SLOT: Final = _slot("gaspayingtokensymbol")


@dataclass(frozen=True, slots=True)
class GasToken:
    """A token that pays for gas."""

    name: str
    symbol: str
    address: bytes | None
    """Its contract on the L1; `None` for ether."""

    def storage(self) -> Mapping[int, int]:
        """Return the slots that say so, by number."""
        if self.address is None:
            return {}
        return {
            TOKEN_SLOT: DECIMALS << 160 | int.from_bytes(self.address, "big"),
            NAME_SLOT: _word(self.name),
            SYMBOL_SLOT: _word(self.symbol),
        }


ETHER: Final = GasToken("Ether", "ETH", None)
OPEN: Final = GasToken("OPEN", "OPEN", OPEN_TOKEN)
GAS_TOKENS: Final[Mapping[str, GasToken]] = MappingProxyType({"open": OPEN, "eth": ETHER})
"""What the built-in L2 may begin with, by the name in the settings."""


def read_gas_token(slot: Callable[[int], int]) -> GasToken:
    """Return what a contract's storage says; `slot` reads a word of it."""
    packed = slot(TOKEN_SLOT)
    if packed == 0:
        return ETHER
    address = (packed & (1 << 160) - 1).to_bytes(20, "big")
    return GasToken(_text(slot(NAME_SLOT)), _text(slot(SYMBOL_SLOT)), address)


def _word(text: str) -> int:
    return int.from_bytes(text.encode().ljust(32, b"\0"), "big")


def _text(word: int) -> str:
    return word.to_bytes(32, "big").rstrip(b"\0").decode("utf-8", "replace")
