"""Prices and outputs of the functions on trees, and which core does the work."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

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
    wanted = apportion_gas(method, count) + 150 * count
    assert math.gas(encode_settle_root(method, 9, packed)) == wanted
    if method == CASCADE:
        assert math.gas(encode_settle_root_chunk(9, 2**64 - 1, 0, 0, packed)) == wanted


def test_a_proof_costs_its_levels_up_to_those_of_the_largest_tree() -> None:
    prices = {
        levels: math.gas(encode_verify_leaf(bytes(32), 5, 0, A, 5, bytes(4 + 48 * levels)))
        for levels in (0, 1, 20, 32, 33, 1000)
    }
    assert prices == {0: 1500, 1: 1620, 20: 3900, 32: 5340, 33: 5340, 1000: 5340}


def test_a_payout_tree_costs_its_nodes_and_edges() -> None:
    nodes, edges = encode_nodes([0] * 5), encode_edges([(1, 0, 1), (2, 0, 1)])
    assert math.gas(encode_payout_tree(9, nodes, edges)) == 1300 + 5 * 40 + 2 * 25
    assert math.gas(encode_payout_tree(9, b"", edges)) == MINIMUM


def test_the_kernel_takes_whole_entries_and_nothing_else() -> None:
    """What the reading of input makes sure of, asked of the kernel all the same."""
    kernel = _sum_tree_c
    good = kernel.levels(bytes(36), 0)[-1]
    for entries, first in (
        (b"", 0),
        (bytes(35), 0),
        (bytes(37), 0),
        (bytes(72), 2**32 - 1),
        (bytes(36), -1),
        (bytes(36), 2**70),
    ):
        with pytest.raises(ValueError, match="want whole entries"):
            kernel.levels(entries, first)
        with pytest.raises(ValueError, match="want whole entries"):
            kernel.top(entries, first)
    with pytest.raises(ValueError, match="not whole entries"):
        kernel.weights_of(bytes(29))
    with pytest.raises(ValueError, match="not whole entries"):
        kernel.entries_of(bytes(28), bytes(33))
    with pytest.raises(ValueError, match="for 1 recipients"):
        kernel.entries_of(bytes(28), bytes(64))
    for root, entry in ((bytes(31), bytes(36)), (bytes(32), bytes(35))):
        with pytest.raises(ValueError, match="a root of"):
            kernel.proves(root, 0, 0, entry, b"")
    for total, index in ((2**128, 0), (-1, 0), (0, 2**32), (0, -1)):
        with pytest.raises(OverflowError):
            kernel.proves(bytes(32), total, index, bytes(36), good)


@pytest.mark.parametrize("wrong", [None, "text", 5, bytearray(36)])
def test_the_kernel_takes_bytes_and_nothing_else(wrong: Any) -> None:
    for call in (
        lambda: _sum_tree_c.levels(wrong, 0),
        lambda: _sum_tree_c.top(wrong, 0),
        lambda: _sum_tree_c.weights_of(wrong),
        lambda: _sum_tree_c.entries_of(bytes(28), wrong),
        lambda: _sum_tree_c.proves(bytes(32), 0, 0, bytes(36), wrong),
        lambda: _payout_tree_c.flow(0, bytes(2), wrong),
        lambda: _payout_tree_c.flow(0, wrong, b""),
    ):
        with pytest.raises(TypeError):
            call()


def test_sums_too_high_leave_no_memory_behind() -> None:
    """The way out by an error, often enough that a block of 1.4 MB left each time would show."""
    entries = b"".join(bytes(20) + b"\x80" + bytes(15) for _ in range(30_000))
    before = resident()
    for _ in range(40):
        with pytest.raises(ValueError, match="above 2\\*\\*128 - 1"):
            _sum_tree_c.top(entries, 0)
        with pytest.raises(ValueError, match="above 2\\*\\*128 - 1"):
            _sum_tree_c.levels(entries, 0)
    assert resident() - before < 30_000_000


def resident() -> int:
    """Return the bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
