"""Asking a paid endpoint: the payer's side of the exchange, which trusts nothing it is told."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import aiohttp
import orjson

from byline.node.attribution.client.values import PaidAnswer
from byline.node.attribution.encoding import decode_evidence, out_hash
from byline.node.attribution.evidence import Evidence
from byline.node.attribution.receipts import InferenceReceipt, ReceiptDomain, SignedReceipt
from byline.node.attribution.serving.payments import (
    PAYMENT_HEADER,
    Payment,
    Terms,
    encode_payment,
    read_offer,
    request_hash,
)
from byline.node.attribution.tokens import tokenize
from byline.node.errors import NodeError
from byline.node.http_words import server_of, words_of
from byline.node.keys import address_of

TIMEOUT_SECONDS: Final = 120.0
MOST_ANSWER_BYTES: Final = 4 * 2**20
_PAYMENT_REQUIRED: Final = 402
_SERVER_FAULT: Final = 500
PAUSES: Final = (0.2, 1.0, 3.0, 6.0)
"""Seconds before a payment that was not answered is asked about again."""


class PaymentFailed(NodeError):
    """An endpoint refused; `name` is its name for why (see `payments.STATUS`)."""

    def __init__(self, status: int, name: str, words: str) -> None:
        super().__init__(f"the endpoint refused ({status}): {words}")
        self.status = status
        self.name = name


class PaymentUnanswered(NodeError):
    """Nobody said what became of a payment: it may have been taken.

    payment: the X-PAYMENT header.  Sent again, to GET /answer or with the prompt, it is taken
    once at most; another payment for the same prompt may be one too many.
    """

    def __init__(self, payment: str, last: NodeError) -> None:
        super().__init__(
            f"{last}; the payment may have been taken: send the same one again, to GET /answer"
        )
        self.payment = payment


async def infer(
    url: str, prompt: str, domain: ReceiptDomain, key: bytes, max_fee: int | None = None
) -> PaidAnswer:
    """Ask, sign for the offer, and return the answer once it is what was signed for.

    url: of the endpoint, without the path.  See `AttributionClient.infer`.
    """
    if not url.startswith(("http://", "https://")):
        raise NodeError(f"{url!r} is no endpoint: want a URL of HTTP, as http://127.0.0.1:4020")
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        status, body = await post(session, url, prompt)
        if status != _PAYMENT_REQUIRED or "accepts" not in body:
            raise failure(status, body)
        terms = read_offer(body, domain)
        check_offer(terms, prompt, max_fee)
        payment = sign_payment(terms, domain, key)
        header = encode_payment(payment, domain.chain_id)
        status, body = await pay(session, url, prompt, header)
    if status != 200:
        raise failure(status, body)
    return read_answer(body, payment, terms)


async def pay(
    session: aiohttp.ClientSession, url: str, prompt: str, header: str
) -> tuple[int, dict[str, Any]]:
    """Send a payment until somebody says what became of it; return status and body.

    Always the same one, which is taken once however often it is sent.  Raises
    `PaymentUnanswered`.
    """
    sent = {PAYMENT_HEADER: header}
    try:
        status, body = await post(session, url, prompt, sent)
        if body.get("name") != "JournalFailed":
            return status, body
        # What could not be written whole may be on disk all the same.
        last: NodeError = failure(status, body)
    except NodeError as error:
        last = error
    for pause in PAUSES:
        await asyncio.sleep(pause)
        try:
            status, body = await _reply(
                url, session.get(f"{url.rstrip('/')}/answer", headers=sent)
            )
            if body.get("name") == "UnknownReceipt":
                status, body = await post(session, url, prompt, sent)
            if status >= _SERVER_FAULT:
                # What is in its way now says nothing of what was sent before.
                last = failure(status, body)
            elif body.get("name") != "NonceUsed":
                return status, body
        except NodeError as error:
            last = error
    raise PaymentUnanswered(header, last) from last


def sign_payment(terms: Terms, domain: ReceiptDomain, key: bytes) -> Payment:
    """Sign for an offer, with a nonce that chance makes new."""
    receipt = InferenceReceipt(
        payer=address_of(key),
        model_id=terms.model_id,
        nonce=secrets.randbits(64),
        req_hash=terms.req_hash,
        out_hash=terms.out_hash,
        fee=terms.fee,
        deadline=terms.deadline,
    )
    return Payment(receipt, receipt.sign(domain, key))


def check_offer(terms: Terms, prompt: str, max_fee: int | None) -> None:
    """Refuse an offer for another prompt, or above `max_fee`; raises `NodeError`."""
    if terms.req_hash != request_hash(prompt):
        raise NodeError(f"the offer is for request 0x{terms.req_hash.hex()}, not for the prompt")
    if max_fee is not None and terms.fee > max_fee:
        raise NodeError(f"the fee is {terms.fee} wei, at most {max_fee} are to be paid")


def read_answer(body: Mapping[str, Any], payment: Payment, terms: Terms) -> PaidAnswer:
    """Return the answer; `NodeError` where it is not the one whose hash was signed.

    The words then show the hashes: with the signed offer they prove what the server did.
    """
    try:
        answer = str(body["answer"])
        leaves = decode_evidence(bytes.fromhex(body["evidence"][2:]))
        roots = [bytes.fromhex(body[name][2:]) for name in ("evidenceRoot", "weightsRoot")]
        if [len(root) for root in roots] != [32, 32]:
            raise ValueError("want roots of 32 bytes")
    except (KeyError, TypeError, ValueError) as error:
        raise NodeError(f"the endpoint's answer cannot be read: {error!r}") from error
    if out_hash(tokenize(answer)) != terms.out_hash:
        raise NodeError(
            f"the answer is not the one that was paid: outHash 0x{terms.out_hash.hex()} was "
            f"signed, it has 0x{out_hash(tokenize(answer)).hex()}"
        )
    if Evidence(leaves).root != roots[0]:
        raise NodeError(f"the evidence is not behind its root 0x{roots[0].hex()}")
    signed = SignedReceipt(
        payment.receipt, roots[0], roots[1], terms.tokens_in, terms.tokens_out, payment.signature
    )
    return PaidAnswer(answer, signed, leaves, terms.fee)


async def post(
    session: aiohttp.ClientSession,
    url: str,
    prompt: str,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, dict[str, Any]]:
    """Send a prompt; return status and body.  Raises `NodeError` without a JSON answer."""
    asked = session.post(url.rstrip("/") + "/infer", json={"prompt": prompt}, headers=headers)
    return await _reply(url, asked)


async def _reply(
    url: str, asked: AbstractAsyncContextManager[aiohttp.ClientResponse]
) -> tuple[int, dict[str, Any]]:
    try:
        async with asked as reply:
            data = bytearray()
            async for chunk in reply.content.iter_chunked(65_536):
                data += chunk
                if len(data) > MOST_ANSWER_BYTES:
                    raise NodeError(
                        f"{server_of(url)} answers more than {MOST_ANSWER_BYTES} bytes"
                    )
            body, status = orjson.loads(bytes(data)), reply.status
    except (aiohttp.ClientError, TimeoutError, ValueError) as exc:
        raise NodeError(f"{server_of(url)} does not answer: {words_of(exc)}") from exc
    if not isinstance(body, dict):
        raise NodeError(f"{server_of(url)} answers {status} without a JSON object")
    return status, body


def failure(status: int, body: Mapping[str, Any]) -> PaymentFailed:
    """Return what an endpoint's refusal says."""
    return PaymentFailed(status, str(body.get("name", "")), str(body.get("error", body)))
