import asyncio

from byline.derivation.senders import knows_sender
from byline.derivation.transaction import Transaction
from byline.node.backend.chain import MANY_TRANSACTIONS, NodeChain
from byline.node.backend.threads import Threads
from byline.node.rollups.rollup import Mining
from byline.node.storage.kv import MemoryKV
from tests.integration.rollups import world


def test_the_senders_of_a_large_block_from_the_disk_are_known_before_the_loop_asks() -> None:
    kv = MemoryKV()
    first = world(kv=kv)
    first.rollup.mining = Mining(automine=False)
    for _ in range(MANY_TRANSACTIONS + 1):
        first.send("l2")
    first.rollup.mine_l2()
    rollup = world(kv=kv).rollup
    rollup.engine.chain.store._blocks._entries.clear()
    threads = Threads()
    try:
        block = asyncio.run(NodeChain(rollup, "l2", threads).block("latest"))
    finally:
        threads.close()
    assert block is not None
    signed = [tx for tx in block.transactions if isinstance(tx, Transaction)]
    assert len(signed) == MANY_TRANSACTIONS + 1
    assert all(knows_sender(tx) for tx in signed)
