"""The inference ledger with its siblings, its verifiers, and an operator who records for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from byline.node.attribution.corpus import Corpus, engine_id
from byline.node.attribution.dataset import Dataset, Document
from byline.node.attribution.encoding import (
    EvidenceLeaf,
    Points,
    RecordLeaf,
    encode_evidence,
    encode_packed,
    out_hash,
)
from byline.node.attribution.evidence import attribution
from byline.node.attribution.proof.challenges import Challenge, Shown, ShownLeaf
from byline.node.attribution.receipts import (
    InferenceReceipt,
    ReceiptDomain,
    SignedReceipt,
    encode_receipts,
)
from byline.node.attribution.tokens import encode_tokens, tokenize
from byline.node.attribution.weights import batch_payouts, payout_root, weights_root
from byline.node.contracts import addresses
from byline.node.contracts.artifacts import load
from byline.node.contracts.attribution_predeploys import Backend
from byline.node.keys import address_of
from byline.precompiles.evidence.merkle import MerkleTree
from tests.contracts.attribution_family import LEDGER, Family, done, family, number
from tests.contracts.harness import CHAIN_ID, Contract, Outcome

NONE, RECORDED, VOID, FINALIZED, RELEASED, DEFAULTED = range(6)
WINDOW, SETTLE_WINDOW, DELAY = 600, 3600, 600
BOND = 10**16
DEMAND_FEE = 10**15
PENALTY = 100
START = 1_700_000_000
OPERATOR = b"\x0e" * 20
WATCHER = b"\x0f" * 20
FALLBACK = b"\xfb" * 20
REQUEST = b"\x05" * 32
KEYS = tuple(bytes([number]) * 32 for number in (1, 2, 3))
PAYERS = tuple(map(address_of, KEYS))
DOMAIN = ReceiptDomain(CHAIN_ID, LEDGER)
OWNERS = tuple(bytes([number]) * 20 for number in (0x31, 0x32, 0x33))
FEE = 10**15 + 1

FOX = "the quick brown fox jumps over the lazy dog and runs into the deep dark wood"
TEXTS = (
    (
        (FOX, OWNERS[0]),
        ("a slow green turtle walks under the warm sun and sleeps", OWNERS[1]),
        (FOX + " again", OWNERS[2]),
    ),
    (
        ("no cat ever saw the quick brown fox jumps over the lazy dog at night", OWNERS[1]),
        ("rain falls on the roof of the old house by the sea", OWNERS[0]),
    ),
)
QUESTION = "they say the quick brown fox jumps over the lazy dog while rain falls on the roof"


def corpus(min_length: int = 3) -> Corpus:
    """Return two datasets in which some words of `QUESTION` stand more than once."""
    return Corpus(
        tuple(
            Dataset.build(at + 1, [Document(*one) for one in texts])
            for at, texts in enumerate(TEXTS)
        ),
        min_length,
        FALLBACK,
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operator says about an output, true or not."""

    output: tuple[int, ...]
    leaves: tuple[EvidenceLeaf, ...]
    points: Points
    fee: int

    @property
    def tree(self) -> MerkleTree:
        return MerkleTree([leaf.encode() for leaf in self.leaves])

    @property
    def tokens(self) -> bytes:
        return encode_tokens(self.output)

    def shown(self, index: int) -> ShownLeaf:
        return ShownLeaf(index, self.leaves[index], self.tree.proof(index))

    def changed(self, index: int, **changes: Any) -> Answer:
        """Return the answer with other values in one leaf."""
        leaves = list(self.leaves)
        leaves[index] = replace(leaves[index], **changes)
        return replace(self, leaves=tuple(leaves))


def answer(made_of: Corpus, text: str = QUESTION, fee: int = FEE) -> Answer:
    """Return what is true about an output."""
    made = attribution(made_of, tokenize(text), fee)
    return Answer(made.output, made.evidence.leaves, made.points, fee)


@dataclass(frozen=True, slots=True)
class Batch:
    """What was recorded."""

    id: int
    answers: tuple[Answer, ...]
    records: tuple[RecordLeaf, ...]
    payouts: Points

    @property
    def tree(self) -> MerkleTree:
        return MerkleTree([record.encode() for record in self.records])

    def shown(self, index: int = 0) -> Shown:
        return Shown(index, self.records[index], self.tree.proof(index))

    def proof(self, index: int = 0) -> tuple[int, int, bytes, bytes]:
        """Return the first arguments of whatever is about a record."""
        return self.id, index, self.records[index].encode(), self.tree.proof(index)


