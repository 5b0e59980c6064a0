"""Calls of the ledger."""

from __future__ import annotations

from byline.node.attribution.encoding import encode_evidence
from byline.node.attribution.receipts import ReceiptDomain
from byline.node.attribution.weights import weights_root
from tests.attribution_calling import (
    NOBODY,
    ONE,
    PAYOUTS,
    ROOTS,
    U128,
    Entry,
    L,
    Wrong,
    batch,
    other_signature,
    packed,
    receipts,
    replayed,
    shown,
    to,
    twin_signature,
)
from tests.attribution_scene import FEE, STRANGER, TRUE, Call, guilty
from tests.contracts.attribution_family import LEDGER
from tests.contracts.harness import CHAIN_ID
from tests.contracts.ledger_world import DEMAND_FEE, OPERATOR, PAYERS, REQUEST

SAME_RECORD: Wrong = {
    "of no batch": ("UnknownBatch", {0: 77}),
    "of another number": ("WrongRecord", {1: 7}),
    "with another byte": ("WrongRecord", {2: bytes(180)}),
    "a record cut short": ("WrongRecord", {2: b""}),
    "without a proof": ("WrongRecord", {3: b""}),
    "with a longer proof": ("WrongRecord", {3: lambda on: on.batches["fresh"].proof(0)[3] * 2}),
}
SAME_ROOTS: Wrong = {
    "no list of payouts": ("PayoutCount", {-1: 0}),
    "a list that is too long": ("PayoutCount", {-1: 4097}),
    "by somebody else": ("NotOperator", {"sender": STRANGER}),
}

