"""What the DevControl contract of a devnet says of one L2 block: its events, read from logs.

An extension of ours, in force only where the rollup config names the contract
(`RollupConfig.dev_control`):

    ClockSet(uint256 indexed l2Number, uint64 timestamp)
    DevDeposited(uint256 indexed l2Number, bytes32 indexed salt, bytes deposit)
    BlockSet(uint256 indexed l2Number, uint256 indexed field, uint256 value)

What they mean is in `dev_schedule`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from byline.derivation.dev_deposits import MOST_DEPOSIT_BYTES, read_deposit
from byline.derivation.errors import InvalidData
from byline.derivation.hashing import keccak256
from byline.derivation.receipt import Log
from byline.derivation.transaction import DepositTransaction

CLOCK_SET: Final = keccak256(b"ClockSet(uint256,uint64)")
DEV_DEPOSITED: Final = keccak256(b"DevDeposited(uint256,bytes32,bytes)")
BLOCK_SET: Final = keccak256(b"BlockSet(uint256,uint256,uint256)")
"""Topic 0 of each event."""


@dataclass(frozen=True, slots=True)
class ClockSet:
    """An L2 block has a time of its own."""

    l2_number: int
    timestamp: int
    """Seconds since 1970; of any size, as the log may hold it."""


@dataclass(frozen=True, slots=True)
class DevDeposited:
    """An L2 block holds a forced deposit."""

    l2_number: int
    deposit: DepositTransaction


@dataclass(frozen=True, slots=True)
class BlockSet:
    """A header field of an L2 block has another value."""

    l2_number: int
    field: int
    value: int


DevEvent: TypeAlias = ClockSet | DevDeposited | BlockSet


def read_event(log: Log) -> DevEvent | None:
    """Return the event in a log of DevControl, or `None` for a log that is none of these.

    Raises `InvalidData` where the log claims to be one and is malformed.
    """
    topic = log.topics[0] if log.topics else b""
    if topic == CLOCK_SET:
        _check_shape(log, "ClockSet", topics=2, size=32)
        return ClockSet(_number(log.topics[1]), _number(log.data))
    if topic == BLOCK_SET:
        _check_shape(log, "BlockSet", topics=3, size=32)
        return BlockSet(_number(log.topics[1]), _number(log.topics[2]), _number(log.data))
    if topic == DEV_DEPOSITED:
        _check_shape(log, "DevDeposited", topics=3)
        deposit = read_deposit(log.topics[2], _byte_string(log.data))
        return DevDeposited(_number(log.topics[1]), deposit)
    return None


def _check_shape(log: Log, name: str, topics: int, size: int | None = None) -> None:
    if len(log.topics) != topics:
        raise InvalidData(f"{name} log: {len(log.topics)} topics, want {topics}")
    if size is not None and len(log.data) != size:
        raise InvalidData(f"{name} log: {len(log.data)} bytes of data, want {size}")


def _number(word: bytes) -> int:
    return int.from_bytes(word, "big")


def _byte_string(data: bytes) -> bytes:
    """Return the one ABI-encoded byte string that `data` is, padded to whole words."""
    length = _number(data[32:64])
    end = 64 + length
    whole = len(data) >= 64 and length <= MOST_DEPOSIT_BYTES and len(data) == -(-end // 32) * 32
    if not whole or _number(data[:32]) != 32 or any(data[end:]):
        raise InvalidData(
            "DevDeposited log: the data are not one ABI-encoded byte string of at most "
            f"{MOST_DEPOSIT_BYTES} bytes"
        )
    return data[64:end]
