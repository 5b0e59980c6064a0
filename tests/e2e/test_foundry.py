"""forge and cast, as they are installed, against both ports."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.client_scripts import E2E, SECONDS, SOLC, environment
from tests.devnets import call

pytestmark = pytest.mark.clients

PORTS = pytest.mark.parametrize("port", ["l1_url", "l2_url"])
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
RICH = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


class Project:
    """A project of forge's in a folder of its own, whose scripts go to one URL."""

    def __init__(self, folder: Path, clients: Path, url: str) -> None:
        shutil.copytree(E2E / "foundry", folder, dirs_exist_ok=True)
        (folder / "src").mkdir()
        shutil.copy(E2E / "solidity" / "Guild.sol", folder / "src")
        self.folder, self.clients, self.url = folder, clients, url

    def forge(self, name: str, *options: str, **variables: str) -> str:
        """Run forge and return what it printed; it must end with 0."""
        done = subprocess.run(
            [str(program(self.clients, "forge")), name, "--use", str(SOLC), *options],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env={**environment(self.clients), "HOME": str(self.folder), **variables},
        )
        assert done.returncode == 0, f"{options}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def create(self, contract: str, *arguments: str) -> str:
        """Deploy a contract by `forge create` and return its address."""
        options = ("--rpc-url", self.url, "--private-key", KEY, "--broadcast", "--json")
        printed = self.forge(
            "create", f"src/Guild.sol:{contract}", *options, "--constructor-args", *arguments
        )
        return str(json.loads(printed[printed.index("{") :])["deployedTo"])


def program(clients: Path, name: str) -> Path:
    """Return the binary behind the npm wrapper, which ends with 0 whatever it says."""
    return next((clients / "node_modules" / "@foundry-rs").glob(f"{name}-*/bin/{name}"))


