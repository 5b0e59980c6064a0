"""Attribution behind the RPC: the index, the datasets at hand, and what they say together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from byline.node.attribution.corpus import Corpus, min_length_of
from byline.node.attribution.dataset import Dataset
from byline.node.attribution.encoding import Points
from byline.node.attribution.evidence import attribution
from byline.node.attribution.holdings import Holdings, NotHeld
from byline.node.attribution.index.events import TELLING
from byline.node.attribution.index.index import Index
from byline.node.attribution.index.metrics import measured
from byline.node.attribution.index.rows import BatchStatus, GivenRow
from byline.node.attribution.index.usage import list_of, shares_of, usage_of
from byline.node.attribution.passages import locate
from byline.node.attribution.proof.faults import Fault
from byline.node.attribution.spans import check_output
from byline.node.attribution.tokens import tokenize
from byline.node.attribution.weights import weights_root
from byline.node.backend import attribution_views as views
from byline.node.backend.attribution_checks import check_answer, check_payouts, check_settlement
from byline.node.backend.attribution_index import Follower, Mark, transfers_up_to
from byline.node.backend.resolve import Resolver
from byline.node.backend.served import Served
from byline.node.backend.state import CALL_TIMEOUT
from byline.node.backend.threads import Threads
from byline.node.contracts.addresses import L2_CONTRACTS
from byline.node.evm.patience import OutOfTime, Patience
from byline.precompiles.math.payout_tree import payout_tree
from byline.rpc.backend import BlockRef, Halted, Refused
from byline.rpc.quantities import as_hex

T = TypeVar("T")

Json = Mapping[str, Any]

JUDGES = ("ChallengeVerifier", "PayoutVerifier")
WHOLE = 10**9
"""What a lineage's parts are counted in."""


