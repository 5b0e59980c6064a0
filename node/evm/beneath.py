"""What lies beneath the state of a chain that was forked from another one.

The tries of such a chain hold what differs from the other chain's state at the fork, and only
that: an account or a word that they lack is asked for there.  So what was deleted here is
written down as such, an account as an empty record, a word as a record of 0; and an account
whose whole storage was cleared here has one more record in its storage trie, under `COVER`.
A record that says what lies beneath says, too, is left out.  The state root is a function of
the fork and of the state, however it came about, and both engines find the same one.
"""

from __future__ import annotations

from typing import Final, Protocol

from byline.derivation.hashing import keccak256

COVER: Final = keccak256(b"byline: words beneath are covered")
"""The slot, of which no contract knows, whose record covers the storage beneath."""


class Beneath(Protocol):
    """The state of another chain at one block.  What it answers never changes.

    Every method may block for as long as the network takes, and raises what the engine's
    caller has to see when it does not get there; the engines pass that on.
    """

    def record(self, address: bytes) -> bytes | None:
        """Return the account in the form of a state trie; `None` for one that is empty.

        That is RLP of nonce, balance, the root of an empty storage trie, and code hash.
        """

    def may_have_words(self, address: bytes) -> bool:
        """Tell whether any word of the account can differ from 0."""

    def word(self, address: bytes, slot: bytes) -> bytes:
        """Return a word of storage, 32 bytes; so has `slot`."""

    def code(self, address: bytes, code_hash: bytes) -> bytes | None:
        """Return the code of the account if it has `code_hash`."""

    def block_hash(self, number: int) -> bytes:
        """Return the hash of a block of the other chain, up to the fork."""
