"""What every `L1Source` must do; an implementation passes by inheriting `L1SourceSuite`."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AbstractAsyncContextManager

from byline.derivation.types import L1BlockRef
from byline.node.l1.source import L1Source
from tests.unit.node.l1.l1_kit import GENESIS, SECOND, run


class L1SourceSuite:
    """Inherit, and say in `opened` how a source of `GENESIS` and `SECOND` is made."""

    @abstractmethod
    def opened(self) -> AbstractAsyncContextManager[L1Source]:
        """Return a context with the source; only `GENESIS` is final."""

    def test_it_knows_head_and_finalized_block(self) -> None:
        async def check() -> None:
            async with self.opened() as source:
                assert await source.head() == L1BlockRef.of(SECOND.header)
                assert await source.finalized() == L1BlockRef.of(GENESIS.header)

        run(check())

    def test_it_gives_blocks_whole_by_number_and_by_hash(self) -> None:
        async def check() -> None:
            async with self.opened() as source:
                for one in (GENESIS, SECOND):
                    block = await source.block_by_number(one.number)
                    assert block is not None
                    assert block.header == one.header
                    assert block.transactions == one.block.transactions
                    assert block.receipts == one.receipts
                    assert await source.block_by_hash(one.hash) == block

        run(check())

    def test_it_answers_none_for_what_it_does_not_have(self) -> None:
        async def check() -> None:
            async with self.opened() as source:
                assert await source.block_by_number(2) is None
                assert await source.block_by_hash(b"\x77" * 32) is None

        run(check())
