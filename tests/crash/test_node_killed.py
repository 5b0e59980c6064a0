"""A node killed with SIGKILL while it makes blocks goes on from what it acknowledged."""

import random
import threading
import time
from http.client import HTTPException
from pathlib import Path

import pytest

from byline.node.accounts import dev_accounts
from byline.node.signing import sign_dynamic_fee
from tests.devnets import Running, call, running, start

ALICE, BOB = dev_accounts()[:2]


def transfer(url: str, nonce: int) -> str:
    tx = sign_dynamic_fee(
        ALICE,
        chain_id=901,
        nonce=nonce,
        gas=21_000,
        to=BOB.address,
        max_fee=10**11,
        tip=10**6,
        value=1,
    )
    sent: str = call(url, "eth_sendRawTransaction", "0x" + tx.raw.hex())
    return sent


def send_until_killed(devnet: Running, acknowledged: list[str], first: int) -> None:
    """Send transfers one after the other, and note each that the node acknowledged."""
    for nonce in range(first, first + 10_000):
        try:
            acknowledged.append(transfer(devnet.l2_url, nonce))
        except (OSError, HTTPException):
            return


@pytest.mark.slow
def test_a_killed_node_goes_on_from_an_acknowledged_block(tmp_path: Path) -> None:
    moments = random.Random(7)
    acknowledged: list[str] = []
    devnet = start(tmp_path, ["--data-dir", "data", "--batch-pause", "0.05"])
    for _ in range(5):
        first = int(call(devnet.l2_url, "eth_getTransactionCount", "0x" + ALICE.address.hex()), 16)
        sender = threading.Thread(target=send_until_killed, args=(devnet, acknowledged, first))
        sender.start()
        time.sleep(moments.uniform(0.3, 1.2))
        devnet.kill()
        sender.join()
        devnet = start(tmp_path, ["--data-dir", "data", "--batch-pause", "0.05"])
        receipts = [
            call(devnet.l2_url, "eth_getTransactionReceipt", sent) for sent in acknowledged
        ]

        assert all(receipt is not None and receipt["status"] == "0x1" for receipt in receipts)
        head = int(call(devnet.l2_url, "eth_blockNumber"), 16)
        numbers = [int(receipt["blockNumber"], 16) for receipt in receipts]
        assert numbers == sorted(numbers)
        assert head >= numbers[-1]
        for number in range(1, head + 1):
            block = call(devnet.l2_url, "eth_getBlockByNumber", hex(number), False)
            parent = call(devnet.l2_url, "eth_getBlockByNumber", hex(number - 1), False)
            assert block["parentHash"] == parent["hash"]
    assert len(acknowledged) > 50
    devnet.kill()


def test_a_pooled_transaction_survives_a_kill(tmp_path: Path) -> None:
    arguments = ["--data-dir", "data", "--block-time", "300"]
    with running(tmp_path, arguments) as devnet:
        sent = transfer(devnet.l2_url, 0)
        devnet.kill()
    with running(tmp_path, arguments) as devnet:
        found = call(devnet.l2_url, "eth_getTransactionByHash", sent)
        assert found is not None
        assert found["blockHash"] is None
        call(devnet.l2_url, "evm_mine")
        receipt = call(devnet.l2_url, "eth_getTransactionReceipt", sent)
        assert receipt["status"] == "0x1"
