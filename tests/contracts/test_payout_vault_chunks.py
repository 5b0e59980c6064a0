"""PayoutVault: lists that are too long for one transaction come in chunks, each with a proof."""

from __future__ import annotations

import pytest

from byline.precompiles.math.sum_tree import SumTree
from tests.contracts.attribution_family import LEDGER, PEOPLE, refused
from tests.contracts.vault_world import (
    ACCUMULATOR,
    CREDIT,
    PUSH,
    ROOT,
    SETTLED,
    WAITING,
    Backend,
    Books,
    Entries,
    World,
    packed,
    pool_of,
    world,
)

OWNER, ALICE = PEOPLE[:2]
MODES = [PUSH, CREDIT, ACCUMULATOR, ROOT]
CROWD: Entries = tuple((n.to_bytes(20, "big"), n * n % 97 + 1) for n in range(0x1001, 0x1001 + 21))


@pytest.fixture(params=list(Backend), ids=lambda backend: backend.value)
def w(request: pytest.FixtureRequest) -> World:
    return world(request.param)


def in_chunks(world: World, batch: int, entries: Entries, sizes: list[int]) -> list[int]:
    """Settle in chunks of these sizes, the last for all that is left; return the gas of each."""
    start, gas = 0, []
    while start < len(entries):
        size = sizes.pop(0) if len(sizes) > 1 else sizes[0]
        outcome = world.settle_chunk(batch, entries, start, size)
        assert outcome.success, world.vault.error(outcome)
        gas.append(outcome.gas_used)
        start += size
    return gas


def holdings(world: World, model: int, entries: Entries) -> list[tuple[int, int, int]]:
    """Return what each has been paid, is credited, and has accrued."""
    return [
        (
            world.evm.balance(who),
            world.vault.read("creditOf", who),
            world.vault.read("accruedOf", model, who),
        )
        for who, _ in entries
    ]


