"""What a watcher makes of records and batches: verdicts, and challenges that prove them.

Pure: the chain comes in as an `Index`, texts as datasets, evidence as bytes.  What to do about
a verdict is in actions.py.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from byline.derivation.hashing import keccak256
from byline.node.attribution.corpus import Corpus, min_length_of
from byline.node.attribution.encoding import (
    EVIDENCE_LEAF_BYTES,
    Points,
    RecordLeaf,
    decode_evidence,
    encode_evidence,
)
from byline.node.attribution.index.index import Index
from byline.node.attribution.index.rows import BatchRow, BatchStatus, PublishedRow
from byline.node.attribution.proof.batch_check import verify_batch
from byline.node.attribution.proof.challenges import (
    MOST_LISTED,
    Shown,
)
from byline.node.attribution.proof.check import verify_record
from byline.node.attribution.proof.faults import ChallengeKind, Fault, Reason
from byline.node.attribution.proof.proving import BatchCase, RecordCase
from byline.node.attribution.states import RegistryStatus
from byline.node.attribution.tokens import decode_tokens, encode_tokens
from byline.node.attribution.watching.accusing import Accusation, of_record, provable
from byline.node.attribution.watching.datasets import Held
from byline.node.attribution.weights import points
from byline.precompiles.evidence.merkle import MerkleTree, merkle_root
from byline.precompiles.math.sum_tree import SumRoot

NEEDS_SUFFIXES: Final = frozenset(
    {
        Reason.OTHER_ENTRY,
        Reason.RANGE_STARTS_LATE,
        Reason.RANGE_STARTS_EARLY,
        Reason.RANGE_ENDS_LATE,
        Reason.RANGE_ENDS_EARLY,
    }
)
"""What only a right suffix array proves; of all else the tokens, owners and leaves do."""


@dataclass(frozen=True, slots=True)
class Content:
    """An output and its evidence as bytes, wherever they come from."""

    output: bytes
    """Token string."""
    evidence: bytes
    """Leaves of 56 bytes."""

    @classmethod
    def published(cls, row: PublishedRow) -> Content:
        """Return what was published on the chain."""
        return cls(encode_tokens(row.output), encode_evidence(row.leaves))

    def belongs_to(self, record: RecordLeaf) -> bool:
        """Return whether `record` commits to exactly this."""
        if keccak256(self.output) != record.out_hash:
            return False
        size, data = EVIDENCE_LEAF_BYTES, self.evidence
        leaves = [data[at : at + size] for at in range(0, len(data), size)]
        return merkle_root(leaves) == record.evidence_root


class State(Enum):
    """What is known about a record."""

    CLEAN = "clean"
    FAULTY = "faulty"
    MISSING = "missing"
    """Nobody has shown its evidence."""
    WITHHELD = "withheld"
    """It is known, and the ledger takes it from nobody."""
    UNCHECKED = "unchecked"
    """A dataset is not held, or the engine is another."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known about a record, or about the payouts of a batch."""

    state: State
    faults: tuple[Fault, ...] = ()
    words: str = ""
    points: Points = ()
    """Of a record whose leaves and weights are right."""
    leaves: int = 0

    @property
    def is_right(self) -> bool:
        """Whether all that can be known of a record is known, and nothing is wrong with it."""
        return bool(self.points) and self.state is not State.FAULTY

    @property
    def is_wrong(self) -> bool:
        """Whether somebody lies, or hides."""
        return self.state not in (State.CLEAN, State.UNCHECKED)


@dataclass(frozen=True, slots=True)
class View:
    """All that verdicts depend on."""

    index: Index
    now: int
    """Seconds of the chain's clock: those that the next block would have."""
    shelf: Mapping[int, Held]
    """Datasets at hand, by id."""
    contents: Mapping[tuple[bytes, bytes], Content]
    """What was found beside the chain, by outHash and evidenceRoot."""


