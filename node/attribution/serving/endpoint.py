"""A paid endpoint: an answer is computed, offered by its hash, and given for a signed receipt.

POST /infer {"prompt"}                 402 with an offer (see payments.py)
POST /infer {"prompt"} and X-PAYMENT   200 with the answer and its evidence
GET  /answer with X-PAYMENT            the same again, for a receipt that was taken
GET  /evidence/{reqHash}               what is behind the records of a request, for watchers
GET  /status                           what is served

A receipt is on disk before its answer leaves.  What is refused is named; the names are in
`payments.STATUS`.  Clients are told apart by address: behind a proxy they are one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import orjson
from aiohttp import web

from byline.node.attribution.corpus import Corpus
from byline.node.attribution.encoding import encode_evidence, out_hash
from byline.node.attribution.evidence import attribution
from byline.node.attribution.serving.book import Offer, Taken
from byline.node.attribution.serving.computing import ModelRunner
from byline.node.attribution.serving.models import Model
from byline.node.attribution.serving.payments import (
    PAYMENT_HEADER,
    RESPONSE_HEADER,
    X402_VERSION,
    Payment,
    PaymentRefused,
    Terms,
    decode_payment,
    encode_header,
    network_of,
    offer_body,
    payment_response,
    request_hash,
)
from byline.node.attribution.serving.store import ReceiptStore
from byline.node.attribution.tokens import encode_tokens, tokenize
from byline.node.attribution.weights import weights_root
from byline.node.errors import NodeError, StorageError

LOG: Final = logging.getLogger("byline.attribution")
SENDING_SECONDS: Final = 20.0
"""That a payment waits for a batch which may change the payer's balance."""
_PATHS: Final = "POST /infer, GET /answer, GET /evidence/{reqHash} and GET /status"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain is."""

    block: int
    now: int
    """The second that the next block would have."""


class ServingChain(Protocol):
    """What an endpoint asks its chain; `NodeError` where it does not answer."""

    async def head(self) -> Head:
        """Return number and time."""
        ...

    async def quote(self, tokens_in: int, tokens_out: int) -> int:
        """Return the model's fee in wei; `PaymentRefused` where it takes no requests."""
        ...

    async def spendable(self, payer: bytes) -> int:
        """Return the prepaid wei of a payer, without what it has asked back."""
        ...

    async def nonce_used(self, payer: bytes, nonce: int) -> bool:
        """Return whether the ledger has taken a receipt with this nonce."""
        ...


