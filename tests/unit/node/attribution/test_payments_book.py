from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from byline.node.attribution.serving.book import Offer, PaymentBook, Stage, Taken
from byline.node.attribution.serving.bounds import Bounds
from byline.node.attribution.serving.payments import Payment, PaymentRefused
from tests.paid_answers import DOCUMENTS, DOMAIN, OPERATOR, PAYER, QUESTIONS, offer, payment

NOW = 1_000
RICH = 10**18


def book_with(*offers: Offer, bounds: Bounds | None = None) -> PaymentBook:
    book = PaymentBook(DOMAIN, bounds or Bounds())
    for one in offers:
        book.begin_offer(one.client, NOW)
        book.end_offer(one.client, one)
    return book


def pay(book: PaymentBook, sent: Payment, prepaid: int = RICH, now: int = NOW) -> Taken:
    found = book.match(sent, sent.receipt.req_hash, now)
    taken = book.take(sent, found, prepaid, now, block=5)
    book.written(taken.key)
    return taken


def refusal(book: PaymentBook, sent: Payment, prepaid: int = RICH, now: int = NOW) -> str:
    with pytest.raises(PaymentRefused) as refused:
        pay(book, sent, prepaid, now)
    return refused.value.name


def test_a_payment_for_an_offer_is_taken_once() -> None:
    one = offer()
    book = book_with(one)
    taken = pay(book, payment(one.terms))
    assert taken.answer == one.answer
    assert taken.signed.record.out_hash == one.terms.out_hash
    assert book.pending() == (taken,)
    assert refusal(book, payment(one.terms)) == "NonceUsed"
    assert book.pending() == (taken,)


def test_another_nonce_pays_the_same_offer_again() -> None:
    one = offer()
    book = book_with(one)
    pay(book, payment(one.terms, nonce=1))
    pay(book, payment(one.terms, nonce=2))
    assert book.open_of(PAYER.address) == 2 * one.terms.fee


@pytest.mark.parametrize(
    "changes", [{"model_id": 2}, {"fee": 10**12 - 1}, {"fee": 1}, {"deadline": 2_021}]
)
def test_other_terms_than_the_offers_are_refused(changes: dict[str, Any]) -> None:
    one = offer()
    assert refusal(book_with(one), payment(one.terms, **changes)) == "UnknownOffer"


def test_what_somebody_else_signed_is_refused() -> None:
    one = offer()
    assert refusal(book_with(one), payment(one.terms, key=OPERATOR.key)) == "WrongSigner"


def test_a_changed_signature_is_refused() -> None:
    one = offer()
    sent = payment(one.terms)
    for at in (0, 40, 64):
        raw = bytearray(sent.signature)
        raw[at] ^= 1 if at < 64 else 0x1F
        assert refusal(book_with(one), replace(sent, signature=bytes(raw))) == "WrongSigner"


def test_a_receipt_for_another_prompt_is_refused() -> None:
    one = offer()
    book = book_with(one)
    with pytest.raises(PaymentRefused, match="RequestMismatch"):
        book.match(payment(one.terms), bytes(32), NOW)


def test_an_offer_stands_up_to_its_last_second() -> None:
    one = offer()
    late = NOW + 121
    assert refusal(book_with(one), payment(one.terms), now=late) == "OfferExpired"
    assert pay(book_with(one), payment(one.terms), now=late - 1).at == late - 1


def test_an_expired_offer_is_called_so_after_it_was_forgotten() -> None:
    one = offer()
    book = book_with(one)
    late = NOW + 121
    book.begin_offer("other", late)
    assert refusal(book, payment(one.terms), now=late) == "OfferExpired"


def test_open_receipts_count_against_the_balance() -> None:
    one = offer()
    book = book_with(one)
    fee = one.terms.fee
    assert refusal(book, payment(one.terms, nonce=1), prepaid=fee - 1) == "InsufficientPrepaid"
    first = pay(book, payment(one.terms, nonce=1), prepaid=2 * fee - 1)
    assert refusal(book, payment(one.terms, nonce=2), prepaid=2 * fee - 1) == "InsufficientPrepaid"
    book.recorded(first.key, 1, 0)
    pay(book, payment(one.terms, nonce=2), prepaid=fee)


def test_a_refused_payment_leaves_its_nonce_free() -> None:
    one = offer()
    book = book_with(one)
    assert refusal(book, payment(one.terms), prepaid=0) == "InsufficientPrepaid"
    pay(book, payment(one.terms))


def test_a_receipt_waits_for_the_disk_before_it_is_recorded() -> None:
    one = offer()
    book = book_with(one)
    sent = payment(one.terms)
    taken = book.take(sent, book.match(sent, sent.receipt.req_hash, NOW), RICH, NOW, block=5)
    assert book.pending() == ()
    assert not book.is_written(taken.key)
    assert book.open_of(PAYER.address) == one.terms.fee, "it counts all the same"
    assert refusal(book, sent) == "NonceUsed"
    book.written(taken.key)
    assert book.pending() == (taken,)


