"""Each vault pays out as the genuine contract does."""

from __future__ import annotations

import pytest

from byline.node.contracts import addresses, artifacts
from byline.node.contracts.assembler import assemble
from tests.contracts.genuine import implementation, pair, predeploy
from tests.contracts.harness import Evm, calldata

VAULTS = {
    addresses.SEQUENCER_FEE_VAULT: "SequencerFeeVault",
    addresses.BASE_FEE_VAULT: "FeeVault",
    addresses.L1_FEE_VAULT: "FeeVault",
    addresses.OPERATOR_FEE_VAULT: "OperatorFeeVault",
}
GETTERS = (
    "totalProcessed minWithdrawalAmount recipient withdrawalNetwork "
    "MIN_WITHDRAWAL_AMOUNT RECIPIENT WITHDRAWAL_NETWORK version l1FeeWallet"
)
VAULT = addresses.SEQUENCER_FEE_VAULT
PASSER = predeploy("L2ToL1MessagePasser")
RECIPIENT = b"\x77" * 20
L1, L2 = 0, 1


def vaults(
    network: int, *, balance: int, least: int = 10, spent: int = 3, at: bytes = VAULT
) -> tuple[Evm, Evm]:
    both = pair("L2ToL1MessagePasser")
    codes = (artifacts.load(VAULTS[at]).runtime, implementation(at[-1]))
    recipient = int.from_bytes(RECIPIENT, "big")
    for evm, code in zip(both, codes, strict=True):
        slots = {0: spent, 1: least, 2: network << 160 | recipient}
        evm.set(at, code=code, storage=slots, balance=balance)
    return both


@pytest.mark.parametrize("balance", [10, 11, 10**19])
@pytest.mark.parametrize("network", [L1, L2])
@pytest.mark.parametrize("vault", VAULTS)
def test_a_withdrawal_pays_logs_and_counts_as_the_genuine_contract(
    vault: bytes, network: int, balance: int
) -> None:
    results = []
    for evm in vaults(network, balance=balance, at=vault):
        outcome = evm.call(vault, calldata("withdraw()"))
        assert outcome.success
        balances = [evm.balance(who) for who in (vault, RECIPIENT, PASSER)]
        results.append((outcome.logs, outcome.output, balances, evm.storage(vault, 0)))
    assert results[0] == results[1]
    assert results[0][2] == ([0, balance, 0] if network == L2 else [0, 0, balance])


def test_less_than_the_minimum_stays_and_the_reason_is_that_of_the_genuine_contract() -> None:
    outputs = []
    for evm in vaults(L2, balance=9):
        outcome = evm.call(VAULT, calldata("withdraw()"))
        assert not outcome.success
        outputs.append(outcome.output)
    assert outputs[0] == outputs[1]


def test_a_recipient_that_refuses_keeps_everything_in_the_vault() -> None:
    outputs = []
    for evm in vaults(L2, balance=50):
        evm.set(RECIPIENT, code=bytes.fromhex("5f5ffd"))
        outcome = evm.call(VAULT, calldata("withdraw()"))
        assert not outcome.success
        assert evm.balance(VAULT) == 50
        outputs.append(outcome.output)
    assert outputs[0] == outputs[1]


@pytest.mark.parametrize("vault", VAULTS)
def test_getters_answer_as_the_genuine_contract(vault: bytes) -> None:
    ours, genuine = vaults(L2, balance=0, at=vault)
    for name in GETTERS.split():
        mine, theirs = (evm.call(vault, calldata(f"{name}()")) for evm in (ours, genuine))
        has_wallet = vault == addresses.SEQUENCER_FEE_VAULT
        assert mine.success == theirs.success == (name != "l1FeeWallet" or has_wallet), name
        assert mine.output == theirs.output, name


def test_calldata_of_no_known_function_is_refused_as_by_the_genuine_contract() -> None:
    for evm in vaults(L2, balance=1):
        assert not evm.call(VAULT, b"\x01\x02\x03\x04", value=7).success


def test_anybody_may_add_to_the_fees() -> None:
    evm, _ = vaults(L2, balance=1)
    assert evm.call(VAULT, value=7).success
    assert evm.balance(VAULT) == 8


OWNER = b"\x0a" * 20
ADMIN_STAND_IN = "PUSH0 SLOAD PUSH0 MSTORE 0x20 PUSH0 RETURN"
"""Answers every call with slot 0, where the proxies' admin has its owner."""
CHANGES = [
    calldata("setMinWithdrawalAmount(uint256)", 2**255),
    calldata("setRecipient(address)", "0x" + "99" * 20),
    calldata("setWithdrawalNetwork(uint8)", L1),
    calldata("setWithdrawalNetwork(uint8)", L2),
    calldata("setRecipient(address)", "0x" + "00" * 20),
    calldata("setMinWithdrawalAmount(uint256)", 0),
    calldata("setWithdrawalNetwork(uint8)", 2),
    calldata("setWithdrawalNetwork(uint8)", L1)[:-1],
    calldata("proxyAdmin()"),
    calldata("proxyAdminOwner()"),
]


@pytest.mark.parametrize("vault", VAULTS)
def test_the_owner_of_the_proxies_changes_the_terms_as_of_the_genuine_contract(
    vault: bytes,
) -> None:
    both = vaults(L2, balance=0, at=vault)
    for evm in both:
        owner = {0: int.from_bytes(OWNER, "big")}
        evm.set(addresses.PROXY_ADMIN, code=assemble(ADMIN_STAND_IN).code, storage=owner)
        admin = {addresses.ADMIN_SLOT: int.from_bytes(addresses.PROXY_ADMIN, "big")}
        evm.set(vault, storage=admin)
    verdicts = []
    for data in CHANGES:
        for sender in (OWNER, addresses.PROXY_ADMIN, b"\x11" * 20):
            mine, theirs = (evm.call(vault, data, sender=sender) for evm in both)
            assert (mine.success, mine.output) == (theirs.success, theirs.output), data.hex()
            assert mine.logs == theirs.logs
            for slot in range(4):
                assert both[0].storage(vault, slot) == both[1].storage(vault, slot)
            verdicts.append((sender == OWNER, mine.success))
    # Two values are no networks, and anybody may ask the two questions.
    assert verdicts.count((True, True)) == 8
    assert verdicts.count((False, True)) == 4
