"""Calls of the vault."""

from __future__ import annotations

from eth_account import Account

from tests.attribution_calling import (
    ONE,
    U128,
    Entry,
    V,
    Wrong,
    batch,
    leaf,
    leaves,
    packed,
    sponsored,
    to,
)
from tests.attribution_scene import FEE, STRANGER
from tests.contracts.attribution_family import LEDGER
from tests.contracts.harness import CHAIN_ID
from tests.contracts.ledger_world import KEYS, PAYERS
from tests.contracts.vault_world import WINDOW as CLAIM_WINDOW

NOT_LEDGER: Wrong = {"by somebody else": ("NotLedger", {"sender": STRANGER})}
SAME_LIST: Wrong = {
    "the order turned round": ("NotAscending", {1: packed((1, 500), (0, 500))}),
    "one twice": ("NotAscending", {1: packed((0, 500), (0, 500))}),
    "weights of nothing": ("WrongList", {1: packed((0, 0), (1, 0))}),
    "other weights of that sum": ("WrongList", {1: packed((0, 499), (1, 501))}),
    "more than all weights": ("WeightOverflow", {1: packed((0, 500), (1, 501))}),
    "weights beyond 64 bits together": ("WeightOverflow", {1: packed((0, 2**64 - 1), (1, 2))}),
    "a batch that was settled": ("NotWaiting", {0: batch("credited")}),
    "a batch that is not final": ("NotWaiting", {0: batch("fresh")}),
    "no batch": ("NotWaiting", {0: 77}),
}
CLAIMS: Wrong = {
    "a wei more": ("WrongProof", {2: leaf(2, 1)}),
    "a wei less": ("WrongProof", {2: leaf(2, -1)}),
    "as much as there may be": ("WrongProof", {2: U128}),
    "another place": ("WrongProof", {1: leaf(1, 1)}),
    "a place that is none": ("WrongProof", {1: 2**32 - 1}),
    "no proof": ("WrongProof", {3: b""}),
    "a proof with more behind it": ("WrongProof", {3: lambda on: on.leaf()[3] + bytes(48)}),
    "a proof that is cut": ("WrongProof", {3: lambda on: on.leaf()[3][:-1]}),
    "by somebody else": ("WrongProof", {"sender": STRANGER}),
    "of a batch that is credited": ("NotClaimable", {0: batch("credited")}),
    "of a batch that waits": ("NotClaimable", {0: batch("waiting")}),
    "of no batch": ("NotClaimable", {0: 77}),
}

ENTRIES: dict[str, Entry] = {
    # The vault
    "PayoutVault.deposit": Entry(
        to(V, "deposit", 99, 1, ONE.root, 2, 1000, 1, sender=LEDGER, value=FEE),
        NOT_LEDGER
        | {
            "a batch that is there": ("BatchExists", {0: batch("waiting")}),
            "for no model": ("UnknownModel", {1: 77}),
        },
    ),
    "PayoutVault.accrue": Entry(
        to(V, "accrue", 1, value=5),
        {"nothing": ("NothingPaid", {"value": 0}), "for no model": ("UnknownModel", {0: 77})},
    ),
    "PayoutVault.settle": Entry(
        to(V, "settle", batch("waiting"), packed((0, 500), (1, 500))),
        SAME_LIST
        | {
            "one too few": ("WrongLength", {1: packed((0, 1000))}),
            "nobody": ("WrongLength", {1: b""}),
            "half an entry": ("WrongLength", {1: b"\1" * 55}),
        },
    ),
    "PayoutVault.settleChunk": Entry(
        to(V, "settleChunk", batch("waiting"), packed((0, 500), (1, 500)), (2).to_bytes(4, "big")),
        SAME_LIST
        | {
            "nobody": ("WrongChunk", {1: b""}),
            "half an entry": ("WrongChunk", {1: b"\1" * 55}),
            "more than there are": ("WrongLength", {1: b"\1" * 112}),
            "no proof": ("WrongList", {2: b""}),
            "a proof of another number": ("WrongList", {2: (3).to_bytes(4, "big")}),
            "a proof with more behind it": ("WrongList", {2: (2).to_bytes(4, "big") + bytes(48)}),
        },
    ),
    "PayoutVault.voidSettlement": Entry(
        to(V, "voidSettlement", batch("waiting"), sender=LEDGER),
        NOT_LEDGER
        | {
            "what is settled": ("NotWaiting", {0: batch("credited")}),
            "no batch": ("NotWaiting", {0: 77}),
        },
    ),
    "PayoutVault.claim": Entry(
        to(V, "claim", *map(leaf, (0, 1, 2)), lambda on: on.leaf()[3], sender=PAYERS[0]),
        CLAIMS
        | {
            "twice": (
                "AlreadyClaimed",
                {
                    "before": to(
                        V,
                        "claim",
                        *map(leaf, (0, 1, 2)),
                        lambda on: on.leaf()[3],
                        sender=PAYERS[0],
                    )
                },
            )
        },
    ),
    "PayoutVault.claimMany": Entry(
        to(V, "claimMany", leaves(), sender=PAYERS[0]),
        {
            "one twice": ("AlreadyClaimed", {0: leaves(2)}),
            "by somebody else": ("WrongProof", {"sender": STRANGER}),
        },
    ),
    "PayoutVault.claimFor": Entry(
        to(V, "claimFor", PAYERS[0], leaves(), 9, 2**255, sponsored()),
        {
            "too late": ("PermitExpired", {3: 1_699_999_999}),
            "another deadline": ("WrongSigner", {3: 2**255 + 1}),
            "a larger fee": ("WrongSigner", {2: 10}),
            "other leaves": ("WrongSigner", {1: leaves(2)}),
            "for another": ("WrongSigner", {0: STRANGER}),
            "signed by another": ("WrongSigner", {4: sponsored(key=Account.from_key(KEYS[1]))}),
            "another number": ("WrongSigner", {4: sponsored(nonce=1)}),
            "for another vault": ("WrongSigner", {4: sponsored(contract=LEDGER)}),
            "for another chain": ("WrongSigner", {4: sponsored(chain=CHAIN_ID + 1)}),
            "no signature": ("BadSignature", {4: bytes(65)}),
            "a short signature": ("BadSignature", {4: bytes(64)}),
            "used before": (
                "WrongSigner",
                {"before": to(V, "claimFor", PAYERS[0], leaves(), 9, 2**255, sponsored())},
            ),
        },
    ),
    "PayoutVault.claimAccrued": Entry(
        to(V, "claimAccrued", lambda on: on.models[2], sender=PAYERS[0]),
        {
            "by somebody else": ("NothingToClaim", {"sender": STRANGER}),
            "of another model": ("NothingToClaim", {0: 1}),
            "of no model": ("NothingToClaim", {0: 77}),
        },
    ),
    "PayoutVault.sweepExpired": Entry(
        to(V, "sweepExpired", batch("rooted"), later=CLAIM_WINDOW + 1),
        {
            "too early": ("NotExpired", {"later": 0}),
            "what is credited": ("NotClaimable", {0: batch("credited")}),
            "no batch": ("NotClaimable", {0: 77}),
        },
    ),
    "PayoutVault.withdraw": Entry(
        to(V, "withdraw", sender=PAYERS[0]),
        {
            "by somebody else": ("NothingToClaim", {"sender": STRANGER}),
            "twice": ("NothingToClaim", {"before": to(V, "withdraw", sender=PAYERS[0])}),
        },
    ),
}
