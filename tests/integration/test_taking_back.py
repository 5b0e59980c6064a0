"""Rollback, reorganisation and reset on both ports, and what they do to the other chain."""

from __future__ import annotations

import random

import pytest

from byline.derivation.dev_edits import AccountEdit
from byline.node.config import NodeConfig
from byline.node.rollups.rollup import BlocksDropped
from tests.integration.rollups import ALICE, BOB, world
from tests.integration.serving import Port, served
from tests.integration.test_impersonation_believed import forged
from tests.integration.test_l1_reorg import converges
from tests.integration.test_mining_modes import Both, height, here, wait
from tests.integration.test_rollup import deposit

__all__ = ["here"]

CHAINS = ("l1", "l2")
RICH = bytes([0x77]) * 20


def hashes(port: Port) -> list[str]:
    return [
        port.result("eth_getBlockByNumber", hex(number), False)["hash"]
        for number in range(height(port) + 1)
    ]


@pytest.mark.parametrize("name", CHAINS)
def test_a_rollback_takes_blocks_and_their_transactions_away(here: Both, name: str) -> None:
    port = here.port(name)
    kept, gone, last = wait(port), wait(port), wait(port)
    before = hashes(port)
    assert port.result("anvil_rollback", 2) is None
    assert hashes(port) == before[:-2]
    assert port.result("eth_getTransactionReceipt", kept) is not None
    assert port.result("eth_getTransactionByHash", gone) is None
    assert port.result("eth_getTransactionByHash", last) is None
    assert port.result("txpool_status") == {"pending": "0x0", "queued": "0x0"}
    port.result("anvil_rollback")
    assert hashes(port) == before[:-3]
    wait(port)
    converges(here.world)


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("method", ["anvil_rollback", "anvil_reorg"])
def test_more_blocks_than_there_are_are_refused(here: Both, name: str, method: str) -> None:
    port = here.port(name)
    wait(port)
    before = hashes(port)
    depth = height(port) + 1
    error = port.error(method, depth)
    assert f"current height {depth - 1}, depth {depth}" in error["message"]
    assert hashes(port) == before


def test_what_waits_goes_on_waiting(here: Both) -> None:
    wait(here.l2)
    here.l2.result("evm_setAutomine", False)
    waiting = wait(here.l2, BOB.address)
    here.l2.result("anvil_rollback", 1)
    assert here.l2.result("eth_getTransactionByHash", waiting)["blockHash"] is None
    here.l2.result("evm_mine")
    assert here.l2.result("eth_getTransactionReceipt", waiting)["status"] == "0x1"


def test_safe_l2_blocks_go_with_the_l1_blocks_that_hold_them() -> None:
    made = world(NodeConfig(l1_finality=10))
    with served(made, "l2") as l2, served(made, "l1") as l1:
        for _ in range(3):
            wait(l2)
            made.rollup.flush()
        paid = wait(l1)
        assert made.rollup.engine.heads.safe.number == 3
        l2.result("anvil_rollback", 2)
        assert height(l2) == 1
        assert made.rollup.engine.heads.safe.number == 1
        assert {one.chain for one in made.happened if isinstance(one, BlocksDropped)} == {
            "l1",
            "l2",
        }
        # The users of the L1 lose nothing: their transactions wait for its next block.
        l1.result("evm_mine")
        assert l1.result("eth_getTransactionReceipt", paid)["status"] == "0x1"
        wait(l2)
        converges(made)


def test_a_batch_that_waits_is_withdrawn_with_the_blocks_it_holds(here: Both) -> None:
    here.l1.result("evm_setAutomine", False)
    wait(here.l2)
    wait(here.l2)
    here.world.rollup.flush()
    assert here.l1.result("txpool_status")["pending"] == "0x1"
    here.l2.result("anvil_rollback", 1)
    assert here.l1.result("txpool_status")["pending"] == "0x0"
    here.l1.result("evm_setAutomine", True)
    wait(here.l2, BOB.address)
    converges(here.world)


def test_an_edit_goes_with_the_l2_block_that_held_it(here: Both) -> None:
    rollup = here.world.rollup
    wait(here.l2)
    rollup.edit("l2", [AccountEdit(RICH, balance=5)])
    assert here.world.balance("l2", RICH) == 5
    here.l2.result("anvil_rollback", 1)
    here.l2.result("evm_mine")
    assert here.world.balance("l2", RICH) == 0
    converges(here.world)


def test_a_deposit_comes_again_after_the_l2_went_back(here: Both) -> None:
    before = here.world.balance("l2", BOB.address)
    deposit(here.world, 10**18)
    here.world.rollup.flush()
    here.l2.result("anvil_rollback", height(here.l2))
    assert here.world.balance("l2", BOB.address) == before
    here.l1.result("evm_mine")
    here.l2.result("evm_mine")
    converges(here.world)
    assert here.world.balance("l2", BOB.address) == before + 10**18


