"""The operator on a devnet, step by step, through everything that may come between."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from byline.node.attribution.client.values import BatchStatus, Mode
from byline.node.attribution.serving.book import Stage
from byline.node.attribution.serving.operator import PAYOUTS, OperatorSettings
from byline.node.attribution.weights import batch_payouts
from byline.node.client import CallFailed
from byline.node.errors import NodeError
from byline.precompiles.evidence.merkle import MerkleTree
from tests.paid_answers import DOCUMENTS, PAYER, QUESTIONS
from tests.paid_chain import FEE, World, desk, paid_world

pytestmark = pytest.mark.asyncio
ANSWERS = [document.text for document in DOCUMENTS]
TWO = OperatorSettings(most_receipts=2)


async def demand(world: World, batch: int, index: int) -> None:
    fee = await world.payer.contracts.read("InferenceLedger", "demandFee")
    if index == PAYOUTS:
        await world.payer.contracts.send("InferenceLedger", "demandPayouts", batch, value=fee)
        return
    leaves = [record.encode() for record in await world.payer.records(batch)]
    proof = MerkleTree(leaves).proof(index)
    await world.payer.contracts.send(
        "InferenceLedger", "demand", batch, index, leaves[index], proof, value=fee
    )


async def status(world: World, batch: int) -> BatchStatus:
    return (await world.operator.batch(batch)).status


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_batch_goes_all_the_way(tmp_path: Path, mode: Mode) -> None:
    async with paid_world(mode) as world, desk(world, tmp_path, TWO) as (store, operator, said):
        for prompt, answer in zip(QUESTIONS, ANSWERS[:2], strict=False):
            await world.take(store, prompt, answer)
        await operator.tick()
        await operator.tick()
        assert await status(world, 1) is BatchStatus.RECORDED
        # No block comes: the operator's own transactions are the next.
        await world.devnet.increase_time(601)
        await operator.tick()
        assert await status(world, 1) is BatchStatus.RELEASED
        settlement = await world.operator.settlement(1)
        assert settlement.settled
        assert settlement.mode is mode
        assert await world.payer.prepaid() == 10**18 - 2 * FEE
        told = len(said)
        await operator.tick()
        assert len(said) == told, "nothing is left to do"
        assert await world.operator.free_bond() == 10**17


async def test_the_first_receipt_waits_for_others_but_not_for_ever(tmp_path: Path) -> None:
    settings = OperatorSettings(most_receipts=9, most_age=30)
    async with paid_world() as world, desk(world, tmp_path, settings) as (store, operator, _):
        await world.take(store, QUESTIONS[0], ANSWERS[0])
        await operator.tick()
        assert store.book.batches() == ()
        await world.later(30)
        await operator.tick()
        assert store.book.batches() == (1,)


async def test_evidence_and_payouts_are_published_on_demand(tmp_path: Path) -> None:
    async with paid_world() as world, desk(world, tmp_path, TWO) as (store, operator, said):
        for prompt, answer in zip(QUESTIONS, ANSWERS[:2], strict=False):
            await world.take(store, prompt, answer)
        await operator.tick()
        await operator.tick()
        assert not [words for words in said if "published" in words]
        await demand(world, 1, 1)
        await demand(world, 1, PAYOUTS)
        await operator.tick()
        shown = await world.payer.published(1, 1)
        assert shown == store.book.batch(1)[1].answered
        assert await world.payer.published(1, 0) is None
        points = [one.points for one in store.book.batch(1)]
        assert await world.payer.payouts(1) == batch_payouts(points)
        assert (await world.operator.batch(1)).open_demands == 0
        await world.later()
        await operator.tick()
        assert await status(world, 1) is BatchStatus.RELEASED


async def test_evidence_is_published_always_where_that_is_asked_for(tmp_path: Path) -> None:
    settings = OperatorSettings(most_receipts=2, publish_always=True)
    async with paid_world() as world, desk(world, tmp_path, settings) as (store, operator, said):
        for prompt, answer in zip(QUESTIONS, ANSWERS[:2], strict=False):
            await world.take(store, prompt, answer)
        for _ in range(3):
            await operator.tick()
        assert [await world.payer.published(1, index) is not None for index in (0, 1)] == [
            True
        ] * 2
        assert len([words for words in said if "published" in words]) == 2


async def test_another_operator_goes_on_with_the_same_journal(tmp_path: Path) -> None:
    async with paid_world() as world:
        async with desk(world, tmp_path) as (store, operator, _):
            await world.take(store, QUESTIONS[0], ANSWERS[0])
        async with desk(world, tmp_path) as (store, operator, _):
            await operator.tick()
        await world.later()
        async with desk(world, tmp_path) as (store, operator, _):
            assert store.book.batches() == (1,)
            await operator.tick()
            assert await status(world, 1) is BatchStatus.RELEASED


async def test_a_record_that_was_not_noted_before_a_crash_is_found(tmp_path: Path) -> None:
    async with paid_world() as world:
        async with desk(world, tmp_path) as (store, _, _):
            first = await world.take(store, QUESTIONS[0], ANSWERS[0])
            second = await world.take(store, QUESTIONS[1], ANSWERS[1])
            # Recorded, and then the process dies before it can write that down.
            await world.operator.record_batch(
                world.model, [second.signed, first.signed], [second.points, first.points]
            )
        async with desk(world, tmp_path) as (store, operator, _):
            assert len(store.book.pending()) == 2
            await operator.tick()
            assert [one.key for one in store.book.batch(1)] == [second.key, first.key]
            assert store.book.pending() == ()
            await world.later()
            await operator.tick()
            assert await status(world, 1) is BatchStatus.RELEASED
        assert await world.payer.prepaid() == 10**18 - 2 * FEE, "each was debited once"
        assert await world.operator.contracts.read("InferenceLedger", "batchCount") == 1


async def test_a_record_that_the_chain_takes_back_is_made_again(tmp_path: Path) -> None:
    async with paid_world() as world, desk(world, tmp_path) as (store, operator, said):
        taken = await world.take(store, QUESTIONS[0], ANSWERS[0])
        before = await world.devnet.snapshot()
        await operator.tick()
        assert store.book.batches() == (1,)
        await world.devnet.revert(before)
        await operator.tick()
        await operator.tick()
        assert [words for words in said if "taken back by the chain" in words]
        assert store.book.batches() == (1,)
        assert (await world.operator.records(1))[0] == taken.signed.record


async def test_a_record_that_a_reorganisation_moved_is_found_however_late(tmp_path: Path) -> None:
    """After a change of the chain it stands in a lower block, and in another batch."""
    async with paid_world() as world, desk(world, tmp_path) as (store, operator, _):
        before = await world.devnet.snapshot()
        for _ in range(3):
            await world.devnet.l2.mine()
        taken = await world.take(store, QUESTIONS[0], ANSWERS[0])
        await operator.tick()
        assert store.book.batches() == (1,)
        await world.devnet.revert(before)
        await world.recorded(ANSWERS[1:2])
        await world.operator.record_batch(world.model, [taken.signed], [taken.points])
        await world.devnet.increase_time(1_200)
        await operator.tick()
        held = store.book.get(taken.key)
        assert held is not None
        assert (held.stage, held.batch, held.index) == (Stage.RECORDED, 2, 0)
        await operator.tick()
        assert await status(world, 2) is BatchStatus.RELEASED


async def test_who_withdraws_is_left_out_and_the_others_are_recorded(tmp_path: Path) -> None:
    async with paid_world() as world, desk(world, tmp_path, TWO) as (store, operator, said):
        taken = [await world.take(store, prompt, ANSWERS[0]) for prompt in QUESTIONS[:2]]
        ledger = world.payer.contracts
        await ledger.send("InferenceLedger", "requestWithdrawal", 10**18 - FEE)
        await world.later()
        await ledger.send("InferenceLedger", "withdraw")
        await operator.tick()
        assert [one.key for one in store.book.batch(1)] == [taken[0].key]
        assert store.book.pending() == (taken[1],)
        assert [words for words in said if "FeeOverPrepaid" in words]
        await operator.tick()
        assert len([words for words in said if "FeeOverPrepaid" in words]) == 1, "said once"
        await world.payer.deposit(FEE)
        await world.take(store, QUESTIONS[2], ANSWERS[2])
        await operator.tick()
        assert [one.key for one in store.book.batch(2)] == [taken[1].key]


async def test_a_nonce_that_was_used_elsewhere_is_given_up(tmp_path: Path) -> None:
    async with paid_world() as world, desk(world, tmp_path, TWO) as (store, operator, _):
        taken = await world.take(store, QUESTIONS[0], ANSWERS[0])
        nonce = taken.signed.receipt.nonce
        ((other, points),) = await world.signed(ANSWERS[1:2])
        receipt = replace(other.receipt, nonce=nonce)
        other = replace(
            other, receipt=receipt, signature=receipt.sign(world.payer.domain, PAYER.key)
        )
        await world.operator.record_batch(world.model, [other], [points])
        good = await world.take(store, QUESTIONS[2], ANSWERS[2])
        await operator.tick()
        held = store.book.get(taken.key)
        assert held is not None
        assert (held.stage, held.why) == (Stage.LOST, "another receipt has used its nonce")
        assert store.book.pending() in ((), (good,))


async def test_what_is_too_late_is_given_up_aloud(tmp_path: Path) -> None:
    async with paid_world() as world:
        async with desk(world, tmp_path) as (store, _, _):
            taken = await world.take(store, QUESTIONS[0], ANSWERS[0])
        await world.later(1_100)
        async with desk(world, tmp_path) as (store, operator, said):
            await operator.tick()
            held = store.book.get(taken.key)
            assert held is not None
            assert held.stage is Stage.LOST
            assert "its deadline" in held.why
            assert [words for words in said if "too late" in words]


async def test_evidence_that_was_withheld_ends_the_batch_and_pays_back(tmp_path: Path) -> None:
    async with paid_world() as world, desk(world, tmp_path) as (store, operator, said):
        await world.take(store, QUESTIONS[0], ANSWERS[0])
        await operator.tick()
        await demand(world, 1, 0)
        await world.later()
        await world.payer.contracts.send("InferenceLedger", "slashWithheld", 1, 0)
        await operator.tick()
        assert "batch 1: void" in said
        await world.payer.refund(1, 0)
        fee = await world.payer.contracts.read("InferenceLedger", "demandFee")
        assert await world.payer.prepaid() == 10**18 + fee, "fee and demand are both back"
        await operator.tick()
        assert said.count("batch 1: void") == 1


async def test_without_a_bond_it_complains_and_goes_on_once_there_is_one(tmp_path: Path) -> None:
    async with paid_world() as world, desk(world, tmp_path) as (store, operator, said):
        await world.operator.contracts.send("ContributorBond", "withdraw", 10**17)
        await world.take(store, QUESTIONS[0], ANSWERS[0])
        stop = asyncio.Event()
        task = asyncio.create_task(operator.run(stop))
        async with asyncio.timeout(20):
            while not [words for words in said if "NotFree" in words]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            assert store.book.in_the_way
            assert "bond more, or wait" in said[-1]
            await world.operator.bond(10**17)
            while not store.book.batches() or store.book.in_the_way:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        stop.set()
        await task


async def test_a_node_that_stops_answering_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with paid_world() as world, desk(world, tmp_path) as (store, operator, _):
        await world.take(store, QUESTIONS[0], ANSWERS[0])
        real = world.operator.rpc.call

        async def sent_and_silent(method: str, *params: object) -> object:
            answer = await real(method, *params)
            if method == "eth_sendRawTransaction":
                raise NodeError("the node does not answer")
            return answer

        monkeypatch.setattr(world.operator.rpc, "call", sent_and_silent)
        with pytest.raises(NodeError, match="does not answer") as error:
            await operator.tick()
        assert not isinstance(error.value, CallFailed)
        monkeypatch.undo()
        await operator.tick()
        assert store.book.batches() == (1,), "it was recorded after all, and is found"
        assert await world.operator.contracts.read("InferenceLedger", "batchCount") == 1
        assert await world.payer.prepaid() == 10**18 - FEE


async def test_a_batch_that_fails_keeps_no_other_from_being_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with paid_world() as world, desk(world, tmp_path) as (store, operator, said):
        await world.take(store, QUESTIONS[0], ANSWERS[0])
        await operator.tick()
        await world.later()

        async def fails(*_: object) -> int:
            raise NodeError("transaction 0x12 failed")

        monkeypatch.setattr(world.operator, "settle", fails)
        await world.take(store, QUESTIONS[1], ANSWERS[1])
        for _ in range(2):
            await operator.tick()
        assert store.book.batches() == (1, 2)
        assert said.count("batch 1: transaction 0x12 failed") == 1
        monkeypatch.undo()
        await operator.tick()
        assert await status(world, 1) is BatchStatus.RELEASED


async def test_a_batch_that_holds_more_than_the_journal_is_left_to_who_made_it(
    tmp_path: Path,
) -> None:
    async with paid_world() as world, desk(world, tmp_path) as (store, operator, said):
        taken = await world.take(store, QUESTIONS[0], ANSWERS[0])
        ((other, points),) = await world.signed(ANSWERS[1:2])
        await world.operator.record_batch(
            world.model, [other, taken.signed], [points, taken.points]
        )
        for _ in range(3):
            await operator.tick()
        assert store.book.batches() == (1,)
        assert len([words for words in said if "2 records, of which 1" in words]) == 1
        assert store.book.pending() == ()


async def test_the_same_answer_at_another_fee_is_another_record(tmp_path: Path) -> None:
    async with paid_world() as world, desk(world, tmp_path) as (store, operator, _):
        taken = await world.take(store, QUESTIONS[0], ANSWERS[0])
        receipt = replace(taken.signed.receipt, fee=FEE - 1)
        cheaper = replace(
            taken.signed, receipt=receipt, signature=receipt.sign(world.payer.domain, PAYER.key)
        )
        await world.operator.record_batch(world.model, [cheaper], [taken.points])
        await operator.tick()
        held = store.book.get(taken.key)
        assert held is not None
        assert held.stage is Stage.LOST


async def test_receipts_are_dropped_once_their_batch_is_over_and_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("byline.node.attribution.serving.operator.MOST_OVER", 1)
    settings = OperatorSettings(most_receipts=2, keep_seconds=5_000)
    journal = tmp_path / "receipts.journal"
    async with paid_world() as world:
        async with desk(world, tmp_path, settings) as (store, operator, said):
            first = [await world.take(store, QUESTIONS[at], ANSWERS[at]) for at in (0, 1)]
            await operator.tick()
            await world.later()
            await operator.tick()
            assert await status(world, 1) is BatchStatus.RELEASED
            await world.later(4_000)
            await operator.tick()
            assert store.book.batches() == (1,), "it is over, and not old"
            await world.later(1_000)
            last = await world.take(store, QUESTIONS[2], ANSWERS[2])
            size = journal.stat().st_size
            await operator.tick()
            assert journal.stat().st_size < size
            assert said[-1].startswith("2 receipts of batches that are over are dropped")
            assert list(store.book.all()) == [last]
        async with desk(world, tmp_path, settings) as (store, operator, _):
            assert list(store.book.all()) == [last]
            for one in first:
                # The ledger knows: it is neither paid nor recorded again.
                payer, nonce = one.key
                assert await world.payer.contracts.read(
                    "InferenceLedger", "nonceUsed", payer, nonce
                )
            await world.later(30)
            await operator.tick()
            await world.later()
            await operator.tick()
            assert await status(world, 2) is BatchStatus.RELEASED


async def test_receipts_of_a_batch_that_is_not_over_are_kept_however_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("byline.node.attribution.serving.operator.MOST_OVER", 1)
    settings = OperatorSettings(most_receipts=1, keep_seconds=0)
    async with paid_world() as world, desk(world, tmp_path, settings) as (store, operator, _):
        await world.take(store, QUESTIONS[0], ANSWERS[0])
        await operator.tick()
        await demand(world, 1, 0)
        with monkeypatch.context() as patched:

            async def silent(*_: object) -> None:
                raise NodeError("the node does not answer")

            patched.setattr(operator, "_advance", silent)
            await world.later(2_000)
            await operator.tick()
            assert operator._next_look, "it looked for what is over"
            await operator._forget(operator._next_look)
        assert store.book.batches() == (1,)
