"""How users edit the state of either chain of a local rollup.

Free functions on a `LocalRollup`; like its methods they run on the writer's thread.  An edit
of the L1 is an L1 block whose state root holds it: nobody executes that L1 again.  An edit of
the L2 is a deposit of DevControl, in one L1 block, and the L2 block that holds it.  These
blocks hold no transactions of users, and have the times that the rules alone give, so that
what users wish of the next block's time is left to their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from byline.derivation.dev_deposits import fitting
from byline.derivation.dev_edits import EDITOR, AccountEdit, split_edits
from byline.derivation.dev_fields import BASE_FEE, BASE_FEE_BOUND, PREV_RANDAO
from byline.derivation.errors import InvalidData
from byline.derivation.intrinsic import data_floor_gas, message_intrinsic_gas
from byline.node.l1 import dev_control
from byline.node.rollups.impersonation import INFO_GAS, Forced, force
from byline.node.rollups.rollup import ChainName
from byline.rpc.backend import Refused

if TYPE_CHECKING:
    from byline.node.rollups.local import LocalRollup

THE_STATE: Final = "the state of the L2 is not edited"
"""How a refusal begins."""
MOST_BLOCKS: Final = 8
"""L2 blocks that one group of deposits is tried in: users' deposits may take their room."""


def edit(rollup: LocalRollup, name: ChainName, edits: Sequence[AccountEdit]) -> None:
    """Make the blocks of a chain that hold `edits`; without any, none.

    Raises `Refused` for values out of bounds, and on an L2 of which nothing can be declared.
    """
    try:
        pieces = split_edits(edits)
    except InvalidData as exc:
        raise Refused(str(exc)) from exc
    if not pieces:
        return
    if name == "l1":
        rollup.mine_edits(edits)
    else:
        rollup.check_declares(THE_STATE)
        if not rollup.sequencer.active:
            raise Refused("sequencer not running: admin_startSequencer starts it")
        carriers = [_carrier(rollup, piece) for piece in pieces]
        for group in _groups(rollup, carriers):
            _mine(rollup, group)
    if len(rollup.pools[name]):
        # What waits was admitted to another state.
        rollup.take_back(name, ())


def _carrier(rollup: LocalRollup, data: bytes) -> Forced:
    gas = max(message_intrinsic_gas(EDITOR, data), data_floor_gas(data))
    return force(rollup.engine, EDITOR, EDITOR, 0, gas, data)


def _groups(rollup: LocalRollup, carriers: Sequence[Forced]) -> Iterator[Sequence[Forced]]:
    """Yield `carriers` in order, as many at once as one block of either chain holds."""
    l2_room = rollup.engine.chain.head.gas_limit - INFO_GAS
    l1_room = rollup.l1.head.gas_limit - dev_control.CREATION_GAS
    held: list[Forced] = []
    l1_gas = 0
    for carrier in carriers:
        needed = dev_control.call_gas(carrier.call(0))
        if needed > l1_room or carrier.deposit.gas > l2_room:
            raise Refused(
                f"an edit takes {needed} gas of the L1 and {carrier.deposit.gas} of the L2: their "
                f"blocks have {l1_room} and {l2_room}; give it in smaller parts"
            )
        deposits = [one.deposit for one in (*held, carrier)]
        if l1_gas + needed > l1_room or len(fitting(deposits, l2_room)) < len(deposits):
            yield held
            held, l1_gas = [], 0
        held.append(carrier)
        l1_gas += needed
    if held:
        yield held


def _put_off(rollup: LocalRollup, number: int) -> Iterator[bytes]:
    """Yield the calls that leave to the block after `number` what users want of that one.

    It is declared already.  A randomness cannot be taken back, so that both blocks have it.
    """
    unsafe, schedule = rollup.engine.heads.unsafe, rollup.sequencer.schedule
    fields, block_time = schedule.fields(unsafe), rollup.engine.config.block_time
    if fields.base_fee is not None:
        yield dev_control.set_field_call(number, BASE_FEE, BASE_FEE_BOUND)
        yield dev_control.set_field_call(number + 1, BASE_FEE, fields.base_fee)
    if fields.prev_randao is not None:
        randao = int.from_bytes(fields.prev_randao, "big")
        yield dev_control.set_field_call(number + 1, PREV_RANDAO, randao)
    declared, wishes = schedule.next_timestamp(unsafe), rollup.timeline.wishes
    wished = declared == wishes.exact.get("l2") or 0 < (wishes.floor or 0) <= declared
    if wished and declared >= unsafe.timestamp + 2 * block_time:
        yield dev_control.set_clock_call(number, 0)
        yield dev_control.set_clock_call(number + 1, declared)


def _mine(rollup: LocalRollup, group: Sequence[Forced]) -> None:
    """Make blocks until they hold all of `group`."""
    left = list(group)
    for _ in range(MOST_BLOCKS):
        number = rollup.engine.heads.unsafe.number + 1
        calls = [carrier.call(number) for carrier in left]
        rollup.mine_forced([*_put_off(rollup, number), *calls])
        held = rollup.chain("l2").canonical_block(number)
        assert held is not None, "the block was made"
        mined = {tx.hash for tx in held.transactions}
        left = [carrier for carrier in left if carrier.deposit.hash not in mined]
        if not left:
            return
    raise Refused(f"the L2's blocks are full: {len(left)} deposits with edits did not get in")
