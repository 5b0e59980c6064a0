"""Base fee, fee recipient, randomness and gas limit of the next block, as users choose them."""

from __future__ import annotations

import random

import pytest

from byline.derivation.constants import SEQUENCER_FEE_VAULT
from byline.node.config import NodeConfig
from byline.node.rollups import next_block
from byline.node.rollups.mining import Mode
from byline.node.rollups.rollup import ChainName
from tests.integration.rollups import ALICE, BOB, World, world
from tests.integration.serving import Port, served
from tests.integration.test_l1_reorg import converges
from tests.integration.test_mining_modes import Both, here, wait

__all__ = ["here"]

CHAINS: tuple[ChainName, ...] = ("l1", "l2")
SOMEBODY = "0x" + "5a" * 20


def block(port: Port, tag: str = "latest") -> dict[str, str]:
    found = port.result("eth_getBlockByNumber", tag, False)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("method", ["anvil", "hardhat"])
def test_the_next_block_has_the_base_fee_and_later_ones_follow(
    here: Both, name: str, method: str
) -> None:
    port = here.port(name)
    port.result(f"{method}_setNextBlockBaseFeePerGas", hex(7 * 10**9))
    assert int(block(port, "pending")["baseFeePerGas"], 16) == 7 * 10**9
    fees = port.result("eth_feeHistory", "0x1", "latest", [])["baseFeePerGas"]
    assert int(fees[-1], 16) == 7 * 10**9
    assert int(port.result("eth_gasPrice"), 16) > 7 * 10**9
    port.result("evm_mine")
    first = int(block(port)["baseFeePerGas"], 16)
    port.result("evm_mine")
    second = int(block(port)["baseFeePerGas"], 16)
    assert first == 7 * 10**9
    assert first * 7 // 8 <= second < first
    converges(here.world)


@pytest.mark.parametrize("name", CHAINS)
def test_what_does_not_pay_the_chosen_base_fee_waits(here: Both, name: str) -> None:
    port = here.port(name)
    port.result("anvil_setNextBlockBaseFeePerGas", hex(10**12))
    before = int(port.result("eth_blockNumber"), 16)
    poor = wait(port, maxFeePerGas=hex(10**11), maxPriorityFeePerGas="0x1")
    assert int(port.result("eth_blockNumber"), 16) == before
    port.result("anvil_setNextBlockBaseFeePerGas", "0x0")
    port.result("evm_mine")
    receipt = port.result("eth_getTransactionReceipt", poor)
    assert int(receipt["effectiveGasPrice"], 16) == 1


@pytest.mark.parametrize("name", CHAINS)
def test_the_fee_recipient_lasts(here: Both, name: str) -> None:
    port = here.port(name)
    before = block(port)["miner"]
    port.result("anvil_setCoinbase", SOMEBODY)
    fees = {"maxPriorityFeePerGas": hex(10**6), "maxFeePerGas": hex(10**11)}
    for _ in range(3):
        wait(port, gas=hex(21_000), **fees)
        assert block(port)["miner"] == SOMEBODY != before
    assert int(port.result("eth_getBalance", SOMEBODY, "latest"), 16) == 3 * 21_000 * 10**6
    converges(here.world)
    assert port.result("hardhat_setCoinbase", "0x" + SEQUENCER_FEE_VAULT.hex()) is True
    port.result("evm_mine")
    assert block(port)["miner"] == "0x" + SEQUENCER_FEE_VAULT.hex()
    converges(here.world)


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize(
    "method", ["anvil_setPrevRandao", "anvil_setNextBlockPrevRandao", "hardhat_setPrevRandao"]
)
def test_one_block_has_the_randomness(here: Both, name: str, method: str) -> None:
    port = here.port(name)
    port.result(method, "0x" + "11" * 32)
    port.result("evm_mine")
    assert block(port)["mixHash"] == "0x" + "11" * 32
    port.result("evm_mine")
    assert block(port)["mixHash"] != "0x" + "11" * 32
    converges(here.world)


@pytest.mark.parametrize("name", CHAINS)
def test_the_gas_limit_lasts_and_admits_what_fits_it(here: Both, name: str) -> None:
    port = here.port(name)
    assert port.result("evm_setBlockGasLimit", hex(45_000_000)) is True
    port.result("evm_mine")
    port.result("evm_mine")
    assert int(block(port)["gasLimit"], 16) == 45_000_000
    assert port.result("anvil_setBlockGasLimit", 90_000_000) is True
    port.result("evm_mine")
    assert int(block(port)["gasLimit"], 16) == 90_000_000
    converges(here.world)


def test_an_l2_gas_limit_that_the_system_config_refuses_is_refused(here: Both) -> None:
    before = block(here.l2)
    error = here.l2.error("evm_setBlockGasLimit", 1_000)
    assert "minimumGasLimit" in error["message"]
    assert block(here.l2) == before
    assert "want 5000 to" in here.l1.error("evm_setBlockGasLimit", 10)["message"]


