"""The operator's desk: answers, what they are made of, what the payer signs, what is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from byline.derivation.hashing import keccak256
from byline.node.accounts import DevAccount
from byline.node.attribution.corpus import Corpus
from byline.node.attribution.encoding import Points, RecordLeaf, out_hash
from byline.node.attribution.evidence import Attribution, Evidence, attribute
from byline.node.attribution.receipts import InferenceReceipt, ReceiptDomain, SignedReceipt
from byline.node.attribution.tokens import tokenize
from byline.node.attribution.weights import batch_payouts, payout_root, points, weights_root
from byline.node.demo.infinigram import InfiniGram, Written
from byline.node.demo.plan import Query
from byline.precompiles.evidence.merkle import MerkleTree
from byline.precompiles.math.sum_tree import SumRoot


@dataclass(frozen=True, slots=True)
class Answer:
    """A question's answer and the places behind it."""

    query: Query
    written: Written
    evidence: Evidence

    @property
    def tokens_in(self) -> int:
        """Tokens of the question."""
        return len(tokenize(self.query.question))

    @property
    def tokens_out(self) -> int:
        """Tokens of the answer."""
        return len(self.written.tokens)


def answer(model: InfiniGram, corpus: Corpus, query: Query) -> Answer:
    """Let the model answer, and find out what of the answer stands where."""
    written = model.answer(query.question)
    return Answer(query, written, attribute(corpus, written.tokens))


@dataclass(frozen=True, slots=True)
class Signed:
    """An answer that its payer has signed for."""

    answer: Answer
    attribution: Attribution
    receipt: SignedReceipt


@dataclass(frozen=True)
class Batch:
    """Signed answers of one model that are recorded together."""

    model: int
    """Id in the registry."""
    signed: tuple[Signed, ...]

    @cached_property
    def records(self) -> tuple[RecordLeaf, ...]:
        """The leaf of each answer."""
        return tuple(one.receipt.record for one in self.signed)

    @cached_property
    def tree(self) -> MerkleTree:
        """The tree over the records."""
        return MerkleTree([record.encode() for record in self.records])

    @cached_property
    def payouts(self) -> Points:
        """The points of all records, summed by owner."""
        return batch_payouts(one.attribution.points for one in self.signed)

    @property
    def root(self) -> SumRoot:
        """What the batch commits to of its payouts."""
        return payout_root(self.payouts)


class Desk:
    """Lets payers sign; every receipt has a nonce of its own."""

    def __init__(self, domain: ReceiptDomain, fallback: bytes, deadline: int) -> None:
        """`deadline`: the last second in which anything may be recorded."""
        self._domain, self._fallback = domain, fallback
        self.deadline = deadline
        self._nonce = 0

    def sign(
        self, model: int, given: Answer, fee: int, forged: Attribution | None = None
    ) -> Signed:
        """Return what the payer signs and the operator records: the honest or a forged record."""
        self._nonce += 1
        attribution = forged or self.attribution(given, fee)
        payer: DevAccount = given.query.payer
        receipt = InferenceReceipt(
            payer=payer.address,
            model_id=model,
            nonce=self._nonce,
            req_hash=request_hash(given.query.question),
            out_hash=out_hash(attribution.output),
            fee=fee,
            deadline=self.deadline,
        )
        signed = SignedReceipt(
            receipt,
            evidence_root=attribution.evidence.root,
            weights_root=weights_root(attribution.points),
            tokens_in=given.tokens_in,
            tokens_out=given.tokens_out,
            signature=receipt.sign(self._domain, payer.key),
        )
        return Signed(given, attribution, signed)

    def attribution(self, given: Answer, fee: int) -> Attribution:
        """Return the honest attribution of an answer that cost `fee`."""
        owed = points(given.evidence.leaves, fee, self._fallback)
        return Attribution(given.written.tokens, given.evidence, owed)

    def forge(self, given: Answer, fee: int, friend: bytes) -> Attribution:
        """Return an attribution in which `friend` owns what its heaviest span's owner does."""
        leaves = given.evidence.leaves
        heaviest = max(range(len(leaves)), key=lambda at: leaves[at].weight)
        forged = tuple(
            replace(leaf, owner=friend) if at == heaviest else leaf
            for at, leaf in enumerate(leaves)
        )
        return Attribution(
            given.written.tokens, Evidence(forged), points(forged, fee, self._fallback)
        )


def request_hash(question: str) -> bytes:
    """Return the hash of a question that a receipt names."""
    return keccak256(question.encode())


def in_batches(signed: Sequence[Signed], model: int, size: int) -> tuple[Batch, ...]:
    """Return signed answers in batches of `size`; the last may have fewer."""
    return tuple(Batch(model, tuple(signed[at : at + size])) for at in range(0, len(signed), size))
