"""The whole life of paid answers on any chain, and the gas of every step of it.

Nothing is random, so two chains of one id, on which the same accounts begin anew, must agree
to the last gas.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pytest

from byline.node.accounts import DevAccount, dev_account
from byline.node.attribution.client.calls import ContractRefused, Contracts
from byline.node.attribution.client.client import AttributionClient
from byline.node.attribution.client.values import (
    AnsweredRecord,
    BatchStatus,
    ClaimPermit,
    FeeTerms,
    Mode,
    ModelTerms,
)
from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Document
from byline.node.attribution.encoding import Points
from byline.node.attribution.evidence import Evidence, attribution
from byline.node.attribution.proof.challenges import Shown, WrongOwner
from byline.node.attribution.proof.check import verify_record
from byline.node.attribution.proof.faults import Reason
from byline.node.attribution.proof.proving import RecordCase, challenge_of
from byline.node.attribution.receipts import InferenceReceipt, SignedReceipt
from byline.node.attribution.serving.payments import request_hash
from byline.node.attribution.tokens import tokenize
from byline.node.attribution.weights import batch_payouts, points, weights_root
from byline.node.contracts.addresses import L2_CONTRACTS
from byline.node.contracts.calls import Interface
from byline.precompiles.evidence.merkle import MerkleTree
from byline.precompiles.math import CASCADE, apportion

BUILDER, PAYER, ANNE, BEN, WATCHER, STAKER, CAROL = map(dev_account, range(1, 8))
TREASURY: Final = dev_account(8).address
FEES: Final = (10**15, 2 * 10**15 + 7, 3 * 10**14 + 1)
BOND: Final = 10**18
FAR: Final = 2**40
"""A deadline behind all clocks."""
PAST: Final = 601
"""Seconds: a challenge window, or the delay of withdrawals, and one."""

TEXTS: Final = (
    ("The heron stands in shallow water at dawn and waits for small fish.", ANNE),
    ("Peat forms where dead moss is kept wet and cold for thousands of years.", BEN),
    ("A mill pond stores the flow of a brook so that the wheel can turn by day.", CAROL),
    ("Herons like it where the wheel can turn by day.", ANNE),
)
ANSWERS: Final = (
    "At dawn the heron stands in shallow water and waits for small fish",
    "Dead moss is kept wet and cold for thousands of years until the wheel can turn by day",
    "Nobody has written about that yet",
)


class Metered(Contracts):
    """Contracts that keep what each transaction took."""

    def __init__(self, client: AttributionClient, spent: list[tuple[str, int]]) -> None:
        contracts = client.contracts
        super().__init__(client.rpc, contracts.account, contracts.addresses)
        self._spent = spent

    async def send(
        self, contract: str, function: str, *arguments: Any, value: int = 0
    ) -> Mapping[str, Any]:
        receipt = await super().send(contract, function, *arguments, value=value)
        self._spent.append((f"{contract}.{function}", int(receipt["gasUsed"], 16)))
        return receipt


@dataclass
class Played:
    """What came of it."""

    gas: list[tuple[str, int]] = field(default_factory=list)
    """Contract, function and gas of each transaction, in order."""
    paid: dict[str, dict[bytes, int]] = field(default_factory=dict)
    """By mode of settlement: what every owner was paid, in wei."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch and what was recorded in it."""

    id: int
    answers: tuple[AnsweredRecord, ...]
    payouts: Points


