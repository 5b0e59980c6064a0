"""Offers and taken receipts: what a paid endpoint remembers, and every rule of taking money.

Synchronous: between two awaits of its caller a receipt is either taken or not, so of two
payments with one nonce one wins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from byline.node.attribution.client.values import AnsweredRecord
from byline.node.attribution.encoding import EvidenceLeaf, Points
from byline.node.attribution.receipts import InferenceReceipt, ReceiptDomain, SignedReceipt
from byline.node.attribution.serving.bounds import DEFAULT_BOUNDS, Bounds
from byline.node.attribution.serving.payments import Payment, PaymentRefused, Terms

ReceiptKey = tuple[bytes, int]
"""Payer and nonce: what the ledger takes once."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An answer that waits for its payment."""

    terms: Terms
    client: str
    """Whom it counts against."""
    answer: str = field(repr=False)
    output: tuple[int, ...] = field(repr=False)
    leaves: tuple[EvidenceLeaf, ...] = field(repr=False)
    points: Points = field(repr=False)
    evidence_root: bytes
    weights_root: bytes


class Stage(Enum):
    """What has become of a receipt."""

    PENDING = "pending"
    RECORDED = "recorded"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Taken:
    """A receipt for which the answer was given."""

    signed: SignedReceipt
    answer: str = field(repr=False)
    output: tuple[int, ...] = field(repr=False)
    leaves: tuple[EvidenceLeaf, ...] = field(repr=False)
    points: Points = field(repr=False)
    at: int
    """Second of the chain's clock."""
    block: int
    """Of the chain when it was taken: its record is later, unless blocks were replaced."""
    stage: Stage = Stage.PENDING
    batch: int = 0
    index: int = 0
    why: str = ""
    """Of a lost one."""

    @property
    def key(self) -> ReceiptKey:
        """Payer and nonce."""
        return self.signed.receipt.payer, self.signed.receipt.nonce

    @property
    def answered(self) -> AnsweredRecord:
        """What is published and settled of it."""
        return AnsweredRecord(self.signed.record, self.output, self.leaves, self.points)


