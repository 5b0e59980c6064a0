"""Blocks and accounts as a call pretends that they are.

Source: geth `internal/ethapi/override`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain as joined
from itertools import islice, repeat
from types import MappingProxyType
from typing import Final

from byline.derivation.header import Header
from byline.node.chain.builder import block_context
from byline.node.chain.chain import MAX_ANCESTORS, Chain
from byline.node.evm.machine import Machine, NodeReader
from byline.node.evm.rules import PrecompileTable
from byline.rpc.backend import THE_BLOCK_ITSELF, AccountOverride, BlockOverrides, Refused
from byline.rpc.quantities import checksummed

NO_ACCOUNTS: Final[Mapping[bytes, AccountOverride]] = MappingProxyType({})


def pretended_header(header: Header, overrides: BlockOverrides) -> Header:
    """Return `header` with what `overrides` say of it."""
    if overrides == THE_BLOCK_ITSELF:
        return header
    given = {
        "number": overrides.number,
        "timestamp": overrides.timestamp,
        "gas_limit": overrides.gas_limit,
        "coinbase": overrides.coinbase,
        "mix_hash": overrides.prev_randao,
        "base_fee": overrides.base_fee,
    }
    return header.with_(**{name: value for name, value in given.items() if value is not None})


def call_machine(
    chain: Chain,
    header: Header,
    seen: Header,
    blob_base_fee: int | None = None,
    state: tuple[bytes, NodeReader] | None = None,
    accounts: Mapping[bytes, AccountOverride] = NO_ACCOUNTS,
) -> Machine:
    """Return a machine for calls on the state after `header`, whose opcodes see `seen`.

    `state` is another state and what reads it; `blob_base_fee` another price.  Where
    `accounts` override precompiles, these are gone or moved; nothing else is applied of them.
    Raises `Refused`.
    """
    rules = chain.rules
    root, read = state or (header.state_root, chain.store.node)
    context = block_context(rules, seen, _ancestors(chain, header, seen.number))
    if blob_base_fee is not None:
        context = replace(context, blob_base_fee=blob_base_fee)
    natives = rules.precompiles(seen.timestamp)
    return chain.engine.open(
        read,
        root,
        context,
        precompiles_with(natives, accounts) if accounts else natives,
        rules.opcodes(seen.timestamp),
    )


def _ancestors(chain: Chain, header: Header, number: int) -> Iterator[bytes]:
    """Yield the hashes of the blocks before `number`, as one that follows `header` sees them."""
    if number == header.number + 1:
        return chain.ancestors(header)
    known = chain.before(header)
    if number <= header.number:
        return islice(known, header.number - number, None)
    missing = min(number - header.number, MAX_ANCESTORS)
    return joined(repeat(bytes(32), missing), known)


def precompiles_with(
    table: PrecompileTable, accounts: Mapping[bytes, AccountOverride]
) -> PrecompileTable:
    """Return `table` as overrides leave it: an overridden precompile is gone, or moved.

    Raises `Refused` in geth's words.
    """
    found = dict(table)
    taken: set[bytes] = set()
    for address in sorted(accounts):
        name = checksummed(address)
        if address in taken:
            raise Refused(f"account {name} has already been overridden by a precompile")
        native = found.pop(address, None)
        to = accounts[address].precompile_moved_to
        if to is None:
            continue
        if native is None:
            raise Refused(f"account {name} is not a precompile")
        if to in accounts:
            raise Refused(f"account {checksummed(to)} is already overridden")
        found[to] = native
        taken.add(to)
    return found
