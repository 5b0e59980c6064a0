"""Withdrawals as the L2 would have recorded them, with the proofs that a prover would fetch."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import rlp
from eth_abi.abi import encode
from trie import HexaryTrie

from byline.derivation.hashing import keccak256
from tests.contracts.harness import Contract, Outcome
from tests.contracts.l1_stack import Stack, text

TYPES = ["uint256", "address", "address", "uint256", "uint256", "bytes"]
PROVER = b"\x99" * 20


@dataclass(frozen=True)
class Withdrawal:
    """What L2ToL1MessagePasser hashes."""

    nonce: int = 1 << 240
    sender: bytes = b"\x5e" * 20
    target: bytes = b"\x7a" * 20
    value: int = 0
    gas_limit: int = 100_000
    data: bytes = b""

    @property
    def fields(self) -> tuple[Any, ...]:
        return (
            self.nonce,
            text(self.sender),
            text(self.target),
            self.value,
            self.gas_limit,
            self.data,
        )

    @property
    def hash(self) -> bytes:
        return keccak256(encode(TYPES, self.fields))

    @property
    def key(self) -> bytes:
        """The path in the storage trie."""
        return keccak256(keccak256(self.hash + bytes(32)))


@dataclass
class Passer:
    """The storage of L2ToL1MessagePasser after some withdrawals."""

    trie: HexaryTrie = field(default_factory=lambda: HexaryTrie({}, prune=False))

    @classmethod
    def of(cls, *withdrawals: Withdrawal, others: int = 40) -> Passer:
        passer = cls()
        for number in range(others):
            passer.trie[keccak256(number.to_bytes(8, "big"))] = b"\x01"
        for withdrawal in withdrawals:
            passer.trie[withdrawal.key] = b"\x01"
        return passer

    @property
    def output(self) -> tuple[bytes, bytes, bytes, bytes]:
        """What the output root is the hash of."""
        return bytes(32), b"\x57" * 32, bytes(self.trie.root_hash), b"\x1b" * 32

    @property
    def root(self) -> bytes:
        return keccak256(b"".join(self.output))

    def proof(self, withdrawal: Withdrawal) -> list[bytes]:
        return [rlp.encode(node) for node in self.trie.get_proof(withdrawal.key)]


@dataclass
class Proposed:
    """Withdrawals whose output root a game is about."""

    stack: Stack
    passer: Passer
    game: Contract
    index: int

    def prove(self, withdrawal: Withdrawal, *, sender: bytes = PROVER, **changes: Any) -> Outcome:
        arguments = {
            "index": self.index,
            "output": self.passer.output,
            "proof": self.passer.proof(withdrawal),
        } | changes
        return self.stack.portal.send(
            "proveWithdrawalTransaction",
            withdrawal.fields,
            arguments["index"],
            arguments["output"],
            arguments["proof"],
            sender=sender,
        )

    def finalize(self, withdrawal: Withdrawal, **options: Any) -> Outcome:
        options = {"sender": PROVER} | options
        return self.stack.portal.send(
            "finalizeWithdrawalTransaction", withdrawal.fields, **options
        )

    def mature(self, withdrawal: Withdrawal) -> None:
        """Prove it, win the game, and wait as long as it takes."""
        outcome = self.prove(withdrawal)
        assert outcome.success, self.stack.portal.error(outcome)
        self.stack.settle(self.game)
        self.stack.wait(max(self.stack.plan.finality, self.stack.plan.maturity) + 1)


def proposed(stack: Stack, *withdrawals: Withdrawal, number: int = 100) -> Proposed:
    """Return withdrawals that can be proven now."""
    passer = Passer.of(*withdrawals)
    index = stack.factory.read("gameCount")
    game = stack.propose(passer.root, number)
    stack.wait(1)
    return Proposed(stack, passer, game, index)


def other(withdrawal: Withdrawal, **changes: Any) -> Withdrawal:
    """Return it with changes."""
    return replace(withdrawal, **changes)
