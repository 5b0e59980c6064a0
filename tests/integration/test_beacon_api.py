"""Batches in blobs: the local L1 carries them, serves them, and a verifier derives from them."""

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
import ckzg
import pytest

from byline.derivation.blob import decode_blob
from byline.derivation.frame import decode_frames
from byline.node.config import NodeConfig
from byline.node.devnet import Devnet
from byline.node.errors import ConfigError
from byline.node.l1 import kzg
from byline.node.l1.beacon_api import BeaconApi, BeaconProblem
from byline.node.l1.remote import RemoteL1
from byline.node.l2.data_availability import DataAvailability
from byline.node.storage.kv import MemoryKV
from byline.node.verifier import Verifier
from byline.node.version import client_version
from tests.integration.rollups import GENESIS_TIME, World, world
from tests.integration.test_batcher import noise
from tests.integration.test_l1_reorg import converges


def posted(da: DataAvailability = "blobs") -> tuple[World, BeaconApi]:
    """Return a rollup that has posted two blobs at L1 block 1, and its beacon API."""
    here = world(NodeConfig(da=da, target_frames=2))
    for number in range(2):
        here.send("l2", data=noise(number, 90_000), gas=5_000_000)
    here.rollup.flush()
    l1 = here.rollup.l1
    return here, BeaconApi(l1.chain, l1.blobs.get, "byline/test")


def slot_of(here: World, number: int) -> str:
    header = here.rollup.l1.chain.canonical(number)
    assert header is not None
    return str(header.timestamp - GENESIS_TIME)


def hashes_of(here: World) -> list[str]:
    block = here.rollup.l1.block(1)
    assert block is not None
    return ["0x" + name.hex() for tx in block.transactions for name in tx.blob_hashes]  # type: ignore[union-attr]


def refused(api: BeaconApi, slot: str, *hashes: str) -> tuple[int, str]:
    with pytest.raises(BeaconProblem) as caught:
        api.blobs(slot, hashes)
    return caught.value.status, str(caught.value)


@pytest.mark.parametrize("da", ["blobs", "auto"])
def test_the_loop_closes_over_blobs(da: DataAvailability) -> None:
    here, _ = posted(da)
    assert len(hashes_of(here)) == 2
    assert here.rollup.engine.heads.safe.number == 2
    converges(here)


def test_blobs_come_in_the_order_of_the_block_and_hold_the_frames() -> None:
    here, api = posted()
    blobs = [bytes.fromhex(item[2:]) for item in api.blobs(slot_of(here, 1), [])["data"]]
    assert ["0x" + kzg.versioned_hash(blob).hex() for blob in blobs] == hashes_of(here)
    assert [decode_frames(decode_blob(blob))[0].number for blob in blobs] == [0, 1]


def test_only_the_blobs_that_are_named_come() -> None:
    here, api = posted()
    slot, second = slot_of(here, 1), hashes_of(here)[1]
    every = api.blobs(slot, [])["data"]
    assert api.blobs(slot, [second])["data"] == every[1:]
    assert api.blobs(slot, ["0x" + "01" * 32])["data"] == []
    assert api.blobs(slot_of(here, 0), [])["data"] == []


def test_a_sidecar_has_its_index_in_the_block_and_a_proof_that_ckzg_verifies() -> None:
    here, api = posted()
    (item,) = api.sidecars(slot_of(here, 1), ["1"])["data"]
    blob, commitment, proof = (
        bytes.fromhex(item[key][2:]) for key in ("blob", "kzg_commitment", "kzg_proof")
    )
    assert item["index"] == "1"
    assert "0x" + kzg.hash_of(commitment).hex() == hashes_of(here)[1]
    assert ckzg.verify_blob_kzg_proof(blob, commitment, proof, kzg.trusted_setup())
    assert len(api.sidecars(slot_of(here, 1), [])["data"]) == 2


def test_a_slot_without_a_block_and_a_malformed_request_are_told_apart() -> None:
    here, api = posted()
    for _ in range(5):
        here.rollup.mine_l1()
    head = int(slot_of(here, here.rollup.l1.head.number))
    assert refused(api, str(head + 1))[0] == 404
    assert refused(api, "1")[0] == 404
    for wrong in ("-1", "x", "0x1", "1" * 30, "٣"):
        assert refused(api, wrong)[0] == 400
    assert refused(api, slot_of(here, 1), "0x12") == (
        400, "'0x12': want versioned hashes of 32 bytes in hex",
    )  # fmt: skip


def test_every_block_is_found_by_its_slot() -> None:
    here = world()
    for step in (1, 7, 1, 30, 2):
        here.rollup.mine_l1(here.rollup.l1.head.timestamp + step)
    api = BeaconApi(here.rollup.l1.chain, lambda _: None, "byline/test")
    for number in range(6):
        assert api.blobs(slot_of(here, number), [])["data"] == []


def test_a_blob_that_is_not_kept_any_more_is_not_found() -> None:
    here, api = posted()
    pruned = BeaconApi(api.chain, lambda _: None, "byline/test")
    status, words = refused(pruned, slot_of(here, 1))
    assert (status, "not kept" in words) == (404, True)


async def get(session: aiohttp.ClientSession, url: str) -> tuple[int, Mapping[str, Any]]:
    async with session.get(url) as answer:
        return answer.status, await answer.json()


def test_a_verifier_derives_from_blobs_over_http_and_says_when_it_has_no_beacon_api() -> None:
    async def scenario() -> None:
        async with (
            Devnet(NodeConfig(l1_port=0, l2_port=0, da="blobs")) as devnet,
            aiohttp.ClientSession() as session,
        ):
            await devnet.backends["l2"].controls.mine(3, None)
            await devnet.flush()
            url, config = devnet.l1_url, devnet.config
            status, document = await get(session, url + "/eth/v1/config/spec")
            assert (status, document["data"]["SECONDS_PER_SLOT"]) == (200, "1")
            status, document = await get(session, url + "/eth/v1/node/version")
            assert (status, document["data"]["version"]) == (200, client_version())
            status, document = await get(session, url + "/eth/v1/beacon/blobs/99999999")
            assert (status, document["code"]) == (404, 404)
            async with session.get(devnet.l2_url + "/eth/v1/config/spec") as answer:
                assert answer.status == 404, "only the L1 has blobs"
            async with RemoteL1(url, url, inbox=config.batch_inbox) as source:
                verifier = Verifier(config, source, MemoryKV())
                await verifier.start()
                safe = await verifier.run(None, lambda _: None, follow=False)
            assert safe == devnet.rollup.engine.heads.unsafe
            assert safe.number >= 3
            async with RemoteL1(url, inbox=config.batch_inbox) as source:
                blind = Verifier(config, source, MemoryKV())
                await blind.start()
                with pytest.raises(ConfigError, match="--beacon"):
                    await blind.run(None, lambda _: None, follow=False)

    asyncio.run(scenario())
