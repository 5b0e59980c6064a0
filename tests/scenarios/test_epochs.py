"""Time: silent sequencers, slow and fast blocks, restarts and reorganisations of the L1.

The names in brackets are those of the OP Stack's end-to-end action tests.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from byline.derivation.batch.validity import DropReason
from byline.derivation.frame import Frame, data_item
from byline.derivation.rlp_items import encode_string
from byline.derivation.transaction import DepositTransaction
from byline.derivation.types import L1Block, L1BlockRef
from byline.node.config import NodeConfig
from byline.node.rollups.local import LocalRollup
from byline.node.storage.kv import MemoryKV
from byline.node.verifier import Verifier
from tests.integration.rollups import LocalSource, world
from tests.scenarios.rollup_kit import (
    BOB,
    World,
    agreed,
    block_at,
    by_hand,
    channel,
    config_of,
    deposit,
    derived,
    epoch,
    info_at,
    l1_block,
    l2_block,
    post,
    quiet,
    safe,
    sequenced,
    single,
    singles,
    span,
    users,
    with_window,
)


def deposits(here: World, number: int) -> list[DepositTransaction]:
    """Return the users' deposits in an L2 block."""
    found = block_at(here, number).transactions[1:]
    return [tx for tx in found if isinstance(tx, DepositTransaction)]


def test_a_silent_sequencer_cannot_keep_deposits_out() -> None:
    """[sequence_window_expiry]."""
    here = with_window(4)
    before = here.balance("l2", BOB.address)
    l1_block(here, deposit(here, 77))
    for _ in range(3):
        l1_block(here)
    assert here.balance("l2", BOB.address) == before
    assert safe(here) == 5
    l1_block(here)

    forced = [number for number in range(1, safe(here) + 1) if deposits(here, number)]
    assert len(forced) == 1
    assert info_at(here, forced[0]).number == 1
    assert info_at(here, forced[0]).sequence_number == 0
    assert here.balance("l2", BOB.address) == before + 77
    agreed(here)


def test_every_epoch_of_a_silent_sequencer_is_filled_up_with_empty_blocks() -> None:
    """[sequence_window_expiry]."""
    here = with_window(3)
    for _ in range(9):
        l1_block(here)

    origins = [info_at(here, number).number for number in range(1, safe(here) + 1)]
    assert origins == sorted(origins)
    assert set(origins) == set(range(here.rollup.l1.head.number - 2))
    # 12 seconds an L1 block, two an L2 block; genesis itself is one of epoch 0.
    assert [origins.count(number) for number in (0, 1, 2)] == [5, 6, 6]
    assert all(not users(block_at(here, number)) for number in range(1, safe(here) + 1))
    agreed(here)


def test_a_sequencer_that_comes_back_too_late_loses_its_blocks_and_goes_on() -> None:
    """[sequence_window_expiry]."""
    here = with_window(4)
    l1_block(here)
    late = [sequenced(here, here.transfer("l2")) for _ in range(2)]
    for _ in range(4):
        l1_block(here)
    post(here, *singles(late))
    assert block_at(here, 1).hash != late[0].hash
    assert {d.verdict for d in here.rollup.driver.pipeline.drops} == {DropReason.PAST_TIMESTAMP}

    last = epoch(here)
    sequenced(here, here.transfer("l2"))
    here.rollup.flush()
    l1_block(here)
    assert safe(here) > last.number
    agreed(here)


def test_the_last_l1_block_of_the_window_still_counts() -> None:
    """[sequence_window_expiry]."""
    here = with_window(4)
    block = sequenced(here, here.transfer("l2"))
    assert info_at(here, 1).number == 0
    for _ in range(3):
        l1_block(here)
    post(here, *singles([block]))

    assert here.rollup.l1.head.number == 4
    assert block_at(here, 1).hash == block.hash
    assert safe(here) >= 1
    agreed(here)


@pytest.mark.parametrize("block_time", [1, 3, 5, 12])
def test_the_chain_derives_at_any_block_time(block_time: int) -> None:
    """[blocktime]."""
    here = quiet(world(NodeConfig(block_time=block_time, strict=True)))
    for number in range(4):
        l1_block(here, *([deposit(here, number)] if number % 2 else []))
        epoch(here)
        sequenced(here, here.transfer("l2"))
    here.rollup.flush()
    l1_block(here)

    assert safe(here) == here.rollup.engine.heads.unsafe.number
    agreed(here)


