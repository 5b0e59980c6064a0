"""Lies about one answer, and the challenges that a watcher who holds the datasets would make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Dataset
from byline.node.attribution.proof.challenges import (
    Challenge,
    Edge,
    FalseSpan,
    LongerMatch,
    PayoutEntry,
    Share,
    Underpaid,
    WrongCount,
    WrongOwner,
    WrongPayouts,
    WrongWeights,
)
from byline.node.attribution.weights import points
from byline.node.contracts import addresses
from byline.node.contracts.artifacts import load
from byline.node.contracts.declarations import selector
from byline.precompiles.math.sum_tree import SumTree
from tests.contracts.harness import Contract
from tests.contracts.ledger_world import FALLBACK, OWNERS, Answer, Batch, World

FUNCTIONS: Final = {
    1: "falseSpan",
    2: "longerMatch",
    3: "wrongOwner",
    4: "wrongCount",
    5: "badDataset",
    6: "wrongWeights",
    7: "underpaid",
    8: "wrongPayouts",
}


def judge(world: World, kind: int) -> Contract:
    """Return the contract that judges a kind."""
    name = "ChallengeVerifier" if kind < 6 else "PayoutVerifier"
    address = addresses.CHALLENGE_VERIFIER if kind < 6 else addresses.PAYOUT_VERIFIER
    return Contract(world.family.evm, address, load(name).abi)


def judged(world: World, subject: int, challenge: Challenge) -> bool | str:
    """Return what the verifier itself says: proven or not, or the error's name."""
    contract = judge(world, challenge.kind)
    entry = contract.entry(FUNCTIONS[challenge.kind])
    words = subject.to_bytes(32, "big") + (64).to_bytes(32, "big")
    outcome = world.family.evm.call(contract.address, selector(entry) + words + challenge.encode())
    if not outcome.success:
        return contract.error(outcome)
    return int.from_bytes(outcome.output, "big") == 1


def repaid(one: Answer) -> Answer:
    """Return the answer with the points that follow from its leaves."""
    return replace(one, points=points(one.leaves, one.fee, FALLBACK))


def _span(one: Answer, count: int, **changes: int) -> Answer:
    for at in range(count):
        one = one.changed(at, **changes)
    return one


LIES: Final[Mapping[str, Callable[[Answer], Answer]]] = {
    "other place": lambda one: one.changed(0, pos=one.leaves[0].pos + 20),
    "other entry": lambda one: one.changed(0, sa_index=one.leaves[0].sa_index + 1),
    "beyond the dataset": lambda one: one.changed(0, pos=10**6),
    "foreign dataset": lambda one: one.changed(3, dataset=7),
    "beyond the output": lambda one: one.changed(3, out_pos=len(one.output) - 2),
    "too short": lambda one: replace(one, leaves=(replace(one.leaves[3], length=2),)),
    "shorter span": lambda one: _span(one, 3, length=8),
    "span left out": lambda one: repaid(replace(one, leaves=one.leaves[:3])),
    "all left out": lambda one: repaid(replace(one, leaves=())),
    "other owner": lambda one: repaid(one.changed(3, owner=OWNERS[2])),
    "starts early": lambda one: one.changed(3, lo=one.leaves[3].lo - 1),
    "ends late": lambda one: one.changed(3, hi=one.leaves[3].hi + 1),
    "starts late": lambda one: one.changed(0, lo=one.leaves[0].lo + 1),
    "ends early": lambda one: one.changed(0, hi=one.leaves[0].hi - 1),
    "empty range": lambda one: one.changed(3, hi=one.leaves[3].lo),
    "dataset left out": lambda one: repaid(replace(one, leaves=(*one.leaves[:2], one.leaves[3]))),
    "weight": lambda one: repaid(one.changed(0, weight=one.leaves[0].weight + 1)),
    "order": lambda one: replace(one, leaves=(one.leaves[1], one.leaves[0], *one.leaves[2:])),
    "leaf twice": lambda one: repaid(replace(one, leaves=(one.leaves[0], *one.leaves))),
    "points": lambda one: replace(
        one,
        points=(
            (one.points[0][0], one.points[0][1] + 1),
            (one.points[1][0], one.points[1][1] - 1),
            *one.points[2:],
        ),
    ),
    "one owner gets all": lambda one: replace(
        one, points=((OWNERS[0], sum(amount for _, amount in one.points)),)
    ),
}
"""Of an answer whose leaves 0 and 1 are of dataset 1, and 2 and 3 of dataset 2."""

Proof = Callable[[Corpus, Batch, Answer], Challenge]
"""From the datasets, the batch, and what is true about the answer of its first record."""


def _dataset(made_of: Corpus, number: int) -> Dataset:
    return made_of.dataset(number) or made_of.datasets[-1]