@pytest.mark.parametrize("name", CHAINS)
def test_a_reorganisation_puts_transactions_where_it_is_told(here: Both, name: str) -> None:
    port = here.port(name)
    lost = wait(port)
    wait(port)
    before = hashes(port)
    to = "0x" + RICH.hex()
    request = {"from": "0x" + ALICE.address.hex(), "to": to, "value": "0x7"}
    nonce = int(port.result("eth_getTransactionCount", "0x" + ALICE.address.hex()), 16) - 2
    raw = here.world.transfer(name, to=RICH, value=8, nonce=nonce + 2).raw  # type: ignore[arg-type]
    chosen = [[request, 0], [{**request, "value": "0x1"}, 0], ["0x" + raw.hex(), 1]]
    assert port.result("anvil_reorg", 2, chosen) is None
    after = hashes(port)
    assert len(after) == len(before)
    assert after[:-2] == before[:-2]
    assert set(after[-2:]).isdisjoint(before)
    counts = [
        len(
            [
                tx
                for tx in port.result("eth_getBlockByNumber", hex(number), True)["transactions"]
                if tx["type"] != "0x7e"
            ]
        )
        for number in (height(port) - 1, height(port))
    ]
    assert counts == [2, 1]
    assert here.world.balance(name, RICH) == 16  # type: ignore[arg-type]
    assert port.result("eth_getTransactionByHash", lost) is None
    converges(here.world)


@pytest.mark.parametrize("name", CHAINS)
def test_a_reorganisation_without_transactions_makes_empty_blocks(here: Both, name: str) -> None:
    port = here.port(name)
    lost = wait(port)
    before = hashes(port)
    port.result("anvil_reorg", 1, [])
    after = hashes(port)
    assert len(after) == len(before)
    assert after[-1] != before[-1]
    assert port.result("eth_getTransactionReceipt", lost) is None


@pytest.mark.parametrize(
    ("depth", "chosen", "words"),
    [
        (0, [], "want at least 1"),
        (1, [["0x00", 0]], "Failed to decode transaction"),
        (1, [[{"from": "0x" + "00" * 20}, 0]], "unknown account"),
        (1, [[{"from": "0x" + ALICE.address.hex()}, 1]], "will exceed"),
        (1, [["0x00"]], "want a pair"),
        (1, [["0x" + forged(1).hex(), 0]], "Failed to decode transaction: invalid transaction v"),
    ],
)
@pytest.mark.parametrize("name", CHAINS)
def test_what_is_no_reorganisation_costs_no_block(
    here: Both, name: str, depth: int, chosen: list[object], words: str
) -> None:
    port = here.port(name)
    wait(port)
    before = hashes(port)
    assert words in port.error("anvil_reorg", depth, chosen)["message"]
    assert hashes(port) == before


def test_what_a_new_block_does_not_take_is_named(here: Both) -> None:
    wait(here.l2)
    poor = here.world.transfer("l2", sender=BOB, nonce=7)
    error = here.l2.error("anvil_reorg", 1, [["0x" + poor.raw.hex(), 0]])
    assert poor.hash.hex() in error["message"]
    assert height(here.l2) == 1


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("method", ["anvil_reset", "hardhat_reset"])
def test_a_reset_lets_both_chains_begin_again(here: Both, name: str, method: str) -> None:
    first = hashes(here.l1) + hashes(here.l2)
    instance = here.l1.result("hardhat_metadata")["instanceId"]
    number = here.l1.result("evm_snapshot")
    wait(here.l1)
    deposit(here.world, 5)
    here.l2.result("evm_increaseTime", 100_000)
    wait(here.l2)
    here.world.rollup.flush()
    here.l2.result("evm_setAutomine", False)
    here.l1.result("anvil_setIntervalMining", 5)
    waiting = wait(here.l2)
    here.l1.result("anvil_setNextBlockBaseFeePerGas", "0x0")
    here.port(name).result(method)
    assert hashes(here.l1) + hashes(here.l2) == first
    for port in (here.l1, here.l2):
        assert port.result("anvil_getAutomine") is True
        assert port.result("anvil_getIntervalMining") is None
        assert port.result("txpool_status") == {"pending": "0x0", "queued": "0x0"}
    assert here.l2.result("eth_getTransactionByHash", waiting) is None
    assert here.l1.result("evm_revert", number) is False
    assert here.l1.result("hardhat_metadata")["instanceId"] != instance
    assert int(here.l1.result("eth_getBlockByNumber", "pending", False)["baseFeePerGas"], 16) > 0
    wait(here.l1)
    wait(here.l2)
    converges(here.world)


def test_a_reset_forks_nothing(here: Both) -> None:
    wait(here.l2)
    nothing: list[object] = [None, {}, {"forking": None}, {"forking": {}}]
    nothing += [{"forking": {"blockNumber": None}}, {"jsonRpcUrl": None}]
    for empty in nothing:
        here.l2.result("hardhat_reset", empty)
    forking = {"jsonRpcUrl": "http://127.0.0.1:1", "blockNumber": 3}
    for method, given in (("anvil_reset", forking), ("hardhat_reset", {"forking": forking})):
        error = here.l2.error(method, given)
        assert "--fork-url http://127.0.0.1:1" in error["message"]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_taken_back_a_fresh_verifier_finds_what_is_left(seed: int) -> None:
    dice = random.Random(seed)
    made = world(NodeConfig(l1_finality=dice.choice([0, 3])))
    with served(made, "l1") as l1, served(made, "l2") as l2:
        for _ in range(40):
            port = dice.choice([l1, l2])
            match dice.randrange(8):
                case 0:
                    port.result("anvil_rollback", min(dice.randrange(4), height(port)))
                case 1 if height(port):
                    port.result("anvil_reorg", min(1 + dice.randrange(3), height(port)), [])
                case 2:
                    made.rollup.flush()
                case 3:
                    deposit(made, 3)
                case 4:
                    port.result("evm_increaseTime", dice.randrange(1, 5_000))
                case 5:
                    made.rollup.edit("l2", [AccountEdit(RICH, balance=dice.randrange(9))])
                case _:
                    wait(port)
        l2.result("evm_mine")
        converges(made)