@pytest.mark.parametrize("seconds", [1, 2, 13, 150])
def test_the_chain_derives_however_far_apart_l1_blocks_are(seconds: int) -> None:
    """[blocktime]."""
    here = by_hand()
    for number in range(3):
        l1_block(here, deposit(here, number + 1), seconds=seconds)
        epoch(here)
    here.rollup.flush()
    l1_block(here)

    assert safe(here) == here.rollup.engine.heads.unsafe.number
    assert here.rollup.engine.heads.unsafe.l1_origin.number == 3
    agreed(here)


def test_far_ahead_of_the_l1_a_batch_may_hold_no_transactions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """[blocktime]: the sequencer drift is 1800 seconds."""
    # A node with an L1 of its own would make an L1 block in time.
    monkeypatch.setattr(LocalRollup, "_keep_l1_near", lambda _: None)
    here = by_hand()
    blocks = [l2_block(here) for _ in range(900)]
    tx = here.transfer("l2")
    here.rollup.submit("l2", tx.raw)
    beyond = block_at(here, here.rollup.mine_l2().number)
    assert users(beyond) == []
    l1_block(here)
    stuffed = single(beyond, transactions=(tx.raw,))
    batches = [single(block).encode() for block in blocks]
    post(here, *channel([*batches, stuffed.encode()]))

    assert safe(here) == 900
    assert DropReason.DRIFT_WITH_TRANSACTIONS in {
        d.verdict for d in here.rollup.driver.pipeline.drops
    }


def test_a_long_gap_in_the_l1_is_bridged_by_empty_blocks_of_the_old_epoch() -> None:
    """[blocktime]."""
    here = by_hand()
    l1_block(here, seconds=700)
    last = epoch(here)
    assert last.number == 350
    sequenced(here, here.transfer("l2"))
    here.rollup.flush()
    l1_block(here)

    assert safe(here) == 351
    assert users(block_at(here, 351))


def test_a_verifier_that_restarts_in_the_middle_of_a_channel_reads_its_first_frames_again() -> (
    None
):
    """[l1_lookback], [batch_queue]."""
    here = by_hand()
    l1_block(here)
    first = [sequenced(here, here.transfer("l2")) for _ in range(2)]
    post(here, *singles(first))
    for _ in range(3):
        l1_block(here)
    last = epoch(here)
    rest = [block_at(here, number) for number in range(3, last.number + 1)]
    items = singles(rest, cuts=3, name=b"\x22" * 16)
    post(here, *items[:2])
    kv = MemoryKV()
    before, _ = derived(here, kv=kv)
    assert before.engine.heads.safe.number == 2
    for _ in range(40):
        l1_block(here)
    post(here, items[2])

    after, found = derived(here, kv=kv)
    assert [item.ref.number for item in found] == list(range(3, last.number + 1))
    assert after.engine.heads.safe == agreed(here).engine.heads.safe


def test_a_verifier_killed_inside_a_channel_reads_it_from_its_first_frame_again() -> None:
    """[l1_lookback]: the channel opened before the origin of the safe head."""
    here = by_hand()
    l1_block(here)
    packer = zlib.compressobj()
    first = encode_string(single(sequenced(here, here.transfer("l2"))).encode())
    opening = packer.compress(first) + packer.flush(zlib.Z_SYNC_FLUSH)
    opened = post(here, data_item([Frame(b"\x11" * 16, 0, opening, False).encode()]))
    l1_block(here)
    epoch(here)
    last = l2_block(here)
    rest = [block_at(here, number) for number in range(2, last.number + 1)]
    closing = b"".join(packer.compress(encode_string(single(b).encode())) for b in rest)
    closing += packer.flush()
    post(here, data_item([Frame(b"\x11" * 16, 1, closing, True).encode()]))
    assert safe(here) == last.number

    kv = MemoryKV()
    killed = stopped_after(here, last.number - 1, kv).engine.heads.safe
    assert last.header.number - 1 == killed.number
    assert killed.l1_origin.number > opened.header.number
    again, found = derived(here, kv=kv)
    assert [item.ref.number for item in found] == [last.number]
    assert again.engine.heads.safe == agreed(here).engine.heads.safe


