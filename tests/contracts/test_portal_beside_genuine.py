"""Deposits are logged, and proofs accepted, by our portal as by the genuine one."""

from __future__ import annotations

import random
from typing import Any

import pytest
import rlp

from byline.derivation.deposits import user_deposits
from byline.derivation.hashing import keccak256
from byline.derivation.receipt import Log, Receipt
from tests.contracts.bridging import places
from tests.contracts.genuine import genuine_l1
from tests.contracts.harness import Evm, Outcome, calldata, word
from tests.contracts.l1_stack import GAME_TYPE, Stack, l1_stack, plan, text
from tests.contracts.withdrawals import PROVER, Passer, Withdrawal
from tests.vectors_folder import load

DEPOSIT = "depositTransaction(address,uint256,uint64,bool,bytes)"
PROVE = (
    "proveWithdrawalTransaction((uint256,address,address,uint256,uint256,bytes),uint256,"
    "(bytes32,bytes32,bytes32,bytes32),bytes[])"
)
CREATE = "create(uint32,bytes32,bytes)"
NOBODY = text(bytes(20))
SOMEBODY = text(b"\x22" * 20)
START = 1_752_785_000


@pytest.fixture(scope="module")
def proposer() -> bytes:
    return bytes.fromhex(load("devnet-901/info.json")["addresses"]["Proposer"][2:])


@pytest.fixture(scope="module")
def stack(proposer: bytes) -> Stack:
    return l1_stack(plan(proposer=proposer, number=4, timestamp=START), places())


@pytest.fixture(scope="module")
def both(stack: Stack) -> tuple[Evm, Evm]:
    genuine = genuine_l1()
    for evm in (stack.evm, genuine):
        evm.at(5, START + 1_000, 2**200)
    return stack.evm, genuine


def call_both(
    both: tuple[Evm, Evm], name: str, data: bytes, **options: Any
) -> tuple[Outcome, Outcome]:
    ours, genuine = (evm.call(places()[name], data, **options) for evm in both)
    return ours, genuine


def portal_logs(outcome: Outcome) -> list[tuple[tuple[bytes, ...], bytes]]:
    portal = places()["OptimismPortal"]
    return [(log.topics, log.data) for log in outcome.logs if log.address == portal]


def test_random_deposits_are_logged_alike(both: tuple[Evm, Evm]) -> None:
    source = random.Random(5)
    accepted = 0
    for number in range(10, 60):
        for evm in both:
            evm.at(number, START + 12 * number)
        creation = source.random() < 0.3
        data = source.randbytes(source.choice((0, 1, 22, 23, 24, 31, 32, 33, 500, 49_152)))
        to = NOBODY if creation and source.random() < 0.8 else text(source.randbytes(20))
        call = calldata(
            DEPOSIT,
            to,
            source.getrandbits(100),
            21_000 + 40 * len(data) + source.choice((-1, 0, 1, 100_000)),
            creation,
            data,
        )
        sender, value = source.randbytes(20), source.choice((0, 1, 10**20))
        origin = sender if source.random() < 0.6 else source.randbytes(20)
        ours, genuine = call_both(
            both, "OptimismPortal", call, sender=sender, origin=origin, value=value
        )
        assert (ours.success, ours.output) == (genuine.success, genuine.output)
        assert portal_logs(ours) == portal_logs(genuine)
        accepted += ours.success
    assert 20 < accepted < 50


def test_plain_value_is_deposited_alike(both: tuple[Evm, Evm]) -> None:
    ours, genuine = call_both(both, "OptimismPortal", b"", value=77)
    assert ours.success
    assert portal_logs(ours) == portal_logs(genuine)


def test_donated_value_is_no_deposit(both: tuple[Evm, Evm]) -> None:
    ours, genuine = call_both(both, "OptimismPortal", calldata("donateETH()"), value=5)
    assert ours.success
    assert not portal_logs(ours)
    assert not portal_logs(genuine)


def test_a_person_who_delegates_is_not_aliased(both: tuple[Evm, Evm]) -> None:
    person = b"\x51" * 20
    call = calldata(DEPOSIT, SOMEBODY, 0, 100_000, False, b"")
    for code in (b"\xef\x01\x00" + b"\x01" * 20, b"\xef\x01\x00" + b"\x01" * 21, b"\x00" * 23):
        for evm in both:
            evm.set(person, code=code)
        ours, genuine = call_both(both, "OptimismPortal", call, sender=person, origin=b"\x52" * 20)
        assert portal_logs(ours) == portal_logs(genuine)


def test_the_portal_answers_like_the_genuine_one(both: tuple[Evm, Evm]) -> None:
    hashed = b"\x01" * 32
    calls = [
        calldata("minimumGasLimit(uint64)", 0),
        calldata("minimumGasLimit(uint64)", 49_152),
        calldata("l2Sender()"),
        calldata("paused()"),
        calldata("systemConfig()"),
        calldata("anchorStateRegistry()"),
        calldata("disputeGameFactory()"),
        calldata("respectedGameType()"),
        calldata("proofMaturityDelaySeconds()"),
        calldata("disputeGameFinalityDelaySeconds()"),
        calldata("finalizedWithdrawals(bytes32)", hashed),
        calldata("provenWithdrawals(bytes32,address)", hashed, SOMEBODY),
        calldata("numProofSubmitters(bytes32)", hashed),
        calldata("checkWithdrawal(bytes32,address)", hashed, SOMEBODY),
    ]
    for call in calls:
        ours, genuine = call_both(both, "OptimismPortal", call)
        assert (ours.success, ours.output) == (genuine.success, genuine.output), call.hex()


