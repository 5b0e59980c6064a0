"""Blobs of L1 blocks, from a beacon node, each checked against its versioned hash.

Sources: Ethereum beacon APIs, /eth/v1/beacon/{genesis,blobs,blob_sidecars} and
/eth/v1/config/spec; EIP-4844 (versioned hash); op-node, op-service/sources/l1_beacon_client.go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from byline.derivation.blob import BLOB_SIZE
from byline.derivation.errors import Temporary
from byline.node.errors import BadL1Answer
from byline.node.l1.kzg import versioned_hash
from byline.node.l1.transport import NotThere, Transport


class BeaconNode:
    """A beacon node; open its transport first."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._clock: tuple[int, int] | None = None

    async def blobs(self, timestamp: int, hashes: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the blobs `hashes` of the L1 block at `timestamp`, by versioned hash.

        Raises `Temporary` when the node does not have them (yet), `BadL1Answer` when it
        answers anything that is no blob.
        """
        wanted = set(hashes)
        slot = await self._slot(timestamp)
        found = {}
        for item in await self._at(slot, hashes):
            blob = _blob(item, self._transport.name)
            blob_hash = await asyncio.to_thread(self._hash, blob)
            if blob_hash in wanted:
                found[blob_hash] = blob
        missing = wanted - found.keys()
        if missing:
            raise Temporary(
                f"{self._transport.name} has no blob 0x{min(missing).hex()} in slot {slot}: "
                "it may be pruned there"
            )
        return found

    def _hash(self, blob: bytes) -> bytes:
        try:
            return versioned_hash(blob)
        except ValueError as exc:
            raise BadL1Answer(f"{self._transport.name}: {exc}") from exc

    async def _at(self, slot: int, hashes: Sequence[bytes]) -> list[Any]:
        """Return the blobs of a slot in hex, by the new method or else the old one."""
        query = "&".join(f"versioned_hashes=0x{one.hex()}" for one in hashes)
        try:
            return _items(await self._transport.get(f"/eth/v1/beacon/blobs/{slot}?{query}"))
        except NotThere:
            pass
        try:
            sidecars = _items(await self._transport.get(f"/eth/v1/beacon/blob_sidecars/{slot}"))
        except NotThere:
            return []
        return [item.get("blob") if isinstance(item, dict) else None for item in sidecars]

    async def _slot(self, timestamp: int) -> int:
        if self._clock is None:
            try:
                genesis = await self._transport.get("/eth/v1/beacon/genesis")
                spec = await self._transport.get("/eth/v1/config/spec")
                seconds = int(spec["data"]["SECONDS_PER_SLOT"])
                self._clock = int(genesis["data"]["genesis_time"]), max(1, seconds)
            except (KeyError, TypeError, ValueError, NotThere) as exc:
                raise BadL1Answer(
                    f"{self._transport.name} is no beacon node, genesis and spec do not read: "
                    f"{exc!r}"
                ) from exc
        start, seconds = self._clock
        return (timestamp - start) // seconds


def _items(answer: Any) -> list[Any]:
    data = answer.get("data") if isinstance(answer, dict) else None
    return data if isinstance(data, list) else []


def _blob(item: Any, who: str) -> bytes:
    try:
        blob = bytes.fromhex(item.removeprefix("0x"))
    except (AttributeError, ValueError) as exc:
        raise BadL1Answer(f"{who} answers a blob that is no hex") from exc
    if len(blob) != BLOB_SIZE:
        raise BadL1Answer(f"{who} answers a blob of {len(blob)} bytes, want {BLOB_SIZE}")
    return blob