SIZES = {
    "ones": [1],
    "fours": [4],
    "sixteen and less": [16],
    "all in one": [32],
    "growing": [1, 1, 2, 4, 8, 8],
    "shrinking": [16, 4, 1],
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
def test_chunks_of_any_size_end_where_one_piece_ends(
    w: World, mode: int, sizes: list[int]
) -> None:
    whole, parted = w.model(OWNER, mode=mode), w.model(OWNER, mode=mode)
    pot = 10**9 + 7
    w.deposit(whole, CROWD, pot)
    assert w.settle(1, CROWD).success
    once = holdings(w, whole, CROWD)
    for who, _ in CROWD:
        w.evm.set(who, balance=0)
    w.deposit(parted, CROWD, pot)
    in_chunks(w, 2, CROWD, list(sizes))
    twice = holdings(w, parted, CROWD)
    if mode == CREDIT:
        twice = [(paid, credit // 2, accrued) for paid, credit, accrued in twice]
    assert twice == once
    assert (w.status(1), w.status(2)) == (SETTLED, SETTLED)
    assert w.vault.read("settlement", 1)[3:5] == w.vault.read("settlement", 2)[3:5]
    assert w.vault.read("carryOf", parted) == 0


def test_in_root_mode_chunks_end_in_the_root_of_the_claims(w: World) -> None:
    model = w.model(OWNER, mode=ROOT)
    w.deposit(model, CROWD, 10**6)
    in_chunks(w, 1, CROWD, [8, 2, 2, 4, 4])
    tree = w.claims(CROWD, w.pot(1))
    assert w.vault.read("settlement", 1)[4] == tree.root.root
    for index, (who, amount) in enumerate(w.shares(CROWD, w.pot(1))):
        assert w.vault.send("claim", 1, index, amount, tree.proof(index), sender=who).success
        assert w.evm.balance(who) == amount
    assert w.vault.read("progress", 1)[2] == 0


@pytest.mark.parametrize("size", [1, 2, 4])
def test_chunks_of_lists_of_any_length_end_in_the_root_of_the_claims(w: World, size: int) -> None:
    model = w.model(OWNER, mode=ROOT)
    for count in range(1, len(CROWD) + 1):
        entries = CROWD[:count]
        batch = w.deposit(model, entries, 10**6)
        in_chunks(w, batch, entries, [size])
        assert w.vault.read("settlement", batch)[4] == w.claims(entries, 850_000).root.root, count


@pytest.mark.parametrize("mode", MODES)
def test_a_chunk_that_is_not_of_the_list_moves_nothing(w: World, mode: int) -> None:
    model = w.model(OWNER, mode=mode)
    w.deposit(model, CROWD, 10**6)
    assert w.settle_chunk(1, CROWD, 0, 4).success
    before = (w.balance(), w.vault.read("progress", 1))
    tree = SumTree(CROWD)
    proof = tree.chunk_proof(4, 4)

    def sent(entries: Entries, proof: bytes) -> str:
        outcome = w.vault.send("settleChunk", 1, packed(entries), proof)
        assert not outcome.success
        return w.vault.error(outcome)

    chunk = CROWD[4:8]
    forged = ((ALICE, 1), *chunk[1:])
    assert sent(forged, proof) in ("WrongList", "NotAscending")
    (who, weight), (other, more) = chunk[:2]
    assert sent(((who, weight + 1), (other, more - 1), *chunk[2:]), proof) == "WrongList"
    assert sent(CROWD[:4], tree.chunk_proof(0, 4)) == "WrongList", "settled already"
    assert sent(CROWD[8:12], tree.chunk_proof(8, 4)) == "WrongList", "not its turn yet"
    assert sent(chunk, proof[:-48]) == "WrongList"
    assert sent(chunk, proof + proof[4:52]) == "WrongList"
    assert sent(chunk, proof + b"\0") == "WrongList"
    assert sent(chunk, b"") == "WrongList"
    assert sent(chunk, (22).to_bytes(4, "big") + proof[4:]) == "WrongList"
    assert sent(chunk, proof[:36] + bytes([255]) * 16 + proof[52:]) == "WrongList"
    assert sent(chunk[:3], proof) == "WrongChunk", "not a power of two, and not the last"
    assert sent(CROWD[4:12], tree.chunk_proof(8, 8)) == "WrongChunk", "8 does not divide 4"
    assert sent((), proof) == "WrongChunk"
    assert (w.balance(), w.vault.read("progress", 1)) == before
    in_chunks_from(w, CROWD, 4, 4)
    assert w.status(1) == SETTLED


def in_chunks_from(world: World, entries: Entries, start: int, size: int) -> None:
    while start < len(entries):
        assert world.settle_chunk(1, entries, start, size).success
        start += size


def test_what_is_begun_in_chunks_is_finished_in_chunks(w: World) -> None:
    model = w.model(OWNER, mode=CREDIT)
    w.deposit(model, CROWD, 10**6)
    assert w.settle_chunk(1, CROWD, 0, 8).success
    refused(w.vault, w.settle(1, CROWD), "InChunks(uint256)", 8)
    assert w.status(1) == WAITING
    assert not w.vault.read("settled", 1)


@pytest.mark.parametrize("mode", MODES)
def test_a_void_in_the_middle_carries_what_nobody_has_been_given(w: World, mode: int) -> None:
    model = w.model(OWNER, mode=mode)
    books = Books()
    books.read(w.vault, w.try_deposit(1, model, CROWD, 10**6).logs)
    books.read(w.vault, w.settle_chunk(1, CROWD, 0, 8).logs)
    if mode == ACCUMULATOR:
        books.read(w.vault, w.vault.send("accrue", model, value=999, sender=ALICE).logs)
    void = w.vault.send("voidSettlement", 1, sender=LEDGER)
    assert void.success
    books.read(w.vault, void.logs)
    books.check(w, [who for who, _ in CROWD], [model])
    given = dict(w.shares(CROWD, 850_000))
    paid = sum(given[who] for who, _ in CROWD[:8])
    carry = w.vault.read("carryOf", model)
    assert carry == (850_000 if mode == ROOT else carry if mode == ACCUMULATOR else 850_000 - paid)
    assert carry > 0
    w.deposit(model, CROWD, 0, batch=2)
    assert w.settle(2, CROWD).success, "the carry is paid with the next batch"


def test_an_epoch_that_is_over_before_its_list_is_complete_loses_nobody_anything(w: World) -> None:
    model = w.model(OWNER, mode=ACCUMULATOR)
    books = Books()
    people = [who for who, _ in CROWD]
    books.read(w.vault, w.try_deposit(1, model, CROWD, 10**6).logs)
    books.read(w.vault, w.settle_chunk(1, CROWD, 0, 16).logs)
    books.read(w.vault, w.vault.send("accrue", model, value=50_000, sender=ALICE).logs)
    books.read(w.vault, w.try_deposit(2, model, CROWD[3:9], 10**6).logs)
    books.read(w.vault, w.settle(2, CROWD[3:9]).logs)
    books.check(w, people, [model])
    books.read(w.vault, w.settle_chunk(1, CROWD, 16, 8).logs)
    books.check(w, people, [model])
    assert w.status(1) == SETTLED
    total = sum(weight for _, weight in CROWD)
    for who, weight in CROWD[16:]:
        # Both amounts of the first epoch, by its units; the remainder went on.
        assert w.vault.read("credits", pool_of(model), who) == weight * (850_000 // total) + (
            weight * ((50_000 + 850_000 % total) // total)
        )


def test_a_list_counts_as_known_only_once_all_of_it_is_entered(w: World) -> None:
    model = w.model(OWNER, mode=ACCUMULATOR)
    w.deposit(model, CROWD, 10**6)
    assert w.settle_chunk(1, CROWD, 0, 16).success
    w.deposit(model, CROWD, 10**6)
    assert w.status(2) == WAITING
    assert w.settle_chunk(1, CROWD, 16, 8).success
    w.deposit(model, CROWD, 10**6)
    assert w.status(3) == SETTLED
