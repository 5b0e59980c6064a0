"""The big block is a real one: its transfers arrive, and its parts are all of the time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from byline.node.bench.block import KINDS, PARTS, Kind, OurChain, Parts, our_chain
from byline.node.bench.engines import engines
from byline.node.bench.transactions import Purse, fresh
from byline.node.contracts.addresses import WETH

COUNT = 6


@pytest.fixture(scope="module")
def chain() -> Iterator[OurChain]:
    with our_chain(next(iter(engines()))) as found:
        yield found


@pytest.mark.parametrize("kind", KINDS)
def test_a_block_of_each_kind_is_made_and_kept(chain: OurChain, kind: Kind) -> None:
    before = chain.head
    parts = chain.measure(kind, COUNT)
    after = chain.head

    assert after.number == before.number + 1
    assert after.gas_used > COUNT * 21_000
    assert all(getattr(parts, name) > 0 for name in PARTS)
    assert parts.cpu > 0


def test_fresh_recipients_are_paid(chain: OurChain) -> None:
    first = chain.signed
    chain.measure("fresh recipients", COUNT)

    assert [chain.balance(fresh(first + one)) for one in range(COUNT)] == [1] * COUNT


def test_a_transaction_that_fails_is_no_figure(chain: OurChain) -> None:
    purse = Purse(901, signed=chain.signed)
    nothing_like_it = purse.sign(WETH, gas=100_000, data=b"\xa9\x05\x9c\xbb" + b"\xff" * 64)
    with pytest.raises(RuntimeError, match="failed"):
        chain.block([nothing_like_it.raw])


def test_the_whole_is_the_sum_of_the_parts() -> None:
    parts = Parts(decode=1.0, recover=2.0, execute=4.0, roots=8.0, write=16.0, cpu=30.0)
    assert (parts.whole, parts.recovered) == (31.0, 28.0)
