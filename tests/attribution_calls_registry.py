"""Calls of registry, fee policies, bonds and stakes."""

from __future__ import annotations

from typing import Any

from tests.attribution_calling import (
    NOBODY,
    ROOTS,
    B,
    Entry,
    F,
    R,
    S,
    Wrong,
    own,
    to,
)
from tests.attribution_scene import STAKER, STRANGER
from tests.contracts.attribution_family import LEDGER
from tests.contracts.ledger_world import BOND, OPERATOR, WATCHER

TREASURY = b"\x70" * 20
REGISTERED = (*ROOTS, 100, 3, "ipfs://x", "MIT")
MODEL: tuple[Any, ...] = ([1, 2], [], [], 1, own, NOBODY, 0, 1, "ipfs://m")
ADAPTER: tuple[Any, ...] = ([1, 2], [1], [2000], 1, own, NOBODY, 0, 1, "ipfs://m")
SAME_DATASET: Wrong = {
    "no tokens": ("EmptyDataset", {-4: 0}),
    "no owners": ("BadOwners", {-3: 0}),
    "more owners than tokens": ("BadOwners", {-3: 101}),
    "a long place": ("UriTooLong", {-2: "u" * 257}),
    "a long licence": ("LicenseTooLong", {-1: "l" * 65}),
}
SAME_MODEL: Wrong = {
    "no dataset": ("BadDatasetCount", {0: []}),
    "a dataset twice": ("NotAscending", {0: [1, 1]}),
    "datasets in the wrong order": ("NotAscending", {0: [2, 1]}),
    "an unknown dataset": ("UnknownDataset", {0: [1, 77]}),
    "a parent twice": ("NotAscending", {1: [1, 1], 2: [1, 1]}),
    "a part too many": ("LengthMismatch", {1: [1], 2: [1, 1]}),
    "a parent that comes later": ("BadParent", {1: [77], 2: [1]}),
    "a parent without a part": ("BadBps", {1: [1], 2: [0]}),
    "more than all for parents": ("BadBps", {1: [1, 2], 2: [9999, 2]}),
    "an unknown policy": ("UnknownPolicy", {3: 77}),
    "another engine": ("UnknownEngine", {4: bytes(32)}),
    "an unknown method": ("UnknownMethod", {6: 5}),
    "an unknown mode": ("UnknownMode", {7: 4}),
    "a long place": ("UriTooLong", {8: "u" * 257}),
}
NOT_OWNER: Wrong = {
    "by somebody else": ("NotModelOwner", {"sender": STRANGER}),
    "of no model": ("UnknownModel", {0: 77}),
}
NOT_LEDGER: Wrong = {"by somebody else": ("NotLedger", {"sender": STRANGER})}

