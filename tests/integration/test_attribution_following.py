"""The index of attribution follows the chain, wherever that goes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from byline.derivation.hashing import keccak256
from byline.node.attribution.index.funding import Transfer
from byline.node.attribution.index.index import folded
from byline.node.backend.attribution_index import Follower, transfers_up_to
from byline.node.contracts import addresses
from byline.node.evm.patience import ENDLESS, OutOfTime, Patience
from tests.attribution_story import OPERATOR, OTHER, PAYER, begin
from tests.integration.rollups import World, world
from tests.integration.serving import served


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> World:
    here = world()
    story = begin(here, tmp_path_factory.mktemp("data"))
    story.record(1, [story.answer(), story.answer(payer=OTHER)])
    return here


def test_the_index_follows_reorganisations(tmp_path: Path) -> None:
    here = world()
    with served(here, "l2", folder=tmp_path) as port:
        follower = Follower(here.rollup)
        before = follower.at_head(ENDLESS)
        snapshot = port.result("evm_snapshot")
        story = begin(here, tmp_path)
        batch = story.record(1, [story.answer()])
        told = follower.at_head(ENDLESS)
        assert told.index.ledger.batches[batch].count == 1
        assert port.result("evm_revert", snapshot) is True
        assert follower.at_head(ENDLESS) == before
        story = begin(here, tmp_path)
        story.record(1, [story.answer(), story.answer(payer=OTHER)])
        again = follower.at_head(ENDLESS)
        assert again.index.ledger.batches[1].count == 2
        assert again == Follower(here.rollup).at_head(ENDLESS)
        port.result("anvil_rollback", 1)
        assert follower.at_head(ENDLESS).index.ledger.batches == {}
        assert told.index.ledger.batches[batch].count == 1


def test_a_reading_that_runs_out_of_time_goes_on_from_where_it_was(told: World) -> None:
    follower = Follower(told.rollup)
    ticks = iter(range(10**6))
    questions = 0
    while True:
        questions += 1
        try:
            found = follower.at_head(Patience(5, clock=lambda: float(next(ticks))))
        except OutOfTime:
            continue
        break
    assert questions > 2
    assert found == Follower(told.rollup).at_head(ENDLESS)


def test_marks_are_thinned_and_the_newest_ones_stay() -> None:
    here = world()
    follower = Follower(here.rollup)
    for _ in range(40):
        here.send("l2", value=1)
        follower.at_head(ENDLESS)
    assert len(follower._marks) <= 8
    assert [mark.number for mark in follower._marks[-3:]] == [38, 39, 40]


def test_a_chain_without_the_contracts_is_refused() -> None:
    here = world()
    with served(here, "l1") as port:
        error = port.error("attribution_status")
    assert (error["code"], error["data"][:21]) == (-32601, "the L2's port serves ")


def test_nothing_told_is_nothing_folded(told: World) -> None:
    index = Follower(told.rollup).at_head(ENDLESS).index
    assert folded(index, []) is index


def test_code_that_others_put_in_place_ends_the_index_with_words(tmp_path: Path) -> None:
    here = world()
    topic = keccak256(b"Finalized(uint64,uint128)").hex()
    # PUSH1 9, PUSH32 topic, PUSH1 32, PUSH0, LOG2: batch 9, which nobody recorded, is final.
    code = f"0x60097f{topic}60205fa200"
    with served(here, "l2", folder=tmp_path) as port:
        assert port.result("attribution_status")["counts"]["events"] == 0
        snapshot = port.result("evm_snapshot")
        ledger = "0x" + addresses.INFERENCE_LEDGER.hex()
        port.result("hardhat_setCode", ledger, code)
        here.send("l2", to=addresses.INFERENCE_LEDGER, value=0, gas=100_000)
        error = port.error("attribution_status")
        assert error["code"] == -32000
        assert "InferenceLedger.Finalized does not follow from what was told" in error["message"]
        assert port.result("evm_revert", snapshot) is True
        assert port.result("attribution_status")["counts"]["events"] == 0


def test_who_paid_whom_is_read_from_the_chain() -> None:
    here = world()
    here.send("l2", value=5)
    here.send("l2", value=7, sender=OTHER, to=PAYER.address)
    here.send("l2", value=0, sender=OTHER, to=PAYER.address)
    chain = here.rollup.chain("l2")
    alice, bob = OPERATOR.address, PAYER.address
    found = transfers_up_to(chain, 3, ENDLESS)
    assert found == (Transfer(alice, bob, 5), Transfer(OTHER.address, bob, 7))
    assert transfers_up_to(chain, 1, ENDLESS) == (Transfer(alice, bob, 5),)


def test_many_questions_at_once_get_the_same_answer(told: World) -> None:
    body = b'{"jsonrpc": "2.0", "id": 1, "method": "attribution_status", "params": []}'
    with served(told, "l2") as port:

        async def ask() -> list[bytes]:
            return await asyncio.gather(*(port.dispatcher.handle(body) for _ in range(12)))

        answers = port.loop.run_until_complete(ask())
    assert len(set(answers)) == 1
    assert json.loads(answers[0])["result"]["counts"]["records"] == 2


def test_a_state_that_was_loaded_has_no_index(told: World) -> None:
    with served(told, "l2") as port:
        state = port.result("anvil_dumpState")
    here = world()
    with served(here, "l2") as port:
        assert port.result("attribution_status")["counts"]["batches"] == 0
        assert port.result("anvil_loadState", state) is True
        message = port.error("attribution_status")["message"]
    assert "AttributionRegistry counts 2 in datasets.datasetCount" in message
    assert "its events tell of 0: code or state" in message
