"""Receipts and logs as values, with their consensus encoding.

Sources: EIP-658, EIP-2718; OP Stack specs, protocol/deposits.md (deposit receipts).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from byline.derivation.errors import InvalidData
from byline.derivation.kernels import rlp
from byline.derivation.kernels.bloom import EMPTY_BLOOM, bloom_of, union_of
from byline.derivation.transaction import DEPOSIT, LEGACY

DEPOSIT_RECEIPT_VERSION: Final = 1
"""Version written since Canyon, when nonce and version joined the receipts root."""


@dataclass(frozen=True, slots=True)
class Log:
    """An event that a contract emitted."""

    address: bytes
    """The contract, 20 bytes."""
    topics: tuple[bytes, ...]
    """At most four, 32 bytes each."""
    data: bytes


@dataclass(frozen=True)
class Receipt:
    """What a transaction left behind, as far as the block commits to it."""

    type: int
    """The transaction's EIP-2718 type."""
    succeeded: bool
    """The status bit of EIP-658."""
    cumulative_gas_used: int
    """Gas used by this and all earlier transactions of the block."""
    logs: tuple[Log, ...]
    deposit_nonce: int | None = None
    """Deposits: the sender's nonce before."""
    deposit_version: int | None = None
    """Deposits since Canyon: 1."""

    @cached_property
    def bloom(self) -> bytes:
        """The 256-byte filter over addresses and topics of `logs`."""
        if not self.logs:
            return EMPTY_BLOOM  # one object for the many receipts without logs
        return bloom_of([item for log in self.logs for item in (log.address, *log.topics)])

    def encode(self) -> bytes:
        """Return the bytes that go into the receipts trie."""
        fields: list[Any] = [
            b"\x01" if self.succeeded else b"",
            self.cumulative_gas_used,
            self.bloom,
            [(log.address, log.topics, log.data) for log in self.logs],
        ]
        if self.deposit_nonce is not None:
            fields.append(self.deposit_nonce)
            if self.deposit_version is not None:
                fields.append(self.deposit_version)
        body = rlp.encode(fields)
        return body if self.type == LEGACY else bytes([self.type]) + body

    @classmethod
    def decode(cls, data: bytes) -> Receipt:
        """Read a receipt; raises `InvalidData` when it is malformed or its bloom is wrong."""
        if not data:
            raise InvalidData("receipt: empty")
        kind, body = (LEGACY, data) if data[0] >= 0xC0 else (data[0], data[1:])
        try:
            items = rlp.decode(body)
        except InvalidData as exc:
            raise InvalidData(f"receipt: {exc}") from exc
        most = 6 if kind == DEPOSIT else 4
        if not isinstance(items, list) or not 4 <= len(items) <= most:
            raise InvalidData(f"receipt: want a list of 4 to {most} fields")
        if items[0] not in (b"", b"\x01"):
            raise InvalidData("receipt: status is neither 0 nor 1")
        receipt = cls(
            type=kind,
            succeeded=items[0] == b"\x01",
            cumulative_gas_used=rlp.number(items[1], "receipt gas"),
            logs=_logs(items[3]),
            deposit_nonce=rlp.number(items[4], "receipt nonce") if len(items) > 4 else None,
            deposit_version=rlp.number(items[5], "receipt version") if len(items) > 5 else None,
        )
        if receipt.bloom != items[2]:
            raise InvalidData("receipt: bloom does not follow from the logs")
        return receipt


def _logs(items: Any) -> tuple[Log, ...]:
    if not isinstance(items, list):
        raise InvalidData("receipt: logs are not a list")
    logs = []
    for item in items:
        if not isinstance(item, list) or len(item) != 3:
            raise InvalidData("receipt: a log has three fields")
        address, topics, data = item
        if not (isinstance(address, bytes) and len(address) == 20 and isinstance(data, bytes)):
            raise InvalidData("receipt: malformed log")
        if not isinstance(topics, list) or len(topics) > 4:
            raise InvalidData("receipt: a log has at most four topics")
        if any(not isinstance(topic, bytes) or len(topic) != 32 for topic in topics):
            raise InvalidData("receipt: a topic is 32 bytes")
        logs.append(Log(address, tuple(topics), data))
    return tuple(logs)


def union_bloom(receipts: tuple[Receipt, ...] | list[Receipt]) -> bytes:
    """Return the header's bloom: the union of the receipts' blooms."""
    return union_of([receipt.bloom for receipt in receipts if receipt.logs])
