"""Calls that change nothing: `eth_call`, gas estimates, access lists, state reads.

Each opens a machine of its own on an immutable state root, so any number may run beside
the one thread that builds blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from byline.derivation.hashing import ZERO_ADDRESS
from byline.derivation.header import Header
from byline.derivation.intrinsic import (
    ACCESS_LIST_ADDRESS_GAS,
    ACCESS_LIST_SLOT_GAS,
    AUTHORIZATION_GAS,
    data_floor_gas,
    message_intrinsic_gas,
)
from byline.derivation.transaction import AccessListEntry
from byline.node.chain.accessed import AccessTracer
from byline.node.chain.blob_calls import check_blobs, most_for_blobs
from byline.node.chain.chain import Chain
from byline.node.chain.pretended import (
    NO_ACCOUNTS,
    call_machine,
    pretended_header,
)
from byline.node.evm.accounts import DELEGATION_PREFIX, created_address
from byline.node.evm.console import ConsoleCalls
from byline.node.evm.machine import CallOutcome, Machine, MessageCall, NodeReader
from byline.node.evm.patience import ENDLESS, Patience
from byline.node.evm.transition import (
    MAX_REFUND_QUOTIENT,
    apply_authorizations,
    authority_of,
)
from byline.rpc.backend import (
    THE_BLOCK_ITSELF,
    AccountOverride,
    BlockOverrides,
    CallRequest,
    Halted,
    Refused,
    Reverted,
)

ESTIMATE_TOLERANCE: Final = 0.015
"""An estimate may be this part above the least gas limit (geth's, to save executions)."""
TRANSFER_GAS: Final = 21_000
MAX_ACCESS_LIST_ROUNDS: Final = 16
LENT: Final = 2**128
"""Wei that a request without sender may spend."""

Hear = Callable[[ConsoleCalls], None]
"""Is told what contracts write to the console."""
Surcharge = Callable[[CallRequest, int], int]
"""Wei that a transaction of the request costs beyond gas and value, at a gas limit."""


def fee_cap(request: CallRequest) -> int:
    """Return the wei per gas that `request` is ready to pay; 0 when it says nothing.

    Raises `Refused` for contradictions, in geth's words.
    """
    if request.gas_price is not None and request.max_fee_per_gas is not None:
        raise Refused("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified")
    tip = request.max_priority_fee_per_gas or 0
    cap = request.gas_price if request.gas_price is not None else request.max_fee_per_gas
    if cap is None:
        return tip
    if request.max_fee_per_gas is not None and tip > cap:
        raise Refused(
            "max priority fee per gas higher than max fee per gas: "
            f"maxPriorityFeePerGas: {tip}, maxFeePerGas: {cap}"
        )
    return cap


def check_chain(chain: Chain, request: CallRequest) -> None:
    """Check that `request` names no other chain; raises `Refused` in geth's words."""
    if request.chain_id not in (None, chain.chain_id):
        raise Refused(
            f"chainId does not match node's (have={request.chain_id}, want={chain.chain_id})"
        )


def intrinsic(request: CallRequest) -> int:
    """Return the gas that a transaction of `request` costs before any code runs."""
    entries = request.access_list or ()
    return (
        message_intrinsic_gas(request.to, request.data)
        + ACCESS_LIST_ADDRESS_GAS * len(entries)
        + ACCESS_LIST_SLOT_GAS * sum(len(entry.storage_keys) for entry in entries)
        + AUTHORIZATION_GAS * len(request.authorizations or ())
    )


def lend(machine: Machine, request: CallRequest) -> None:
    """Let a request that names no sender send value and pay fees.

    It comes from the zero address then (some clients write that out), which owns nothing on
    a new chain, and nobody means to ask about that account's funds.
    """
    unnamed = request.sender in (None, ZERO_ADDRESS)
    if unnamed and (request.value or fee_cap(request)):
        machine.set_balance(ZERO_ADDRESS, LENT)


def apply_overrides(machine: Machine, overrides: Mapping[bytes, AccountOverride]) -> None:
    """Make `machine` pretend what `overrides` say."""
    for address, override in overrides.items():
        if override.balance is not None:
            machine.set_balance(address, override.balance)
        if override.nonce is not None:
            machine.set_nonce(address, override.nonce)
        if override.code is not None:
            machine.set_code(address, override.code)
        if override.storage is not None:
            machine.clear_storage(address)
        for slot, value in (override.storage or override.storage_diff or {}).items():
            machine.set_storage(address, slot, value)


def check_call(machine: Machine, request: CallRequest, gas: int, base_fee: int) -> int:
    """Return the wei per gas that `request` pays as a transaction with `gas`.

    Raises `Refused` where no transaction could be made of it.
    """
    cap = fee_cap(request)
    if 0 < cap < base_fee:
        raise Refused(
            f"max fee per gas less than block base fee: maxFeePerGas: {cap}, baseFee: {base_fee}"
        )
    cost = intrinsic(request)
    if gas < cost:
        raise Refused(f"intrinsic gas too low: gas {gas}, minimum needed {cost}")
    balance = machine.balance(request.sender or bytes(20))
    beside = request.value + most_for_blobs(request)
    if balance < gas * cap + beside and (cap or balance < beside):
        need = gas * cap + beside
        raise Refused(
            "insufficient funds for gas * price + value: "
            f"balance {balance}, tx cost {need}, overshot {need - balance}"
        )
    tip = request.max_priority_fee_per_gas
    return cap if tip is None or request.gas_price is not None else min(cap, base_fee + tip)


def run_call(
    machine: Machine, request: CallRequest, gas: int, price: int, chain_id: int
) -> CallOutcome:
    """Run a checked `request` as a transaction with `gas`, without signature and payment.

    `gas_left` of the outcome counts from `gas`.  The caller has called
    `machine.begin_transaction`.
    """
    sender = request.sender or bytes(20)
    nonce = machine.nonce(sender)
    # An override may have said the highest nonce; geth wraps round, too.
    machine.set_nonce(sender, (nonce + 1) % 2**64)
    refund = apply_authorizations(machine, request.authorizations or (), chain_id)
    entries = request.access_list or ()
    return machine.run(
        MessageCall(
            sender=sender,
            to=request.to,
            value=request.value,
            data=request.data,
            gas=gas - intrinsic(request),
            gas_price=price,
            nonce=nonce,
            warm_addresses=[entry.address for entry in entries],
            warm_slots=[
                (entry.address, int.from_bytes(key, "big"))
                for entry in entries
                for key in entry.storage_keys
            ],
            refund=refund,
            blob_hashes=request.blob_hashes,
        )
    )


def execute_call(
    machine: Machine, request: CallRequest, gas: int, base_fee: int, chain_id: int
) -> CallOutcome:
    """Check and run `request`; see `check_call` and `run_call`."""
    price = check_call(machine, request, gas, base_fee)
    return run_call(machine, request, gas, price, chain_id)


def opened(
    chain: Chain,
    header: Header,
    request: CallRequest,
    overrides: Mapping[bytes, AccountOverride],
    block: BlockOverrides,
    patience: Patience,
    state: tuple[bytes, NodeReader] | None = None,
) -> tuple[Machine, Header]:
    """Return a machine on the state after `header` for `request`, and the block that it sees.

    `state` is the root of another state and what reads it.  Raises `Refused`.
    """
    check_chain(chain, request)
    seen = pretended_header(header, block)
    check_blobs(chain, seen, request, block.blob_base_fee)
    # Without a fee the base fee counts as 0, as the sender need not own anything then.
    if not fee_cap(request):
        seen = seen.with_(base_fee=0)
    machine = call_machine(chain, header, seen, block.blob_base_fee, state, overrides)
    apply_overrides(machine, overrides)
    machine.limit_time(patience.check)
    return machine, seen


def call(
    chain: Chain,
    header: Header,
    request: CallRequest,
    overrides: Mapping[bytes, AccountOverride],
    patience: Patience = ENDLESS,
    block: BlockOverrides = THE_BLOCK_ITSELF,
    hear: Hear | None = None,
    state: tuple[bytes, NodeReader] | None = None,
) -> bytes:
    """Return what `request` returns on the state after `header`, or on another `state`.

    Raises `Reverted`, `Halted`, `Refused` or `OutOfTime`.
    """
    machine, seen = opened(chain, header, request, overrides, block, patience, state)
    lend(machine, request)
    base_fee = seen.base_fee or 0
    gas = chain.call_gas if request.gas is None else min(request.gas, chain.call_gas)
    machine.begin_transaction()
    outcome = execute_call(machine, request, gas, base_fee, chain.chain_id)
    if outcome.console is not None and hear is not None:
        hear(outcome.console)
    if outcome.succeeded:
        return outcome.output
    if outcome.reverted:
        raise Reverted(outcome.output)
    if outcome.error == "out of gas":
        raise Halted(f"out of gas: gas required exceeds: {gas}")
    raise Halted(outcome.error or "execution failed")


def estimate_gas(
    chain: Chain,
    header: Header,
    request: CallRequest,
    overrides: Mapping[bytes, AccountOverride],
    surcharge: Surcharge,
    patience: Patience = ENDLESS,
    block: BlockOverrides = THE_BLOCK_ITSELF,
    hear: Hear | None = None,
    next_base_fee: int | None = None,
    state: tuple[bytes, NodeReader] | None = None,
) -> int:
    """Return a gas limit with which `request` succeeds: the least, or at most 1.5 % more.

    `surcharge` is the rollup's part of the price; `hear` is told of the first run, which has
    the most gas.  A fee of `next_base_fee` is enough where that is below the block's: the
    transaction is for the block after.  Raises `Reverted`, `OutOfTime`, or
    `Refused` in geth's words when no affordable limit is enough.
    """
    machine, seen = opened(chain, header, request, overrides, block, patience, state)
    lend(machine, request)
    base_fee = seen.base_fee or 0
    if next_base_fee is not None:
        base_fee = min(base_fee, next_base_fee)
    most = _most_gas(chain, machine, seen, request, fee_cap(request), surcharge)
    floor = max(intrinsic(request), data_floor_gas(request.data))
    if most < floor:
        raise Refused(f"gas required exceeds allowance ({most})")

    def attempt(gas: int) -> CallOutcome:
        machine.begin_transaction()
        token = machine.snapshot()
        outcome = execute_call(machine, request, gas, base_fee, chain.chain_id)
        machine.restore(token)
        return outcome

    plain = request.to is not None and not machine.code(request.to)
    if plain and floor == TRANSFER_GAS and attempt(TRANSFER_GAS).succeeded:
        return TRANSFER_GAS
    first = attempt(most)
    if first.console is not None and hear is not None:
        hear(first.console)
    if not first.succeeded:
        if first.reverted:
            raise Reverted(first.output)
        if first.error == "out of gas":
            raise Refused(f"gas required exceeds allowance ({most})")
        raise Halted(first.error or "execution failed")
    used = most - first.gas_left
    high = most
    low = max(floor, used - min(first.refund, used // MAX_REFUND_QUOTIENT)) - 1
    # Most calls need what they used plus the refund, and the 63/64 that a call passes on.
    likely = max(floor, (used + 2_300) * 64 // 63)
    if low < likely < high:
        if attempt(likely).succeeded:
            high = likely
        else:
            low = likely
    while low + 1 < high and (high - low) / high > ESTIMATE_TOLERANCE:
        middle = min((low + high) // 2, 2 * low)
        if attempt(middle).succeeded:
            high = middle
        else:
            low = middle
    return high


def _most_gas(
    chain: Chain,
    machine: Machine,
    header: Header,
    request: CallRequest,
    cap: int,
    surcharge: Surcharge,
) -> int:
    """Return the highest gas limit worth trying: what is asked, allowed, and affordable."""
    allowed = chain.rules.transaction_gas_cap(header.timestamp) or header.gas_limit
    most = min(request.gas or header.gas_limit, header.gas_limit, allowed, chain.call_gas)
    if not cap:
        return most
    balance = machine.balance(request.sender or bytes(20))
    beside = request.value + surcharge(request, most) + most_for_blobs(request)
    spare = balance - beside
    if spare < 0:
        need = beside
        raise Refused(
            "insufficient funds for gas * price + value: "
            f"balance {balance}, tx cost {need}, overshot {need - balance}"
        )
    return min(most, spare // cap)


def create_access_list(
    chain: Chain,
    header: Header,
    request: CallRequest,
    patience: Patience = ENDLESS,
    overrides: Mapping[bytes, AccountOverride] = NO_ACCOUNTS,
    block: BlockOverrides = THE_BLOCK_ITSELF,
) -> tuple[tuple[AccessListEntry, ...], int, str | None]:
    """Return what `request` touches, the gas it needs with that list, and its error if any.

    A longer list changes the gas and so, possibly, the path; it is rerun until the list
    stays the same, as geth does.  Raises `Refused` or `OutOfTime`.
    """
    gas_limit = header.gas_limit if block.gas_limit is None else block.gas_limit
    gas = min(request.gas or gas_limit, chain.call_gas)
    if len(request.authorizations or ()) > gas // AUTHORIZATION_GAS:
        raise Refused("insufficient gas to process all authorizations")
    known = request.access_list or ()
    for _ in range(MAX_ACCESS_LIST_ROUNDS):
        machine, seen = opened(chain, header, request, overrides, block, patience)
        machine.begin_transaction()
        tried = replace(request, access_list=known)
        tracer = AccessTracer(known)
        machine.trace(tracer)
        outcome = execute_call(machine, tried, gas, seen.base_fee or 0, chain.chain_id)
        found = tracer.entries(_left_out(chain, seen, request, machine))
        if found == known:
            break
        known = found
    else:
        raise Refused(f"access list: still changing after {MAX_ACCESS_LIST_ROUNDS} rounds")
    used = gas - outcome.gas_left
    used -= min(outcome.refund, used // MAX_REFUND_QUOTIENT)
    error = None
    if not outcome.succeeded:
        error = "execution reverted" if outcome.reverted else outcome.error
    return known, max(used, data_floor_gas(request.data)), error


def _left_out(
    chain: Chain, header: Header, request: CallRequest, machine: Machine
) -> frozenset[bytes]:
    """Addresses that are warm anyway.

    Sender, recipient, whose code it runs, who signed an authorization, precompiles, coinbase.
    """
    sender = request.sender or bytes(20)
    to = request.to or created_address(sender, max(0, machine.nonce(sender) - 1))
    found = {sender, to, header.coinbase, *chain.rules.precompiles(header.timestamp)}
    code = machine.code(to)
    if code.startswith(DELEGATION_PREFIX):
        found.add(code[len(DELEGATION_PREFIX) :])
    for item in request.authorizations or ():
        if item.chain_id in (0, chain.chain_id) and (who := authority_of(item)) is not None:
            found.add(who)
    return frozenset(found)
