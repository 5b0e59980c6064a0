"""What a start of the node does without, to answer within a second."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from byline.node.evm.engines import why_not_fast

HEAVY = {
    "eth",
    "eth_account",
    "eth_keys",
    "eth_utils",
    "eth_abi",
    "py_ecc",
    "pydantic",
    "rlp",
    "trie",
}

STORY = """
import asyncio, json, sys
import byline.node.cli.up
from byline.node.client import RpcClient
from byline.node.config import NodeConfig
from byline.node.devnet import Devnet

async def first_answer():
    async with Devnet(NodeConfig(l1_port=0, l2_port=0)) as devnet:
        async with RpcClient(devnet.l2_url) as client:
            await client.call("eth_getBalance", "0x" + "11" * 20, "latest")

asyncio.run(first_answer())
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""


@pytest.mark.skipif(why_not_fast() is not None, reason="the fast engine is not built")
def test_a_start_imports_neither_py_evm_nor_what_comes_with_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STORY], capture_output=True, text=True, check=True, timeout=60
    )
    assert not HEAVY & set(json.loads(done.stdout))