def test_what_is_chosen_of_the_l1_is_left_to_the_users_block(here: Both) -> None:
    here.l1.result("anvil_setNextBlockBaseFeePerGas", "0x0")
    wait(here.l2)
    here.world.rollup.flush()
    assert here.world.rollup.engine.heads.safe.number == 1
    assert int(block(here.l1)["baseFeePerGas"], 16) > 0
    here.l1.result("evm_mine")
    assert int(block(here.l1)["baseFeePerGas"], 16) == 0


def test_an_l1_too_dear_for_the_batcher_ends_nothing(
    here: Both, caplog: pytest.LogCaptureFixture
) -> None:
    wait(here.l2)
    here.l1.result("anvil_setNextBlockBaseFeePerGas", hex(10**18))
    here.l1.result("evm_mine")
    here.world.rollup.flush()
    assert "does not take L2 blocks" in caplog.text
    assert here.world.rollup.batcher.pending == 1
    here.l1.result("anvil_setNextBlockBaseFeePerGas", hex(10**9))
    here.l1.result("evm_mine")
    converges(here.world)


def test_a_price_for_one_l1_block_does_not_stop_the_l2(here: Both) -> None:
    here.l1.result("anvil_setNextBlockBaseFeePerGas", hex(2**63))
    here.l2.result("evm_increaseTime", 10_000)
    receipt = here.l2.result("eth_getTransactionReceipt", wait(here.l2))
    assert receipt["status"] == "0x1"
    here.l2.result("anvil_setCoinbase", SOMEBODY)
    here.l2.result("evm_setBlockGasLimit", 50_000_000)
    assert int(here.l1.result("eth_getBlockByNumber", "pending", False)["baseFeePerGas"], 16)
    number = here.l1.result("evm_snapshot")
    here.l1.result("evm_mine")
    assert int(block(here.l1)["baseFeePerGas"], 16) == 2**63
    here.l1.result("evm_revert", number)
    here.l1.result("anvil_setNextBlockBaseFeePerGas", hex(10**9))
    converges(here.world)


@pytest.mark.parametrize("name", CHAINS)
def test_a_snapshot_holds_what_was_chosen(here: Both, name: str) -> None:
    port = here.port(name)
    port.result("anvil_setNextBlockBaseFeePerGas", hex(10**10))
    number = port.result("evm_snapshot")
    port.result("anvil_setNextBlockBaseFeePerGas", hex(10**11))
    port.result("evm_revert", number)
    assert int(block(port, "pending")["baseFeePerGas"], 16) == 10**10
    number = port.result("evm_snapshot")
    port.result("evm_mine")
    port.result("evm_revert", number)
    port.result("evm_mine")
    assert int(block(port)["baseFeePerGas"], 16) == 10**10
    converges(here.world)


@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("anvil_setNextBlockBaseFeePerGas", "0x1"),
        ("anvil_setCoinbase", SOMEBODY),
        ("anvil_setPrevRandao", "0x1"),
    ],
)
def test_fields_of_l2_blocks_are_refused_where_stock_verifiers_shall_follow(
    method: str, value: str
) -> None:
    made = world(NodeConfig(strict=True))
    with served(made, "l2") as port:
        assert "strict mode" in port.error(method, value)["message"]
        # The gas limit is the OP Stack's own.
        port.result("evm_setBlockGasLimit", 50_000_000)
        port.result("evm_mine")
        assert int(block(port)["gasLimit"], 16) == 50_000_000
    assert made.rollup.first_jump is None
    converges(made)


def one_change(here: World, dice: random.Random) -> None:
    """Do one thing that a user may do."""
    name = dice.choice(CHAINS)
    rollup = here.rollup
    match dice.randrange(9):
        case 0:
            next_block.set_base_fee(rollup, name, dice.choice([0, 10**9, 10**10]))
        case 1:
            next_block.set_coinbase(rollup, name, dice.randbytes(20))
        case 2:
            next_block.set_prev_randao(rollup, name, dice.randbytes(32))
        case 3:
            next_block.set_gas_limit(rollup, name, dice.randrange(30_000_000, 100_000_000))
        case 4:
            mode = rollup.mining.mode(name).with_automine(dice.random() < 0.7)
            rollup.set_mining(rollup.mining.tell(name, mode))
        case 5:
            rollup.increase_time(dice.randrange(1, 10_000))
        case 6:
            rollup.mine(name)
        case 7:
            here.clock.advance(dice.randrange(100))
        case _:
            here.send(name, sender=dice.choice([ALICE, BOB]))


@pytest.mark.parametrize("seed", range(6))
def test_a_fresh_verifier_finds_the_same_whatever_users_choose(seed: int) -> None:
    dice = random.Random(seed)
    here = world()
    for _ in range(60):
        one_change(here, dice)
    for name in CHAINS:
        here.rollup.set_mining(here.rollup.mining.tell(name, Mode()))
        here.rollup.mine(name)
    converges(here)