@pytest.fixture
def project(port: str, clients: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Project:
    return Project(tmp_path / "project", clients, request.getfixturevalue(port))


@PORTS
def test_forge_creates_and_tests_on_a_fork_of_the_port(port: str, project: Project) -> None:
    earlier = int(call(project.url, "eth_blockNumber"), 16)
    coin = project.create("Coin", "1000")
    assert len(call(project.url, "eth_getCode", coin, "latest")) > 100
    variables = {
        "URL": project.url,
        "COIN": coin,
        "EARLIER": str(earlier),
        "CHAIN_ID": str(int(call(project.url, "eth_chainId"), 16)),
    }
    printed = project.forge("test", "--fork-url", project.url, "-vvv", **variables)
    assert "4 tests passed, 0 failed" in printed, printed


@PORTS
@pytest.mark.parametrize(
    "pace",
    [
        pytest.param([], id="fast"),
        pytest.param(["--slow"], id="slow", marks=pytest.mark.slow),
        pytest.param(["--legacy"], id="legacy", marks=pytest.mark.slow),
    ],
)
def test_forge_scripts_broadcast_and_resume(port: str, pace: list[str], project: Project) -> None:
    options = ("script/Guild.s.sol", "--rpc-url", project.url, "--private-key", KEY)
    snapshot = call(project.url, "evm_snapshot")
    try:
        printed = project.forge("script", *options, "--broadcast", *pace)
        assert "ONCHAIN EXECUTION COMPLETE & SUCCESSFUL" in printed
        again = project.forge("script", *options, "--broadcast", "--resume", *pace)
        assert "ONCHAIN EXECUTION COMPLETE & SUCCESSFUL" in again
        [run] = project.folder.glob("broadcast/Guild.s.sol/*/run-latest.json")
        told = json.loads(run.read_text())
        assert [int(receipt["status"], 16) for receipt in told["receipts"]] == [1] * 6
        assert len({receipt["transactionHash"] for receipt in told["receipts"]}) == 6
        coin = told["transactions"][1]
        assert coin["transactionType"] == "CREATE2"
        assert len(call(project.url, "eth_getCode", coin["contractAddress"], "latest")) > 100
    finally:
        assert call(project.url, "evm_revert", snapshot)


class Cast:
    """cast against one URL."""

    def __init__(self, clients: Path, url: str, home: Path) -> None:
        self.program = program(clients, "cast")
        self.folder = home
        self.environment = {**os.environ, "ETH_RPC_URL": url, "HOME": str(home), "NO_COLOR": "1"}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.program), *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env=self.environment,
        )

    def __call__(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode == 0, f"cast {' '.join(words)}\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()

    def json(self, *words: str) -> Any:
        return json.loads(self(*words, "--json"))

    def fails(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode != 0, done.stdout
        return done.stderr


@pytest.fixture
def cast(port: str, clients: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Cast:
    return Cast(clients, request.getfixturevalue(port), tmp_path)


@pytest.fixture
def contract(cast: Cast, guild: Path) -> str:
    code = json.loads(guild.read_text())["Guild"]["bytecode"] + (5).to_bytes(32, "big").hex()
    return str(cast.json("send", "--private-key", KEY, "--create", code)["contractAddress"])


@PORTS
def test_cast_reads_blocks_accounts_and_contracts(port: str, cast: Cast, contract: str) -> None:
    number = cast("block-number")
    assert cast("block", number, "--field", "number") == number
    # Beside it the node's own may stand (batches, games, the clock), also in later blocks.
    sent = cast.json("send", "--private-key", KEY, RICH, "--value", "1")
    mined = cast.json("block", str(int(sent["blockNumber"], 16)), "--full")
    senders = {tx["hash"]: tx["from"] for tx in mined["transactions"]}
    assert senders[sent["transactionHash"]] == RICH.lower()
    assert cast("block", number, "--raw").startswith("0xf9")
    assert int(cast("block", "pending", "--field", "number")) > int(number)
    for tag in ("earliest", "safe", "finalized"):
        assert int(cast("block-number", tag)) <= int(cast("block-number"))
    assert "UTC" in cast("age", number)
    assert int(cast("base-fee", number)) > 0
    assert int(cast("gas-price")) > 0
    assert int(cast("find-block", cast("block", "1", "--field", "timestamp"))) >= 0
    assert "byline" in cast("client")
    assert cast("chain-id") in ("900", "901")
    assert int(cast("nonce", RICH)) > int(cast("nonce", RICH, "--block", "0"))
    assert int(cast("balance", RICH)) > 10**18
    assert int(cast("codesize", contract)) == len(cast("code", contract)) // 2 - 1
    assert cast("codehash", contract) == cast("keccak", cast("code", contract))
    assert int(cast("storage", contract, "0"), 16) == 5
    proof = json.loads(cast("proof", contract, "0"))
    assert proof["storageHash"] == cast("storage-root", contract)
    assert cast("call", contract, "due()(uint256)") == "5"
    assert cast("call", contract, "due()(uint256)", "--block", number) == "5"
    change = f"{contract}:0x0:0x2a"
    assert cast("call", contract, "due()(uint256)", "--override-state-diff", change) == "42"
    assert "Transaction successfully executed" in cast(
        "call", "--trace", contract, "join(string)", "x", "--value", "9", "--from", RICH
    )
    told = cast("call", contract, "now_()(uint256,uint256)", "--block.number", "77")
    assert told.splitlines()[1] == "77"
    assert int(cast("estimate", contract, "setDue(uint256)", "9", "--from", RICH)) > 21_000
    assert "keys:" in cast("access-list", contract, "setDue(uint256)", "9", "--from", RICH)
    assert cast("rpc", "eth_getBlockByNumber", "0x1", "false").startswith('{"hash"')
    assert json.loads(cast("tx-pool", "status")) == {"pending": "0x0", "queued": "0x0"}
    assert json.loads(cast("tx-pool", "content")) == {"pending": {}, "queued": {}}


@PORTS
def test_cast_sends_every_kind_and_follows_it(port: str, cast: Cast, contract: str) -> None:
    def send(*words: str) -> Any:
        return cast.json("send", "--private-key", KEY, *words)

    joined = send(contract, "join(string)", "hello", "--value", "7")
    assert (joined["status"], len(joined["logs"])) == ("0x1", 1)
    for words in (
        ["--legacy"], ["--access-list"], ["--sync"], ["--confirmations", "1"],
        ["--gas-limit", "90000", "--gas-price", "90gwei", "--priority-gas-price", "1gwei"],
    ):  # fmt: skip
        assert send(contract, "setDue(uint256)", "9", *words)["status"] == "0x1", words
    assert send(RICH, "--auth", contract)["type"] == "0x4"
    assert send(RICH, "--auth", "0x" + "00" * 20)["status"] == "0x1"
    unlocked = cast.json("send", "--unlocked", "--from", RICH, RICH, "--value", "1")
    assert unlocked["status"] == "0x1"
    hashed = cast("send", "--private-key", KEY, "--async", RICH)
    assert cast("receipt", hashed, "status") == "true"
    signed = cast("mktx", "--private-key", KEY, RICH, "--value", "1")
    assert json.loads(cast("publish", signed))["status"] == "0x1"
    transaction = joined["transactionHash"]
    assert cast("tx", transaction, "from") == RICH
    assert cast("keccak", cast("tx", transaction, "--raw")) == transaction
    nonce = str(int(cast.json("tx", transaction)["nonce"], 16))
    assert cast.json("tx", "--from", RICH, "--nonce", nonce)["hash"] == transaction
    assert '"callType": "call"' in cast("trace", transaction)
    logs = cast.json("logs", "--from-block", "0", "Joined(address indexed,uint256,string)", RICH)
    assert transaction in {log["transactionHash"] for log in logs}
    # Foundry knows OP Stack chains by id; of others it has to be told.
    network = 'network = "optimism"' if port == "l2_url" else ""
    (cast.folder / "foundry.toml").write_text(f"[profile.default]\n{network}\n")
    for words in ([], ["--quick"]):
        traced = cast("run", transaction, *words)
        assert "emit" in traced or "topic 0" in traced, traced
        assert f"Gas used: {int(joined['gasUsed'], 16)}" in traced


def test_cast_brings_blobs_to_the_l1(clients: Path, l1_url: str, tmp_path: Path) -> None:
    cast = Cast(clients, l1_url, tmp_path)
    (tmp_path / "blob").write_text("what a rollup would write")
    sent = cast.json("send", "--private-key", KEY, "--blob", "--path", "blob", RICH)
    assert (sent["status"], sent["type"]) == ("0x1", "0x3")
    assert int(sent["blobGasUsed"], 16) == 131_072


@PORTS
def test_cast_says_what_is_wrong(port: str, cast: Cast, contract: str) -> None:
    key = ("--private-key", KEY)
    assert 'data: "0x1cdde67b"' in cast.fails("call", contract, "close()")
    assert "execution reverted" in cast.fails("send", *key, contract, "close()")
    assert "dues must not fall" in cast.fails("estimate", contract, "setDue(uint256)", "1")
    assert "nonce too low" in cast.fails("send", *key, RICH, "--nonce", "0")
    poor = ("--private-key", "0x" + "07" * 32)
    assert "insufficient funds" in cast.fails("send", *poor, RICH, "--value", "1ether")
    assert cast.json("send", *key, contract, "close()", "--gas-limit", "100000")["status"] == "0x0"
    assert "does not exist" in cast.fails("rpc", "eth_nothing")