@dataclass
class World:
    """One chain with a model of which `OPERATOR` records."""

    family: Family
    ledger: Contract
    vault: Contract
    model: int = 0
    now: int = START
    nonce: int = field(default=0)

    def later(self, seconds: int) -> None:
        self.now += seconds
        self.family.evm.at(2, self.now)

    def signed(self, one: Answer, key: bytes = KEYS[0], **changes: Any) -> SignedReceipt:
        """Return a receipt for an answer; `changes` are to what is signed."""
        self.nonce += 1
        record = _record(one)
        values: dict[str, Any] = {
            "payer": address_of(key),
            "model_id": self.model,
            "nonce": self.nonce,
            "req_hash": REQUEST,
            "out_hash": record.out_hash,
            "fee": one.fee,
            "deadline": self.now + 60,
        }
        receipt = InferenceReceipt(**values | changes)
        return SignedReceipt(
            receipt,
            record.evidence_root,
            record.weights_root,
            3,
            len(one.output),
            receipt.sign(DOMAIN, key),
        )

    def send_receipts(
        self, data: bytes, payouts: Points = ((FALLBACK, 1),), **options: Any
    ) -> Outcome:
        root = payout_root(payouts)
        return self.ledger.send(
            "recordBatch",
            options.pop("model", self.model),
            data,
            root.root,
            options.pop("n", root.count),
            **{"sender": OPERATOR} | options,
        )

    def record(self, answers: Sequence[Answer], payouts: Points | None = None) -> Batch:
        """Record a batch of signed receipts that the payers can pay."""
        batch, outcome = self.recorded(answers, payouts)
        assert outcome.success, self.ledger.error(outcome)
        return batch

    def recorded(
        self, answers: Sequence[Answer], payouts: Points | None = None
    ) -> tuple[Batch, Outcome]:
        """Try to; the batch is one of id 0 where it was refused."""
        signed = [self.signed(one, KEYS[at % len(KEYS)]) for at, one in enumerate(answers)]
        payouts = payouts or batch_payouts(one.points for one in answers)
        outcome = self.send_receipts(encode_receipts(signed), payouts)
        records = tuple(one.record for one in signed)
        identity = number(outcome) if outcome.success else 0
        return Batch(identity, tuple(answers), records, payouts), outcome

    def challenge(self, subject: int, challenge: Challenge, **options: Any) -> Outcome:
        return self.ledger.send(
            "challenge",
            subject,
            challenge.kind,
            challenge.encode(),
            **{"sender": WATCHER} | options,
        )

    def publish(self, batch: Batch, index: int = 0, **options: Any) -> Outcome:
        one = batch.answers[index]
        return self.ledger.send(
            "publish", *batch.proof(index), one.tokens, encode_evidence(one.leaves), **options
        )

    def settle(self, batch: Batch) -> Outcome:
        return self.vault.send("settle", batch.id, encode_packed(batch.payouts))

    def status(self, batch: int) -> int:
        return int(self.ledger.read("batch", batch)[9])

    def prepaid(self, who: bytes) -> int:
        return int(self.ledger.read("prepaid", who))

    def bond(self, who: bytes) -> tuple[int, int, int]:
        """Return total, locked and score."""
        return tuple(map(int, self.family.bond.read("bondOf", who)))  # type: ignore[return-value]

    def balance(self) -> int:
        return self.family.evm.balance(LEDGER)


def _record(one: Answer) -> RecordLeaf:
    """Return the record of an answer, as its operator states it."""
    return RecordLeaf(
        payer=PAYERS[0],
        req_hash=REQUEST,
        out_hash=out_hash(one.output),
        evidence_root=one.tree.root,
        weights_root=weights_root(one.points),
        fee=one.fee,
        tokens_in=3,
        tokens_out=len(one.output),
        nonce=0,
    )


def world(made_of: Corpus, backend: Backend = Backend.PRECOMPILE) -> World:
    """Return a chain on which a model of these datasets is registered and everyone has paid in."""
    chain = family(backend)
    evm = chain.evm
    for person in (*PAYERS, OPERATOR, WATCHER):
        evm.set(person, balance=10**24)
    evm.set(LEDGER, balance=0)
    done(chain.policy, "createPolicy", 0, 0, 0, 500, 1000, 1500, 7000, b"\x70" * 20)
    for dataset in made_of.datasets:
        register(chain, dataset)
    done(chain.bond, "bond", sender=OPERATOR, value=100 * BOND)
    one = World(
        chain,
        Contract(evm, LEDGER, load("InferenceLedger").abi),
        Contract(evm, addresses.PAYOUT_VAULT, load("PayoutVault").abi),
    )
    one.model = number(
        done(
            chain.registry,
            "registerModel",
            [dataset.id for dataset in made_of.datasets],
            [],
            [],
            1,
            engine_id(made_of.min_length),
            made_of.fallback,
            0,
            1,
            "",
            sender=OPERATOR,
        )
    )
    for payer in PAYERS:
        done(one.ledger, "deposit", sender=payer, value=10**18)
    one.later(0)
    return one


def register(chain: Family, dataset: Dataset, sender: bytes = OPERATOR) -> int:
    """Register a dataset as it says it is; its number has to be the next."""
    roots = dataset.roots
    outcome = done(
        chain.registry,
        "registerDataset",
        roots.documents,
        roots.tokens,
        roots.suffixes,
        roots.owners,
        len(dataset),
        len(dataset.ranges),
        "",
        "MIT",
        sender=sender,
    )
    assert number(outcome) == dataset.id
    return dataset.id
