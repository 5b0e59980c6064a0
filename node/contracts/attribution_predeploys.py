"""The attribution contracts of the L2's genesis, set up as their constructors would have done.

The twins stand at their addresses; all others stand behind proxies, and find each other at the
addresses of `addresses`.  A twin is always there; whether it is asked, or the precompile that
answers the same, is the setup's choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from byline.node.contracts import addresses
from byline.node.contracts.artifacts import load
from byline.node.contracts.genesis_accounts import Alloc, contract, number, proxied
from byline.precompiles.state import ATTRIBUTION_STATE

STAKE_LOCK: Final = 600
"""Seconds from a stake to its withdrawal at the earliest."""
PENALTY_THRESHOLD: Final = 100
"""Penalty points up to which a contributor keeps all that it earns."""
PENALTY_LIMIT: Final = 500
"""Penalty points from which on it keeps nothing."""
CLAIM_WINDOW: Final = 90 * 24 * 3600
"""Seconds in which the amounts behind a payout root can be claimed."""
CHALLENGE_WINDOW: Final = 600
"""Seconds in which a batch can be challenged."""
SETTLE_WINDOW: Final = 3600
"""Seconds from the end of that in which a batch must be settled."""
WITHDRAW_DELAY: Final = 600
"""Seconds from the request of a withdrawal of prepaid money to its payment."""
BATCH_BOND: Final = 10**16
"""Wei of its operator's bond that a batch locks."""
DEMAND_FEE: Final = 10**15
"""Wei that a demand for evidence puts up."""


class Backend(Enum):
    """Who computes for the attribution contracts."""

    PRECOMPILE = "precompile"
    TWIN = "twin"


@dataclass(frozen=True, slots=True)
class AttributionSetup:
    """How the attribution contracts of a genesis are set up."""

    treasury: bytes
    """Who the penalties of bonds are paid to; 20 bytes."""
    backend: Backend = Backend.PRECOMPILE
    state_precompile: bool = False
    """Whether the vault writes credits through the state precompile."""


def attribution_alloc(setup: AttributionSetup) -> Alloc:
    """Return the attribution contracts."""
    alloc = {addresses.L2_CONTRACTS[name]: contract(name) for name in _TWINS}
    for name, settings in _system_contracts(setup).items():
        slots = load(name).storage
        storage = {slots[variable]: _word(value) for variable, value in settings.items()}
        alloc |= proxied(
            addresses.L2_CONTRACTS[name],
            name,
            addresses.l2_implementation(addresses.L2_CONTRACTS[name]),
            addresses.PROXY_ADMIN,
            {slot: word for slot, word in storage.items() if word},
        )
    return alloc


_TWINS: Final = ("AttributionMath", "AttributionEvidence")


def _system_contracts(setup: AttributionSetup) -> Mapping[str, Mapping[str, int | bytes]]:
    """Return what stands in the storage of each contract, by the names of its variables."""
    precompile = setup.backend is Backend.PRECOMPILE
    back_ends = {
        "attribution_calls._math": 0 if precompile else addresses.ATTRIBUTION_MATH,
        "attribution_calls._evidence": 0 if precompile else addresses.ATTRIBUTION_EVIDENCE,
    }
    verifier = {
        **back_ends,
        "_subject._ledger": addresses.INFERENCE_LEDGER,
        "_subject._registry": addresses.ATTRIBUTION_REGISTRY,
    }
    return {
        "AttributionRegistry": {
            "datasets._ledger": addresses.INFERENCE_LEDGER,
            "_feePolicy": addresses.FEE_POLICY,
        },
        "FeePolicy": {},
        "ContributorBond": {
            "_ledger": addresses.INFERENCE_LEDGER,
            "_treasuryTo": setup.treasury,
            "threshold": PENALTY_THRESHOLD,
            "limit": PENALTY_LIMIT,
        },
        "StakePool": {"_registry": addresses.ATTRIBUTION_REGISTRY, "stakeLock": STAKE_LOCK},
        "InferenceLedger": {
            **back_ends,
            "_ledger_settings.registry": addresses.ATTRIBUTION_REGISTRY,
            "_ledger_settings.vault": addresses.PAYOUT_VAULT,
            "_ledger_settings.bond": addresses.CONTRIBUTOR_BOND,
            "_ledger_settings.verifier": addresses.CHALLENGE_VERIFIER,
            "_ledger_settings.payoutVerifier": addresses.PAYOUT_VERIFIER,
            "_ledger_settings.challengeWindow": CHALLENGE_WINDOW,
            "_ledger_settings.settleWindow": SETTLE_WINDOW,
            "_ledger_settings.withdrawDelay": WITHDRAW_DELAY,
            "_ledger_settings.batchBond": BATCH_BOND,
            "_ledger_settings.demandFee": DEMAND_FEE,
        },
        "ChallengeVerifier": verifier,
        "PayoutVerifier": verifier,
        "PayoutVault": {
            **back_ends,
            "books._ledger": addresses.INFERENCE_LEDGER,
            "books._registry": addresses.ATTRIBUTION_REGISTRY,
            "books._bond": addresses.CONTRIBUTOR_BOND,
            "deposits._feePolicy": addresses.FEE_POLICY,
            "deposits._stakePool": addresses.STAKE_POOL,
            "claims.claimWindow": CLAIM_WINDOW,
            "paying._state": ATTRIBUTION_STATE if setup.state_precompile else 0,
        },
    }


def _word(value: int | bytes) -> int:
    return value if isinstance(value, int) else number(value)