class PaymentBook:
    """All offers and receipts of one model's endpoint.

    Receipts are kept until `forget`: the endpoint answers for their evidence.
    """

    def __init__(self, domain: ReceiptDomain, bounds: Bounds = DEFAULT_BOUNDS) -> None:
        self.domain = domain
        self.bounds = bounds
        self._offers: dict[_Signed, Offer] = {}
        self._newest: dict[bytes, Offer] = {}
        self._by_client: Counter[str] = Counter()
        self._computing = 0
        self._taken: dict[ReceiptKey, Taken] = {}
        self._batches: dict[int, set[ReceiptKey]] = {}
        self._pending: dict[ReceiptKey, None] = {}
        self._unwritten: set[ReceiptKey] = set()
        self._open: Counter[bytes] = Counter()
        self.settled = 0
        """Grows whenever a receipt leaves `open_of`: what was read before is old then."""
        self.in_the_way = False
        """Whether the last attempt to record failed, not for a fault of a receipt."""

    # -- offers -------------------------------------------------------------------------

    def offer_for(self, req_hash: bytes, now: int) -> Offer | None:
        """Return the offer for a request that still stands for half of its time at least."""
        found = self._newest.get(req_hash)
        if found is None or found.terms.expires - now < self.bounds.offer_seconds // 2:
            return None
        return found

    def begin_offer(self, client: str, now: int) -> None:
        """Set room aside for an offer that is computed now; `end_offer` must follow.

        Raises `PaymentRefused`: RecordsLate, TooManyOffers, ServerFull.
        """
        self._check_records(now)
        for offer in [one for one in self._offers.values() if one.terms.expires < now]:
            self._forget(offer)
        if self._by_client[client] >= self.bounds.offers_of_client:
            raise PaymentRefused(
                "TooManyOffers",
                f"{client} has {self._by_client[client]} offers, of at most "
                f"{self.bounds.offers_of_client}: pay one, or wait until one expires",
            )
        if len(self._offers) + self._computing >= self.bounds.offers:
            raise PaymentRefused(
                "ServerFull", f"{self.bounds.offers} offers wait for payment: try again later"
            )
        self._computing += 1
        self._by_client[client] += 1

    def end_offer(self, client: str, offer: Offer | None) -> None:
        """Keep the offer that room was set aside for, or give the room back for `None`."""
        self._computing -= 1
        self._less(client)
        if offer is not None:
            if (same := self._offers.get(_signed(offer.terms))) is not None:
                self._forget(same)
            self._offers[_signed(offer.terms)] = offer
            self._newest[offer.terms.req_hash] = offer
            self._by_client[offer.client] += 1

    def _forget(self, offer: Offer) -> None:
        del self._offers[_signed(offer.terms)]
        if self._newest.get(offer.terms.req_hash) is offer:
            del self._newest[offer.terms.req_hash]
        self._less(offer.client)

    def _less(self, client: str) -> None:
        self._by_client[client] -= 1
        if not self._by_client[client]:
            del self._by_client[client]

    # -- payments -----------------------------------------------------------------------

    def match(self, payment: Payment, req_hash: bytes, now: int) -> Offer:
        """Return the offer that a payment is for.

        Raises `PaymentRefused`: RequestMismatch, NonceUsed, UnknownOffer, OfferExpired,
        WrongSigner.
        """
        receipt = payment.receipt
        if receipt.req_hash != req_hash:
            raise PaymentRefused(
                "RequestMismatch",
                f"reqHash 0x{receipt.req_hash.hex()} was signed, "
                f"the prompt has 0x{req_hash.hex()}",
            )
        self._check_nonce((receipt.payer, receipt.nonce))
        offer = self._offers.get(_signed(receipt))
        expires = receipt.deadline - self.bounds.record_seconds
        if expires < now:
            raise PaymentRefused(
                "OfferExpired",
                f"it stood until {expires}, now is {now}: ask for another",
                expires=expires,
            )
        if offer is None:
            raise PaymentRefused("UnknownOffer", self._difference(receipt))
        if receipt.signer(self.domain, payment.signature) != receipt.payer:
            raise PaymentRefused(
                "WrongSigner",
                f"0x{receipt.payer.hex()} did not sign this for chain {self.domain.chain_id} and "
                f"ledger 0x{self.domain.ledger.hex()}",
            )
        return offer

    def _difference(self, receipt: InferenceReceipt) -> str:
        """Say in which fields a receipt differs from the newest offer for its request."""
        offer = self._newest.get(receipt.req_hash)
        if offer is None:
            return (
                f"nothing is offered for reqHash 0x{receipt.req_hash.hex()}: ask without payment"
            )
        pairs = zip(_SIGNED, _signed(receipt), _signed(offer.terms), strict=True)
        wrong = [
            f"{name} {_shown(signed)} was signed, {_shown(offered)} is offered"
            for name, signed, offered in pairs
            if signed != offered
        ]
        return "; ".join(wrong) + ": sign what is offered, or ask without payment for another"

    def take(self, payment: Payment, offer: Offer, prepaid: int, now: int, block: int) -> Taken:
        """Take a payment that `match` found right, and return what is to be written down.

        It counts from now on, and is `pending` once it is `written`.

        prepaid: wei that the ledger holds for the payer and that it has not asked back.
        Raises `PaymentRefused`: NonceUsed, RecordsLate, InsufficientPrepaid.
        """
        receipt = payment.receipt
        key = (receipt.payer, receipt.nonce)
        self._check_nonce(key)
        self._check_records(now)
        waiting = self._open[receipt.payer]
        if prepaid - waiting < receipt.fee:
            raise PaymentRefused(
                "InsufficientPrepaid",
                f"{prepaid} wei are prepaid, {waiting} of them for receipts not recorded yet: "
                f"the fee is {receipt.fee}; deposit more in 0x{self.domain.ledger.hex()}",
                prepaid=str(prepaid),
                open=str(waiting),
                fee=str(receipt.fee),
            )
        signed = SignedReceipt(
            receipt=receipt,
            evidence_root=offer.evidence_root,
            weights_root=offer.weights_root,
            tokens_in=offer.terms.tokens_in,
            tokens_out=offer.terms.tokens_out,
            signature=payment.signature,
        )
        taken = Taken(
            signed, offer.answer, offer.output, offer.leaves, offer.points, at=now, block=block
        )
        self.restore(taken)
        self._unwritten.add(key)
        return taken

    def written(self, key: ReceiptKey) -> None:
        """Note that a receipt is on disk: it may be recorded."""
        self._unwritten.discard(key)

    def is_written(self, key: ReceiptKey) -> bool:
        """Return whether a receipt is on disk."""
        return key in self._taken and key not in self._unwritten

    def _check_records(self, now: int) -> None:
        """Refuse to sell more where receipts are not recorded: nobody would be paid for them."""
        waiting = len(self._pending)
        if waiting >= self.bounds.receipts:
            raise PaymentRefused(
                "RecordsLate", f"{waiting} receipts wait to be recorded: try again later"
            )
        oldest = next(iter(self._pending), None)
        if oldest is None or not self.in_the_way:
            # Those of payers who have spent their money elsewhere wait, and stop nobody.
            return
        late, most = now - self._taken[oldest].at, self.bounds.record_seconds
        if late > most // 2:
            raise PaymentRefused(
                "RecordsLate",
                f"a receipt has waited for {late} of the {most} s in which it can be recorded: "
                "nothing is sold until it is; its operator's log says what is in the way",
            )

    def _check_nonce(self, key: ReceiptKey) -> None:
        if key in self._taken:
            raise PaymentRefused(
                "NonceUsed",
                f"nonce {key[1]} of 0x{key[0].hex()} was used; GET /answer with the same payment "
                "gives the answer that it was used for",
            )

    # -- receipts -----------------------------------------------------------------------

    def restore(self, taken: Taken) -> None:
        """Hold a receipt, as it was taken or read back."""
        self._taken[taken.key] = taken
        self._pending[taken.key] = None
        self._open[taken.key[0]] += taken.signed.receipt.fee

    def recorded(self, key: ReceiptKey, batch: int, index: int) -> None:
        """Note where a receipt stands on chain."""
        self._leave(key)
        self._unplace(key)
        self._taken[key] = replace(
            self._taken[key], stage=Stage.RECORDED, batch=batch, index=index, why=""
        )
        self._batches.setdefault(batch, set()).add(key)

    def lost(self, key: ReceiptKey, why: str) -> None:
        """Note that a receipt cannot be recorded any more."""
        self._leave(key)
        self._taken[key] = replace(self._taken[key], stage=Stage.LOST, why=why)

    def returned(self, key: ReceiptKey) -> None:
        """Note that the chain took a record back: the receipt waits again."""
        held = self._taken[key]
        if held.stage is not Stage.PENDING:
            self._unplace(key)
            self.restore(replace(held, stage=Stage.PENDING, batch=0, index=0, why=""))

    def forget(self, keys: Iterable[ReceiptKey]) -> None:
        """Hold receipts no longer that are recorded or lost; the ledger knows their nonces."""
        for key in keys:
            self._leave(key)
            self._unplace(key)
            self._unwritten.discard(key)
            del self._taken[key]

    def _unplace(self, key: ReceiptKey) -> None:
        """Take a receipt out of its batch, if it is in one."""
        batch = self._taken[key].batch
        if batch:
            self._batches[batch].discard(key)
            if not self._batches[batch]:
                del self._batches[batch]

    def _leave(self, key: ReceiptKey) -> None:
        if key in self._pending:
            del self._pending[key]
            self._open[key[0]] -= self._taken[key].signed.receipt.fee
            self.settled += 1

    def get(self, key: ReceiptKey) -> Taken | None:
        """Return a receipt, or `None` for one that was never taken."""
        return self._taken.get(key)

    def pending(self) -> tuple[Taken, ...]:
        """Return the receipts that are on disk and not recorded, oldest first."""
        return tuple(self._taken[key] for key in self._pending if key not in self._unwritten)

    def all(self) -> Iterator[Taken]:
        """Yield every receipt."""
        yield from self._taken.values()

    def batch(self, batch: int) -> tuple[Taken, ...]:
        """Return the receipts recorded in a batch, in order."""
        return tuple(
            sorted((self._taken[key] for key in self._batches.get(batch, ())), key=_index)
        )

    def batches(self) -> tuple[int, ...]:
        """Return the batches that receipts stand in, ascending."""
        return tuple(sorted(self._batches))

    def answers_to(self, req_hash: bytes) -> tuple[Taken, ...]:
        """Return the recorded receipts of a request."""
        return tuple(
            one
            for one in self._taken.values()
            if one.stage is Stage.RECORDED and one.signed.receipt.req_hash == req_hash
        )

    def open_of(self, payer: bytes) -> int:
        """Return the wei that receipts of a payer will still debit."""
        return self._open[payer]


_Signed = tuple[int, bytes, bytes, int, int]
_SIGNED: Final = ("modelId", "reqHash", "outHash", "fee", "deadline")


def _signed(terms: Terms | InferenceReceipt) -> _Signed:
    """Return what a payer signs of an offer."""
    return terms.model_id, terms.req_hash, terms.out_hash, terms.fee, terms.deadline


def _shown(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)


def _index(taken: Taken) -> int:
    return taken.index