class Play:
    """The people, each with a client, and a model for each mode."""

    def __init__(self, clients: Mapping[bytes, AttributionClient], played: Played) -> None:
        self._clients = clients
        self.played = played
        self.builder, self.payer, self.watcher = map(self.of, (BUILDER, PAYER, WATCHER))
        self._nonce = 0
        self.corpus: Corpus
        self.models: dict[Mode, int] = {}

    def of(self, account: DevAccount) -> AttributionClient:
        return self._clients[account.address]

    async def begin(self) -> None:
        """Register texts and a model for each mode; everybody pays in."""
        documents = [Document(text, owner.address) for text, owner in TEXTS]
        dataset = await self.builder.register_dataset(documents, license="CC0-1.0")
        self.corpus = Corpus((dataset,), fallback=CAROL.address)
        policy = await self.builder.create_policy(FeeTerms(10**12, 10**12, TREASURY))
        for mode in Mode:
            self.models[mode] = await self.builder.register_model(
                ModelTerms((dataset.id,), policy, fallback=CAROL.address, mode=mode)
            )
        await self.builder.bond(BOND)
        await self.payer.deposit(10**18)
        await self.of(STAKER).contracts.send("StakePool", "stake", self.models[Mode.ROOT], value=7)

    def answer(self, text: str, fee: int) -> AnsweredRecord:
        """Return the honest answer that the payer is about to sign for."""
        self._nonce += 1
        made = attribution(self.corpus, tokenize(text), fee)
        record = made.record(
            payer=PAYER.address,
            req_hash=request_hash(text),
            fee=fee,
            tokens_in=3,
            nonce=self._nonce,
        )
        return AnsweredRecord(record, made.output, made.evidence.leaves, made.points)

    def forged(self, text: str, fee: int) -> AnsweredRecord:
        """Return an answer in which the builder claims one of Anne's leaves."""
        honest = self.answer(text, fee)
        first, *others = honest.leaves
        leaves = (replace(first, owner=BUILDER.address), *others)
        wrong = points(leaves, fee, CAROL.address)
        record = replace(
            honest.record,
            evidence_root=Evidence(leaves).root,
            weights_root=weights_root(wrong),
        )
        return AnsweredRecord(record, honest.output, leaves, wrong)

    async def record(self, mode: Mode, answers: Sequence[AnsweredRecord]) -> Batch:
        """Let the payer sign for answers, and the builder record them."""
        receipts = [self._signed(self.models[mode], answer) for answer in answers]
        given = [answer.points for answer in answers]
        batch = await self.builder.record_batch(self.models[mode], receipts, given)
        return Batch(batch, tuple(answers), batch_payouts(given))

    def _signed(self, model: int, answer: AnsweredRecord) -> SignedReceipt:
        record = answer.record
        receipt = InferenceReceipt(
            record.payer,
            model,
            record.nonce,
            record.req_hash,
            record.out_hash,
            record.fee,
            FAR,
        )
        roots = (record.evidence_root, record.weights_root)
        signature = receipt.sign(self.payer.domain, self.payer.key)
        return SignedReceipt(receipt, *roots, record.tokens_in, record.tokens_out, signature)

    async def convict(self) -> None:
        """Record a forged answer between honest ones; it is slashed, and the payer refunded."""
        honest = self.answer(ANSWERS[1], FEES[1])
        batch = await self.record(
            Mode.CREDIT, [honest, self.forged(ANSWERS[0], FEES[0]), self.answer(ANSWERS[2], 5)]
        )
        before = await self.payer.prepaid()
        one = batch.answers[1]
        await self.builder.publish(batch.id, 1, one)
        assert await self.watcher.published(batch.id, 1) == one
        [fault] = verify_record(self.corpus, one.record, one.output, one.leaves)
        assert fault.reason is Reason.OTHER_OWNER
        await self._nothing_proves_the_honest(batch)
        challenge = challenge_of(fault, self._case(batch, 1))
        await self.watcher.contracts.send(
            "InferenceLedger", "challenge", batch.id, challenge.kind, challenge.encode()
        )
        assert (await self.builder.batch(batch.id)).status is BatchStatus.VOID
        lost = await self.builder.contracts.read("InferenceLedger", "batchBond")
        assert await self.watcher.free_bond() == lost // 2
        assert await self.builder.contracts.read("ContributorBond", "treasury") == lost - lost // 2
        for index in range(3):
            await self.watcher.refund(batch.id, index)
        fees = sum(answer.record.fee for answer in batch.answers)
        assert await self.payer.prepaid() == before + fees

    async def _nothing_proves_the_honest(self, batch: Batch) -> None:
        """Send the same challenge about a record of which it is not true."""
        case = self._case(batch, 0)
        leaf = case.leaf(0)
        dataset = self.corpus.datasets[0]
        said = WrongOwner(case.shown, leaf, dataset.open_owner(leaf.leaf.pos))
        with pytest.raises(ContractRefused) as refused:
            await self.watcher.contracts.send(
                "InferenceLedger", "challenge", batch.id, said.kind, said.encode()
            )
        assert (refused.value.error, refused.value.arguments) == ("NotProven", {"kind": 3})

    def _case(self, batch: Batch, index: int) -> RecordCase:
        tree = MerkleTree([answer.record.encode() for answer in batch.answers])
        one = batch.answers[index]
        shown = Shown(index, one.record, tree.proof(index))
        return RecordCase(self.corpus, shown, one.output, one.leaves)

    async def later(self, seconds: int = PAST) -> None:
        await self.builder.rpc.call("evm_increaseTime", seconds)
        await self.builder.rpc.call("evm_mine")

    async def settle(self, mode: Mode, batch: Batch) -> None:
        """Finalize and settle a batch, pay it out, and compare every wei."""
        await self.watcher.finalize(batch.id)
        before = {one.address: await self.balance(one.address) for one in (ANNE, BEN, CAROL)}
        assert await self.watcher.settle(batch.id, batch.payouts) == 1
        await self.watcher.release(batch.id)
        settlement = await self.builder.settlement(batch.id)
        assert settlement.settled
        assert settlement.mode is mode
        due = shares(mode, settlement.pot, batch.payouts)
        assert due.keys() == before.keys()
        self.played.paid[mode.name] = due
        if mode is Mode.PUSH:
            for who, share in due.items():
                assert await self.balance(who) == before[who] + share
            return
        for account in (ANNE, BEN, CAROL):
            found = await self.collect(mode, batch.id, account)
            assert found == due[account.address], (mode, account.address.hex())

    async def collect(self, mode: Mode, batch: int, account: DevAccount) -> int:
        """Let an owner take what it is due; return the wei."""
        client = self.of(account)
        if mode is Mode.CREDIT:
            return await client.withdraw()
        if mode is Mode.ACCUMULATOR:
            model = self.models[mode]
            due = int(
                await client.contracts.read("PayoutVault", "accruedOf", model, client.address)
            )
            await client.contracts.send("PayoutVault", "claimAccrued", model)
            assert not await client.contracts.read(
                "PayoutVault", "accruedOf", model, client.address
            )
            return due
        claims = await client.claims(batch)
        if account is ANNE:
            permit = await client.sign_claims(claims, 10**12, FAR)
            before = await self.balance(account.address)
            needed = await self.estimate(permit)
            fee = await self.watcher.claim_sponsored(permit)
            assert fee
            assert self.played.gas[-1][1] <= needed
            return await self.balance(account.address) - before + fee
        return await client.claim(batch)

    async def estimate(self, permit: ClaimPermit) -> int:
        """Return the gas of a sponsored claim as clients ask for it, without a price."""
        words = [one.words for one in permit.claims]
        arguments = (permit.who, words, permit.max_fee, permit.deadline, permit.signature)
        request = {
            "from": "0x" + WATCHER.address.hex(),
            "to": "0x" + self.watcher.contracts.addresses["PayoutVault"].hex(),
            "data": "0x" + Interface.of("PayoutVault").call("claimFor", *arguments).hex(),
        }
        return await self.watcher.rpc.number("eth_estimateGas", request)

    async def leave(self) -> None:
        """Let the payer take its money back, and the vault owe nobody but builder and platform."""
        left = await self.payer.prepaid()
        ledger = self.payer.contracts
        await ledger.send("InferenceLedger", "requestWithdrawal", left)
        await self.later()
        await ledger.send("InferenceLedger", "withdraw")
        assert await self.payer.prepaid() == 0
        assert await self.builder.withdraw() > 0
        pending = await ledger.read("StakePool", "pending", self.models[Mode.ROOT], STAKER.address)
        assert pending > 0
        await self.of(STAKER).contracts.send("StakePool", "claim", self.models[Mode.ROOT])
        accrued = await ledger.read("PayoutVault", "pool", self.models[Mode.ACCUMULATOR])
        kept = await self.builder.credit(TREASURY) + accrued[3]
        assert await self.balance(ledger.addresses["PayoutVault"]) == kept
        assert await self.balance(ledger.addresses["InferenceLedger"]) == 0

    async def balance(self, who: bytes) -> int:
        return await self.builder.rpc.number("eth_getBalance", "0x" + who.hex(), "latest")


