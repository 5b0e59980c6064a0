"""Where the contracts of genesis stand.

L2: the predeploys of the OP Stack (specs, protocol/{predeploys,preinstalls}.md) and those of
attribution, whose prefix is "open" in ASCII.  L1: addresses of our choice, with "byline" in
ASCII as their prefix, beside those that EIPs and tools fix.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from byline.derivation import constants


def _ours(number: int) -> bytes:
    return b"byline" + number.to_bytes(14, "big")


def _predeploy(number: int) -> bytes:
    return b"\x42" + number.to_bytes(19, "big")


def _attribution(number: int) -> bytes:
    return b"open" + number.to_bytes(16, "big")


# On both chains.
MULTICALL3: Final = bytes.fromhex("ca11bde05977b3631167028862be2a173976ca11")
CREATE2_DEPLOYER: Final = bytes.fromhex("4e59b44847b379578588920ca78fbf26c0b4956c")
"""The deterministic deployment proxy that forge, Hardhat and others send to."""
BEACON_ROOTS: Final = constants.BEACON_ROOTS
HISTORY_STORAGE: Final = constants.HISTORY_STORAGE

# On the L1.
SYSTEM_CONFIG: Final = _ours(1)
OPTIMISM_PORTAL: Final = _ours(2)
DEV_CONTROL: Final = _ours(3)
WITHDRAWAL_REQUESTS: Final = bytes.fromhex("00000961ef480eb55e80d19ad83579a64c007002")
"""EIP-7002."""
CONSOLIDATION_REQUESTS: Final = bytes.fromhex("0000bbddc7ce488642fb579f8b00f3a590007251")
"""EIP-7251."""

# On the L2.
WETH: Final = _predeploy(0x06)
L2_CROSS_DOMAIN_MESSENGER: Final = _predeploy(0x07)
L2_STANDARD_BRIDGE: Final = _predeploy(0x10)
GAS_PRICE_ORACLE: Final = constants.GAS_PRICE_ORACLE
SEQUENCER_FEE_VAULT: Final = constants.SEQUENCER_FEE_VAULT
L1_BLOCK: Final = constants.L1_BLOCK
L2_TO_L1_MESSAGE_PASSER: Final = constants.L2_TO_L1_MESSAGE_PASSER
BASE_FEE_VAULT: Final = constants.BASE_FEE_VAULT
L1_FEE_VAULT: Final = constants.L1_FEE_VAULT
OPERATOR_FEE_VAULT: Final = constants.OPERATOR_FEE_VAULT
ATTRIBUTION_MATH: Final = _attribution(1)
"""The twin of the attribution precompile."""
INFERENCE_PAYMENTS: Final = _attribution(2)

L1_CONTRACTS: Final[Mapping[str, bytes]] = MappingProxyType(
    {
        "SystemConfig": SYSTEM_CONFIG,
        "OptimismPortal": OPTIMISM_PORTAL,
        "DevControl": DEV_CONTROL,
        "Multicall3": MULTICALL3,
        "Create2Deployer": CREATE2_DEPLOYER,
        "BeaconRoots": BEACON_ROOTS,
        "HistoryStorage": HISTORY_STORAGE,
        "WithdrawalRequests": WITHDRAWAL_REQUESTS,
        "ConsolidationRequests": CONSOLIDATION_REQUESTS,
    }
)
"""Every contract of the L1's genesis, by name."""

L2_CONTRACTS: Final[Mapping[str, bytes]] = MappingProxyType(
    {
        "WETH": WETH,
        "GasPriceOracle": GAS_PRICE_ORACLE,
        "SequencerFeeVault": SEQUENCER_FEE_VAULT,
        "L1Block": L1_BLOCK,
        "L2ToL1MessagePasser": L2_TO_L1_MESSAGE_PASSER,
        "BaseFeeVault": BASE_FEE_VAULT,
        "L1FeeVault": L1_FEE_VAULT,
        "OperatorFeeVault": OPERATOR_FEE_VAULT,
        "AttributionMath": ATTRIBUTION_MATH,
        "InferencePayments": INFERENCE_PAYMENTS,
        "Multicall3": MULTICALL3,
        "Create2Deployer": CREATE2_DEPLOYER,
        "BeaconRoots": BEACON_ROOTS,
        "HistoryStorage": HISTORY_STORAGE,
    }
)
"""Every contract of the L2's genesis, by name."""
