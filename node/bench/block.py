"""A big block from signed bytes to disk, part by part, and how long the peers mine one.

The node's own path: bytes are decoded, senders recovered, transactions executed by the rules
of the L2 (fees for the L1 included), roots built, and all of it written to LevelDB in one batch.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal, get_args

from byline.derivation.base_fee import extra_data_of
from byline.derivation.header import Header
from byline.derivation.transaction import Transaction, decode_transaction
from byline.node.assembly import build_rollup
from byline.node.bench import peers
from byline.node.bench.effort import Bench
from byline.node.bench.engines import PLAIN, PLAIN_CHAIN_ID, SLOW, engines, plain_chain
from byline.node.bench.process import Server, Stretch, serving
from byline.node.bench.programs import TOKEN
from byline.node.bench.table import Column, Line, Table, per
from byline.node.bench.transactions import Purse, fill_token, fresh, hot
from byline.node.chain.chain import Built
from byline.node.chain.senders import recover_senders
from byline.node.clock import SystemClock
from byline.node.config import NodeConfig
from byline.node.contracts.addresses import WETH
from byline.node.evm.rules import BlockInput
from byline.node.rollups.local import LocalRollup
from byline.node.storage.leveldb import LevelKV

Kind = Literal["hot accounts", "fresh recipients", "token transfers"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
PARTS: Final = ("decode", "recover", "execute", "roots", "write")
BATCH: Final = 100
"""Transactions of one request to a peer."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Seconds of each part of one block."""

    decode: float
    recover: float
    execute: float
    roots: float
    write: float
    cpu: float
    """Processor seconds of all of them, on all threads."""

    @property
    def whole(self) -> float:
        """From bytes to disk."""
        return self.decode + self.recover + self.recovered

    @property
    def recovered(self) -> float:
        """From transactions whose senders are known to disk."""
        return self.execute + self.roots + self.write


def make(purse: Purse, kind: Kind, count: int, token: bytes) -> list[Transaction]:
    """Return the signed transactions of a block."""
    if kind == "token transfers":
        return purse.token_transfers(count, token)
    return purse.transfers(count, hot if kind == "hot accounts" else fresh)


class OurChain:
    """An L2 on disk, whose blocks are built here step by step, with a clock on each."""

    def __init__(self, rollup: LocalRollup) -> None:
        self._rollup = rollup
        self._purse = Purse(rollup.engine.config.l2_chain_id)
        self.block([tx.raw for tx in self._purse.deposits(WETH)])

    @property
    def head(self) -> Header:
        """The newest block."""
        return self._rollup.engine.chain.head

    @property
    def signed(self) -> int:
        """How many transactions were signed so far."""
        return self._purse.signed

    def balance(self, address: bytes) -> int:
        """Return the wei of an account."""
        return self._rollup.engine.chain.machine(self.head).balance(address)

    def measure(self, kind: Kind, count: int) -> Parts:
        """Make a block with `count` transactions."""
        return self.block([tx.raw for tx in make(self._purse, kind, count, WETH)])

    def block(self, raws: Sequence[bytes]) -> Parts:
        """Make a block of signed transactions; raises `RuntimeError` when one fails."""
        engine = self._rollup.engine
        attributes = self._rollup.sequencer.plan().attributes
        given = BlockInput(
            timestamp=attributes.timestamp,
            coinbase=attributes.suggested_fee_recipient,
            prev_randao=attributes.prev_randao,
            gas_limit=peers.BLOCK_GAS,
            parent_beacon_root=attributes.parent_beacon_block_root,
            extra_data=extra_data_of(attributes, engine.config),
        )
        cpu, marks = time.process_time(), [time.perf_counter()]

        def mark() -> None:
            marks.append(time.perf_counter())

        transactions = [decode_transaction(raw) for raw in raws]
        mark()
        recover_senders(transactions)
        mark()
        builder = engine.chain.builder(engine.header_of(engine.heads.unsafe), given)
        for raw in attributes.transactions:
            builder.add(decode_transaction(raw))
        for tx in transactions:
            builder.add(tx)
        mark()
        sealed = builder.seal()
        mark()
        engine.insert(Built(sealed, ()))
        mark()
        cpu = time.process_time() - cpu
        if not all(receipt.succeeded for receipt in sealed.receipts):
            raise RuntimeError("a transaction of the bench's block failed")
        decode, recover, execute, roots, write = (end - begin for begin, end in pairwise(marks))
        return Parts(decode, recover, execute, roots, write, cpu)


@contextmanager
def our_chain(engine: str) -> Iterator[OurChain]:
    """Open a new chain in LevelDB on an engine; raises `RuntimeError` if it runs another."""
    with tempfile.TemporaryDirectory(prefix="byline-bench-") as folder:
        kv = LevelKV(Path(folder) / "chains")
        try:
            settings = NodeConfig(block_time=2, engine=engine)
            rollup = build_rollup(settings, kv, SystemClock(), lambda _: None)
            if rollup.engine.chain.engine.name != engine:
                raise RuntimeError(f"asked for {engine}, got {rollup.engine.chain.engine.name}")
            yield OurChain(rollup)
        finally:
            kv.close()


