"""Implements what `byline.rpc.steering` says of blocks to come, blocks gone, and whole states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from byline.derivation.errors import InvalidData
from byline.derivation.transaction import Transaction
from byline.node.accounts import dev_accounts
from byline.node.backend.chain import SUGGESTED_TIP
from byline.node.backend.pool import sign_filled
from byline.node.backend.steering import NodeDropping, NodePacing, NodeTelling, local
from byline.node.backend.threads import Threads
from byline.node.chain.anvil_state import NotAState, pack_state, read_state, write_state
from byline.node.rollups import next_block, taking_back
from byline.node.rollups.dumping import dump_state, edits_to
from byline.node.rollups.local import LocalRollup
from byline.node.rollups.rollup import ChainName, Rollup
from byline.rpc.backend import CallRequest, Refused
from byline.rpc.steering import Steering

Wanted = Sequence[tuple[bytes | CallRequest, int]]

MOST_REORGANISED: Final = 1_024
"""Blocks that one reorganisation may make anew."""


@dataclass(frozen=True, slots=True)
class NodeNextBlock:
    """Implements `byline.rpc.steering.NextBlock`."""

    rollup: Rollup
    name: ChainName
    threads: Threads

    async def set_base_fee(self, wei: int) -> None:
        """Give the next block a base fee."""
        rollup = local(self.rollup)
        await self.threads.write(next_block.set_base_fee, rollup, self.name, wei)

    async def set_coinbase(self, address: bytes) -> None:
        """Let `address` get the tips from the next block on."""
        rollup = local(self.rollup)
        await self.threads.write(next_block.set_coinbase, rollup, self.name, address)

    async def set_prev_randao(self, word: bytes) -> None:
        """Give the next block its PREVRANDAO."""
        rollup = local(self.rollup)
        await self.threads.write(next_block.set_prev_randao, rollup, self.name, word)

    async def set_gas_limit(self, gas: int) -> None:
        """Give the blocks from the next on a gas limit."""
        rollup = local(self.rollup)
        await self.threads.write(next_block.set_gas_limit, rollup, self.name, gas)


@dataclass(frozen=True, slots=True)
class NodeRewriting:
    """Implements `byline.rpc.steering.Rewriting`."""

    rollup: Rollup
    name: ChainName
    threads: Threads

    async def rollback(self, depth: int) -> None:
        """Take back the last `depth` blocks."""
        await self.threads.write(taking_back.rollback, local(self.rollup), self.name, depth)

    async def reorg(self, depth: int, transactions: Wanted) -> None:
        """Make other blocks in place of the last `depth`."""
        await self.threads.write(self._reorg, local(self.rollup), depth, transactions)

    def _reorg(self, rollup: LocalRollup, depth: int, wanted: Wanted) -> None:
        if depth > MOST_REORGANISED:
            raise Refused(f"a reorganisation of {depth} blocks: want at most {MOST_REORGANISED}")
        # What is malformed shall not cost any block.
        by_offset: dict[int, list[Transaction | CallRequest]] = {}
        for item, offset in wanted:
            checked = self._read(rollup, item) if isinstance(item, bytes) else self._known(item)
            by_offset.setdefault(offset, []).append(checked)

        def chosen(offset: int) -> list[Transaction]:
            found: list[Transaction] = []
            for item in by_offset.get(offset, ()):
                signed = item if isinstance(item, Transaction) else self._sign(rollup, item, found)
                found.append(signed)
            return found

        taking_back.reorganise(rollup, self.name, depth, chosen)

    def _read(self, rollup: LocalRollup, raw: bytes) -> Transaction:
        try:
            tx = rollup.read(self.name, raw)
            tx.sender  # noqa: B018 - recovered here, before any block is gone
        except InvalidData as exc:
            raise Refused(f"Failed to decode transaction: {exc}") from exc
        return tx

    def _known(self, request: CallRequest) -> CallRequest:
        if all(account.address != request.sender for account in dev_accounts()):
            raise Refused("unknown account")
        return request

    def _sign(
        self, rollup: LocalRollup, request: CallRequest, before: Sequence[Transaction]
    ) -> Transaction:
        """Fill in what a request lacks for the next block, after `before`, and sign it."""
        account = next(one for one in dev_accounts() if one.address == request.sender)
        chain, context = rollup.chain(self.name), rollup.pool_context(self.name)
        earlier = sum(tx.sender == account.address for tx in before)
        filled = replace(request, chain_id=chain.chain_id)
        if request.nonce is None:
            nonce = chain.machine(chain.head).nonce(account.address)
            filled = replace(filled, nonce=nonce + earlier)
        if request.gas is None:
            cap = context.transaction_gas_cap or context.block_gas_limit
            share = context.block_gas_limit // 8
            filled = replace(filled, gas=min(cap, max(share, 21_000)))
        if request.gas_price is None:
            tip = request.max_priority_fee_per_gas
            tip = SUGGESTED_TIP if tip is None else tip
            most = request.max_fee_per_gas
            most = 2 * rollup.next_base_fee(self.name) + tip if most is None else most
            filled = replace(filled, max_priority_fee_per_gas=min(tip, most), max_fee_per_gas=most)
        return self._read(rollup, sign_filled(filled, account))

    async def reset(self) -> None:
        """Let both chains begin again."""
        await self.threads.write(taking_back.reset, local(self.rollup))


@dataclass(frozen=True, slots=True)
class NodeStates:
    """Implements `byline.rpc.steering.States`."""

    rollup: Rollup
    name: ChainName
    threads: Threads

    async def dump(self) -> bytes:
        """Return the accounts of the newest block, packed."""
        return await self.threads.execute(self._dump)

    def _dump(self) -> bytes:
        chain = self.rollup.chain(self.name)
        return pack_state(write_state(dump_state(chain, chain.head)))

    async def load(self, dumped: bytes) -> None:
        """Set the accounts that are in `dumped`, some at a time."""
        rollup = local(self.rollup)
        try:
            accounts = await self.threads.execute(read_state, dumped)
        except NotAState as exc:
            raise Refused(f"Failed to decode state dump: {exc}") from exc
        pieces = await self.threads.execute(lambda: tuple(edits_to(rollup, self.name, accounts)))
        for piece in pieces:
            await self.threads.write(rollup.edit, self.name, piece)


def steering_of(rollup: Rollup, name: ChainName, threads: Threads) -> Steering:
    """Return all that steers a chain."""
    return Steering(
        pacing=NodePacing(rollup, name, threads),
        next_block=NodeNextBlock(rollup, name, threads),
        dropping=NodeDropping(rollup, name, threads),
        rewriting=NodeRewriting(rollup, name, threads),
        states=NodeStates(rollup, name, threads),
        telling=NodeTelling(rollup, name, threads),
    )
