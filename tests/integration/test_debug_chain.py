"""Going back and emptying the pool by the names that geth and reth have for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from byline.node.rollups.rollup import ChainName
from tests.devnets import Running, call, running

FROM, TO = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266", "0x" + "ab" * 20


@pytest.fixture(scope="module")
def devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("devnet")) as found:
        yield found


@pytest.fixture(params=["l1", "l2"])
def url(devnet: Running, request: pytest.FixtureRequest) -> str:
    name: ChainName = request.param
    return devnet.l1_url if name == "l1" else devnet.l2_url


def test_the_head_can_be_set_back(url: str) -> None:
    start = int(call(url, "eth_blockNumber"), 16)
    nonce = int(call(url, "eth_getTransactionCount", FROM), 16)
    for _ in range(3):
        call(url, "eth_sendTransaction", {"from": FROM, "to": TO, "value": "0x1"})
    assert int(call(url, "eth_getTransactionCount", FROM), 16) == nonce + 3
    head = int(call(url, "eth_blockNumber"), 16)
    assert head > start
    assert call(url, "debug_setHead", hex(start)) is None
    assert int(call(url, "eth_blockNumber"), 16) == start
    assert int(call(url, "eth_getTransactionCount", FROM), 16) == nonce
    with pytest.raises(RuntimeError, match="not found: the head is"):
        call(url, "debug_setHead", head + 100)


def test_the_pool_can_be_emptied(url: str) -> None:
    ahead = int(call(url, "eth_getTransactionCount", FROM), 16) + 5
    call(
        url, "eth_sendTransaction", {"from": FROM, "to": TO, "gas": "0x5208", "nonce": hex(ahead)}
    )
    assert call(url, "txpool_status") == {"pending": "0x0", "queued": "0x1"}
    assert call(url, "debug_clearTxpool") is None
    assert call(url, "txpool_status") == {"pending": "0x0", "queued": "0x0"}
