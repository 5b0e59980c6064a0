"""Our L1 and the genuine one, in the same state, with the same people and the same delays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from eth_abi.abi import encode

from byline.derivation.hashing import keccak256
from tests.contracts.bridging import TOKEN, TOKEN_SOURCE, TWIN, TWIN_SOURCE, places
from tests.contracts.compiled import compiled
from tests.contracts.genuine import genuine_l1
from tests.contracts.harness import Outcome, calldata, word
from tests.contracts.l1_stack import GAME_TYPE, L2_BRIDGE, L2_MESSENGER, Plan, l1_stack, text
from tests.contracts.quick import Base, Quick, base_of
from tests.contracts.withdrawals import PROVER, Passer, Withdrawal
from tests.vectors_folder import load

START: Final = 1_752_790_000
CLOCK: Final = 302_400
PERSON: Final = b"\x5a" * 20
REFUSER: Final = b"\x4e" * 20
ANYTHING: Final = 10**24
WITHDRAWAL_TYPE: Final = "(uint256,address,address,uint256,uint256,bytes)"
PROVE: Final = (
    f"proveWithdrawalTransaction({WITHDRAWAL_TYPE},uint256,"
    "(bytes32,bytes32,bytes32,bytes32),bytes[])"
)
FINALIZE: Final = f"finalizeWithdrawalTransaction({WITHDRAWAL_TYPE})"
CREATE: Final = "create(uint32,bytes32,bytes)"
SENDER_SLOT: Final = 50
"""Of the portal: whose withdrawal is being executed."""
MESSAGE_SENDER_SLOT: Final = 204
"""Of the messengers: whose message is being executed."""


@cache
def people() -> dict[str, bytes]:
    found = load("devnet-901/info.json")["addresses"]
    return {name: bytes.fromhex(address[2:]) for name, address in found.items()}


@cache
def _base(ours: bool) -> tuple[Base, dict[str, bytes]]:
    who = people()
    if ours:
        plan = Plan(
            owner=who["L1ProxyAdminOwner"],
            guardian=who["Guardian"],
            proposer=who["Proposer"],
            challenger=who["Challenger"],
            clock=CLOCK,
            number=3,
            timestamp=START - 100,
        )
        stack = l1_stack(plan, places())
        evm, at = stack.evm, dict(stack.addresses)
        # Games have their addresses by the nonce of the factory.
        document = load("l1-contracts/900-l1-genesis.json.gz")["alloc"]
        nonce = document[at["DisputeGameFactory"].hex()].get("nonce", "0x0")
        evm.set(at["DisputeGameFactory"], nonce=int(nonce, 16))
        owner = calldata("transferOwnership(address)", text(who["SystemConfigOwner"]))
        assert evm.call(at["SystemConfig"], owner, sender=plan.owner).success
        evm.set(at["OptimismPortal"], balance=10**18)
    else:
        evm, at = genuine_l1(), dict(places())
        config = evm.call(at["SystemConfig"], calldata("superchainConfig()"))
        at["SuperchainConfig"] = config.output[12:]
        lockbox = load("l1-contracts/l2-addresses.json")["901"]["ETHLockboxProxy"]
        evm.set(bytes.fromhex(lockbox[2:]), balance=10**18)
    evm.set(REFUSER, code=bytes.fromhex("5f5ffd"))
    for address, source in ((TOKEN, TOKEN_SOURCE), (TWIN, TWIN_SOURCE)):
        evm.set(address, code=compiled(source).runtime)
    for address in (*who.values(), PERSON, PROVER, *at.values(), bytes(19) + b"\x01"):
        if address != at["OptimismPortal"]:
            evm.set(address, balance=ANYTHING)
    return base_of(evm, 5, START), at


@dataclass
class OneSide:
    """One of the two, and what was done on it."""

    is_ours: bool
    evm: Quick
    at: dict[str, bytes]
    now: int = START
    game: bytes = b""
    index: int = -1
    passer: Passer | None = None

    def call(self, name: str, signature: str, *arguments: Any, **options: Any) -> Outcome:
        """Call a contract by its name, or by its address."""
        address = self.at.get(name) or bytes.fromhex(name.removeprefix("0x"))
        return self.evm.call(address, calldata(signature, *arguments), **options)

    def do(self, name: str, signature: str, *arguments: Any, **options: Any) -> Outcome:
        """Call, with success."""
        outcome = self.call(name, signature, *arguments, **options)
        assert outcome.success, (signature, self.is_ours, outcome.output, outcome.error)
        return outcome

    def wait(self, seconds: int) -> None:
        self.now += seconds
        self.evm.at(5, self.now)

    def guard(self, signature: str, *arguments: Any) -> None:
        """Have the guardian call the registry."""
        sender = people()["Guardian"]
        self.do("AnchorStateRegistry", signature, *arguments, sender=sender)

    def pause(self) -> None:
        nobody = text(bytes(20))
        sender = people()["Guardian"]
        self.do("SuperchainConfig", "pause(address)", nobody, sender=sender)

    def create(
        self,
        root: bytes,
        extra: bytes,
        *,
        kind: int = GAME_TYPE,
        sender: bytes = b"",
        value: int = 0,
    ) -> Outcome:
        who = sender or people()["Proposer"]
        return self.call("DisputeGameFactory", CREATE, kind, root, extra, sender=who, value=value)

    def propose(self, *withdrawals: Withdrawal, number: int = 100) -> None:
        """Claim an output root that has some withdrawals."""
        self.passer = Passer.of(*withdrawals)
        outcome = self.create(self.passer.root, word(number))
        assert outcome.success, (self.is_ours, outcome.output)
        self.game = outcome.output[12:]
        count = self.do("DisputeGameFactory", "gameCount()").output
        self.index = int.from_bytes(count, "big") - 1

    def prove(self, withdrawal: Withdrawal, **changes: Any) -> Outcome:
        assert self.passer is not None
        given = {
            "index": self.index,
            "output": self.passer.output,
            "proof": self.passer.proof(withdrawal),
        } | changes
        return self.call(
            "OptimismPortal",
            PROVE,
            withdrawal.fields,
            given["index"],
            given["output"],
            given["proof"],
            sender=PROVER,
        )

    def proven(self, withdrawal: Withdrawal) -> None:
        """Propose and prove."""
        self.propose(withdrawal)
        self.wait(1)
        outcome = self.prove(withdrawal)
        assert outcome.success, (self.is_ours, outcome.output)

    def settle_claim(self) -> None:
        """Let the clock run out and resolve the claim alone."""
        self.wait(CLOCK)
        self.do(self.game.hex(), "resolveClaim(uint256,uint256)", 0, 0)

    def settle(self) -> None:
        """Let the clock run out and resolve."""
        self.settle_claim()
        self.do(self.game.hex(), "resolve()")

    def ripe(self, withdrawal: Withdrawal) -> None:
        """Let everything pass that a withdrawal waits for."""
        self.proven(withdrawal)
        self.settle()
        self.wait(100)

    def finalize(self, withdrawal: Withdrawal, **options: Any) -> Outcome:
        options = {"sender": PROVER} | options
        return self.call("OptimismPortal", FINALIZE, withdrawal.fields, **options)

    def lose(self) -> None:
        """Have the challenger win the game."""
        who = people()["Challenger"]
        if self.is_ours:
            self.do(self.game.hex(), "challenge()", sender=who)
        else:
            claim = self.do(self.game.hex(), "claimData(uint256)", 0).output[128:160]
            attack = "attack(bytes32,uint256,bytes32)"
            bond = self.do(self.game.hex(), "getRequiredBond(uint128)", 2).output
            value = int.from_bytes(bond, "big")
            self.do(self.game.hex(), attack, claim, 0, b"\x77" * 32, sender=who, value=value)
        self.wait(CLOCK)
        if not self.is_ours:
            self.do(self.game.hex(), "resolveClaim(uint256,uint256)", 1, 0)
        self.do(self.game.hex(), "resolveClaim(uint256,uint256)", 0, 0)
        self.do(self.game.hex(), "resolve()")

    def as_message_of(self, sender: bytes) -> None:
        """Let the messenger be executing a message of somebody on the L2."""
        slots = {MESSAGE_SENDER_SLOT: int.from_bytes(sender, "big")}
        self.evm.set(self.at["L1CrossDomainMessenger"], storage=slots)

    def as_withdrawal_of(self, sender: bytes) -> None:
        """Let the portal be executing a withdrawal of somebody on the L2."""
        slots = {SENDER_SLOT: int.from_bytes(sender, "big")}
        self.evm.set(self.at["OptimismPortal"], storage=slots)

    def bridge_arrival(self, signature: str, *arguments: Any, value: int = 0) -> Outcome:
        """Call the bridge as the messenger does with a message of the bridge on the L2."""
        self.as_message_of(L2_BRIDGE)
        sender = self.at["L1CrossDomainMessenger"]
        return self.call("L1StandardBridge", signature, *arguments, sender=sender, value=value)

    def arrival(self, message: bytes, value: int = 0) -> Outcome:
        """Call the messenger as the portal does with a withdrawal of the messenger on the L2."""
        self.as_withdrawal_of(L2_MESSENGER)
        self.evm.set(self.at["OptimismPortal"], balance=ANYTHING)
        messenger = self.at["L1CrossDomainMessenger"]
        return self.evm.call(messenger, message, sender=self.at["OptimismPortal"], value=value)


def both_sides() -> tuple[OneSide, OneSide]:
    """Return ours and the genuine."""
    sides = []
    for ours in (True, False):
        base, at = _base(ours)
        sides.append(OneSide(ours, Quick(base, 900), at))
    return sides[0], sides[1]


Case = Callable[[OneSide], Outcome]


class Refusals(dict[str, tuple[str, Case]]):
    """Situations by name, each ending with a call that is refused, and the error of that."""

    def raises(self, error: str) -> Callable[[Case], Case]:
        """Add a case; `error` is a signature, or the text of a reason."""

        def add(case: Case) -> Case:
            assert case.__name__ not in self
            self[case.__name__] = (error, case)
            return case

        return add

    def check(self, name: str) -> None:
        """Have both refuse, with the same bytes."""
        error, case = self[name]
        ours, genuine = (case(side) for side in both_sides())
        assert not genuine.success
        assert genuine.output.startswith(encoded(error)), genuine.output
        assert (ours.success, ours.output) == (False, genuine.output), ours.error


def encoded(error: str) -> bytes:
    """Return how what a contract returns begins: the selector, or all of a text."""
    if error.endswith(")"):
        return keccak256(error.encode())[:4]
    return keccak256(b"Error(string)")[:4] + encode(["string"], [error])
