"""When blocks are made, what they are to have, and what waits for them.

Peers: anvil's `anvil_`, `evm_` methods; Hardhat's `hardhat_`, `evm_` ones.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from byline.rpc import quantities, views
from byline.rpc.backend import Backend, TraceOptions
from byline.rpc.errors import InvalidParams, ServerError
from byline.rpc.method import Context, Method, Parameter
from byline.rpc.namespaces.common import ADDRESS, HASH, deposit_nonces
from byline.rpc.namespaces.evm import WISH, bounded
from byline.rpc.quantities import shown
from byline.rpc.steering import Steering

MILLISECONDS_FROM: Final = 1_000
"""From here on `evm_setIntervalMining` reads milliseconds, as Hardhat does, else seconds."""
LONGEST_INTERVAL: Final = 2**31 * 1_000
"""Milliseconds."""
CALLS: Final = TraceOptions(tracer="callTracer", config={"onlyTopCall": True})


def steering(backend: Backend) -> Steering:
    """Return what steers; the tables are served only where there is something."""
    if backend.steering is None:
        raise ServerError("this node's blocks are made by others")
    return backend.steering


# Modes


async def get_automine(context: Context) -> bool:
    """Tell whether a transaction makes a block of this chain at once."""
    return await steering(context.backend).pacing.automine()


async def set_automine(context: Context, on: bool) -> bool:
    """Let transactions make blocks of this chain at once, or wait.

    Switched on it ends an interval that stood in its place, and what waits is mined, as in
    anvil.
    """
    await steering(context.backend).pacing.set_automine(on)
    return True


async def anvil_set_automine(context: Context, on: bool) -> None:
    """See `set_automine`."""
    await set_automine(context, on)


async def get_interval(context: Context) -> int | None:
    """Return the seconds between blocks on the wall clock; null where there are none."""
    milliseconds = await steering(context.backend).pacing.interval()
    return None if milliseconds is None else milliseconds // 1_000


async def anvil_set_interval(context: Context, seconds: int) -> None:
    """Make blocks so many seconds apart, in place of automine; 0 leaves neither (anvil)."""
    milliseconds = seconds * 1_000
    interval = (milliseconds, _checked(milliseconds)) if seconds else None
    await steering(context.backend).pacing.set_interval(interval, mixed=False)


async def evm_set_interval(context: Context, interval: tuple[int, int]) -> bool:
    """Make blocks by the wall clock.

    anvil's users mean seconds and that automine ends, Hardhat's mean milliseconds, or two
    numbers of them between which to choose, and that automine stays.  What is 1,000 or more
    is taken for Hardhat's.  0 ends the interval and leaves automine as it is.
    """
    least, most = interval
    pacing = steering(context.backend).pacing
    if most == 0:
        await pacing.set_interval(None, mixed=True)
    elif least == most < MILLISECONDS_FROM:
        await pacing.set_interval((least * 1_000, most * 1_000), mixed=False)
    else:
        await pacing.set_interval(interval, mixed=True)
    return True


def _interval(value: Any) -> tuple[int, int]:
    """Read one number, or the least and the most of a range."""
    if not isinstance(value, list):
        found = quantities.quantity_or_number(value)
        return found, _checked(found)
    if len(value) != 2:
        raise InvalidParams(f"want one number or two, got a list of {len(value)}")
    least, most = (quantities.quantity_or_number(item) for item in value)
    if not 0 < least <= most:
        raise InvalidParams(f"want [least, most] milliseconds, got [{least}, {most}]")
    return least, _checked(most)


def _checked(milliseconds: int) -> int:
    if milliseconds > LONGEST_INTERVAL:
        raise InvalidParams(f"interval {shown(milliseconds)} ms: want at most {LONGEST_INTERVAL}")
    return milliseconds


# The next block


async def set_base_fee(context: Context, wei: int) -> None:
    """Give the next block a base fee; later ones follow from it."""
    await steering(context.backend).next_block.set_base_fee(wei)


async def set_coinbase(context: Context, address: bytes) -> None:
    """Let an account get the tips from the next block on."""
    await steering(context.backend).next_block.set_coinbase(address)


async def set_prev_randao(context: Context, word: int) -> None:
    """Give the next block its PREVRANDAO."""
    await steering(context.backend).next_block.set_prev_randao(word.to_bytes(32, "big"))


async def hardhat_set_base_fee(context: Context, wei: int) -> bool:
    """See `set_base_fee`."""
    await set_base_fee(context, wei)
    return True


async def hardhat_set_coinbase(context: Context, address: bytes) -> bool:
    """See `set_coinbase`."""
    await set_coinbase(context, address)
    return True


async def hardhat_set_prev_randao(context: Context, word: int) -> bool:
    """See `set_prev_randao`."""
    await set_prev_randao(context, word)
    return True


async def set_gas_limit(context: Context, gas: int) -> bool:
    """Give the blocks from the next on a gas limit."""
    await steering(context.backend).next_block.set_gas_limit(gas)
    return True


# The pool


async def set_min_gas_price(context: Context, wei: int) -> None:
    """Refuse, as anvil and Hardhat do: the base fee says what a block asks for (EIP-1559)."""
    raise InvalidParams("setMinGasPrice is not supported when EIP-1559 is active")


async def anvil_drop(context: Context, tx_hash: bytes) -> str | None:
    """Forget a waiting transaction; null when it does not wait."""
    dropped = await steering(context.backend).dropping.drop(tx_hash)
    return views.as_hex(tx_hash) if dropped else None


async def hardhat_drop(context: Context, tx_hash: bytes) -> bool:
    """Forget a waiting transaction; false for an unknown one, an error for a mined one."""
    if await steering(context.backend).dropping.drop(tx_hash):
        return True
    if await context.backend.chain.transaction(tx_hash) is not None:
        raise ServerError(
            f"transaction {views.as_hex(tx_hash)} cannot be dropped: it is in a block"
        )
    return False


async def drop_all(context: Context) -> None:
    """Forget all waiting transactions of users."""
    await steering(context.backend).dropping.drop_all()


async def drop_from(context: Context, sender: bytes) -> None:
    """Forget the waiting transactions of one sender."""
    await steering(context.backend).dropping.drop_from(sender)


# Blocks with what their transactions returned


async def mine_detailed(
    context: Context, wish: tuple[int, int | None]
) -> list[dict[str, Any] | None]:
    """Make blocks as `evm_mine` does; return them, and what each transaction returned."""
    blocks, timestamp = wish
    chain = context.backend.chain
    first = await chain.block_number() + 1
    await context.backend.controls.mine(bounded(context, blocks), timestamp)
    return [await _detailed(context, number) for number in range(first, first + blocks)]


async def _detailed(context: Context, number: int) -> dict[str, Any] | None:
    backend = context.backend
    block = await backend.chain.block(number)
    if block is None:
        return None
    nonces = await deposit_nonces(context, block)
    found = views.block(block, full=True, pending=False, deposit_nonces=nonces)
    if backend.tracing is None or not block.transactions:
        return found
    traces = await backend.tracing.trace_block(number, CALLS)
    for transaction, trace in zip(found["transactions"], traces, strict=True):
        # A tracer's answer is written in JSON already.
        result = orjson.loads(orjson.dumps(trace["result"]))
        transaction["output"] = result.get("output", "0x")
        if "revertReason" in result:
            transaction["revertReason"] = result["revertReason"]
    return found


_ON: Final = Parameter("automine", quantities.boolean)
_SECONDS: Final = Parameter("seconds", quantities.quantity_or_number)
_INTERVAL: Final = Parameter("interval", _interval)
_WEI: Final = Parameter("wei per gas", quantities.quantity_or_number)
_GAS: Final = Parameter("gas limit", quantities.quantity_or_number)
_RANDAO: Final = Parameter("prevRandao", quantities.slot)

METHODS: Final = {
    "evm_setAutomine": Method(set_automine, (_ON,)),
    "anvil_setAutomine": Method(anvil_set_automine, (_ON,)),
    "anvil_getAutomine": Method(get_automine),
    "hardhat_getAutomine": Method(get_automine),
    "evm_setIntervalMining": Method(evm_set_interval, (_INTERVAL,)),
    "anvil_setIntervalMining": Method(anvil_set_interval, (_SECONDS,)),
    "anvil_getIntervalMining": Method(get_interval),
    "anvil_setNextBlockBaseFeePerGas": Method(set_base_fee, (_WEI,)),
    "hardhat_setNextBlockBaseFeePerGas": Method(hardhat_set_base_fee, (_WEI,)),
    "anvil_setCoinbase": Method(set_coinbase, (ADDRESS,)),
    "hardhat_setCoinbase": Method(hardhat_set_coinbase, (ADDRESS,)),
    "anvil_setPrevRandao": Method(set_prev_randao, (_RANDAO,)),
    "anvil_setNextBlockPrevRandao": Method(set_prev_randao, (_RANDAO,)),
    "hardhat_setPrevRandao": Method(hardhat_set_prev_randao, (_RANDAO,)),
    "evm_setBlockGasLimit": Method(set_gas_limit, (_GAS,)),
    "anvil_setBlockGasLimit": Method(set_gas_limit, (_GAS,)),
    "anvil_setMinGasPrice": Method(set_min_gas_price, (_WEI,)),
    "hardhat_setMinGasPrice": Method(set_min_gas_price, (_WEI,)),
    "anvil_dropTransaction": Method(anvil_drop, (HASH,)),
    "hardhat_dropTransaction": Method(hardhat_drop, (HASH,)),
    "anvil_dropAllTransactions": Method(drop_all),
    "hardhat_dropAllTransactions": Method(drop_all),
    "anvil_removePoolTransactions": Method(drop_from, (ADDRESS,)),
    "evm_mine_detailed": Method(mine_detailed, (WISH,)),
    "anvil_mine_detailed": Method(mine_detailed, (WISH,)),
}
