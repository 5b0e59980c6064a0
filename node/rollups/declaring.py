"""How a node with an L1 of its own declares things of its L2's next block.

What is declared is an event of the DevControl contract on the L1 (`derivation.dev_schedule`).
The node's owner account sends the transactions, in an L1 block that the node makes.
"""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from byline.derivation.transaction import Transaction
from byline.node.accounts import DevAccount
from byline.node.chain.admission import PoolContext
from byline.node.contracts import artifacts
from byline.node.evm.machine import Machine
from byline.node.l1 import dev_control
from byline.node.l1.chain import BY_THE_RULES, LocalL1, NextL1Block
from byline.node.rollups.rollup import ChainName, Rollup
from byline.node.signing import sign_dynamic_fee
from byline.rpc.backend import Refused

LOG = logging.getLogger("byline.rollup")

OPERATOR_TIP: Final = 10**9
"""Wei per gas."""
THE_CLOCK: Final = "the clock does not jump"
"""How a refusal begins, unless told."""
FIRST_DEPARTURE: Final = "first_departure"
"""Under which the number of the first L2 block that stock verifiers do not follow is kept."""


@dataclass(slots=True, kw_only=True)
class DeclaringRollup(Rollup):
    """A rollup that owns the DevControl contract of its L1."""

    l1: LocalL1
    batch_account: DevAccount
    owner: DevAccount
    """Owns the DevControl contract."""
    next_l1: NextL1Block = BY_THE_RULES
    """What users want of the next L1 block that they make."""
    first_jump: int | None = None
    """The first L2 block that a stock verifier does not follow."""

    def obstacle(self, what: str = THE_CLOCK) -> str | None:
        """Return why nothing can be declared on the L1, if so; `what` is what does not work."""
        address = self.engine.config.dev_control
        if self.mining.strict:
            return f"{what} in strict mode: start without --strict"
        if address is None:
            return f"{what}: the rollup config names no DevControl contract"
        machine = self.l1.chain.machine(self.l1.head)
        owner = self.owner.address
        code = machine.code(address)
        if code and what != THE_CLOCK and code != artifacts.load("DevControl").runtime:
            return (
                f"{what}: DevControl at 0x{address.hex()} is of an earlier version, which "
                "moves the clock alone: begin the chains anew, or pass another --data-dir"
            )
        if not code and machine.nonce(owner):
            return f"DevControl cannot be created: 0x{owner.hex()} has sent L1 transactions"
        if machine.balance(owner) < dev_control.LEAST_BUDGET and self._funder() is None:
            return (
                f"{what}: no development account has a balance on the L1; "
                f"send {dev_control.BUDGET} wei to 0x{owner.hex()}"
            )
        return None

    def check_declares(self, what: str = THE_CLOCK) -> None:
        """Raise `Refused` where nothing can be declared on the L1."""
        obstacle = self.obstacle(what)
        if obstacle is not None:
            raise Refused(obstacle)

    def control_transactions(self, calls: Sequence[bytes]) -> Sequence[Transaction]:
        """Return what calls DevControl with each of `calls`, and before it what that needs."""
        address = self.engine.config.dev_control
        assert address is not None, "a declaration without DevControl"
        machine = self.l1.chain.machine(self.l1.head)
        made: list[Transaction] = []
        if machine.balance(self.owner.address) < dev_control.LEAST_BUDGET:
            funder = self._funder()
            assert funder is not None, "checked before"
            made.append(self._sign_l1(funder, self.owner.address, b"", 21_000, dev_control.BUDGET))
        own: list[Transaction] = []
        if not machine.code(address):
            LOG.info("DevControl is created on the L1, at 0x%s", address.hex())
            code = dev_control.creation_code()
            own.append(self._sign_l1(self.owner, None, code, dev_control.CREATION_GAS))
        for data in calls:
            gas = dev_control.call_gas(data)
            own.append(self._sign_l1(self.owner, address, data, gas, nonce_ahead=len(own)))
        return [*made, *own]

    def note_departure(self) -> None:
        """Take note if the L1 declares more of the next L2 block than the rules alone make."""
        unsafe = self.engine.heads.unsafe
        if self.first_jump is None and self.sequencer.schedule.departs(unsafe):
            number = unsafe.number + 1
            self.depart_from(number)
            LOG.info("L2 block %d is what DevControl says: stock verifiers stop here", number)

    def depart_from(self, number: int | None) -> None:
        """Let `number` be the first L2 block that a stock verifier does not follow."""
        if number == self.first_jump:
            return
        self.first_jump = number
        kept = b"" if number is None else number.to_bytes(8, "big")
        self.engine.chain.store.write_meta({FIRST_DEPARTURE: kept})

    def find_first_jump(self) -> int | None:
        """Return the first L2 block that the L1 declared anything of, if any.

        It is kept; else it is found by the time that it jumped.
        """
        kept = self.engine.chain.store.meta(FIRST_DEPARTURE)
        if kept and int.from_bytes(kept, "big") <= self.engine.heads.unsafe.number:
            return int.from_bytes(kept, "big")
        return self._first_late()

    def _first_late(self) -> int | None:
        """Return the first L2 block later than the block time alone would make it, if any.

        Jumps go forward only, so all blocks after it are later, too.
        """
        chain, genesis = self.engine.chain, self.engine.config.genesis

        def is_late(number: int) -> bool:
            header = chain.canonical(number)
            assert header is not None, "a canonical block is stored"
            blocks = number - genesis.l2.number
            return header.timestamp > genesis.l2_time + blocks * self.engine.config.block_time

        first, end = genesis.l2.number, self.engine.heads.unsafe.number + 1
        found = bisect_left(range(first, end), True, key=is_late) + first
        return found if found < end else None

    def forget_lost_jump(self) -> None:
        """After blocks were taken back: perhaps stock verifiers follow again."""
        if self.first_jump is not None and self.first_jump > self.engine.heads.unsafe.number:
            self.depart_from(None)

    def _funder(self) -> DevAccount | None:
        machine = self.l1.chain.machine(self.l1.head)
        busy = {tx.sender for tx in self.pools["l1"].transactions()}
        busy.add(self.batch_account.address)
        return dev_control.funder(machine, self.engine.config.l2_chain_id, busy)

    def next_base_fee(self, name: ChainName) -> int:
        """See `Rollup.next_base_fee`; users may have chosen it."""
        if name == "l1":
            chosen = self.next_l1.base_fee
        else:
            chosen = self.sequencer.schedule.fields(self.engine.heads.unsafe).base_fee
        return Rollup.next_base_fee(self, name) if chosen is None else chosen

    def pool_context(self, name: ChainName, machine: Machine | None = None) -> PoolContext:
        """See `Rollup.pool_context`; users may have chosen the L1's next gas limit."""
        context = Rollup.pool_context(self, name, machine)
        limit = self.next_l1.gas_limit if name == "l1" else None
        return context if limit is None else replace(context, block_gas_limit=limit)

    def highest_l1_base_fee(self) -> int:
        """Return what the next L1 block asks for at most, whether users make it or the node."""
        return max(self.next_base_fee("l1"), Rollup.next_base_fee(self, "l1"))

    def _sign_l1(
        self,
        account: DevAccount,
        to: bytes | None,
        data: bytes,
        gas: int,
        value: int = 0,
        nonce_ahead: int = 0,
    ) -> Transaction:
        chain = self.l1.chain
        machine = chain.machine(chain.head)
        nonce = machine.nonce(account.address) + nonce_ahead
        # A price that a user set for one block shall not be beyond the account's means.
        affordable = max(0, machine.balance(account.address) // 2 - value) // gas
        wanted = 2 * self.highest_l1_base_fee() + OPERATOR_TIP
        least = 2 * Rollup.next_base_fee(self, "l1") + OPERATOR_TIP
        return sign_dynamic_fee(
            account,
            chain_id=chain.chain_id,
            nonce=nonce + self.pools["l1"].count(account.address),
            gas=gas,
            to=to,
            max_fee=max(least, min(wanted, affordable)),
            tip=OPERATOR_TIP,
            value=value,
            data=data,
        )
