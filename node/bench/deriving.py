"""What derivation costs, and what batches weigh on the L1.

The references of the ratios are singular batches of the same run.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Final, get_args

from byline.derivation.block import Block
from byline.derivation.channel_out import BatchKind, ChannelOut
from byline.derivation.compression import Compression
from byline.derivation.config import RollupConfig, SystemConfig
from byline.derivation.frame import data_item
from byline.derivation.pipeline import Pipeline
from byline.derivation.transaction import Transaction
from byline.derivation.types import L1Block, L1BlockRef, L2BlockRef, Need
from byline.node.assembly import build_rollup
from byline.node.bench.effort import Bench
from byline.node.bench.table import Column, Line, Table
from byline.node.bench.transactions import Purse
from byline.node.clock import SystemClock
from byline.node.config import NodeConfig
from byline.node.evm.engines import DEFAULT
from byline.node.l2.data_availability import FRAME_ROOM
from byline.node.storage.kv import MemoryKV
from byline.node.verifier import Verifier

TRANSACTIONS: Final = 4
"""Transfers of each L2 block."""
L1_EVERY: Final = 6
"""L2 blocks between two L1 blocks: 12 seconds of two."""
RUNS: Final = 5
"""Of the pipeline alone, which is fast; the best one counts."""


@dataclass(frozen=True, slots=True)
class Sample:
    """An L2 that is on the L1, and all that derivation is to find."""

    config: RollupConfig
    l1: tuple[L1Block, ...]
    blocks: tuple[Block, ...]
    """Genesis, and every block after it."""
    refs: tuple[L2BlockRef, ...]
    system_configs: tuple[SystemConfig, ...]

    @property
    def made(self) -> int:
        """How many L2 blocks there are to derive."""
        return len(self.blocks) - 1


def deriving(bench: Bench) -> list[Table]:
    """Measure derivation with both kinds of batches, then the bytes of each form of them."""
    samples = {}
    for kind in get_args(BatchKind):
        bench.say(f"derivation: a chain in {kind} batches")
        samples[kind] = sample(kind, bench.effort.derive_blocks, engine_name=bench.engine)
    span = samples["span"]
    bench.say("derivation: pipeline and verifier")
    what = "pipeline alone"
    lines = [
        Line(what, f"{kind} batches", (item.made / pipeline_seconds(item),))
        for kind, item in reversed(samples.items())
    ]
    whole = span.made / verifier_seconds(span, bench.engine)
    lines.append(Line("derived and executed", "span batches", (whole,)))
    speed = Table(
        "derive",
        "Derivation of the L2 from L1 data",
        (Column("speed", "L2 blocks/s"),),
        tuple(lines),
        (f"{span.made} L2 blocks of {TRANSACTIONS} transfers",),
    )
    return [speed, weighing(span)]


def weighing(given: Sample) -> Table:
    """Return the bytes of calldata that a transfer takes in each form of batch."""
    lines = []
    for compression in get_args(Compression):
        for kind in reversed(get_args(BatchKind)):
            size = posted_bytes(given, kind, compression) / transactions_in(given)
            lines.append(Line(compression, f"{kind} batches", (size,)))
    return Table(
        "derive",
        "Calldata of a transfer in batches",
        (Column("on the L1", "bytes", higher=False),),
        tuple(lines),
    )


def transactions_in(given: Sample) -> int:
    """Return how many transactions the batches hold."""
    return sum(isinstance(tx, Transaction) for block in given.blocks for tx in block.transactions)


def posted_bytes(given: Sample, kind: BatchKind, compression: Compression) -> int:
    """Return the bytes of calldata, frames and version bytes included, of all blocks."""
    channel = ChannelOut(given.config, compression=compression, batches=kind)
    for block in given.blocks[1:]:
        channel.add(block)
    channel.close()
    return sum(len(data_item([frame])) for frame in channel.frames(FRAME_ROOM["calldata"]))


def sample(
    kind: BatchKind, blocks: int, each: int = TRANSACTIONS, engine_name: str = DEFAULT
) -> Sample:
    """Make an L2 of `blocks` blocks with `each` transfers, and post it in `kind` batches."""
    settings = NodeConfig(block_time=2, strict=True, batch_type=kind, engine=engine_name)
    rollup = build_rollup(settings, MemoryKV(), SystemClock(), lambda _: None)
    waiting = iter(Purse(settings.l2_chain_id).transfers(blocks * each))
    for number in range(blocks):
        if number % L1_EVERY == 0:
            rollup.mine_l1(rollup.l1.head.timestamp + 2 * L1_EVERY)
        for _ in range(each):
            rollup.submit("l2", next(waiting).raw)
        rollup.mine_l2()
    engine = rollup.engine
    rollup.flush()
    while engine.heads.safe.number < blocks:
        rollup.mine_l1()
    refs = tuple(_known(engine.ref_at(number)) for number in range(blocks + 1))
    l1 = tuple(_block(rollup.l1.block(number)) for number in range(rollup.l1.head.number + 1))
    made = Sample(
        engine.config,
        l1,
        tuple(engine.block(ref.hash) for ref in refs),
        refs,
        tuple(engine.system_config(ref) for ref in refs),
    )
    assert transactions_in(made) == blocks * each, "a transfer was left out"
    return made


def _known(ref: L2BlockRef | None) -> L2BlockRef:
    assert ref is not None
    return ref


def _block(block: L1Block | None) -> L1Block:
    assert block is not None
    return block


def pipeline_seconds(given: Sample) -> float:
    """Return the least time in which the pipeline gives the attributes of every block."""
    return min(_derive(given) for _ in range(RUNS))


def _derive(given: Sample) -> float:
    begun = time.perf_counter()
    pipeline = Pipeline(given.config, given.refs.__getitem__)
    pipeline.reset(given.l1[0], given.system_configs[0])
    at, read = 0, 0
    while at < given.made:
        found = pipeline.step(given.refs[at], given.system_configs[at])
        if isinstance(found, Need):
            read += 1
            pipeline.provide(given.l1[read])
            continue
        at += 1
        wanted = [tx.raw for tx in given.blocks[at].transactions]
        assert list(found.attributes.transactions) == wanted, f"L2 block {at} derived otherwise"
    return time.perf_counter() - begun


@dataclass(frozen=True, slots=True)
class _Listed:
    """The L1 of a sample, for a verifier (`L1Source`)."""

    blocks: tuple[L1Block, ...]

    async def head(self) -> L1BlockRef:
        return self.blocks[-1].ref

    async def finalized(self) -> L1BlockRef:
        return self.blocks[0].ref

    async def block_by_number(self, number: int) -> L1Block | None:
        return self.blocks[number] if number < len(self.blocks) else None

    async def block_by_hash(self, block_hash: bytes) -> L1Block | None:
        return next((item for item in self.blocks if item.header.hash == block_hash), None)


def verifier_seconds(given: Sample, engine_name: str = DEFAULT) -> float:
    """Return the time in which a fresh verifier derives and executes every block."""

    async def run() -> float:
        listed = _Listed(given.l1)
        verifier = Verifier(given.config, listed, MemoryKV(), engine_name=engine_name)
        await verifier.start()
        begun = time.perf_counter()
        safe = await verifier.run(None, lambda _: None, follow=False)
        passed = time.perf_counter() - begun
        assert safe == given.refs[-1], f"derived {safe.number}, want {given.refs[-1].number}"
        return passed

    return asyncio.run(run())
