"""What can be proven of a fork's state.

Its root is that of what differs from the other chain, so a proof shows what was written here,
and that nothing is where nothing is on the other chain either.  What is as it was at the fork
only the other chain can prove, against the roots of its own blocks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from byline.derivation.hashing import keccak256
from byline.derivation.header import Header
from byline.derivation.kernels import rlp
from byline.derivation.kernels.trie import Trie
from byline.node.chain.chain import Chain
from byline.node.evm.beneath import COVER, Beneath
from byline.rpc.backend import Refused


def check_provable(chain: Chain, header: Header, address: bytes, slots: Iterable[int]) -> None:
    """Refuse a proof that would not be one; a chain that is no fork proves everything.

    Raises `Refused` naming what cannot be proven, and where it can.
    """
    beneath = chain.beneath
    if beneath is None:
        return
    first = chain.store.first_number
    if header.number <= first:
        raise Refused(
            f"the state at block {first} is that of the forked chain and what was laid over it, "
            f"which has no root: ask for a later block, or for block {max(0, first - 1)}"
        )
    record = Trie(chain.store.node, header.state_root).get(keccak256(address))
    if not record:
        if beneath.record(address) is not None:
            raise Refused(
                f"account 0x{address.hex()} is as it was on the forked chain: its node proves it "
                f"at block {first}"
            )
        return
    fields: Any = rlp.decode(record)
    storage = Trie(chain.store.node, bytes(fields[2]))
    if storage.get(keccak256(COVER)):
        return
    for slot in slots:
        _check_slot(storage, beneath, address, slot.to_bytes(32, "big"), first)


def _check_slot(storage: Trie, beneath: Beneath, address: bytes, slot: bytes, first: int) -> None:
    if not storage.get(keccak256(slot)) and any(beneath.word(address, slot)):
        raise Refused(
            f"slot 0x{slot.hex()} of 0x{address.hex()} is as it was on the forked chain: its node "
            f"proves it at block {first}"
        )
