"""The part of a beacon node's API from which derivation gets blobs, for the local L1.

There is no beacon chain behind it.  A slot is a second since the L1's genesis, so that the L1
block of any time has one; a slot without an L1 block is a missed one (404).  Of a sidecar the
blob, commitment and proof are real, the block header names the slot alone, and the inclusion
proof is zeroes: nothing could be proven with it.
Sources: Ethereum beacon APIs (config/spec, beacon/genesis, beacon/blobs, blob_sidecars,
node/version); op-node, `op-service/sources/l1_beacon_client.go` (what is asked).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from byline.derivation.header import Header
from byline.derivation.transaction import Transaction
from byline.node.chain.chain import Chain
from byline.node.l1 import kzg
from byline.node.l1.network_form import POINT_SIZE, ProvenBlob

SECONDS_PER_SLOT: Final = 1
"""The local L1 makes blocks at any second."""
INCLUSION_DEPTH: Final = 17
"""Hashes that prove a commitment to be in a beacon block (Deneb)."""
_ZERO: Final = "0x" + "00" * 32
_MOST_SLOT: Final = 2**64
_SLOTS: Final = "want a slot: a decimal number"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Reader = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Runs work that reads the chain where it may wait."""


class BeaconProblem(Exception):
    """What the API answers in place of data; `status` is that of HTTP."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class BeaconApi:
    """Answers as JSON documents; every method may be called on any thread."""

    chain: Chain
    """The L1."""
    blob: Callable[[bytes], ProvenBlob | None]
    """Answers by versioned hash."""
    version: str

    def genesis(self) -> dict[str, Any]:
        """Answer `/eth/v1/beacon/genesis`."""
        return {
            "data": {
                "genesis_time": str(self._genesis_time()),
                "genesis_validators_root": _ZERO,
                "genesis_fork_version": "0x00000000",
            }
        }

    def spec(self) -> dict[str, Any]:
        """Answer `/eth/v1/config/spec`."""
        return {
            "data": {
                "SECONDS_PER_SLOT": str(SECONDS_PER_SLOT),
                "SLOT_DURATION_MS": str(1_000 * SECONDS_PER_SLOT),
                "DEPOSIT_CHAIN_ID": str(self.chain.chain_id),
                "DEPOSIT_NETWORK_ID": str(self.chain.chain_id),
            }
        }

    def node_version(self) -> dict[str, Any]:
        """Answer `/eth/v1/node/version`."""
        return {"data": {"version": self.version}}

    def blobs(self, slot: str, wanted: Sequence[str]) -> dict[str, Any]:
        """Answer `/eth/v1/beacon/blobs/{slot}`: the blobs of a block in order.

        `wanted` are versioned hashes in hex; without any, all blobs are wanted.
        """
        hashes = {_versioned_hash(text) for text in wanted}
        header = self._header(slot)
        found = [
            blob for _, blob in self._found(header, lambda _, name: name in hashes or not hashes)
        ]
        return _answer(["0x" + item.blob.hex() for item in found])

    def sidecars(self, slot: str, indices: Sequence[str]) -> dict[str, Any]:
        """Answer `/eth/v1/beacon/blob_sidecars/{slot}`; without `indices`, all of them."""
        numbers = {_decimal(text, "want indices: decimal numbers") for text in indices}
        header = self._header(slot)
        found = self._found(header, lambda index, _: index in numbers or not numbers)
        return _answer([self._sidecar(index, item, slot) for index, item in found])

    def _sidecar(self, index: int, item: ProvenBlob, slot: str) -> dict[str, Any]:
        single = len(item.proofs) == POINT_SIZE
        proof = item.proofs if single else kzg.blob_proof(item.blob, item.commitment)
        message = {
            "slot": slot,
            "proposer_index": "0",
            **dict.fromkeys(("parent_root", "state_root", "body_root"), _ZERO),
        }
        return {
            "index": str(index),
            "blob": "0x" + item.blob.hex(),
            "kzg_commitment": "0x" + item.commitment.hex(),
            "kzg_proof": "0x" + proof.hex(),
            "signed_block_header": {"message": message, "signature": "0x" + "00" * 96},
            "kzg_commitment_inclusion_proof": [_ZERO] * INCLUSION_DEPTH,
        }

    def _found(
        self, header: Header, wanted: Callable[[int, bytes], bool]
    ) -> list[tuple[int, ProvenBlob]]:
        """Return the wanted blobs of a block with their place among all of the block's."""
        block = self.chain.store.block(header.hash)
        assert block is not None, "a canonical block is stored"
        signed = [tx for tx in block.transactions if isinstance(tx, Transaction)]
        found = []
        for index, name in enumerate(name for tx in signed for name in tx.blob_hashes):
            if not wanted(index, name):
                continue
            item = self.blob(name)
            if item is None:
                raise BeaconProblem(404, f"blob 0x{name.hex()} is not kept any more")
            found.append((index, item))
        return found

    def _genesis_time(self) -> int:
        header = self.chain.canonical(self.chain.store.first_number)
        assert header is not None, "the L1 has a genesis block"
        return header.timestamp

    def _header(self, slot: str) -> Header:
        """Return the L1 block of a slot, by bisection: time grows from block to block."""
        wanted = self._genesis_time() + SECONDS_PER_SLOT * _decimal(slot, _SLOTS)
        low, high = self.chain.store.first_number, self.chain.head.number
        while low <= high:
            middle = (low + high) // 2
            header = self.chain.canonical(middle)
            if header is None:  # a reorganisation has just made the chain shorter
                high = middle - 1
            elif header.timestamp == wanted:
                return header
            elif header.timestamp < wanted:
                low = middle + 1
            else:
                high = middle - 1
        raise BeaconProblem(404, f"no L1 block in slot {slot}, at {wanted}")


def _answer(data: list[Any]) -> dict[str, Any]:
    return {"execution_optimistic": False, "finalized": False, "data": data}


def _decimal(text: str, want: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 20 or int(text) >= _MOST_SLOT:
        raise BeaconProblem(400, f"{text[:40]!r}: {want}")
    return int(text)


def _versioned_hash(text: str) -> bytes:
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) != 32:
        raise BeaconProblem(400, f"{text[:80]!r}: want versioned hashes of 32 bytes in hex")
    return found


def _listed(request: web.Request, name: str) -> list[str]:
    """Return a query's values, given by repetition or with commas."""
    values = request.query.getall(name, [])
    return [part for value in values for part in value.split(",") if part]


def pages(api: BeaconApi, read: Reader) -> Mapping[str, Handler]:
    """Return the handlers by path, for an HTTP server; `read` runs what reads the chain."""

    def page(work: Callable[[web.Request], dict[str, Any]]) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                return web.json_response(await read(lambda: work(request)))
            except BeaconProblem as exc:
                document = {"code": exc.status, "message": str(exc)}
                return web.json_response(document, status=exc.status)

        return handle

    def slot(request: web.Request) -> str:
        return request.match_info["slot"]

    return {
        "/eth/v1/beacon/genesis": page(lambda _: api.genesis()),
        "/eth/v1/config/spec": page(lambda _: api.spec()),
        "/eth/v1/node/version": page(lambda _: api.node_version()),
        "/eth/v1/beacon/blobs/{slot}": page(
            lambda request: api.blobs(slot(request), _listed(request, "versioned_hashes"))
        ),
        "/eth/v1/beacon/blob_sidecars/{slot}": page(
            lambda request: api.sidecars(slot(request), _listed(request, "indices"))
        ),
    }
