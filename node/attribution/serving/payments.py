"""What is said over HTTP about a payment: offers, payments, and refusals by name.

Alike x402 (version 1 of its specification): status 402 with `x402Version`, `error` and
`accepts`, whose entries have its names; the payment as base64 of JSON in X-PAYMENT, with
`scheme`, `network` and `payload`; the outcome as base64 of JSON in X-PAYMENT-RESPONSE.

Not alike: the scheme is `byline-receipt`.  What is signed is no transfer but an
InferenceReceipt for the ledger, which names the hash of the answer: it is computed before the
offer and held back, so the server cannot swap it (the hash is of its tokens: letters' case and
spaces are not in it).  Money comes from the payer's prepaid
balance.  `payTo` is the ledger, `asset` the chain's own coin (zero address), `network` the
chain's CAIP-2 name.  There is no facilitator; the receipt is recorded later, in a batch, so
`transaction` is empty.  What the payer has to sign stands in `extra`.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from byline.derivation.hashing import ZERO_ADDRESS, keccak256
from byline.node.attribution.receipts import SIGNATURE_BYTES, InferenceReceipt, ReceiptDomain
from byline.node.errors import NodeError

X402_VERSION: Final = 1
SCHEME: Final = "byline-receipt"
PAYMENT_HEADER: Final = "X-PAYMENT"
RESPONSE_HEADER: Final = "X-PAYMENT-RESPONSE"
MOST_PAYMENT_BYTES: Final = 4_096
"""Of the header."""

RECEIPT_FIELDS: Final = (
    ("payer", "address"),
    ("modelId", "uint32"),
    ("nonce", "uint64"),
    ("reqHash", "bytes32"),
    ("outHash", "bytes32"),
    ("fee", "uint128"),
    ("deadline", "uint64"),
)
"""Of the struct that is signed (EIP-712), in order."""

STATUS: Final[Mapping[str, int]] = {
    "BadRequest": 400,
    "MalformedPayment": 400,
    "RequestMismatch": 402,
    "UnknownOffer": 402,
    "OfferExpired": 402,
    "WrongSigner": 402,
    "InsufficientPrepaid": 402,
    "NonceUsed": 409,
    "UnknownReceipt": 404,
    "NotRecorded": 404,
    "NotFound": 404,
    "MethodNotAllowed": 405,
    "BodyTooSlow": 408,
    "BodyTooLarge": 413,
    "TooManyOffers": 429,
    "AnswerUnusable": 502,
    "ModelFailed": 502,
    "ChainUnavailable": 503,
    "ModelNotLive": 503,
    "ModelBusy": 503,
    "ServerFull": 503,
    "JournalFailed": 503,
    "RecordsLate": 503,
    "ModelTimedOut": 504,
}
"""Every refusal by name, and its HTTP status."""


class PaymentRefused(NodeError):
    """The endpoint does not serve a request; `name` is one of `STATUS`."""

    def __init__(self, name: str, words: str, **fields: Any) -> None:
        super().__init__(f"{name}: {words}")
        self.name = name
        self.status = STATUS[name]
        self.fields = fields

    @property
    def body(self) -> dict[str, Any]:
        """What is answered, as JSON."""
        return {"error": str(self), "name": self.name, **self.fields}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a payer is asked to sign for."""

    model_id: int
    req_hash: bytes
    out_hash: bytes
    fee: int
    deadline: int
    """Up to this second of the chain's clock the receipt may be recorded."""
    expires: int
    """Up to this second the server takes a payment."""
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True, slots=True)
class Payment:
    """A signed receipt as it comes in."""

    receipt: InferenceReceipt
    signature: bytes


def request_hash(prompt: str) -> bytes:
    """Return the hash that stands for a prompt on chain: Keccak-256 of its UTF-8.

    The same prompt has the same hash, so repeats can be seen, and a prompt that can be guessed
    can be recognised.  Raises `ValueError` for text that UTF-8 cannot hold.
    """
    return keccak256(prompt.encode())


def network_of(chain_id: int) -> str:
    """Return a chain's name in CAIP-2."""
    return f"eip155:{chain_id}"


def typed_data(domain: ReceiptDomain) -> dict[str, Any]:
    """Return EIP-712 domain, types and primary type of receipts, as wallets take them."""
    return {
        "domain": {
            "name": "Byline Inference Ledger",
            "version": "1",
            "chainId": domain.chain_id,
            "verifyingContract": "0x" + domain.ledger.hex(),
        },
        "types": {
            "InferenceReceipt": [{"name": name, "type": kind} for name, kind in RECEIPT_FIELDS]
        },
        "primaryType": "InferenceReceipt",
    }


def offer_body(terms: Terms, domain: ReceiptDomain, resource: str, now: int) -> dict[str, Any]:
    """Return the body of a 402: one way to pay."""
    return {
        "x402Version": X402_VERSION,
        "error": f"{PAYMENT_HEADER} header is required",
        "accepts": [
            {
                "scheme": SCHEME,
                "network": network_of(domain.chain_id),
                "maxAmountRequired": str(terms.fee),
                "asset": "0x" + ZERO_ADDRESS.hex(),
                "payTo": "0x" + domain.ledger.hex(),
                "resource": resource,
                "description": f"an answer of model {terms.model_id}",
                "mimeType": "application/json",
                "outputSchema": None,
                "maxTimeoutSeconds": max(0, terms.expires - now),
                "extra": {
                    **typed_data(domain),
                    "message": {
                        "modelId": terms.model_id,
                        "reqHash": "0x" + terms.req_hash.hex(),
                        "outHash": "0x" + terms.out_hash.hex(),
                        "fee": str(terms.fee),
                        "deadline": terms.deadline,
                    },
                    "expires": terms.expires,
                    "tokensIn": terms.tokens_in,
                    "tokensOut": terms.tokens_out,
                },
            }
        ],
    }