def stopped_after(here: World, blocks: int, kv: MemoryKV) -> Verifier:
    """Return a verifier that stopped when it had derived `blocks` L2 blocks."""
    verifier = Verifier(config_of(here), LocalSource(here.rollup), kv)
    asyncio.run(verifier.start())
    while not _some(verifier, blocks):
        origin = verifier.driver.origin
        assert origin is not None
        following = here.rollup.l1.block(origin.number + 1)
        assert following is not None
        verifier.driver.provide(following)
    return verifier


def _some(verifier: Verifier, blocks: int) -> bool:
    verifier.driver.advance(blocks - verifier.engine.heads.safe.number)
    return verifier.engine.heads.safe.number == blocks


@pytest.mark.parametrize("every", [1, 3])
def test_a_verifier_that_restarts_again_and_again_ends_where_others_do(every: int) -> None:
    """[batch_queue], [l2_verifier]."""
    here = by_hand()
    for number in range(6):
        l1_block(here, *([deposit(here, number)] if number % 2 else []))
        epoch(here)
        sequenced(here, here.transfer("l2"))
        if number % 2:
            here.rollup.flush()
    l1_block(here)
    kv = MemoryKV()
    for until in range(1, here.rollup.l1.head.number + 1, every):
        derived(here, until_l1=until, kv=kv)
    last, _ = derived(here, kv=kv)

    assert last.engine.heads.safe == agreed(here).engine.heads.safe
    assert last.engine.heads.safe.number > 0


def test_a_node_that_restarts_with_unsafe_blocks_keeps_and_posts_them() -> None:
    """[l2_verifier], [batch_queue]: close to the genesis of the L1."""
    kv = MemoryKV()
    settings = NodeConfig(block_time=2, strict=True)
    first = quiet(world(settings, kv))
    l1_block(first)
    blocks = [sequenced(first, first.transfer("l2")) for _ in range(4)]
    post(first, *singles(blocks[:1]))
    again = quiet(world(settings, kv))

    assert again.rollup.engine.heads.unsafe.hash == blocks[-1].hash
    assert safe(again) == 1
    again.rollup.flush()
    l1_block(again)
    assert safe(again) == 4
    assert [block_at(again, number).hash for number in range(1, 5)] == [b.hash for b in blocks]
    agreed(again)


# -- reorganisations of the L1, as a verifier sees them ------------------------------------


@dataclass
class ReplacedSource(LocalSource):
    """An L1 that shows other blocks from some height on."""

    blocks: Mapping[int, L1Block]
    """What took the place of the L1's own, by height; nothing is above the last."""

    async def head(self) -> L1BlockRef:
        return self.blocks[max(self.blocks)].ref

    async def finalized(self) -> L1BlockRef:
        genesis = self.rollup.l1.block(0)
        assert genesis is not None
        return genesis.ref

    async def block_by_number(self, number: int) -> L1Block | None:
        if number >= min(self.blocks):
            return self.blocks.get(number)
        return self.rollup.l1.block(number)

    async def block_by_hash(self, block_hash: bytes) -> L1Block | None:
        for block in self.blocks.values():
            if block.header.hash == block_hash:
                return block
        return await super().block_by_hash(block_hash)


def followed(sources: list[LocalSource], kv: MemoryKV) -> Verifier:
    """Run one verifier against one view of the L1 after the other, without a restart."""

    async def run() -> Verifier:
        verifier = Verifier(sources[0].rollup.engine.config, sources[0], kv)
        await verifier.start()
        for source in sources:
            verifier._source = source
            await verifier.run(None, lambda _: None, follow=False)
        return verifier

    return asyncio.run(run())


def twins() -> tuple[World, World, int]:
    """Return two rollups with the same L1 up to a height, and other blocks above it."""
    pair = []
    common = 0
    for side in range(2):
        here = by_hand()
        l1_block(here, deposit(here, 5))
        epoch(here)
        sequenced(here, here.transfer("l2"))
        here.rollup.flush()
        l1_block(here)
        common = here.rollup.l1.head.number
        l1_block(here, deposit(here, 100 + side))
        epoch(here)
        sequenced(here, here.transfer("l2", value=side + 1))
        here.rollup.flush()
        l1_block(here)
        for _ in range(side):
            l1_block(here)
        pair.append(here)
    return pair[0], pair[1], common


