"""The forks of the local L1: which are in force when, and what they change.

Sources: EIP-7569 (Cancun), EIP-7600 (Prague) and EIP-7607 (Osaka), with the blob schedules of
Fusaka.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from byline.derivation.blob_parameters import (
    BPO1_BLOBS,
    BPO2_BLOBS,
    CANCUN_BLOBS,
    MAX_BLOBS_PER_TRANSACTION,
    PRAGUE_BLOBS,
    BlobParameters,
)
from byline.derivation.header import Header
from byline.derivation.l1_info import BlobSchedule


class L1Fork(enum.IntEnum):
    """The L1 forks known here, oldest first."""

    CANCUN = 0
    """Before delegations, requests and the floor price of data; the devnet's L1 is newer."""
    PRAGUE = 1
    OSAKA = 2
    BPO1 = 3
    """Osaka with more blobs; so is the next."""
    BPO2 = 4


BLOBS_OF: Final[Mapping[L1Fork, BlobParameters]] = MappingProxyType(
    {
        L1Fork.CANCUN: CANCUN_BLOBS,
        L1Fork.PRAGUE: PRAGUE_BLOBS,
        L1Fork.OSAKA: PRAGUE_BLOBS,
        L1Fork.BPO1: BPO1_BLOBS,
        L1Fork.BPO2: BPO2_BLOBS,
    }
)


def _osaka_at_genesis() -> Mapping[L1Fork, int]:
    return MappingProxyType({L1Fork.PRAGUE: 0, L1Fork.OSAKA: 0})


@dataclass(frozen=True, slots=True)
class L1Schedule:
    """When each L1 fork activates, in seconds since 1970; Cancun or Prague is the first, at 0."""

    times: Mapping[L1Fork, int] = field(default_factory=_osaka_at_genesis)

    @classmethod
    def at_genesis(cls, newest: L1Fork) -> L1Schedule:
        """Return a schedule with every fork up to `newest` in force from the start."""
        return cls(MappingProxyType({fork: 0 for fork in L1Fork if fork <= newest}))

    def __post_init__(self) -> None:
        oldest = L1Fork.CANCUN if L1Fork.CANCUN in self.times else L1Fork.PRAGUE
        known = [self.times.get(fork) for fork in L1Fork if fork >= oldest]
        given = [time for time in known if time is not None]
        if known[0] != 0 or given != sorted(given) or None in known[: len(given)]:
            raise ValueError(f"L1 forks are out of order, or {oldest.name} is not at 0: {known}")

    def newest(self, timestamp: int) -> L1Fork:
        """Return the newest fork in force at `timestamp`."""
        return max(fork for fork, time in self.times.items() if time <= timestamp)

    def active(self, fork: L1Fork, timestamp: int) -> bool:
        """Tell whether `fork` is in force at `timestamp`."""
        return self.newest(timestamp) >= fork

    def blobs(self, timestamp: int) -> BlobParameters:
        """Return the blob parameters at `timestamp`."""
        return BLOBS_OF[self.newest(timestamp)]

    def most_blobs_per_transaction(self, timestamp: int) -> int:
        """Return the most blobs of one transaction."""
        blobs = self.blobs(timestamp).most
        osaka = self.active(L1Fork.OSAKA, timestamp)
        return min(blobs, MAX_BLOBS_PER_TRANSACTION) if osaka else blobs

    def blob_base_fee(self, header: Header) -> int:
        """Return the wei per blob gas that the block with `header` charges."""
        return self.blobs(header.timestamp).base_fee(header.excess_blob_gas or 0)

    def next_excess_blob_gas(self, parent: Header, timestamp: int) -> int:
        """Return the excess blob gas of a block at `timestamp` on `parent`."""
        bounded = self.active(L1Fork.OSAKA, timestamp)
        return self.blobs(timestamp).next_excess(parent, bounded=bounded)

    @property
    def blob_schedule(self) -> BlobSchedule:
        """The same as derivation reads it: when the update fraction changes."""
        return tuple((time, BLOBS_OF[fork].update_fraction) for fork, time in self.times.items())
