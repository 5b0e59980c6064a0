"""Blob transactions on the local L1, sent by hand: checked, paid, kept, read by derivation."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
import rlp

from byline.derivation.blob import encode_blob
from byline.derivation.blob_parameters import BLOB_GAS
from byline.derivation.transaction import Transaction
from byline.node.accounts import BATCHER_INDEX, dev_account
from byline.node.backend.receipts import located_receipts
from byline.node.config import NodeConfig
from byline.node.errors import ConfigError
from byline.node.l1.network_form import read_network_form
from byline.node.l2.inbox_transaction import Fees, Sidecar, in_blobs, sidecar_of
from byline.node.rollups.rollup import Rollup
from byline.node.storage.kv import MemoryKV
from byline.node.verifier import Verifier
from byline.rpc.backend import Refused
from tests.integration.rollups import ALICE, BOB, LocalSource, World, world

GWEI = 10**9
FEES = Fees(most=10 * GWEI, tip=GWEI, blob=GWEI)
SIDECARS: dict[tuple[int, str], Sidecar] = {}


def sidecar(count: int = 1, kind: Any = "blob") -> Sidecar:
    """Return a sidecar of `count` blobs, made once."""
    if (count, kind) not in SIDECARS:
        blobs = [encode_blob(b"blob %d" % index) for index in range(count)]
        SIDECARS[count, kind] = Sidecar.of(blobs, kind)
    return SIDECARS[count, kind]


def signed(here: World, of: Sidecar, fees: Fees = FEES, **changes: Any) -> Transaction:
    nonce = here.rollup.l1.chain.machine(here.rollup.l1.head).nonce(ALICE.address)
    nonce += here.rollup.pools["l1"].count(ALICE.address)
    account = replace(ALICE, **changes)
    return in_blobs(account, BOB.address, 900, nonce, fees, of).transaction


def send(here: World, of: Sidecar, fees: Fees = FEES) -> Transaction:
    tx = signed(here, of, fees)
    here.rollup.submit("l1", of.wrap(tx.raw))
    return tx


@pytest.mark.parametrize("kind", ["blob", "cell"])
@pytest.mark.parametrize("fork", ["prague", "osaka"])
def test_a_blob_transaction_is_mined_paid_and_its_blobs_are_there(fork: str, kind: str) -> None:
    here = world(NodeConfig(l1_fork=fork))
    before = here.balance("l1", ALICE.address)
    coinbase = here.balance("l1", here.rollup.l1.head.coinbase)
    tx = send(here, sidecar(2, kind))

    block = here.rollup.l1.block(1)
    assert block is not None
    assert (tx,) == block.transactions
    assert (2 * BLOB_GAS, 0) == (block.header.blob_gas_used, block.header.excess_blob_gas)
    assert dict(zip(sidecar(2, kind).hashes, sidecar(2, kind).blobs, strict=True)) == block.blobs
    base_fee = block.header.base_fee or 0
    paid = before - here.balance("l1", ALICE.address)
    assert paid == 21_000 * (base_fee + GWEI) + 2 * BLOB_GAS * 1
    tips = here.balance("l1", block.header.coinbase) - coinbase
    assert tips == 21_000 * GWEI
    executed = here.rollup.l1.chain.canonical_block(1)
    assert executed is not None
    (located,) = located_receipts(executed, block.receipts, None, 1)
    assert located.blob_gas_price == 1


def test_the_l2_derives_from_blobs_posted_by_hand() -> None:
    here = world()
    for _ in range(3):
        here.send("l2")
    rollup, batcher = here.rollup, dev_account(BATCHER_INDEX)
    config = rollup.engine.config
    postings = list(rollup.batcher.postings(rollup.l1_conditions()))
    for posting in postings:
        of = sidecar_of(posting.items, "cell")
        nonce = rollup.l1.chain.machine(rollup.l1.head).nonce(batcher.address)
        sent = in_blobs(batcher, config.batch_inbox, 900, nonce, FEES, of)
        rollup.submit("l1", sent.network)

    assert rollup.engine.heads.safe.number == 3

    async def run() -> Verifier:
        verifier = Verifier(config, LocalSource(rollup), MemoryKV())
        await verifier.start()
        await verifier.run(None, lambda _: None, follow=False)
        return verifier

    assert asyncio.run(run()).engine.heads.safe == rollup.engine.heads.safe


def test_six_blobs_fit_into_a_transaction_since_osaka_and_nine_before() -> None:
    with pytest.raises(Refused, match="7 blobs, want 1 to 6"):
        send(world(), sidecar(7))
    here = world(NodeConfig(l1_fork="prague"))
    send(here, sidecar(7))
    assert here.rollup.l1.head.blob_gas_used == 7 * BLOB_GAS


def test_a_block_holds_nine_blobs_and_the_rest_waits_for_the_next() -> None:
    here = world()
    rollup = here.rollup
    rollup.mining = replace(rollup.mining, automine=False)
    for _ in range(2):
        send(here, sidecar(6))
    rollup.mine_l1()
    assert (rollup.l1.head.blob_gas_used, len(rollup.pools["l1"])) == (6 * BLOB_GAS, 1)
    rollup.mine_l1()
    assert (rollup.l1.head.blob_gas_used, len(rollup.pools["l1"])) == (6 * BLOB_GAS, 0)
    # 6 blobs are the target; at 1 wei the bound of EIP-7918 lets the excess grow by a third.
    rollup.mine_l1()
    assert rollup.l1.head.excess_blob_gas == 2 * (6 * BLOB_GAS) // 3


def test_the_price_rises_with_the_excess_and_too_low_an_offer_waits() -> None:
    here = world(NodeConfig(l1_fork="prague"))
    rollup = here.rollup
    head = rollup.l1.head
    dear = head.with_(excess_blob_gas=40_000_000)
    assert rollup.l1.chain.rules.blob_base_fee(dear) == 2_944
    rollup.mining = replace(rollup.mining, automine=False)
    send(here, sidecar(1), Fees(10 * GWEI, GWEI, 0))
    rollup.mine_l1()
    assert (rollup.l1.head.blob_gas_used, len(rollup.pools["l1"])) == (0, 1)


def test_funds_must_reach_for_value_gas_and_blobs() -> None:
    here = world()
    with pytest.raises(Refused, match="insufficient funds"):
        send(here, sidecar(1), Fees(10 * GWEI, GWEI, 10**18))


def test_the_form_of_a_block_is_refused_where_the_blobs_are_not_known() -> None:
    here = world()
    tx = signed(here, sidecar(1))
    with pytest.raises(Refused, match="missing sidecar"):
        here.rollup.submit("l1", tx.raw)


def test_the_l2_takes_no_blobs() -> None:
    here = world()
    tx = signed(here, sidecar(1))
    for raw in (tx.raw, sidecar(1).wrap(tx.raw)):
        with pytest.raises(Refused):
            here.rollup.submit("l2", raw)


def rewrapped(of: Sidecar, raw: bytes, **changes: Any) -> bytes:
    return replace(of, **changes).wrap(raw)


def test_what_does_not_prove_its_blobs_is_refused() -> None:
    here = world()
    one, cells, two = sidecar(1), sidecar(1, "cell"), sidecar(2)
    raw = signed(here, one).raw
    other = encode_blob(b"other")
    cases = {
        "the proof of blob 0 does not hold": [
            rewrapped(one, raw, proofs=(two.proofs[1],)),
            rewrapped(one, raw, proofs=(b"\xff" * 48,)),
            rewrapped(one, raw, blobs=(other,)),
            rewrapped(one, raw, blobs=(b"\xff" * 131_072,)),
            rewrapped(cells, raw, blobs=(other,)),
            rewrapped(cells, raw, proofs=cells.proofs[1:] + cells.proofs[:1]),
        ],
        "the commitments hash to": [two.wrap(raw), rewrapped(one, raw, commitments=(bytes(48),))],
        "want 1 for each blob": [rewrapped(one, raw, proofs=one.proofs * 2)],
        "want 128 for each blob": [rewrapped(cells, raw, proofs=cells.proofs[:-1])],
        "want 131072 bytes": [rewrapped(one, raw, blobs=(b"\0" * 131_071,))],
        "want 48 bytes": [
            rewrapped(one, raw, commitments=(b"\0" * 47,)),
            rewrapped(one, raw, proofs=(b"\0" * 49,)),
        ],
        "0 blobs, want 1 to 6": [rewrapped(one, raw, blobs=(), commitments=(), proofs=())],
        "want blobs, commitments and": [b"\x03" + rlp.encode([rlp.decode(raw[1:]), [], []])],
        "the version of its sidecar": [
            b"\x03" + rlp.encode([rlp.decode(raw[1:]), b"\x02", [], [], []])
        ],
        "are no list": [b"\x03" + rlp.encode([rlp.decode(raw[1:]), b"", [], []])],
        "want an RLP list": [b"\x03\xc0", b"\x03\x80"],
        "blob transaction: ": [b"\x03", b"\x03\xff"],
    }
    for words, items in cases.items():
        for item in items:
            with pytest.raises(Refused, match=words):
                here.rollup.submit("l1", item)
    assert len(here.rollup.pools["l1"]) == 0
    transaction, blobs = read_network_form(cells.wrap(raw), 6)
    assert (transaction.raw, len(blobs[0].proofs)) == (raw, 48 * 128)


def test_a_pooled_blob_transaction_survives_a_restart_and_keeps_its_blobs() -> None:
    kv = MemoryKV()
    here = world(kv=kv)
    here.rollup.mining = replace(here.rollup.mining, automine=False)
    tx = send(here, sidecar(1))
    again = world(kv=kv)
    assert again.rollup.pools["l1"].get(tx.hash) == tx
    again.rollup.mine_l1()
    block = again.rollup.l1.block(again.rollup.l1.head.number)
    assert block is not None
    assert list(block.blobs) == list(sidecar(1).hashes)


def test_a_stored_l1_keeps_its_fork() -> None:
    kv = MemoryKV()
    world(NodeConfig(l1_fork="prague"), kv)
    later = world(NodeConfig(), kv)
    assert later.rollup.l1.chain.rules.transaction_gas_cap(2**40) is None
    with pytest.raises(ConfigError, match="l1_fork is osaka, but the data folder was made with"):
        world(NodeConfig(l1_fork="osaka", sources={"l1_fork": "--l1-fork"}), kv)


@pytest.mark.parametrize("fork", ["prague", "osaka"])
def test_the_l1_caps_the_gas_of_a_transaction_since_osaka(fork: str) -> None:
    here = world(NodeConfig(l1_fork=fork))
    if fork == "prague":
        here.send("l1", gas=2**24 + 1)
    else:
        with pytest.raises(Refused, match="gas limit too high"):
            here.send("l1", gas=2**24 + 1)
    assert isinstance(here.rollup, Rollup)
