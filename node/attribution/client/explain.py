"""One record for people to read: the answer's spans, whose they are, and what each is paid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from byline.node.attribution.client.values import AnsweredRecord, Settlement
from byline.node.attribution.dataset import Dataset
from byline.node.attribution.encoding import EvidenceLeaf
from byline.node.attribution.onchain import Batch
from byline.node.attribution.passages import passage


def explanation(
    batch: Batch,
    index: int,
    answered: AnsweredRecord,
    settlement: Settlement,
    datasets: Sequence[Dataset] = (),
) -> tuple[str, ...]:
    """Return the lines of a record: its payment, its spans in order, and its payouts."""
    record = answered.record
    head = [
        f"record {index} of batch {batch.id}, model {batch.model}: {batch.status.name.lower()}",
        f"  payer 0x{record.payer.hex()} paid {record.fee} wei for {record.tokens_in} tokens in "
        f"and {record.tokens_out} out",
    ]
    held = {dataset.id: dataset for dataset in datasets}
    spans = [
        line
        for _, leaves in groupby(answered.leaves, key=lambda leaf: leaf.out_pos)
        for line in _span(list(leaves), held)
    ]
    return (*head, *(spans or ["  no span: nobody's words"]), *_paid(batch, answered, settlement))


def _span(leaves: Sequence[EvidenceLeaf], held: dict[int, Dataset]) -> Iterator[str]:
    first = leaves[0]
    last = first.out_pos + first.length - 1
    dataset = held.get(first.dataset)
    words = "" if dataset is None else f": {passage(dataset, first.pos, first.length).text!r}"
    yield f"  tokens {first.out_pos} to {last}{words}"
    for leaf in leaves:
        where = f"dataset {leaf.dataset}, position {leaf.pos}"
        if leaf.dataset in held:
            where += f", document {held[leaf.dataset].document_at(leaf.pos)}"
        yield f"    0x{leaf.owner.hex()}  {where}  weight {leaf.weight}"


def _paid(batch: Batch, answered: AnsweredRecord, settlement: Settlement) -> Iterator[str]:
    yield f"  points, of {batch.total_w} in the batch"
    for owner, points in answered.points:
        wei = ""
        if settlement.settled:
            wei = f"  about {settlement.pot * points // batch.total_w} wei"
        yield f"    0x{owner.hex()}  {points} points{wei}"
