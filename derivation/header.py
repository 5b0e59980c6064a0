"""The block header, one form for L1 and L2 (Prague fields, the last ones optional)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from byline.derivation.errors import InvalidData
from byline.derivation.hashing import (
    EMPTY_TRIE_ROOT,
    EMPTY_UNCLES_HASH,
    ZERO_ADDRESS,
    ZERO_HASH,
    keccak256,
)
from byline.derivation.kernels import rlp
from byline.derivation.kernels.bloom import EMPTY_BLOOM

_NUMBERS: Final = frozenset({7, 8, 9, 10, 11, 15, 17, 18})
_WIDTHS: Final = {0: 32, 1: 32, 2: 20, 3: 32, 4: 32, 5: 32, 6: 256, 13: 32, 14: 8}
_WIDTHS_LATER: Final = {16: 32, 19: 32, 20: 32}


@dataclass(frozen=True)
class Header:
    """What a block commits to.

    Fields stand in the order of their RLP encoding.  The fields from `base_fee` on came
    with later forks; those that a block's fork lacks are `None`, and once one is `None`
    all that follow are.
    """

    parent_hash: bytes = ZERO_HASH
    """Hash of the block before."""
    uncles_hash: bytes = EMPTY_UNCLES_HASH
    """Constant since the merge."""
    coinbase: bytes = ZERO_ADDRESS
    """Who gets the tips; on the L2 the sequencer fee vault."""
    state_root: bytes = EMPTY_TRIE_ROOT
    """Root of the account trie after the block."""
    transactions_root: bytes = EMPTY_TRIE_ROOT
    """Root of the trie of encoded transactions, by index."""
    receipts_root: bytes = EMPTY_TRIE_ROOT
    """Root of the trie of encoded receipts, by index."""
    bloom: bytes = EMPTY_BLOOM
    """Union of the receipts' blooms, 256 bytes."""
    difficulty: int = 0
    """Zero since the merge."""
    number: int = 0
    """Height; genesis is 0."""
    gas_limit: int = 0
    """Most gas that the block's transactions may use."""
    gas_used: int = 0
    """Gas that they used."""
    timestamp: int = 0
    """Seconds since 1970."""
    extra_data: bytes = b""
    """Free on the L1; on the L2 the EIP-1559 parameters since Holocene."""
    mix_hash: bytes = ZERO_HASH
    """prevRandao; on the L2 that of the L1 origin."""
    nonce: bytes = bytes(8)
    """Zero since the merge."""
    base_fee: int | None = None
    """Wei per gas that every transaction pays (London)."""
    withdrawals_root: bytes | None = None
    """Shanghai; on the L2 since Isthmus the storage root of the L2ToL1MessagePasser."""
    blob_gas_used: int | None = None
    """Cancun; on the L2 since Jovian the data-availability footprint."""
    excess_blob_gas: int | None = None
    """Cancun; always 0 on the L2."""
    parent_beacon_root: bytes | None = None
    """Cancun; on the L2 the field of the same name of the L1 origin."""
    requests_hash: bytes | None = None
    """Prague; on the L2 the hash of no requests."""

    def fields(self) -> list[Any]:
        """Return the values in RLP order, without the trailing ones that are `None`."""
        values = [
            self.parent_hash, self.uncles_hash, self.coinbase, self.state_root,
            self.transactions_root, self.receipts_root, self.bloom, self.difficulty,
            self.number, self.gas_limit, self.gas_used, self.timestamp, self.extra_data,
            self.mix_hash, self.nonce, self.base_fee, self.withdrawals_root,
            self.blob_gas_used, self.excess_blob_gas, self.parent_beacon_root,
            self.requests_hash,
        ]  # fmt: skip
        while values[-1] is None:
            values.pop()
        if None in values:
            raise ValueError(f"header {self.number}: an optional field is missing before one set")
        return values

    def encode(self) -> bytes:
        """Return the RLP encoding, whose Keccak-256 is the block hash."""
        return rlp.encode(self.fields())

    @cached_property
    def hash(self) -> bytes:
        """The block hash."""
        return keccak256(self.encode())

    def with_(self, **changes: Any) -> Header:
        """Return a copy with `changes`."""
        return replace(self, **changes)

    @classmethod
    def decode(cls, data: bytes) -> Header:
        """Read an RLP header of 15 to 21 fields.

        Raises `InvalidData` when the list, a width or an integer is malformed.
        """
        try:
            items = rlp.decode(data)
        except InvalidData as exc:
            raise InvalidData(f"header: {exc}") from exc
        return cls.from_fields(items)

    @classmethod
    def from_fields(cls, items: Any) -> Header:
        """Build a header from the decoded RLP list (see `decode`)."""
        if not isinstance(items, list | tuple) or not 15 <= len(items) <= 21:
            raise InvalidData("header: want an RLP list of 15 to 21 fields")
        for index, width in (_WIDTHS | _WIDTHS_LATER).items():
            if index < len(items) and len(items[index]) != width:
                raise InvalidData(f"header field {index}: want {width} bytes")
        values: list[Any] = []
        for index, item in enumerate(items):
            if not isinstance(item, bytes):
                raise InvalidData(f"header field {index}: want bytes, got a list")
            if index in _NUMBERS:
                values.append(rlp.number(item, f"header field {index}"))
            else:
                values.append(item)
        return cls(*values)
