"""Transactions as values: the four signed Ethereum types and the OP deposit (0x7E).

`decode_transaction` reads the bytes that travel in blocks and over RPC (EIP-2718);
every value keeps those bytes in `raw`, so encoding again is exact.
Sources: EIP-155, 2718, 2930, 1559, 4844, 7702; OP Stack specs, protocol/deposits.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

from byline.derivation.errors import InvalidData
from byline.derivation.hashing import keccak256
from byline.derivation.kernels import rlp, secp256k1
from byline.derivation.kernels.rlp import number

LEGACY: Final = 0x00
ACCESS_LIST: Final = 0x01
DYNAMIC_FEE: Final = 0x02
BLOB: Final = 0x03
SET_CODE: Final = 0x04
DEPOSIT: Final = 0x7E

SECP256K1_N: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True, slots=True)
class AccessListEntry:
    """An address and storage slots that a transaction declares beforehand (EIP-2930)."""

    address: bytes
    """20 bytes."""
    storage_keys: tuple[bytes, ...]
    """32 bytes each."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """A signed wish of an account to run the code of another (EIP-7702)."""

    chain_id: int
    """0 means any chain."""
    address: bytes
    """Whose code to run; the zero address takes the delegation back."""
    nonce: int
    """The authority's nonce at that time."""
    y_parity: int
    r: int
    s: int


@dataclass(frozen=True)
class Transaction:
    """A signed transaction of type 0, 1, 2, 3 or 4."""

    type: int
    """The EIP-2718 type; 0 for legacy."""
    chain_id: int | None
    """`None` only for a legacy transaction without replay protection."""
    nonce: int
    gas: int
    """The gas limit."""
    to: bytes | None
    """`None` creates a contract."""
    value: int
    """Wei."""
    data: bytes
    max_fee_per_gas: int
    """Wei; for types 0 and 1 the gas price."""
    max_priority_fee_per_gas: int
    """Wei; for types 0 and 1 the gas price."""
    y_parity: int
    r: int
    s: int
    raw: bytes
    """The EIP-2718 bytes (for legacy: the RLP list)."""
    access_list: tuple[AccessListEntry, ...] = ()
    authorizations: tuple[Authorization, ...] = ()
    """EIP-7702; empty but for type 4."""
    max_fee_per_blob_gas: int = 0
    blob_hashes: tuple[bytes, ...] = ()
    """EIP-4844 versioned hashes; empty but for type 3."""

    @cached_property
    def hash(self) -> bytes:
        """Keccak-256 of `raw`."""
        return keccak256(self.raw)

    @property
    def signing_hash(self) -> bytes:
        """The hash that the sender signed; not kept, as only recovery asks for it."""
        if self.type != LEGACY:
            fields = rlp.decode(self.raw[1:])
            return keccak256(self.raw[:1] + rlp.encode(fields[:-3]))
        replay_protection = () if self.chain_id is None else (self.chain_id, 0, 0)
        return keccak256(rlp.encode((*rlp.decode(self.raw)[:6], *replay_protection)))

    @property
    def has_signature_values(self) -> bool:
        """Whether r lies in 1..n-1 and s in the lower half of that (EIP-2)."""
        return 0 < self.r < SECP256K1_N and 0 < self.s <= SECP256K1_N // 2

    @cached_property
    def sender(self) -> bytes:
        """The account that signed, recovered once (about 0.1 ms).

        Raises `InvalidData` when no key fits, or s is in the upper half (EIP-2).
        """
        if not self.has_signature_values:
            raise InvalidData("invalid transaction v, r, s values")
        found = secp256k1.recover(self.signing_hash, self.y_parity, self.r, self.s)
        if found is None:
            raise InvalidData("invalid signature: no key can have made it")
        return found

    def effective_gas_price(self, base_fee: int) -> int:
        """Wei per gas that the sender pays under `base_fee` (EIP-1559)."""
        return min(self.max_fee_per_gas, base_fee + self.max_priority_fee_per_gas)