class NodeAttribution:
    """Implements `byline.rpc.attribution.Attribution`."""

    def __init__(
        self,
        rollup: Served,
        threads: Threads,
        folder: Path | None,
        call_timeout: float = CALL_TIMEOUT,
    ) -> None:
        """Follow the L2 of `rollup`; `folder` holds the datasets' contents.

        call_timeout: seconds that a question may take, and as many that it may take to read
        the chain before; 0 is without end.
        """
        self._rollup = rollup
        self._threads = threads
        self._timeout = call_timeout
        self._follower = Follower(rollup)
        self._growing = asyncio.Lock()
        self._holdings = Holdings(folder)

    async def trace(self, model: int, output: str | tuple[int, ...], fee: int | None) -> Json:
        """Return which parts of an output stand in a model's datasets; raises `Refused`."""

        def work(mark: Mark, patience: Patience) -> Json:
            corpus = self._corpus(mark.index, model)
            return _traced(mark.index, corpus, model, output, fee, patience)

        return await self._ask(work)

    async def explain(self, batch: int, index: int) -> Json:
        """Return a recorded answer down to its words and wei; raises `Refused`."""

        def work(mark: Mark, patience: Patience) -> Json:
            _check_known(mark.index, batch, index)
            return self._explained(mark.index, batch, index, patience)

        return await self._ask(work)

    async def verify(self, batch: int, index: int) -> Json:
        """Return what is wrong with a recorded answer; raises `Refused`."""

        def work(mark: Mark, patience: Patience) -> Json:
            _check_known(mark.index, batch, index)
            return self._verified(mark.index, batch, index)

        return await self._ask(work)

    async def metrics(self, model: int, first: BlockRef, last: BlockRef) -> Json:
        """Return how a model is used in a range of blocks; raises `Refused`."""

        def work(mark: Mark, patience: Patience) -> Json:
            _check_model(mark.index, model)
            resolver = Resolver(self._rollup, "l2")
            start, end = resolver.known(first).number, resolver.known(last).number
            if start > end:
                raise Refused(f"blocks {start} to {end}: want the first before the last")
            transfers = transfers_up_to(resolver.chain, end, patience)
            usage = usage_of(mark.index, model, start, end, transfers or (), patience.check)
            return {
                "model": model,
                "fromBlock": start,
                "toBlock": end,
                "transfersSeen": transfers is not None,
                **views.metrics(measured(usage)),
            }

        return await self._ask(work)

    async def lineage(self, model: int) -> Json:
        """Return what a model was made from; raises `Refused`."""

        def work(mark: Mark, patience: Patience) -> Json:
            _check_model(mark.index, model)
            return _lineage(mark.index, model)

        return await self._ask(work)

    async def status(self) -> Json:
        """Return what is on record and what is held; raises `Refused`."""

        def work(mark: Mark, patience: Patience) -> Json:
            return self._status(mark)

        return await self._ask(work)

    # -- on a thread for calls ---------------------------------------------------------

    async def _ask(self, work: Callable[[Mark, Patience], T]) -> T:
        # Whoever waits for the index shall not hold a thread that calls need.
        async with self._growing:
            mark = await self._bounded(self._follower.at_head)
        return await self._bounded(lambda patience: work(mark, patience))

    async def _bounded(self, work: Callable[[Patience], T]) -> T:
        def bounded() -> T:
            try:
                return work(Patience(self._timeout, self._threads.stopping))
            except OutOfTime as exc:
                raise Halted(str(exc)) from exc
            except NotHeld as exc:
                raise Refused(str(exc)) from exc

        return await self._threads.execute(bounded)

    def _corpus(self, index: Index, model: int) -> Corpus:
        _check_model(index, model)
        return self._holdings.corpus(index, model)

    def _held(self, index: Index, model: int) -> tuple[dict[int, Dataset], list[Json]]:
        """Return the model's datasets that are here, and what is missing of the others."""
        found: dict[int, Dataset] = {}
        missing: list[Json] = []
        for number in index.registry.models[model].datasets:
            row = index.registry.datasets[number]
            try:
                found[number] = self._holdings.held(row).dataset
            except NotHeld as exc:
                words = {"what": f"dataset {number}", "hash": as_hex(row.tok_root)}
                missing.append({**words, "why": str(exc)})
        return found, missing

    def _explained(self, index: Index, batch: int, at: int, patience: Patience) -> Json:
        row, record = index.ledger.batches[batch], index.ledger.records[batch, at]
        shown = index.ledger.published.get((batch, at))
        datasets, missing = self._held(index, row.model) if shown else ({}, [])
        if shown is None:
            missing += _unpublished(index, batch, at)
        own = index.ledger.points_of(batch, at, index.fallback_of(row.model))
        return {
            "batch": views.batch(row),
            "record": views.record(record, refunded=(batch, at) in index.ledger.refunds),
            "published": shown is not None,
            "spans": None
            if shown is None
            else views.spans(shown.leaves, datasets, patience.check),
            "missing": missing,
            "points": views.points(own),
            "settlement": views.settlement(index.vault.settlements.get(batch)),
            "payouts": None if own is None else _payouts(index, batch, own),
            "challenges": [views.challenge(one) for one in index.ledger.challenges_of(batch)],
        }

    def _verified(self, index: Index, batch: int, at: int) -> Json:
        model = index.ledger.batches[batch].model
        published = (batch, at) in index.ledger.published
        rotten: list[Fault] = []
        for number in index.registry.models[model].datasets if published else ():
            rotten += self._holdings.held(index.registry.datasets[number]).faults
        checked, found = published and not rotten, tuple(rotten)
        if checked:
            found = check_answer(index, self._corpus(index, model), batch, at).faults
        payouts, paid = check_payouts(index, batch), check_settlement(index, batch)
        settlement = index.vault.settlements.get(batch)
        return {
            "published": published,
            "checked": checked,
            "faults": [views.fault(one) for one in found],
            "batch": {
                "checked": payouts.done,
                "faults": [views.fault(one) for one in payouts.faults],
            },
            "settlement": {
                "checked": paid.done,
                "status": None if settlement is None else settlement.status.name.lower(),
                "faults": list(paid.words),
            },
            "missing": [] if published else _unpublished(index, batch, at),
        }

    def _status(self, mark: Mark) -> Json:
        index = mark.index
        ledger, registry = index.ledger, index.registry
        settings = index.settings
        states = self._holdings.states(registry.datasets.values())
        datasets = [
            {"id": number, "state": state, "why": why}
            for number, (state, why) in zip(registry.datasets, states, strict=True)
        ]
        folder = self._holdings.folder
        return {
            "block": mark.number,
            "blockHash": as_hex(mark.hash),
            "contracts": {name: as_hex(L2_CONTRACTS[name]) for name in (*TELLING, *JUDGES)},
            "counts": {
                "datasets": len(registry.datasets),
                "models": len(registry.models),
                "policies": len(registry.policies),
                "batches": len(ledger.batches),
                "records": len(ledger.records),
                "published": len(ledger.published),
                "openRequests": len(ledger.requests),
                "openDemands": len(ledger.demands),
                "challenges": len(ledger.challenges),
                "events": index.events,
            },
            "batches": {
                status.name.lower(): sum(one.status is status for one in ledger.batches.values())
                for status in BatchStatus
                if status is not BatchStatus.NONE
            },
            "vault": {"owed": hex(index.vault.owed())},
            "settings": {
                "challengeWindow": settings.challenge_window,
                "settleWindow": settings.settle_window,
                "claimWindow": settings.claim_window,
                "penaltyThreshold": settings.threshold,
                "penaltyLimit": settings.limit,
            },
            "data": {"folder": None if folder is None else str(folder), "datasets": datasets},
        }


