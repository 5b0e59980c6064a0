"""What crosses between the chains of `byline up` stands in its output."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from byline.node.accounts import dev_account
from byline.node.bridge.actions import Bridge, Deposited, Withdrawn
from byline.node.client import RpcClient, Wallet
from byline.node.hexes import checksum
from tests.devnets import running, wait_for
from tests.vectors_folder import vectors

RECEIVER = b"\x99" * 20
SENDER = dev_account(3)
COIN = 10**18


async def crossed(l1_url: str, l2_url: str) -> tuple[Deposited, Withdrawn, str]:
    """Go both ways; return what the chains say of it and what pays for gas."""
    async with RpcClient(l1_url) as l1, RpcClient(l2_url) as l2:
        bridge = await Bridge.between(l1, l2)
        arrived = await bridge.deposit(Wallet(l1, SENDER), RECEIVER, 5 * COIN // 2)
        begun = await bridge.withdraw(Wallet(l2, SENDER), RECEIVER, COIN)
        return arrived, begun, "ETH" if bridge.contracts.gas_token is None else "OPEN"


def genuine() -> list[str]:
    """Return the arguments for chains with the OP Stack's own contracts."""
    files = vectors() / "devnet-901"
    return [
        *("--l1-genesis", str(files / "l1-genesis.json.gz")),
        *("--l2-genesis", str(files / "l2-genesis.json.gz")),
        *("--rollup-config", str(files / "rollup.json")),
    ]


@pytest.mark.parametrize("ours", [True, False], ids=["our contracts", "the genuine ones"])
def test_a_deposit_and_a_withdrawal_stand_in_the_output(tmp_path: Path, ours: bool) -> None:
    with running(tmp_path, [] if ours else genuine()) as devnet:
        arrived, begun, symbol = asyncio.run(crossed(devnet.l1_url, devnet.l2_url))
        [screen] = tmp_path.glob("screen-*.txt")
        l1, l2 = arrived.l1_receipt, arrived.l2_receipt
        way = f"from {checksum(SENDER.address)} to {checksum(RECEIVER)}"
        for line in (
            f"INFO    byline.bridge: deposit (native mint): 2.5 {symbol} {way}; "
            f"L1 block {int(l1['blockNumber'], 16)} {l1['transactionHash']}; "
            f"L2 block {int(l2['blockNumber'], 16)} {l2['transactionHash']}\n",
            f"INFO    byline.bridge: withdrawal (native): 1 {symbol} {way}; "
            f"L2 block {begun.block_number} {begun.l2_receipt['transactionHash']}; "
            f"withdrawal 0x{begun.withdrawal.hash.hex()}\n",
        ):
            wait_for(lambda line=line: line in screen.read_text(), 10)