@dataclass(frozen=True)
class DepositTransaction:
    """A transaction that the L1 forces into an L2 block; it has no signature."""

    source_hash: bytes
    """Where on the L1 it comes from; makes the hash unique."""
    sender: bytes
    """The account it acts for (already aliased when a contract deposited)."""
    to: bytes | None
    """`None` creates a contract."""
    mint: int
    """Wei created on the L2 for `sender`, whatever happens next."""
    value: int
    """Wei sent along."""
    gas: int
    """The gas limit, paid for on the L1."""
    is_system_transaction: bool
    """Must be false since Regolith."""
    data: bytes

    @property
    def type(self) -> int:
        """Always 0x7E."""
        return DEPOSIT

    @cached_property
    def raw(self) -> bytes:
        """`0x7E` and the RLP of the fields; nil and 0 mint encode alike."""
        fields: tuple[rlp.Encodable, ...] = (
            self.source_hash, self.sender, self.to or b"", self.mint, self.value, self.gas,
            int(self.is_system_transaction), self.data,
        )  # fmt: skip
        return bytes([DEPOSIT]) + rlp.encode(fields)

    @cached_property
    def hash(self) -> bytes:
        """Keccak-256 of `raw`."""
        return keccak256(self.raw)


AnyTransaction: TypeAlias = Transaction | DepositTransaction


def decode_transaction(raw: bytes) -> AnyTransaction:
    """Read one transaction of any known type.

    Raises `InvalidData` naming the field; signatures are not recovered here.
    """
    if not raw:
        raise InvalidData("transaction: empty")
    if raw[0] >= 0xC0:
        return _decode_legacy(raw)
    reader = _READERS.get(raw[0])
    if reader is None:
        raise InvalidData(f"transaction type not supported: 0x{raw[0]:02x}")
    return reader(raw, _list(raw[1:], f"type {raw[0]} transaction"))


def _list(data: bytes, what: str) -> list[Any]:
    try:
        items = rlp.decode(data)
    except InvalidData as exc:
        raise InvalidData(f"{what}: {exc}") from exc
    if not isinstance(items, list):
        raise InvalidData(f"{what}: want an RLP list")
    return items


def _bytes(item: Any, name: str, width: int | None = None) -> bytes:
    if not isinstance(item, bytes) or (width is not None and len(item) != width):
        raise InvalidData(f"transaction {name}: want {width or 'some'} bytes")
    return item


def _to(item: Any) -> bytes | None:
    return None if item == b"" else _bytes(item, "to", 20)


def _count(items: list[Any], want: int, what: str) -> None:
    if len(items) != want:
        raise InvalidData(f"{what}: want {want} fields, got {len(items)}")


def _access_list(item: Any) -> tuple[AccessListEntry, ...]:
    if not isinstance(item, list):
        raise InvalidData("transaction access list: want a list")
    entries = []
    for entry in item:
        if not isinstance(entry, list) or len(entry) != 2:
            raise InvalidData("transaction access list: want pairs")
        address, keys = entry
        if not isinstance(keys, list):
            raise InvalidData("transaction access list: want a list of keys")
        entries.append(
            AccessListEntry(
                _bytes(address, "access list address", 20),
                tuple(_bytes(key, "access list key", 32) for key in keys),
            )
        )
    return tuple(entries)


def _authorizations(item: Any) -> tuple[Authorization, ...]:
    if not isinstance(item, list):
        raise InvalidData("transaction authorization list: want a list")
    found = []
    for entry in item:
        if not isinstance(entry, list) or len(entry) != 6:
            raise InvalidData("transaction authorization: want 6 fields")
        found.append(
            Authorization(
                number(entry[0], "transaction authorization chain id"),
                _bytes(entry[1], "authorization address", 20),
                number(entry[2], "transaction authorization nonce", 64),
                number(entry[3], "transaction authorization y parity", 8),
                number(entry[4], "transaction authorization r"),
                number(entry[5], "transaction authorization s"),
            )
        )
    return tuple(found)


def _transaction(**fields: Any) -> Transaction:
    """Return `Transaction(**fields)`, in an eighth of the time.

    A frozen dataclass is built by setting each field past its own guard, which is a third of
    decoding; here all go at once where that would put them.
    """
    made = Transaction.__new__(Transaction)
    vars(made).update(fields)
    return made


