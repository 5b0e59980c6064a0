"""The contracts of the L1 side, deployed and set up as a chain would have them.

stack = l1_stack()
stack.portal.send("depositTransaction", ...)
game = stack.propose(root, 100)      # a game about an output root
stack.wait(11)                       # L1 blocks go on
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from byline.derivation.hashing import keccak256
from byline.node.contracts import artifacts
from tests.contracts.harness import Contract, Evm, Outcome, word

DEPLOYER: Final = b"\xde" * 20
OWNER: Final = b"\x0e" * 20
GUARDIAN: Final = b"\x9a" * 20
PROPOSER: Final = b"\x77" * 20
CHALLENGER: Final = b"\xc4" * 20
NOBODY: Final = bytes(20)
ETHER: Final = b"\xee" * 20
GAME_TYPE: Final = 1
RESOURCE_CONFIG: Final = (20_000_000, 10, 8, 10**9, 1_000_000, 2**128 - 1)
START: Final = 1_700_000_000

NAMES: Final = (
    "SuperchainConfig",
    "SystemConfig",
    "OptimismPortal",
    "AnchorStateRegistry",
    "DisputeGameFactory",
    "L1CrossDomainMessenger",
    "L1StandardBridge",
)
L2_MESSENGER: Final = bytes.fromhex("4200000000000000000000000000000000000007")
L2_BRIDGE: Final = bytes.fromhex("4200000000000000000000000000000000000010")
GAME: Final = b"\x6a" * 20


@dataclass(frozen=True)
class Plan:
    """What a chain decides when it begins."""

    owner: bytes = OWNER
    guardian: bytes = GUARDIAN
    proposer: bytes = PROPOSER
    challenger: bytes = CHALLENGER
    clock: int = 10
    """Seconds in which a claim may be challenged."""
    maturity: int = 12
    """Seconds from a proof to payment, at least."""
    finality: int = 6
    """Seconds from the resolution of a game to payment, at least."""
    bond: int = 0
    token: bytes = NOBODY
    """The ERC-20 that pays for gas; none for ether."""
    anchor: bytes = b"\xdd" * 32
    number: int = 1
    timestamp: int = START


def address_of(name: str) -> bytes:
    """Return where a contract stands unless one chooses."""
    return keccak256(name.encode())[12:]


def text(address: bytes) -> str:
    """Return an address as ABI encoders take it and decoders give it."""
    return "0x" + address.hex()


@dataclass
class Stack:
    """One L1 with its contracts, and its clock."""

    evm: Evm
    plan: Plan
    addresses: dict[str, bytes]
    number: int
    timestamp: int

    def contract(self, name: str) -> Contract:
        return Contract(self.evm, self.addresses[name], artifacts.load(name).abi)

    @property
    def portal(self) -> Contract:
        return self.contract("OptimismPortal")

    @property
    def config(self) -> Contract:
        return self.contract("SystemConfig")

    @property
    def registry(self) -> Contract:
        return self.contract("AnchorStateRegistry")

    @property
    def factory(self) -> Contract:
        return self.contract("DisputeGameFactory")

    @property
    def messenger(self) -> Contract:
        return self.contract("L1CrossDomainMessenger")

    @property
    def bridge(self) -> Contract:
        return self.contract("L1StandardBridge")

    @property
    def superchain(self) -> Contract:
        return self.contract("SuperchainConfig")

    def game(self, address: bytes | str) -> Contract:
        if isinstance(address, str):
            address = bytes.fromhex(address[2:])
        return Contract(self.evm, address, artifacts.load("DevnetDisputeGame").abi)

    def wait(self, seconds: int, blocks: int = 1) -> None:
        """Let time pass."""
        self.number += blocks
        self.timestamp += seconds
        self.evm.at(self.number, self.timestamp)

    def create(self, root: bytes, number: int, *, sender: bytes = b"") -> Outcome:
        """Call the factory about an output root."""
        return self.factory.send(
            "create",
            GAME_TYPE,
            root,
            word(number),
            sender=sender or self.plan.proposer,
            value=self.plan.bond,
        )

    def propose(self, root: bytes, number: int) -> Contract:
        """Return a new game about an output root."""
        outcome = self.create(root, number)
        assert outcome.success, self.factory.error(outcome) + outcome.error
        return self.game(outcome.output[12:])

    def settle(self, game: Contract) -> None:
        """Let the clock run out and resolve."""
        self.wait(self.plan.clock)
        for name, arguments in (("resolveClaim", (0, 0)), ("resolve", ())):
            outcome = game.send(name, *arguments)
            assert outcome.success, game.error(outcome)


def l1_stack(
    plan: Plan | None = None, addresses: dict[str, bytes] | None = None, evm: Evm | None = None
) -> Stack:
    """Return the contracts, each deployed and then told of the others."""
    plan = plan or Plan()
    at = {name: address_of(name) for name in NAMES} | (addresses or {})
    evm = evm or Evm()
    stack = Stack(evm, plan, at, plan.number, plan.timestamp)
    evm.at(plan.number, plan.timestamp)
    for name in NAMES:
        outcome = evm.deploy(artifacts.load(name).bytecode, sender=DEPLOYER, at=at[name])
        assert outcome.success, (name, outcome.error)
    evm.set(GAME, code=artifacts.load("DevnetDisputeGame").runtime)
    _set_up(stack)
    return stack


def _set_up(stack: Stack) -> None:
    plan, at = stack.plan, {name: text(address) for name, address in stack.addresses.items()}
    _begin(stack.superchain, text(plan.guardian))
    _begin(stack.portal, at["SystemConfig"], at["AnchorStateRegistry"], plan.maturity)
    _begin(
        stack.config,
        text(plan.owner),
        1_368,
        810_949,
        bytes(12) + b"\xba" * 20,
        60_000_000,
        text(plan.owner),
        RESOURCE_CONFIG,
        text(b"\x1b" * 20),
        (
            at["L1CrossDomainMessenger"],
            text(NOBODY),
            at["L1StandardBridge"],
            at["OptimismPortal"],
            text(NOBODY),
            text(NOBODY),
        ),
        901,
        at["SuperchainConfig"],
        text(plan.token),
    )
    _begin(
        stack.registry,
        at["SystemConfig"],
        at["DisputeGameFactory"],
        (plan.anchor, 0),
        GAME_TYPE,
        plan.finality,
    )
    _begin(stack.factory, text(plan.owner))
    _begin(stack.messenger, at["SystemConfig"], at["OptimismPortal"], text(L2_MESSENGER))
    _begin(stack.bridge, at["L1CrossDomainMessenger"], at["SystemConfig"], text(L2_BRIDGE))
    arguments = (
        stack.addresses["AnchorStateRegistry"]
        + plan.clock.to_bytes(8, "big")
        + plan.proposer
        + plan.challenger
        + word(901)
    )
    for call in (
        ("setImplementation", GAME_TYPE, text(GAME), arguments),
        ("setInitBond", GAME_TYPE, plan.bond),
    ):
        outcome = stack.factory.send(*call, sender=plan.owner)
        assert outcome.success, stack.factory.error(outcome)
    # Games of the block in which the registry was set up do not count.
    stack.wait(2)


def _begin(contract: Contract, *arguments: object) -> None:
    outcome = contract.send("initialize", *arguments, sender=DEPLOYER)
    assert outcome.success, contract.error(outcome) + outcome.error


def plan(**changes: object) -> Plan:
    """Return the usual plan with changes."""
    return replace(Plan(), **changes)  # type: ignore[arg-type]
