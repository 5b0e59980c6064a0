"""Genesis sets the attribution contracts up as their constructors do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from eth_abi.abi import encode

from byline.node.contracts import addresses
from byline.node.contracts.artifacts import load
from byline.node.contracts.attribution_predeploys import (
    BATCH_BOND,
    CHALLENGE_WINDOW,
    CLAIM_WINDOW,
    DEMAND_FEE,
    PENALTY_LIMIT,
    PENALTY_THRESHOLD,
    SETTLE_WINDOW,
    STAKE_LOCK,
    WITHDRAW_DELAY,
    AttributionSetup,
    Backend,
    attribution_alloc,
)
from byline.precompiles.state import ATTRIBUTION_STATE
from tests.contracts.attribution_family import family
from tests.contracts.harness import Evm

TREASURY = b"\x7e" * 20
NOBODY = bytes(20)
ANYWHERE = b"\x77" * 20
PROXY_SLOTS = {addresses.IMPLEMENTATION_SLOT, addresses.ADMIN_SLOT}


def back_ends(setup: AttributionSetup) -> list[bytes]:
    if setup.backend is Backend.PRECOMPILE:
        return [NOBODY, NOBODY]
    return [addresses.ATTRIBUTION_MATH, addresses.ATTRIBUTION_EVIDENCE]


def verifier(setup: AttributionSetup) -> list[Any]:
    return [*back_ends(setup), addresses.INFERENCE_LEDGER, addresses.ATTRIBUTION_REGISTRY]


ARGUMENTS: dict[str, Callable[[AttributionSetup], list[Any]]] = {
    "FeePolicy": lambda setup: [],
    "AttributionRegistry": lambda setup: [addresses.INFERENCE_LEDGER, addresses.FEE_POLICY],
    "ContributorBond": lambda setup: [
        addresses.INFERENCE_LEDGER,
        TREASURY,
        PENALTY_THRESHOLD,
        PENALTY_LIMIT,
    ],
    "StakePool": lambda setup: [addresses.ATTRIBUTION_REGISTRY, STAKE_LOCK],
    "InferenceLedger": lambda setup: [
        *back_ends(setup),
        addresses.ATTRIBUTION_REGISTRY,
        addresses.PAYOUT_VAULT,
        addresses.CONTRIBUTOR_BOND,
        addresses.CHALLENGE_VERIFIER,
        addresses.PAYOUT_VERIFIER,
        *(CHALLENGE_WINDOW, SETTLE_WINDOW, WITHDRAW_DELAY, BATCH_BOND, DEMAND_FEE),
    ],
    "ChallengeVerifier": verifier,
    "PayoutVerifier": verifier,
    "PayoutVault": lambda setup: [
        *back_ends(setup),
        addresses.INFERENCE_LEDGER,
        addresses.ATTRIBUTION_REGISTRY,
        addresses.FEE_POLICY,
        addresses.CONTRIBUTOR_BOND,
        addresses.STAKE_POOL,
        ATTRIBUTION_STATE if setup.state_precompile else NOBODY,
        CLAIM_WINDOW,
    ],
}
"""What a deployment would pass to the constructor of each, in its order."""
SETUPS = [
    AttributionSetup(TREASURY, backend, state) for backend in Backend for state in (False, True)
]


@pytest.mark.parametrize("setup", SETUPS, ids=lambda s: f"{s.backend.value}-{s.state_precompile}")
@pytest.mark.parametrize("name", ARGUMENTS)
def test_storage_is_what_the_constructor_leaves(name: str, setup: AttributionSetup) -> None:
    artifact = load(name)
    kinds = [
        item["type"]
        for entry in artifact.abi
        if entry["type"] == "constructor"
        for item in entry["inputs"]
    ]
    evm = Evm()
    arguments = encode(kinds, ARGUMENTS[name](setup))
    outcome = evm.deploy(artifact.bytecode + arguments)
    assert outcome.success, outcome.error
    account = attribution_alloc(setup)[addresses.L2_CONTRACTS[name]]
    own = {slot: word for slot, word in account.storage.items() if slot not in PROXY_SLOTS}
    evm.set(ANYWHERE, storage=own, nonce=1)
    assert evm.storage_root(ANYWHERE) == evm.storage_root(outcome.created)
    assert all(own.values())


def test_every_system_contract_is_tried_here() -> None:
    alloc = attribution_alloc(SETUPS[0])
    proxies = {address for address, account in alloc.items() if PROXY_SLOTS & set(account.storage)}
    assert proxies == {addresses.L2_CONTRACTS[name] for name in ARGUMENTS}
    assert all(address[:4] == b"open" for address in proxies)


def test_no_contract_is_too_large_for_a_chain() -> None:
    for address, account in attribution_alloc(SETUPS[0]).items():
        assert len(account.code) <= 24_576, address.hex()


def test_siblings_find_each_other() -> None:
    chain = family()
    text = {name: "0x" + address.hex() for name, address in addresses.L2_CONTRACTS.items()}
    ledger = "0x" + addresses.INFERENCE_LEDGER.hex()
    assert chain.registry.read("ledger") == chain.bond.read("ledger") == ledger
    assert chain.registry.read("feePolicy") == text["FeePolicy"]
    assert chain.pool.read("registry") == text["AttributionRegistry"]
    assert chain.bond.read("treasuryTo") == "0x" + TREASURY.hex()
    assert (chain.bond.read("threshold"), chain.bond.read("limit")) == (100, 500)
    assert chain.pool.read("stakeLock") == 600
