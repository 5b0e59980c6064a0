"""The store of the local L1's blobs: what is kept, how small, and for how long."""

from byline.derivation.blob import BLOB_SIZE, encode_blob
from byline.node.l1.blobs import RETENTION, BlobStore
from byline.node.l1.network_form import ProvenBlob
from byline.node.storage.kv import MemoryKV


def proven(text: bytes, proofs: int = 1) -> ProvenBlob:
    """A blob with made-up points: the store does not look at them."""
    return ProvenBlob(encode_blob(text), text.ljust(48, b"\0"), b"\x07" * 48 * proofs)


def test_blobs_come_back_as_they_were_whatever_their_proofs() -> None:
    store = BlobStore(MemoryKV())
    for item in (proven(b"one"), proven(b"two", 128)):
        store.keep([item], 1)
        assert item.versioned_hash in store
        assert store.get(item.versioned_hash) == item
        assert len(item.blob) == BLOB_SIZE
    assert store.get(bytes(32)) is None
    assert bytes(32) not in store
    assert "text" not in store


def test_a_blob_goes_when_no_block_has_wanted_it_for_so_long() -> None:
    kv = MemoryKV()
    store = BlobStore(kv, retention=10)
    item = proven(b"one")
    store.keep([item], 1)
    for height in range(1, 11):
        store.mined([item.versioned_hash] if height == 2 else [], height)
    store.mined([], 11)
    assert item.versioned_hash in store
    store.mined([], 12)
    assert item.versioned_hash not in store
    assert store.get(item.versioned_hash) is None
    assert list(kv.scan(b"")) == []


def test_a_blob_wanted_again_stays() -> None:
    store = BlobStore(MemoryKV(), retention=3)
    item, other = proven(b"one"), proven(b"two")
    store.keep([item, other], 1)
    for height in range(1, 9):
        store.mined([item.versioned_hash] if height in (1, 4, 7) else [], height)
    assert item.versioned_hash in store
    assert other.versioned_hash not in store


def test_a_height_that_comes_twice_is_noted_once() -> None:
    kv = MemoryKV()
    store = BlobStore(kv)
    item = proven(b"one")
    for _ in range(2):
        store.keep([item], 5)
        store.mined([item.versioned_hash], 5)
    assert kv.get(b"n" + (5).to_bytes(8, "big")) == item.versioned_hash


def test_a_small_blob_takes_little_room_and_retention_is_that_of_the_beacon_chain() -> None:
    kv = MemoryKV()
    BlobStore(kv).keep([proven(b"one")], 1)
    assert sum(len(value) for _, value in kv.scan(b"")) < 2_000
    assert RETENTION == 131_072
