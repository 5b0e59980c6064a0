"""Stock clients as users of the attribution contracts: viem, ethers, cast and forge."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from byline.node.accounts import dev_account
from byline.node.attribution.corpus import Corpus, engine_id
from byline.node.attribution.dataset import Dataset, Document
from byline.node.attribution.encoding import encode_evidence, encode_packed
from byline.node.attribution.evidence import attribution
from byline.node.attribution.receipts import InferenceReceipt, ReceiptDomain
from byline.node.attribution.serving.payments import request_hash
from byline.node.attribution.tokens import encode_tokens, tokenize
from byline.node.contracts import interface_files
from byline.node.contracts.addresses import L2_CONTRACTS
from byline.node.contracts.artifacts import load
from byline.node.hexes import checksum
from byline.node.sync_devnet import SyncDevnet
from byline.precompiles.evidence import spans
from byline.precompiles.math import CASCADE, apportion
from byline.precompiles.math.sum_tree import SumTree
from tests.client_scripts import E2E, SECONDS, SOLC, environment, run_parts
from tests.e2e.attribution_play import ANSWERS, BUILDER, FEES, TEXTS
from tests.e2e.test_foundry import KEY, RICH, Cast, program

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


PAYER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


def at_genesis(name: str) -> str:
    return checksum(L2_CONTRACTS[name])


LEDGER = at_genesis("InferenceLedger")


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
            name: {"address": at_genesis(name), "abi": list(load(name).abi)} for name in NAMES
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


def test_the_math_is_what_a_second_implementation_says(
    l2: str, clients: Path, inputs: Path
) -> None:
    assert len(run_parts("attribution_sums.mjs", l2, clients, inputs)) == 3


@pytest.fixture(scope="module")
def twins() -> Iterator[SyncDevnet]:
    """Run a devnet whose contracts ask no precompile: forge executes its forks by itself."""
    with SyncDevnet(attribution_backend="twin") as running:
        yield running


@pytest.fixture(scope="module")
def project(clients: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Return forge, run in a project that imports the shipped interfaces."""
    home = tmp_path_factory.mktemp("forge")
    folder = home / "project"
    shutil.copytree(E2E / "attribution_forge", folder)
    shutil.copytree(interface_files.folder(), folder / "lib" / "byline")

    def forge(*words: str) -> str:
        done = subprocess.run(
            [str(program(clients, "forge")), *words, "--use", str(SOLC)],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env={**environment(clients), "HOME": str(home)},
        )
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return forge


def test_forge_tests_users_of_the_interfaces_on_a_fork(
    twins: SyncDevnet, l2: str, project: Callable[..., str]
) -> None:
    precompiles = "ask_precompiles"
    printed = project("test", "--fork-url", twins.l2.url, "--no-match-test", precompiles)
    assert "4 tests passed, 0 failed" in printed, printed
    printed = project("test", "--fork-url", l2, "--match-test", precompiles)
    assert "1 tests passed, 0 failed" in printed, printed


def test_contracts_of_users_ask_the_precompiles(
    l2: str, project: Callable[..., str], clients: Path, tmp_path: Path
) -> None:
    options = ("--rpc-url", l2, "--private-key", KEY, "--broadcast", "--json")
    printed = project("create", "src/Byline.sol:Till", *options)
    till = str(json.loads(printed[printed.index("{") :])["deployedTo"])
    cast = Cast(clients, l2, tmp_path)
    shares = cast("call", till, "shares(uint128,uint64[])(uint128[],uint128[])", "101", "[1,1,2]")
    assert shares.splitlines() == ["[25, 25, 51]"] * 2
    reason = cast("call", till, "reason(uint64[])(bytes4)", "[0]")
    assert reason == cast("sig", "ZeroWeight()")
    cast.json("send", "--private-key", KEY, till, "pay(address)", PAYER, "--value", "9")
    assert cast("call", LEDGER, "prepaid(address)(uint256)", PAYER) == "9"


