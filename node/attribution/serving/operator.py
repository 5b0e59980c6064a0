"""The operator of a model: from receipts to records, evidence, settlement and its bond back.

What it does next follows from the chain and from the journal alone, so it may stop anywhere
and begin again.  The ledger takes a nonce once: what was sent before a crash and what is sent
after it are not both recorded.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from byline.node.attribution.client.batches import record_in
from byline.node.attribution.client.calls import ContractRefused, padded, word
from byline.node.attribution.client.client import AttributionClient
from byline.node.attribution.client.values import BatchStatus
from byline.node.attribution.encoding import encode_packed
from byline.node.attribution.onchain import Batch
from byline.node.attribution.receipts import MOST_RECEIPTS
from byline.node.attribution.serving.book import ReceiptKey, Stage, Taken
from byline.node.attribution.serving.store import ReceiptStore
from byline.node.attribution.weights import MOST_UNITS, batch_payouts, units
from byline.node.errors import NodeError, StorageError
from byline.precompiles.evidence.merkle import MerkleTree

LOG: Final = logging.getLogger("byline.attribution")
LEDGER: Final = "InferenceLedger"
MOST_OWNERS: Final = 4_096
"""Of one batch."""
PAYOUTS: Final = 2**64 - 1
"""Stands for the list of payouts where a record's index is asked for."""
MOST_SAID: Final = 1_000
"""Complaints that are remembered, so that none is repeated at every step."""
MOST_OVER: Final = 100
"""Receipts that are over and kept all the same: the journal is not written anew for fewer."""
LOOK_SECONDS: Final = 60
"""Of the chain's clock, between two looks for them."""
_CLOSED: Final = (BatchStatus.VOID, BatchStatus.RELEASED, BatchStatus.DEFAULTED)
_OF_ONE_RECEIPT: Final = (
    "FeeOverPrepaid",
    "MalformedSignature",
    "NonceUsed",
    "ReceiptExpired",
    "WrongSigner",
    "ZeroFee",
)
"""Refusals of a batch that name the receipt at fault by its index."""


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """When batches are made, and what is shown of them."""

    most_receipts: int = 64
    """A batch is recorded once so many wait, at most 200."""
    most_age: int = 30
    """Or once the oldest has waited so many seconds."""
    publish_always: bool = False
    """Whether evidence is published with every batch, not only on demand."""
    poll_seconds: float = 1.0
    keep_seconds: int = 86_400
    """How long receipts are kept at least, by the chain's clock, until their batch is over."""

    def __post_init__(self) -> None:
        """Refuse a batch that the ledger would not take."""
        if not 1 <= self.most_receipts <= MOST_RECEIPTS:
            raise ValueError(f"batches of {self.most_receipts}: want 1 to {MOST_RECEIPTS}")
        if self.most_age < 0:
            raise ValueError(f"an age of {self.most_age} seconds: want 0 or more")
        if self.keep_seconds < 0:
            raise ValueError(f"receipts kept for {self.keep_seconds} seconds: want 0 or more")


DEFAULT_SETTINGS: Final = OperatorSettings()


def is_due(pending: Sequence[Taken], now: int, settings: OperatorSettings) -> bool:
    """Return whether a batch is to be recorded now; `pending` is oldest first.

    It is, too, where a receipt has less than twice the greatest age left to be recorded.
    """
    if not pending:
        return False
    if len(pending) >= settings.most_receipts or now - pending[0].at >= settings.most_age:
        return True
    nearest = min(one.signed.receipt.deadline for one in pending)
    return nearest - now < 2 * settings.most_age


def choose(pending: Iterable[Taken], now: int, settings: OperatorSettings) -> tuple[Taken, ...]:
    """Return the receipts of the next batch, oldest first, as many as the ledger takes.

    Those whose deadline has passed are left out; so is what would make too many owners or
    units, for the batch after.
    """
    chosen: list[Taken] = []
    owners: set[bytes] = set()
    total = 0
    for one in pending:
        receipt = one.signed.receipt
        if receipt.deadline < now:
            continue
        more = owners | {owner for owner, _ in one.points}
        if len(more) > MOST_OWNERS or total + units(receipt.fee) > MOST_UNITS:
            continue
        chosen.append(one)
        owners, total = more, total + units(receipt.fee)
        if len(chosen) == settings.most_receipts:
            break
    return tuple(chosen)