ENTRIES: dict[str, Entry] = {
    # The ledger
    "InferenceLedger.deposit": Entry(
        to(L, "deposit", value=5), {"nothing": ("NothingPaid", {"value": 0})}
    ),
    "InferenceLedger.depositFor": Entry(
        to(L, "depositFor", STRANGER, value=5),
        {
            "nothing": ("NothingPaid", {"value": 0}),
            "for nobody": ("ZeroAddress", {0: NOBODY}),
        },
    ),
    "InferenceLedger.requestWithdrawal": Entry(
        to(L, "requestWithdrawal", 5, sender=PAYERS[2]), {}
    ),
    "InferenceLedger.withdraw": Entry(
        to(L, "withdraw", sender=PAYERS[0]),
        {
            "without asking": ("NothingToWithdraw", {"sender": PAYERS[2]}),
            "too early": (
                "WithdrawalNotReady",
                {"before": to(L, "requestWithdrawal", 5, sender=PAYERS[0])},
            ),
        },
    ),
    "InferenceLedger.open": Entry(
        to(L, "open", 1, REQUEST, 2**40, value=FEE, sender=PAYERS[0]),
        {
            "for nothing": ("NothingPaid", {"value": 0}),
            "of no model": ("ModelNotLive", {0: 77}),
            "too late": ("DeadlinePassed", {2: lambda on: on.chain.now - 1}),
        },
    ),
    "InferenceLedger.cancel": Entry(
        to(L, "cancel", lambda on: on.expired, sender=PAYERS[1]),
        {
            "too early": ("DeadlineNotPassed", {0: lambda on: on.opened}),
            "by somebody else": ("NotPayer", {"sender": STRANGER}),
            "of no request": ("UnknownRequest", {0: bytes(32)}),
            "twice": (
                "UnknownRequest",
                {"before": to(L, "cancel", lambda on: on.expired, sender=PAYERS[1])},
            ),
        },
    ),
    "InferenceLedger.record": Entry(
        to(
            L,
            "record",
            lambda on: on.opened,
            ROOTS[0],
            TRUE.tree.root,
            weights_root(TRUE.points),
            3,
            len(TRUE.output),
            ONE.root,
            ONE.count,
            sender=OPERATOR,
        ),
        SAME_ROOTS
        | {
            "too late": ("DeadlinePassed", {0: lambda on: on.expired}),
            "of no request": ("UnknownRequest", {0: bytes(32)}),
        },
    ),
    "InferenceLedger.recordBatch": Entry(
        to(L, "recordBatch", 1, receipts({}, {}), ONE.root, ONE.count, sender=OPERATOR),
        SAME_ROOTS
        | {
            "of no model": ("ModelNotLive", {0: 77}),
            "of a model that nobody signed for": ("WrongSigner", {0: 2}),
            "no receipt": ("ReceiptCount", {1: b""}),
            "a byte more": ("ReceiptsLength", {1: lambda on: on.receipts({}) + b"\0"}),
            "a byte less": ("ReceiptsLength", {1: lambda on: on.receipts({})[:-1]}),
            "257 receipts": ("ReceiptCount", {1: lambda on: on.receipts({}) * 257}),
            "expired": ("ReceiptExpired", {1: receipts({}, {"deadline": 1_699_999_999})}),
            "for nothing": ("ZeroFee", {1: receipts({}, {"fee": 0})}),
            "beyond what is prepaid": ("FeeOverPrepaid", {1: receipts({}, {"fee": U128})}),
            "twice in a batch": ("NonceUsed", {1: lambda on: on.receipts({}) * 2}),
            "taken before": ("NonceUsed", {1: replayed}),
            "a number twice": ("NonceUsed", {1: receipts({"nonce": 900}, {"nonce": 900})}),
            "signed by another": ("WrongSigner", {1: receipts({"payer": PAYERS[1]})}),
            "of nobody": ("WrongSigner", {1: receipts({"payer": NOBODY})}),
            "for another ledger": (
                "WrongSigner",
                {1: lambda on: other_signature(on, ReceiptDomain(CHAIN_ID, STRANGER))},
            ),
            "for another chain": (
                "WrongSigner",
                {1: lambda on: other_signature(on, ReceiptDomain(CHAIN_ID + 1, LEDGER))},
            ),
            "signed the other way": ("MalformedSignature", {1: twin_signature}),
            "no signature": (
                "MalformedSignature",
                {1: lambda on: on.receipts({})[:-65] + bytes(65)},
            ),
        },
    ),
    "InferenceLedger.publish": Entry(
        to(L, "publish", *shown("fresh"), TRUE.tokens, encode_evidence(TRUE.leaves)),
        SAME_RECORD
        | {
            "of a void batch": ("NotOpen", dict(enumerate(shown("void")))),
            "no output": ("WrongTokens", {4: b""}),
            "half a token": ("WrongTokens", {4: TRUE.tokens + b"\0\0"}),
            "a token more": ("WrongTokens", {4: TRUE.tokens + b"\0\0\0\1"}),
            "another output": ("WrongOutput", {4: TRUE.tokens[:-4] + b"\0\0\0\1"}),
            "no evidence": ("WrongEvidence", {5: b""}),
            "half a leaf": ("WrongEvidence", {5: encode_evidence(TRUE.leaves)[:-28]}),
            "leaves in the wrong order": (
                "WrongEvidence",
                {5: encode_evidence(TRUE.leaves[::-1])},
            ),
        },
    ),
    "InferenceLedger.publishPayouts": Entry(
        to(L, "publishPayouts", batch("waiting"), packed((0, 500), (1, 500))),
        {
            "of no batch": ("UnknownBatch", {0: 77}),
            "of a void batch": ("NotOpen", {0: batch("void")}),
            "the order turned round": ("NotAscending", {1: packed((1, 500), (0, 500))}),
            "one twice": ("NotAscending", {1: packed((0, 500), (0, 500))}),
            "weights of nothing": ("ZeroWeight", {1: packed((0, 0), (1, 0))}),
            "other weights": ("WrongPayouts", {1: packed((0, 499), (1, 501))}),
            "half of each": ("WrongPayouts", {1: packed((0, 250), (1, 250))}),
            "weights beyond 64 bits": ("WeightOverflow", {1: packed((0, 2**64 - 1), (1, 2))}),
        },
    ),
    "InferenceLedger.demand": Entry(
        to(L, "demand", *shown("fresh"), value=DEMAND_FEE),
        SAME_RECORD
        | {
            "for less": ("WrongDemandFee", {"value": DEMAND_FEE - 1}),
            "for more": ("WrongDemandFee", {"value": DEMAND_FEE + 1}),
            "what is demanded": (
                "AlreadyDemanded",
                dict(enumerate(shown("fresh", 1))),
            ),
            "what is public": (
                "AlreadyPublished",
                {
                    "before": to(
                        L, "publish", *shown("fresh"), TRUE.tokens, encode_evidence(TRUE.leaves)
                    )
                },
            ),
            "of a void batch": ("NotOpen", dict(enumerate(shown("void")))),
            "too late": ("WindowOver", dict(enumerate(shown("ripe")))),
        },
    ),
    "InferenceLedger.demandPayouts": Entry(
        to(L, "demandPayouts", batch("fresh"), value=DEMAND_FEE),
        {
            "for less": ("WrongDemandFee", {"value": 0}),
            "of no batch": ("UnknownBatch", {0: 77}),
            "of a void batch": ("NotOpen", {0: batch("void")}),
            "too late": ("WindowOver", {0: batch("ripe")}),
        },
    ),
    "InferenceLedger.slashWithheld": Entry(
        to(L, "slashWithheld", batch("hidden"), 0),
        {
            "in time": ("WindowNotOver", {0: batch("fresh"), 1: 1}),
            "what nobody demanded": ("NoDemand", {0: batch("fresh")}),
            "payouts that nobody demanded": ("NoDemand", {1: PAYOUTS}),
            "of no batch": ("UnknownBatch", {0: 77}),
            "of a void batch": ("NotOpen", {0: batch("void")}),
        },
    ),
    "InferenceLedger.reclaimDemand": Entry(
        to(L, "reclaimDemand", batch("void"), 0),
        {
            "what nobody demanded": ("NoDemand", {1: 1}),
            "of a batch that is not void": ("NotOpen", {0: batch("hidden")}),
            "of no batch": ("UnknownBatch", {0: 77}),
            "twice": ("NoDemand", {"before": to(L, "reclaimDemand", batch("void"), 0)}),
        },
    ),
    "InferenceLedger.challenge": Entry(
        lambda on: Call(L, "challenge", guilty(on.batches["lie"])),
        {
            "of an honest batch": (
                "NotProven",
                {0: batch("fresh"), 2: lambda on: guilty(on.batches["fresh"])[2]},
            ),
            "of no batch": ("UnknownBatch", {0: 77}),
            "of a void batch": ("NotOpen", {0: batch("void")}),
            "too late": ("WindowOver", {0: batch("ripe")}),
            "of no kind": ("UnknownKind", {1: 9}),
            "of the kind that is a demand": ("UnknownKind", {1: 0}),
            "of another kind": ("WrongEvidence", {1: 2}),
            "with nothing": ("WrongRecord", {2: b""}),
            "with words of the largest numbers": ("MalformedChallenge", {2: b"\xff" * 320}),
            "of no dataset": ("UnknownDataset", {0: 77, 1: 5}),
            "of what is not final": ("NotOpen", {1: 7, 2: b""}),
        },
    ),
    "InferenceLedger.finalize": Entry(
        to(L, "finalize", batch("ripe")),
        {
            "too early": ("WindowNotOver", {0: batch("lie")}),
            "with a demand open": ("DemandsOpen", {0: batch("hidden")}),
            "a void batch": ("NotOpen", {0: batch("void")}),
            "twice": ("NotOpen", {0: batch("waiting")}),
            "no batch": ("UnknownBatch", {0: 77}),
        },
    ),
    "InferenceLedger.release": Entry(
        to(L, "release", batch("credited")),
        {
            "what is not settled": ("NotSettled", {0: batch("waiting")}),
            "what is not final": ("NotOpen", {0: batch("ripe")}),
            "twice": ("NotOpen", {"before": to(L, "release", batch("credited"))}),
            "no batch": ("UnknownBatch", {0: 77}),
        },
    ),
    "InferenceLedger.refund": Entry(
        to(L, "refund", *shown("void")),
        SAME_RECORD
        | {
            "of a batch that is not void": (
                "NotOpen",
                dict(enumerate(shown("ripe"))),
            ),
            "twice": ("AlreadyRefunded", {"before": to(L, "refund", *shown("void"))}),
        },
    ),
}