def _check_model(index: Index, model: int) -> None:
    if model not in index.registry.models:
        raise Refused(f"no model {model}: there are {len(index.registry.models)}, from 1 on")


def _check_known(index: Index, batch: int, at: int) -> None:
    row = index.ledger.batches.get(batch)
    if row is None:
        raise Refused(f"no batch {batch}: there are {len(index.ledger.batches)}, from 1 on")
    if at >= row.count:
        raise Refused(f"no record {at} in batch {batch}: it has {row.count}, from 0 on")


def _unpublished(index: Index, batch: int, at: int) -> list[Json]:
    """Return what would have to be published for the record to be looked into."""
    leaf = index.ledger.records[batch, at].leaf
    return [
        {"what": "output", "hash": as_hex(leaf.out_hash)},
        {"what": "evidence", "hash": as_hex(leaf.evidence_root)},
    ]


def _traced(
    index: Index,
    corpus: Corpus,
    model: int,
    output: str | tuple[int, ...],
    fee: int | None,
    patience: Patience,
) -> Json:
    try:
        tokens = tokenize(output) if isinstance(output, str) else output
        check_output(tokens)
    except ValueError as exc:
        raise Refused(str(exc)) from exc
    made = attribution(corpus, tokens, fee or 0)
    leaves = made.evidence.leaves
    datasets = {one.id: one for one in corpus.datasets}
    spans = views.spans(leaves, datasets, patience.check)
    if isinstance(output, str):
        places = locate(output)
        for span in spans:
            last = places[span["start"] + span["length"] - 1]
            span["text"] = output[places[span["start"]].start : last.end]
    record = made.record(payer=bytes(20), req_hash=bytes(32), fee=fee or 0, tokens_in=0, nonce=0)
    engine = index.registry.models[model].engine_id
    return {
        "model": model,
        "engineId": as_hex(engine),
        "minLength": min_length_of(engine),
        "total": corpus.total,
        "outHash": as_hex(record.out_hash),
        "evidenceRoot": as_hex(record.evidence_root),
        "tokens": list(tokens),
        "spans": spans,
        "owners": views.owners(leaves),
        "fee": None if fee is None else hex(fee),
        "points": None if fee is None else views.points(made.points),
        "weightsRoot": None if fee is None else as_hex(weights_root(made.points)),
    }


def _payouts(index: Index, batch: int, own: Points) -> list[Json]:
    """Return what each owner of a record got of its batch, and the record's part of that."""
    settlement = index.vault.settlements.get(batch)
    weights = list_of(index, batch)
    of_batch = None if weights is None else dict(weights)
    shares = shares_of(index, batch)
    amounts = None if shares is None else dict(shares)
    places = {} if weights is None else {who: at for at, (who, _) in enumerate(weights)}
    found: list[Json] = []
    for who, points in own:
        whole = None if of_batch is None else of_batch.get(who, 0)
        wei = None if amounts is None else amounts.get(who, 0)
        row = index.vault.given.get((batch, who), GivenRow())
        place = places.get(who)
        found.append(
            {
                "owner": as_hex(who),
                "points": hex(points),
                "batchPoints": None if whole is None else hex(whole),
                "batchWei": None if wei is None else hex(wei),
                "wei": None if wei is None or not whole else hex(wei * points // whole),
                "index": place,
                **views.given(row),
                "isClaimed": None if place is None else (batch, place) in index.vault.claims,
                "credit": hex(index.vault.credits.get((0, who), 0)),
                "accrued": hex(
                    0 if settlement is None else index.vault.accrued_of(settlement.model, who)
                ),
            }
        )
    return found


def _lineage(index: Index, number: int) -> Json:
    registry = index.registry
    ids = registry.lineage(number)
    parts = payout_tree(WHOLE, *registry.flows(number))
    models = []
    for one, part in zip(ids, parts, strict=True):
        row = registry.models[one]
        parents = registry.parents.get(one, ())
        last = registry.last_step.get(one)
        models.append(
            {
                **views.model(row),
                "policy": views.policy(registry.policies[row.fee_policy]),
                "parents": [{"id": parent, "bps": bps} for parent, bps in parents],
                "part": part / WHOLE,
                "carry": hex(index.vault.carry.get(one, 0)),
                "staked": hex(index.stakes.pool(one).staked),
                "datasets": [views.dataset(registry.datasets[each]) for each in row.datasets],
                "lastStep": None if last is None else views.training(registry.steps[one, last]),
            }
        )
    return {"model": number, "models": models}
