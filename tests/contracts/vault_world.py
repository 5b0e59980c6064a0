"""The payout vault with its siblings, and its books kept a second time from its events."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from byline.node.attribution.corpus import engine_id
from byline.node.contracts import addresses
from byline.node.contracts.artifacts import load
from byline.node.contracts.attribution_predeploys import Backend
from byline.node.evm.machine import MessageCall, OpcodeSet
from byline.node.evm.precompiles import credits_native
from byline.precompiles.math import apportion
from byline.precompiles.math.sum_tree import SumTree
from byline.precompiles.state import ATTRIBUTION_STATE
from tests.contracts.attribution_family import (
    LEDGER,
    OWN_NATIVES,
    PEOPLE,
    Family,
    WithOwnNatives,
    done,
    family,
    number,
)
from tests.contracts.harness import CHAIN_ID, Contract, Event, Outcome
from tests.contracts.quick import ENGINE, Base

PUSH, CREDIT, ACCUMULATOR, ROOT = range(4)
NONE, WAITING, SETTLED, VOID, SWEPT = range(5)
CASCADE, HAMILTON, WEBSTER = range(3)
VAULT = addresses.PAYOUT_VAULT
PLATFORM = b"\x70" * 20
FALLBACK = b"\x71" * 20
MERGED = bytes(32)
WINDOW = 90 * 24 * 3600
START = 1_700_000_000
STATE_SLOT = load("PayoutVault").storage["paying._state"]

Entries = tuple[tuple[bytes, int], ...]
"""Address and weight of each contributor, ascending."""


def _nothing(event: dict[str, Any]) -> None:
    assert event[""] in ("Settled", "ChunkSettled"), "an event that the books do not know"


def packed(entries: Sequence[tuple[bytes, int]]) -> bytes:
    """Return what the vault reads: address 20 || weight u64."""
    return b"".join(who + weight.to_bytes(8, "big") for who, weight in entries)


def address(text: Any) -> bytes:
    """Return the bytes of an address that the ABI decoder gave as text."""
    return bytes.fromhex(str(text).removeprefix("0x"))


def pool_of(model: int) -> bytes:
    """Return the pool of credits that a model's accumulator owes."""
    return model.to_bytes(32, "big")


class WithStatePrecompile(WithOwnNatives):
    """A chain on which the vault may credit many in one call."""

    def _open(self) -> None:
        natives = {**OWN_NATIVES, ATTRIBUTION_STATE: credits_native(VAULT)}
        self.machine = ENGINE.open(
            self._nodes.get, self._root, self._block, natives, OpcodeSet.PRAGUE
        )


@dataclass
class World:
    """One chain, its vault, and models that pay by it; the ledger is played by its address."""

    family: Family
    vault: Contract
    policy: int
    dataset: int
    now: int = START
    batches: int = 0

    @property
    def evm(self) -> WithOwnNatives:
        return self.family.evm

    def model(
        self,
        owner: bytes,
        *,
        mode: int,
        method: int = CASCADE,
        parents: Sequence[tuple[int, int]] = (),
        policy: int = 0,
    ) -> int:
        """Register a model; `parents` are (id, bps)."""
        return number(
            done(
                self.family.registry,
                "registerModel",
                [self.dataset],
                [parent for parent, _ in parents],
                [bps for _, bps in parents],
                policy or self.policy,
                engine_id(),
                FALLBACK,
                method,
                mode,
                "",
                sender=owner,
            )
        )

    def deposit(self, model: int, entries: Entries, amount: int, *, batch: int = 0) -> int:
        """Deposit a batch of fees and return its id."""
        self.batches += 1
        batch = batch or self.batches
        outcome = self.try_deposit(batch, model, entries, amount)
        assert outcome.success, self.vault.error(outcome)
        return batch

    def try_deposit(
        self, batch: int, model: int, entries: Entries, amount: int, sender: bytes = LEDGER
    ) -> Outcome:
        root = SumTree(entries).root if entries else None
        return self.vault.send(
            "deposit",
            batch,
            model,
            root.root if root else bytes(32),
            root.count if root else 0,
            root.total if root else 0,
            self.family.registry.read("model", model)[4],
            sender=sender,
            value=amount,
        )

    def settle(self, batch: int, entries: Entries, **options: Any) -> Outcome:
        return self.vault.send("settle", batch, packed(entries), **options)

    def settle_chunk(self, batch: int, entries: Entries, start: int, size: int) -> Outcome:
        """Settle the chunk of `size` entries at `start`, with its true proof."""
        proof = SumTree(entries).chunk_proof(start, size)
        return self.vault.send("settleChunk", batch, packed(entries[start : start + size]), proof)

    def claims(self, entries: Entries, pot: int, method: int = CASCADE) -> SumTree:
        """Return the tree behind the root of a batch that is settled in root mode."""
        return SumTree(self.shares(entries, pot, method))

    def shares(
        self, entries: Entries, pot: int, method: int = CASCADE
    ) -> tuple[tuple[bytes, int], ...]:
        """Return what each of a list gets of a pot, by the attribution math itself."""
        amounts = apportion(method, pot, [weight for _, weight in entries])
        return tuple((who, amount) for (who, _), amount in zip(entries, amounts, strict=True))

    def pot(self, batch: int) -> int:
        return int(self.vault.read("settlement", batch)[3])

    def status(self, batch: int) -> int:
        return int(self.vault.read("settlement", batch)[6])

    def call_at_price(self, data: bytes, sender: bytes, gas_price: int) -> Outcome:
        """Call the vault in a transaction that pays a price for its gas."""
        gas = 10_000_000
        self.evm.machine.begin_transaction()
        done = self.evm.machine.run(MessageCall(sender, VAULT, 0, data, gas, gas_price, 0))
        logs = tuple(Event(log.address, log.topics, log.data) for log in done.logs)
        return Outcome(
            done.succeeded, done.output, gas - done.gas_left, logs if done.succeeded else (), ""
        )

    def with_state_precompile(self) -> World:
        """Return this chain as it is, with the state precompile and a vault that uses it."""
        self.evm.set(VAULT, storage={STATE_SLOT: int.from_bytes(ATTRIBUTION_STATE, "big")})
        old = self.evm
        old._commit()
        evm = WithStatePrecompile(Base(old._nodes, old._root, 1, self.now), CHAIN_ID)
        contracts = (self.family.registry, self.family.policy, self.family.bond, self.family.pool)
        moved = [Contract(evm, one.address, one.abi) for one in contracts]
        vault = Contract(evm, VAULT, self.vault.abi)
        return replace(self, family=Family(evm, *moved), vault=vault)

    def later(self, seconds: int) -> None:
        """Let time pass."""
        self.now += seconds
        self.evm.at(2, self.now)

    def balance(self) -> int:
        return self.evm.balance(VAULT)


