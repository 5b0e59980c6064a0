"""Genesis holds every contract at its address, with the storage that its code expects."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from byline.derivation.config import Fork
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.contracts import addresses, artifacts
from byline.node.contracts.predeploys import l2_alloc
from tests.contracts.first_blocks import OWNER, booted, l1
from tests.contracts.harness import Contract, calldata, word

VAULTS = ("SequencerFeeVault", "BaseFeeVault", "L1FeeVault", "OperatorFeeVault")
UNNAMED = {addresses.MINTABLE_ERC20_BLUEPRINT}


@pytest.mark.parametrize(
    ("alloc", "named"),
    [(l1(), addresses.L1_CONTRACTS), (l2_alloc(owner=OWNER), addresses.L2_CONTRACTS)],
    ids=["L1", "L2"],
)
def test_genesis_holds_exactly_the_contracts_that_have_a_name(
    alloc: dict[bytes, GenesisAccount], named: Mapping[str, bytes]
) -> None:
    behind = {
        account.storage[addresses.IMPLEMENTATION_SLOT].to_bytes(20, "big")
        for account in alloc.values()
        if addresses.IMPLEMENTATION_SLOT in account.storage
    }
    assert set(alloc) - UNNAMED == set(named.values()) | behind
    assert len(set(named.values())) == len(named)
    for address, account in alloc.items():
        assert len(address) == 20, address.hex()
        assert account.code, address.hex()
        assert account.nonce == 1, address.hex()
        assert account.balance == 0, address.hex()
        for slot, content in account.storage.items():
            assert 0 <= slot < 2**256, address.hex()
            assert 0 <= content < 2**256, address.hex()


def test_our_addresses_are_readable() -> None:
    assert addresses.SYSTEM_CONFIG.startswith(b"byline")
    assert addresses.ATTRIBUTION_MATH.hex() == "6f70656e00000000000000000000000000000001"
    assert addresses.INFERENCE_LEDGER.hex() == "6f70656e00000000000000000000000000000008"
    assert addresses.WETH.hex() == "4200000000000000000000000000000000000006"


@pytest.mark.parametrize("name", VAULTS)
def test_a_vault_pays_the_owner_on_the_l2_from_ten_ether_on(name: str) -> None:
    evm = booted(l2_alloc(owner=OWNER))
    address = addresses.L2_CONTRACTS[name]
    vault = Contract(evm, address, artifacts.load("FeeVault").abi)
    evm.set(address, balance=10 * 10**18 - 1)
    assert not vault.send("withdraw").success
    evm.set(address, balance=10 * 10**18)
    assert vault.send("withdraw").success
    assert evm.balance(OWNER) == 10 * 10**18


@pytest.mark.parametrize(
    ("fork", "flags"),
    [
        (Fork.HOLOCENE, (True, True, False, False)),
        (Fork.ISTHMUS, (True, True, True, False)),
        (Fork.JOVIAN, (True, True, True, True)),
        (Fork.KARST, (True, True, True, True)),
    ],
)
def test_the_oracle_knows_the_forks_of_genesis(fork: Fork, flags: tuple[bool, ...]) -> None:
    evm = booted(l2_alloc(owner=OWNER, fork=fork))
    oracle = Contract(evm, addresses.GAS_PRICE_ORACLE, artifacts.load("GasPriceOracle").abi)
    names = ("isEcotone", "isFjord", "isIsthmus", "isJovian")
    assert tuple(oracle.read(name) for name in names) == flags


def test_the_owner_moves_the_clock_and_changes_the_system_config() -> None:
    evm = booted(l1())
    control = Contract(evm, addresses.DEV_CONTROL, artifacts.load("DevControl").abi)
    assert control.send("setClock", 1, 2, sender=OWNER).success
    config = Contract(evm, addresses.SYSTEM_CONFIG, artifacts.load("SystemConfig").abi)
    assert config.send("setGasLimit", 30_000_000, sender=OWNER).success


@pytest.mark.parametrize("alloc", [l1(), l2_alloc(owner=OWNER)], ids=["L1", "L2"])
def test_the_history_contracts_take_the_system_call_and_answer_later(
    alloc: dict[bytes, GenesisAccount],
) -> None:
    evm = booted(alloc)
    system = bytes.fromhex("ff" * 19 + "fe")
    parent, root = b"\xaa" * 32, b"\xbb" * 32
    assert evm.call(addresses.HISTORY_STORAGE, parent, sender=system).success
    assert evm.call(addresses.BEACON_ROOTS, root, sender=system).success
    evm.at(2, 1_700_000_002)
    assert evm.call(addresses.HISTORY_STORAGE, word(0)).output == parent
    assert evm.call(addresses.BEACON_ROOTS, word(1_700_000_000)).output == root


def test_multicall_reads_two_contracts_of_the_l1_at_once() -> None:
    evm = booted(l1())
    multicall = Contract(evm, addresses.MULTICALL3, artifacts.load("Multicall3").abi)
    portal, config = ("0x" + a.hex() for a in (addresses.OPTIMISM_PORTAL, addresses.SYSTEM_CONFIG))
    calls = [(portal, False, calldata("version()")), (config, False, calldata("gasLimit()"))]
    (first, second) = multicall.read("aggregate3", calls)
    assert b"5.2.0" in first[1]
    assert int.from_bytes(second[1], "big") == 60_000_000
