"""Unix sockets: the clients that know them, and hostile ones."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import socket
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from web3 import AsyncWeb3, IPCProvider, Web3
from web3.providers.persistent import AsyncIPCProvider
from web3.types import RPCEndpoint, Wei

from tests.client_scripts import E2E
from tests.devnets import Running, call, running
from tests.fuzz.mutation import mutated
from tests.hostility import BODIES, CHAIN_ID, assert_serves, everything, request, watched

pytestmark = pytest.mark.slow

SCRIPT = """
import { createPublicClient } from 'viem'
import { ipc } from 'viem/node'
import { ethers } from 'ethers'
const path = process.argv[2]
const client = createPublicClient({ transport: ipc(path) })
const provider = new ethers.IpcSocketProvider(path)
const ids = [await client.getChainId(), Number((await provider.getNetwork()).chainId)]
const heard = { viem: 0, ethers: 0 }
client.watchBlockNumber({ onBlockNumber: (made) => { heard.viem = Number(made) }, poll: false })
await provider.on('block', (made) => { heard.ethers = made })
// A listener may not be there yet: make another block until both hear of one.
await untilHeard(
  'a block',
  async () => {
    await provider.send('evm_mine', [])
    return Number(await provider.send('eth_blockNumber', []))
  },
  (made) => heard.viem === made && heard.ethers === made,
)
console.log(JSON.stringify([...ids, heard.viem, heard.ethers]))
process.exit(0)
"""


@dataclass
class Served:
    node: Running
    l1: Path
    l2: Path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("ipc")
    # Short, as the system bounds the length of a socket's path.
    with tempfile.TemporaryDirectory(prefix="ipc") as sockets:
        l1, l2 = Path(sockets) / "l1.ipc", Path(sockets) / "l2.ipc"
        with running(folder, ["--l1-ipc", str(l1), "--l2-ipc", str(l2)]) as node:
            yield Served(node, l1, l2)
            printed = "".join(path.read_text() for path in folder.glob("screen-*.txt"))
            assert "Traceback" not in printed
            assert node.stop() == 0
            assert os.listdir(sockets) == []


@pytest.fixture
def path(served: Served) -> Iterator[Path]:
    yield served.l2
    assert_serves(served.node.l2_url)
    assert ask(served.l2, CHAIN_ID)["result"] == call(served.node.l2_url, "eth_chainId")


def connected(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(30)
    sock.connect(str(path))
    return sock


def ask(path: Path, body: bytes) -> dict[str, object]:
    with connected(path) as sock:
        sock.sendall(body)
        return dict(json.loads(sock.makefile("rb").readline()))


def test_both_chains_have_a_socket_that_only_its_owner_may_use(served: Served) -> None:
    for path, url in ((served.l1, served.node.l1_url), (served.l2, served.node.l2_url)):
        assert ask(path, CHAIN_ID)["result"] == call(url, "eth_chainId")
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_web3py_sends_and_waits(path: Path) -> None:
    provider: Any = IPCProvider(path)
    client = Web3(provider)
    sender = client.eth.accounts[0]
    sent = client.eth.send_transaction({"from": sender, "to": sender, "value": Wei(1)})
    assert client.eth.wait_for_transaction_receipt(sent)["status"] == 1
    # web3.py keeps it open, and has no way to say that it is not needed any more.
    provider._socket.sock.close()


def test_web3py_listens(path: Path) -> None:
    async def work() -> None:
        async with asyncio.timeout(30), AsyncWeb3(AsyncIPCProvider(path)) as client:
            await client.eth.subscribe("newHeads")
            before = await client.eth.block_number
            await client.provider.make_request(RPCEndpoint("evm_mine"), [])
            async for message in client.socket.process_subscriptions():
                head: Any = message["result"]
                assert head["number"] == before + 1
                return

    asyncio.run(work())


def test_viem_and_ethers_ask_and_listen(served: Served, path: Path, clients: Path) -> None:
    script = clients / f"ipc-{os.getpid()}.mjs"
    parts = json.dumps((E2E / "parts.mjs").as_uri())
    script.write_text(f"import {{ untilHeard }} from {parts}\n{SCRIPT}")
    try:
        done = subprocess.run(
            ["node", str(script), str(path)],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=clients,
        )
    finally:
        script.unlink()
    assert done.returncode == 0, done.stderr
    head = int(call(served.node.l2_url, "eth_blockNumber"), 16)
    assert json.loads(done.stdout) == [901, 901, head, head]


def test_cast_asks(path: Path, clients: Path) -> None:
    cast = clients / "node_modules" / ".bin" / "cast"
    if not cast.exists() and shutil.which("cast") is None:
        pytest.skip("no cast here: `make clients` installs it")
    done = subprocess.run(
        [str(cast), "chain-id", "--rpc-url", str(path)], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "901", done.stderr


@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_gets_an_error_that_says_so(path: Path, name: str) -> None:
    body, code = BODIES[name]
    with connected(path) as sock:
        sock.sendall(body)
        sock.shutdown(socket.SHUT_WR)
        answers = [json.loads(line) for line in everything(sock).splitlines()]
    if name in {"nothing", "cut", "two values"}:
        # Space is no value, what is cut never ends, and two values are two requests.
        assert len(answers) == (2 if name == "two values" else 0)
        assert all("result" in answer for answer in answers)
        return
    assert len(answers) == 1
    # What is no object and no array is not even a message.
    expected = {code, -32700} if code == -32600 else {code}
    assert answers[0]["error"]["code"] in expected


def test_changed_streams_get_answers_or_an_end(path: Path) -> None:
    rng = random.Random(11)
    seeds = [CHAIN_ID * 3, b"[" + CHAIN_ID + b"]\n", request("eth_subscribe", "newHeads")]
    for _ in range(300):
        with connected(path) as sock:
            sock.sendall(mutated(rng, seeds, 2_000))
            sock.shutdown(socket.SHUT_WR)
            for line in everything(sock).splitlines():
                answer = json.loads(line)
                for one in answer if isinstance(answer, list) else [answer]:
                    assert one["jsonrpc"] == "2.0"


def test_a_flood_of_requests_and_of_sockets_keeps_nobody_out(served: Served, path: Path) -> None:
    deaf = [connected(path) for _ in range(100)]
    batch = b"[" + b",".join([request("eth_getBlockByNumber", "latest", True)] * 500) + b"]"
    with watched(served.node.l2_url):
        for sock in deaf:
            sock.settimeout(0.05)
            try:
                for _ in range(10):
                    sock.sendall(batch)
            except OSError:
                continue
        assert ask(path, CHAIN_ID)["id"] == 7
    for sock in deaf:
        sock.close()