class PaidEndpoint:
    """One model behind HTTP."""

    def __init__(
        self,
        chain: ServingChain,
        model_id: int,
        corpus: Corpus,
        model: Model,
        store: ReceiptStore,
    ) -> None:
        """Serve `model_id`, made of `corpus`; `corpus.fallback` is who the registry names."""
        self._chain = chain
        self._model_id = model_id
        self._corpus = corpus
        self._store = store
        self._book = store.book
        self._bounds = store.book.bounds
        self._domain = store.book.domain
        self._model = ModelRunner(
            model,
            self._bounds.models_at_once,
            self._bounds.answer_seconds,
            self._bounds.answer_bytes,
        )

    def application(self) -> web.Application:
        """Return the application for aiohttp to run."""
        app = web.Application(client_max_size=self._bounds.body_bytes, middlewares=[_named_errors])
        app.router.add_post("/infer", self._infer)
        app.router.add_get("/answer", self._again)
        app.router.add_get("/evidence/{request}", self._evidence)
        app.router.add_get("/status", self._status)
        return app

    # -- requests -----------------------------------------------------------------------

    async def _infer(self, request: web.Request) -> web.Response:
        prompt, req_hash = await _prompt(request, self._bounds.body_seconds)
        header = request.headers.get(PAYMENT_HEADER)
        if header is None:
            head = await self._chain.head()
            offer = await self._offer(prompt, req_hash, request.remote or "", head.now)
            body = offer_body(offer.terms, self._domain, str(request.url), head.now)
            return web.json_response(body, status=402)
        payment = decode_payment(header, self._domain.chain_id)
        return self._answer(await self._take(payment, req_hash))

    async def _again(self, request: web.Request) -> web.Response:
        payment = decode_payment(request.headers.get(PAYMENT_HEADER, ""), self._domain.chain_id)
        receipt = payment.receipt
        taken = self._book.get((receipt.payer, receipt.nonce))
        if (
            taken is None
            or taken.signed.receipt != receipt
            or taken.signed.signature != payment.signature
            or not self._book.is_written(taken.key)
        ):
            raise PaymentRefused("UnknownReceipt", "no answer that was given for it is kept")
        return self._answer(taken)

    async def _evidence(self, request: web.Request) -> web.Response:
        name = request.match_info["request"].removeprefix("0x")
        try:
            req_hash = bytes.fromhex(name)
            if len(req_hash) != 32:
                raise ValueError(f"{len(req_hash)} bytes")
        except ValueError as error:
            raise PaymentRefused(
                "BadRequest", f"{request.path}: {error}; want 0x and 64 hex digits"
            ) from error
        found = self._book.answers_to(req_hash)
        if not found:
            raise PaymentRefused(
                "NotRecorded",
                f"no record of request 0x{req_hash.hex()} is kept: it is not on chain yet, or was "
                "settled long ago",
            )
        return web.json_response({"reqHash": "0x" + req_hash.hex(), "records": _contents(found)})

    async def _status(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "model": self._model_id,
                "network": network_of(self._domain.chain_id),
                "ledger": "0x" + self._domain.ledger.hex(),
                "datasets": [dataset.id for dataset in self._corpus.datasets],
                "minLength": self._corpus.min_length,
                "pending": len(self._book.pending()),
                "batches": list(self._book.batches()),
            }
        )

    # -- offers -------------------------------------------------------------------------

    async def _offer(self, prompt: str, req_hash: bytes, client: str, now: int) -> Offer:
        """Return an offer that stands, or compute an answer and offer it."""
        standing = self._book.offer_for(req_hash, now)
        if standing is not None:
            return standing
        self._book.begin_offer(client, now)
        offer = None
        try:
            offer = await self._compute(prompt, req_hash, client)
        finally:
            self._book.end_offer(client, offer)
        return offer

    async def _compute(self, prompt: str, req_hash: bytes, client: str) -> Offer:
        answer = await self._model.answer(prompt)
        output = await asyncio.to_thread(tokenize, answer)
        tokens_in = len(tokenize(prompt))
        fee = max(1, await self._chain.quote(tokens_in, len(output)))
        try:
            found = await asyncio.to_thread(attribution, self._corpus, output, fee)
        except ValueError as error:
            raise PaymentRefused("AnswerUnusable", str(error)) from error
        # The time is read anew: the answer may have taken long.
        now = (await self._chain.head()).now
        expires = now + self._bounds.offer_seconds
        terms = Terms(
            model_id=self._model_id,
            req_hash=req_hash,
            out_hash=out_hash(output),
            fee=fee,
            deadline=expires + self._bounds.record_seconds,
            expires=expires,
            tokens_in=tokens_in,
            tokens_out=len(output),
        )
        return Offer(
            terms=terms,
            client=client,
            answer=answer,
            output=found.output,
            leaves=found.evidence.leaves,
            points=found.points,
            evidence_root=found.evidence.root,
            weights_root=weights_root(found.points),
        )

    # -- payments -----------------------------------------------------------------------

    async def _take(self, payment: Payment, req_hash: bytes) -> Taken:
        receipt = payment.receipt
        head = await self._chain.head()
        offer = self._book.match(payment, req_hash, head.now)
        if await self._chain.nonce_used(receipt.payer, receipt.nonce):
            raise PaymentRefused(
                "NonceUsed", f"the ledger has nonce {receipt.nonce} of 0x{receipt.payer.hex()}"
            )
        try:
            prepaid = await self._spendable(receipt.payer)
            taken = self._book.take(payment, offer, prepaid, head.now, head.block)
        except PaymentRefused as refused:
            if refused.name != "InsufficientPrepaid" or not self._store.sending.locked():
                raise
            # The batch that is being sent may be debited already, and is not noted yet.
            await self._sent()
            prepaid = await self._spendable(receipt.payer)
            taken = self._book.take(payment, offer, prepaid, head.now, head.block)
        # Taken is taken, even where the client hangs up now.
        await asyncio.shield(self._store.write(taken))
        return taken

    async def _spendable(self, payer: bytes) -> int:
        while True:
            before = self._book.settled
            prepaid = await self._chain.spendable(payer)
            if self._book.settled == before:
                return prepaid
            # A batch was recorded meanwhile: the balance may be from before it was debited.

    async def _sent(self) -> None:
        """Wait until no batch is being sent, for a while."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SENDING_SECONDS), self._store.sending:
                pass

    def _answer(self, taken: Taken) -> web.Response:
        receipt = taken.signed.receipt
        body = {
            "answer": taken.answer,
            "reqHash": "0x" + receipt.req_hash.hex(),
            "outHash": "0x" + receipt.out_hash.hex(),
            "fee": str(receipt.fee),
            "spans": _spans(taken),
            **_roots(taken),
        }
        said = encode_header(payment_response(receipt.payer, self._domain.chain_id))
        return web.json_response(body, headers={RESPONSE_HEADER: said})


async def _prompt(request: web.Request, seconds: float) -> tuple[str, bytes]:
    """Return the prompt of a body and its hash.

    Raises `PaymentRefused`: BadRequest, BodyTooSlow.
    """
    try:
        async with asyncio.timeout(seconds):
            data = await request.read()
    except (web.RequestPayloadError, ConnectionError) as error:
        raise PaymentRefused("BadRequest", "the body is not what its head says") from error
    except TimeoutError as error:
        raise PaymentRefused(
            "BodyTooSlow", f"the body did not arrive within {seconds:g} s"
        ) from error
    try:
        body = orjson.loads(data)
        if not isinstance(body, dict) or "prompt" not in body:
            raise ValueError("there is no field prompt in the body")
        prompt = body["prompt"]
        if not isinstance(prompt, str) or not prompt:
            raise ValueError("prompt is no string, or empty")
        return prompt, request_hash(prompt)
    except ValueError as error:
        raise PaymentRefused(
            "BadRequest", f'want a JSON object {{"prompt": "..."}}: {error}'
        ) from error


def _roots(taken: Taken) -> dict[str, Any]:
    return {
        "output": "0x" + encode_tokens(taken.output).hex(),
        "evidence": "0x" + encode_evidence(taken.leaves).hex(),
        "evidenceRoot": "0x" + taken.signed.evidence_root.hex(),
        "weightsRoot": "0x" + taken.signed.weights_root.hex(),
        "points": [{"owner": "0x" + owner.hex(), "points": n} for owner, n in taken.points],
    }


def _contents(taken: Iterable[Taken]) -> list[dict[str, Any]]:
    """Return each output and its evidence once, with the places of its records."""
    found: dict[tuple[bytes, bytes], dict[str, Any]] = {}
    for one in taken:
        name = (one.signed.receipt.out_hash, one.signed.evidence_root)
        entry = found.setdefault(
            name,
            {
                "outHash": "0x" + name[0].hex(),
                "evidenceRoot": "0x" + name[1].hex(),
                "output": "0x" + encode_tokens(one.output).hex(),
                "evidence": "0x" + encode_evidence(one.leaves).hex(),
                "places": [],
            },
        )
        entry["places"].append({"batchId": one.batch, "index": one.index})
    return list(found.values())


def _spans(taken: Taken) -> list[dict[str, Any]]:
    """Return each leaf as JSON, in order."""
    return [
        {
            "outPos": leaf.out_pos,
            "length": leaf.length,
            "dataset": leaf.dataset,
            "pos": leaf.pos,
            "owner": "0x" + leaf.owner.hex(),
            "weight": leaf.weight,
        }
        for leaf in taken.leaves
    ]


@web.middleware
async def _named_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every refusal with its name, status and words as JSON."""
    try:
        return await handler(request)
    except PaymentRefused as refused:
        return _refusal(refused)
    except web.HTTPRequestEntityTooLarge as error:
        return _refusal(PaymentRefused("BodyTooLarge", error.text or "the body is too large"))
    except web.HTTPNotFound:
        return _refusal(PaymentRefused("NotFound", f"no {request.path}: there are {_PATHS}"))
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        words = f"{request.path} takes {allowed}, not {error.method}"
        return _refusal(PaymentRefused("MethodNotAllowed", words))
    except StorageError as error:
        LOG.exception("a receipt could not be written")
        return _refusal(PaymentRefused("JournalFailed", str(error)))
    except NodeError as error:
        LOG.warning("the chain does not answer: %s", error)
        return _refusal(PaymentRefused("ChainUnavailable", "try again later"))


def _refusal(refused: PaymentRefused) -> web.Response:
    body: Mapping[str, Any] = refused.body
    if refused.status == 402:
        body = {"x402Version": X402_VERSION, "accepts": [], **body}
    answer = web.json_response(body, status=refused.status)
    if refused.name == "BodyTooSlow":
        # What else comes of it would be read as the next request.
        answer.force_close()
    return answer
