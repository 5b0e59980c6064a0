"""The batcher in a rollup: what goes to the inbox, and that it always derives again."""

import random
from dataclasses import dataclass, replace

import pytest
import rlp

from byline.derivation.blob import decode_blob
from byline.derivation.channel_out import BatchKind
from byline.derivation.compression import Compression, decompress
from byline.derivation.frame import Frame, decode_frames
from byline.derivation.transaction import Transaction
from byline.node.config import NodeConfig
from byline.node.l2.batcher import Batcher
from byline.node.l2.channel_policy import ChannelPolicy
from byline.node.l2.data_availability import DataAvailability, L1Conditions
from byline.node.l2.inbox_transaction import Fees
from byline.node.l2.inflight import FeePolicy
from byline.node.storage.kv import MemoryKV
from tests.integration.rollups import World, world
from tests.integration.test_rollup import deposit, verified

L1 = L1Conditions(number=5, base_fee=10**9, blob_base_fee=1)


def inbox(here: World) -> list[Transaction]:
    """Return the batcher's transactions on the L1, in order."""
    found = []
    for number in range(here.rollup.l1.head.number + 1):
        block = here.rollup.l1.block(number)
        assert block is not None
        for tx in block.transactions:
            if isinstance(tx, Transaction) and here.rollup.batcher.is_inbox(tx):
                found.append(tx)
    return found


def frames(here: World) -> list[Frame]:
    return [frame for tx in inbox(here) for frame in decode_frames(tx.data)]


def derives_again(here: World) -> None:
    here.rollup.flush()
    verifier, _ = verified(here)
    assert verifier.engine.heads.safe == here.rollup.engine.heads.unsafe
    assert verifier.engine.heads.safe.number == here.rollup.engine.heads.safe.number > 0


@pytest.mark.parametrize("compression", ["brotli", "zlib"])
@pytest.mark.parametrize("kind", ["span", "singular"])
def test_every_form_of_batch_derives_again(kind: BatchKind, compression: Compression) -> None:
    here = world(NodeConfig(batch_type=kind, compression=compression))
    for number in range(6):
        here.send("l2", value=number)
        if number == 3:
            deposit(here, 10**15)
    here.rollup.flush()

    content = decompress(frames(here)[0].data, 10**6)
    batch = rlp.decode(content, strict=False)
    assert batch[0] == ("singular", "span").index(kind)
    derives_again(here)


def test_a_clock_jump_ends_a_span_and_the_next_channel_begins_after_it() -> None:
    here = world()
    here.send("l2")
    here.send("l2")
    here.clock.advance(10_000)
    here.send("l2")
    here.send("l2")
    here.rollup.flush()

    assert [frame.is_last for frame in frames(here)] == [True, True]
    assert len({frame.channel_id for frame in frames(here)}) == 2
    derives_again(here)


def test_singular_batches_need_no_second_channel_at_a_clock_jump() -> None:
    here = world(NodeConfig(batch_type="singular"))
    here.send("l2")
    here.clock.advance(10_000)
    here.send("l2")
    here.rollup.flush()

    assert len({frame.channel_id for frame in frames(here)}) == 1
    derives_again(here)


def test_a_channel_takes_the_blocks_that_fill_its_bytes_and_no_more() -> None:
    here = world(NodeConfig(block_time=2))
    for _ in range(12):
        here.send("l2", data=noise(len(here.happened)), gas=100_000)
        here.rollup.mine_l2()
    batcher = here.rollup.batcher
    batcher.policy = ChannelPolicy(most_bytes=2_000)
    postings = list(batcher.postings(L1))

    assert [postings[0].first, postings[-1].last] == [1, 12]
    assert [a.last + 1 for a in postings[:-1]] == [b.first for b in postings[1:]]
    sizes = [sum(len(decode_frames(item)[0].data) for item in one.items) for one in postings]
    assert max(sizes) <= 2_000
    # Each could not have taken one block more: a block is 700 bytes of noise.
    assert min(sizes[:-1]) > 2_000 - 1_000


def noise(seed: int, size: int = 600) -> bytes:
    """Return bytes that do not compress, the same for each seed."""
    return random.Random(seed).randbytes(size)


def test_a_block_above_the_bound_still_travels_alone() -> None:
    here = world(NodeConfig(block_time=2))
    for _ in range(2):
        here.send("l2", data=noise(1), gas=100_000)
        here.rollup.mine_l2()
    here.rollup.batcher.policy = ChannelPolicy(most_bytes=10)
    assert [(one.first, one.last) for one in here.rollup.batcher.postings(L1)] == [(1, 1), (2, 2)]


def test_a_channel_takes_no_more_blocks_than_allowed() -> None:
    here = world(NodeConfig(block_time=2))
    for _ in range(5):
        here.rollup.mine_l2()
    here.rollup.batcher.policy = ChannelPolicy(most_blocks=2)
    found = [(one.first, one.last) for one in here.rollup.batcher.postings(L1)]
    assert found == [(1, 2), (3, 4), (5, 5)]


