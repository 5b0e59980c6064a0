"""The start screen keeps together what a user copies from it."""

import asyncio
import io

from rich.console import Console

from byline.node.accounts import dev_accounts
from byline.node.cli.banner import print_banner
from byline.node.config import NodeConfig
from byline.node.devnet import Devnet, with_free_ports


def test_nothing_to_copy_is_broken_in_two_on_a_narrow_terminal() -> None:
    shown = io.StringIO()

    async def show() -> tuple[str, str]:
        async with Devnet(with_free_ports(NodeConfig(l2_chain_id=131277322940537))) as devnet:
            print_banner(Console(file=shown, width=40, soft_wrap=True), devnet, None)
            return devnet.l1_url, devnet.l2_url

    urls = asyncio.run(show())
    words = shown.getvalue().split()
    keys = [f"0x{account.key.hex()}" for account in dev_accounts()]
    for word in (*urls, *keys, "0x4200000000000000000000000000000000000015"):
        assert word in words
