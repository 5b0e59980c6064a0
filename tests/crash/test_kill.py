"""A process killed with SIGKILL while it commits blocks loses nothing it has acknowledged."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from byline.derivation.block import receipts_root, transactions_root
from byline.derivation.hashing import keccak256
from byline.node.storage.kv import Prefixed
from byline.node.storage.leveldb import LevelKV
from byline.node.storage.store import ChainStore

REPOSITORY = Path(__file__).resolve().parents[2]


def run_and_kill(folder: Path, seconds: float) -> list[bytes]:
    """Let the program commit blocks for a while, kill it, return the heads it reported."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.crash.write_blocks", str(folder)],
        cwd=REPOSITORY, stdout=subprocess.PIPE,
    ) as writer:  # fmt: skip
        assert writer.stdout is not None
        first = writer.stdout.readline()
        time.sleep(seconds)
        writer.kill()
        lines = (first + writer.stdout.read()).split(b"\n")
    # The last piece is empty, or a line that the kill cut off.
    return [bytes.fromhex(line.decode()) for line in lines[:-1]]


def check_whole(store: ChainStore) -> None:
    """Check that every canonical block is there with all that belongs to it."""
    head = store.head()
    assert store.meta("tip") == head.hash
    assert store.canonical_hash(head.number + 1) is None
    parent = bytes(32)
    for number in range(head.number + 1):
        block_hash = store.canonical_hash(number)
        assert block_hash is not None
        block, receipts = store.block(block_hash), store.receipts(block_hash)
        assert block is not None
        assert receipts is not None
        assert block.header.hash == block_hash
        assert block.header.parent_hash == parent
        assert transactions_root(block.transactions) == block.header.transactions_root
        assert receipts_root(receipts) == block.header.receipts_root
        node = store.node(block.header.state_root)
        assert node is not None
        assert keccak256(node) == block.header.state_root
        for index, transaction in enumerate(block.transactions):
            assert store.transaction_location(transaction.hash) == (block_hash, index)
        parent = block_hash


def test_a_kill_at_any_moment_loses_nothing_acknowledged(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(4):
        reported = run_and_kill(tmp_path, chance.uniform(0.0, 0.4))
        kv = LevelKV(tmp_path)
        store = ChainStore(Prefixed(kv, b"L2"))
        check_whole(store)
        head = store.head()
        # At most the step that was under way when the kill came is there unreported.
        last = store.header(reported[-1])
        assert last is not None
        assert (
            head.hash == last.hash
            or head.parent_hash == last.hash
            or head.number == last.number - 2
        )
        kv.close()
