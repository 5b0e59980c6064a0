"""From what a client calls a block to the block itself."""

from __future__ import annotations

from dataclasses import dataclass

from byline.derivation.block import Block
from byline.derivation.header import Header
from byline.node.backend.served import Served
from byline.node.chain.chain import Chain
from byline.node.evm.machine import Machine
from byline.node.rollups.rollup import ChainName
from byline.rpc.backend import BlockRef, CanonicalHash, Refused, UnknownBlock


@dataclass(frozen=True, slots=True)
class Resolver:
    """Finds blocks of one chain by tag, number or hash."""

    rollup: Served
    name: ChainName

    @property
    def chain(self) -> Chain:
        """The chain that references are about."""
        return self.rollup.chain(self.name)

    def header(self, ref: BlockRef) -> Header | None:
        """Return the header, or `None`; `pending` answers with the head.

        Raises `Refused` where the canonical block is asked for by the hash of another one.
        """
        if isinstance(ref, bytes):
            found = self.chain.store.header(ref)
            if found is not None and isinstance(ref, CanonicalHash):
                self._check_canonical(found)
            return found
        if isinstance(ref, int):
            return self.chain.canonical(ref)
        if ref == "earliest":
            return self.chain.canonical(self.chain.store.first_number)
        if ref in ("safe", "finalized"):
            return self.chain.store.header(self._tagged(ref == "finalized"))
        return self.chain.head

    def _check_canonical(self, header: Header) -> None:
        if not self.chain.is_canonical(header):
            raise Refused("hash is not currently canonical")

    def _tagged(self, finalized: bool) -> bytes:
        if self.name == "l1":
            return self.rollup.l1.finalized.hash if finalized else self.chain.head.hash
        heads = self.rollup.engine.heads
        return heads.finalized.hash if finalized else heads.safe.hash

    def known(self, ref: BlockRef) -> Header:
        """Return the header; raises `UnknownBlock`."""
        header = self.header(ref)
        if header is None:
            shown = f"0x{ref.hex()}" if isinstance(ref, bytes) else str(ref)
            raise UnknownBlock(f"header not found: block {shown}")
        return header

    def context(self, ref: BlockRef) -> Header:
        """Return what opcodes of a call see, on the state after a block.

        For `pending` that is a block on the head, at the time that the next one would have
        now.  Raises `UnknownBlock`.
        """
        header = self.known(ref)
        if ref != "pending":
            return header
        return header.with_(
            parent_hash=header.hash,
            number=header.number + 1,
            timestamp=self.rollup.next_timestamp(self.name),
            base_fee=self.rollup.next_base_fee(self.name),
        )

    def block(self, ref: BlockRef) -> Block | None:
        """Return the block; `None` when unknown."""
        header = self.header(ref)
        return None if header is None else self.chain.store.block(header.hash)

    def machine(self, ref: BlockRef) -> Machine:
        """Return a machine on the state after a block; raises `UnknownBlock`."""
        return self.chain.machine(self.known(ref))
