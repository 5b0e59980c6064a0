"""A devnet with a registered model, its operator and a payer, for tests of paid answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from byline.node.attribution.client.client import AttributionClient
from byline.node.attribution.client.http import sign_payment
from byline.node.attribution.client.values import FeeTerms, Mode, ModelTerms
from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Dataset
from byline.node.attribution.encoding import Points
from byline.node.attribution.evidence import attribution
from byline.node.attribution.receipts import SignedReceipt
from byline.node.attribution.serving.book import Offer, PaymentBook, Taken
from byline.node.attribution.serving.journal import Journal
from byline.node.attribution.serving.operator import Operator, OperatorSettings
from byline.node.attribution.serving.payments import Payment, Terms, request_hash
from byline.node.attribution.serving.store import ReceiptStore
from byline.node.attribution.tokens import tokenize
from byline.node.attribution.weights import weights_root
from byline.node.devnet import Devnet
from tests.paid_answers import DOCUMENTS, OPERATOR, PAYER

FEE = 10**15
WINDOW = 601
"""Seconds after which a batch cannot be challenged any more."""


@dataclass
class World:
    """What is registered, and who is there."""

    devnet: Devnet
    operator: AttributionClient
    payer: AttributionClient
    dataset: Dataset
    policy: int
    model: int

    @property
    def corpus(self) -> Corpus:
        return Corpus((self.dataset,), fallback=OPERATOR.address)

    async def client(self, key: bytes) -> AttributionClient:
        return AttributionClient(self.devnet.l2.url, key)

    async def later(self, seconds: int = WINDOW) -> None:
        await self.devnet.increase_time(seconds)
        await self.devnet.l2.mine()

    async def offer(self, prompt: str, answer: str) -> Offer:
        """Return an offer as the endpoint would make it now."""
        now = await self.operator.contracts.now()
        found = attribution(self.corpus, tokenize(answer), FEE)
        record = found.record(
            payer=PAYER.address, req_hash=request_hash(prompt), fee=FEE, tokens_in=3, nonce=0
        )
        terms = Terms(
            model_id=self.model,
            req_hash=record.req_hash,
            out_hash=record.out_hash,
            fee=FEE,
            deadline=now + 1_020,
            expires=now + 120,
            tokens_in=3,
            tokens_out=record.tokens_out,
        )
        return Offer(
            terms=terms,
            client="here",
            answer=answer,
            output=found.output,
            leaves=found.evidence.leaves,
            points=found.points,
            evidence_root=found.evidence.root,
            weights_root=weights_root(found.points),
        )

    async def take(self, store: ReceiptStore, prompt: str, answer: str) -> Taken:
        """Let the payer sign for an answer, and the book take it."""
        one = await self.offer(prompt, answer)
        sent: Payment = sign_payment(one.terms, self.payer.domain, PAYER.key)
        now = await self.operator.contracts.now()
        block = await self.devnet.l2.block_number()
        taken = store.book.take(sent, one, 10**18, now, block)
        await store.write(taken)
        return taken

    async def signed(self, answers: Sequence[str]) -> list[tuple[SignedReceipt, Points]]:
        """Return receipts for answers, with the points of each."""
        found = []
        for at, answer in enumerate(answers):
            one = await self.offer(f"question {at}", answer)
            sent = sign_payment(one.terms, self.payer.domain, PAYER.key)
            receipt = SignedReceipt(
                sent.receipt,
                one.evidence_root,
                one.weights_root,
                one.terms.tokens_in,
                one.terms.tokens_out,
                sent.signature,
            )
            found.append((receipt, one.points))
        return found

    async def recorded(self, answers: Sequence[str]) -> tuple[int, list[Points]]:
        """Record answers in a batch; return its id and the points of each."""
        found = await self.signed(answers)
        points = [one for _, one in found]
        batch = await self.operator.record_batch(
            self.model, [receipt for receipt, _ in found], points
        )
        return batch, points


@asynccontextmanager
async def paid_world(mode: Mode = Mode.CREDIT) -> AsyncIterator[World]:
    """Start a devnet on which `DOCUMENTS` are registered, with a bond and prepaid money."""
    async with (
        Devnet() as devnet,
        AttributionClient(devnet.l2.url, OPERATOR.key) as operator,
        AttributionClient(devnet.l2.url, PAYER.key) as payer,
    ):
        dataset = await operator.register_dataset(DOCUMENTS, license="CC0-1.0")
        policy = await operator.create_policy(FeeTerms(10**12, 10**12, OPERATOR.address))
        model = await operator.register_model(ModelTerms((dataset.id,), policy, mode=mode))
        await operator.bond(10**17)
        await payer.deposit(10**18)
        yield World(devnet, operator, payer, dataset, policy, model)


@asynccontextmanager
async def desk(
    world: World, folder: Path, settings: OperatorSettings | None = None
) -> AsyncIterator[tuple[ReceiptStore, Operator, list[str]]]:
    """Open the journal in `folder`, with an operator that a test moves step by step."""
    said: list[str] = []
    book = PaymentBook(world.operator.domain)
    with Journal(folder / "receipts.journal") as journal:
        journal.fill(book)
        store = ReceiptStore(book, journal)
        chosen = settings or OperatorSettings(most_receipts=1)
        yield store, Operator(world.operator, world.model, store, chosen, said.append), said