def world(backend: Backend = Backend.PRECOMPILE, *, policy: dict[str, int] | None = None) -> World:
    """Return a chain with one fee policy: 5 % platform, 10 % owner, 15 % stakers, unless told."""
    chain = family(backend)
    artifact = load("PayoutVault")
    terms = {"fee": 0, "platform": 500, "model": 1000, "stakers": 1500, "contributors": 7000}
    terms |= policy or {}
    created = done(
        chain.policy,
        "createPolicy",
        0,
        0,
        terms["fee"],
        terms["platform"],
        terms["model"],
        terms["stakers"],
        terms["contributors"],
        PLATFORM,
    )
    registered = done(
        chain.registry, "registerDataset", *[bytes([n]) * 32 for n in range(4)], 9, 1, "", "MIT"
    )
    vault = Contract(chain.evm, VAULT, artifact.abi)
    return World(chain, vault, number(created), number(registered))


@dataclass
class Books:
    """What the vault's books must say, kept from its events alone."""

    credits: Counter[tuple[bytes, bytes]] = field(default_factory=Counter)
    """By pool and person."""
    carry: Counter[int] = field(default_factory=Counter)
    left: Counter[int] = field(default_factory=Counter)
    """Of each batch: wei of the pot that nobody has been given."""
    mode: dict[int, int] = field(default_factory=dict)
    epoch: Counter[int] = field(default_factory=Counter)
    units: Counter[int] = field(default_factory=Counter)
    rem: Counter[int] = field(default_factory=Counter)
    acc: Counter[tuple[int, int]] = field(default_factory=Counter)
    """By model and epoch."""
    shares: dict[tuple[int, bytes], tuple[int, int, int]] = field(default_factory=dict)
    """Epoch, units, acc paid, by model and person."""
    accrued: Counter[int] = field(default_factory=Counter)
    """Wei that are in the accumulator of a model."""
    paid: Counter[bytes] = field(default_factory=Counter)
    """Wei that left to each person."""
    events: int = 0

    def read(self, vault: Contract, logs: Sequence[Event]) -> list[dict[str, Any]]:
        """Enter the vault's events and return them."""
        found = [vault.event(log) for log in logs if log.address == vault.address]
        for event in found:
            name = re.sub(r"(?=[A-Z])", "_", event[""]).lower()
            getattr(self, name, _nothing)(event)
            self.events += 1
        return found

    def due(self, model: int, who: bytes) -> int:
        """Return what a share has earned."""
        epoch, units, paid = self.shares.get((model, who), (0, 0, 0))
        return units * (self.acc[model, epoch] - paid)

    def owed(self) -> int:
        """Return everything that the vault owes and carries."""
        parts = (self.credits, self.carry, self.left, self.accrued)
        return sum(sum(part.values()) for part in parts)

    def _deposited(self, e: dict[str, Any]) -> None:
        self.credits[MERGED, address(e["treasury"])] += e["platform"]
        self.credits[MERGED, address(e["owner"])] += e["toOwner"]
        self.carry[e["modelId"]] -= e["carried"]
        self.left[e["batchId"]] = e["pot"]
        self.mode[e["batchId"]] = e["mode"]
        own = e["amount"] - e["platform"] - e["toOwner"] - e["toStakers"] - e["toAncestors"]
        assert own + e["carried"] == e["pot"]

    def _carry_forward(self, e: dict[str, Any]) -> None:
        self.carry[e["modelId"]] += e["amount"]

    def _carry_released(self, e: dict[str, Any]) -> None:
        self.carry[e["modelId"]] -= e["carried"]
        self.credits[MERGED, address(e["who"])] += e["amount"]

    def _fallback(self, e: dict[str, Any]) -> None:
        self.credits[MERGED, address(e["who"])] += e["amount"]
        self.left[e["batchId"]] -= e["amount"]

    def _credited(self, e: dict[str, Any]) -> None:
        self.credits[MERGED, address(e["who"])] += e["amount"]
        self.left[e["batchId"]] -= e["amount"]

    def _pushed(self, e: dict[str, Any]) -> None:
        self.left[e["batchId"]] -= e["amount"]
        self.paid[address(e["who"])] += e["amount"]

    def _withheld(self, e: dict[str, Any]) -> None:
        self.carry[e["modelId"]] += e["amount"]
        if self.mode.get(e["batchId"]) in (PUSH, CREDIT):
            self.left[e["batchId"]] -= e["amount"]
        else:
            self.paid[address(e["who"])] -= e["amount"]

    def _epoch_opened(self, e: dict[str, Any]) -> None:
        assert e["epoch"] == self.epoch[e["modelId"]] + 1
        self.epoch[e["modelId"]] = e["epoch"]
        self.units[e["modelId"]] = e["units"]

    def _accrued(self, e: dict[str, Any]) -> None:
        model = e["modelId"]
        grown, self.rem[model] = divmod(e["amount"] + self.rem[model], self.units[model])
        self.acc[model, e["epoch"]] += grown
        self.accrued[model] += e["amount"]
        self.carry[model] -= e["carried"]
        if e["batchId"]:
            self.left[e["batchId"]] -= e["amount"]

    def _units_entered(self, e: dict[str, Any]) -> None:
        model, who = e["modelId"], address(e["who"])
        if e["epoch"] == self.epoch[model]:
            assert e["due"] == self.due(model, who)
            self.shares[model, who] = (e["epoch"], e["units"], 0)
        else:
            assert e["due"] == e["units"] * self.acc[model, e["epoch"]]
        self.credits[pool_of(model), who] += e["due"]
        self.accrued[model] -= e["due"]

    def _claimed(self, e: dict[str, Any]) -> None:
        self.left[e["batchId"]] -= e["amount"]
        self.paid[address(e["who"])] += e["amount"]

    def _accrued_claimed(self, e: dict[str, Any]) -> None:
        model, who = e["modelId"], address(e["who"])
        due = self.due(model, who)
        assert e["amount"] == self.credits[pool_of(model), who] + due
        self.credits[pool_of(model), who] = 0
        self.accrued[model] -= due
        if (model, who) in self.shares:
            epoch, units, _ = self.shares[model, who]
            self.shares[model, who] = (epoch, units, self.acc[model, epoch])
        self.paid[who] += e["amount"]

    def _withdrawn(self, e: dict[str, Any]) -> None:
        self.credits[MERGED, address(e["who"])] -= e["amount"]
        self.paid[address(e["who"])] += e["amount"]

    def _sponsored(self, e: dict[str, Any]) -> None:
        self.paid[address(e["who"])] -= e["fee"]
        self.paid[address(e["sponsor"])] += e["fee"]

    def _swept(self, e: dict[str, Any]) -> None:
        self.carry[e["modelId"]] += e["amount"]
        self.left[e["batchId"]] -= e["amount"]

    def _voided(self, e: dict[str, Any]) -> None:
        self.carry[e["modelId"]] += e["amount"]
        if e["units"]:
            self.accrued[e["modelId"]] -= e["amount"]
            if e["epoch"] == self.epoch[e["modelId"]]:
                self.units[e["modelId"]] -= e["units"]
        else:
            self.left[e["batchId"]] -= e["amount"]

    def check(self, world: World, people: Sequence[bytes], models: Sequence[int]) -> None:
        """Assert that the vault's views and its balance say the same."""
        vault = world.vault
        assert world.balance() == self.owed()
        for who in people:
            assert vault.read("creditOf", who) == self.credits[MERGED, who]
        for model in models:
            assert vault.read("carryOf", model) == self.carry[model]
            epoch, units, acc, rem, _ = vault.read("pool", model)
            assert (epoch, units) == (self.epoch[model], self.units[model])
            assert (acc, rem) == (self.acc[model, epoch], self.rem[model])
            for who in people:
                owed = self.credits[pool_of(model), who] + self.due(model, who)
                assert vault.read("accruedOf", model, who) == owed
        for batch, left in self.left.items():
            assert vault.read("progress", batch)[2] == left


__all__ = ["LEDGER", "PEOPLE", "Backend", "Books", "World", "packed", "world"]
