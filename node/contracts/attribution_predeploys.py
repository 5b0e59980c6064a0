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

    def back_ends(self) -> Mapping[str, int]:
        """Return where contracts that call math or evidence keep whom they call."""
        if self.backend is Backend.PRECOMPILE:
            return {}
        return {
            "attribution_calls._math": number(addresses.ATTRIBUTION_MATH),
            "attribution_calls._evidence": number(addresses.ATTRIBUTION_EVIDENCE),
        }


def attribution_alloc(setup: AttributionSetup) -> Alloc:
    """Return the attribution contracts."""
    return {
        addresses.ATTRIBUTION_MATH: contract("AttributionMath"),
        **_system("FeePolicy", addresses.FEE_POLICY, {}),
        **_system(
            "AttributionRegistry",
            addresses.ATTRIBUTION_REGISTRY,
            {
                "datasets._ledger": number(addresses.INFERENCE_LEDGER),
                "_feePolicy": number(addresses.FEE_POLICY),
            },
        ),
        **_system(
            "ContributorBond",
            addresses.CONTRIBUTOR_BOND,
            {
                "_ledger": number(addresses.INFERENCE_LEDGER),
                "_treasuryTo": number(setup.treasury),
                "threshold": PENALTY_THRESHOLD,
                "limit": PENALTY_LIMIT,
            },
        ),
        **_system(
            "StakePool",
            addresses.STAKE_POOL,
            {
                "_registry": number(addresses.ATTRIBUTION_REGISTRY),
                "stakeLock": STAKE_LOCK,
            },
        ),
        **_system(
            "PayoutVault",
            addresses.PAYOUT_VAULT,
            {
                **setup.back_ends(),
                "books._ledger": number(addresses.INFERENCE_LEDGER),
                "books._registry": number(addresses.ATTRIBUTION_REGISTRY),
                "books._bond": number(addresses.CONTRIBUTOR_BOND),
                "deposits._feePolicy": number(addresses.FEE_POLICY),
                "deposits._stakePool": number(addresses.STAKE_POOL),
                "claims.claimWindow": CLAIM_WINDOW,
                "_state": number(ATTRIBUTION_STATE) if setup.state_precompile else 0,
            },
        ),
    }


def _system(name: str, address: bytes, settings: Mapping[str, int]) -> Alloc:
    """Return a proxied contract whose storage variables have these values; 0 writes nothing."""
    slots = load(name).storage
    storage = {slots[variable]: value for variable, value in settings.items() if value}
    implementation = addresses.l2_implementation(address)
    return proxied(address, name, implementation, addresses.PROXY_ADMIN, storage)
