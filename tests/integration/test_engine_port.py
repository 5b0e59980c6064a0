"""What the engine's port serves, and to whom."""

from __future__ import annotations

import pytest

from tests.integration.engines import (
    EngineClient,
    OpNode,
    driven,
)
from tests.integration.rollups import world


def test_capabilities_name_every_engine_method_that_is_there() -> None:
    async def story(node: OpNode, client: EngineClient) -> None:
        named = await client.call("engine_exchangeCapabilities", ["engine_newPayloadV9"])
        assert set(named) == {
            *(f"engine_forkchoiceUpdatedV{version}" for version in (1, 2, 3)),
            *(f"engine_getPayloadV{version}" for version in (2, 3, 4, 5)),
            *(f"engine_newPayloadV{version}" for version in (2, 3, 4)),
            "engine_getClientVersionV1",
            "engine_getPayloadBodiesByHashV1",
            "engine_getPayloadBodiesByRangeV1",
        }
        (who,) = await client.call("engine_getClientVersionV1", {"code": "OP"})
        assert set(who) == {"code", "name", "version", "commit"}

    driven(world(), story)


def test_the_engine_port_serves_eth_but_signs_nothing_and_the_public_port_no_engine() -> None:
    async def story(node: OpNode, client: EngineClient) -> None:
        assert await client.call("eth_chainId") == hex(901)
        genesis = "0x" + node.unsafe.hash.hex()
        assert (await client.call("eth_getBlockByHash", genesis, True))["hash"] == genesis
        for method in ("eth_sendTransaction", "eth_sign", "evm_mine", "optimism_syncStatus"):
            assert (await client.refused(method)).code == -32601
        url = client.node.l2_url
        for method in ("engine_exchangeCapabilities", "evm_mine", "evm_snapshot"):
            request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": []}
            _, answer = await client.post(request, url)
            assert answer["error"]["code"] == -32601, method

    driven(world(), story)


@pytest.mark.parametrize("header", [None, "Bearer x.y.z", "Basic abc"])
def test_nobody_gets_in_without_a_token_neither_by_http_nor_by_websocket(
    header: str | None,
) -> None:
    async def story(node: OpNode, client: EngineClient) -> None:
        headers = {} if header is None else {"Authorization": header}
        body = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
        for url in (client.node.engine_url, client.node.engine_url + "/elsewhere"):
            async with client.session.post(url, json=body, headers=headers) as answer:
                assert answer.status == 401
                assert "token" in await answer.text()
        upgrade = {
            "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        }  # fmt: skip
        async with client.session.get(client.node.engine_url, headers=headers | upgrade) as found:
            assert found.status == 401

    driven(world(), story)
