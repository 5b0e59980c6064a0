"""The demo's trade: registered, paid for, recorded, watched, slashed, settled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Console

from byline.node.attribution.receipts import ReceiptDomain
from byline.node.contracts.addresses import INFERENCE_LEDGER
from byline.node.contracts.gas_token import OPEN
from byline.node.demo.asking import Answered
from byline.node.demo.chain import Chain
from byline.node.demo.desk import Answer, Batch, Desk, in_batches
from byline.node.demo.model import Trained
from byline.node.demo.people import Cast
from byline.node.demo.recording import (
    Books,
    Recorded,
    Settled,
    publish,
    record,
    record_alone,
    refund,
    settle,
)
from byline.node.demo.screen import say, whole_units
from byline.node.demo.setup import POLICY, Models, fund, register
from byline.node.demo.watching import Watcher
from byline.node.errors import NodeError

BATCH: Final = 10
"""Answers of the adapter that are recorded together."""
COMPARED: Final = 10
"""Answers that are settled in every way."""
DAY: Final = 24 * 3600


class Play:
    """Runs the stages on a devnet and prints them."""

    def __init__(self, console: Console, chain: Chain, cast: Cast, trained: Trained) -> None:
        self._console, self._chain, self._cast = console, chain, cast
        self._trained = trained
        self._watcher = Watcher(chain, cast, trained)
        self._fees: dict[tuple[int, int], int] = {}

    async def open(self, answered: Answered) -> Models:
        """Register everything and send the money over from the L1."""
        models = await register(self._chain, self._cast, self._trained)
        say(
            self._console,
            "registry",
            f"2 datasets of {self._trained.adapter.total:,} tokens, base model {models.base}, "
            f"adapter {models.adapter} on it, one more adapter for each way to settle, "
            "3 training steps",
        )
        payers, owed = answered.payers, answered.owners - {answered.sponsored}
        with self._console.status(f"{len(payers) + len(owed)} deposits from the L1 ..."):
            await fund(self._chain, self._cast, sorted(payers), sorted(owed))
        say(
            self._console,
            "bridge",
            f"{len(payers)} payers deposit from the L1 with the ledger, "
            f"{len(owed)} contributors get gas money from there",
        )
        return models

    async def trade(self, models: Models, answered: Answered) -> Books:
        """Record, watch, slash, settle."""
        chain, cast = self._chain, self._cast
        desk = await self._desk()
        whole = await self._same(desk, models.adapter, answered.answers)
        batches = in_batches(whole.signed, models.adapter, BATCH)
        recorded = await self._record_main(desk, models.adapter, batches)
        compared, alone = await self._record_compared(desk, models, answered.answers)
        with self._console.status("the challenge window passes; batches are settled ..."):
            settled = await settle(
                chain, cast, [*(one for one, _ in recorded), *compared.values(), *alone]
            )
        by_id = {one.recorded.id: one for one in settled}
        again, base = await self._second_round(desk, models, answered)
        return Books(
            main=tuple((by_id[one.id], batch) for one, batch in recorded),
            compared={mode: by_id[one.id] for mode, one in compared.items()},
            again=again,
            alone=tuple(by_id[one.id] for one in alone),
            base=base,
        )

    async def _desk(self) -> Desk:
        chain_id = await self._chain.l2.number("eth_chainId")
        deadline = await self._chain.now() + DAY
        return Desk(
            ReceiptDomain(chain_id, INFERENCE_LEDGER), self._cast.builder.address, deadline
        )

    async def _fee(self, given: Answer) -> int:
        """Return what the fee policy asks for an answer."""
        sizes = (given.tokens_in, given.tokens_out)
        if sizes not in self._fees:
            self._fees[sizes] = await self._chain.view("FeePolicy", "quote", POLICY, *sizes)
        return self._fees[sizes]

    async def _record_main(
        self, desk: Desk, model: int, batches: Sequence[Batch]
    ) -> list[tuple[Recorded, Batch]]:
        """Record the adapter's batches, one of them with a forged record in it."""
        lying, index = _forgeable(batches)
        recorded: list[tuple[Recorded, Batch]] = []
        with self._console.status("receipts are recorded ...") as shown:
            for number, batch in enumerate(batches):
                shown.update(f"batch {number + 1} of {len(batches)}: recorded and published ...")
                sent = self._forged(desk, batch, index) if number == lying else batch
                recorded.append((await self._record(sent), sent))
        say(
            self._console,
            "ledger",
            f"{sum(one.answers for one, _ in recorded)} receipts in {len(recorded)} batches, "
            "one transaction each; their evidence is published",
        )
        await self._watch()
        recorded[lying] = await self._redeem(desk, *recorded[lying])
        look = await self._watcher.look()
        if look.wrong or look.actions:
            raise NodeError(f"the watcher would challenge honest records: {look.wrong}")
        say(self._console, "watcher", f"{look.clean} records recomputed, nothing is wrong")
        return recorded

    async def _record(self, batch: Batch) -> Recorded:
        one = await record(self._chain, self._cast, batch)
        await publish(self._chain, self._cast, one.id, batch)
        return one

    async def _redeem(self, desk: Desk, void: Recorded, batch: Batch) -> tuple[Recorded, Batch]:
        """Refund the payers of a void batch; they sign anew, and it is recorded honestly."""
        returned = await refund(self._chain, self._cast, void.id, batch)
        # A nonce serves once.
        signed = [desk.sign(batch.model, s.answer, s.receipt.receipt.fee) for s in batch.signed]
        honest = Batch(batch.model, tuple(signed))
        one = await self._record(honest)
        say(
            self._console,
            "refunds",
            f"{whole_units(returned)} {OPEN.symbol} back to the payers of batch {void.id}; they "
            f"sign anew, and it is recorded honestly as batch {one.id}",
        )
        return one, honest

    def _forged(self, desk: Desk, batch: Batch, index: int) -> Batch:
        one = batch.signed[index]
        fee = one.receipt.receipt.fee
        forged = desk.forge(one.answer, fee, self._cast.friend.address)
        lie = desk.sign(batch.model, one.answer, fee, forged)
        signed = [lie if at == index else other for at, other in enumerate(batch.signed)]
        return Batch(batch.model, tuple(signed))

    async def _watch(self) -> None:
        """Let the watcher check what is published, and prove what it finds.

        Raises `NodeError` unless it finds exactly the forged record.
        """
        with self._console.status("the watcher checks datasets and records ..."):
            look = await self._watcher.look()
        if len(look.wrong) != 1 or len(look.actions) != 1:
            raise NodeError(f"1 record is forged, and the watcher found {look.wrong}")
        say(
            self._console,
            "watcher",
            f"{look.clean + 1} records recomputed, 1 of them forged: {look.wrong[0]}",
        )
        slashed = await self._watcher.act(look.actions[0])
        say(
            self._console,
            "slashed",
            f"{whole_units(slashed.amount)} {OPEN.symbol} of the operator's bond, "
            f"{whole_units(slashed.reward)} of it for the watcher, by one transaction of "
            f"{slashed.cost.gas:,} gas; the batch is void",
        )

    async def _record_compared(
        self, desk: Desk, models: Models, answers: Sequence[Answer]
    ) -> tuple[dict[str, Recorded], list[Recorded]]:
        """Record the same answers for a model of each mode, and each by itself."""
        chain, cast = self._chain, self._cast
        some = answers[:COMPARED]
        compared = {}
        alone = []
        with self._console.status(f"the same {len(some)} answers for a model of each mode ..."):
            for mode, model in models.by_mode.items():
                compared[mode] = await record(chain, cast, await self._same(desk, model, some))
            for one in some:
                fee = await self._fee(one)
                model = models.by_mode["root"]
                alone.append(await record_alone(chain, cast, desk, model, one, fee))
        return compared, alone

    async def _same(self, desk: Desk, model: int, answers: Sequence[Answer]) -> Batch:
        signed = [desk.sign(model, one, await self._fee(one)) for one in answers]
        return Batch(model, tuple(signed))

    async def _second_round(
        self, desk: Desk, models: Models, answered: Answered
    ) -> tuple[Settled, Settled]:
        """Settle the accumulator's list once more, and an answer of the base model."""
        chain, cast = self._chain, self._cast
        some = answered.answers[:COMPARED]
        model = models.by_mode["accumulator"]
        again = await record(chain, cast, await self._same(desk, model, some))
        batch = await self._same(desk, models.base, [answered.base_answer])
        base = await record(chain, cast, batch)
        await publish(chain, cast, base.id, batch)
        carried = await chain.view("PayoutVault", "carryOf", models.base)
        first, second = await settle(chain, cast, [again, base])
        say(
            self._console,
            "lineage",
            f"{whole_units(carried)} {OPEN.symbol} had come to the base model from its "
            "adapters; its own next answer paid them out to its contributors",
        )
        return first, second


def _forgeable(batches: Sequence[Batch]) -> tuple[int, int]:
    """Return batch and record to forge: in the third batch, or the last, the heaviest one."""
    number = min(2, len(batches) - 1)
    weights = [
        max((leaf.weight for leaf in one.attribution.evidence.leaves), default=-1)
        for one in batches[number].signed
    ]
    return number, weights.index(max(weights))
