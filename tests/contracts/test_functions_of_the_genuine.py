"""Every function of a genuine contract is served by ours, or left out for a stated reason.

The functions are those that the genuine code searches calldata for.
"""

from __future__ import annotations

from functools import cache

import pytest

from byline.derivation.hashing import keccak256
from byline.node.contracts import addresses, artifacts
from byline.node.contracts.declarations import selector
from tests.contracts.dispatch import selectors
from tests.contracts.genuine import GENUINE_SYSTEM_CONFIG, genuine_l1, implementation, preinstall
from tests.contracts.harness import Evm, calldata
from tests.vectors_folder import load

SETUP = "a genesis writes what this would have set up"
NO_REINITIALIZING = "ours are set up once; another implementation is what an upgrade brings"
ADMIN_SLOT = "storage slot 0xb531..6103 of the proxy says it to everybody, ProxyAdmin its owner"
NO_LOCKBOX = "ours has no lockbox: the portal itself holds the ether"
NO_SUPER_ROOTS = "ours has no super roots: games are about the output roots of one chain"
NO_MACHINE = "ours has no machine to run steps on: who is challenger is believed"
NO_WETH = "ours keeps bonds in the game, not in DelayedWETH"
SLOTS = "a constant: where in storage the address is that another function returns"
NEVER_OWNERLESS = "a chain that nobody can configure helps no developer"
OLD_FORKS = "the forks are past: the L2 begins with Holocene at the earliest"
OUTDATED = "the genuine one always reverts since Ecotone"
BUNDLES = "the upgrade that calls it brings its own ProxyAdmin first"

ADMIN = {"proxyAdmin()": ADMIN_SLOT, "proxyAdminOwner()": ADMIN_SLOT}
MARKET = "(uint32,uint8,uint8,uint32,uint32,uint128)"
WITHDRAWAL = "(uint256,address,address,uint256,uint256,bytes)"
OUTPUT = "(bytes32,bytes32,bytes32,bytes32)"
SUPER_ROOT = "(bytes1,uint64,(uint256,bytes32)[])"

LEFT_OUT: dict[str, dict[str, str]] = {
    "OptimismPortal": {
        **ADMIN,
        "initVersion()": NO_REINITIALIZING,
        "initialize(address,address,address)": SETUP,
        "upgrade(address,address)": NO_REINITIALIZING,
        "ethLockbox()": NO_LOCKBOX,
        "migrateLiquidity()": NO_LOCKBOX,
        "migrateToSuperRoots(address,address)": NO_SUPER_ROOTS,
        "superRootsActive()": NO_SUPER_ROOTS,
        f"proveWithdrawalTransaction({WITHDRAWAL},address,uint256,{SUPER_ROOT},{OUTPUT},bytes[])":
            NO_SUPER_ROOTS,
    },
    "SystemConfig": {
        **ADMIN,
        "initVersion()": NO_REINITIALIZING,
        f"initialize(address,uint32,uint32,bytes32,uint64,address,{MARKET},address,"
        "(address,address,address,address,address),uint256,address)": SETUP,
        "upgrade(uint256,address)": NO_REINITIALIZING,
        "renounceOwnership()": NEVER_OWNERLESS,
        "BATCH_INBOX_SLOT()": SLOTS,
        "L1_CROSS_DOMAIN_MESSENGER_SLOT()": SLOTS,
        "L1_ERC_721_BRIDGE_SLOT()": SLOTS,
        "L1_STANDARD_BRIDGE_SLOT()": SLOTS,
        "OPTIMISM_MINTABLE_ERC20_FACTORY_SLOT()": SLOTS,
        "OPTIMISM_PORTAL_SLOT()": SLOTS,
        "START_BLOCK_SLOT()": SLOTS,
    },
    "SuperchainConfig": {
        **ADMIN,
        "initVersion()": NO_REINITIALIZING,
        "upgrade()": NO_REINITIALIZING,
    },
    "DisputeGameFactory": {
        **ADMIN,
        "initVersion()": NO_REINITIALIZING,
        "renounceOwnership()": NEVER_OWNERLESS,
    },
    "AnchorStateRegistry": {
        **ADMIN,
        "initVersion()": NO_REINITIALIZING,
        "initialize(address,address,(bytes32,uint256),uint32)": SETUP,
    },
    "DevnetDisputeGame": {
        **dict.fromkeys(
            (
                "absolutePrestate()", "addLocalData(uint256,uint256,uint256)",
                "attack(bytes32,uint256,bytes32)", f"challengeRootL2Block({OUTPUT},bytes)",
                "claims(bytes32)", "clockExtension()", "defend(bytes32,uint256,bytes32)",
                "getChallengerDuration(uint256)", "getNumToResolve(uint256)",
                "getRequiredBond(uint128)", "l2BlockNumberChallenged()",
                "l2BlockNumberChallenger()", "maxGameDepth()",
                "move(bytes32,uint256,bytes32,bool)", "resolutionCheckpoints(uint256)",
                "resolvedSubgames(uint256)", "splitDepth()", "step(uint256,bool,bytes,bytes)",
                "subgames(uint256,uint256)", "vm()",
            ),
            NO_MACHINE,
        ),
        **dict.fromkeys(
            (
                "hasUnlockedCredit(address)", "normalModeCredit(address)",
                "refundModeCredit(address)", "weth()",
            ),
            NO_WETH,
        ),
    },
    "L1CrossDomainMessenger": {
        **ADMIN,
        "initVersion()": NO_REINITIALIZING,
        "initialize(address,address)": SETUP,
        "upgrade(address)": NO_REINITIALIZING,
    },
    "L1StandardBridge": {
        **ADMIN,
        "initVersion()": NO_REINITIALIZING,
        "initialize(address,address)": SETUP,
        "upgrade(address)": NO_REINITIALIZING,
    },
    "ProxyAdmin of the L1": {},
    "L2CrossDomainMessenger": {**ADMIN, "initialize(address)": SETUP},
    "GasPriceOracle": {
        "overhead()": OUTDATED,
        "scalar()": OUTDATED,
        "setEcotone()": OLD_FORKS,
        "setFjord()": OLD_FORKS,
    },
    "L2StandardBridge": {**ADMIN, "initialize(address)": SETUP},
    "SequencerFeeVault": {"initialize(address,uint256,uint8)": SETUP},
    "OptimismMintableERC20Factory": {**ADMIN, "initialize(address)": SETUP},
    "OptimismMintableERC20": {},
    "L1Block": {**ADMIN},
    "L2ToL1MessagePasser": {},
    "ProxyAdmin": {"upgradePredeploys(address)": BUNDLES},
    "WETH": {},
    "Multicall3": {},
    "Proxy": {},
}  # fmt: skip
LEFT_OUT["FeeVault"] = LEFT_OUT["OperatorFeeVault"] = LEFT_OUT["SequencerFeeVault"]

