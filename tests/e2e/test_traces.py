"""Traces over the ports of a running devnet."""

from __future__ import annotations

import pytest

from byline.node.accounts import dev_accounts
from byline.node.signing import sign_dynamic_fee
from tests.devnets import call, wait_for

CAROL = dev_accounts()[7]
REVERTS = bytes.fromhex("5f5ffd")


@pytest.mark.parametrize("port", ["l1", "l2"])
def test_both_ports_trace_what_they_have_mined(port: str, l1_url: str, l2_url: str) -> None:
    url = l1_url if port == "l1" else l2_url
    tx = sign_dynamic_fee(
        CAROL,
        chain_id=int(call(url, "eth_chainId"), 16),
        nonce=int(call(url, "eth_getTransactionCount", "0x" + CAROL.address.hex(), "latest"), 16),
        gas=100_000,
        to=None,
        max_fee=10**11,
        tip=10**6,
        data=REVERTS,
    )
    tx_hash = call(url, "eth_sendRawTransaction", "0x" + tx.raw.hex())
    wait_for(lambda: call(url, "eth_getTransactionReceipt", tx_hash))
    receipt = call(url, "eth_getTransactionReceipt", tx_hash)
    shown = call(url, "debug_traceTransaction", tx_hash, {"tracer": "callTracer"})
    assert shown["error"] == "execution reverted"
    assert shown["gasUsed"] == receipt["gasUsed"]
    assert shown["input"] == "0x" + REVERTS.hex()
    opcodes = call(url, "debug_traceTransaction", tx_hash)
    assert [step["op"] for step in opcodes["structLogs"]] == ["PUSH0", "PUSH0", "REVERT"]
    block = call(url, "debug_traceBlockByNumber", receipt["blockNumber"])
    assert {"txHash": tx_hash, "result": opcodes} in block
    flat = call(url, "trace_transaction", tx_hash)
    assert [(entry["type"], entry["error"]) for entry in flat] == [("create", "Reverted")]
