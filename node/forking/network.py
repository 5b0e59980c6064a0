"""The first blocks of a devnet whose L2, L1, or both stand on other chains.

The first block of such a chain is the other chain's, with its own header and hash.  What the
devnet adds to the state there (contracts that it needs, ether of the development accounts) is
no transaction of anybody: it lies over the state of the other chain, beside the header.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Final

from byline.derivation.base_fee import BaseFeeParameters, extra_data_decode
from byline.derivation.block import Block
from byline.derivation.config import Genesis, RollupConfig, SystemConfig
from byline.derivation.errors import InvalidData
from byline.derivation.hashing import EMPTY_TRIE_ROOT, keccak256
from byline.derivation.header import Header
from byline.derivation.output_root import output_root
from byline.derivation.types import BlockId
from byline.node.chain.block import ExecutedBlock
from byline.node.chain.genesis import NO_BLOCK, genesis_output
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.config import NodeConfig
from byline.node.contracts import addresses
from byline.node.contracts.attribution_predeploys import Backend
from byline.node.contracts.gas_token import ETHER, GAS_TOKENS, GasToken, read_gas_token
from byline.node.contracts.genesis_accounts import number, on_both_chains
from byline.node.contracts.l1_contracts import WITHDRAWAL_DELAYS, L1Setup
from byline.node.errors import ConfigError
from byline.node.evm.accounts import DELEGATION_PREFIX
from byline.node.evm.machine import Engine, Machine, OpcodeSet
from byline.node.forking.origin import Fork
from byline.node.forking.state import EMPTY_CODE_HASH
from byline.node.network import (
    L2_SUPPLY,
    l1_accounts,
    l1_genesis,
    l1_setup,
    l2_accounts,
    l2_genesis,
    rollup_draft,
    system_config,
)

LOG = logging.getLogger("byline.forking")

_MARK: Final = keccak256(b"byline: a fork")[12:]
"""An account that gets one wei more, so that something differs from the other chain."""
_OTHER_MESSENGER: Final = 207
_OTHER_BRIDGE: Final = 4
"""Slots in which the L2's messenger and bridge keep their counterparts on the L1."""


@dataclass(frozen=True, slots=True)
class Forks:
    """Which chains stand on others."""

    l1: Fork | None = None
    l2: Fork | None = None

    def close(self) -> None:
        """End what they hold."""
        for fork in (self.l1, self.l2):
            if fork is not None:
                fork.close()


@dataclass(frozen=True, slots=True)
class FirstBlock:
    """Where a chain begins."""

    executed: ExecutedBlock
    state_root: bytes
    """Of what lies over the other chain's state; the header's where there is none."""


@dataclass(frozen=True, slots=True)
class ForkedNetwork:
    """Where both chains begin."""

    config: RollupConfig
    l1: FirstBlock
    l2: FirstBlock


def fork_network(settings: NodeConfig, engine: Engine, forks: Forks) -> ForkedNetwork:
    """Return the first blocks of both chains, at least one of which is a fork.

    `settings` have the chain ids of the forks.  Raises `ConfigError` where settings and chains
    do not fit, `ForkError` where another chain does not answer.
    """
    if "genesis_time" in settings.sources:
        raise ConfigError("genesis_time is that of the block that is forked: leave it out")
    times = [fork.header.timestamp for fork in (forks.l1, forks.l2) if fork is not None]
    l2_time = max(times)
    l1_time = forks.l1.header.timestamp if forks.l1 else l2_time
    system, token, rules = _l2_terms(settings, forks.l2)
    draft = rollup_draft(replace(settings, fork=rules), system, l2_time)
    l2, anchor = _l2_first(engine, forks.l2, draft, token, _backend(settings, forks.l2))
    setup = l1_setup(
        settings.l2_chain_id,
        system,
        timestamp=l1_time,
        anchor_root=anchor,
        gas_token=token,
        delays=WITHDRAWAL_DELAYS[settings.withdrawals],
        locked=L2_SUPPLY,
    )
    l1 = _l1_first(engine, forks.l1, setup)
    genesis = Genesis(
        l1=BlockId(l1.executed.number, l1.executed.hash),
        l2=BlockId(l2.executed.number, l2.executed.hash),
        l2_time=l2_time,
        system_config=system,
    )
    return ForkedNetwork(replace(draft, genesis=genesis), l1, l2)


# -- the L2 -----------------------------------------------------------------------------


def _l2_terms(settings: NodeConfig, fork: Fork | None) -> tuple[SystemConfig, GasToken, str]:
    """Return system config, gas token and rules of the L2; an OP chain goes on with its own."""
    system = system_config()
    if fork is None:
        return system, GAS_TOKENS[settings.gas_token], settings.fork
    given = GAS_TOKENS[settings.gas_token] if "gas_token" in settings.sources else None
    if not _has_code(fork, addresses.L1_BLOCK):
        LOG.info(
            "%s is no OP chain: the contracts of an L2 are laid over its state", fork.place.name
        )
        return system, given or ETHER, settings.fork
    token = read_gas_token(lambda slot: _word(fork, addresses.L1_BLOCK, slot))
    if given not in (None, token):
        raise ConfigError(
            f"gas_token is {settings.gas_token}, but gas on {fork.place.name} is paid in "
            f"{token.symbol}: leave it out"
        )
    system = replace(system, gas_limit=fork.header.gas_limit)
    parameters = _base_fee_parameters(fork.header)
    rules = settings.fork
    if "fork" not in settings.sources and (parameters is None or parameters.min_base_fee is None):
        rules = "holocene" if fork.header.requests_hash is None else "isthmus"
    if parameters is not None:
        denominator, elasticity = parameters.denominator, parameters.elasticity
        words = denominator.to_bytes(4, "big") + elasticity.to_bytes(4, "big")
        minimum = parameters.min_base_fee or 0
        system = replace(system, eip1559_params=words, min_base_fee=minimum)
    return system, token, rules