@dataclass(slots=True)
class Judge:
    """Gives verdicts, and remembers those that cannot change."""

    closed: set[tuple[object, ...]] = field(default_factory=set)
    """Batches that are paid for and looked at: there is nothing to add."""

    _records: dict[tuple[object, ...], Verdict] = field(default_factory=dict)
    _whole: dict[tuple[object, ...], tuple[Verdict, ...]] = field(default_factory=dict)
    """Of batches all of whose evidence is known."""
    _payouts: dict[tuple[object, ...], Verdict] = field(default_factory=dict)

    def records(self, view: View, row: BatchRow) -> tuple[Verdict, ...]:
        """Return the verdict on each record of a batch.

        A dataset that is none, or that nobody shows, is no shield: what proves a record wrong
        without it counts.
        """
        corpus = corpus_of(view, row.model)
        if isinstance(corpus, str):
            return (Verdict(State.UNCHECKED, words=corpus),) * row.count
        verdicts = self._verdicts(view, row, corpus)
        words = _not_right_of(view, row.model)
        if not words:
            return verdicts
        repaired = {one.id for one in corpus.datasets if view.shelf[one.id].repaired}
        return tuple(_in_spite(one, words, repaired) for one in verdicts)

    def _verdicts(self, view: View, row: BatchRow, corpus: Corpus) -> tuple[Verdict, ...]:
        key = (row.id, row.records_root, *_identity(corpus))
        known = self._whole.get(key)
        if known is None or not _can_be_shown(view, row):
            known = tuple(self._record(view, row, corpus, index) for index in range(row.count))
            if all(verdict.state is not State.MISSING for verdict in known):
                self._whole[key] = known
        return known

    def unjudged(self, view: View, row: BatchRow) -> int:
        """Return how many records `records` would have to judge: the others cost nothing."""
        corpus = corpus_of(view, row.model)
        if (
            isinstance(corpus, str)
            or (row.id, row.records_root, *_identity(corpus)) in self._whole
        ):
            return 0
        ledger, identity = view.index.ledger, _identity(corpus)
        leaves = ((index, ledger.records[row.id, index].leaf) for index in range(row.count))
        return sum(
            (leaf, *identity) not in self._records and _is_at_hand(view, row, index)
            for index, leaf in leaves
        )

    def _record(self, view: View, row: BatchRow, corpus: Corpus, index: int) -> Verdict:
        record = view.index.ledger.records[row.id, index].leaf
        key = (record, *_identity(corpus))
        known = self._records.get(key)
        is_needed = known is None or row.status is BatchStatus.RECORDED
        if is_needed and not _is_at_hand(view, row, index):
            return Verdict(State.MISSING, words="its evidence is not published")
        if known is None:
            content = content_of(view, row.id, index)
            assert content is not None
            known = self._records[key] = _judged(corpus, record, content)
        return known

    def payouts(self, view: View, row: BatchRow) -> Verdict | None:
        """Return the verdict on a batch's payouts; `None` unless its records are right."""
        verdicts = self.records(view, row)
        if not all(verdict.is_right for verdict in verdicts):
            return None
        shown = view.index.ledger.lists.get(row.id)
        fallback = view.index.registry.models[row.model].fallback_to
        claimed = SumRoot(row.payout_root, row.total_w, row.n)
        # Such records have one list of points each, whatever dataset it comes from.
        key = (row.id, row.records_root, fallback, claimed, shown is None)
        if key not in self._payouts:
            faults = tuple(verify_batch([one.points for one in verdicts], claimed, shown))
            state = State.FAULTY if faults else State.CLEAN
            self._payouts[key] = Verdict(state, faults)
        return self._payouts[key]

    def accusations(self, view: View, row: BatchRow) -> Iterator[Accusation]:
        """Yield what proves a batch wrong: by its records first, each fault of another sort."""
        for index, verdict in enumerate(self.records(view, row)):
            if verdict.state is State.FAULTY:
                yield from of_record(record_case(view, row, index), verdict.faults)
        payouts = self.payouts(view, row)
        if payouts is not None and payouts.faults:
            yield from provable(self._batch_case(view, row), payouts.faults)

    def _batch_case(self, view: View, row: BatchRow) -> BatchCase:
        return BatchCase(
            tuple(one.leaf for one in view.index.ledger.records_of(row.id)),
            tuple(verdict.points for verdict in self.records(view, row)),
            view.index.ledger.lists.get(row.id),
        )

    def needs_list(self, view: View, row: BatchRow) -> bool:
        """Return whether wrong payouts are too many to prove without the list behind them."""
        payouts = self.payouts(view, row)
        if payouts is None or not payouts.faults or row.id in view.index.ledger.lists:
            return False
        return sum(map(len, self._batch_case(view, row).points)) > MOST_LISTED


def _identity(corpus: Corpus) -> tuple[object, ...]:
    return corpus.datasets, corpus.min_length, corpus.fallback, corpus.absent, corpus.total


def _judged(corpus: Corpus, record: RecordLeaf, content: Content) -> Verdict:
    """Judge a record; where that itself fails, say so: the others are still to be judged."""
    try:
        return judge_record(corpus, record, content)
    except Exception as error:
        return Verdict(State.UNCHECKED, words=f"the check failed, report this: {error!r}")