def block_of_transactions(bench: Bench) -> list[Table]:
    """Measure each kind of block on this node, on the peers and on py-evm's own chain."""
    lines: dict[Kind, list[Line]] = {kind: [] for kind in KINDS}
    for name in engines():
        count = bench.effort.slow_block if f"{name} engine" in SLOW else bench.effort.block
        with our_chain(name) as chain:
            for kind in KINDS:
                bench.say(f"block of {count} ({kind}) on the {name} engine, to disk")
                runs = [chain.measure(kind, count) for _ in range(bench.effort.blocks)]
                best = min(runs, key=lambda one: one.whole)
                lines[kind].append(_ours(f"byline, {name} engine", kind, count, best))
    for peer in peers.others():
        with serving(peer) as server:
            purse = Purse(server.wire.number("eth_chainId"))
            token = fill_token(server.wire, purse)
            server.wire.call("evm_setAutomine", False)
            for kind in KINDS:
                bench.say(f"block of {bench.effort.block} ({kind}) on {peer.name}")
                lines[kind].append(_theirs(bench, server, purse, kind, token))
    for kind in KINDS:
        bench.say(f"block of {bench.effort.slow_block} ({kind}) on py-evm's own chain")
        lines[kind].append(_plain(kind, bench.effort.slow_block))
    return [
        Table(
            "block",
            "Many transactions in one block",
            (
                Column("to disk", "tx/s"),
                Column("recovered", "tx/s"),
                *(Column(part, "us/tx", higher=False) for part in PARTS),
                Column("CPU", "us/tx", higher=False),
            ),
            tuple(line for kind in KINDS for line in lines[kind]),
            (
                f"{bench.effort.block} transactions, {bench.effort.slow_block} on py-evm; the "
                f"best of {bench.effort.blocks} blocks",
                "peers keep blocks in memory: 'to disk' is sending in batches of "
                f"{BATCH} and mining, 'recovered' is mining alone",
                "byline recovers senders in two threads; 'recovered' is all that comes after",
                "CPU is that of 'to disk', of the server where there is one",
                "py-evm itself: its own chain in memory, by mine_all, from bytes",
            ),
        )
    ]


def _what(kind: Kind) -> str:
    return kind if kind == "token transfers" else f"transfers, {kind}"


def _ours(who: str, kind: Kind, count: int, best: Parts) -> Line:
    each = [getattr(best, part) / count * 1e6 for part in PARTS]
    figures = (per(count, best.whole), per(count, best.recovered), *each, best.cpu / count * 1e6)
    return Line(_what(kind), who, figures)


def _theirs(bench: Bench, server: Server, purse: Purse, kind: Kind, token: bytes) -> Line:
    count, wire = bench.effort.block, server.wire
    runs = []
    for _ in range(bench.effort.blocks):
        raws = ["0x" + tx.raw.hex() for tx in make(purse, kind, count, token)]
        stretch = Stretch(server)
        for at in range(0, count, BATCH):
            wire.batch("eth_sendRawTransaction", raws[at : at + BATCH])
        begun = time.perf_counter()
        wire.call("evm_mine")
        mining, whole = time.perf_counter() - begun, stretch.end()
        block = wire.call("eth_getBlockByNumber", "latest", False)
        if len(block["transactions"]) != count:
            raise RuntimeError(
                f"{server.peer.name} mined {len(block['transactions'])} of {count} transactions"
            )
        runs.append((mining, whole))
    mining, whole = min(runs, key=lambda one: one[1].seconds)
    cpu = None if whole.server_cpu is None else whole.server_cpu / count * 1e6
    figures = (per(count, whole.seconds), per(count, mining), *(None for _ in PARTS), cpu)
    return Line(_what(kind), server.peer.name, figures)


def _plain(kind: Kind, count: int) -> Line:
    """Measure py-evm's own mining chain, from bytes, in memory."""
    token = b"\x77" * 20
    chain = plain_chain({token: TOKEN.artifact.runtime}, gas_limit=peers.BLOCK_GAS)
    purse = Purse(PLAIN_CHAIN_ID)
    decode: Callable[[bytes], object] = chain.get_vm().get_transaction_builder().decode
    chain.mine_all([decode(tx.raw) for tx in purse.deposits(token)])
    raws = [tx.raw for tx in make(purse, kind, count, token)]
    cpu, begun = time.process_time(), time.perf_counter()
    _, receipts, _ = chain.mine_all([decode(raw) for raw in raws])
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    if not all(receipt.state_root == b"\x01" for receipt in receipts):
        raise RuntimeError("a transaction of the bench's block failed on py-evm")
    figures = (per(count, seconds), None, *(None for _ in PARTS), cpu / count * 1e6)
    return Line(_what(kind), PLAIN, figures)
