"""A crash at any step of any write leaves the store as before it or as after it.

After SQLite's crash tests: take a signature, do the thing with a crash at step k, open
again, take a signature; it must be the one or the other, for every k.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from byline.node.chain.block import ExecutedBlock
from byline.node.errors import StorageError
from byline.node.storage.kv import Batch, KeyValue, MemoryKV
from byline.node.storage.store import ChainStore
from tests.unit.node.storage.chain_kit import child, signed

Step = Callable[[ChainStore], None]


class Crashed(Exception):
    """The process would be dead now."""


class CrashingKV:
    """Lets `steps` operations through, then fails each; `torn` also cuts that batch in half."""

    def __init__(self, inner: KeyValue, steps: int, torn: bool = False) -> None:
        self._inner = inner
        self._left = steps
        self._torn = torn

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Crashed

    def get(self, key: bytes) -> bytes | None:
        self._count()
        return self._inner.get(key)

    def write(self, batch: Batch, *, sync: bool = False) -> None:
        if self._torn and self._left == 0:
            self._inner.write(dict(list(batch.items())[: len(batch) // 2]))
        self._count()
        self._inner.write(batch, sync=sync)

    def scan(
        self, prefix: bytes, start: bytes | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        self._count()
        return self._inner.scan(prefix, start, reverse)

    def close(self) -> None:
        self._inner.close()


def scenario() -> tuple[list[ExecutedBlock], list[Step]]:
    """Return all blocks there are, and the steps: growth, a side branch, reorganisations."""
    trunk = [child(None)]
    for _ in range(3):
        trunk.append(child(trunk[-1].header, signed(trunk[-1].number)))
    branch = [child(trunk[1].header, signed(1), salt=b"side")]
    branch.append(child(branch[-1].header, signed(2), signed(3), salt=b"side"))
    steps: list[Step] = [lambda store, one=one: store.commit(one, meta={"tip": one.hash})  # type: ignore[misc]
                         for one in trunk]  # fmt: skip
    steps += [
        lambda store: store.commit(branch[0], make_head=False),
        lambda store: store.commit(branch[1], meta={"tip": b"reorganised"}),
        lambda store: store.set_head(trunk[3].hash, meta={"tip": b"back"}),
        lambda store: store.set_head(trunk[0].hash, meta={"tip": b"genesis"}),
        lambda store: store.set_head(branch[1].hash, meta={"tip": b"reorganised again"}),
        lambda store: store.write_meta({"tip": b"x", "other": b"y"}),
    ]
    return trunk + branch, steps


def signature(kv: KeyValue, blocks: list[ExecutedBlock]) -> object:
    """Return all that a reader can see of `blocks`."""
    store = ChainStore(kv)
    return (
        None if store.is_empty else store.head().hash,
        tuple(store.canonical_hash(number) for number in range(6)),
        tuple(
            (store.header(one.hash), store.block(one.hash), store.receipts(one.hash),
             tuple(store.node(key) for key in one.nodes),
             tuple(store.transaction_location(tx.hash) for tx in one.block.transactions))
            for one in blocks
        ),
        store.meta("tip"),
        store.meta("other"),
    )  # fmt: skip


def copy(kv: MemoryKV) -> MemoryKV:
    """Return what a restarted process would find."""
    other = MemoryKV()
    other.write(dict(kv.scan(b"")))
    return other


def crash_everywhere(torn: bool) -> Iterator[tuple[object, object, object]]:
    """Yield the signature before, after the crash and after success, for every step k."""
    blocks, steps = scenario()
    kv = MemoryKV()
    for step in steps:
        before, base = signature(kv, blocks), copy(kv)
        step(ChainStore(kv))
        after = signature(kv, blocks)
        for k in count():
            disk = copy(base)
            try:
                step(ChainStore(CrashingKV(disk, k, torn)))
            except Crashed:
                yield before, signature(disk, blocks), after
            else:
                assert signature(disk, blocks) == after
                break
        assert k > 1, "the crash came nowhere"


def test_a_crash_at_any_step_leaves_the_state_before_or_after() -> None:
    seen = 0
    for before, found, after in crash_everywhere(torn=False):
        assert found in (before, after)
        seen += 1
    assert seen > 70


def test_the_harness_would_notice_a_batch_that_is_not_atomic() -> None:
    """With a store that tears its batches the same check fails."""

    def all_whole() -> bool:
        return all(found in (before, after) for before, found, after in crash_everywhere(True))

    try:
        whole = all_whole()
    except StorageError:
        whole = False
    assert not whole


@pytest.mark.parametrize("k", range(7))
def test_opening_a_new_store_can_crash_anywhere_and_be_repeated(k: int) -> None:
    disk = MemoryKV()
    try:
        ChainStore(CrashingKV(disk, k))
    except Crashed:
        assert k < 5
    ChainStore(disk)
