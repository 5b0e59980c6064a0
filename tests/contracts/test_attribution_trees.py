"""Trees of the attribution math: twin contract, precompile, reference and kernel are one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.derivation.hashing import EMPTY_TRIE_ROOT
from byline.node.contracts import addresses
from byline.node.contracts.artifacts import load
from byline.precompiles import ATTRIBUTION_MATH
from byline.precompiles.math.call import CASCADE, METHODS
from byline.precompiles.math.payout_tree import encode_edges, encode_nodes, encode_payout_tree
from byline.precompiles.math.sum_tree import Entry, SumTree
from byline.precompiles.math.sum_tree_calls import (
    encode_packed,
    encode_settle_root,
    encode_settle_root_chunk,
    encode_verify_leaf,
)
from byline.precompiles.math.tree_refusals import MAX_EDGES, MAX_NODES
from tests.contracts.attribution_family import WithOwnNatives
from tests.contracts.harness import CHAIN_ID
from tests.contracts.quick import Base, Quick
from tests.tree_cores import FUNCTIONS, both
from tests.unit.precompiles.math.test_tree_refusals import LINES

GAS = 4_000_000_000
TWIN = addresses.ATTRIBUTION_MATH


@pytest.fixture(scope="module")
def evm() -> Quick:
    """One state for all: neither form has any of its own."""
    evm = WithOwnNatives(Base({}, EMPTY_TRIE_ROOT, 1, 1_700_000_000), CHAIN_ID)
    evm.set(TWIN, code=load("AttributionMath").runtime)
    return evm


def assert_agree(evm: Quick, data: bytes, *, taken: bool | None = None) -> bytes:
    """Return what all four forms answer, or refuse with.

    taken: whether all are to answer; `None` where they may refuse as well.
    """
    found = {"cores": both(data)}
    for name, address in (("precompile", ATTRIBUTION_MATH), ("twin", TWIN)):
        outcome = evm.call(address, data, gas=GAS)
        assert outcome.success or outcome.output, (name, outcome.error)
        found[name] = outcome.success, outcome.output
    assert len(set(found.values())) == 1, found
    if taken is not None:
        assert found["twin"][0] is taken, found
    return found["twin"][1]


@pytest.mark.parametrize("data", [data for data, _ in LINES.values()], ids=LINES.keys())
def test_all_refuse_with_the_same_bytes(evm: Quick, data: bytes) -> None:
    assert_agree(evm, data, taken=False)


people = st.one_of(
    st.binary(min_size=20, max_size=20),
    st.integers(0, 20).map(lambda number: number.to_bytes(20, "big")),
)
weights = st.integers(0, 3) | st.integers(0, 2**58)
recipients = st.dictionaries(people, weights, min_size=1, max_size=20).map(
    lambda found: sorted(found.items())
)
amounts = st.integers(0, 50) | st.integers(0, 2**128 - 1)


@settings(max_examples=60)
@given(method=st.sampled_from(sorted(METHODS.values())), amount=amounts, people=recipients)
def test_all_settle_alike(evm: Quick, method: int, amount: int, people: list[Entry]) -> None:
    taken = any(weight for _, weight in people)
    assert_agree(evm, encode_settle_root(method, amount, encode_packed(people)), taken=taken)


@settings(max_examples=60)
@given(
    amount=amounts,
    people=recipients,
    before=st.integers(0, 2**62),
    after=st.integers(-1, 2**62),
    first=st.integers(0, 70) | st.integers(2**32 - 21, 2**32 - 1),
)
def test_all_settle_chunks_alike(
    evm: Quick, amount: int, people: list[Entry], before: int, after: int, first: int
) -> None:
    total = max(0, before + sum(weight for _, weight in people) + after)
    data = encode_settle_root_chunk(amount, total, before, first, encode_packed(people))
    taken = total > 0 and after >= 0 and first + len(people) <= 2**32
    assert_agree(evm, data, taken=taken)


@settings(max_examples=40)
@given(
    people=st.dictionaries(people, st.integers(0, 2**122), min_size=1, max_size=20),
    data=st.data(),
)
def test_all_verify_alike(evm: Quick, people: dict[bytes, int], data: st.DataObject) -> None:
    tree = SumTree(sorted(people.items()))
    index = data.draw(st.integers(0, len(people) - 1))
    who, amount = sorted(people.items())[index]
    good = encode_verify_leaf(
        tree.root.root, tree.root.total, index, who, amount, tree.proof(index)
    )
    assert assert_agree(evm, good) == (1).to_bytes(32, "big")
    # Anywhere but in the heads and the length: still well-formed, and wrong.
    size = len(tree.proof(index))
    places = [*range(4, 36), *range(52, 68), *range(96, 100), *range(112, 132), *range(148, 164)]
    places += range(228, 228 + size)
    place = data.draw(st.sampled_from(places))
    bad = bytearray(good)
    bad[place] ^= 1 << data.draw(st.integers(0, 7))
    assert assert_agree(evm, bytes(bad)) == bytes(32)


@settings(max_examples=60)
@given(
    root=st.binary(min_size=32, max_size=32),
    index=st.integers(0, 5) | st.integers(0, 2**32 - 1),
    count=st.integers(0, 5) | st.integers(0, 2**32 - 1),
    amounts=st.tuples(amounts, amounts),
    nodes=st.lists(st.tuples(st.binary(min_size=32, max_size=32), amounts), max_size=34),
    more=st.binary(max_size=3),
)
def test_all_agree_on_proofs_of_any_shape(
    evm: Quick,
    root: bytes,
    index: int,
    count: int,
    amounts: tuple[int, int],
    nodes: list[tuple[bytes, int]],
    more: bytes,
) -> None:
    proof = count.to_bytes(4, "big") + b"".join(h + s.to_bytes(16, "big") for h, s in nodes)
    assert_agree(evm, encode_verify_leaf(root, amounts[0], index, b"\7" * 20, amounts[1], proof))
    cut = encode_verify_leaf(root, amounts[0], index, b"\7" * 20, amounts[1], proof[:3] + more)
    assert_agree(evm, cut)


shares = st.sampled_from([0, 1, 5000, 9999, 10_000]) | st.integers(0, 10_000)
edges = st.tuples(
    st.integers(0, 8), st.integers(0, 8), st.integers(0, 2) | st.integers(1, 2**32 - 1)
)


@settings(max_examples=80)
@given(
    amount=amounts,
    nodes=st.lists(shares, min_size=1, max_size=9),
    links=st.lists(edges, max_size=14),
)
def test_all_let_money_flow_alike(
    evm: Quick, amount: int, nodes: list[int], links: list[tuple[int, int, int]]
) -> None:
    """Half of the edges made good, so that both answers and refusals are compared."""
    bound = len(nodes)
    good = {(c, p): w + 1 for c, p, w in links if p < c < bound and w < 2**32 - 1}
    sorted_good = [(c, p, w) for (c, p), w in sorted(good.items())]
    data = encode_payout_tree(amount, encode_nodes(nodes), encode_edges(sorted_good))
    assert_agree(evm, data, taken=max(nodes) <= 10_000)
    assert_agree(evm, encode_payout_tree(amount, encode_nodes(nodes), encode_edges(links)))
    assert_agree(evm, encode_payout_tree(amount, encode_nodes(nodes), encode_edges(sorted(links))))


GOOD = [
    encode_settle_root(CASCADE, 77, encode_packed([(b"\1" * 20, 3), (b"\2" * 20, 4)])),
    encode_settle_root_chunk(77, 90, 5, 6, encode_packed([(b"\1" * 20, 3), (b"\2" * 20, 4)])),
    encode_verify_leaf(b"\5" * 32, 77, 1, b"\1" * 20, 7, (2).to_bytes(4, "big") + bytes(48)),
    encode_payout_tree(77, encode_nodes([1, 2, 3]), encode_edges([(1, 0, 4), (2, 1, 5)])),
]


@settings(max_examples=150)
@given(
    good=st.sampled_from(GOOD),
    changes=st.lists(st.tuples(st.integers(4, 330), st.integers(0, 255)), max_size=3),
    cut=st.integers(0, 70) | st.just(0),
    more=st.binary(max_size=33) | st.just(b""),
)
def test_all_agree_on_bytes_changed_cut_or_added(
    evm: Quick, good: bytes, changes: list[tuple[int, int]], cut: int, more: bytes
) -> None:
    data = bytearray(good)
    for place, value in changes:
        data[4 + place % (len(data) - 4)] = value
    assert_agree(evm, bytes(data[: max(4, len(data) - cut)]) + more)


@settings(max_examples=60)
@given(
    selector=st.sampled_from(sorted(FUNCTIONS)),
    words=st.lists(
        st.one_of(
            st.integers(0, 3),
            st.sampled_from([28, 32, 56, 64, 96, 128, 160, 192, 2**32, 2**64, 2**128]),
            st.integers(0, 2**256 - 1),
        ),
        max_size=12,
    ),
)
def test_all_agree_on_noise_of_words(evm: Quick, selector: bytes, words: list[int]) -> None:
    assert_agree(evm, selector + b"".join(word.to_bytes(32, "big") for word in words))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 31, 33, 64, 100])
def test_all_settle_trees_of_every_shape_alike(evm: Quick, count: int) -> None:
    people = [(bytes([9, place]) * 10, place * place % 89 + 1) for place in range(count)]
    data = encode_settle_root(CASCADE, 10**24 + 7, encode_packed(people))
    assert_agree(evm, data, taken=True)


def test_a_twin_settles_a_chunk_of_the_vault_within_a_transaction(evm: Quick) -> None:
    """1,024 recipients: 2.0 million gas, an eighth of what one transaction may use (2**24)."""
    people = [(place.to_bytes(20, "big"), place * 7919 % 1009 + 1) for place in range(1024)]
    data = encode_settle_root_chunk(10**24, 2**40, 5, 0, encode_packed(people))
    assert_agree(evm, data, taken=True)
    assert evm.call(TWIN, data, gas=GAS).gas_used < 2_200_000


@pytest.mark.slow
def test_all_agree_on_as_much_as_there_may_be(evm: Quick) -> None:
    people = [(place.to_bytes(20, "big"), place * 7919 % 10_007) for place in range(4096)]
    for method in sorted(METHODS.values()):
        data = encode_settle_root(method, 10**27 + 1, encode_packed(people))
        assert_agree(evm, data, taken=True)
    links = [(child, parent, child + 1) for child in range(MAX_NODES) for parent in range(child)]
    links = links[-MAX_EDGES:]
    data = encode_payout_tree(10**27, encode_nodes([9] * MAX_NODES), encode_edges(links))
    assert_agree(evm, data, taken=True)