def shares(mode: Mode, pot: int, payouts: Points) -> dict[bytes, int]:
    """Return what each owner gets of a pot; the accumulator keeps what units do not divide."""
    weights = [weight for _, weight in payouts]
    if mode is Mode.ACCUMULATOR:
        amounts = tuple(weight * (pot // sum(weights)) for weight in weights)
    else:
        amounts = apportion(CASCADE, pot, weights)
    return {who: amount for (who, _), amount in zip(payouts, amounts, strict=True)}


@asynccontextmanager
async def stage(url: str, addresses: Mapping[str, bytes] = L2_CONTRACTS) -> AsyncIterator[Play]:
    """Let everybody begin on the chain at `url`, whose contracts stand at `addresses`."""
    played = Played()
    async with AsyncExitStack() as stack:
        clients = {}
        for account in (BUILDER, PAYER, ANNE, BEN, WATCHER, STAKER, CAROL):
            client = AttributionClient(url, account.key, addresses)
            client.contracts = Metered(client, played.gas)
            clients[account.address] = await stack.enter_async_context(client)
        one = Play(clients, played)
        await one.begin()
        yield one


async def play(url: str, addresses: Mapping[str, bytes] = L2_CONTRACTS) -> Played:
    """Play it all."""
    async with stage(url, addresses) as one:
        batches = {}
        for mode in Mode:
            answers = [one.answer(text, fee) for text, fee in zip(ANSWERS, FEES, strict=True)]
            batches[mode] = await one.record(mode, answers)
        await one.convict()
        await one.later()
        for mode, batch in batches.items():
            await one.settle(mode, batch)
        await one.leave()
        return one.played
