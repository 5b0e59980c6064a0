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

IMPLEMENTATION_SLOT: Final = 0x360894A13BA1A3210667C828492DB98DCA3E2076CC3735A920A3CA505D382BBC
ADMIN_SLOT: Final = 0xB53127684A568B3173AE13B9F8A6016E243E63B6E8EE1178D6A717850B5D6103
"""Where a proxy keeps whom it stands for, and who may change that (EIP-1967)."""


def _ours(number: int) -> bytes:
    return b"byline" + number.to_bytes(14, "big")


def _predeploy(number: int) -> bytes:
    return b"\x42" + number.to_bytes(19, "big")


def _attribution(number: int) -> bytes:
    return b"open" + number.to_bytes(16, "big")


def l1_implementation(proxy: bytes) -> bytes:
    """Return where the code is that the proxy of one of our L1 contracts stands for."""
    return _ours(0x10000 | int.from_bytes(proxy[-2:], "big"))


def l2_implementation(proxy: bytes) -> bytes:
    """Return where the code of a predeploy is: in the code namespace of the specs.

    The predeploys of attribution have a part of it to themselves.
    """
    number = proxy[-2:] if proxy[:4] != b"open" else b"\xa7" + proxy[-1:]
    return bytes.fromhex("c0d3" * 9) + number


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
SUPERCHAIN_CONFIG: Final = _ours(4)
ANCHOR_STATE_REGISTRY: Final = _ours(5)
DISPUTE_GAME_FACTORY: Final = _ours(6)
L1_CROSS_DOMAIN_MESSENGER: Final = _ours(7)
L1_STANDARD_BRIDGE: Final = _ours(8)
OPEN_TOKEN: Final = _ours(9)
L1_PROXY_ADMIN: Final = _ours(10)
DISPUTE_GAME: Final = _ours(11)
"""What the factory's games are copies of."""
WITHDRAWAL_REQUESTS: Final = bytes.fromhex("00000961ef480eb55e80d19ad83579a64c007002")
"""EIP-7002."""
CONSOLIDATION_REQUESTS: Final = bytes.fromhex("0000bbddc7ce488642fb579f8b00f3a590007251")
"""EIP-7251."""

# On the L2.
WETH: Final = _predeploy(0x06)
L2_CROSS_DOMAIN_MESSENGER: Final = _predeploy(0x07)
L2_STANDARD_BRIDGE: Final = _predeploy(0x10)
OPTIMISM_MINTABLE_ERC20_FACTORY: Final = _predeploy(0x12)
PROXY_ADMIN: Final = _predeploy(0x18)
MINTABLE_ERC20_BLUEPRINT: Final = l2_implementation(_predeploy(0x1012))
"""What the factory's tokens are made from (EIP-5202)."""
GAS_PRICE_ORACLE: Final = constants.GAS_PRICE_ORACLE
SEQUENCER_FEE_VAULT: Final = constants.SEQUENCER_FEE_VAULT
L1_BLOCK: Final = constants.L1_BLOCK
L2_TO_L1_MESSAGE_PASSER: Final = constants.L2_TO_L1_MESSAGE_PASSER
BASE_FEE_VAULT: Final = constants.BASE_FEE_VAULT
L1_FEE_VAULT: Final = constants.L1_FEE_VAULT
OPERATOR_FEE_VAULT: Final = constants.OPERATOR_FEE_VAULT
ATTRIBUTION_MATH: Final = _attribution(1)
"""The twin of the attribution precompile."""
ATTRIBUTION_EVIDENCE: Final = _attribution(3)
"""The twin of the evidence precompile."""
ATTRIBUTION_REGISTRY: Final = _attribution(4)
FEE_POLICY: Final = _attribution(5)
CONTRIBUTOR_BOND: Final = _attribution(6)
STAKE_POOL: Final = _attribution(7)
INFERENCE_LEDGER: Final = _attribution(8)
CHALLENGE_VERIFIER: Final = _attribution(9)
"""Judges what is said of one record or dataset."""
PAYOUT_VAULT: Final = _attribution(10)
PAYOUT_VERIFIER: Final = _attribution(11)
"""Judges what is said of weights and payouts."""

L1_CONTRACTS: Final[Mapping[str, bytes]] = MappingProxyType(
    {
        "SystemConfig": SYSTEM_CONFIG,
        "OptimismPortal": OPTIMISM_PORTAL,
        "L1CrossDomainMessenger": L1_CROSS_DOMAIN_MESSENGER,
        "L1StandardBridge": L1_STANDARD_BRIDGE,
        "DisputeGameFactory": DISPUTE_GAME_FACTORY,
        "AnchorStateRegistry": ANCHOR_STATE_REGISTRY,
        "SuperchainConfig": SUPERCHAIN_CONFIG,
        "DevnetDisputeGame": DISPUTE_GAME,
        "ProxyAdmin": L1_PROXY_ADMIN,
        "OpenToken": OPEN_TOKEN,
        "DevControl": DEV_CONTROL,
        "Multicall3": MULTICALL3,
        "Create2Deployer": CREATE2_DEPLOYER,
        "BeaconRoots": BEACON_ROOTS,
        "HistoryStorage": HISTORY_STORAGE,
        "WithdrawalRequests": WITHDRAWAL_REQUESTS,
        "ConsolidationRequests": CONSOLIDATION_REQUESTS,
    }
)
"""Every contract of the L1's genesis that people call, by name."""

L2_CONTRACTS: Final[Mapping[str, bytes]] = MappingProxyType(
    {
        "WETH": WETH,
        "L2CrossDomainMessenger": L2_CROSS_DOMAIN_MESSENGER,
        "GasPriceOracle": GAS_PRICE_ORACLE,
        "L2StandardBridge": L2_STANDARD_BRIDGE,
        "SequencerFeeVault": SEQUENCER_FEE_VAULT,
        "OptimismMintableERC20Factory": OPTIMISM_MINTABLE_ERC20_FACTORY,
        "L1Block": L1_BLOCK,
        "L2ToL1MessagePasser": L2_TO_L1_MESSAGE_PASSER,
        "ProxyAdmin": PROXY_ADMIN,
        "BaseFeeVault": BASE_FEE_VAULT,
        "L1FeeVault": L1_FEE_VAULT,
        "OperatorFeeVault": OPERATOR_FEE_VAULT,
        "AttributionMath": ATTRIBUTION_MATH,
        "AttributionEvidence": ATTRIBUTION_EVIDENCE,
        "AttributionRegistry": ATTRIBUTION_REGISTRY,
        "FeePolicy": FEE_POLICY,
        "ContributorBond": CONTRIBUTOR_BOND,
        "StakePool": STAKE_POOL,
        "InferenceLedger": INFERENCE_LEDGER,
        "ChallengeVerifier": CHALLENGE_VERIFIER,
        "PayoutVerifier": PAYOUT_VERIFIER,
        "PayoutVault": PAYOUT_VAULT,
        "Multicall3": MULTICALL3,
        "Create2Deployer": CREATE2_DEPLOYER,
        "BeaconRoots": BEACON_ROOTS,
        "HistoryStorage": HISTORY_STORAGE,
    }
)
"""Every contract of the L2's genesis that people call, by name."""