def _decode_legacy(raw: bytes) -> Transaction:
    items = _list(raw, "legacy transaction")
    _count(items, 9, "legacy transaction")
    v = number(items[6], "transaction v")
    if v in (27, 28):
        chain_id, y_parity = None, v - 27
    elif v >= 35:
        chain_id, y_parity = (v - 35) // 2, (v - 35) % 2
    else:
        raise InvalidData(f"transaction v: {v} is neither 27, 28 nor EIP-155")
    price = number(items[1], "transaction gas price")
    return _transaction(
        type=LEGACY,
        chain_id=chain_id,
        nonce=number(items[0], "transaction nonce", 64),
        gas=number(items[2], "transaction gas", 64),
        to=_to(items[3]),
        value=number(items[4], "transaction value"),
        data=_bytes(items[5], "data"),
        max_fee_per_gas=price,
        max_priority_fee_per_gas=price,
        y_parity=y_parity,
        r=number(items[7], "transaction r"),
        s=number(items[8], "transaction s"),
        raw=raw,
    )


def _signature(items: list[Any]) -> dict[str, Any]:
    return {
        "y_parity": number(items[-3], "transaction y parity", 1),
        "r": number(items[-2], "transaction r"),
        "s": number(items[-1], "transaction s"),
    }


def _decode_access_list(raw: bytes, items: list[Any]) -> Transaction:
    _count(items, 11, "type 1 transaction")
    price = number(items[2], "transaction gas price")
    return _transaction(
        type=ACCESS_LIST,
        chain_id=number(items[0], "transaction chain id"),
        nonce=number(items[1], "transaction nonce", 64),
        gas=number(items[3], "transaction gas", 64),
        to=_to(items[4]),
        value=number(items[5], "transaction value"),
        data=_bytes(items[6], "data"),
        max_fee_per_gas=price,
        max_priority_fee_per_gas=price,
        access_list=_access_list(items[7]),
        raw=raw,
        **_signature(items),
    )


def _common_1559(items: list[Any]) -> dict[str, Any]:
    """Fields that types 2, 3 and 4 share, at the same places."""
    return {
        "chain_id": number(items[0], "transaction chain id"),
        "nonce": number(items[1], "transaction nonce", 64),
        "max_priority_fee_per_gas": number(items[2], "transaction max priority fee"),
        "max_fee_per_gas": number(items[3], "transaction max fee"),
        "gas": number(items[4], "transaction gas", 64),
        "value": number(items[6], "transaction value"),
        "data": _bytes(items[7], "data"),
        "access_list": _access_list(items[8]),
        **_signature(items),
    }


def _decode_dynamic_fee(raw: bytes, items: list[Any]) -> Transaction:
    _count(items, 12, "type 2 transaction")
    return _transaction(type=DYNAMIC_FEE, to=_to(items[5]), raw=raw, **_common_1559(items))


def _decode_blob(raw: bytes, items: list[Any]) -> Transaction:
    _count(items, 14, "type 3 transaction")
    if not isinstance(items[10], list):
        raise InvalidData("transaction blob hashes: want a list")
    return _transaction(
        type=BLOB,
        to=_bytes(items[5], "to", 20),
        raw=raw,
        max_fee_per_blob_gas=number(items[9], "transaction max fee per blob gas"),
        blob_hashes=tuple(_bytes(item, "blob hash", 32) for item in items[10]),
        **_common_1559(items),
    )


def _decode_set_code(raw: bytes, items: list[Any]) -> Transaction:
    _count(items, 13, "type 4 transaction")
    return _transaction(
        type=SET_CODE,
        to=_bytes(items[5], "to", 20),
        raw=raw,
        authorizations=_authorizations(items[9]),
        **_common_1559(items),
    )


def _decode_deposit(raw: bytes, items: list[Any]) -> DepositTransaction:
    _count(items, 8, "deposit transaction")
    if items[6] not in (b"", b"\x01"):
        raise InvalidData("deposit transaction: isSystemTx is not a boolean")
    return DepositTransaction(
        source_hash=_bytes(items[0], "source hash", 32),
        sender=_bytes(items[1], "from", 20),
        to=_to(items[2]),
        mint=number(items[3], "transaction mint"),
        value=number(items[4], "transaction value"),
        gas=number(items[5], "transaction gas", 64),
        is_system_transaction=items[6] == b"\x01",
        data=_bytes(items[7], "data"),
    )


_READERS: Final[dict[int, Callable[[bytes, list[Any]], AnyTransaction]]] = {
    ACCESS_LIST: _decode_access_list,
    DYNAMIC_FEE: _decode_dynamic_fee,
    BLOB: _decode_blob,
    SET_CODE: _decode_set_code,
    DEPOSIT: _decode_deposit,
}
