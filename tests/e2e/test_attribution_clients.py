"""Stock clients as users of the attribution contracts: viem, ethers, cast and forge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from byline.node.attribution.corpus import Corpus, engine_id
from byline.node.attribution.dataset import Dataset, Document
from byline.node.attribution.encoding import encode_evidence
from byline.node.attribution.evidence import attribution
from byline.node.attribution.payments import request_hash
from byline.node.attribution.tokens import encode_tokens, tokenize
from byline.node.contracts.addresses import L2_CONTRACTS
from byline.node.contracts.artifacts import load
from byline.node.hexes import checksum
from byline.node.sync_devnet import SyncDevnet
from byline.precompiles.evidence import spans
from tests.client_scripts import run_parts
from tests.e2e.attribution_play import ANSWERS, BUILDER, FEES, TEXTS

pytestmark = pytest.mark.clients

NAMES = (
    "AttributionMath",
    "AttributionEvidence",
    "AttributionRegistry",
    "FeePolicy",
    "ContributorBond",
    "StakePool",
    "InferenceLedger",
    "PayoutVault",
)
PEOPLE = (1, 2, 3, 5)
"""Builder, payer, an owner of texts, a sponsor: indices of development accounts."""


@pytest.fixture(scope="module")
def own() -> Iterator[SyncDevnet]:
    """Run a devnet on which nobody else registers or travels."""
    with SyncDevnet() as running:
        yield running


@pytest.fixture
def l2(own: SyncDevnet) -> Iterator[str]:
    with own.restoring():
        yield own.l2.url


def text(data: bytes) -> str:
    return "0x" + data.hex()


def dataset() -> Dataset:
    return Dataset.build(1, [Document(words, owner.address) for words, owner in TEXTS])


def answer(corpus: Corpus, words: str, fee: int) -> dict[str, Any]:
    """Return an answer as a script records it."""
    made = attribution(corpus, tokenize(words), fee)
    record = made.record(
        payer=bytes(20), req_hash=request_hash(words), fee=fee, tokens_in=3, nonce=0
    )
    return {
        "reqHash": text(record.req_hash),
        "outHash": text(record.out_hash),
        "evidenceRoot": text(record.evidence_root),
        "weightsRoot": text(record.weights_root),
        "fee": str(fee),
        "tokensIn": record.tokens_in,
        "tokensOut": record.tokens_out,
        "points": [[text(owner), str(points)] for owner, points in made.points],
        "output": text(encode_tokens(made.output)),
        "evidence": text(encode_evidence(made.evidence.leaves)),
    }


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write what scripts cannot find out by themselves: ABIs, and what answers are made of."""
    texts = dataset()
    corpus = Corpus((texts,), fallback=BUILDER.address)
    roots = texts.roots
    committed = (roots.documents, roots.tokens, roots.suffixes, roots.owners)
    output, *documents = ([1, 2, 3, 9, 4, 5], [7, 2, 3, 9], [4, 5, 6])
    strings = [encode_tokens(one) for one in (output, *documents)]
    document = {
        "contracts": {
            name: {"address": checksum(L2_CONTRACTS[name]), "abi": list(load(name).abi)}
            for name in NAMES
        },
        "people": PEOPLE,
        "dataset": [*map(text, committed), len(texts), len(texts.ranges), "", "CC0-1.0"],
        "engine": text(engine_id()),
        "bps": [500, 2000, 500, 7000],
        "answers": [answer(corpus, *one) for one in zip(ANSWERS, FEES, strict=True)],
        "spans": {
            "output": text(strings[0]),
            "documents": [text(one) for one in strings[1:]],
            "entries": text(spans(strings[0], strings[1:], 2)),
        },
    }
    path = tmp_path_factory.mktemp("attribution") / "inputs.json"
    path.write_text(json.dumps(document))
    return path


def test_viem_signs_records_settles_and_claims(l2: str, clients: Path, inputs: Path) -> None:
    assert len(run_parts("attribution_viem.mjs", l2, clients, inputs)) == 7


def test_ethers_signs_records_settles_and_claims(l2: str, clients: Path, inputs: Path) -> None:
    assert len(run_parts("attribution_ethers.mjs", l2, clients, inputs)) == 4
