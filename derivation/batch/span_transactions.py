"""The transactions of a span batch: the same fields of all transactions side by side.

What a signed transaction says splits into bits, signature, recipient, nonce, gas and the
rest (`data`: type byte and an RLP list); the chain id is not sent.  `SpanTransaction`
holds one transaction so split, and turns into EIP-2718 bytes and back.
Sources: ethereum-optimism/specs, protocol/delta/span-batches.md and
protocol/isthmus/derivation.md (type 4); op-node, rollup/derive/span_batch_txs.go and
span_batch_tx.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from byline.derivation.batch.columns import Reader, encode_bits, encode_varint
from byline.derivation.constants import MAX_SPAN_BATCH_ELEMENTS
from byline.derivation.errors import InvalidData
from byline.derivation.rlp_items import encode_integer, encode_list, list_items, read_item
from byline.derivation.transaction import (
    ACCESS_LIST,
    DYNAMIC_FEE,
    LEGACY,
    SET_CODE,
    Transaction,
    decode_transaction,
)

_PRICES: Final = {LEGACY: 1, ACCESS_LIST: 1, DYNAMIC_FEE: 2, SET_CODE: 2}
"""How many prices stand between value and call data."""
_LISTS: Final = {LEGACY: 0, ACCESS_LIST: 1, DYNAMIC_FEE: 1, SET_CODE: 2}
"""How many lists (access list, authorizations) follow the call data."""
_EMPTY_LIST: Final = b"\xc0"


@dataclass(frozen=True, slots=True)
class SpanTransaction:
    """One transaction, split into the columns of a span batch."""

    to: bytes | None
    """`None` creates a contract."""
    y_parity: bool
    r: int
    s: int
    data: bytes
    """Type byte (none for legacy) and the RLP list of value, prices, call data and lists."""
    nonce: int
    gas: int
    protected: bool = True
    """Legacy: whether the signature names the chain (EIP-155)."""

    @property
    def type(self) -> int:
        """The EIP-2718 type as the data have it, known or not."""
        return LEGACY if self.data[0] >= 0x80 else self.data[0]

    def raw(self, chain_id: int) -> bytes:
        """Rebuild the EIP-2718 bytes.

        Raises `InvalidData` for a type that span batches do not carry, and for fields that
        are no transaction of that type.
        """
        kind = self.type
        if kind not in _PRICES:
            raise InvalidData(f"span batch transaction: type 0x{kind:02x} cannot be in one")
        if kind == SET_CODE and self.to is None:
            raise InvalidData("span batch transaction: type 4 cannot create a contract")
        items = _checked_items(kind, self.data if kind == LEGACY else self.data[1:])
        prices = 1 + _PRICES[kind]
        to = b"\x80" if self.to is None else b"\x94" + self.to
        body = [
            encode_integer(self.nonce), *items[1:prices], encode_integer(self.gas), to,
            items[0], *items[prices:], self._v(kind, chain_id), encode_integer(self.r),
            encode_integer(self.s),
        ]  # fmt: skip
        if kind == LEGACY:
            return encode_list(body)
        raw = bytes([kind]) + encode_list([encode_integer(chain_id), *body])
        if any(item != _EMPTY_LIST for item in items[prices + 1 :]):
            decode_transaction(raw)  # The inside of the lists has been taken as it came.
        return raw

    def _v(self, kind: int, chain_id: int) -> bytes:
        if kind != LEGACY:
            return encode_integer(self.y_parity)
        return encode_integer(
            (2 * chain_id + 35 if self.protected else 27) + self.y_parity,
        )

    @classmethod
    def split(cls, raw: bytes) -> SpanTransaction:
        """Split EIP-2718 bytes; raises `InvalidData` for a type that span batches lack."""
        transaction = decode_transaction(raw)
        if not isinstance(transaction, Transaction) or transaction.type not in _PRICES:
            raise InvalidData(f"type 0x{transaction.type:02x} cannot be in a span batch")
        kind = transaction.type
        items = list_items(raw if kind == LEGACY else raw[1:])[0 if kind == LEGACY else 1 :]
        # nonce, prices, gas, to, value, call data, lists, signature
        prices = 1 + _PRICES[kind]
        rest = items[prices + 3 : len(items) - 3]
        data = encode_list([items[prices + 2], *items[1:prices], *rest])
        return cls(
            to=transaction.to,
            y_parity=bool(transaction.y_parity),
            r=transaction.r,
            s=transaction.s,
            data=data if kind == LEGACY else bytes([kind]) + data,
            nonce=transaction.nonce,
            gas=transaction.gas,
            protected=transaction.chain_id is not None,
        )


def _checked_items(kind: int, data: bytes) -> list[bytes]:
    """Return the encoded items of the data list, each of the sort its place demands."""
    items = list_items(data)
    prices, lists = _PRICES[kind], _LISTS[kind]
    want = 2 + prices + lists
    if len(items) != want:
        raise InvalidData(
            f"span batch transaction: {len(items)} fields of type {kind}, want {want}"
        )
    for position, item in enumerate(items):
        is_list, start, end = read_item(item, 0)
        if is_list != (position >= 2 + prices):
            raise InvalidData(f"span batch transaction: field {position} of type {kind}")
        if position <= prices and (item[start : start + 1] == b"\0" or end - start > 32):
            raise InvalidData(f"span batch transaction: field {position} is no minimal integer")
    return items


def encode_transactions(transactions: Sequence[SpanTransaction]) -> bytes:
    """Return the columns."""
    legacy = [tx.protected for tx in transactions if tx.type == LEGACY]
    return b"".join(
        (
            encode_bits([tx.to is None for tx in transactions]),
            encode_bits([tx.y_parity for tx in transactions]),
            *(tx.r.to_bytes(32, "big") + tx.s.to_bytes(32, "big") for tx in transactions),
            *(tx.to for tx in transactions if tx.to is not None),
            *(tx.data for tx in transactions),
            *(encode_varint(tx.nonce) for tx in transactions),
            *(encode_varint(tx.gas) for tx in transactions),
            encode_bits(legacy),
        )
    )


def decode_transactions(reader: Reader, count: int) -> list[SpanTransaction]:
    """Read the columns of `count` transactions; raises `InvalidData` naming the column.

    Types are not judged here: an unknown one fails when it is rebuilt.
    """
    creates = reader.bits(count, "contract creation bits")
    parities = reader.bits(count, "y parity bits")
    signatures = reader.take(64 * count, "signatures")
    recipients = reader.take(20 * creates.count(False), "recipients")
    data = [_read_data(reader) for _ in range(count)]
    nonces = [reader.varint("nonce") for _ in range(count)]
    gases = [reader.varint("gas") for _ in range(count)]
    legacy = [item[0] >= 0x80 for item in data]
    protected = iter(reader.bits(legacy.count(True), "protected bits"))
    places = iter(range(0, len(recipients), 20))
    found = []
    for index in range(count):
        to = None if creates[index] else recipients[(at := next(places)) : at + 20]
        signature = signatures[64 * index : 64 * index + 64]
        found.append(
            SpanTransaction(
                to=to,
                y_parity=parities[index],
                r=int.from_bytes(signature[:32], "big"),
                s=int.from_bytes(signature[32:], "big"),
                data=data[index],
                nonce=nonces[index],
                gas=gases[index],
                protected=next(protected) if legacy[index] else True,
            )
        )
    return found


def _read_data(reader: Reader) -> bytes:
    start = reader.at
    if not reader.left:
        raise InvalidData("span batch transaction data: none left")
    typed = reader.data[start] < 0x80
    is_list, _, end = read_item(reader.data, start + typed)
    if not is_list:
        raise InvalidData(f"span batch transaction data: no list at byte {start}")
    if end - start - typed > MAX_SPAN_BATCH_ELEMENTS:
        raise InvalidData(f"span batch transaction data: {end - start} bytes, too many")
    return reader.take(end - start, "transaction data")
