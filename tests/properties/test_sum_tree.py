"""Laws of sum trees, on the reference and on the kernel."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.derivation.hashing import keccak256
from byline.precompiles.math.call import CASCADE, METHODS
from byline.precompiles.math.sum_tree import (
    Entry,
    SumRoot,
    SumTree,
    fold_chunks,
    sum_tree_chunk,
    sum_tree_root,
    verify_leaf,
)
from byline.precompiles.math.sum_tree_calls import settle_root, settle_root_chunk
from byline.precompiles.math.values import apportion
from tests.tree_cores import CORES, core

NODE = 48


@pytest.fixture(params=CORES, scope="module", autouse=True)
def chosen(request: pytest.FixtureRequest) -> object:
    """Run every law on one core, then on the other."""
    with core(request.param):
        yield request.param


def lists(most_amount: int, most: int = 33) -> st.SearchStrategy[list[Entry]]:
    """Entries in ascending order, up to `most` of them, that sum to less than 2**128."""
    who = st.one_of(
        st.binary(min_size=20, max_size=20),
        st.integers(0, 40).map(lambda n: n.to_bytes(20, "big")),
    )
    amount = st.integers(0, 3) | st.integers(0, most_amount)
    return st.dictionaries(who, amount, min_size=1, max_size=most).map(
        lambda found: sorted(found.items())
    )


amounts = lists(2**122)
weights = lists(2**58)


def proved(root: SumRoot, index: int, entry: Entry, proof: bytes) -> bool:
    return verify_leaf(root.root, root.total, index, *entry, proof)


@given(entries=amounts)
def test_every_leaf_is_proved_and_the_total_is_the_sum(entries: list[Entry]) -> None:
    tree = SumTree(entries)
    assert tree.root == sum_tree_root(entries)
    assert tree.root.total == sum(amount for _, amount in entries)
    assert tree.root.count == len(entries)
    for index, entry in enumerate(entries):
        assert proved(tree.root, index, entry, tree.proof(index))


@given(entries=amounts, data=st.data())
def test_no_changed_claim_is_proved(entries: list[Entry], data: st.DataObject) -> None:
    tree = SumTree(entries)
    index = data.draw(st.integers(0, len(entries) - 1))
    (who, amount), proof, root = entries[index], tree.proof(index), tree.root
    numbers = st.integers(0, 2**128 - 1)

    other = data.draw(st.integers(0, 2**32 - 1).filter(lambda n: n != index))
    assert not proved(root, other, (who, amount), proof)
    paid = data.draw(numbers.filter(lambda n: n != amount))
    assert not proved(root, index, (who, paid), proof)
    total = data.draw(numbers.filter(lambda n: n != root.total))
    assert not verify_leaf(root.root, total, index, who, amount, proof)
    somebody = data.draw(st.binary(min_size=20, max_size=20).filter(lambda a: a != who))
    assert not proved(root, index, (somebody, amount), proof)

    place = data.draw(st.integers(0, len(proof) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    changed = proof[:place] + bytes([proof[place] ^ bit]) + proof[place + 1 :]
    assert not proved(root, index, (who, amount), changed)
    cut = data.draw(st.integers(0, len(proof) - 1))
    assert not proved(root, index, (who, amount), proof[:cut])
    more = data.draw(st.binary(min_size=1, max_size=2 * NODE))
    assert not proved(root, index, (who, amount), proof + more)


@given(entries=lists(2**122, most=9).filter(lambda found: len(found) > 1), data=st.data())
def test_money_moved_from_one_to_another_changes_the_root(
    entries: list[Entry], data: st.DataObject
) -> None:
    giver = data.draw(st.integers(0, len(entries) - 1))
    taker = data.draw(st.integers(0, len(entries) - 1).filter(lambda n: n != giver))
    moved = dict(entries)
    moved[entries[giver][0]] += 1
    moved[entries[taker][0]] += 2**64
    assert sum_tree_root(sorted(moved.items())).root != sum_tree_root(entries).root


@given(entries=lists(2**122, most=17).filter(lambda found: len(found) > 1), data=st.data())
def test_a_node_does_not_pass_for_a_leaf(entries: list[Entry], data: st.DataObject) -> None:
    """The parent of a leaf, put in the leaf's place with the proof above it."""
    tree = SumTree(entries)
    index = data.draw(st.integers(0, len(entries) - 1))
    proof = tree.proof(index)
    above = proof[:4] + proof[4 + NODE :]
    parent = tree.chunk(index & ~1, 2)
    for count in range(1, len(entries) + 2):
        shorter = count.to_bytes(4, "big") + above[4:]
        for who in (parent.hash[:20], parent.hash[12:], entries[index][0]):
            assert not proved(tree.root, index >> 1, (who, parent.sum), shorter)


@given(entries=amounts, count=st.integers(0, 70))
def test_a_proof_under_another_count_is_none(entries: list[Entry], count: int) -> None:
    tree = SumTree(entries)
    if count == len(entries):
        return
    for index, entry in enumerate(entries):
        proof = count.to_bytes(4, "big") + tree.proof(index)[4:]
        assert not proved(tree.root, index, entry, proof)


