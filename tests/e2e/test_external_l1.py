"""The L2 on an L1 that others run: anvil from npm, with our contracts installed."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_abi.abi import encode

from byline.derivation.hashing import keccak256
from byline.node.accounts import DevAccount, dev_accounts
from byline.node.contracts.addresses import OPTIMISM_PORTAL
from byline.node.signing import sign_dynamic_fee
from tests.devnets import Running, call, command, environment, start, wait_for

pytestmark = pytest.mark.clients

ALICE, BOB = dev_accounts()[:2]
DEPOSIT = keccak256(b"depositTransaction(address,uint256,uint64,bool,bytes)")[:4]


@pytest.fixture
def node(anvil: str, tmp_path: Path) -> Iterator[Running]:
    """Install the contracts on anvil and run the L2 on it."""
    subprocess.run(
        command("install-l1", "--gas-token", "eth", "--l1-rpc", anvil),
        cwd=tmp_path,
        env=environment(),
        check=True,
    )
    found = start(tmp_path, arguments(anvil))
    yield found
    found.kill()


def arguments(anvil: str) -> list[str]:
    return ["--l1-rpc", anvil, "--rollup-config", "rollup.json", "--data-dir", "data"]


def send(url: str, account: DevAccount, to: bytes, value: int, data: bytes = b"") -> str:
    """Send a transaction; return its hash once it is mined."""
    address = "0x" + account.address.hex()
    tx = sign_dynamic_fee(
        account,
        chain_id=int(call(url, "eth_chainId"), 16),
        nonce=int(call(url, "eth_getTransactionCount", address, "pending"), 16),
        gas=500_000,
        to=to,
        max_fee=10**11,
        tip=10**9,
        value=value,
        data=data,
    )
    sent: str = call(url, "eth_sendRawTransaction", "0x" + tx.raw.hex())
    wait_for(lambda: call(url, "eth_getTransactionReceipt", sent) is not None)
    return sent


def balance(url: str, address: bytes) -> int:
    return int(call(url, "eth_getBalance", "0x" + address.hex(), "latest"), 16)


def heads(node: Running) -> tuple[int, int]:
    status = call(node.l2_url, "optimism_syncStatus")
    return status["unsafe_l2"]["number"], status["safe_l2"]["number"]


def verified(anvil: str, folder: Path) -> dict[int, str]:
    """Return hash by number of what a verifier derives from anvil alone."""
    done = subprocess.run(
        command("verify", "--blocks", "--l1", anvil, "--rollup-config", "rollup.json"),
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(),
        check=True,
    )
    return {int(n): h for n, h in re.findall(r"L2 block (\d+) (0x[0-9a-f]{64}) from", done.stdout)}


@pytest.mark.slow
def test_deposits_batches_and_a_verifier_work_on_anvil(
    anvil: str, node: Running, tmp_path: Path
) -> None:
    before = balance(node.l2_url, BOB.address)
    body = encode(
        ["address", "uint256", "uint64", "bool", "bytes"],
        [BOB.address, 10**18, 100_000, False, b""],
    )
    paid = send(anvil, ALICE, OPTIMISM_PORTAL, 10**18, DEPOSIT + body)
    wait_for(lambda: balance(node.l2_url, BOB.address) == before + 10**18)
    log = tmp_path / "data" / "byline.log"
    wait_for(lambda: "byline.bridge: deposit (native mint): 1 ETH" in log.read_text(), 10)
    assert paid in log.read_text()
    sent = send(node.l2_url, BOB, ALICE.address, 5)
    number = int(call(node.l2_url, "eth_getTransactionReceipt", sent)["blockNumber"], 16)
    wait_for(lambda: heads(node)[1] >= number)

    derived = verified(anvil, tmp_path)
    assert len(derived) >= number
    for height, block_hash in derived.items():
        block = call(node.l2_url, "eth_getBlockByNumber", hex(height), False)
        assert block_hash == block["hash"]


@pytest.mark.slow
def test_an_l1_reorganisation_and_a_restart_are_survived(
    anvil: str, node: Running, tmp_path: Path
) -> None:
    wait_for(lambda: heads(node)[1] >= 3)
    call(anvil, "anvil_reorg", 4, [])
    sent = send(node.l2_url, ALICE, BOB.address, 7)
    number = int(call(node.l2_url, "eth_getTransactionReceipt", sent)["blockNumber"], 16)
    wait_for(lambda: heads(node)[1] >= number)
    node.kill()
    again = start(tmp_path, arguments(anvil))
    try:
        receipt = call(again.l2_url, "eth_getTransactionReceipt", sent)
        assert receipt is not None
        first = heads(again)[0]
        wait_for(lambda: heads(again)[1] > first)
        derived = verified(anvil, tmp_path)
        for height, block_hash in derived.items():
            block = call(again.l2_url, "eth_getBlockByNumber", hex(height), False)
            assert block_hash == block["hash"]
    finally:
        again.kill()
