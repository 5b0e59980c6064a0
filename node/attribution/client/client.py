"""The attribution contracts for programs: datasets, models, money, records and claims.

async with AttributionClient(devnet.l2.url, key) as client:
    dataset = await client.register_dataset([Document(text, owner)], license="CC0-1.0")
    policy = await client.create_policy(FeeTerms(rate_in=10**12, rate_out=10**12, treasury=me))
    model = await client.register_model(ModelTerms((dataset.id,), policy))

A refusal of a contract is `ContractRefused`, with the error's name and arguments.  All amounts
are wei, addresses 20 bytes, times seconds of the chain's clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from byline.node.accounts import DevAccount
from byline.node.attribution.client import batches as of_batches
from byline.node.attribution.client import claims as of_claims
from byline.node.attribution.client import http, registering
from byline.node.attribution.client.calls import Contracts
from byline.node.attribution.client.explain import explanation
from byline.node.attribution.client.settling import settle
from byline.node.attribution.client.values import (
    AnsweredRecord,
    Claim,
    ClaimPermit,
    FeeTerms,
    Mode,
    ModelTerms,
    PaidAnswer,
    Settlement,
)
from byline.node.attribution.dataset import Dataset, Document
from byline.node.attribution.encoding import (
    Points,
    RecordLeaf,
    encode_evidence,
)
from byline.node.attribution.evidence import Attribution
from byline.node.attribution.onchain import Batch, Model
from byline.node.attribution.receipts import (
    ReceiptDomain,
    SignedReceipt,
    encode_receipts,
)
from byline.node.attribution.tokens import encode_tokens
from byline.node.attribution.weights import batch_payouts, payout_root
from byline.node.client import RpcClient
from byline.node.contracts.addresses import L2_CONTRACTS
from byline.node.errors import NodeError
from byline.node.keys import address_of

REGISTRY, BOND = "AttributionRegistry", "ContributorBond"
LEDGER, VAULT = "InferenceLedger", "PayoutVault"


class AttributionClient:
    """One L2 by its JSON-RPC URL, and the account that signs; an async context manager.

    key: 32 bytes; without one the client reads only.  addresses: where the contracts stand, by
    name, on a chain that has them elsewhere than our genesis (module `deploying`).  Raises
    `NodeError` at entry where the node does not answer.
    """

    def __init__(
        self,
        url: str,
        key: bytes | None = None,
        addresses: Mapping[str, bytes] = L2_CONTRACTS,
    ) -> None:
        if key is not None and (not isinstance(key, bytes) or len(key) != 32):
            # Never shown: it may be a key after all, in another form.
            raise NodeError("the key is not 32 bytes: want what bytes.fromhex makes of 64 digits")
        try:
            account = None if key is None else DevAccount(address_of(key), key)
        except ValueError as error:
            raise NodeError(f"the key cannot sign: {error}") from error
        self.rpc = RpcClient(url)
        self.contracts = Contracts(self.rpc, account, addresses)
        self.chain_id = 0
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.rpc)
        try:
            self.chain_id = await self.rpc.number("eth_chainId")
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    @property
    def address(self) -> bytes:
        """Who signs; `NodeError` where nobody does."""
        return self.contracts.address

    @property
    def domain(self) -> ReceiptDomain:
        """What receipts are signed for."""
        return ReceiptDomain(self.chain_id, self.contracts.addresses[LEDGER])

    @property
    def key(self) -> bytes:
        """The key of `address`."""
        assert self.address
        assert self.contracts.account is not None
        return self.contracts.account.key

    # -- datasets and models ------------------------------------------------------------

    async def register_dataset(
        self,
        documents: Iterable[Document],
        *,
        uri: str = "",
        license: str = "",  # noqa: A002
        previous: int | None = None,
    ) -> Dataset:
        """Commit to texts and their owners, and return them as the dataset they have become.

        previous: the dataset that this is a new version of.
        """
        dataset = await asyncio.to_thread(Dataset.build, 0, tuple(documents))
        return replace(dataset, id=await self.register_built(dataset, uri, license, previous))

    async def register_built(
        self, dataset: Dataset, uri: str = "", license_: str = "", previous: int | None = None
    ) -> int:
        """Register the roots of a dataset that is built already, and return its id."""
        return await registering.register_dataset(self.contracts, dataset, uri, license_, previous)

    async def create_policy(self, terms: FeeTerms) -> int:
        """Create a fee policy and return its id."""
        return await registering.create_policy(self.contracts, terms)

    async def register_model(self, terms: ModelTerms) -> int:
        """Register a model that this account owns and operates, and return its id."""
        return await registering.register_model(self.contracts, "registerModel", terms)

    async def register_adapter(self, terms: ModelTerms) -> int:
        """Register a model on top of others, at least one, and return its id."""
        return await registering.register_model(self.contracts, "registerAdapter", terms)

    async def model(self, model: int) -> Model:
        """Return what the registry says of a model; `NodeError` for one that is unknown."""
        return await of_batches.model_of(self.contracts, model)

    async def set_policy(
        self, model: int, policy: int, *, method: int = 0, mode: Mode = Mode.CREDIT
    ) -> None:
        """Change how a model's fees are divided and paid from now on; its owner only."""
        await self.contracts.send(REGISTRY, "setPolicy", model, policy, method, int(mode))

    async def record_training(
        self, model: int, step: int, checkpoint: bytes, batch: bytes, loss_q16: int
    ) -> None:
        """Commit to a training step: roots of 32 bytes, and the loss times 2**16."""
        await self.contracts.send(
            REGISTRY, "recordTraining", model, step, checkpoint, batch, loss_q16
        )

    # -- money --------------------------------------------------------------------------

    async def deposit(self, amount: int, payer: bytes | None = None) -> int:
        """Add wei to the prepaid balance of this account, or of `payer`; return the balance."""
        if amount < 0:
            raise NodeError(f"a deposit of {amount} wei: want 0 or more")
        who = payer or self.address
        await self.contracts.send(LEDGER, "depositFor", who, value=amount)
        return await self.prepaid(who)

    async def prepaid(self, payer: bytes | None = None) -> int:
        """Return a prepaid balance in wei."""
        return int(await self.contracts.read(LEDGER, "prepaid", payer or self.address))

    async def bond(self, amount: int) -> None:
        """Add wei to this account's bond: what an operator loses for a record that is wrong."""
        if amount < 0:
            raise NodeError(f"a bond of {amount} wei: want 0 or more")
        await self.contracts.send(BOND, "bond", value=amount)

    async def free_bond(self, who: bytes | None = None) -> int:
        """Return the wei of a bond that are not locked."""
        total, locked, _ = await self.contracts.read(BOND, "bondOf", who or self.address)
        return int(total - locked)

    # -- requests -----------------------------------------------------------------------

    async def infer(
        self, target: str | int, prompt: str, *, max_fee: int | None = None
    ) -> PaidAnswer:
        """Ask a paid endpoint, sign for its offer, and return the answer.

        target: its URL, or a model whose URI in the registry is one.
        max_fee: refuse offers above so many wei.

        The offer must be for the prompt, this chain and its ledger; the answer must be the one
        whose hash was signed, and the evidence the one that the server commits to.  Raises
        `http.PaymentFailed` with the server's error, `http.PaymentUnanswered` where a payment
        may have been taken and its answer was lost, `NodeError` for offers and answers that
        are not what they must be.
        """
        if isinstance(target, int):
            target = await of_batches.endpoint_of(self.contracts, target)
        return await http.infer(target, prompt, self.domain, self.key, max_fee)

    async def open(self, model: int, req_hash: bytes, fee: int, deadline: int) -> bytes:
        """Ask a model on chain, with the fee as the call's value; return the request's id."""
        receipt = await self.contracts.send(LEDGER, "open", model, req_hash, deadline, value=fee)
        found: bytes = self.contracts.event(receipt, LEDGER, "InferenceOpened")["reqId"]
        return found

    async def record(self, request: bytes, answered: Attribution, tokens_in: int) -> int:
        """Answer an open request as the model's operator; return the id of its batch."""
        root = payout_root(answered.points)
        leaf = answered.record(
            payer=bytes(20), req_hash=bytes(32), fee=0, tokens_in=tokens_in, nonce=0
        )
        receipt = await self.contracts.send(
            LEDGER,
            "record",
            request,
            leaf.out_hash,
            leaf.evidence_root,
            leaf.weights_root,
            tokens_in,
            leaf.tokens_out,
            root.root,
            root.count,
        )
        return self._batch_of(receipt)

    async def record_batch(
        self, model: int, receipts: Sequence[SignedReceipt], points: Sequence[Points]
    ) -> int:
        """Record answers that were signed for, as the model's operator; return the batch's id.

        points: of each receipt, in the same order.
        """
        root = payout_root(batch_payouts(points))
        receipt = await self.contracts.send(
            LEDGER, "recordBatch", model, encode_receipts(receipts), root.root, root.count
        )
        return self._batch_of(receipt)

    def _batch_of(self, receipt: Mapping[str, Any]) -> int:
        return int(self.contracts.event(receipt, LEDGER, "ReceiptBatch")["batchId"])

    # -- batches ------------------------------------------------------------------------

    async def batch(self, batch: int) -> Batch:
        """Return what the ledger says of a batch; one that is unknown has the status NONE."""
        return await of_batches.batch_of(self.contracts, batch)

    async def records(self, batch: int) -> tuple[RecordLeaf, ...]:
        """Return the records of a batch in order, as the ledger logged them."""
        return await of_batches.records_of(self.contracts, batch)

    async def publish(self, batch: int, index: int, answered: AnsweredRecord) -> None:
        """Show the output and the evidence behind a record; anyone who has them may."""
        record, proof = await of_batches.proven_record(self.contracts, batch, index)
        await self.contracts.send(
            LEDGER,
            "publish",
            batch,
            index,
            record,
            proof,
            encode_tokens(answered.output),
            encode_evidence(answered.leaves),
        )

    async def published(self, batch: int, index: int) -> AnsweredRecord | None:
        """Return what was published for a record, with the points that its leaves give."""
        return await of_batches.published(self.contracts, batch, index)

    async def refund(self, batch: int, index: int) -> None:
        """Give the fee of a record in a void batch back to its payer; anyone may."""
        record, proof = await of_batches.proven_record(self.contracts, batch, index)
        await self.contracts.send(LEDGER, "refund", batch, index, record, proof)

    async def finalize(self, batch: int) -> None:
        """Send the fees of a batch to the vault once its window is over; anyone may."""
        await self.contracts.send(LEDGER, "finalize", batch)

    async def release(self, batch: int) -> None:
        """Give the operator of a settled batch its bond back; anyone may."""
        await self.contracts.send(LEDGER, "release", batch)

    async def settle(self, batch: int, payouts: Points) -> int:
        """Settle a batch, in one transaction or in chunks; anyone who has the list may.

        payouts: the points of all records summed by owner (`weights.batch_payouts`).  Goes on
        where an earlier attempt stopped.  Returns the number of transactions, 0 where it is
        settled already.
        """
        return await settle(self.contracts, batch, payouts)

    async def settlement(self, batch: int) -> Settlement:
        """Return what the vault says of a batch."""
        return await of_batches.settlement_of(self.contracts, batch)

    # -- contributors -------------------------------------------------------------------

    async def payouts(self, batch: int) -> Points:
        """Return the list that a batch was settled with; `NodeError` where nobody showed it."""
        return await of_claims.payouts(self.contracts, batch)

    async def claims(self, batch: int, who: bytes | None = None) -> tuple[Claim, ...]:
        """Return what is behind the root of a batch for an owner and has not been claimed."""
        return await of_claims.unclaimed(
            self.contracts, await self.settlement(batch), who or self.address
        )

    async def claim(self, *batches: int) -> int:
        """Claim all that this account has behind the roots of batches; return the wei."""
        claims = [claim for batch in batches for claim in await self.claims(batch)]
        return await of_claims.claim(self.contracts, claims)

    async def claim_accrued(self, model: int) -> int:
        """Take what this account's units of a model have earned; return it before penalties."""
        receipt = await self.contracts.send(VAULT, "claimAccrued", model)
        return int(self.contracts.event(receipt, VAULT, "AccruedClaimed")["amount"])

    async def sign_claims(
        self, claims: Sequence[Claim], max_fee: int, deadline: int
    ) -> ClaimPermit:
        """Allow anyone to send claims of this account, for at most `max_fee` of them."""
        return await of_claims.permit(
            self.contracts, self.chain_id, self.key, claims, max_fee, deadline
        )

    async def claim_sponsored(self, permit: ClaimPermit) -> int:
        """Send somebody's claims and be paid for the gas out of them; return that fee in wei."""
        return await of_claims.claim_for(self.contracts, permit)

    async def credit(self, who: bytes | None = None) -> int:
        """Return the wei that `withdraw` would pay."""
        return int(await self.contracts.read(VAULT, "creditOf", who or self.address))

    async def withdraw(self) -> int:
        """Take everything that the vault has credited to this account; return the wei."""
        receipt = await self.contracts.send(VAULT, "withdraw")
        return int(self.contracts.event(receipt, VAULT, "Withdrawn")["amount"])

    async def explain(
        self, batch: int, index: int, datasets: Iterable[Dataset] = ()
    ) -> tuple[str, ...]:
        """Return a record in lines of text, down to the spans and who is paid for them.

        datasets: those whose words are to be shown; of others the positions are.  Raises
        `NodeError` where nobody has published the evidence.
        """
        info = await self.batch(batch)
        if not 0 <= index < info.count:
            raise NodeError(f"batch {batch} has {info.count} records: no record {index}")
        answered = await self.published(batch, index)
        if answered is None:
            raise NodeError(
                f"the evidence of record {index} of batch {batch} is not published: ask its "
                "operator for it, or demand it"
            )
        settled = await self.settlement(batch)
        return explanation(info, index, answered, settled, tuple(datasets))
