"""The schema version: a newer one is refused, an older one goes up step by step."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from byline.node.errors import Corrupt, NewerSchema
from byline.node.storage import migrations
from byline.node.storage.kv import MemoryKV
from byline.node.storage.migrations import SCHEMA, migrate
from byline.node.storage.store import ChainStore
from byline.node.storage.tables import POINTERS

KEY = POINTERS.key("schema")


def test_a_new_store_is_marked_and_a_marked_one_left_alone() -> None:
    kv = MemoryKV()
    migrate(kv)
    migrate(kv)
    assert dict(kv.scan(b"")) == {KEY: SCHEMA.to_bytes(4, "big")}


def test_data_of_a_later_version_is_refused_with_both_versions() -> None:
    kv = MemoryKV()
    kv.write({KEY: (SCHEMA + 1).to_bytes(4, "big")})
    with pytest.raises(NewerSchema, match=f"version {SCHEMA + 1}, .* up to {SCHEMA}: upgrade"):
        ChainStore(kv)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({b"foreign": b"data"}, "no schema version"),
        ({KEY: b"1"}, "want 4 bytes, got 1"),
        ({KEY: bytes(4)}, "version 0 was never used"),
    ],
)
def test_data_that_is_not_ours_is_refused(data: dict[bytes, bytes], words: str) -> None:
    kv = MemoryKV()
    kv.write(data)
    with pytest.raises(Corrupt, match=words):
        migrate(kv)


def test_an_older_version_goes_up_one_step_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = MappingProxyType(
        {1: lambda kv: {b"one": kv.get(b"old")}, 2: lambda kv: {b"old": None}}
    )
    monkeypatch.setattr(migrations, "UPGRADES", steps)
    monkeypatch.setattr(migrations, "SCHEMA", 3)
    kv = MemoryKV()
    kv.write({KEY: (1).to_bytes(4, "big"), b"old": b"value"})
    migrate(kv)
    assert dict(kv.scan(b"")) == {KEY: (3).to_bytes(4, "big"), b"one": b"value"}