class Operator:
    """Records, publishes, finalizes, settles and releases, step by step.

    client: signs as the model's operator.  say: told each step in one line.
    """

    def __init__(
        self,
        client: AttributionClient,
        model_id: int,
        store: ReceiptStore,
        settings: OperatorSettings = DEFAULT_SETTINGS,
        say: Callable[[str], None] = LOG.info,
    ) -> None:
        self._client = client
        self._model_id = model_id
        self._store = store
        self._book = store.book
        self._settings = settings
        self._say = say
        self._closed: set[int] = set()
        self._over: set[int] = set()
        self._next_look = 0
        self._shown: set[tuple[int, int]] = set()
        self._uncertain = True
        self._said: set[str] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Go on until `stop` is set; what the chain refuses is said once, and tried again."""
        while not stop.is_set():
            try:
                await self.tick()
                self._book.in_the_way = False
            except NodeError as error:
                self._book.in_the_way = True
                self._uncertain = True
                self._complain(_words(error))
            try:
                await asyncio.wait_for(stop.wait(), self._settings.poll_seconds)
            except TimeoutError:
                continue

    async def tick(self) -> None:
        """Do all that can be done now; raises `NodeError` where the chain is in the way."""
        if self._uncertain:
            await self.reconcile()
        for batch in self._book.batches():
            if batch in self._closed:
                continue
            try:
                await self._advance(batch)
            except StorageError:
                raise
            except NodeError as error:
                # Others go on, unless the chain is down; this one is tried again.
                self._complain(f"batch {batch}: {error}")
                await self._client.contracts.now()
        if self._uncertain:
            # What the chain took back may stand elsewhere, and must not be given up then.
            await self.reconcile()
        now = await self._client.contracts.now()
        await self._give_up(now)
        if is_due(self._book.pending(), now, self._settings):
            await self.record()
        await self._forget(now)

    # -- records ------------------------------------------------------------------------

    async def reconcile(self) -> None:
        """Find the receipts that the ledger has and the journal does not know of."""
        for taken in self._book.pending():
            payer, nonce = taken.key
            if not await self._client.contracts.read(LEDGER, "nonceUsed", payer, nonce):
                continue
            place = await self._find(taken)
            if place is None:
                await self._store.lost(taken.key, "another receipt has used its nonce")
                self._say(f"lost: nonce {nonce} of 0x{payer.hex()} was used elsewhere")
            else:
                await self._store.recorded({taken.key: place})
                self._closed.discard(place[0])
        self._uncertain = False

    async def _find(self, taken: Taken) -> tuple[int, int] | None:
        """Return batch and index of a receipt's record, from the ledger's log."""
        record = taken.signed.record
        head = await self._client.rpc.number("eth_blockNumber")
        # A chain that was reorganised may have it in a lower block than it was taken at.
        for first in (min(taken.block, head), 0):
            logs = await self._client.contracts.logs(
                LEDGER, "InferenceRecorded", None, padded(record.payer), record.req_hash,
                from_block=first,
            )  # fmt: skip
            for log in logs:
                if record_in(log.fields) == record:
                    return log.fields["batchId"], log.fields["index"]
        return None

    async def record(self) -> int | None:
        """Record the next batch and return its id, or `None` where there is none to record.

        A receipt that the ledger refuses is left out: for this time where its payer has too
        little prepaid now, for good where it can never be taken.
        """
        async with self._store.sending:
            return await self._record()

    async def _record(self) -> int | None:
        aside: set[ReceiptKey] = set()
        while True:
            now = await self._client.contracts.now()
            waiting = [one for one in self._book.pending() if one.key not in aside]
            chosen = choose(waiting, now, self._settings)
            if not chosen:
                return None
            signed, points = [one.signed for one in chosen], [one.points for one in chosen]
            try:
                batch = await self._client.record_batch(self._model_id, signed, points)
            except ContractRefused as refused:
                if refused.error not in _OF_ONE_RECEIPT:
                    raise
                await self._left_out(chosen[refused.arguments["index"]], refused, aside)
                continue
            except NodeError:
                # It may have been recorded after all.
                self._uncertain = True
                raise
            await self._store.recorded(
                {one.key: (batch, index) for index, one in enumerate(chosen)}
            )
            self._say(f"batch {batch}: recorded {len(chosen)} answers")
            return batch

    async def _left_out(
        self, taken: Taken, refused: ContractRefused, aside: set[ReceiptKey]
    ) -> None:
        payer, nonce = taken.key
        aside.add(taken.key)
        self._complain(f"nonce {nonce} of 0x{payer.hex()} is left out: {refused.error}")
        if refused.error == "NonceUsed":
            await self.reconcile()
        elif refused.error not in ("FeeOverPrepaid", "ReceiptExpired"):
            await self._store.lost(taken.key, str(refused))

    async def _give_up(self, now: int) -> None:
        """Give receipts up that it is too late for."""
        for taken in self._book.pending():
            deadline = taken.signed.receipt.deadline
            if deadline < now:
                await self._store.lost(taken.key, f"not recorded by {deadline}, its deadline")
                self._say(f"lost: nonce {taken.key[1]} of 0x{taken.key[0].hex()} is too late")

    async def _forget(self, now: int) -> None:
        """Drop receipts that are over, once they are most of what is kept."""
        if now < self._next_look:
            return
        self._next_look = now + LOOK_SECONDS
        kept = tuple(self._book.all())
        old = {one.key for one in kept if one.stage is Stage.LOST and self._is_old(one, now)}
        for batch in self._over:
            # Whole batches: what is left of one would look like somebody else's.
            receipts = self._book.batch(batch)
            if all(self._is_old(one, now) for one in receipts):
                old.update(one.key for one in receipts)
        if len(old) < max(MOST_OVER, len(kept) - len(old)):
            return
        await self._store.forget(old)
        self._over.intersection_update(self._book.batches())
        self._closed.intersection_update(self._book.batches())
        self._shown = {place for place in self._shown if place[0] not in self._closed}
        self._say(f"{len(old)} receipts of batches that are over are dropped from the journal")

    def _is_old(self, taken: Taken, now: int) -> bool:
        return now > max(taken.at + self._settings.keep_seconds, taken.signed.receipt.deadline)

    # -- batches ------------------------------------------------------------------------

    async def _advance(self, batch: int) -> None:
        """Take a batch as far as it can go now."""
        taken = self._book.batch(batch)
        info = await self._client.batch(batch)
        if info.records_root != MerkleTree([one.signed.record.encode() for one in taken]).root:
            await self._mismatch(info, taken)
            return
        if info.status is BatchStatus.RECORDED:
            info = await self._show(info, taken)
            if info.open_demands or await self._client.contracts.now() <= info.window_end:
                return
            await self._client.finalize(batch)
            self._say(f"batch {batch}: finalized, {info.total_fee} wei to the vault")
            info = await self._client.batch(batch)
        if info.status is BatchStatus.FINALIZED:
            sent = await self._client.settle(batch, batch_payouts(one.points for one in taken))
            self._say(f"batch {batch}: settled by {sent} transactions")
            await self._client.release(batch)
            self._say(f"batch {batch}: released")
            info = await self._client.batch(batch)
        if info.status in _CLOSED:
            if info.status is not BatchStatus.RELEASED:
                self._say(f"batch {batch}: {info.status.name.lower()}")
            self._closed.add(batch)
            self._over.add(batch)

    async def _mismatch(self, info: Batch, taken: Sequence[Taken]) -> None:
        """Let receipts wait again whose record the chain took back."""
        records = await self._client.records(info.id)
        if all(one.signed.record in records for one in taken):
            self._closed.add(info.id)
            self._complain(
                f"batch {info.id} has {info.count} records, of which {len(taken)} are in this "
                "journal: settle it by the tool that recorded it"
            )
            return
        self._shown = {place for place in self._shown if place[0] != info.id}
        await self._store.returned(tuple(one.key for one in taken))
        self._uncertain = True
        self._say(f"batch {info.id}: taken back by the chain, {len(taken)} receipts wait again")

    async def _show(self, info: Batch, taken: Sequence[Taken]) -> Batch:
        """Publish what is demanded, or everything; return the batch as it is then."""
        wanted: set[int] = set()
        if info.open_demands:
            for log in await self._client.contracts.logs(
                LEDGER, "EvidenceDemanded", word(info.id)
            ):
                wanted.add(log.fields["index"])
        if self._settings.publish_always:
            wanted |= {index for index in range(len(taken)) if (info.id, index) not in self._shown}
        for index in sorted(wanted):
            if not await self._client.contracts.read(LEDGER, "published", info.id, index):
                await self._publish(info.id, index, taken)
            self._shown.add((info.id, index))
        return await self._client.batch(info.id) if wanted else info

    async def _publish(self, batch: int, index: int, taken: Sequence[Taken]) -> None:
        if index == PAYOUTS:
            packed = encode_packed(batch_payouts(one.points for one in taken))
            await self._client.contracts.send(LEDGER, "publishPayouts", batch, packed)
            self._say(f"batch {batch}: payouts published")
        else:
            await self._client.publish(batch, index, taken[index].answered)
            self._say(f"batch {batch}: evidence of record {index} published")

    def _complain(self, words: str) -> None:
        """Say what is in the way, once."""
        if words in self._said:
            return
        if len(self._said) >= MOST_SAID:
            self._said.clear()
        self._said.add(words)
        self._say(words)


def _words(error: NodeError) -> str:
    """Return what is in the way, and what can be done about it where that is known."""
    if isinstance(error, ContractRefused) and error.error == "NotFree":
        return (
            f"{error}: no batch can be recorded; bond more, or wait until an earlier batch is "
            "settled and gives its bond back"
        )
    return str(error)
