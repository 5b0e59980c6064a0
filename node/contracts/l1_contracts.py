"""The contracts of the L1's genesis, set up as a deployment would have left them.

A test deploys and initialises the same contracts and compares the storage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from byline.derivation.config import SystemConfig
from byline.derivation.hashing import keccak256
from byline.node.contracts import addresses
from byline.node.contracts.gas_token import ETHER, GasToken
from byline.node.contracts.genesis_accounts import (
    Alloc,
    contract,
    mapping_slot,
    number,
    on_both_chains,
    proxied,
    word,
)

GAME_TYPE: Final = 1
"""Of the games that count: those that one proposer makes (PERMISSIONED_CANNON)."""
NO_SENDER: Final = 0xDEAD
"""What `l2Sender` and `xDomainMessageSender` hold outside of a call."""
LEAST_DEPOSIT_BASE_FEE: Final = 10**9
MAX_DEPOSIT_GAS: Final = 20_000_000
"""Gas of all deposits of one L1 block (specs, protocol/guaranteed-gas-market.md)."""
_RESOURCE_CONFIG: Final = (
    MAX_DEPOSIT_GAS
    | 10 << 32  # elasticity
    | 8 << 40  # denominator
    | LEAST_DEPOSIT_BASE_FEE << 48
    | 1_000_000 << 80  # gas of the L1 attributes transaction
    | (2**128 - 1) << 112  # greatest base fee
)


@dataclass(frozen=True, slots=True)
class WithdrawalDelays:
    """How long a withdrawal takes, in seconds of the L1."""

    clock: int
    """In which a claim may be challenged."""
    maturity: int
    """From a proof to its use, at least."""
    finality: int
    """From a game's resolution to the use of its claim, at least."""


WITHDRAWAL_DELAYS: Final[Mapping[str, WithdrawalDelays]] = MappingProxyType(
    {
        "short": WithdrawalDelays(clock=10, maturity=12, finality=6),
        "mainnet": WithdrawalDelays(clock=302_400, maturity=604_800, finality=302_400),
    }
)
"""By the name in the settings; OP Mainnet's are 3.5, 7 and 3.5 days."""


@dataclass(frozen=True, slots=True)
class L1Setup:
    """What is decided when an L2 is put on an L1."""

    system_config: SystemConfig
    l2_chain_id: int
    batch_inbox: bytes
    owner: bytes
    """May change the system config, pause withdrawals, move the clock, change the contracts."""
    proposer: bytes
    """Makes claims about the L2."""
    challenger: bytes
    """Contradicts them."""
    anchor_root: bytes
    """Output root from which the games begin: that of the L2's first block."""
    timestamp: int = 0
    """Seconds since 1970; games that are not later do not count."""
    gas_token: GasToken = ETHER
    delays: WithdrawalDelays = WITHDRAWAL_DELAYS["short"]
    locked: int = 0
    """Wei of the gas token in the portal: what backs the balances of the L2's genesis."""
    holders: Mapping[bytes, int] = field(default_factory=lambda: MappingProxyType({}))
    """Wei of OPEN by account; the rest of the supply is the owner's."""


def l1_alloc(setup: L1Setup) -> Alloc:
    """Return the contracts of the L1; raises `ValueError` for more OPEN than there is."""
    return {
        **on_both_chains(),
        addresses.DEV_CONTROL: contract("DevControl", {0: number(setup.owner)}),
        addresses.WITHDRAWAL_REQUESTS: contract("NoRequests"),
        addresses.CONSOLIDATION_REQUESTS: contract("NoRequests"),
        addresses.L1_PROXY_ADMIN: contract("ProxyAdmin", {0: number(setup.owner)}),
        addresses.DISPUTE_GAME: contract("DevnetDisputeGame"),
        addresses.OPEN_TOKEN: contract("OpenToken", _open_token(setup)),
        **_proxied("SystemConfig", addresses.SYSTEM_CONFIG, _system_config(setup)),
        **_proxied(
            "OptimismPortal",
            addresses.OPTIMISM_PORTAL,
            _portal(setup),
            balance=setup.locked if setup.gas_token.address is None else 0,
        ),
        **_proxied("SuperchainConfig", addresses.SUPERCHAIN_CONFIG, {1: number(setup.owner)}),
        **_proxied("AnchorStateRegistry", addresses.ANCHOR_STATE_REGISTRY, _registry(setup)),
        **_proxied("DisputeGameFactory", addresses.DISPUTE_GAME_FACTORY, _factory(setup)),
        **_proxied(
            "L1CrossDomainMessenger",
            addresses.L1_CROSS_DOMAIN_MESSENGER,
            {
                204: NO_SENDER,
                207: number(addresses.L2_CROSS_DOMAIN_MESSENGER),
                209: number(addresses.OPTIMISM_PORTAL),
                210: number(addresses.SYSTEM_CONFIG),
            },
        ),
        **_proxied(
            "L1StandardBridge",
            addresses.L1_STANDARD_BRIDGE,
            {
                3: number(addresses.L1_CROSS_DOMAIN_MESSENGER),
                4: number(addresses.L2_STANDARD_BRIDGE),
                6: number(addresses.SYSTEM_CONFIG),
            },
        ),
    }


