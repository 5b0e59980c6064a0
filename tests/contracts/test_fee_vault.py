"""Each vault pays out as the genuine contract does."""

from __future__ import annotations

import pytest

from byline.node.contracts import addresses, artifacts
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
