"""Blobs come from a beacon node and are checked by their versioned hash."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from byline.derivation.blob import BLOB_SIZE, encode_blob
from byline.derivation.errors import Temporary
from byline.node.errors import BadL1Answer
from byline.node.l1.kzg import versioned_hash
from byline.node.l1.remote import RemoteL1
from tests.unit.node.l1.l1_kit import GENESIS, TO, FakeL1, every_type, made, run

OURS, OTHER = encode_blob(b"our frames"), encode_blob(b"somebody else's")
HASH = versioned_hash(OURS)
BLOCK = made(GENESIS, every_type(HASH))


class FakeBeacon:
    """Serves `blobs` for the slot of `BLOCK`, by the new method or only the old one."""

    def __init__(self, *blobs: Any, new: bool = True) -> None:
        self.blobs = blobs
        self.new = new
        self.asked: list[str] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        parts = request.path.split("/")
        if request.path == "/eth/v1/beacon/genesis":
            return web.json_response({"data": {"genesis_time": "1000"}})
        if request.path == "/eth/v1/config/spec":
            return web.json_response({"data": {"SECONDS_PER_SLOT": "12"}})
        if parts[-1] != "1" or (parts[-2] == "blobs") is not self.new:
            return web.Response(status=404)
        if self.new:
            return web.json_response({"data": list(self.blobs)})
        return web.json_response({"data": [{"index": "0", "blob": one} for one in self.blobs]})

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_get("/{rest:.*}", self.handle)
        async with TestServer(app) as server:
            yield str(server.make_url("/"))


def blobs_of(beacon: FakeBeacon, inbox: bytes | None = None) -> Any:
    async def go() -> Any:
        async with (
            FakeL1(GENESIS, BLOCK).serve() as url,
            beacon.serve() as beacon_url,
            RemoteL1(url, beacon_url, inbox=inbox, attempts=1, first_pause=0.001) as source,
        ):
            block = await source.block_by_number(1)
            assert block is not None
            return block.blobs

    return run(go())


def text(blob: bytes) -> str:
    return "0x" + blob.hex()


@pytest.mark.parametrize("new", [True, False], ids=["blobs", "blob_sidecars"])
def test_a_blob_comes_with_its_block_whatever_else_is_in_the_slot(new: bool) -> None:
    beacon = FakeBeacon(text(OTHER), text(OURS), new=new)
    assert blobs_of(beacon) == {HASH: OURS}
    assert f"/eth/v1/beacon/blobs/1?versioned_hashes=0x{HASH.hex()}" in beacon.asked


def test_blobs_for_other_recipients_are_left_alone() -> None:
    beacon = FakeBeacon()
    assert blobs_of(beacon, inbox=bytes(20)) == {}
    assert beacon.asked == []
    assert blobs_of(FakeBeacon(text(OURS)), inbox=TO) == {HASH: OURS}


@pytest.mark.parametrize("blobs", [(), (text(OTHER),)], ids=["nothing", "another blob"])
def test_a_blob_that_is_not_there_is_temporary(blobs: tuple[str, ...]) -> None:
    with pytest.raises(Temporary, match=f"no blob 0x{HASH.hex()} in slot 1"):
        blobs_of(FakeBeacon(*blobs))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("0xzz", "no hex"),
        (None, "no hex"),
        ("0x00", f"1 bytes, want {BLOB_SIZE}"),
        ("0x" + "ff" * BLOB_SIZE, "not a blob"),
    ],
)
def test_what_is_no_blob_is_refused(answer: Any, words: str) -> None:
    with pytest.raises(BadL1Answer, match=words):
        blobs_of(FakeBeacon(answer))


def test_what_is_no_beacon_node_is_said() -> None:
    class Other(FakeBeacon):
        async def handle(self, request: web.Request) -> web.Response:
            return web.json_response({"hello": "world"})

    with pytest.raises(BadL1Answer, match="is no beacon node"):
        blobs_of(Other())


def test_the_versioned_hash_is_that_of_eip_4844() -> None:
    """The commitment to the zero polynomial is the point at infinity, c0 00 .. 00."""
    assert versioned_hash(bytes(BLOB_SIZE)).hex() == (
        "010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014"
    )
