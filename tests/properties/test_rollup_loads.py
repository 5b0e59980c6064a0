"""Whatever happens on the node, a fresh verifier derives the same chain from the L1."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from byline.derivation.dev_schedule import DevSchedule
from byline.derivation.hashing import keccak256
from byline.node.accounts import OWNER_INDEX, dev_account, dev_accounts
from byline.node.config import NodeConfig
from byline.node.contracts.addresses import WETH
from byline.node.contracts.calls import Interface
from byline.node.storage.kv import MemoryKV
from byline.node.verifier import Verifier
from byline.rpc.backend import Refused
from tests.integration.rollups import BOB, LocalSource, World, world
from tests.scenarios.rollup_kit import check_invariants

OWNER = dev_account(OWNER_INDEX)
PORTAL = Interface.of("OptimismPortal")
SYSTEM_CONFIG = Interface.of("SystemConfig")
SENDERS = dev_accounts()[:4]
STARTS_WITH_A_ZERO = bytes.fromhex("600160005560aa60005360016000f3")
"""Stores a word and deploys one byte of code."""


@dataclass
class Load:
    """A node under a load, step by step."""

    here: World
    snapshots: list[int] = field(default_factory=list)

    def transfer(self, number: int) -> None:
        sender = SENDERS[number % len(SENDERS)]
        self.here.send(
            "l2", sender=sender, value=number, data=b"\x01\x00" * (number % 40), gas=30_000
        )

    def call(self, number: int) -> None:
        """Wrap some ether: a contract that writes storage and logs."""
        selector = keccak256(b"deposit()")[:4]
        self.here.send("l2", to=WETH, value=number, data=selector, gas=100_000)

    def create(self, number: int) -> None:
        self.here.send("l2", to=None, value=0, data=STARTS_WITH_A_ZERO, gas=200_000 + number)

    def fail(self, number: int) -> None:
        """Run out of gas, or revert, in a contract."""
        self.here.send(
            "l2",
            to=WETH,
            value=0,
            data=b"\x2e\x1a\x7d\x4d" + bytes(31) + b"\xff",
            gas=60_000 + number,
        )

    def deposit(self, number: int) -> None:
        call = PORTAL.call(
            "depositTransaction", BOB.address, number, 100_000, False, b"\x05" * (number % 9)
        )
        portal = self.here.rollup.engine.config.deposit_contract
        self.here.send("l1", to=portal, value=number, data=call, gas=500_000)

    def failing_deposit(self, number: int) -> None:
        """Send more on the L2 than was locked and owned: it mints and fails."""
        call = PORTAL.call("depositTransaction", BOB.address, 10**30, 100_000, False, b"")
        portal = self.here.rollup.engine.config.deposit_contract
        self.here.send("l1", to=portal, value=number, data=call, gas=500_000)

    def configure(self, number: int) -> None:
        name, arguments = (
            ("setGasLimit", (25_000_000 + number,)),
            ("setGasConfigEcotone", (number, number * 7)),
            ("setEIP1559Params", (1 + number, 2 + number % 5)),
            ("setOperatorFeeScalars", (number, number)),
            ("setMinBaseFee", (number * 10**6,)),
            ("setDAFootprintGasScalar", (number,)),
        )[number % 6]
        to = self.here.rollup.engine.config.l1_system_config
        self.here.send(
            "l1",
            sender=OWNER,
            to=to,
            value=0,
            data=SYSTEM_CONFIG.call(name, *arguments),
            gas=300_000,
        )

    def jump(self, number: int) -> None:
        """Let time pass; the next block catches up through the L1 where it may."""
        self.here.clock.advance(number * 37)

    def mine_l1(self, _: int) -> None:
        self.here.rollup.mine_l1()

    def mine_l2(self, number: int) -> None:
        for _ in range(1 + number % 5):
            self.here.rollup.mine_l2()

    def flush(self, _: int) -> None:
        self.here.rollup.flush()

    def snapshot(self, _: int) -> None:
        self.snapshots.append(self.here.rollup.snapshot())

    def revert(self, number: int) -> None:
        if self.snapshots:
            place = number % len(self.snapshots)
            assert self.here.rollup.revert(self.snapshots[place])
            del self.snapshots[place:]

    def reorganise(self, number: int) -> None:
        """Take back up to three L1 blocks; the genesis stays, and so does what is declared."""
        chain = self.here.rollup.l1.chain
        depth = 1 + number % 3
        if chain.head.number <= depth or self.snapshots:
            return
        kept = chain.canonical(chain.head.number - depth)
        assert kept is not None
        self.here.rollup.pools["l1"].clear()
        chain.set_head(kept)
        self.here.rollup.l1_reorganised(kept.number)


STEPS: tuple[Callable[[Load, int], None], ...] = (
    Load.transfer, Load.transfer, Load.call, Load.create, Load.fail, Load.deposit,
    Load.failing_deposit, Load.configure, Load.jump, Load.mine_l1, Load.mine_l2, Load.flush,
    Load.snapshot, Load.revert,
)  # fmt: skip
steps = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 600)), min_size=1, max_size=25)
forms = st.fixed_dictionaries(
    {
        "fork": st.sampled_from(["holocene", "isthmus", "jovian", "karst"]),
        "batch_type": st.sampled_from(["singular", "span"]),
        "compression": st.sampled_from(["zlib", "brotli"]),
        "strict": st.booleans(),
    }
)
"""How the node is set up."""


def declared(here: World) -> dict[int, int]:
    """Return the times that canonical L1 blocks declare for L2 blocks."""
    config, engine = here.rollup.engine.config, here.rollup.engine
    clock = DevSchedule(config)
    for number in range(here.rollup.l1.head.number + 1):
        block = here.rollup.l1.block(number)
        assert block is not None
        clock.read(block)
    found = {}
    for number in range(1, engine.heads.unsafe.number + 1):
        parent = engine.ref_at(number - 1)
        assert parent is not None
        found[number] = clock.next_timestamp(parent)
    return found


def closes(load: Load) -> None:
    """Post what is left; see the rules kept, and a fresh verifier end on the same hashes."""
    here = load.here
    here.rollup.flush()
    engine = here.rollup.engine
    for _ in range(3):
        if engine.heads.safe == engine.heads.unsafe:
            break
        here.rollup.mine_l1()
    assert engine.heads.safe == engine.heads.unsafe
    check_invariants(here.rollup, declared(here))

    async def run() -> Verifier:
        verifier = Verifier(engine.config, LocalSource(here.rollup), MemoryKV())
        await verifier.start()
        await verifier.run(None, lambda _: None, follow=False)
        return verifier

    theirs = asyncio.run(run()).engine
    assert theirs.heads.safe == engine.heads.safe
    for number in range(engine.heads.safe.number + 1):
        assert theirs.chain.store.canonical_hash(number) == engine.chain.store.canonical_hash(
            number
        )


def loaded(form: dict[str, Any], script: list[tuple[Callable[[Load, int], None], int]]) -> Load:
    """Run a script; what the node refuses with words is part of a load."""
    load = Load(world(NodeConfig(**form)))
    for step, number in script:
        try:
            step(load, number)
        except Refused:
            continue
    return load


@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(forms, steps)
def test_a_verifier_derives_what_any_load_made(
    form: dict[str, Any], script: list[tuple[Callable[[Load, int], None], int]]
) -> None:
    closes(loaded(form, script))


@pytest.mark.slow
@settings(max_examples=80, suppress_health_check=list(HealthCheck))
@given(forms, steps)
def test_a_verifier_derives_what_any_of_many_loads_made(
    form: dict[str, Any], script: list[tuple[Callable[[Load, int], None], int]]
) -> None:
    closes(loaded(form, script))


@pytest.mark.slow
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    forms,
    st.lists(
        st.tuples(st.sampled_from((*STEPS[:10], Load.reorganise)), st.integers(0, 600)),
        min_size=3,
        max_size=25,
    ),
)
def test_a_verifier_derives_what_a_load_made_while_the_l1_reorganised(
    form: dict[str, Any], script: list[tuple[Callable[[Load, int], None], int]]
) -> None:
    closes(loaded(form, script))
