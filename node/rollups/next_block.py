"""What users want of the next block of either chain beside its time.

On the L1 it goes straight into the next block that users make.  On the L2 it is declared on
the L1 at once, so that every verifier finds the same: base fee, fee recipient and randomness
by events of DevControl (`derivation.dev_fields`), the gas limit by the SystemConfig contract,
as on any OP Stack chain.

Free functions on a `LocalRollup`; like its methods they run on the writer's thread.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from byline.derivation import dev_fields
from byline.derivation.hashing import keccak256
from byline.node.evm.ethereum import MAX_GAS_LIMIT, MIN_GAS_LIMIT
from byline.node.l1 import dev_control
from byline.node.rollups.rollup import ChainName
from byline.node.rollups.time_travel import MOST_EMPTY_BLOCKS
from byline.rpc.backend import Refused

if TYPE_CHECKING:
    from byline.node.rollups.local import LocalRollup

THE_HEADER: Final = "the header of an L2 block is not chosen"
"""How a refusal begins."""
SET_GAS_LIMIT: Final = keccak256(b"setGasLimit(uint64)")[:4]
SET_GAS_LIMIT_GAS: Final = 300_000


def set_base_fee(rollup: LocalRollup, name: ChainName, wei: int) -> None:
    """Give the next block of a chain a base fee, in wei per gas; raises `Refused`."""
    if wei >= dev_fields.BASE_FEE_BOUND:
        raise Refused(f"base fee {wei}: want less than {dev_fields.BASE_FEE_BOUND} wei")
    if name == "l1":
        rollup.next_l1 = replace(rollup.next_l1, base_fee=wei)
    else:
        _declare(rollup, dev_fields.BASE_FEE, wei)


def set_coinbase(rollup: LocalRollup, name: ChainName, address: bytes) -> None:
    """Let `address` get the tips of a chain from the next block on; raises `Refused`."""
    if name == "l1":
        rollup.next_l1 = replace(rollup.next_l1, coinbase=address)
    else:
        _declare(rollup, dev_fields.FEE_RECIPIENT, int.from_bytes(address, "big"))


def set_prev_randao(rollup: LocalRollup, name: ChainName, word: bytes) -> None:
    """Give the next block of a chain 32 bytes for PREVRANDAO; raises `Refused`."""
    if name == "l1":
        rollup.next_l1 = replace(rollup.next_l1, prev_randao=word)
    else:
        _declare(rollup, dev_fields.PREV_RANDAO, int.from_bytes(word, "big"))


def set_gas_limit(rollup: LocalRollup, name: ChainName, gas: int) -> None:
    """Give the blocks of a chain a gas limit from now on; raises `Refused`.

    The L1's next block has it.  The L2 adopts it with the L1 block that tells of it, so empty
    L2 blocks are made until one has that as its origin.
    """
    if name == "l2":
        _set_l2_gas_limit(rollup, gas)
        return
    if not MIN_GAS_LIMIT <= gas <= MAX_GAS_LIMIT:
        raise Refused(f"gas limit {gas}: want {MIN_GAS_LIMIT} to {MAX_GAS_LIMIT}")
    rollup.next_l1 = replace(rollup.next_l1, gas_limit=gas)


def _declare(rollup: LocalRollup, field: int, value: int) -> None:
    rollup.check_declares(THE_HEADER)
    number = rollup.engine.heads.unsafe.number + 1
    rollup.declare((dev_control.set_field_call(number, field, value),))
    if rollup.sequencer.schedule.declared_field(rollup.engine.heads.unsafe, field) != value:
        raise Refused(f"the L1 did not take the event that sets field {field} to {value}")


def _set_l2_gas_limit(rollup: LocalRollup, gas: int) -> None:
    engine, contract = rollup.engine, rollup.engine.config.l1_system_config
    if not 0 <= gas < 2**64:
        raise Refused(f"gas limit {gas}: want less than 2**64")
    data = SET_GAS_LIMIT + gas.to_bytes(32, "big")
    block = rollup.send_as_owner(contract, data, SET_GAS_LIMIT_GAS)
    if not block.receipts or not block.receipts[-1].succeeded:
        raise Refused(
            f"gas limit {gas}: the SystemConfig contract at 0x{contract.hex()} does not take it "
            f"from 0x{rollup.owner.address.hex()}: want at least its minimumGasLimit and at "
            "most its maximumGasLimit, from its owner"
        )
    number = block.header.number
    for _ in range(2 * MOST_EMPTY_BLOCKS + number - engine.heads.unsafe.l1_origin.number):
        if engine.heads.unsafe.l1_origin.number >= number:
            return
        rollup.mine_l2(chosen=())
    raise Refused(f"L1 block {number}, which sets the gas limit, is too far ahead of the L2")
