"""An account as genesis has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


def _no_storage() -> Mapping[int, int]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class GenesisAccount:
    """One entry of a genesis allocation."""

    balance: int = 0
    """Wei."""
    nonce: int = 0
    code: bytes = b""
    storage: Mapping[int, int] = field(default_factory=_no_storage)
    """Slot to word; a word of 0 is the same as none."""
