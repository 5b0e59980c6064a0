"""A program that commits blocks for ever and says which ones it has; the test kills it."""

from __future__ import annotations

import sys

from byline.node.storage.kv import Prefixed
from byline.node.storage.leveldb import LevelKV
from byline.node.storage.store import ChainStore
from tests.unit.node.storage.chain_kit import child


def main(folder: str) -> None:
    """Grow the chain in `folder`; every seventh block replaces the two before it."""
    store = ChainStore(Prefixed(LevelKV(folder), b"L2"))
    if store.is_empty:
        store.commit(child(None))
    while True:
        head = store.head()
        salt = head.hash[:4]
        if head.number > 3 and head.hash[0] % 7 == 0:
            at = store.canonical_hash(head.number - 2)
            assert at is not None
            store.set_head(at, meta={"tip": at})
            sys.stdout.write(f"{at.hex()}\n")
        else:
            made = child(head, salt=salt)
            store.commit(made, meta={"tip": made.hash})
            sys.stdout.write(f"{made.hash.hex()}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
