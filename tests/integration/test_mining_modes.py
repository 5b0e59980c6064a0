"""Automine and intervals, chain by chain, as users switch them; and what waits meanwhile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from byline.node.config import NodeConfig
from tests.integration.rollups import ALICE, BOB, World, world
from tests.integration.serving import Port, served
from tests.integration.test_l1_reorg import converges
from tests.integration.test_rollup import deposit

CHAINS = ("l1", "l2")


@dataclass
class Both:
    """A rollup and both of its ports."""

    world: World
    l1: Port
    l2: Port

    def port(self, name: str) -> Port:
        return self.l1 if name == "l1" else self.l2


@pytest.fixture
def here() -> Iterator[Both]:
    made = world()
    with served(made, "l1") as l1, served(made, "l2") as l2:
        yield Both(made, l1, l2)


def height(port: Port) -> int:
    return int(port.result("eth_blockNumber"), 16)


def wait(port: Port, sender: bytes = ALICE.address, /, **fields: str) -> str:
    found = port.result(
        "eth_sendTransaction",
        {"from": "0x" + sender.hex(), "to": "0x" + BOB.address.hex(), "value": "0x1", **fields},
    )
    assert isinstance(found, str)
    return found


@pytest.mark.parametrize("name", CHAINS)
def test_without_automine_transactions_wait_until_somebody_mines(here: Both, name: str) -> None:
    port = here.port(name)
    assert port.result("anvil_getAutomine") is True
    port.result("evm_setAutomine", False)
    assert port.result("hardhat_getAutomine") is False
    before = height(port)
    hashes = [wait(port), wait(port)]
    late = wait(port, nonce="0x9")
    assert height(port) == before
    assert port.result("txpool_status") == {"pending": "0x2", "queued": "0x1"}
    counts = [
        port.result("eth_getTransactionCount", "0x" + ALICE.address.hex(), tag)
        for tag in ("latest", "pending")
    ]
    assert int(counts[1], 16) == int(counts[0], 16) + 2
    pending = port.result("eth_getBlockByNumber", "pending", False)
    assert set(hashes) <= set(pending["transactions"])

    port.result("evm_mine")
    block = port.result("eth_getBlockByNumber", "latest", False)
    assert int(block["number"], 16) == before + 1
    assert set(hashes) <= set(block["transactions"])
    assert port.result("eth_getTransactionByHash", late)["blockHash"] is None


@pytest.mark.parametrize("name", CHAINS)
def test_what_waited_is_mined_when_automine_is_switched_on(here: Both, name: str) -> None:
    port = here.port(name)
    port.result("anvil_setAutomine", False)
    hashes = [wait(port), wait(port)]
    port.result("anvil_setAutomine", False)
    assert port.result("eth_getTransactionReceipt", hashes[0]) is None
    port.result("anvil_setAutomine", True)
    blocks = {port.result("eth_getTransactionReceipt", one)["blockNumber"] for one in hashes}
    assert len(blocks) == 1
    before = height(port)
    port.result("anvil_setAutomine", True)
    assert height(port) == before


@pytest.mark.parametrize("name", CHAINS)
def test_what_waited_unsigned_is_mined_then_too(here: Both, name: str) -> None:
    port = here.port(name)
    sender = f"0x{b'whale'.rjust(20, bytes(1)).hex()}"
    port.result("anvil_setBalance", sender, hex(10**18))
    port.result("anvil_impersonateAccount", sender)
    port.result("evm_setAutomine", False)
    sent = port.result("eth_sendTransaction", {"from": sender, "to": sender})
    assert port.result("eth_getTransactionReceipt", sent) is None
    port.result("evm_setAutomine", True)
    assert port.result("eth_getTransactionReceipt", sent)["status"] == "0x1"


def test_each_chain_has_its_own_mode(here: Both) -> None:
    here.l1.result("evm_setAutomine", False)
    assert here.l2.result("anvil_getAutomine") is True
    wait(here.l1)
    before = height(here.l1)
    receipt = here.l2.result("eth_getTransactionReceipt", wait(here.l2))
    assert receipt["status"] == "0x1"
    assert height(here.l1) == before


def test_a_block_takes_what_pays_most_first_then_who_came_first(here: Both) -> None:
    here.l2.result("evm_setAutomine", False)
    most = hex(10**11)
    poor = wait(here.l2, maxPriorityFeePerGas="0x1", maxFeePerGas=most)
    rich = wait(here.l2, BOB.address, maxPriorityFeePerGas=hex(10**9), maxFeePerGas=most)
    here.l2.result("evm_mine")
    block = here.l2.result("eth_getBlockByNumber", "latest", False)
    assert block["transactions"][1:] == [rich, poor]


def test_deposits_make_no_l2_block_where_users_make_them(here: Both) -> None:
    here.l2.result("evm_setAutomine", False)
    before, balance = height(here.l2), here.world.balance("l2", BOB.address)
    deposit(here.world, 10**18)
    assert height(here.l2) == before
    here.l2.result("evm_mine")
    assert here.world.balance("l2", BOB.address) == balance + 10**18
    here.l2.result("evm_setAutomine", True)
    converges(here.world)


def test_batches_wait_for_the_user_who_makes_the_l1s_blocks(here: Both) -> None:
    here.l1.result("evm_setAutomine", False)
    wait(here.l2)
    before = height(here.l1)
    assert here.world.rollup.flush() == 1
    assert height(here.l1) == before
    assert here.world.rollup.engine.heads.safe.number == 0
    here.l1.result("evm_mine")
    assert here.world.rollup.engine.heads.safe.number == 1


def test_what_the_l2_needs_of_the_l1_leaves_users_transactions_waiting(here: Both) -> None:
    here.l1.result("evm_setAutomine", False)
    waiting = wait(here.l1)
    before = height(here.l1)
    here.l2.result("evm_increaseTime", 1_000_000)
    here.l2.result("evm_mine")
    assert height(here.l1) == before + 1
    assert here.l1.result("eth_getTransactionReceipt", waiting) is None
    here.l1.result("evm_mine")
    assert here.l1.result("eth_getTransactionReceipt", waiting)["status"] == "0x1"
    here.l1.result("evm_setAutomine", True)
    converges(here.world)


def test_the_l2_does_not_run_from_an_l1_that_users_make(here: Both) -> None:
    here.l1.result("evm_setAutomine", False)
    here.l2.result("evm_setAutomine", False)
    here.l2.result("hardhat_mine", hex(1_200))
    receipt = wait(here.l2)
    here.l2.result("evm_mine")
    assert here.l2.result("eth_getTransactionReceipt", receipt)["status"] == "0x1"
    here.l1.result("evm_setAutomine", True)
    converges(here.world)


@pytest.mark.parametrize(
    ("method", "value", "shown", "automine"),
    [
        ("anvil_setIntervalMining", 3, 3, False),
        ("anvil_setIntervalMining", 3_000, 3_000, False),
        ("evm_setIntervalMining", 3, 3, False),
        ("evm_setIntervalMining", "0x3", 3, False),
        ("evm_setIntervalMining", 5_000, 5, True),
        ("evm_setIntervalMining", [2_000, 4_000], 2, True),
        ("evm_setIntervalMining", 0, None, True),
        ("anvil_setIntervalMining", 0, None, False),
    ],
)
@pytest.mark.parametrize("name", CHAINS)
def test_intervals_are_read_in_the_unit_that_the_caller_means(
    here: Both, name: str, method: str, value: object, shown: int | None, automine: bool
) -> None:
    port = here.port(name)
    port.result(method, value)
    assert port.result("anvil_getIntervalMining") == shown
    assert port.result("anvil_getAutomine") is automine


def test_automine_ends_an_interval_that_stood_in_its_place_and_no_other(here: Both) -> None:
    here.l2.result("anvil_setIntervalMining", 3)
    here.l2.result("evm_setAutomine", False)
    assert here.l2.result("anvil_getIntervalMining") == 3
    here.l2.result("evm_setAutomine", True)
    assert here.l2.result("anvil_getIntervalMining") is None
    here.l2.result("evm_setIntervalMining", 3_000)
    here.l2.result("evm_setAutomine", False)
    here.l2.result("evm_setAutomine", True)
    assert here.l2.result("anvil_getIntervalMining") == 3


@pytest.mark.parametrize(
    ("method", "value", "words"),
    [
        ("evm_setAutomine", 1, "want true or false"),
        ("evm_setAutomine", "true", "want true or false"),
        ("anvil_setIntervalMining", "abc", "hex string without 0x"),
        ("evm_setIntervalMining", [1], "a list of 1"),
        ("evm_setIntervalMining", [5, 4], "want \\[least, most\\]"),
        ("evm_setIntervalMining", 2**50, "at most"),
    ],
)
def test_what_is_no_mode_is_refused(here: Both, method: str, value: object, words: str) -> None:
    error = here.l2.error(method, value)
    assert error["code"] == -32602
    assert re.search(words, error["message"])


def test_a_snapshot_holds_the_modes(here: Both) -> None:
    number = here.l2.result("evm_snapshot")
    here.l2.result("evm_setAutomine", False)
    here.l1.result("anvil_setIntervalMining", 7)
    here.l2.result("evm_revert", number)
    assert here.l2.result("anvil_getAutomine") is True
    assert here.l1.result("anvil_getIntervalMining") is None


def test_a_mode_from_the_start_can_be_changed() -> None:
    made = world(NodeConfig(block_time=2))
    with served(made, "l2") as port:
        assert port.result("anvil_getIntervalMining") == 2
        assert port.result("anvil_getAutomine") is False
        port.result("anvil_setIntervalMining", 0)
        port.result("evm_setAutomine", True)
        before = height(port)
        wait(port)
        assert height(port) == before + 1


@pytest.mark.parametrize("name", CHAINS)
def test_waiting_transactions_can_be_dropped(here: Both, name: str) -> None:
    port = here.port(name)
    port.result("evm_setAutomine", False)
    first, second, third = wait(port), wait(port), wait(port)
    assert port.result("hardhat_dropTransaction", third) is True
    assert port.result("hardhat_dropTransaction", third) is False
    assert port.result("anvil_dropTransaction", second) == second
    assert port.result("anvil_dropTransaction", second) is None
    assert port.result("txpool_status") == {"pending": "0x1", "queued": "0x0"}
    other = wait(port, BOB.address)
    port.result("anvil_removePoolTransactions", "0x" + ALICE.address.hex())
    assert port.result("eth_getTransactionByHash", first) is None
    assert port.result("eth_getTransactionByHash", other) is not None
    port.result("anvil_dropAllTransactions")
    assert port.result("txpool_status") == {"pending": "0x0", "queued": "0x0"}
    port.result("evm_mine")
    assert port.result("eth_getTransactionReceipt", first) is None


@pytest.mark.parametrize("name", CHAINS)
def test_transactions_that_nobody_signed_can_be_dropped(here: Both, name: str) -> None:
    port, somebody = here.port(name), bytes([0x42]) * 20
    port.result("anvil_setBalance", "0x" + somebody.hex(), hex(10**18))
    port.result("anvil_impersonateAccount", "0x" + somebody.hex())
    port.result("evm_setAutomine", False)
    by_hash = wait(port, somebody)
    assert port.result("anvil_dropTransaction", by_hash) == by_hash
    for method, params in (
        ("anvil_removePoolTransactions", ["0x" + somebody.hex()]),
        ("anvil_dropAllTransactions", []),
    ):
        waiting = wait(port, somebody)
        port.result(method, *params)
        assert port.result("eth_getTransactionByHash", waiting) is None
    before = here.world.balance(name, somebody)  # type: ignore[arg-type]
    port.result("evm_mine")
    assert here.world.balance(name, somebody) == before == 10**18  # type: ignore[arg-type]


def test_what_is_mined_is_not_dropped(here: Both) -> None:
    mined = wait(here.l2)
    assert here.l2.result("anvil_dropTransaction", mined) is None
    assert "it is in a block" in here.l2.error("hardhat_dropTransaction", mined)["message"]


def test_all_are_dropped_but_what_the_node_itself_waits_for(here: Both) -> None:
    here.l1.result("evm_setAutomine", False)
    wait(here.l2)
    here.world.rollup.flush()
    wait(here.l1)
    here.l1.result("hardhat_dropAllTransactions")
    assert here.l1.result("txpool_status")["pending"] == "0x1"
    here.l1.result("evm_mine")
    assert here.world.rollup.engine.heads.safe.number == 1


@pytest.mark.parametrize("name", CHAINS)
def test_detailed_blocks_show_what_their_transactions_returned(here: Both, name: str) -> None:
    port = here.port(name)
    port.result("evm_setAutomine", False)
    # Returns one word, 42.
    sent = port.result(
        "eth_sendTransaction",
        {"from": "0x" + ALICE.address.hex(), "data": "0x602a5f5260205ff3", "gas": hex(100_000)},
    )
    blocks = port.result("evm_mine_detailed", {"blocks": 2})
    assert len(blocks) == 2
    (found,) = (one for one in blocks[0]["transactions"] if one["hash"] == sent)
    assert found["output"] == "0x" + (42).to_bytes(32, "big").hex()
    assert blocks[1]["parentHash"] == blocks[0]["hash"]


@pytest.mark.parametrize("name", CHAINS)
def test_the_node_tells_of_itself(here: Both, name: str) -> None:
    port = here.port(name)
    head = port.result("eth_getBlockByNumber", "latest", False)
    info = port.result("anvil_nodeInfo")
    assert info["currentBlockHash"] == head["hash"]
    assert info["hardFork"] == {"l1": "Osaka", "l2": "Karst"}[name]
    number = port.result("evm_snapshot")
    found = port.result("hardhat_metadata")
    assert found == port.result("anvil_metadata")
    assert found["latestBlockHash"] == head["hash"]
    assert found["snapshots"] == {number: [0, head["hash"]]}
    assert len(found["instanceId"]) == 66
    assert port.result("anvil_getGenesisTime") == int(head["timestamp"], 16)


@pytest.mark.parametrize("name", CHAINS)
def test_what_cannot_be_so_on_a_rollup_is_refused_with_words(here: Both, name: str) -> None:
    port = here.port(name)
    own = int(port.result("eth_chainId"), 16)
    assert port.result("anvil_setChainId", own) is None
    assert f"--{name}-chain-id 77" in port.error("anvil_setChainId", 77)["message"]
    assert "--fork-url" in port.error("anvil_setRpcUrl", "http://localhost")["message"]
    assert port.error("anvil_setMinGasPrice", "0x1")["code"] == -32602


def test_logging_is_switched_by_chain(here: Both) -> None:
    here.l2.result("anvil_setLoggingEnabled", False)
    assert here.world.rollup.muted == {"l2"}
    assert here.l2.result("hardhat_setLoggingEnabled", True) is True
    assert not here.world.rollup.muted