def _proxied(name: str, address: bytes, storage: Mapping[int, int], *, balance: int = 0) -> Alloc:
    implementation = addresses.l1_implementation(address)
    return proxied(address, name, implementation, addresses.L1_PROXY_ADMIN, storage, balance)


def _portal(setup: L1Setup) -> dict[int, int]:
    return {
        1: LEAST_DEPOSIT_BASE_FEE,
        50: NO_SENDER,
        55: number(addresses.SYSTEM_CONFIG),
        61: setup.locked if setup.gas_token.address is not None else 0,
        62: number(addresses.ANCHOR_STATE_REGISTRY),
        64: setup.delays.maturity,
    }


def _registry(setup: L1Setup) -> dict[int, int]:
    return {
        0: number(addresses.SYSTEM_CONFIG),
        1: number(addresses.DISPUTE_GAME_FACTORY),
        3: number(setup.anchor_root),
        6: setup.timestamp << 32 | GAME_TYPE,
        7: setup.delays.finality,
    }


def _factory(setup: L1Setup) -> dict[int, int]:
    arguments = (
        addresses.ANCHOR_STATE_REGISTRY
        + setup.delays.clock.to_bytes(8, "big")
        + setup.proposer
        + setup.challenger
        + word(setup.l2_chain_id)
    )
    # Vyper keeps a byte array as its length and then its words, the last one padded.
    first = mapping_slot(100, GAME_TYPE)
    words = [arguments[at : at + 32].ljust(32, b"\0") for at in range(0, len(arguments), 32)]
    return {
        51: number(setup.owner),
        first: len(arguments),
        **{(first + 1 + index) % 2**256: number(part) for index, part in enumerate(words)},
        mapping_slot(101, GAME_TYPE): number(addresses.DISPUTE_GAME),
    }


OPEN_SUPPLY: Final = 10**27
"""Wei of OPEN, of which there are never more or less."""


def _open_token(setup: L1Setup) -> dict[int, int]:
    balances = dict(setup.holders)
    if setup.gas_token.address == addresses.OPEN_TOKEN:
        balances[addresses.OPTIMISM_PORTAL] = setup.locked
    rest = OPEN_SUPPLY - sum(balances.values())
    if rest < 0:
        raise ValueError(f"genesis gives out {OPEN_SUPPLY - rest} wei of OPEN, of {OPEN_SUPPLY}")
    balances[setup.owner] = balances.get(setup.owner, 0) + rest
    slots = {mapping_slot(0, number(holder)): amount for holder, amount in balances.items()}
    return {**slots, 3: OPEN_SUPPLY}


def _name_slot(name: str) -> int:
    """Return the slot that the SystemConfig keeps something in, by its name."""
    return number(keccak256(f"systemconfig.{name}".encode())) - 1


def _system_config(setup: L1Setup) -> dict[int, int]:
    """Return the storage that `initialize` of the OP Stack's contract would have left.

    The unsafe block signer is the owner: blocks are not gossiped.
    """
    config = setup.system_config
    denominator, elasticity = config.eip1559_params[:4], config.eip1559_params[4:]
    return {
        51: number(setup.owner),
        101: number(config.overhead),
        102: number(config.scalar),
        103: number(config.batcher),
        104: config.gas_limit | config.base_fee_scalar << 64 | config.blob_base_fee_scalar << 96,
        105: _RESOURCE_CONFIG,
        106: number(denominator)
        | number(elasticity) << 32
        | config.operator_fee_scalar << 64
        | config.operator_fee_constant << 96
        | config.da_footprint_gas_scalar << 160,
        107: setup.l2_chain_id,
        108: number(addresses.SUPERCHAIN_CONFIG) | config.min_base_fee << 160,
        number(keccak256(b"systemconfig.unsafeblocksigner")): number(setup.owner),
        _name_slot("batchinbox"): number(setup.batch_inbox),
        _name_slot("optimismportal"): number(addresses.OPTIMISM_PORTAL),
        _name_slot("l1crossdomainmessenger"): number(addresses.L1_CROSS_DOMAIN_MESSENGER),
        _name_slot("l1standardbridge"): number(addresses.L1_STANDARD_BRIDGE),
        **setup.gas_token.storage(),
    }
