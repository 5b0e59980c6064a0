"""Signed transactions tried out together."""

from __future__ import annotations

import pytest

from byline.derivation.hashing import keccak256
from byline.node.accounts import dev_accounts
from byline.node.rollups.rollup import ChainName
from tests.integration.rollups import ALICE, BOB, World, world
from tests.integration.serving import Port

CAROL = dev_accounts()[2]
TIP = 10**6


@pytest.fixture(scope="module")
def made() -> World:
    here = world()
    here.send("l1")
    here.send("l2")
    return here


def test_a_bundle_ends_as_its_transactions_would(made: World, name: ChainName, port: Port) -> None:
    coinbase = bytes.fromhex("cb" * 20)
    first = made.transfer(name, value=5)
    pays = made.transfer(name, sender=CAROL, to=coinbase, value=1_000)
    fails = made.transfer(name, sender=BOB, to=None, data=bytes.fromhex("5f5ffd"), gas=100_000)
    txs = (first, pays, fails)
    asked = {
        "txs": ["0x" + tx.raw.hex() for tx in txs],
        "blockNumber": "0x2",
        "stateBlockNumber": "latest",
        "coinbase": "0x" + coinbase.hex(),
    }
    found = port.result("eth_callBundle", asked)
    results = found["results"]
    assert [item["txHash"] for item in results] == ["0x" + tx.hash.hex() for tx in txs]
    assert (results[0]["value"], results[0]["gasUsed"]) == ("0x", 21_000)
    assert results[0]["gasFees"] == results[0]["coinbaseDiff"] == str(21_000 * TIP)
    assert results[1]["ethSentToCoinbase"] == "1000"
    assert (results[2]["error"], results[2]["revert"]) == ("execution reverted", "0x")
    assert results[2]["toAddress"] == "0x"
    assert found["totalGasUsed"] == sum(item["gasUsed"] for item in results)
    gain = sum(int(item["coinbaseDiff"]) for item in results)
    assert (found["coinbaseDiff"], found["ethSentToCoinbase"]) == (str(gain), "1000")
    assert found["bundleGasPrice"] == str(gain // found["totalGasUsed"])
    hashes = b"".join(tx.hash for tx in txs)
    assert found["bundleHash"] == "0x" + keccak256(hashes).hex()
    assert found["stateBlockNumber"] == 1
    assert port.result("eth_blockNumber") == "0x1"


def test_a_bundle_sees_the_block_that_it_is_for(made: World, name: ChainName, port: Port) -> None:
    # Returns NUMBER and TIMESTAMP as the code of a contract.
    code = bytes.fromhex("435f5242602052" + "60405ff3")
    tx = made.transfer(name, to=None, data=code, gas=200_000)
    asked = {"txs": ["0x" + tx.raw.hex()], "blockNumber": "0x64", "timestamp": 2_000_000_000}
    output = port.result("eth_callBundle", asked)["results"][0]["value"]
    assert output == f"0x{100:064x}{2_000_000_000:064x}"


def test_a_bundle_that_cannot_stand_there_is_refused(
    made: World, name: ChainName, port: Port
) -> None:
    late = made.transfer(name, nonce=9, sender=ALICE)
    asked = {"txs": ["0x" + late.raw.hex()], "blockNumber": "0x2"}
    error = port.error("eth_callBundle", asked)
    assert error["code"] == -32000
    assert error["message"].startswith("err: nonce too high")
    assert error["message"].endswith(f"txhash 0x{late.hash.hex()}")
    assert port.error("eth_callBundle", {"txs": [], "blockNumber": "0x2"})["code"] == -32602
    assert port.error("eth_callBundle", {"txs": ["0x01"]})["code"] == -32602
    assert port.error("eth_callBundle", {**asked, "txs": ["0x7e00"]})["code"] == -32000
