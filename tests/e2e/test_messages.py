"""What a developer reads of a devnet that runs: transactions, failures, console.log."""

import json
import os
import pty
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from vyper.compiler import compile_code
from web3 import HTTPProvider, Web3
from web3.exceptions import ContractCustomError, ContractLogicError

from tests.devnets import START_SECONDS, call, command, environment, running, wait_for
from tests.talking import talking

TALKER = Path(__file__).with_name("talker.vy")
FORMATS = ("abi", "bytecode", "bytecode_runtime")
TOO_LITTLE = {
    "type": "error",
    "name": "TooLittle",
    "inputs": [{"name": "have", "type": "uint256"}, {"name": "who", "type": "address"}],
}


@pytest.fixture(scope="module")
def compiled() -> dict[str, Any]:
    with pytest.warns(Warning, match="print"):
        found = compile_code(TALKER.read_text(), output_formats=FORMATS)
    return {**found, "abi": [*found["abi"], TOO_LITTLE]}


@pytest.fixture
def abi_file(tmp_path: Path, compiled: dict[str, Any]) -> Path:
    path = tmp_path / "artifacts" / "Talker.json"
    path.parent.mkdir()
    document = {
        "contractName": "Talker",
        "abi": compiled["abi"],
        "deployedBytecode": compiled["bytecode_runtime"],
    }
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize("name", ["l1", "l2"])
def test_a_developer_sees_what_a_contract_does(
    tmp_path: Path, compiled: dict[str, Any], abi_file: Path, name: str
) -> None:
    with talking(tmp_path, "--abi", str(abi_file.parent)) as devnet:
        web3 = Web3(HTTPProvider(devnet.urls[name]))
        sender = web3.eth.accounts[0]
        factory = web3.eth.contract(abi=compiled["abi"], bytecode=compiled["bytecode"])

        def done(sent: Any) -> Any:
            return web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.02)

        made = done(factory.constructor().transact({"from": sender}))
        talker = web3.eth.contract(made["contractAddress"], abi=compiled["abi"])
        added = done(talker.functions.add(10**18, "so far").transact({"from": sender}))
        failed = done(talker.functions.refuse(7).transact({"from": sender, "gas": 200_000}))
        with pytest.raises(ContractCustomError):
            talker.functions.refuse(8).call({"from": sender})
        with pytest.raises(ContractLogicError, match="not today"):
            talker.functions.complain().estimate_gas({"from": sender})
        wait_for(lambda: len(devnet.of("byline.call")) >= 3)

        transactions = [line for line in devnet.of("byline.tx") if line["chain"] == name]
        by_hash = {line["hash"]: line for line in transactions}
        assert set(by_hash) == {
            item["transactionHash"].to_0x_hex() for item in (made, added, failed)
        }
        creation = by_hash[made["transactionHash"].to_0x_hex()]
        assert creation["created"] == made["contractAddress"]
        assert f"new Talker at {made['contractAddress'][:6]}" in creation["message"]
        line = by_hash[added["transactionHash"].to_0x_hex()]
        assert 'Talker.add(amount=1e18, note="so far")' in line["message"]
        assert line["function"] == "add(uint256,string)"
        assert line["args"] == {"amount": str(10**18), "note": "so far"}
        assert (line["status"], line["gas"]) == ("ok", added["gasUsed"])
        assert line["block"] == added["blockNumber"]
        line = by_hash[failed["transactionHash"].to_0x_hex()]
        assert line["status"] == "failed"
        assert line["error"] == f"reverted: TooLittle(have=7, who={sender})"

        written = devnet.of("byline.console")
        of_add = [item["console"] for item in written if item.get("hash") == by_hash_of(added)]
        assert of_add == [f"adding {10**18}", "so far 0"]
        of_refuse = [item["console"] for item in written if item.get("hash") == by_hash_of(failed)]
        assert of_refuse == ["refusing"]
        asked = [item for item in written if item.get("method") == "eth_call"]
        assert [item["console"] for item in asked] == ["refusing"]

        calls = devnet.of("byline.call")
        assert f"reverted: TooLittle(have=8, who={sender})" in [
            item.get("error") for item in calls
        ]
        estimate = next(item for item in calls if item["function"] == "complain()")
        assert (estimate["method"], estimate["error"]) == (
            "eth_estimateGas",
            "reverted: not today",
        )
        assert calls[0]["function"] == "add(uint256,string)"
        assert calls[0]["status"] == "ok", "an estimate whose contract writes is told"


