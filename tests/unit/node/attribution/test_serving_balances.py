"""What a payer has prepaid, while batches that debit it are recorded."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from byline.node.attribution.serving import endpoint
from tests.paid_answers import PAYER
from tests.unit.node.attribution.test_serving import desk

pytestmark = pytest.mark.asyncio


async def test_who_has_prepaid_too_little_gets_no_answer(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        terms = await here.offer()
        here.chain.prepaid = 2 * terms.fee - 1
        assert (await here.pay(terms, nonce=1))[0] == 200
        got, body = await here.pay(terms, nonce=2)
        assert (got, body["name"]) == (402, "InsufficientPrepaid")
        assert (body["prepaid"], body["open"]) == (str(2 * terms.fee - 1), str(terms.fee))


async def test_a_balance_read_before_a_batch_was_recorded_is_read_again(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        terms = await here.offer()
        here.chain.prepaid = terms.fee
        assert (await here.pay(terms, nonce=1))[0] == 200
        here.chain.reading = asyncio.Event()
        second = asyncio.create_task(here.pay(terms, nonce=2))
        await here.chain.reading.wait()
        # The batch is recorded while the old balance is on its way.
        here.book.recorded((PAYER.address, 1), 1, 0)
        here.chain.prepaid = 0
        here.chain.go_on.set()
        got, body = await second
        assert (got, body["name"]) == (402, "InsufficientPrepaid")


async def test_a_fee_that_is_being_debited_is_not_counted_twice(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        terms = await here.offer()
        here.chain.prepaid = 2 * terms.fee
        assert (await here.pay(terms, nonce=1))[0] == 200
        async with here.store.sending:
            # The ledger has the batch, the book does not know yet.
            here.chain.prepaid = terms.fee
            second = asyncio.create_task(here.pay(terms, nonce=2))
            assert not (await asyncio.wait([second], timeout=0.2))[0]
            await here.store.recorded({(PAYER.address, 1): (1, 0)})
        assert (await second)[0] == 200
        here.chain.prepaid = 0
        here.book.recorded((PAYER.address, 2), 1, 1)
        assert (await here.pay(terms, nonce=3))[1]["name"] == "InsufficientPrepaid"


async def test_who_has_too_little_is_told_so_however_long_a_batch_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "SENDING_SECONDS", 0.05)
    async with desk(tmp_path) as here:
        terms = await here.offer()
        here.chain.prepaid = 0
        async with here.store.sending:
            assert (await here.pay(terms))[1]["name"] == "InsufficientPrepaid"