def test_a_record_that_the_chain_took_back_waits_again() -> None:
    one = offer()
    book = book_with(one)
    taken = pay(book, payment(one.terms))
    before = book.settled
    book.recorded(taken.key, 3, 0)
    assert book.settled == before + 1
    assert book.batches() == (3,)
    assert [found.key for found in book.batch(3)] == [taken.key]
    book.returned(taken.key)
    book.returned(taken.key)
    assert book.batches() == ()
    assert book.pending() == (taken,)
    assert book.open_of(PAYER.address) == one.terms.fee


def test_a_lost_receipt_frees_the_balance_and_keeps_its_nonce() -> None:
    one = offer()
    book = book_with(one)
    taken = pay(book, payment(one.terms))
    book.lost(taken.key, "too late")
    held = book.get(taken.key)
    assert held is not None
    assert (held.stage, held.why) == (Stage.LOST, "too late")
    assert book.open_of(PAYER.address) == 0
    assert refusal(book, payment(one.terms)) == "NonceUsed"


def test_answers_are_shown_once_they_are_recorded() -> None:
    one = offer()
    book = book_with(one)
    taken = pay(book, payment(one.terms))
    assert book.answers_to(one.terms.req_hash) == ()
    book.recorded(taken.key, 1, 0)
    assert [found.key for found in book.answers_to(one.terms.req_hash)] == [taken.key]


def test_an_offer_is_made_once_for_the_first_half_of_its_time() -> None:
    one = offer()
    book = book_with(one)
    assert book.offer_for(one.terms.req_hash, NOW + 60) is one
    assert book.offer_for(one.terms.req_hash, NOW + 61) is None
    assert book.offer_for(bytes(32), NOW) is None


def test_an_older_offer_can_be_paid_beside_a_newer_one() -> None:
    old, new = offer(now=NOW), offer(now=NOW + 70)
    book = book_with(old, new)
    assert book.offer_for(old.terms.req_hash, NOW + 70) is new
    pay(book, payment(old.terms, nonce=1), now=NOW + 80)
    pay(book, payment(new.terms, nonce=2), now=NOW + 80)


def test_offers_of_a_client_are_bounded_those_being_computed_too() -> None:
    bounds = Bounds(offers_of_client=2, offers=3)
    book = book_with(offer(), bounds=bounds)
    book.begin_offer("here", NOW)
    with pytest.raises(PaymentRefused, match="TooManyOffers"):
        book.begin_offer("here", NOW)
    book.begin_offer("there", NOW)
    with pytest.raises(PaymentRefused, match="ServerFull"):
        book.begin_offer("elsewhere", NOW)
    book.end_offer("there", None)
    book.begin_offer("elsewhere", NOW)


def test_expired_offers_make_room() -> None:
    book = book_with(offer(), bounds=Bounds(offers_of_client=1))
    with pytest.raises(PaymentRefused, match="TooManyOffers"):
        book.begin_offer("here", NOW + 120)
    book.begin_offer("here", NOW + 121)


def test_the_same_offer_twice_is_one() -> None:
    one = offer()
    book = book_with(one, one, one, bounds=Bounds(offers_of_client=2, offers=2))
    book.begin_offer("here", NOW)


def test_two_prompts_have_two_offers() -> None:
    first, second = offer(), offer(QUESTIONS[1], DOCUMENTS[1].text)
    book = book_with(first, second)
    assert pay(book, payment(second.terms, nonce=1)).answer == second.answer
    assert pay(book, payment(first.terms, nonce=2)).answer == first.answer


def test_nothing_is_sold_while_receipts_are_not_recorded() -> None:
    one, bounds = offer(), Bounds(receipts=3)
    book = PaymentBook(DOMAIN, bounds)
    for nonce in range(2):
        taken = book.take(payment(one.terms, nonce), one, 10**18, 1_000 + nonce, block=1)
        book.written(taken.key)
    half = bounds.record_seconds // 2
    book.begin_offer("here", 1_001 + half)
    book.in_the_way = True
    book.begin_offer("here", 1_000 + half)
    with pytest.raises(PaymentRefused, match=f"waited for {half + 1} of") as late:
        book.begin_offer("here", 1_001 + half)
    assert (late.value.name, late.value.status) == ("RecordsLate", 503)
    with pytest.raises(PaymentRefused, match="RecordsLate"):
        book.take(payment(one.terms, 2), one, 10**18, 1_001 + half, block=1)
    assert book.open_of(PAYER.address) == 2 * one.terms.fee, "what is refused is not charged"
    book.recorded((PAYER.address, 0), 1, 0)
    book.begin_offer("here", 1_001 + half)
    for nonce in (2, 3):
        book.take(payment(one.terms, nonce), one, 10**18, 1_001, block=1)
    with pytest.raises(PaymentRefused, match="3 receipts wait"):
        book.take(payment(one.terms, 4), one, 10**18, 1_001, block=1)
    with pytest.raises(PaymentRefused, match="3 receipts wait"):
        book.begin_offer("here", 1_001)
