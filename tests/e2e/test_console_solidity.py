"""What Solidity's `console.log` writes, as Hardhat's own library encodes it."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from web3 import HTTPProvider, Web3

from tests.client_scripts import E2E, SECONDS, SOLC, environment
from tests.devnets import wait_for
from tests.talking import talking

pytestmark = pytest.mark.clients

START = 42


@pytest.fixture(scope="module")
def output(clients: Path) -> Any:
    """Compile with solc; return its whole standard output."""
    library = clients / "node_modules" / "hardhat" / "console.sol"
    sources = {"Talker.sol": E2E / "solidity" / "Talker.sol", "hardhat/console.sol": library}
    code = ["bytecode.object", "deployedBytecode.object", "deployedBytecode.immutableReferences"]
    wanted = {
        "language": "Solidity",
        "sources": {name: {"content": path.read_text()} for name, path in sources.items()},
        "settings": {
            "evmVersion": "prague",
            "optimizer": {"enabled": True},
            "outputSelection": {"*": {"*": ["abi", *(f"evm.{part}" for part in code)]}},
        },
    }
    done = subprocess.run(
        ["node", str(SOLC), "--standard-json"],
        input=json.dumps(wanted),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=environment(clients),
    )
    found = json.loads(done.stdout)
    assert not [item for item in found.get("errors", []) if item["severity"] == "error"]
    return found


@pytest.mark.parametrize("name", ["l1", "l2"])
@pytest.mark.parametrize("engine", ["fast", "pyevm"])
def test_all_that_solidity_writes_is_told_in_order(
    tmp_path: Path, output: Any, name: str, engine: str
) -> None:
    path = tmp_path / "output.json"
    path.write_text(json.dumps(output))
    compiled = output["contracts"]["Talker.sol"]["Talker"]
    with talking(tmp_path, "--abi", str(path), "--engine", engine) as devnet:
        web3 = Web3(HTTPProvider(devnet.urls[name]))
        sender = web3.eth.accounts[0]
        factory = web3.eth.contract(
            abi=compiled["abi"], bytecode=compiled["evm"]["bytecode"]["object"]
        )
        paying = {"from": sender, "gas": 3_000_000}

        def done(sent: Any) -> Any:
            return web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.02)

        made = done(factory.constructor(START).transact(paying))
        talker = web3.eth.contract(made["contractAddress"], abi=compiled["abi"])
        spoken = done(talker.functions.speak().transact(paying))
        refused = done(talker.functions.refuse(7).transact(paying))
        wait_for(lambda: len(devnet.of("byline.tx")) >= 3)

        lines = {line["hash"]: line for line in devnet.of("byline.tx")}

        def written(receipt: Any) -> list[str]:
            known = receipt["transactionHash"].to_0x_hex()
            return [
                line["console"] for line in devnet.of("byline.console") if line["hash"] == known
            ]

        assert written(made) == [f"constructed with {START}"]
        assert written(spoken) == [
            "",
            f"Alice has {START} of true",
            "-7",
            f"{sender} true",
            "0x0102",
            "0x" + "00" * 31 + "ff",
            "inner 1",
            "inner 0",
            "inner fails",
            f"{START} last",
        ]
        creation = lines[made["transactionHash"].to_0x_hex()]
        assert creation["contract"] == "Talker", "its code is known, immutables and all"
        failed = lines[refused["transactionHash"].to_0x_hex()]
        assert failed["contract"] == "Talker"
        assert failed["error"] == f"reverted: TooLittle(have=7, want={START})"
