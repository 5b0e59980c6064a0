"""Prices and outputs of the functions on trees, and which core does the work."""

from __future__ import annotations

import pytest
from eth_abi.abi import decode

from byline.precompiles import math
from byline.precompiles.math import _payout_tree_c, _sum_tree_c, payout_tree, sum_tree
from byline.precompiles.math.call import CASCADE, HAMILTON
from byline.precompiles.math.gas import MINIMUM, apportion_gas
from byline.precompiles.math.payout_tree import encode_edges, encode_nodes, encode_payout_tree
from byline.precompiles.math.sum_tree import SumTree
from byline.precompiles.math.sum_tree_calls import (
    encode_packed,
    encode_settle_root,
    encode_settle_root_chunk,
    encode_verify_leaf,
)

A, B, C = (bytes([digit]) * 20 for digit in (0xA1, 0xB2, 0xC3))
THREE = [(A, 1), (B, 2), (C, 4)]


def test_the_kernels_are_loaded() -> None:
    assert sum_tree.BACKEND == payout_tree.BACKEND == "cython"
    assert sum_tree.top is _sum_tree_c.top
    assert vars(payout_tree)["flow"] is _payout_tree_c.flow


def test_a_settled_root_proves_what_each_is_paid() -> None:
    output = math.run(encode_settle_root(CASCADE, 100, encode_packed(THREE)))
    root, total, count = decode(["bytes32", "uint128", "uint32"], output)
    paid = [(A, 14), (B, 28), (C, 58)]
    tree = SumTree(paid)
    assert (root, total, count) == (tree.root.root, 100, 3)
    for index, (who, amount) in enumerate(paid):
        proof = tree.proof(index)
        call = encode_verify_leaf(root, total, index, who, amount, proof)
        assert decode(["bool"], math.run(call)) == (True,)
        call = encode_verify_leaf(root, total, index, who, amount + 1, proof)
        assert decode(["bool"], math.run(call)) == (False,)


def test_a_chunk_says_what_it_pays_and_reaches() -> None:
    call = encode_settle_root_chunk(100, 7, 1, 1, encode_packed(THREE[1:]))
    _, paid, end = decode(["bytes32", "uint128", "uint64"], math.run(call))
    assert (paid, end) == (86, 7)


def test_a_chunk_may_end_before_the_total_and_pay_nothing() -> None:
    call = encode_settle_root_chunk(5, 2**64 - 1, 0, 2**32 - 3, encode_packed(THREE))
    _, paid, end = decode(["bytes32", "uint128", "uint64"], math.run(call))
    assert (paid, end) == (0, 7)


def test_a_model_keeps_its_share_and_its_parents_get_the_rest() -> None:
    call = encode_payout_tree(
        1000, encode_nodes([0, 2500, 6000]), encode_edges([(1, 0, 1), (2, 0, 1), (2, 1, 3)])
    )
    (kept,) = decode(["uint128[]"], math.run(call))
    assert kept == (100 + 225, 75, 600)


@pytest.mark.parametrize("method", [CASCADE, HAMILTON])
@pytest.mark.parametrize("count", [1, 10, 4096])
def test_a_root_costs_what_its_division_and_its_leaves_do(method: int, count: int) -> None:
    packed = encode_packed([(place.to_bytes(20, "big"), 1) for place in range(count)])
    wanted = 800 + apportion_gas(method, count) + 150 * count
    assert math.gas(encode_settle_root(method, 9, packed)) == wanted
    if method == CASCADE:
        assert math.gas(encode_settle_root_chunk(9, 2**64 - 1, 0, 0, packed)) == wanted


def test_a_proof_costs_its_levels_up_to_those_of_the_largest_tree() -> None:
    prices = {
        levels: math.gas(encode_verify_leaf(bytes(32), 5, 0, A, 5, bytes(4 + 48 * levels)))
        for levels in (0, 1, 20, 32, 33, 1000)
    }
    assert prices == {0: 1100, 1: 1220, 20: 3500, 32: 4940, 33: 4940, 1000: 4940}


def test_a_payout_tree_costs_its_nodes_and_edges() -> None:
    nodes, edges = encode_nodes([0] * 5), encode_edges([(1, 0, 1), (2, 0, 1)])
    assert math.gas(encode_payout_tree(9, nodes, edges)) == 1100 + 5 * 40 + 2 * 25
    assert math.gas(encode_payout_tree(9, b"", edges)) == MINIMUM