def by_hash_of(receipt: Any) -> str:
    return str(receipt["transactionHash"].to_0x_hex())


def test_a_muted_chain_is_silent_until_it_may_speak(tmp_path: Path) -> None:
    with talking(tmp_path) as devnet:
        url = devnet.urls["l2"]
        first, second = call(url, "eth_accounts")[:2]

        def send() -> str:
            return str(call(url, "eth_sendTransaction", {"from": first, "to": second}))

        assert call(url, "hardhat_setLoggingEnabled", False) is True
        send()
        call(url, "hardhat_setLoggingEnabled", True)
        told = send()
        wait_for(lambda: devnet.of("byline.tx"))
        assert [line["hash"] for line in devnet.of("byline.tx")] == [told]


def answers(path: Path) -> bool:
    try:
        return bool(asked(path, "eth_chainId"))
    except OSError:
        return False


def asked(path: Path, method: str, *params: Any) -> Any:
    """Return what the node answers at its Unix socket."""
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(60)
        sock.connect(str(path))
        sock.sendall(json.dumps(request).encode())
        return json.loads(sock.makefile("rb").readline())["result"]


def test_the_quiet_one_says_nothing_and_stops_with_status_0(tmp_path: Path) -> None:
    # It does not say which port it has: a socket can be known before, and be nobody else's.
    with tempfile.TemporaryDirectory(prefix="quiet") as folder:
        path = Path(folder) / "l2.ipc"
        process = subprocess.Popen(
            command("up", "-q", "--l1-port", "0", "--l2-port", "0", "--l2-ipc", str(path)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=tmp_path,
            env=environment(),
        )
        wait_for(lambda: answers(path), START_SECONDS)
        first, second = asked(path, "eth_accounts")[:2]
        sent = asked(path, "eth_sendTransaction", {"from": first, "to": second})
        assert asked(path, "eth_getTransactionReceipt", sent)["status"] == "0x1"
        process.terminate()
        said, _ = process.communicate(timeout=30)
    assert (process.returncode, said) == (0, b"")


def test_quiet_and_verbose_together_are_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        command("up", "-q", "-v"), capture_output=True, text=True, cwd=tmp_path, env=environment()
    )
    assert done.returncode == 2
    assert "contradict" in done.stderr


def test_a_line_of_text_stands_on_the_screen_and_in_the_file(tmp_path: Path) -> None:
    with running(tmp_path, ["--data-dir", "data"]) as devnet:
        first, second = call(devnet.l2_url, "eth_accounts")[:2]
        call(devnet.l2_url, "eth_sendTransaction", {"from": first, "to": second, "value": "0x1"})
        log = tmp_path / "data" / "byline.log"
        wait_for(lambda: "21,000 gas" in log.read_text())
        assert "\x1b" not in log.read_text()
        assert str(log) in devnet.screen


@pytest.mark.parametrize("no_color", ["", "1"])
def test_a_terminal_has_colours_unless_the_user_wants_none(tmp_path: Path, no_color: str) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command("up", "--l1-port", "0", "--l2-port", "0", "-v", "--log-level", "debug"),
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        cwd=tmp_path,
        env={**environment(), "NO_COLOR": no_color, "TERM": "xterm"},
    )
    os.close(theirs)
    try:
        said = b""
        while b"\n" not in said:
            said += os.read(ours, 4096)
    finally:
        process.terminate()
        process.wait(30)
        os.close(ours)
    assert (b"\x1b[" in said) == (not no_color)