def read_offer(body: Any, domain: ReceiptDomain) -> Terms:
    """Return what a 402 asks to be signed; `NodeError` for an offer that is not for `domain`."""
    try:
        offers = [one for one in body["accepts"] if one["scheme"] == SCHEME]
        extra = offers[0]["extra"]
        message = extra["message"]
        if extra["domain"] != typed_data(domain)["domain"]:
            raise NodeError(
                f"the offer is for {extra['domain']}, this client pays on chain "
                f"{domain.chain_id} by ledger 0x{domain.ledger.hex()}"
            )
        terms = Terms(
            model_id=_uint(message["modelId"], 32),
            req_hash=_bytes(message["reqHash"], 32),
            out_hash=_bytes(message["outHash"], 32),
            fee=_uint(message["fee"], 128),
            deadline=_uint(message["deadline"], 64),
            expires=_uint(extra["expires"], 64),
            tokens_in=_uint(extra["tokensIn"], 32),
            tokens_out=_uint(extra["tokensOut"], 32),
        )
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise NodeError(f"the server's offer cannot be read: {error!r}") from error
    return terms


def encode_payment(payment: Payment, chain_id: int) -> str:
    """Return the value of the X-PAYMENT header."""
    receipt = payment.receipt
    values = (
        "0x" + receipt.payer.hex(),
        receipt.model_id,
        str(receipt.nonce),
        "0x" + receipt.req_hash.hex(),
        "0x" + receipt.out_hash.hex(),
        str(receipt.fee),
        receipt.deadline,
    )
    names = [name for name, _ in RECEIPT_FIELDS]
    return encode_header(
        {
            "x402Version": X402_VERSION,
            "scheme": SCHEME,
            "network": network_of(chain_id),
            "payload": {
                "signature": "0x" + payment.signature.hex(),
                "receipt": dict(zip(names, values, strict=True)),
            },
        }
    )


def decode_payment(header: str, chain_id: int) -> Payment:
    """Read the X-PAYMENT header; raises `PaymentRefused` (MalformedPayment) with what is wrong."""
    if len(header) > MOST_PAYMENT_BYTES:
        raise PaymentRefused(
            "MalformedPayment",
            f"{PAYMENT_HEADER} of {len(header)} bytes: want at most {MOST_PAYMENT_BYTES}",
        )
    if not header:
        raise PaymentRefused("MalformedPayment", f"{PAYMENT_HEADER} header is required")
    try:
        found = _object(orjson.loads(base64.b64decode(header, validate=True)), "it")
        kind = (found["x402Version"], found["scheme"], found["network"])
        wanted = (X402_VERSION, SCHEME, network_of(chain_id))
        if kind != wanted:
            raise ValueError(f"version, scheme and network {kind}: want {wanted}")
        payload = _object(found["payload"], "payload")
        given = _object(payload["receipt"], "payload.receipt")
        receipt = InferenceReceipt(
            payer=_bytes(given["payer"], 20),
            model_id=_uint(given["modelId"], 32),
            nonce=_uint(given["nonce"], 64),
            req_hash=_bytes(given["reqHash"], 32),
            out_hash=_bytes(given["outHash"], 32),
            fee=_uint(given["fee"], 128),
            deadline=_uint(given["deadline"], 64),
        )
        signature = _bytes(payload["signature"], SIGNATURE_BYTES)
    except KeyError as error:
        raise PaymentRefused("MalformedPayment", f"{error} is missing") from error
    except orjson.JSONDecodeError as error:
        raise PaymentRefused(
            "MalformedPayment", f"{PAYMENT_HEADER} is base64 of no JSON: {error}"
        ) from error
    except binascii.Error as error:
        raise PaymentRefused(
            "MalformedPayment", f"{PAYMENT_HEADER} is no base64: {error}"
        ) from error
    except ValueError as error:
        raise PaymentRefused("MalformedPayment", str(error)) from error
    return Payment(receipt, signature)


def encode_header(value: Mapping[str, Any]) -> str:
    """Return base64 of JSON."""
    return base64.b64encode(json.dumps(value, separators=(",", ":")).encode()).decode()


def payment_response(payer: bytes, chain_id: int) -> dict[str, Any]:
    """Return what the X-PAYMENT-RESPONSE header says of a payment that was taken."""
    return {
        "success": True,
        "transaction": "",
        "network": network_of(chain_id),
        "payer": "0x" + payer.hex(),
    }


def _object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name} is no JSON object")
    return value


def _uint(value: object, bits: int) -> int:
    """Read a number, or decimal digits: numbers above 2**53 do not survive every JSON."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 40:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**bits:
        raise ValueError(f"{value!r}: want a whole number below 2**{bits}")
    return value


def _bytes(value: object, size: int) -> bytes:
    if not isinstance(value, str) or not value.startswith("0x") or len(value) != 2 + 2 * size:
        raise ValueError(f"{value!r}: want 0x and {2 * size} hex digits")
    # Spaces pass for hex with `fromhex`; with so many digits none is left over for them.
    found = bytes.fromhex(value[2:])
    if len(found) != size:
        raise ValueError(f"{value!r}: want 0x and {2 * size} hex digits")
    return found
