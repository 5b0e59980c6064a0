"""The index of what was called on a chain, and whether the contracts' views say the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from byline.derivation.receipt import Log
from byline.node.attribution.index.events import Place, events_of
from byline.node.attribution.index.index import Index, Settings, folded
from byline.node.contracts import addresses, attribution_predeploys
from byline.node.contracts.artifacts import load
from byline.precompiles.math.payout_tree import encode_edges, encode_nodes
from tests.contracts.harness import Contract, Outcome
from tests.contracts.quick import Quick

SETTINGS = Settings(
    attribution_predeploys.CHALLENGE_WINDOW,
    attribution_predeploys.SETTLE_WINDOW,
    attribution_predeploys.CLAIM_WINDOW,
    attribution_predeploys.PENALTY_THRESHOLD,
    attribution_predeploys.PENALTY_LIMIT,
)
NOBODY = "0x" + "00" * 20


@dataclass
class Recorder:
    """Everything that was told on the chains of a test, in order."""

    told: list[tuple[Log, int]] = field(default_factory=list)
    """Logs, and the time of each."""
    index: Index = field(default_factory=lambda: Index(SETTINGS))
    read: int = 0

    def begin(self) -> None:
        """Forget all: another chain begins."""
        self.told.clear()
        self.index, self.read = Index(SETTINGS), 0

    def enter(self, outcome: Outcome, now: int) -> None:
        """Take in what a call told at a time."""
        for one in outcome.logs:
            self.told.append((Log(one.address, one.topics, one.data), now))

    def grown(self) -> Index:
        """Return the index, with what was told since it was last asked for."""
        self.index = folded(self.index, self.events(self.read))
        self.read = len(self.told)
        return self.index

    def whole(self) -> Index:
        """Return the index of everything, folded at once."""
        return folded(Index(SETTINGS), self.events(0))

    def events(self, start: int) -> Any:
        told = self.told[start:]
        logs = [log for log, _ in told]
        return events_of(logs, lambda at: Place(start + at, told[at][1], bytes(32)))


@contextmanager
def recording() -> Iterator[Recorder]:
    """Record every call on a machine of `Quick` meanwhile."""
    recorder = Recorder()
    plain = Quick.call

    def call(self: Quick, *arguments: Any, **options: Any) -> Outcome:
        outcome = plain(self, *arguments, **options)
        recorder.enter(outcome, self._block.timestamp)
        return outcome

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Quick, "call", call)
        yield recorder


def text(address: bytes) -> str:
    return "0x" + address.hex()


@dataclass(frozen=True)
class Views:
    """Asks the contracts of a chain what the index says, and fails where they differ."""

    evm: Quick
    index: Index

    def of(self, name: str) -> Contract:
        return Contract(self.evm, addresses.L2_CONTRACTS[name], load(name).abi)

    def everything(self, people: Sequence[bytes]) -> None:
        """Compare all of it, for these people."""
        self.registry()
        self.policies()
        self.ledger(people)
        self.bonds(people)
        self.stakes(people)
        self.vault(people)

    def registry(self) -> None:
        contract, book = self.of("AttributionRegistry"), self.index.registry
        assert contract.read("datasetCount") == len(book.datasets)
        assert contract.read("modelCount") == len(book.models)
        for one in book.datasets.values():
            assert contract.read("dataset", one.id) == (
                text(one.registrant), one.doc_root, one.tok_root, one.sa_root, one.owner_root,
                one.tokens, one.owners, one.version, one.previous, one.status,
            )  # fmt: skip
        for model in book.models.values():
            assert contract.read("model", model.id) == (
                text(model.owner), text(model.operator), text(model.fallback_to), model.kind,
                model.fee_policy, model.engine_id, model.method, model.mode, model.tokens,
                model.status,
            )  # fmt: skip
            assert contract.read("modelDatasets", model.id) == model.datasets
            parents = book.parents.get(model.id, ())
            ids, bps = tuple(one for one, _ in parents), tuple(one for _, one in parents)
            assert contract.read("parents", model.id) == (ids, bps)
            shares, edges = book.flows(model.id)
            tree = (encode_nodes(shares), encode_edges(edges))
            assert contract.read("lineage", model.id) == (book.lineage(model.id), *tree)
            assert contract.read("lastStep", model.id) == book.last_step.get(model.id, 0)

    def policies(self) -> None:
        contract, policies = self.of("FeePolicy"), self.index.registry.policies
        assert contract.read("policyCount") == len(policies)
        for one in policies.values():
            assert contract.read("policy", one.id) == (
                one.rate_in, one.rate_out, one.platform_fee, one.platform_bps, one.model_bps,
                one.staker_bps, one.contributor_bps, text(one.treasury),
            )  # fmt: skip
            assert contract.read("quote", one.id, 77, 1234) == one.quote(77, 1234)

    def ledger(self, people: Sequence[bytes]) -> None:
        contract, book = self.of("InferenceLedger"), self.index.ledger
        assert contract.read("batchCount") == len(book.batches)
        for one in book.batches.values():
            assert contract.read("batch", one.id) == (
                one.model, text(one.operator), one.records_root, one.payout_root, one.count,
                one.n, one.total_w, one.total_fee, one.recorded_at, one.status,
            )  # fmt: skip
            state = (one.bond, one.open_demands, one.window_end, one.finalized_at)
            assert contract.read("batchState", one.id) == state
            assert one.open_demands == sum(batch == one.id for batch, _ in book.demands)
            for at, record in enumerate(book.records_of(one.id)):
                assert (record.batch, record.index) == (one.id, at)
                known = (one.id, at)
                assert contract.read("published", *known) == (known in book.published)
                assert contract.read("refunded", *known) == (known in book.refunds)
                asked = book.demands.get(known)
                wanted = (NOBODY, 0) if asked is None else (text(asked.by), asked.deadline)
                assert contract.read("demands", *known) == wanted
            payouts = (one.id, 2**64 - 1)
            assert contract.read("published", *payouts) == (one.id in book.lists)
        for number, request in book.requests.items():
            assert contract.read("request", number) == (
                text(request.payer), request.model, request.req_hash, request.fee,
                request.deadline, request.nonce,
            )  # fmt: skip
        for who in people:
            assert contract.read("prepaid", who) == book.prepaid.get(who, 0)
            assert contract.read("withdrawals", who) == book.withdrawals.get(who, (0, 0))

    def bonds(self, people: Sequence[bytes]) -> None:
        contract, book = self.of("ContributorBond"), self.index.bonds
        assert contract.read("treasury") == book.treasury.get("held", 0)
        for who in people:
            row = book.of(who)
            assert contract.read("bondOf", who) == (row.total, row.locked, row.score)
            assert contract.read("multiplier", who) == self.index.multiplier(who)

    def stakes(self, people: Sequence[bytes]) -> None:
        contract, book = self.of("StakePool"), self.index.stakes
        for model in self.index.registry.models:
            pool = book.pool(model)
            seen = (pool.staked, pool.acc, pool.rem, pool.funded, pool.claimed)
            assert contract.read("pool", model) == seen
            for who in people:
                row = book.stakes.get((model, who))
                assert contract.read("stakeOf", model, who) == (row.amount if row else 0)
                assert contract.read("lockedUntil", model, who) == (row.locked_until if row else 0)
                assert contract.read("fineDue", model, who) == book.due(model, who)

    def vault(self, people: Sequence[bytes]) -> None:
        contract, book = self.of("PayoutVault"), self.index.vault
        assert self.evm.balance(contract.address) == book.owed()
        for who in people:
            assert contract.read("creditOf", who) == book.credits.get((0, who), 0)
        for model in self.index.registry.models:
            assert contract.read("carryOf", model) == book.carry.get(model, 0)
            pool = book.pool(model)
            acc = book.acc.get((model, pool.epoch), 0)
            seen = (pool.epoch, pool.units, acc, pool.rem, pool.list_root)
            assert contract.read("pool", model) == seen
            for who in people:
                assert contract.read("accruedOf", model, who) == book.accrued_of(model, who)
        for batch, row in book.settlements.items():
            assert contract.read("settlement", batch) == (
                row.model, row.mode, row.method, row.pot, row.root, row.n, row.status,
            )  # fmt: skip
            progress = (row.entries, row.reached, row.left, row.settled_at)
            assert contract.read("progress", batch) == progress
            for index in range(min(row.n, 8)):
                known = (batch, index)
                assert contract.read("claimed", *known) == (known in book.claims)
