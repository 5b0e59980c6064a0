"""What is known of contracts: by address, by code, by selector.

The built-in contracts are known by their address, whatever proxy stands there; those of the
user's files by an address that was told or by their code, also behind a proxy; all others by
their selectors, which name a function only where all that are known agree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from byline.derivation.hashing import keccak256
from byline.node.contracts.addresses import IMPLEMENTATION_SLOT, L1_CONTRACTS, L2_CONTRACTS
from byline.node.contracts.artifacts import load, names
from byline.node.messages.abi import Contract, Signature, contract_of, declared
from byline.node.messages.code_pattern import pattern_of
from byline.node.messages.library import Library
from byline.node.messages.well_known import WELL_KNOWN
from byline.node.rollups.rollup import ChainName

MOST_CODES: Final = 4_096
"""Codes whose contract is remembered."""
ALIASES: Final[Mapping[str, str]] = {"BaseFeeVault": "FeeVault", "L1FeeVault": "FeeVault"}
"""Contracts that are copies of one artifact."""
_MINIMAL_PROXY: Final = (
    bytes.fromhex("363d3d373d3d3d363d73"),
    bytes.fromhex("5af43d82803e903d91602b57fd5bf3"),
)
"""What stands before and behind the address that a clone stands for (EIP-1167)."""
_PROXY_SLOT: Final = IMPLEMENTATION_SLOT.to_bytes(32, "big")
"""What the code of a proxy pushes to read whom it stands for (EIP-1967)."""
_DELEGATION: Final = bytes.fromhex("ef0100")
"""What stands before the address whose code an account runs (EIP-7702)."""


@dataclass(frozen=True, slots=True)
class Account:
    """How accounts are read, on the chain and at the block that they are asked at."""

    chain: ChainName
    code: Callable[[bytes], bytes]
    storage: Callable[[bytes, int], int]


def built_in(contracts: Mapping[str, bytes]) -> Mapping[bytes, str]:
    """Return the artifact of each named contract by its address, for those that have one."""
    known = names()
    named = ((ALIASES.get(name, name), address) for name, address in contracts.items())
    return {address: name for name, address in named if name in known}


BUILT_IN: Final[Mapping[ChainName, Mapping[bytes, str]]] = {
    "l1": built_in(L1_CONTRACTS),
    "l2": built_in(L2_CONTRACTS),
}
"""Artifacts by the addresses of the built-in contracts."""


class Book:
    """All that is known.  One thread uses it."""

    def __init__(
        self, built_in: Mapping[ChainName, Mapping[bytes, str]], library: Library | None = None
    ) -> None:
        """Begin with the built-in contracts of each chain: an artifact's name by address."""
        self._built_in = built_in
        self._library = library or Library(())
        self._shipped = {name: _shipped(name) for name in names()}
        self._common = [declared(name, lines) for name, lines in WELL_KNOWN.items()]
        self._codes: dict[bytes, Contract | None] = {}
        self._index()

    def _index(self) -> None:
        """Order by selector and by length of code what is known now."""
        self._codes.clear()
        self._told = dict(self._library.told())
        self._patterned: list[Contract] = []
        self._functions: dict[bytes, dict[str, Signature]] = defaultdict(dict)
        self._errors: dict[bytes, dict[str, Signature]] = defaultdict(dict)
        users = list(self._library.contracts())
        for contract in (*users, *self._common, *self._shipped.values()):
            _collect(contract.functions, self._functions)
            _collect(contract.errors, self._errors)
            if contract.pattern is not None:
                self._patterned.append(contract)

    def contract(self, address: bytes, account: Account) -> Contract | None:
        """Return the contract at `address`, or that a proxy there stands for, if it is known."""
        self._refresh()
        known = self._told.get(address)
        if known is not None:
            return known
        name = self._built_in[account.chain].get(address)
        if name is not None:
            return self._shipped[name]
        code = account.code(address)
        if not code:
            return None
        stands_for = _stands_for(code)
        if _PROXY_SLOT in code:
            stands_for = _implementation(account.storage, address)
        behind = None
        if stands_for is not None:
            behind = self._told.get(stands_for) or self._by_code(account.code(stands_for))
        return behind or self._by_code(code)

    def _refresh(self) -> None:
        if self._library.refresh():
            self._index()

    def _by_code(self, code: bytes) -> Contract | None:
        if not code:
            return None
        key = keccak256(code)
        if key not in self._codes:
            if len(self._codes) >= MOST_CODES:
                self._codes.clear()
            self._codes[key] = _one(
                [item for item in self._patterned if item.pattern and item.pattern.fits(code)]
            )
        return self._codes[key]

    def functions(self, selector: bytes) -> Sequence[Signature]:
        """Return the different functions with a selector."""
        return tuple(self._functions.get(selector, {}).values())

    def errors(self, selector: bytes) -> Sequence[Signature]:
        """Return the different errors with a selector."""
        self._refresh()
        return tuple(self._errors.get(selector, {}).values())


def _shipped(name: str) -> Contract:
    artifact = load(name)
    return contract_of(name, artifact.abi, pattern_of(artifact.runtime.hex()))


def _collect(found: Mapping[bytes, Signature], into: dict[bytes, dict[str, Signature]]) -> None:
    for selector, signature in found.items():
        into[selector].setdefault(signature.text, signature)


def _one(fitting: Sequence[Contract]) -> Contract | None:
    """Return the contract with a code; where several have it, under all their names."""
    called = sorted({item.name for item in fitting})
    if len(called) < 2:
        return fitting[0] if fitting else None
    first = fitting[0]
    return Contract("|".join(called), first.functions, first.errors, first.pattern)


def _stands_for(code: bytes) -> bytes | None:
    before, behind = _MINIMAL_PROXY
    if len(code) == 45 and code.startswith(before) and code.endswith(behind):
        return code[10:30]
    if len(code) == 23 and code.startswith(_DELEGATION):
        return code[3:]
    return None


def _implementation(storage: Callable[[bytes, int], int], address: bytes) -> bytes | None:
    word = storage(address, IMPLEMENTATION_SLOT)
    return word.to_bytes(32, "big")[12:] if 0 < word < 2**160 else None
