"""The attribution contracts as ordinary transactions, for chains whose genesis has none of them.

Their siblings are arguments of the constructors, and some know each other both ways, so all
addresses are found before anything is sent: an account's creations stand where its nonces say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from eth_abi.abi import encode

from byline.derivation.hashing import ZERO_ADDRESS
from byline.node.contracts import attribution_predeploys as genesis
from byline.node.contracts.artifacts import load
from byline.node.contracts.attribution_predeploys import Backend
from byline.node.evm.accounts import created_address

TWINS: Final = ("AttributionMath", "AttributionEvidence")
SYSTEM: Final = (
    "FeePolicy",
    "AttributionRegistry",
    "ContributorBond",
    "StakePool",
    "ChallengeVerifier",
    "PayoutVerifier",
    "PayoutVault",
    "InferenceLedger",
)
"""In the order of their creation; the ledger is last: until it is there, nothing can begin."""


@dataclass(frozen=True, slots=True)
class FamilySettings:
    """What the constructors are told; all but the treasury as in a genesis of ours."""

    treasury: bytes
    """Who the penalties of bonds are paid to; 20 bytes, not zero."""
    backend: Backend = Backend.TWIN
    """The twins are deployed too, or nothing is: the chain has our precompiles."""
    stake_lock: int = genesis.STAKE_LOCK
    """Seconds, as all windows are."""
    penalty_threshold: int = genesis.PENALTY_THRESHOLD
    penalty_limit: int = genesis.PENALTY_LIMIT
    claim_window: int = genesis.CLAIM_WINDOW
    challenge_window: int = genesis.CHALLENGE_WINDOW
    settle_window: int = genesis.SETTLE_WINDOW
    withdraw_delay: int = genesis.WITHDRAW_DELAY
    batch_bond: int = genesis.BATCH_BOND
    """Wei."""
    demand_fee: int = genesis.DEMAND_FEE
    """Wei."""

    def __post_init__(self) -> None:
        if len(self.treasury) != 20 or self.treasury == ZERO_ADDRESS:
            raise ValueError(f"treasury 0x{self.treasury.hex()}: want 20 bytes, not all zero")
        if not 0 <= self.penalty_threshold < self.penalty_limit < 2**32:
            raise ValueError(
                f"penalty threshold {self.penalty_threshold} and limit {self.penalty_limit}: "
                "want the threshold below the limit, and both below 2**32"
            )
        for name, bits in _WIDTHS.items():
            value = getattr(self, name)
            if not 0 <= value < 2**bits:
                raise ValueError(f"{name} {value}: want 0 to 2**{bits} - 1")


_WIDTHS: Final = {
    "stake_lock": 64,
    "claim_window": 64,
    "challenge_window": 64,
    "settle_window": 64,
    "withdraw_delay": 64,
    "batch_bond": 256,
    "demand_fee": 256,
}


@dataclass(frozen=True, slots=True)
class Creation:
    """A transaction without a receiver."""

    name: str
    """The contract that it creates."""
    nonce: int
    address: bytes
    """Where the contract will stand."""
    data: bytes
    """Creation code and constructor arguments."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All creations of a family in the order of their nonces, and where it will stand."""

    creations: tuple[Creation, ...]
    addresses: Mapping[str, bytes]
    """Every contract by name, as in `addresses.L2_CONTRACTS`; the twins if they are used."""


def plan(deployer: bytes, nonce: int, settings: FamilySettings) -> Plan:
    """Return the transactions by which `deployer`, whose next nonce is `nonce`, deploys all.

    Sent with other nonces, or with others between, the contracts would not find each other.
    """
    names = SYSTEM if settings.backend is Backend.PRECOMPILE else (*TWINS, *SYSTEM)
    at = {name: created_address(deployer, nonce + place) for place, name in enumerate(names)}
    arguments = _arguments(at, settings)
    creations = tuple(
        Creation(name, nonce + place, at[name], _creation_code(name, arguments.get(name, ())))
        for place, name in enumerate(names)
    )
    return Plan(creations, MappingProxyType(at))


def _arguments(at: Mapping[str, bytes], settings: FamilySettings) -> Mapping[str, tuple[Any, ...]]:
    """Return what each constructor is told, in its order."""
    back_ends = tuple(at.get(name, ZERO_ADDRESS) for name in TWINS)
    ledger, registry = at["InferenceLedger"], at["AttributionRegistry"]
    policy, bond = at["FeePolicy"], at["ContributorBond"]
    verifier = (*back_ends, ledger, registry)
    return {
        "AttributionRegistry": (ledger, policy),
        "ContributorBond": (
            ledger,
            settings.treasury,
            settings.penalty_threshold,
            settings.penalty_limit,
        ),
        "StakePool": (registry, settings.stake_lock),
        "ChallengeVerifier": verifier,
        "PayoutVerifier": verifier,
        "PayoutVault": (
            *back_ends,
            ledger,
            registry,
            policy,
            bond,
            at["StakePool"],
            # No chain but ours has the state precompile, and ours serves the vault of genesis.
            ZERO_ADDRESS,
            settings.claim_window,
        ),
        "InferenceLedger": (
            *back_ends,
            registry,
            at["PayoutVault"],
            bond,
            at["ChallengeVerifier"],
            at["PayoutVerifier"],
            settings.challenge_window,
            settings.settle_window,
            settings.withdraw_delay,
            settings.batch_bond,
            settings.demand_fee,
        ),
    }


def _creation_code(name: str, arguments: tuple[Any, ...]) -> bytes:
    artifact = load(name)
    kinds = [
        item["type"]
        for entry in artifact.abi
        if entry["type"] == "constructor"
        for item in entry["inputs"]
    ]
    return artifact.bytecode + encode(kinds, arguments)