def test_many_frames_of_one_channel_stay_in_order_and_are_mined_to_the_last() -> None:
    here = world(NodeConfig(target_frames=100))
    for number in range(16):
        here.send("l2", data=noise(number, 100_000), gas=5_000_000)
    assert here.rollup.batcher.pending == 16
    derives_again(here)

    assert [frame.number for frame in frames(here)] == list(range(len(frames(here))))
    assert len(frames(here)) > 12
    assert len(here.rollup.batcher.in_flight) == 0


@pytest.mark.parametrize("da", ["blobs", "auto"])
def test_blobs_carry_the_same_channel_as_calldata(da: DataAvailability) -> None:
    here = world()
    for number in range(3):
        here.send("l2", value=number)
    engine, account = here.rollup.engine, here.rollup.batch_account
    settings = replace(here.rollup.batcher.settings, da=da, proofs="blob")
    (posting,) = Batcher(engine, account, settings).postings(L1)
    (plain,) = here.rollup.batcher.postings(L1)

    assert posting.carrier == "blobs"
    assert posting.items == plain.items
    batcher = Batcher(engine, account, settings)
    (sent,) = batcher.send(posting, 4, L1)
    (tracked,) = batcher.in_flight
    assert tracked.sidecar is not None
    assert tuple(decode_blob(blob) for blob in tracked.sidecar.blobs) == posting.items
    assert sent.transaction.blob_hashes == tracked.sidecar.hashes
    assert (sent.transaction.nonce, sent.transaction.to) == (4, engine.config.batch_inbox)


def test_blobs_are_grouped_into_transactions_with_nonces_in_order() -> None:
    here = world(NodeConfig(target_frames=100, block_time=2))
    for number in range(4):
        here.send("l2", data=noise(number, 100_000), gas=5_000_000)
        here.rollup.mine_l2()
    settings = replace(
        here.rollup.batcher.settings, da="blobs", blobs_per_transaction=2, proofs="blob"
    )
    batcher = Batcher(here.rollup.engine, here.rollup.batch_account, settings)
    (posting,) = batcher.postings(L1)
    sent = [item.transaction for item in batcher.send(posting, 7, L1)]

    assert len(posting.items) == 4
    assert [(tx.nonce, len(tx.blob_hashes)) for tx in sent] == [(7, 2), (8, 2)]


def test_a_restart_with_half_a_channel_on_the_l1_leaves_no_gap_and_no_duplicate() -> None:
    kv = MemoryKV()
    here = world(NodeConfig(block_time=2, target_frames=100), kv=kv)
    for number in range(3):
        here.send("l2", data=noise(number, 100_000), gas=5_000_000)
        here.rollup.mine_l2()
    here.rollup.flush()
    # Only the first frame gets into a block before the node dies.
    pool = here.rollup.pools["l1"]
    for tx in pool.transactions()[1:]:
        pool.remove(tx.hash)
    here.rollup.mine_l1()
    assert [frame.is_last for frame in frames(here)] == [False]
    assert here.rollup.engine.heads.safe.number == 0

    again = world(NodeConfig(block_time=2, target_frames=100), kv=kv)
    assert again.rollup.batcher.pending == 3
    again.rollup.flush()
    again.rollup.mine_l1()
    assert again.rollup.engine.heads.safe == again.rollup.engine.heads.unsafe
    assert len({frame.channel_id for frame in frames(again)}) == 2
    derives_again(again)


def test_old_blocks_are_posted_though_no_pause_comes() -> None:
    here = world()
    here.send("l2")
    for _ in range(here.rollup.batcher.policy.most_l1_blocks):
        assert here.rollup.batcher.pending == 1
        here.rollup.mine_l1()
    assert here.rollup.batcher.pending == 0
    assert here.rollup.engine.heads.safe.number == 1


@dataclass(frozen=True, slots=True)
class Stingy(FeePolicy):
    """Offers too little until the L1 has grown."""

    def offer(self, l1: L1Conditions) -> Fees:
        fair = FeePolicy.offer(self, l1)
        return fair if l1.number > 1 else Fees(l1.base_fee // 4, 1)


def test_what_the_l1_passes_over_is_sent_again_with_the_same_nonce_and_derives() -> None:
    here = world()
    here.send("l2")
    stingy = Stingy(patience=2)
    batcher = here.rollup.batcher
    batcher.settings = replace(batcher.settings, fees=stingy)
    batcher.in_flight.policy = stingy
    here.rollup.flush()
    (first,) = here.rollup.pools["l1"].transactions()
    here.rollup.mine_l1()

    (second,) = here.rollup.pools["l1"].transactions()
    assert (first.nonce, first.data) == (second.nonce, second.data)
    assert second.max_fee_per_gas > here.rollup.next_base_fee("l1") > first.max_fee_per_gas
    here.rollup.mine_l1()
    assert [tx.hash for tx in inbox(here)] == [second.hash]
    assert here.rollup.engine.heads.safe.number == 1
    derives_again(here)
