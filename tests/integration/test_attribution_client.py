"""The client on a devnet: everything from a dataset to money in a contributor's hands."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from byline.node import AttributionClient, NodeError, SyncAttributionClient, SyncDevnet
from byline.node.attribution.client.calls import ContractRefused
from byline.node.attribution.client.http import sign_payment
from byline.node.attribution.client.values import (
    AnsweredRecord,
    BatchStatus,
    Claim,
    FeeTerms,
    Mode,
    ModelTerms,
)
from byline.node.attribution.encoding import Points, encode_packed
from byline.node.attribution.evidence import attribution
from byline.node.attribution.receipts import SignedReceipt
from byline.node.attribution.serving.payments import request_hash
from byline.node.attribution.states import RegistryStatus
from byline.node.attribution.tokens import tokenize
from byline.node.attribution.weights import batch_payouts
from byline.precompiles.math.sum_tree import SumTree
from tests.paid_answers import ANNE, BEN, DOCUMENTS, OPERATOR, PAYER
from tests.paid_chain import FEE, World, paid_world

ANSWERS = [document.text for document in DOCUMENTS]


async def finalized(world: World, answers: list[str]) -> tuple[int, int]:
    """Record, wait, settle and release; return batch and pot."""
    batch, points = await world.recorded(answers)
    await world.later()
    await world.operator.finalize(batch)
    await world.operator.settle(batch, batch_payouts(points))
    await world.operator.release(batch)
    assert (await world.operator.batch(batch)).status is BatchStatus.RELEASED
    return batch, (await world.operator.settlement(batch)).pot


@pytest.mark.asyncio
async def test_credits_are_withdrawn_to_the_wei() -> None:
    async with paid_world(Mode.CREDIT) as world:
        _, pot = await finalized(world, ANSWERS)
        async with await world.client(ANNE.key) as anne, await world.client(BEN.key) as ben:
            owed = [await anne.credit(), await ben.credit()]
            assert sum(owed) == pot
            assert [await anne.withdraw(), await ben.withdraw()] == owed
            with pytest.raises(ContractRefused) as refused:
                await anne.withdraw()
            assert refused.value.error == "NothingToClaim"


@pytest.mark.asyncio
@pytest.mark.parametrize("mode", [Mode.PUSH, Mode.ACCUMULATOR])
async def test_the_other_modes_settle_too(mode: Mode) -> None:
    async with paid_world(mode) as world:
        _, pot = await finalized(world, ANSWERS)
        read = world.operator.contracts.read
        if mode is Mode.ACCUMULATOR:
            owed = [
                await read("PayoutVault", "accruedOf", world.model, one.address)
                for one in (ANNE, BEN)
            ]
            assert pot - 2 <= sum(owed) <= pot
            async with await world.client(ANNE.key) as anne:
                assert await anne.claim_accrued(world.model) == owed[0]
        else:
            left = (await read("PayoutVault", "progress", 1))[2]
            assert left == 0
        # The same answers again: an accumulator then needs no list.
        batch, points = await world.recorded(ANSWERS)
        await world.later()
        await world.operator.finalize(batch)
        sent = await world.operator.settle(batch, batch_payouts(points))
        assert sent == (0 if mode is Mode.ACCUMULATOR else 1)


@pytest.mark.asyncio
async def test_claims_are_found_proven_and_paid_once() -> None:
    async with paid_world(Mode.ROOT) as world:
        batch, pot = await finalized(world, ANSWERS)
        async with await world.client(ANNE.key) as anne, await world.client(BEN.key) as ben:
            (claim,) = await anne.claims(batch)
            (other,) = await ben.claims(batch)
            assert claim.amount + other.amount == pot
            assert await anne.claim(batch) == claim.amount
            assert await anne.claims(batch) == ()
            assert await anne.claim(batch) == 0
            # Ben has no coin for gas: the payer sends his claim and keeps a part of it.
            now = await ben.contracts.now()
            permit = await ben.sign_claims([other], 10**12, now + 60)
            before = await ben.rpc.number("eth_getBalance", "0x" + BEN.address.hex(), "latest")
            fee = await world.payer.claim_sponsored(permit)
            after = await ben.rpc.number("eth_getBalance", "0x" + BEN.address.hex(), "latest")
            assert after - before == other.amount - fee
            assert 0 < fee <= 10**12
            with pytest.raises(ContractRefused) as refused:
                await world.payer.claim_sponsored(permit)
            assert refused.value.error == "WrongSigner", "the nonce is used up"
            with pytest.raises(ContractRefused) as twice:
                await ben.contracts.send("PayoutVault", "claimMany", [other.words])
            assert (twice.value.error, twice.value.arguments["index"]) == (
                "AlreadyClaimed",
                other.index,
            )
            forged = Claim(batch, other.index, other.amount + 1, other.proof)
            with pytest.raises(ContractRefused) as wrong:
                await ben.contracts.send("PayoutVault", "claimMany", [forged.words])
            assert wrong.value.error == "WrongProof"
            assert await world.payer.claims(batch) == (), "the payer has nothing there"


@pytest.mark.asyncio
async def test_many_owners_are_settled_in_chunks_and_find_their_claims() -> None:
    async with paid_world(Mode.ROOT) as world:
        found = await world.signed(ANSWERS[:1])
        others = tuple(sorted((number.to_bytes(20, "big"), 10) for number in range(1_000, 1_600)))
        total = sum(points for _, points in found[0][1])
        crowd = tuple(sorted((*others, (ANNE.address, total - 6_000))))
        batch = await world.operator.record_batch(world.model, [found[0][0]], [crowd])
        await world.later()
        await world.operator.finalize(batch)
        # Somebody begins, and the rest is left for later.
        await world.payer.contracts.send(
            "PayoutVault",
            "settleChunk",
            batch,
            encode_packed(crowd[:256]),
            SumTree(crowd).chunk_proof(0, 256),
        )
        assert await world.operator.settle(batch, crowd) == 3
        assert await world.operator.settle(batch, crowd) == 0
        assert await world.payer.payouts(batch) == crowd
        async with await world.client(ANNE.key) as anne:
            (claim,) = await anne.claims(batch)
            assert await anne.claim(batch) == claim.amount
        (small,) = await world.payer.claims(batch, others[599][0])
        assert small.amount > 0


@pytest.mark.asyncio
async def test_a_request_on_chain_is_answered_by_its_operator() -> None:
    async with paid_world() as world:
        now = await world.payer.contracts.now()
        request = await world.payer.open(world.model, request_hash("peat?"), FEE, now + 100)
        answered = attribution(world.corpus, tokenize(ANSWERS[1]), FEE)
        batch = await world.operator.record(request, answered, tokens_in=2)
        (record,) = await world.operator.records(batch)
        assert (record.payer, record.fee, record.tokens_in) == (PAYER.address, FEE, 2)
        with pytest.raises(NodeError, match="is not published"):
            await world.payer.explain(batch, 0)
        kept = AnsweredRecord(record, answered.output, answered.evidence.leaves, answered.points)
        await world.operator.publish(batch, 0, kept)
        assert await world.payer.published(batch, 0) == kept
        lines = await world.payer.explain(batch, 0, [world.dataset])
        told = "\n".join(lines)
        assert f"paid {FEE} wei for 2 tokens in" in told
        assert repr(ANSWERS[1][:40])[1:-1] in told, "the words of the span"
        assert "0x" + BEN.address.hex() in told
        assert "dataset 1" in "\n".join(await world.payer.explain(batch, 0))


@pytest.mark.asyncio
async def test_models_are_registered_on_others_and_train() -> None:
    async with paid_world() as world:
        client = world.operator
        newer = await client.register_dataset(DOCUMENTS[:1], previous=world.dataset.id)
        terms = ModelTerms(
            (world.dataset.id, newer.id), world.policy, ((world.model, 2_500),), min_length=7
        )
        adapter = await client.register_adapter(terms)
        found = await client.model(adapter)
        assert found.datasets == (world.dataset.id, newer.id)
        assert found.tokens == len(world.dataset) + len(newer)
        assert (found.owner, found.operator) == (OPERATOR.address,) * 2
        assert (found.kind, found.status) == (1, RegistryStatus.LIVE)
        parents = await client.contracts.read("AttributionRegistry", "parents", adapter)
        assert parents == ((world.model,), (2_500,))
        await client.record_training(adapter, 10, bytes(32), b"\x01" * 32, -65_536)
        assert await client.contracts.read("AttributionRegistry", "lastStep", adapter) == 10
        await client.set_policy(adapter, world.policy, mode=Mode.PUSH)
        assert (await client.model(adapter)).mode is Mode.PUSH


@pytest.mark.asyncio
async def test_refusals_have_the_names_and_arguments_of_the_contracts() -> None:
    async with paid_world() as world:
        cases = [
            (
                world.operator.register_model(ModelTerms((9,), world.policy)),
                "UnknownDataset",
                {"id": 9},
            ),
            (world.operator.register_model(ModelTerms((1,), 5)), "UnknownPolicy", {"id": 5}),
            (world.payer.set_policy(1, 1), "NotModelOwner", {}),
            (
                world.operator.create_policy(FeeTerms(1, 1, bytes(19) + b"\x01", model_bps=1)),
                "BadBps",
                {},
            ),
            (world.operator.finalize(7), "UnknownBatch", {"batchId": 7}),
            (world.payer.withdraw(), "NothingToClaim", {}),
            (world.payer.record_batch(1, *await one(world)), "NotOperator", {}),
        ]
        for work, name, arguments in cases:
            with pytest.raises(ContractRefused) as refused:
                await work
            assert refused.value.error == name
            assert arguments.items() <= refused.value.arguments.items()
        batch, _ = await world.recorded(ANSWERS[:1])
        with pytest.raises(ContractRefused, match=r"finalize: WindowNotOver\(end=\d+\)"):
            await world.payer.finalize(batch)
        with pytest.raises(NodeError, match="no record 1"):
            await world.payer.refund(batch, 1)


async def one(world: World) -> tuple[list[SignedReceipt], list[Points]]:
    ((receipt, points),) = await world.signed(ANSWERS[:1])
    return [receipt], [points]


@pytest.mark.asyncio
async def test_a_client_without_a_key_reads_only() -> None:
    async with paid_world() as world, AttributionClient(world.devnet.l2.url) as reader:
        assert (await reader.model(world.model)).operator == OPERATOR.address
        assert await reader.prepaid(PAYER.address) == 10**18
        with pytest.raises(NodeError, match="give it a key"):
            await reader.deposit(1)
        with pytest.raises(NodeError, match="model 99 is not registered"):
            await reader.model(99)


@pytest.mark.asyncio
async def test_many_calls_of_one_account_at_once_take_turns() -> None:
    async with paid_world() as world:
        await asyncio.gather(*(world.payer.deposit(1) for _ in range(5)))
        assert await world.payer.prepaid() == 10**18 + 5


@pytest.mark.asyncio
async def test_a_node_that_is_not_there_is_an_error_at_once() -> None:
    with pytest.raises(NodeError, match="does not answer"):
        async with AttributionClient("http://127.0.0.1:1"):
            pass


def test_the_thin_form_waits() -> None:
    with SyncDevnet() as devnet:
        with SyncAttributionClient(devnet.l2.url, OPERATOR.key) as client:
            dataset = client.register_dataset(DOCUMENTS, uri="texts", license="CC0-1.0")
            policy = client.create_policy(FeeTerms(10**12, 10**12, OPERATOR.address))
            model = client.register_model(ModelTerms((dataset.id,), policy))
            assert client.model(model).datasets == (dataset.id,)
            assert client.deposit(5) == client.prepaid() == 5
            with pytest.raises(ContractRefused, match="NothingToClaim"):
                client.withdraw()
        with pytest.raises(NodeError, match="within its context"):
            client.prepaid()


def test_both_forms_have_the_same_methods() -> None:
    def public(kind: type) -> set[str]:
        return {name for name in vars(kind) if not name.startswith("_")}

    here_only = {"wait"}
    there_only = {"domain", "key"}
    assert public(SyncAttributionClient) - here_only == public(AttributionClient) - there_only


@pytest.mark.parametrize("key", [b"", b"\x01", bytes(33), bytes(32), b"\xff" * 32, "11" * 32])
def test_what_is_no_key_is_refused_without_being_shown(key: bytes) -> None:
    for form in (AttributionClient, SyncAttributionClient):
        with pytest.raises(NodeError, match=r"^the key ") as refused:
            form("http://127.0.0.1:1", key)
        assert "1111" not in str(refused.value)


@pytest.mark.asyncio
async def test_a_deposit_has_gas_enough_where_a_batch_takes_all_that_was_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was estimated on a balance that was not zero, which is cheaper to change."""
    async with paid_world() as world, AttributionClient(world.devnet.l2.url, BEN.key) as ben:
        await ben.deposit(FEE)
        one = await world.offer("what is a pond?", ANSWERS[0])
        sent = sign_payment(one.terms, ben.domain, BEN.key)
        tokens = (one.terms.tokens_in, one.terms.tokens_out)
        signed = SignedReceipt(
            sent.receipt, one.evidence_root, one.weights_root, *tokens, sent.signature
        )
        real = ben.rpc.call

        async def just_before(method: str, *params: Any) -> Any:
            if method == "eth_sendRawTransaction":
                await world.operator.record_batch(world.model, [signed], [one.points])
                assert await ben.prepaid() == 0
            return await real(method, *params)

        monkeypatch.setattr(ben.rpc, "call", just_before)
        assert await ben.deposit(2 * FEE) == 2 * FEE
