"""The client for code without asyncio: it runs on a thread, and every call waits.

with SyncAttributionClient(devnet.l2.url, key) as client:
    client.deposit(10**18)
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from byline.node.attribution.client.client import AttributionClient
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
from byline.node.attribution.encoding import Points, RecordLeaf
from byline.node.attribution.evidence import Attribution
from byline.node.attribution.onchain import Batch, Model
from byline.node.attribution.receipts import SignedReceipt
from byline.node.contracts.addresses import L2_CONTRACTS
from byline.node.errors import NodeError
from byline.node.loops import loop_factory

T = TypeVar("T")


class SyncAttributionClient:
    """`AttributionClient`, whose methods have the same names here; a context manager."""

    def __init__(
        self,
        url: str,
        key: bytes | None = None,
        addresses: Mapping[str, bytes] = L2_CONTRACTS,
    ) -> None:
        self._client = AttributionClient(url, key, addresses)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread

    def __enter__(self) -> Self:
        factory = loop_factory()
        self._loop = asyncio.new_event_loop() if factory is None else factory()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="byline-attribution", daemon=True
        )
        self._thread.start()
        try:
            self.wait(self._client.__aenter__())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.wait(self._client.__aexit__(kind, error, trace))
        finally:
            self._end()

    def _end(self) -> None:
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join()
            loop.close()

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine of the client on its thread; return what it returns."""
        if self._loop is None:
            work.close()
            raise NodeError("the client is not open: use it within its context")
        asked = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return asked.result()
        except BaseException:
            asked.cancel()
            raise

    @property
    def address(self) -> bytes:
        """Who signs; `NodeError` where nobody does."""
        return self._client.address

    # -- datasets and models ------------------------------------------------------------

    def register_dataset(
        self,
        documents: Iterable[Document],
        *,
        uri: str = "",
        license: str = "",  # noqa: A002
        previous: int | None = None,
    ) -> Dataset:
        """Commit to texts and their owners; see `AttributionClient.register_dataset`."""
        return self.wait(
            self._client.register_dataset(documents, uri=uri, license=license, previous=previous)
        )

    def register_built(
        self, dataset: Dataset, uri: str = "", license_: str = "", previous: int | None = None
    ) -> int:
        """Register the roots of a dataset that is built already, and return its id."""
        return self.wait(self._client.register_built(dataset, uri, license_, previous))

    def create_policy(self, terms: FeeTerms) -> int:
        """Create a fee policy and return its id."""
        return self.wait(self._client.create_policy(terms))

    def register_model(self, terms: ModelTerms) -> int:
        """Register a model and return its id."""
        return self.wait(self._client.register_model(terms))

    def register_adapter(self, terms: ModelTerms) -> int:
        """Register a model on top of others and return its id."""
        return self.wait(self._client.register_adapter(terms))

    def model(self, model: int) -> Model:
        """Return what the registry says of a model."""
        return self.wait(self._client.model(model))

    def set_policy(
        self, model: int, policy: int, *, method: int = 0, mode: Mode = Mode.CREDIT
    ) -> None:
        """Change how a model's fees are divided and paid from now on; its owner only."""
        self.wait(self._client.set_policy(model, policy, method=method, mode=mode))

    def record_training(
        self, model: int, step: int, checkpoint: bytes, batch: bytes, loss_q16: int
    ) -> None:
        """Commit to a training step."""
        self.wait(self._client.record_training(model, step, checkpoint, batch, loss_q16))

    # -- money --------------------------------------------------------------------------

    def deposit(self, amount: int, payer: bytes | None = None) -> int:
        """Add wei to a prepaid balance; return the balance."""
        return self.wait(self._client.deposit(amount, payer))

    def prepaid(self, payer: bytes | None = None) -> int:
        """Return a prepaid balance in wei."""
        return self.wait(self._client.prepaid(payer))

    def bond(self, amount: int) -> None:
        """Add wei to this account's bond."""
        self.wait(self._client.bond(amount))

    def free_bond(self, who: bytes | None = None) -> int:
        """Return the wei of a bond that are not locked."""
        return self.wait(self._client.free_bond(who))

    # -- requests and batches -----------------------------------------------------------

    def infer(self, target: str | int, prompt: str, *, max_fee: int | None = None) -> PaidAnswer:
        """Ask a paid endpoint; see `AttributionClient.infer`."""
        return self.wait(self._client.infer(target, prompt, max_fee=max_fee))

    def open(self, model: int, req_hash: bytes, fee: int, deadline: int) -> bytes:
        """Ask a model on chain; return the request's id."""
        return self.wait(self._client.open(model, req_hash, fee, deadline))

    def record(self, request: bytes, answered: Attribution, tokens_in: int) -> int:
        """Answer an open request; return the id of its batch."""
        return self.wait(self._client.record(request, answered, tokens_in))

    def record_batch(
        self, model: int, receipts: Sequence[SignedReceipt], points: Sequence[Points]
    ) -> int:
        """Record answers that were signed for; return the batch's id."""
        return self.wait(self._client.record_batch(model, receipts, points))

    def batch(self, batch: int) -> Batch:
        """Return what the ledger says of a batch."""
        return self.wait(self._client.batch(batch))

    def records(self, batch: int) -> tuple[RecordLeaf, ...]:
        """Return the records of a batch in order."""
        return self.wait(self._client.records(batch))

    def publish(self, batch: int, index: int, answered: AnsweredRecord) -> None:
        """Show the output and the evidence behind a record."""
        self.wait(self._client.publish(batch, index, answered))

    def published(self, batch: int, index: int) -> AnsweredRecord | None:
        """Return what was published for a record."""
        return self.wait(self._client.published(batch, index))

    def refund(self, batch: int, index: int) -> None:
        """Give the fee of a record in a void batch back to its payer."""
        self.wait(self._client.refund(batch, index))

    def finalize(self, batch: int) -> None:
        """Send the fees of a batch to the vault."""
        self.wait(self._client.finalize(batch))

    def settle(self, batch: int, payouts: Points) -> int:
        """Settle a batch; return the number of transactions."""
        return self.wait(self._client.settle(batch, payouts))

    def settlement(self, batch: int) -> Settlement:
        """Return what the vault says of a batch."""
        return self.wait(self._client.settlement(batch))

    def release(self, batch: int) -> None:
        """Give the operator of a settled batch its bond back."""
        self.wait(self._client.release(batch))

    # -- contributors -------------------------------------------------------------------

    def payouts(self, batch: int) -> Points:
        """Return the list that a batch was settled with."""
        return self.wait(self._client.payouts(batch))

    def claims(self, batch: int, who: bytes | None = None) -> tuple[Claim, ...]:
        """Return what an owner can claim behind the root of a batch."""
        return self.wait(self._client.claims(batch, who))

    def claim(self, *batches: int) -> int:
        """Claim all that this account has behind the roots of batches; return the wei."""
        return self.wait(self._client.claim(*batches))

    def claim_accrued(self, model: int) -> int:
        """Take what this account's units of a model have earned."""
        return self.wait(self._client.claim_accrued(model))

    def sign_claims(self, claims: Sequence[Claim], max_fee: int, deadline: int) -> ClaimPermit:
        """Allow anyone to send claims of this account."""
        return self.wait(self._client.sign_claims(claims, max_fee, deadline))

    def claim_sponsored(self, permit: ClaimPermit) -> int:
        """Send somebody's claims; return the fee that this account is paid."""
        return self.wait(self._client.claim_sponsored(permit))

    def credit(self, who: bytes | None = None) -> int:
        """Return the wei that `withdraw` would pay."""
        return self.wait(self._client.credit(who))

    def withdraw(self) -> int:
        """Take everything that the vault has credited to this account."""
        return self.wait(self._client.withdraw())

    def explain(self, batch: int, index: int, datasets: Iterable[Dataset] = ()) -> tuple[str, ...]:
        """Return a record in lines of text; see `AttributionClient.explain`."""
        return self.wait(self._client.explain(batch, index, datasets))