@given(entries=lists(2**122, most=70), size=st.integers(0, 7).map(lambda k: 1 << k))
def test_chunks_fold_into_the_root_of_the_whole(entries: list[Entry], size: int) -> None:
    tree = SumTree(entries)
    starts = range(0, len(entries), size)
    tops = [sum_tree_chunk(entries[start : start + size], start) for start in starts]
    assert tops == [tree.chunk(start, size) for start in starts]
    assert fold_chunks(tops, size, len(entries)) == tree.root


@given(
    recipients=weights.filter(lambda found: any(weight for _, weight in found)),
    method=st.sampled_from(sorted(METHODS.values())),
    amount=st.integers(0, 99) | st.integers(0, 2**128 - 1),
)
def test_a_settled_root_is_that_of_the_shares(
    recipients: list[Entry], method: int, amount: int
) -> None:
    shares = apportion(method, amount, [weight for _, weight in recipients])
    addresses = [who for who, _ in recipients]
    expected = sum_tree_root(list(zip(addresses, shares, strict=True)))
    assert settle_root(method, amount, recipients) == expected
    assert expected.total == amount


@given(recipients=weights.filter(lambda found: any(weight for _, weight in found)))
def test_weights_settled_by_their_sum_are_themselves(recipients: list[Entry]) -> None:
    total = sum(weight for _, weight in recipients)
    assert settle_root(CASCADE, total, recipients) == sum_tree_root(recipients)


@given(
    recipients=lists(2**57, most=70).filter(lambda found: any(weight for _, weight in found)),
    amount=st.integers(0, 99) | st.integers(0, 2**128 - 1),
    size=st.integers(0, 7).map(lambda k: 1 << k),
)
def test_settled_in_chunks_is_settled_at_once(
    recipients: list[Entry], amount: int, size: int
) -> None:
    total = sum(weight for _, weight in recipients)
    reached = 0
    tops = []
    for start in range(0, len(recipients), size):
        part = recipients[start : start + size]
        top, reached = settle_root_chunk(amount, total, reached, start, part)
        tops.append(top)
    assert reached == total
    assert fold_chunks(tops, size, len(recipients)) == settle_root(CASCADE, amount, recipients)


def test_sums_stop_at_the_edge_of_128_bits() -> None:
    """Every split of the largest sum is held, and every one that exceeds it by 1 refused."""
    top = 2**128 - 1
    splits = [[top, 0], [0, top], [1, top - 1], [2**127, 2**127 - 1], [2**64, top - 2**64]]
    splits += [[2**126] * 3 + [2**126 - 1], [0, 0, top], [2**127 - 1, 0, 2**127]]
    for split in splits:
        entries = [(bytes([place]) * 20, amount) for place, amount in enumerate(split)]
        tree = SumTree(entries)
        assert tree.root.total == top
        for index, entry in enumerate(entries):
            assert proved(tree.root, index, entry, tree.proof(index))
        more = [*entries, (b"\xff" * 20, 1)]
        with pytest.raises(ValueError, match="above 2\\*\\*128 - 1"):
            SumTree(more)


def test_a_proof_whose_sums_overflow_is_none() -> None:
    """Sums that wrap around to the total prove nothing."""
    who = b"\x01" * 20
    leaf = keccak256(b"\0" + bytes(4) + who + (5).to_bytes(16, "big"))
    sibling = b"\x22" * 32 + (2**128 - 2).to_bytes(16, "big")
    top = keccak256(b"\1" + leaf + (5).to_bytes(16, "big") + sibling)
    root = keccak256(b"\2" + (2).to_bytes(4, "big") + (3).to_bytes(16, "big") + top)
    proof = (2).to_bytes(4, "big") + sibling
    assert not verify_leaf(root, 3, 0, who, 5, proof)


def test_a_leaf_far_to_the_right_of_a_huge_tree_is_proved() -> None:
    """A tree of 2**32 - 1 leaves that nobody could build: 31 or 32 neighbours, any hashes."""
    who, count = b"\x07" * 20, 2**32 - 1
    for index, levels in ((0, 32), (count - 1, 31), (count - 2, 32)):
        node, total = keccak256(b"\0" + index.to_bytes(4, "big") + who + bytes(15) + b"\1"), 1
        proof = count.to_bytes(4, "big")
        place, width = index, count
        while width > 1:
            if place ^ 1 < width:
                other = bytes([width % 251]) * 32
                pair = [(node, total), (other, 2)]
                if place & 1:
                    pair.reverse()
                node = keccak256(b"\1" + b"".join(h + s.to_bytes(16, "big") for h, s in pair))
                proof += other + (2).to_bytes(16, "big")
                total += 2
            place, width = place >> 1, (width + 1) >> 1
        root = keccak256(b"\2" + count.to_bytes(4, "big") + total.to_bytes(16, "big") + node)
        assert len(proof) == 4 + NODE * levels
        assert verify_leaf(root, total, index, who, 1, proof)
        assert not verify_leaf(root, total, index ^ 1, who, 1, proof)
