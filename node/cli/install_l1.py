"""`byline install-l1`: make a development L1 fit for an L2, and write its rollup config."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

from byline.derivation.config import Fork
from byline.node.cli.running import run_to_end
from byline.node.client import RpcClient
from byline.node.contracts.gas_token import GAS_TOKENS
from byline.node.contracts.l1_contracts import WITHDRAWAL_DELAYS
from byline.node.l1.install import Wanted, install


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which L1, which L2, and where the config goes."""
    parser.add_argument("--l1-rpc", metavar="URL", required=True, help="an anvil")
    parser.add_argument("--l2-chain-id", metavar="ID", type=int, default=901)
    parser.add_argument(
        "--fork", choices=[fork.name.lower() for fork in Fork], default=Fork.JOVIAN.name.lower()
    )
    parser.add_argument("--block-time", metavar="SECONDS", type=int, default=2)
    parser.add_argument("--gas-token", choices=sorted(GAS_TOKENS), default="open")
    parser.add_argument("--withdrawals", choices=sorted(WITHDRAWAL_DELAYS), default="short")
    parser.add_argument("--out", metavar="FILE", type=Path, default=Path("rollup.json"))


def run(arguments: argparse.Namespace) -> int:
    """Install and write; 2 when the L1 does not take it."""
    return run_to_end(_install(arguments))


async def _install(arguments: argparse.Namespace) -> int:
    async with RpcClient(arguments.l1_rpc) as client:
        wanted = Wanted(
            l2_chain_id=arguments.l2_chain_id,
            fork=arguments.fork,
            block_time=arguments.block_time,
            gas_token=arguments.gas_token,
            withdrawals=arguments.withdrawals,
        )
        config = await install(client, wanted)
    text = json.dumps(config.to_json(), indent=2) + "\n"
    await asyncio.to_thread(arguments.out.write_text, text)
    print(
        f"L1 contracts installed; the L2 begins at L1 block {config.genesis.l1.number}.\n"
        f"byline up --l1-rpc {arguments.l1_rpc} --rollup-config {arguments.out}"
    )
    return 0
