"""The accounts of both genesis blocks that carry contracts.

Contracts stand at their addresses with their own code (there are no proxies), and what a
deployment would have initialised is written to storage; no constructor has run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from byline.derivation.config import Fork, SystemConfig
from byline.derivation.hashing import keccak256
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.contracts import addresses
from byline.node.contracts.artifacts import load
from byline.node.evm.pyevm_constants import constant_of_pyevm

BEACON_ROOTS_CODE: Final = constant_of_pyevm(
    "vm.forks.cancun.constants", "BEACON_ROOTS_CONTRACT_CODE"
)
HISTORY_CODE: Final = constant_of_pyevm(
    "vm.forks.prague.constants", "HISTORY_STORAGE_CONTRACT_CODE"
)
"""EIP-4788 and EIP-2935."""
MIN_WITHDRAWAL_AMOUNT: Final = 10 * 10**18
"""Wei that a fee vault pays out at the least."""
L2_NETWORK: Final = 1
"""Where fee vaults pay: on the L2."""

MAX_DEPOSIT_GAS: Final = 20_000_000
"""Gas of all deposits of one L1 block (specs, protocol/guaranteed-gas-market.md)."""
_RESOURCE_CONFIG: Final = (
    MAX_DEPOSIT_GAS
    | 10 << 32  # elasticity
    | 8 << 40  # denominator
    | 10**9 << 48  # least base fee, wei
    | 1_000_000 << 80  # gas of the L1 attributes transaction
    | (2**128 - 1) << 112  # greatest base fee
)

Alloc = dict[bytes, GenesisAccount]


def l1_alloc(
    *, owner: bytes, system_config: SystemConfig, l2_chain_id: int, batch_inbox: bytes
) -> Alloc:
    """Return the contracts of the L1.

    `owner` may change the system config and the clock; `batch_inbox` is where batches of the
    L2 with `l2_chain_id` go.
    """
    return {
        **_on_both_chains(),
        addresses.SYSTEM_CONFIG: _contract(
            "SystemConfig", _system_config_slots(owner, system_config, l2_chain_id, batch_inbox)
        ),
        addresses.OPTIMISM_PORTAL: _contract("OptimismPortal"),
        addresses.DEV_CONTROL: _contract("DevControl", {0: _number(owner)}),
        addresses.WITHDRAWAL_REQUESTS: _contract("NoRequests"),
        addresses.CONSOLIDATION_REQUESTS: _contract("NoRequests"),
    }


def l2_alloc(*, owner: bytes, fork: Fork = Fork.KARST) -> Alloc:
    """Return the contracts of the L2.

    `owner` receives the fees of the vaults; `fork` is the latest that is active at genesis.
    """
    vault = {1: MIN_WITHDRAWAL_AMOUNT, 2: L2_NETWORK << 160 | _number(owner)}
    return {
        **_on_both_chains(),
        addresses.WETH: _contract("WETH"),
        addresses.GAS_PRICE_ORACLE: _contract("GasPriceOracle", {0: _fork_flags(fork)}),
        addresses.L1_BLOCK: _contract("L1Block"),
        addresses.L2_TO_L1_MESSAGE_PASSER: _contract("L2ToL1MessagePasser"),
        addresses.SEQUENCER_FEE_VAULT: _contract("FeeVault", vault),
        addresses.BASE_FEE_VAULT: _contract("FeeVault", vault),
        addresses.L1_FEE_VAULT: _contract("FeeVault", vault),
        addresses.OPERATOR_FEE_VAULT: _contract("FeeVault", vault),
        addresses.ATTRIBUTION_MATH: _contract("AttributionMath"),
        addresses.INFERENCE_PAYMENTS: _contract("InferencePayments"),
    }


def _on_both_chains() -> Alloc:
    return {
        addresses.MULTICALL3: _contract("Multicall3"),
        addresses.CREATE2_DEPLOYER: _contract("Create2Deployer"),
        addresses.BEACON_ROOTS: GenesisAccount(nonce=1, code=bytes(BEACON_ROOTS_CODE)),
        addresses.HISTORY_STORAGE: GenesisAccount(nonce=1, code=bytes(HISTORY_CODE)),
    }


def _contract(name: str, storage: Mapping[int, int] | None = None) -> GenesisAccount:
    # Nonce 1 is what a created contract has (EIP-161).
    return GenesisAccount(nonce=1, code=load(name).runtime, storage=storage or {})


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _fork_flags(fork: Fork) -> int:
    """Return slot 0 of the gas price oracle: a byte each for Ecotone, Fjord, Isthmus, Jovian."""
    flags = 0x0101
    if fork >= Fork.ISTHMUS:
        flags |= 1 << 16
    if fork >= Fork.JOVIAN:
        flags |= 1 << 24
    return flags


def _name_slot(name: str) -> int:
    """Return the slot that the SystemConfig keeps an address in, by its name."""
    return _number(keccak256(f"systemconfig.{name}".encode())) - 1


def _system_config_slots(
    owner: bytes, config: SystemConfig, l2_chain_id: int, batch_inbox: bytes
) -> dict[int, int]:
    """Return the storage that `initialize` of the OP Stack's contract would have left.

    The unsafe block signer is the owner: blocks are not gossiped.
    """
    denominator, elasticity = config.eip1559_params[:4], config.eip1559_params[4:]
    return {
        51: _number(owner),
        101: _number(config.overhead),
        102: _number(config.scalar),
        103: _number(config.batcher),
        104: config.gas_limit | config.base_fee_scalar << 64 | config.blob_base_fee_scalar << 96,
        105: _RESOURCE_CONFIG,
        106: _number(denominator)
        | _number(elasticity) << 32
        | config.operator_fee_scalar << 64
        | config.operator_fee_constant << 96
        | config.da_footprint_gas_scalar << 160,
        107: l2_chain_id,
        108: config.min_base_fee << 160,
        _number(keccak256(b"systemconfig.unsafeblocksigner")): _number(owner),
        _name_slot("batchinbox"): _number(batch_inbox),
        _name_slot("optimismportal"): _number(addresses.OPTIMISM_PORTAL),
    }