def test_cast_asks_the_precompiles_and_their_twins(l2: str, clients: Path, tmp_path: Path) -> None:
    cast = Cast(clients, l2, tmp_path)
    entries = tuple((bytes([at]) * 20, weight) for at, weight in ((1, 5), (2, 0), (3, 8)))
    packed = text(encode_packed(entries))
    amounts = apportion(CASCADE, 10**20, [weight for _, weight in entries])
    tree = SumTree([(who, amount) for (who, _), amount in zip(entries, amounts, strict=True)])
    for math in ("0x000000000000000000000000000000000000a770", at_genesis("AttributionMath")):
        signature = "settleRoot(uint8,uint128,bytes)(bytes32,uint128,uint32)"
        root, total, count = cast("call", math, signature, "0", str(10**20), packed).splitlines()
        assert (root, total.split()[0], count) == (text(tree.root.root), str(10**20), "3")
        signature = "verifyLeaf(bytes32,uint128,uint32,address,uint128,bytes)(bool)"
        leaf = (root, str(10**20), "2", text(entries[2][0]), str(amounts[2]))
        assert cast("call", math, signature, *leaf, text(tree.proof(2))) == "true"
        assert cast("call", math, signature, *leaf, text(tree.proof(0))) == "false"
        signature = "apportion(uint8,uint128,uint64[])(uint128[])"
        refusal = cast.fails("call", math, signature, "0", "1", "[0,0]")
        assert cast("sig", "ZeroWeight()") in refusal
        paid = cast.fails(
            "send", "--private-key", KEY, math, signature, "0", "1", "[1]", "--value", "1"
        )
        assert cast("sig", "ValueNotAccepted()") in paid
    strings = [encode_tokens(one) for one in ([5, 6, 7], [4, 5, 6, 7])]
    found = spans(strings[0], strings[1:], 2)
    for evidence in (
        "0x000000000000000000000000000000000000a771",
        at_genesis("AttributionEvidence"),
    ):
        signature = "spans(bytes,bytes[],uint16)(bytes)"
        asked = (text(strings[0]), f"[{text(strings[1])}]", "2")
        assert cast("call", evidence, signature, *asked) == text(found)
        gas = int(cast("estimate", evidence, signature, *asked))
        assert gas > 21_000


def test_cast_signs_what_the_ledger_takes(l2: str, clients: Path, tmp_path: Path) -> None:
    cast = Cast(clients, l2, tmp_path)
    domain = ReceiptDomain(901, L2_CONTRACTS["InferenceLedger"])
    receipt = InferenceReceipt(dev_account(0).address, 3, 2**63, b"\1" * 32, b"\2" * 32, 10**20, 9)
    typed = {
        "primaryType": "InferenceReceipt",
        "domain": {
            "name": "Byline Inference Ledger",
            "version": "1",
            "chainId": 901,
            "verifyingContract": LEDGER,
        },
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "InferenceReceipt": [
                {"name": "payer", "type": "address"},
                {"name": "modelId", "type": "uint32"},
                {"name": "nonce", "type": "uint64"},
                {"name": "reqHash", "type": "bytes32"},
                {"name": "outHash", "type": "bytes32"},
                {"name": "fee", "type": "uint128"},
                {"name": "deadline", "type": "uint64"},
            ],
        },
        "message": {
            "payer": text(receipt.payer),
            "modelId": 3,
            "nonce": str(2**63),
            "reqHash": text(receipt.req_hash),
            "outHash": text(receipt.out_hash),
            "fee": str(10**20),
            "deadline": 9,
        },
    }
    signed = cast("wallet", "sign", "--private-key", KEY, "--data", json.dumps(typed))
    assert signed == text(receipt.sign(domain, dev_account(0).key))
    assert cast("call", LEDGER, "domainSeparator()(bytes32)") == text(domain.separator())


def test_cast_registers_pays_in_and_reads_events(l2: str, clients: Path, tmp_path: Path) -> None:
    cast = Cast(clients, l2, tmp_path)

    def send(name: str, *words: str) -> Any:
        sent = cast.json("send", "--private-key", KEY, at_genesis(name), *words)
        assert sent["status"] == "0x1"
        return sent

    terms = ("5", "7", "0", "0", "3000", "0", "7000", RICH)
    send(
        "FeePolicy",
        "createPolicy(uint128,uint128,uint128,uint16,uint16,uint16,uint16,address)",
        *terms,
    )
    root = "0x" + "11" * 32
    send(
        "AttributionRegistry",
        "registerDataset(bytes32,bytes32,bytes32,bytes32,uint32,uint32,string,string)",
        *(root, root, root, root, "500", "2", "ipfs://texts", "MIT"),
    )
    model = (
        "registerModel(uint32[],uint32[],uint16[],uint32,bytes32,address,uint8,uint8,string)",
        *("[1]", "[]", "[]", "1", text(engine_id()), RICH, "0", "1", ""),
    )
    send("AttributionRegistry", *model)
    assert (
        cast(
            "call",
            at_genesis("FeePolicy"),
            "quote(uint32,uint32,uint32)(uint128)",
            "1",
            "1000",
            "1000",
        )
        == "12"
    )
    read = "model(uint32)(address,address,address,uint8,uint32,bytes32,uint8,uint8,uint32,uint8)"
    owner, operator, *_, tokens, status = cast(
        "call", at_genesis("AttributionRegistry"), read, "1"
    ).splitlines()
    assert (owner, operator, tokens, status) == (RICH, RICH, "500", "1")
    sent = send("InferenceLedger", "deposit()", "--value", "5")
    event = "PrepaidDeposited(address indexed,address indexed,uint256)"
    [log] = cast.json("logs", "--from-block", "0", "--address", LEDGER, event, RICH)
    assert log["transactionHash"] == sent["transactionHash"]
    odd = cast.fails(
        "call",
        at_genesis("AttributionRegistry"),
        "recordTraining(uint32,uint64,bytes32,bytes32,int64)",
        "9",
        "1",
        root,
        root,
        "0",
    )
    assert cast("sig", "UnknownModel(uint256)") in odd