PROXIES = {
    "OptimismPortal": "OptimismPortalProxy",
    "SystemConfig": "SystemConfigProxy",
    "DisputeGameFactory": "DisputeGameFactoryProxy",
    "AnchorStateRegistry": "AnchorStateRegistryProxy",
    "L1StandardBridge": "L1StandardBridgeProxy",
}
BARE = {
    "DevnetDisputeGame": "PermissionedDisputeGame",
    "ProxyAdmin of the L1": "OpChainProxyAdmin",
}
PREDEPLOYS = {
    "L2CrossDomainMessenger": 0x07,
    "GasPriceOracle": 0x0F,
    "L2StandardBridge": 0x10,
    "SequencerFeeVault": 0x11,
    "OptimismMintableERC20Factory": 0x12,
    "L1Block": 0x15,
    "L2ToL1MessagePasser": 0x16,
    "ProxyAdmin": 0x18,
    "FeeVault": 0x19,
    "OperatorFeeVault": 0x1B,
}
AT_THEIR_ADDRESSES = {
    "WETH": addresses.WETH,
    "Multicall3": addresses.MULTICALL3,
    "Proxy": addresses.L1_BLOCK,
}


@cache
def l1() -> Evm:
    return genuine_l1()


@cache
def l1_addresses() -> dict[str, bytes]:
    found = load("devnet-901/info.json")["l1_addresses"]
    return {name: bytes.fromhex(address[2:]) for name, address in found.items()}


def behind(proxy: bytes) -> bytes:
    return l1().code(l1().storage(proxy, addresses.IMPLEMENTATION_SLOT).to_bytes(20, "big"))


def messenger() -> bytes:
    """The code behind the one proxy that looks for it in a list of names."""
    asked = calldata("getAddress(string)", "OVM_L1CrossDomainMessenger")
    return l1().code(l1().call(l1_addresses()["AddressManager"], asked).output[12:])


def superchain_config() -> bytes:
    return behind(l1().call(GENUINE_SYSTEM_CONFIG, calldata("superchainConfig()")).output[12:])


def token() -> bytes:
    """The code of a token that the genuine factory makes."""
    evm = Evm()
    evm.set(b"\x12" * 20, code=implementation(0x12))
    create = "createOptimismMintableERC20(address,string,string)"
    made = evm.call(b"\x12" * 20, calldata(create, "0x" + "77" * 20, "Token", "TOK"))
    return evm.code(made.output[12:])


def genuine(name: str) -> bytes:
    if name in PROXIES:
        return behind(l1_addresses()[PROXIES[name]])
    if name in BARE:
        return l1().code(l1_addresses()[BARE[name]])
    if name in PREDEPLOYS:
        return implementation(PREDEPLOYS[name])
    if name in AT_THEIR_ADDRESSES:
        return preinstall(AT_THEIR_ADDRESSES[name])
    special = {
        "L1CrossDomainMessenger": messenger,
        "SuperchainConfig": superchain_config,
        "OptimismMintableERC20": token,
    }
    return special[name]()


def served(name: str) -> frozenset[str]:
    abi = artifacts.load(name.removesuffix(" of the L1")).abi
    return frozenset(selector(dict(item)).hex() for item in abi if item["type"] == "function")


@pytest.mark.parametrize("name", LEFT_OUT)
def test_every_function_is_served_or_left_out_for_a_reason(name: str) -> None:
    there = selectors(genuine(name))
    left_out = {keccak256(text.encode())[:4].hex(): text for text in LEFT_OUT[name]}
    assert len(there) >= 5
    assert there - served(name) - set(left_out) == set(), "neither served nor explained"
    assert [left_out[each] for each in set(left_out) & served(name)] == [], "served after all"
    assert [left_out[each] for each in set(left_out) - there] == [], "the genuine has none"


def test_every_contract_of_ours_with_a_genuine_counterpart_is_in_the_table() -> None:
    ours_alone = {
        "AttributionEvidence", "AttributionMath", "AttributionRegistry", "ChallengeVerifier",
        "ContributorBond", "DevControl", "FeePolicy", "InferenceLedger", "OpenToken",
        "PayoutVault", "PayoutVerifier", "StakePool",
        # These have no functions.
        "Create2Deployer", "NoRequests",
    }  # fmt: skip
    assert {name.removesuffix(" of the L1") for name in LEFT_OUT} | ours_alone == set(
        artifacts.names()
    )
