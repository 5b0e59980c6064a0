"""Nobody but the node that made it believes an impersonated transaction of the L1."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from byline.derivation.errors import InvalidData
from byline.derivation.hashing import keccak256
from byline.derivation.kernels import rlp
from byline.derivation.transaction import decode_transaction
from byline.derivation.types import L1Block
from byline.node.chain.chain import InvalidBlock
from byline.node.chain.impersonated import believe, is_impersonated
from byline.node.clock import ManualClock
from byline.node.l1.json_block import body_of, receipts_of
from byline.node.rollups.rollup import ChainName
from byline.node.storage.kv import MemoryKV
from byline.node.verifier import Verifier
from byline.rpc.backend import Refused
from tests.integration.rollups import ALICE, BOB, LocalSource, World, world
from tests.integration.serving import Port, served
from tests.integration.test_impersonation import WHO, as_hex, made, receipt_of, wish
from tests.integration.test_l1_reorg import converges

__all__ = ["made"]


def forged(chain_id: int, kind: int = 2) -> bytes:
    """Return the bytes of a transaction that names its sender in place of a signature."""
    body: list[Any] = [100_000, BOB.address, 0, b""]
    if kind == 0:
        return rlp.encode([0, 10**10, *body, 35 + 2 * chain_id, int.from_bytes(WHO, "big"), 0])
    fees = [10**10] if kind == 1 else [1, 10**10]
    fields = [chain_id, 0, *fees, *body, [], 0, int.from_bytes(WHO, "big"), 0]
    return bytes([kind]) + rlp.encode(fields)


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_nobody_can_send_such_a_transaction_in_raw_bytes(
    made: World, port: Port, name: ChainName, kind: int
) -> None:
    raw = forged(made.rollup.chain(name).chain_id, kind)
    read = decode_transaction(raw)
    assert is_impersonated(read)
    with pytest.raises(InvalidData, match="invalid transaction v, r, s"):
        _ = read.sender
    assert "r, s values" in port.error("eth_sendRawTransaction", as_hex(raw))["message"]
    with pytest.raises(Refused, match="r, s values"):
        made.rollup.submit(name, raw)


def test_an_l2_block_with_one_is_invalid(made: World) -> None:
    rollup = made.rollup
    raw = forged(rollup.chain("l2").chain_id)
    plan = rollup.sequencer.plan()
    bad = replace(plan.attributes, transactions=(*plan.attributes.transactions, raw))
    with pytest.raises(InvalidBlock, match="r, s values"):
        rollup.engine.build(rollup.engine.heads.unsafe, bad)


def test_one_in_the_journal_of_the_l2s_pool_does_not_come_back(made: World) -> None:
    raw = forged(made.rollup.chain("l2").chain_id)
    made.rollup.journals["l2"].keep(keccak256(raw), raw)
    again = world(kv=made.kv)
    assert not again.rollup.pools["l2"].transactions()
    again.rollup.mine("l2")
    assert again.rollup.engine.heads.unsafe.number > 0
    converges(again)


def test_an_impersonated_batcher_posts_no_batch() -> None:
    here = world()
    here.send("l2")
    here.send("l2")
    config = here.rollup.engine.config
    batcher = here.rollup.batch_account.address
    with served(here, "l1") as port:
        asked = wish(sender=batcher, to=config.batch_inbox, data="0x00" + "ab" * 40)
        tx_hash = port.result("eth_sendUnsignedTransaction", asked)
        assert receipt_of(port, tx_hash)["from"] == as_hex(batcher)
    reasons = [drop.reason for drop in here.rollup.driver.pipeline.drops]
    assert any("no signature" in reason for reason in reasons)
    converges(here)


class JsonSource(LocalSource):
    """Shows a verifier an L1 as it comes over JSON-RPC."""

    async def block_by_number(self, number: int) -> L1Block | None:
        block = await LocalSource.block_by_number(self, number)
        if block is None:
            return None
        return await asyncio.to_thread(self.read, block)

    def read(self, block: L1Block) -> L1Block:
        with served(World(self.rollup, ManualClock(0), MemoryKV()), "l1") as port:
            shown = port.result("eth_getBlockByNumber", hex(block.header.number), True)
            receipts = port.result("eth_getBlockReceipts", hex(block.header.number))
        header, transactions = body_of(shown)
        found = receipts_of(receipts, header, transactions)
        return L1Block(header, transactions, found, block.blobs)


def test_a_verifier_reads_such_an_l1_over_json_rpc(made: World) -> None:
    for name in ("l1", "l2"):
        with served(made, name) as port:
            for more in ({}, {"type": "0x0"}, {"type": "0x1"}):
                port.result("eth_sendUnsignedTransaction", wish(value="0x1") | more)
    while made.rollup.flush():
        pass

    async def run() -> Verifier:
        verifier = Verifier(made.rollup.engine.config, JsonSource(made.rollup), MemoryKV())
        await verifier.start()
        await verifier.run(None, lambda _: None, follow=False)
        return verifier

    heads = made.rollup.engine.heads
    assert asyncio.run(run()).engine.heads.safe == heads.safe == heads.unsafe


def test_only_what_names_an_address_is_believed() -> None:
    signed = decode_transaction(world().transfer("l1").raw)
    believe(signed)
    assert not is_impersonated(signed)
    assert signed.sender == ALICE.address
