"""Calls and estimates: what they refuse, and that they end."""

from __future__ import annotations

import time

import pytest

from byline.node.chain.calls import call, create_access_list, estimate_gas
from byline.node.evm.patience import MOMENT, OutOfTime, Patience, TooLong
from byline.rpc.backend import AccountOverride, CallRequest, Halted, Refused, Reverted
from tests.integration.rollups import ALICE, BOB, world

ENDLESS_LOOP = bytes.fromhex("5b5f56")
"""JUMPDEST, PUSH0, JUMP."""
PAIRING = bytes(19) + b"\x08"
GENERATORS = bytes.fromhex(
    "0000000000000000000000000000000000000000000000000000000000000001"
    "0000000000000000000000000000000000000000000000000000000000000002"
    "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
    "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
    "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
    "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"
)
"""Of the two groups of BN254 (EIP-197)."""
IDENTITY = bytes(19) + b"\x04"
APPORTION = bytes.fromhex("a770").rjust(20, b"\0")


class Ticks:
    """A clock that moves by a second whenever it is read."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def test_a_call_ends_in_time_whatever_its_gas() -> None:
    chain = world().rollup.engine.chain
    loop = CallRequest(sender=ALICE.address, data=ENDLESS_LOOP)
    clock = Ticks()
    with pytest.raises(OutOfTime, match=r"timeout = 50s\).*--call-timeout"):
        call(chain, chain.head, loop, {}, Patience(50, clock=clock))
    assert 51 < clock.now < 60
    with pytest.raises(OutOfTime):
        estimate_gas(chain, chain.head, loop, {}, lambda *_: 0, Patience(50, clock=Ticks()))
    with pytest.raises(OutOfTime):
        create_access_list(chain, chain.head, loop, Patience(50, clock=Ticks()))


def test_a_nested_call_ends_in_time_too() -> None:
    chain = world().rollup.engine.chain
    target = b"\xaa" * 20
    # PUSH0 four times, PUSH20 target, GAS, STATICCALL
    outer = bytes.fromhex("5f5f5f5f73") + target + bytes.fromhex("5afa")
    pretend = {target: AccountOverride(code=ENDLESS_LOOP)}
    with pytest.raises(OutOfTime):
        call(chain, chain.head, CallRequest(data=outer), pretend, Patience(50, clock=Ticks()))


def test_a_native_function_ends_in_time_too() -> None:
    chain = world().rollup.engine.chain
    pairs = CallRequest(to=PAIRING, data=GENERATORS * 300)
    before = time.thread_time()
    with pytest.raises(OutOfTime):
        call(chain, chain.head, pairs, {}, Patience(0.01))
    assert time.thread_time() - before < 2


def test_what_takes_long_does_not_even_begin_where_there_is_but_a_moment() -> None:
    chain = world().rollup.engine.chain
    before = time.thread_time()
    for long in (
        CallRequest(to=PAIRING, data=GENERATORS * 300),
        CallRequest(data=ENDLESS_LOOP),
    ):
        with pytest.raises(TooLong):
            call(chain, chain.head, long, {}, MOMENT)
    assert time.thread_time() - before < 0.1
    data = bytes(range(64))
    assert call(chain, chain.head, CallRequest(to=IDENTITY, data=data), {}, MOMENT) == data


def test_a_call_is_given_up_when_the_node_stops() -> None:
    chain = world().rollup.engine.chain
    answers = iter([False, False, True])
    with pytest.raises(OutOfTime, match="stopping"):
        call(
            chain,
            chain.head,
            CallRequest(data=ENDLESS_LOOP),
            {},
            Patience(0, stopping=lambda: next(answers)),
        )


def test_without_a_limit_a_call_ends_with_its_gas() -> None:
    chain = world().rollup.engine.chain
    with pytest.raises(Halted, match="out of gas"):
        call(chain, chain.head, CallRequest(data=ENDLESS_LOOP, gas=100_000), {}, Patience(0))


@pytest.mark.parametrize("name", ["l1", "l2"])
def test_an_estimate_refuses_more_value_than_there_is(name: str) -> None:
    chain = world().rollup.chain(name)  # type: ignore[arg-type]
    too_much = CallRequest(sender=ALICE.address, to=BOB.address, value=10**30)
    with pytest.raises(Refused, match="insufficient funds"):
        estimate_gas(chain, chain.head, too_much, {}, lambda *_: 0)


def test_an_estimate_for_a_native_function_counts_its_price() -> None:
    here = world()
    chain = here.rollup.engine.chain
    request = CallRequest(sender=ALICE.address, to=IDENTITY)
    found = estimate_gas(chain, chain.head, request, {}, lambda *_: 0)
    assert found > 21_000
    sent = here.send("l2", to=IDENTITY, value=0, gas=found)
    location = chain.store.transaction_location(sent)
    assert location is not None
    receipts = chain.store.receipts(location[0])
    assert receipts is not None
    assert receipts[location[1]].succeeded


def test_an_estimate_for_value_to_apportion_says_that_it_reverts() -> None:
    chain = world().rollup.engine.chain
    request = CallRequest(sender=ALICE.address, to=APPORTION, value=1)
    with pytest.raises(Reverted):
        estimate_gas(chain, chain.head, request, {}, lambda *_: 0)


def test_a_plain_transfer_needs_exactly_21000() -> None:
    chain = world().rollup.engine.chain
    request = CallRequest(sender=ALICE.address, to=b"\x77" * 20, value=1)
    assert estimate_gas(chain, chain.head, request, {}, lambda *_: 0) == 21_000


@pytest.mark.parametrize("price", [None, 10**10])
def test_who_names_no_sender_need_not_own_what_is_sent(price: int | None) -> None:
    chain = world().rollup.engine.chain
    request = CallRequest(to=BOB.address, value=10**18, gas_price=price)
    assert estimate_gas(chain, chain.head, request, {}, lambda *_: 0) == 21_000
    assert call(chain, chain.head, request, {}) == b""
    named = CallRequest(sender=b"\xee" * 20, to=BOB.address, value=1)
    with pytest.raises((Refused, Halted), match="insufficient"):
        call(chain, chain.head, named, {})
