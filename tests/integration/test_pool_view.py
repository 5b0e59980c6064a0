"""What the RPC shows of the pool."""

import asyncio

from byline.node.backend.pool import NodePool
from byline.node.backend.threads import Threads
from byline.node.signing import sign_dynamic_fee
from tests.integration.rollups import ALICE, BOB, world


def test_a_transaction_that_does_not_pay_the_base_fee_is_seen_waiting() -> None:
    here = world()
    chain = here.rollup.engine.chain
    poor = sign_dynamic_fee(
        ALICE, chain_id=chain.chain_id, nonce=0, gas=21_000, to=BOB.address, max_fee=1, tip=0
    )
    here.rollup.submit("l2", poor.raw)
    threads = Threads()
    try:
        pool = NodePool(here.rollup, "l2", threads)
        assert [tx.hash for tx in asyncio.run(pool.pending())] == [poor.hash]
    finally:
        threads.close()