def test_derivation_reads_the_deposits(stack: Stack) -> None:
    outcome = stack.portal.send("depositTransaction", SOMEBODY, 9, 30_000, False, b"abc", value=5)
    logs = tuple(Log(log.address, log.topics, log.data) for log in outcome.logs)
    receipt = Receipt(type=2, succeeded=True, cumulative_gas_used=1, logs=logs)
    (deposit,) = user_deposits([receipt], bytes(32), stack.portal.address)
    assert (deposit.to, deposit.mint, deposit.value) == (b"\x22" * 20, 5, 9)
    assert (deposit.gas, deposit.data) == (30_000, b"abc")


class Prover:
    """Proves on both sides, each time against a game of its own about the same output."""

    def __init__(self, both: tuple[Evm, Evm], proposer: bytes) -> None:
        self.both = both
        self.proposer = proposer
        self.number = 1_000
        self.now = START + 10_000

    def prove(
        self, withdrawal: Withdrawal, storage_root: bytes, proof: list[bytes]
    ) -> tuple[Outcome, Outcome]:
        self.number += 1
        self.now += 10
        output = (bytes(32), b"\x57" * 32, storage_root, word(self.number))
        claim = calldata(CREATE, GAME_TYPE, keccak256(b"".join(output)), word(self.number))
        for evm in self.both:
            evm.at(self.number, self.now)
        outcomes = call_both(self.both, "DisputeGameFactory", claim, sender=self.proposer)
        assert [outcome.success for outcome in outcomes] == [True, True]
        index = int.from_bytes(
            self.both[0].call(places()["DisputeGameFactory"], calldata("gameCount()")).output
        )
        for evm in self.both:
            evm.at(self.number, self.now + 5)
        call = calldata(PROVE, withdrawal.fields, index - 1, output, proof)
        return call_both(self.both, "OptimismPortal", call, sender=PROVER)


@pytest.fixture(scope="module")
def prover(both: tuple[Evm, Evm], proposer: bytes) -> Prover:
    return Prover(both, proposer)


def random_withdrawal(source: random.Random) -> Withdrawal:
    return Withdrawal(
        nonce=1 << 240 | source.getrandbits(60),
        sender=source.randbytes(20),
        target=source.randbytes(20),
        value=source.getrandbits(90),
        gas_limit=source.getrandbits(40),
        data=source.randbytes(source.choice((0, 1, 31, 32, 33, 1_000))),
    )


@pytest.mark.parametrize("others", [0, 1, 3, 30, 500])
def test_genuine_proofs_are_accepted_by_both(prover: Prover, others: int) -> None:
    source = random.Random(others)
    withdrawal = random_withdrawal(source)
    passer = Passer.of(withdrawal, others=others)
    outcomes = prover.prove(withdrawal, passer.trie.root_hash, passer.proof(withdrawal))
    for outcome in outcomes:
        assert outcome.success, outcome.output.hex()
    ours, genuine = outcomes
    assert portal_logs(ours) == portal_logs(genuine)


def tampered(source: random.Random, proof: list[bytes]) -> tuple[list[bytes], bytes]:
    """Return a proof with a change, and the root that the change would like to have."""
    nodes = list(proof)
    at = source.randrange(len(nodes))
    items = rlp.decode(nodes[at])
    kind = source.randrange(7)
    if kind == 0:
        items[-1] = source.choice((b"", b"\x00", b"\x02", b"\x01\x01", [b"\x01"]))
    elif kind == 1:
        items[0] = source.choice((b"", b"\x20", b"\x00", b"\x45", source.randbytes(33)))
    elif kind == 2:
        items = items[:-1]
    elif kind == 3:
        items = [*items, b"\x01"]
    elif kind == 4:
        source.shuffle(items)
    nodes[at] = rlp.encode(items)
    if kind == 5:
        nodes[at] += b"\x00"
    elif kind == 6:
        byte = source.randrange(len(nodes[at]))
        nodes[at] = nodes[at][:byte] + source.randbytes(1) + nodes[at][byte + 1 :]
    return nodes, keccak256(nodes[0])


@pytest.mark.parametrize("seed", range(3))
def test_tampered_proofs_are_refused_by_both(prover: Prover, seed: int) -> None:
    source = random.Random(seed)
    for _ in range(25):
        withdrawal = random_withdrawal(source)
        passer = Passer.of(withdrawal, others=source.choice((0, 1, 20)))
        proof, root = tampered(source, passer.proof(withdrawal))
        root = source.choice((root, passer.trie.root_hash))
        ours, genuine = prover.prove(withdrawal, root, proof)
        assert ours.success == genuine.success, (withdrawal, proof)