def judge_record(corpus: Corpus, record: RecordLeaf, content: Content) -> Verdict:
    """Return the verdict on a record whose output and evidence are at hand."""
    try:
        output = decode_tokens(content.output)
        leaves = decode_evidence(content.evidence)
    except ValueError as error:
        return Verdict(State.WITHHELD, words=str(error))
    faults = tuple(verify_record(corpus, record, output, leaves))
    if any(fault.kind is ChallengeKind.WITHHELD for fault in faults):
        return Verdict(State.WITHHELD, faults, faults[0].reason.words)
    is_weighed = all(fault.kind is not ChallengeKind.WRONG_WEIGHTS for fault in faults)
    found = points(leaves, record.fee, corpus.fallback) if is_weighed else ()
    if faults:
        return Verdict(State.FAULTY, faults, str(faults[0]), found, len(leaves))
    return Verdict(State.CLEAN, points=found, leaves=len(leaves))


def corpus_of(view: View, number: int) -> Corpus | str:
    """Return those of a model's datasets that are at hand, or why nothing can be judged."""
    model = view.index.registry.models[number]
    try:
        min_length = min_length_of(model.engine_id)
    except ValueError as error:
        return str(error)
    held = [view.shelf[one] for one in model.datasets if one in view.shelf]
    if not held:
        return _not_right_of(view, number)
    return Corpus(
        tuple(one.repaired or one.dataset for one in held),
        min_length,
        model.fallback_to,
        absent=tuple(one for one in model.datasets if one not in view.shelf),
        registered=model.tokens,
    )


def _not_right_of(view: View, model: int) -> str:
    """Return which of a model's datasets is none, or not here; empty where all are right."""
    for one in view.index.registry.models[model].datasets:
        held = view.shelf.get(one)
        if view.index.registry.datasets[one].status is RegistryStatus.CONDEMNED:
            return f"dataset {one} is condemned"
        if held is None:
            return f"dataset {one} is not held"
        if held.accusations:
            return f"dataset {one} is bad"
    return ""


def _in_spite(verdict: Verdict, words: str, repaired: Container[int]) -> Verdict:
    """Return what is left of a verdict where a dataset is none, or is not here."""
    faults = tuple(
        one
        for one in verdict.faults
        if one.reason not in NEEDS_SUFFIXES or one.dataset not in repaired
    )
    if verdict.state is State.FAULTY and faults:
        return replace(verdict, faults=faults, words=str(faults[0]))
    if verdict.state in (State.CLEAN, State.FAULTY):
        return replace(verdict, state=State.UNCHECKED, faults=(), words=words)
    return verdict


def _can_be_shown(view: View, row: BatchRow) -> bool:
    """Return whether what is known of a batch can be acted on, should there be need to.

    A batch that was over is open again where the chain took back its end, and what was found
    for it beside the chain may be dropped by then: it is to be found once more.
    """
    return row.status is not BatchStatus.RECORDED or all(
        _is_at_hand(view, row, index) for index in range(row.count)
    )


def _is_at_hand(view: View, row: BatchRow, index: int) -> bool:
    """Return whether `content_of` has a record's content, without making it."""
    if (row.id, index) in view.index.ledger.published:
        return True
    record = view.index.ledger.records[row.id, index].leaf
    return (record.out_hash, record.evidence_root) in view.contents


def content_of(view: View, batch: int, index: int) -> Content | None:
    """Return output and evidence of a record: from the chain, or from beside it."""
    shown = view.index.ledger.published.get((batch, index))
    if shown is not None:
        return Content.published(shown)
    record = view.index.ledger.records[batch, index].leaf
    return view.contents.get((record.out_hash, record.evidence_root))


def shown_of(view: View, batch: int, index: int) -> Shown:
    """Return a record and the proof that its batch has it."""
    records = [one.leaf for one in view.index.ledger.records_of(batch)]
    tree = MerkleTree([record.encode() for record in records])
    return Shown(index, records[index], tree.proof(index))


def record_case(view: View, row: BatchRow, index: int) -> RecordCase:
    """Return a record with all that its challenges need; only for one that was judged."""
    corpus, content = corpus_of(view, row.model), content_of(view, row.id, index)
    assert isinstance(corpus, Corpus)
    assert content is not None
    return RecordCase(
        corpus,
        shown_of(view, row.id, index),
        decode_tokens(content.output),
        decode_evidence(content.evidence),
    )
