"""Laws of payout trees, on the reference and on the kernel."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.precompiles.math.payout_tree import encode_edges, encode_nodes, payout_tree
from byline.precompiles.math.tree_refusals import MAX_EDGES, MAX_NODES
from tests.tree_cores import CORES, PAYOUT_TREES, core

Edge = tuple[int, int, int]
Tree = tuple[list[int], list[Edge]]


@pytest.fixture(params=CORES, scope="module", autouse=True)
def chosen(request: pytest.FixtureRequest) -> object:
    """Run every law on one core, then on the other."""
    with core(request.param):
        yield request.param


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Shares in basis points, and edges (child, parent, weight) in order."""
    count = draw(st.integers(1, 9))
    shares = st.sampled_from([0, 1, 3333, 9999, 10_000]) | st.integers(0, 10_000)
    pairs = [(child, parent) for child in range(count) for parent in range(child)]
    chosen = draw(st.sets(st.sampled_from(pairs), max_size=20)) if pairs else set()
    weights = st.integers(1, 3) | st.integers(1, 2**32 - 1)
    return (
        draw(st.lists(shares, min_size=count, max_size=count)),
        [(child, parent, draw(weights)) for child, parent in sorted(chosen)],
    )


amounts = st.integers(0, 50) | st.integers(0, 2**128 - 1) | st.just(2**128 - 1)


def reached_from_last(tree: Tree) -> set[int]:
    """Return the nodes that some path leads to."""
    shares, edges = tree
    found = {len(shares) - 1}
    for child, parent, _ in reversed(edges):
        if child in found:
            found.add(parent)
    return found


@given(tree=trees(), amount=amounts)
def test_what_all_keep_is_the_amount(tree: Tree, amount: int) -> None:
    kept = payout_tree(amount, *tree)
    assert sum(kept) == amount
    assert len(kept) == len(tree[0])


@given(tree=trees(), amount=amounts)
def test_what_no_path_reaches_keeps_nothing(tree: Tree, amount: int) -> None:
    kept = payout_tree(amount, *tree)
    assert all(kept[node] == 0 for node in set(range(len(kept))) - reached_from_last(tree))


@given(tree=trees(), amount=amounts)
def test_every_node_passes_on_what_it_does_not_keep(tree: Tree, amount: int) -> None:
    """The flow into a node, from the definition, against what the call says it keeps."""
    shares, edges = tree
    kept = payout_tree(amount, shares, edges)
    inflow = [0] * len(shares)
    inflow[-1] = amount
    for node in reversed(range(len(shares))):
        parents = [(parent, weight) for child, parent, weight in edges if child == node]
        if not parents:
            assert kept[node] == inflow[node]
            continue
        assert kept[node] == inflow[node] * shares[node] // 10_000
        rest, total = inflow[node] - kept[node], sum(weight for _, weight in parents)
        reached = 0
        passed = 0
        for parent, weight in parents:
            before = rest * reached // total
            reached += weight
            part = rest * reached // total - before
            assert abs(part - Fraction(rest * weight, total)) < 1
            inflow[parent] += part
            passed += part
        assert passed == rest


@given(tree=trees(), amount=amounts, extra=st.integers(0, 10_000))
def test_a_node_that_nobody_leads_to_changes_nothing(tree: Tree, amount: int, extra: int) -> None:
    """A stranger put first shifts every index, and nobody's money."""
    shares, edges = tree
    shifted = [(child + 1, parent + 1, weight) for child, parent, weight in edges]
    kept = payout_tree(amount, [extra, *shares], shifted)
    assert kept == (0, *payout_tree(amount, shares, edges))


@given(tree=trees(), amount=amounts, factor=st.integers(2, 9))
def test_only_the_proportion_of_weights_counts(tree: Tree, amount: int, factor: int) -> None:
    shares, edges = tree
    small = [(child, parent, weight % 1000 + 1) for child, parent, weight in edges]
    large = [(child, parent, weight * factor) for child, parent, weight in small]
    assert payout_tree(amount, shares, small) == payout_tree(amount, shares, large)


def test_a_chain_of_ancestors_costs_one_step_each() -> None:
    """The deepest tree there can be: each keeps a tenth of a percent of what reaches it."""
    shares = [10] * MAX_NODES
    edges = [(node, node - 1, 1) for node in range(1, MAX_NODES)]
    kept = payout_tree(10**30, shares, edges)
    assert sum(kept) == 10**30
    flow = 10**30
    for node in reversed(range(1, MAX_NODES)):
        assert kept[node] == flow // 1000
        flow -= kept[node]
    assert kept[0] == flow


def test_paths_that_double_at_every_step_are_walked_once() -> None:
    """Two ways from each node down: 2**511 paths, and as many steps as edges."""
    count = MAX_NODES
    edges = [(node, node - back, 1) for node in range(2, count) for back in (2, 1)]
    kept = payout_tree(2**128 - 1, [0] * count, edges)
    assert sum(kept) == 2**128 - 1
    assert kept[0] + kept[1] == 2**128 - 1


def test_the_most_nodes_and_edges_are_taken() -> None:
    edges = [(child, parent, 2**32 - 1) for child in range(1, 100) for parent in range(child)]
    edges = edges[: MAX_EDGES - 64] + [(1023, parent, 2**32 - 1) for parent in range(64)]
    kept = payout_tree(2**128 - 1, [5000] * MAX_NODES, edges)
    assert len(edges) == MAX_EDGES
    assert sum(kept) == 2**128 - 1


@pytest.mark.parametrize("name", CORES)
def test_a_core_refuses_what_the_reading_of_input_keeps_from_it(name: str) -> None:
    """The kernel's own bounds: nothing is read beyond what was given."""
    flow = PAYOUT_TREES[name].flow
    good = encode_nodes([0, 0]), encode_edges([(1, 0, 1)])
    assert len(flow(1, *good)) == 64
    if name == "cython":
        for nodes, edges in ((b"", b""), (good[0] + b"\0", b""), (good[0], good[1][:-1])):
            with pytest.raises(ValueError, match="bytes of nodes"):
                flow(1, nodes, edges)
        with pytest.raises(ValueError, match="bytes of nodes"):
            flow(1, bytes(2 * (MAX_NODES + 1)), b"")
        with pytest.raises(OverflowError):
            flow(2**128, *good)
