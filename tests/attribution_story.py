"""A chain on which answers were sold: datasets, models, honest batches and a forged one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from byline.node.accounts import DevAccount, dev_accounts
from byline.node.attribution.corpus import Corpus, engine_id
from byline.node.attribution.dataset import Dataset, Document
from byline.node.attribution.encoding import encode_evidence, encode_packed
from byline.node.attribution.evidence import Attribution, attribution
from byline.node.attribution.folder import save_dataset
from byline.node.attribution.receipts import (
    InferenceReceipt,
    ReceiptDomain,
    SignedReceipt,
    encode_receipts,
)
from byline.node.attribution.tokens import encode_tokens, tokenize
from byline.node.attribution.weights import batch_payouts, payout_root, points, weights_root
from byline.node.contracts import addresses
from byline.node.contracts.calls import Interface
from byline.precompiles.evidence.merkle import MerkleTree
from tests.integration.rollups import World

OPERATOR, PAYER, OTHER, WATCHER, *OWNERS = dev_accounts()
CREDIT, ROOT = 1, 3
FEE = 10**15 + 1
GAS = 5_000_000
FOX = "The quick brown fox jumps over the lazy dog and runs into the deep dark wood."
TEXTS = (
    ((FOX, 0), ("A slow green turtle walks under the warm sun and sleeps.", 1), (FOX, 2)),
    (
        ("No cat ever saw the quick brown fox jumps over the lazy dog at night!", 1),
        ("Rain falls on the roof of the old house by the sea.", 0),
    ),
)
QUESTION = "They say the quick brown fox jumps over the lazy dog, while rain falls on the roof"


@dataclass(frozen=True)
class Answer:
    """An answer, what its operator says of it, and who pays for it."""

    made: Attribution
    payer: DevAccount
    request: bytes
    fee: int

    def told(self) -> tuple[bytes, bytes]:
        """Return evidence root and weights root."""
        return self.made.evidence.root, weights_root(self.made.points)


@dataclass
class Story:
    """Sends transactions that must succeed, and remembers what was recorded."""

    world: World
    corpus: Corpus
    nonce: int = 0
    batches: dict[int, Sequence[Answer]] = field(default_factory=dict)
    records: dict[int, Sequence[SignedReceipt]] = field(default_factory=dict)

    def send(self, name: str, function: str, *arguments: Any, **options: Any) -> None:
        """Call a contract by its name in genesis; `sender`, `value`."""
        data = Interface.of(name).call(function, *arguments)
        to = addresses.L2_CONTRACTS[name]
        sent = self.world.send(
            "l2", **{"sender": OPERATOR, "value": 0, "gas": GAS} | options, to=to, data=data
        )
        store = self.world.rollup.chain("l2").store
        place = store.transaction_location(sent)
        assert place is not None
        receipts = store.receipts(place[0])
        assert receipts is not None
        assert receipts[place[1]].succeeded, f"{name}.{function}"

    def answer(self, text: str = QUESTION, payer: DevAccount = PAYER, **options: Any) -> Answer:
        """Return what is true about an answer; `request`, `fee`."""
        fee = options.get("fee", FEE)
        made = attribution(self.corpus, tokenize(text), fee)
        return Answer(made, payer, options.get("request", b"\x05" * 32), fee)

    def record(self, model: int, answers: Sequence[Answer]) -> int:
        """Record a batch and return its id."""
        signed = [self._signed(model, one) for one in answers]
        payouts = payout_root(self.payouts(answers))
        self.send(
            "InferenceLedger",
            "recordBatch",
            model,
            encode_receipts(signed),
            payouts.root,
            payouts.count,
        )
        batch = len(self.batches) + 1
        self.batches[batch], self.records[batch] = answers, signed
        return batch

    def publish(self, batch: int, index: int) -> None:
        """Publish output and evidence of a record."""
        one = self.batches[batch][index].made
        leaves = [signed.record.encode() for signed in self.records[batch]]
        self.send(
            "InferenceLedger",
            "publish",
            batch,
            index,
            leaves[index],
            MerkleTree(leaves).proof(index),
            encode_tokens(one.output),
            encode_evidence(one.evidence.leaves),
        )

    def payouts(self, answers: Sequence[Answer]) -> Any:
        """Return the list of a batch."""
        return batch_payouts(one.made.points for one in answers)

    def settle(self, batch: int) -> None:
        """Finalize and settle a batch whose window is over."""
        self.send("InferenceLedger", "finalize", batch)
        packed = encode_packed(self.payouts(self.batches[batch]))
        self.send("PayoutVault", "settle", batch, packed)

    def _signed(self, model: int, one: Answer) -> SignedReceipt:
        self.nonce += 1
        chain = self.world.rollup.chain("l2")
        domain = ReceiptDomain(chain.chain_id, addresses.INFERENCE_LEDGER)
        evidence, weights = one.told()
        made = one.made.record(
            payer=one.payer.address,
            req_hash=one.request,
            fee=one.fee,
            tokens_in=3,
            nonce=self.nonce,
        )
        deadline = chain.head.timestamp + 600
        receipt = InferenceReceipt(
            made.payer, model, self.nonce, made.req_hash, made.out_hash, one.fee, deadline
        )
        signature = receipt.sign(domain, one.payer.key)
        return SignedReceipt(receipt, evidence, weights, 3, made.tokens_out, signature)


def forged(one: Answer) -> Answer:
    """Return the answer with its last leaf given to another owner."""
    leaves = one.made.evidence.leaves
    other = next(who.address for who in OWNERS if who.address != leaves[-1].owner)
    changed = (*leaves[:-1], replace(leaves[-1], owner=other))
    evidence = replace(one.made.evidence, leaves=changed)
    told = points(changed, one.fee, bytes(20))
    return replace(one, made=replace(one.made, evidence=evidence, points=told))


def begin(world: World, folder: Path) -> Story:
    """Register two datasets (whose contents go to `folder`), a model, an adapter, and pay in.

    Model 1 credits, its adapter 2 stores roots; a quarter of the adapter's goes to model 1.
    """
    datasets = tuple(
        Dataset.build(at + 1, [Document(text, OWNERS[who].address) for text, who in texts])
        for at, texts in enumerate(TEXTS)
    )
    story = Story(world, Corpus(datasets, 3, OPERATOR.address))
    terms = (10**12, 2 * 10**12, 0, 500, 1000, 1500, 7000)
    story.send("FeePolicy", "createPolicy", *terms, WATCHER.address)
    for dataset in datasets:
        save_dataset(dataset, folder / f"set-{dataset.id}")
        register(story, dataset)
    rest = (1, engine_id(3), OPERATOR.address, 0)
    story.send("AttributionRegistry", "registerModel", [1, 2], [], [], *rest, CREDIT, "base")
    story.send(
        "AttributionRegistry", "registerAdapter", [1, 2], [1], [2500], *rest, ROOT, "adapter"
    )
    story.send("AttributionRegistry", "recordTraining", 2, 7, b"\1" * 32, b"\2" * 32, 98_304)
    story.send("ContributorBond", "bond", value=10**18)
    for payer in (PAYER, OTHER, OWNERS[1]):
        story.send("InferenceLedger", "deposit", sender=payer, value=10**18)
    return story


def register(story: Story, dataset: Dataset) -> None:
    """Register a dataset as it says it is."""
    roots = dataset.roots
    story.send(
        "AttributionRegistry",
        "registerDataset",
        roots.documents,
        roots.tokens,
        roots.suffixes,
        roots.owners,
        len(dataset),
        len(dataset.ranges),
        "here",
        "MIT",
    )
