"""Calls of blob transactions: contracts see the hashes, and what no block takes is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from byline.derivation.blob_parameters import BLOB_GAS
from byline.node.chain.calls import call, estimate_gas
from byline.rpc.backend import AccountOverride, BlockOverrides, CallRequest, Refused
from tests.integration.rollups import ALICE, world

TELLS = b"\xc0" * 20
HASHES = (b"\x01" + b"\xaa" * 31, b"\x01" + b"\xbb" * 31)
CODE = AccountOverride(code=bytes.fromhex("5f3549" + "5f5260205ff3"))
"""Returns the blob hash whose index is in the calldata."""
REQUEST = CallRequest(
    sender=ALICE.address, to=TELLS, data=(1).to_bytes(32, "big"), blob_hashes=HASHES
)


def test_a_contract_sees_the_hashes_of_the_call() -> None:
    chain = world().rollup.l1.chain
    assert call(chain, chain.head, REQUEST, {TELLS: CODE}) == HASHES[1]
    alone = replace(REQUEST, blob_hashes=HASHES[:1])
    assert call(chain, chain.head, alone, {TELLS: CODE}) == bytes(32)
    assert estimate_gas(chain, chain.head, REQUEST, {TELLS: CODE}, lambda *_: 0) > 21_000


@pytest.mark.parametrize(
    ("hashes", "words"),
    [
        ((b"\x02" + b"\xaa" * 31,), "blob 0 has invalid hash version: 0x02, want 0x01"),
        (HASHES * 4, "too many blobs: 8, want at most 6"),
    ],
)
def test_hashes_that_no_block_takes_are_refused(hashes: tuple[bytes, ...], words: str) -> None:
    chain = world().rollup.l1.chain
    with pytest.raises(Refused, match=words):
        call(chain, chain.head, replace(REQUEST, blob_hashes=hashes), {})


def test_the_price_of_blobs_must_be_met_and_owned() -> None:
    chain = world().rollup.l1.chain
    cheap = replace(REQUEST, max_fee_per_blob_gas=4)
    dear = BlockOverrides(blob_base_fee=5)
    with pytest.raises(Refused, match="maxFeePerBlobGas: 4, blobBaseFee: 5"):
        call(chain, chain.head, cheap, {}, block=dear)
    most = 10**18
    poor = AccountOverride(balance=2 * BLOB_GAS * most - 1)
    rich = replace(REQUEST, max_fee_per_blob_gas=most, max_fee_per_gas=10**10)
    with pytest.raises(Refused, match="insufficient funds"):
        call(chain, chain.head, rich, {ALICE.address: poor})
    with pytest.raises(Refused, match="insufficient funds"):
        estimate_gas(chain, chain.head, rich, {ALICE.address: poor}, lambda *_: 0)


def test_an_l2_takes_none() -> None:
    chain = world().rollup.engine.chain
    with pytest.raises(Refused, match="transaction type not supported"):
        call(chain, chain.head, REQUEST, {})