def test_a_verifier_follows_the_l1_to_another_branch() -> None:
    """[reorg]."""
    old, new, common = twins()
    config = config_of(old)
    assert config == config_of(new)
    blocks = {number: new.rollup.l1.block(number) for number in range(common + 1, 100)}
    branch = {number: block for number, block in blocks.items() if block is not None}
    assert branch[common + 1] != old.rollup.l1.block(common + 1)
    verifier = followed([LocalSource(old.rollup), ReplacedSource(old.rollup, branch)], MemoryKV())

    assert old.rollup.engine.heads.safe != new.rollup.engine.heads.safe
    assert verifier.engine.heads.safe == new.rollup.engine.heads.safe
    agreed(old)
    agreed(new)


def test_a_branch_without_the_batches_gives_up_what_they_made_safe() -> None:
    """[reorg]."""
    here = by_hand()
    l1_block(here)
    block = sequenced(here, here.transfer("l2"))
    fork = here.rollup.l1.head.number
    post(here, *singles([block]))
    assert safe(here) == 1
    l1_block(here)
    child = here.rollup.l1.block(fork)
    assert child is not None
    branch: dict[int, L1Block] = {}
    for number in range(fork + 1, fork + 4):
        header = child.header.with_(
            parent_hash=child.header.hash, number=number, timestamp=child.header.timestamp + 12
        )
        child = L1Block(header, (), ())
        branch[number] = child
    verifier = followed(
        [LocalSource(here.rollup), ReplacedSource(here.rollup, branch)], MemoryKV()
    )

    assert verifier.engine.heads.safe.number == 0


def test_the_node_gives_up_what_a_lost_l1_block_made_safe_and_posts_it_again() -> None:
    """[reorg]."""
    here = by_hand()
    l1_block(here)
    blocks = [sequenced(here, here.transfer("l2")) for _ in range(3)]
    kept = here.rollup.l1.head
    post(here, *singles(blocks))
    assert safe(here) == 3
    here.rollup.l1.chain.set_head(kept)
    here.rollup.l1_reorganised(kept.number)

    assert safe(here) == 0
    assert here.rollup.engine.heads.unsafe.hash == blocks[-1].hash
    here.rollup.flush()
    l1_block(here)
    assert safe(here) == 3
    assert [block_at(here, number).hash for number in (1, 2, 3)] == [b.hash for b in blocks]
    agreed(here)


def test_l2_blocks_whose_origin_is_gone_go_with_it_and_their_users_come_again() -> None:
    """[reorg]."""
    here = by_hand()
    l1_block(here)
    kept = here.rollup.l1.head
    l1_block(here, deposit(here, 3))
    epoch(here)
    # Not Alice's: her nonce on the L2 counts the lost deposit, too.
    tx = here.transfer("l2", sender=BOB)
    lost = sequenced(here, tx)
    here.rollup.l1.chain.set_head(kept)
    here.rollup.pools["l1"].clear()
    here.rollup.l1_reorganised(kept.number)

    assert here.rollup.engine.heads.unsafe.l1_origin.number <= kept.number
    l1_block(here)
    again = epoch(here)
    assert again.hash != lost.hash
    mined = here.rollup.engine.chain.store.transaction_location(tx.hash)
    assert mined is not None
    here.rollup.flush()
    l1_block(here)
    assert safe(here) == here.rollup.engine.heads.unsafe.number
    agreed(here)


def test_a_span_across_epochs_is_dropped_when_its_last_origin_is_another() -> None:
    """[reorg], [batch_queue]."""
    here = by_hand()
    l1_block(here)
    last = epoch(here)
    batches = [single(block_at(here, number)) for number in range(1, last.number + 1)]
    wrong = [*batches[:-1], replace(batches[-1], epoch_hash=b"\x09" * 32)]
    post(here, *span(here, wrong))
    assert safe(here) == 0
    assert DropReason.EPOCH_HASH in {d.verdict for d in here.rollup.driver.pipeline.drops}
    post(here, *span(here, batches, name=b"\x22" * 16))
    assert safe(here) == last.number
    agreed(here)