ENTRIES: dict[str, Entry] = {
    # The registry
    "AttributionRegistry.registerDataset": Entry(
        to(R, "registerDataset", *REGISTERED), SAME_DATASET
    ),
    "AttributionRegistry.newVersion": Entry(
        to(R, "newVersion", 1, *REGISTERED, sender=OPERATOR),
        SAME_DATASET
        | {
            "of no dataset": ("UnknownDataset", {0: 77}),
            "by somebody else": ("NotRegistrant", {"sender": STRANGER}),
        },
    ),
    "AttributionRegistry.deprecateDataset": Entry(
        to(R, "deprecateDataset", 1, sender=OPERATOR),
        {
            "of no dataset": ("UnknownDataset", {0: 77}),
            "by somebody else": ("NotRegistrant", {"sender": STRANGER}),
        },
    ),
    "AttributionRegistry.condemnDataset": Entry(
        to(R, "condemnDataset", 1, sender=LEDGER),
        NOT_LEDGER | {"of no dataset": ("UnknownDataset", {0: 77})},
    ),
    "AttributionRegistry.registerModel": Entry(to(R, "registerModel", *MODEL), SAME_MODEL),
    "AttributionRegistry.registerAdapter": Entry(
        to(R, "registerAdapter", *ADAPTER),
        SAME_MODEL | {"no parent": ("NoParents", {1: [], 2: []})},
    ),
    "AttributionRegistry.setPolicy": Entry(
        to(R, "setPolicy", 1, 1, 1, 2, sender=OPERATOR),
        NOT_OWNER
        | {
            "an unknown policy": ("UnknownPolicy", {1: 77}),
            "an unknown method": ("UnknownMethod", {2: 5}),
            "an unknown mode": ("UnknownMode", {3: 4}),
        },
    ),
    "AttributionRegistry.setOperator": Entry(
        to(R, "setOperator", 1, STRANGER, sender=OPERATOR),
        NOT_OWNER | {"nobody": ("ZeroOperator", {1: NOBODY})},
    ),
    "AttributionRegistry.recordTraining": Entry(
        to(R, "recordTraining", 1, 1, ROOTS[0], ROOTS[1], -5, sender=OPERATOR),
        NOT_OWNER | {"a step that was before": ("StepNotAfter", {1: 0})},
    ),
    "AttributionRegistry.deprecateModel": Entry(
        to(R, "deprecateModel", 1, sender=OPERATOR), NOT_OWNER
    ),
    # Fees
    "FeePolicy.createPolicy": Entry(
        to(F, "createPolicy", 1, 2, 3, 500, 1000, 1500, 7000, TREASURY),
        {
            "parts of less than all": ("BadBps", {6: 6999}),
            "parts of more than all": ("BadBps", {6: 7001}),
            "parts that overflow": ("BadBps", {3: 65535, 4: 65535}),
            "no treasury": ("ZeroTreasury", {7: NOBODY}),
        },
    ),
    # Bonds
    "ContributorBond.bond": Entry(
        to(B, "bond", value=5), {"nothing": ("NothingPaid", {"value": 0})}
    ),
    "ContributorBond.bondFor": Entry(
        to(B, "bondFor", STRANGER, value=5),
        {
            "nothing": ("NothingPaid", {"value": 0}),
            "for nobody": ("ZeroAddress", {0: NOBODY}),
        },
    ),
    "ContributorBond.withdraw": Entry(
        to(B, "withdraw", BOND, sender=OPERATOR),
        {
            "nothing": ("ZeroAmount", {0: 0}),
            "what is locked": ("NotFree", {0: 100 * BOND}),
            "more than there can be": ("NotFree", {0: 2**256 - 1}),
            "by somebody else": ("NotFree", {"sender": STRANGER}),
        },
    ),
    "ContributorBond.lock": Entry(
        to(B, "lock", OPERATOR, 5, sender=LEDGER),
        NOT_LEDGER | {"more than is free": ("NotFree", {1: 2**256 - 1})},
    ),
    "ContributorBond.unlock": Entry(
        to(B, "unlock", OPERATOR, 5, sender=LEDGER),
        NOT_LEDGER | {"more than is locked": ("NotLocked", {1: 2**256 - 1})},
    ),
    "ContributorBond.slash": Entry(
        to(B, "slash", OPERATOR, 5, WATCHER, 100, sender=LEDGER),
        NOT_LEDGER
        | {
            "more than is locked": ("NotLocked", {1: 2**256 - 1}),
            "for nobody": ("ZeroAddress", {2: NOBODY}),
        },
    ),
    "ContributorBond.payTreasury": Entry(
        to(B, "payTreasury"),
        {"twice": ("NothingToClaim", {"before": to(B, "payTreasury")})},
    ),
    # Stakes
    "StakePool.stake": Entry(
        to(S, "stake", 1, value=5),
        {"nothing": ("NothingPaid", {"value": 0}), "on no model": ("ModelNotLive", {0: 77})},
    ),
    "StakePool.unstake": Entry(
        to(S, "unstake", 1, 10**9, sender=STAKER),
        {
            "nothing": ("ZeroAmount", {1: 0}),
            "more than is there": ("NotStaked", {1: 2**256 - 1}),
            "by somebody else": ("NotStaked", {"sender": STRANGER}),
            "of another model": ("NotStaked", {0: 2}),
            "right after staking": (
                "StakeLocked",
                {"before": to(S, "stake", 1, sender=STAKER, value=1)},
            ),
        },
    ),
    "StakePool.fund": Entry(
        to(S, "fund", 1, value=5),
        {
            "nothing": ("NothingPaid", {"value": 0}),
            "a model that nobody stakes on": ("NoStakers", {0: 2}),
        },
    ),
    "StakePool.claim": Entry(
        to(S, "claim", 1, sender=STAKER),
        {
            "by somebody else": ("NothingToClaim", {"sender": STRANGER}),
            "twice": ("NothingToClaim", {"before": to(S, "claim", 1, sender=STAKER)}),
        },
    ),
}
