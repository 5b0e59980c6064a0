"""A devnet whose other chain's node fails now and then."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from byline.node.sync_devnet import SyncDevnet
from tests.devnets import call, wait_for
from tests.http_servers import Reply, answering
from tests.integration.test_forking import INIT, RICH, send, slot, words


@dataclass
class Proxy:
    """Stands between; answers HTTP 503 while it is `away`."""

    url: str = ""
    away: bool = False


@contextmanager
def between(target: str) -> Iterator[Proxy]:
    proxy = Proxy()

    def reply(body: bytes, _: Mapping[str, str]) -> Reply:
        if proxy.away:
            return 503, b"away", {}
        request = urllib.request.Request(target, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as found:
            return 200, found.read(), {}

    with answering(reply) as port:
        proxy.url = f"http://127.0.0.1:{port}"
        yield proxy


@dataclass
class Scene:
    proxy: Proxy
    devnet: SyncDevnet
    user: str
    store: str


@pytest.fixture
def scene() -> Iterator[Scene]:
    with SyncDevnet(l1_port=0, l2_port=0) as remote:
        user = call(remote.l2.url, "eth_accounts")[0]
        made = send(remote.l2.url, **{"from": user, "data": "0x" + INIT})
        with (
            between(remote.l2.url) as proxy,
            SyncDevnet(
                l1_port=0,
                l2_port=0,
                fork_url=proxy.url,
                fork_retries=0,
                no_storage_caching=True,
            ) as devnet,
        ):
            yield Scene(proxy, devnet, user, made["contractAddress"])


def test_a_call_that_cannot_be_answered_names_node_and_block(scene: Scene) -> None:
    scene.proxy.away = True
    url = scene.devnet.l2.url
    words_of_error = f"fork of {scene.proxy.url} .block 1.: no answer after 1 attempt: HTTP 503"
    for method, params in (
        ("eth_call", ({"to": scene.store, "data": words(3, 4)}, "latest")),
        ("eth_getBalance", (RICH, "latest")),
        ("eth_getStorageAt", (scene.store, "0x3", "latest")),
        ("eth_getBlockByNumber", ("0x0", False)),
    ):
        with pytest.raises(RuntimeError, match=words_of_error):
            call(url, method, *params)
    scene.proxy.away = False
    assert int(call(url, "eth_call", {"to": scene.store, "data": words(3, 4)}, "latest"), 16) == 5


def test_a_block_that_cannot_be_made_is_given_up_and_its_transaction_waits(scene: Scene) -> None:
    url = scene.devnet.l2.url
    # What every transaction needs is known from then on.
    send(url, **{"from": scene.user, "to": RICH, "value": "0x1"})
    before = call(url, "eth_getBlockByNumber", "latest", False)
    scene.proxy.away = True
    fields = {"from": scene.user, "to": scene.store, "data": words(0, 9), "gas": "0x30d40"}
    price = {"maxFeePerGas": "0x77359400", "maxPriorityFeePerGas": "0x1"}
    with pytest.raises(RuntimeError, match="no answer after 1 attempt"):
        call(url, "eth_sendTransaction", {**fields, **price})
    assert call(url, "eth_blockNumber") == before["number"]
    scene.proxy.away = False
    assert call(url, "txpool_status")["pending"] == "0x1"
    call(url, "evm_mine")
    assert slot(url, scene.store) == 9
    assert call(url, "txpool_status")["pending"] == "0x0"
    assert call(url, "eth_blockNumber") == hex(int(before["number"], 16) + 1)


def test_a_devnet_outlives_an_absence_of_the_other_node(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    url = scene.devnet.l2.url
    scene.proxy.away = True
    call(url, "evm_setAutomine", False)
    call(url, "evm_setIntervalMining", 1)
    wait_for(lambda: "no block by the clock: fork of" in caplog.text)
    assert call(url, "eth_blockNumber") == "0x1"
    scene.proxy.away = False
    wait_for(lambda: call(url, "eth_blockNumber") != "0x1")
    scene.devnet.flush()
    assert scene.devnet.sync_status().safe_l2.number >= 2
