"""admin_stopSequencer and admin_startSequencer: no L2 block between them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from byline.node.accounts import dev_accounts
from tests.integration.rollups import World, world
from tests.integration.serving import Port, served
from tests.integration.test_rollup import deposit


@pytest.fixture
def here() -> World:
    found = world()
    found.send("l2")
    return found


@pytest.fixture
def l2(here: World) -> Iterator[Port]:
    with served(here, "l2") as port:
        yield port


def test_a_stopped_sequencer_makes_no_blocks_and_a_started_one_takes_what_waited(
    here: World, l2: Port
) -> None:
    assert l2.result("admin_sequencerActive") is True
    head = l2.result("admin_stopSequencer")
    assert head == l2.result("eth_getBlockByNumber", "latest", False)["hash"]
    assert l2.result("admin_sequencerActive") is False
    raw = here.transfer("l2").raw
    tx_hash = l2.result("eth_sendRawTransaction", "0x" + raw.hex())
    assert l2.result("eth_getTransactionReceipt", tx_hash) is None
    assert l2.result("eth_blockNumber") == "0x1"
    assert "sequencer not running" in l2.error("evm_mine")["message"]
    assert l2.error("admin_stopSequencer")["message"] == "sequencer not running"
    l2.result("admin_startSequencer", head)
    assert l2.result("eth_getTransactionReceipt", tx_hash)["status"] == "0x1"
    assert l2.error("admin_startSequencer", head)["message"] == "sequencer already running"


def test_it_starts_on_the_head_alone(l2: Port) -> None:
    head = l2.result("admin_stopSequencer")
    other = "0x" + "11" * 32
    assert l2.error("admin_startSequencer", other) == {
        "code": -32000,
        "message": f"block hash does not match: head {head}, received {other}",
    }
    assert l2.result("admin_sequencerActive") is False


def test_the_l1_goes_on_and_deposits_are_adopted_afterwards(here: World, l2: Port) -> None:
    head = l2.result("admin_stopSequencer")
    receiver = dev_accounts()[9].address
    before = here.balance("l2", receiver)
    deposit(here, 10**18, to=receiver)
    for _ in range(3):
        here.rollup.mine("l1")
    assert l2.result("eth_blockNumber") == "0x1"
    l2.result("admin_startSequencer", head)
    here.rollup.adopt(here.rollup.l1.head.number)
    assert here.balance("l2", receiver) > before


def test_derivation_begins_again_and_ends_at_the_same_heads(here: World, l2: Port) -> None:
    here.rollup.flush()
    before = l2.result("optimism_syncStatus")
    assert before["safe_l2"]["number"] > 0
    assert l2.result("admin_resetDerivationPipeline") is None
    assert l2.result("optimism_syncStatus")["safe_l2"] == before["safe_l2"]
    here.send("l2")
    here.rollup.flush()
    assert l2.result("optimism_syncStatus")["safe_l2"]["number"] > before["safe_l2"]["number"]


def test_there_is_no_conductor(l2: Port) -> None:
    assert l2.result("admin_conductorEnabled") is False


def test_the_l1s_port_says_where_to_ask(here: World) -> None:
    with served(here, "l1") as l1:
        error = l1.error("admin_sequencerActive")
    assert error["code"] == -32601
    assert "the L2's port" in error["data"]