def _backend(settings: NodeConfig, fork: Fork | None) -> Backend:
    backend = Backend(settings.attribution_backend)
    # The first block of a fork has the hash that it had before, so whoever follows the L2 by
    # its rollup config could not tell one back end from the other.
    if fork is not None and backend is not Backend.PRECOMPILE:
        raise ConfigError(
            f"attribution_backend is {backend.value}, but an L2 that goes on from "
            f"{fork.place.name} has the precompile: leave it out"
        )
    return backend


def _base_fee_parameters(header: Header) -> BaseFeeParameters | None:
    try:
        return extra_data_decode(header.extra_data)
    except InvalidData:
        return None


def _l2_first(
    engine: Engine,
    fork: Fork | None,
    draft: RollupConfig,
    token: GasToken,
    backend: Backend = Backend.PRECOMPILE,
) -> tuple[FirstBlock, bytes]:
    """Return the L2's first block, and its output root."""
    if fork is None:
        block = l2_genesis(draft, engine, token, backend)
        return FirstBlock(block, block.header.state_root), genesis_output(engine, block)
    alloc = l2_accounts(draft, token)
    fork.prefetch(alloc)
    machine = _over(engine, fork)
    for address, account in alloc.items():
        if not account.code:
            _fund(machine, address, account.balance)
        elif not _has_code(fork, address):
            _place(machine, address, account)
    _join_to_l1(machine, fork)
    header = fork.header
    if header.timestamp != draft.genesis.l2_time:
        LOG.warning(
            "block %d of the L2 is older than that of the L1: it gets the L1's time, and so "
            "another hash",
            header.number,
        )
        header = header.with_(timestamp=draft.genesis.l2_time)
    first = _first(machine, fork, header)
    passer = header.withdrawals_root or machine.storage_root(addresses.L2_TO_L1_MESSAGE_PASSER)
    return first, output_root(header.state_root, passer, header.hash)


def l2_of_fork(engine: Engine, fork: Fork, config: RollupConfig) -> FirstBlock:
    """Return the L2's first block for whoever has the rollup config of the devnet."""
    token = ETHER
    if _has_code(fork, addresses.L1_BLOCK):
        token = read_gas_token(lambda slot: _word(fork, addresses.L1_BLOCK, slot))
    return _l2_first(engine, fork, config, token)[0]


def _join_to_l1(machine: Machine, fork: Fork) -> None:
    """Let an OP chain's messenger and bridge believe the contracts of the devnet's L1."""
    counterparts = (
        (
            addresses.L2_CROSS_DOMAIN_MESSENGER,
            _OTHER_MESSENGER,
            addresses.L1_CROSS_DOMAIN_MESSENGER,
        ),
        (addresses.L2_STANDARD_BRIDGE, _OTHER_BRIDGE, addresses.L1_STANDARD_BRIDGE),
    )
    for address, slot, other in counterparts:
        if _has_code(fork, address) and _word(fork, address, slot):
            machine.set_storage(address, slot, number(other))


# -- the L1 -----------------------------------------------------------------------------


def _l1_first(engine: Engine, fork: Fork | None, setup: L1Setup) -> FirstBlock:
    if fork is None:
        block = l1_genesis(setup, engine)
        return FirstBlock(block, block.header.state_root)
    alloc = l1_accounts(setup)
    fork.prefetch(alloc)
    everywhere = {
        *on_both_chains(),
        addresses.WITHDRAWAL_REQUESTS,
        addresses.CONSOLIDATION_REQUESTS,
    }
    machine = _over(engine, fork)
    for address, account in alloc.items():
        if not account.code:
            _fund(machine, address, account.balance)
        elif address not in everywhere or not _has_code(fork, address):
            # Where another devnet was forked, contracts of its own rollup stand here.
            _place(machine, address, account)
    return _first(machine, fork, fork.header)


# -- both -------------------------------------------------------------------------------


def _over(engine: Engine, fork: Fork) -> Machine:
    return engine.open(lambda _: None, EMPTY_TRIE_ROOT, NO_BLOCK, {}, OpcodeSet.PRAGUE, fork)


def _fund(machine: Machine, address: bytes, balance: int) -> None:
    """Give an account of everybody its ether; what it has signed elsewhere does not count."""
    machine.set_balance(address, balance)
    if machine.code(address).startswith(DELEGATION_PREFIX):
        # On public chains thieves have these accounts delegate to code that moves all away.
        machine.set_code(address, b"")


def _place(machine: Machine, address: bytes, account: GenesisAccount) -> None:
    """Put a contract in place of whatever is there."""
    machine.clear_storage(address)
    machine.set_nonce(address, max(account.nonce, machine.nonce(address)))
    machine.set_balance(address, max(account.balance, machine.balance(address)))
    machine.set_code(address, account.code)
    for slot, value in account.storage.items():
        machine.set_storage(address, slot, value)


def _first(machine: Machine, fork: Fork, header: Header) -> FirstBlock:
    # An empty trie has no nodes, so its root could not stand for another one.
    machine.set_balance(_MARK, machine.balance(_MARK) + 1)
    root = machine.commit()
    return FirstBlock(ExecutedBlock(Block(header, ()), (), dict(machine.nodes)), root)


def _has_code(fork: Fork, address: bytes) -> bool:
    return fork.code_hash(address) != EMPTY_CODE_HASH


def _word(fork: Fork, address: bytes, slot: int) -> int:
    return int.from_bytes(fork.word(address, slot.to_bytes(32, "big")), "big")