def _tokens(at: int) -> Proof:
    def build(made_of: Corpus, batch: Batch, true: Answer) -> Challenge:
        one = batch.answers[0]
        leaf = one.leaves[at]
        dataset = _dataset(made_of, leaf.dataset)
        fits = leaf.pos + leaf.length <= len(dataset)
        pos, length = (leaf.pos, leaf.length) if fits else (0, 1)
        opening = dataset.open_tokens(pos, length)
        return FalseSpan(batch.shown(), one.shown(at), one.tokens, opening)

    return build


def _suffix(at: int) -> Proof:
    def build(made_of: Corpus, batch: Batch, true: Answer) -> Challenge:
        one = batch.answers[0]
        leaf = one.leaves[at]
        dataset = _dataset(made_of, leaf.dataset)
        opening = dataset.open_suffix(leaf.sa_index)
        return FalseSpan(batch.shown(), one.shown(at), suffix=opening)

    return build


def _longer(at: int) -> Proof:
    def build(made_of: Corpus, batch: Batch, true: Answer) -> Challenge:
        one, leaf = batch.answers[0], true.leaves[at]
        tokens = _dataset(made_of, leaf.dataset).open_tokens(leaf.pos, leaf.length)
        place = (leaf.out_pos, leaf.length, leaf.dataset, leaf.pos)
        return LongerMatch(batch.shown(), one.tokens, one.leaves, *place, tokens)

    return build


def _owner(at: int) -> Proof:
    def build(made_of: Corpus, batch: Batch, true: Answer) -> Challenge:
        one = batch.answers[0]
        leaf = one.leaves[at]
        dataset = _dataset(made_of, leaf.dataset)
        pos = min(leaf.pos, len(dataset) - 1)
        return WrongOwner(batch.shown(), one.shown(at), dataset.open_owner(pos))

    return build


def _edge(edge: Edge, at: int) -> Proof:
    def build(made_of: Corpus, batch: Batch, true: Answer) -> Challenge:
        one = batch.answers[0]
        leaf = one.leaves[at]
        dataset = _dataset(made_of, leaf.dataset)
        entry = {
            Edge.BEFORE_FIRST: leaf.lo - 1,
            Edge.FIRST: leaf.lo,
            Edge.LAST: leaf.hi - 1,
            Edge.BEHIND_LAST: leaf.hi,
        }[edge]
        entry = min(max(entry, 0), len(dataset) - 1)
        pos = int(dataset.suffix_array[entry])
        length = min(leaf.length, len(dataset) - pos)
        return WrongCount(
            batch.shown(),
            one.tokens,
            one.leaves,
            edge,
            at,
            suffix=dataset.open_suffix(entry),
            tokens=dataset.open_tokens(pos, length),
        )

    return build


def _left_out(made_of: Corpus, batch: Batch, true: Answer) -> Challenge:
    one, leaf = batch.answers[0], true.leaves[2]
    return WrongCount(
        batch.shown(),
        one.tokens,
        one.leaves,
        Edge.OTHER_DATASET,
        0,
        leaf.dataset,
        leaf.pos,
        tokens=_dataset(made_of, leaf.dataset).open_tokens(leaf.pos, leaf.length),
    )


def _weights(made_of: Corpus, batch: Batch, true: Answer) -> Challenge:
    return WrongWeights(batch.shown(), batch.answers[0].leaves)


def lists(batch: Batch) -> WrongPayouts:
    """Return the challenge by all lists of points."""
    return WrongPayouts(batch.records, tuple(one.points for one in batch.answers))


def underpaid(batch: Batch, owner: bytes) -> Underpaid:
    """Return the challenge by what the records give an owner, and the payouts do not."""
    shares = []
    for at, one in enumerate(batch.answers):
        who = [person for person, _ in one.points]
        if owner in who:
            leaf = who.index(owner)
            proof = SumTree(one.points).proof(leaf)
            shares.append(Share(at, leaf, one.points[leaf][1], proof))
    tree = SumTree(batch.payouts)
    whose = [person for person, _ in batch.payouts]
    if owner in whose:
        places = [whose.index(owner)]
    else:
        above = sum(person < owner for person in whose)
        places = [at for at in (above - 1, above) if 0 <= at < len(whose)]
    entries = tuple(PayoutEntry(at, *batch.payouts[at], tree.proof(at)) for at in places)
    return Underpaid(owner, batch.records, tuple(shares), entries)


PROOFS: Final[Mapping[str, Proof]] = {
    "tokens of the first leaf": _tokens(0),
    "tokens of the last leaf": _tokens(3),
    "entry of the first leaf": _suffix(0),
    "longer at the first span": _longer(0),
    "longer at the second span": _longer(3),
    "owner of the last leaf": _owner(3),
    "before the first": _edge(Edge.BEFORE_FIRST, 0),
    "first": _edge(Edge.FIRST, 3),
    "last": _edge(Edge.LAST, 3),
    "behind the last": _edge(Edge.BEHIND_LAST, 0),
    "dataset left out": _left_out,
    "weights": _weights,
    "lists": lambda made_of, batch, true: lists(batch),
    "underpaid": lambda made_of, batch, true: underpaid(batch, OWNERS[0]),
}
