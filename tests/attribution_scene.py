"""A chain in the middle of everything: something for every call of the attribution contracts.

The scene is the same each time.  A call that is refused on it for one reason is possible but
for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final

from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Dataset, Document
from byline.node.attribution.proof.challenges import WrongWeights
from byline.node.attribution.receipts import encode_receipts
from byline.node.contracts import addresses
from byline.node.contracts.attribution_predeploys import Backend
from byline.precompiles.math import CASCADE, apportion
from byline.precompiles.math.sum_tree import SumTree
from tests.attribution_lies import Told, truth
from tests.contracts.attribution_family import PEOPLE, Family, WithOwnNatives, done, number
from tests.contracts.harness import CHAIN_ID, Contract, Outcome
from tests.contracts.ledger_world import (
    DEMAND_FEE,
    FALLBACK,
    OPERATOR,
    PAYERS,
    REQUEST,
    WATCHER,
    WINDOW,
    Batch,
    World,
    world,
)
from tests.contracts.quick import Base
from tests.contracts.vault_world import ACCUMULATOR, CREDIT, ROOT

FEE: Final = 10**12
STAKER: Final = PEOPLE[0]
STRANGER: Final = b"\x5e" * 20
CONTRACTS: Final = (
    "AttributionRegistry",
    "FeePolicy",
    "ContributorBond",
    "StakePool",
    "InferenceLedger",
    "PayoutVault",
)
MADE_OF: Final = Corpus(
    (
        Dataset.build(1, [Document("one two three four", PAYERS[0])]),
        Dataset.build(2, [Document("five six seven", PAYERS[1]), Document("eight", PAYERS[2])]),
    ),
    2,
    FALLBACK,
)
"""Contributors who have keys, since they sign for claims."""


def told() -> Told:
    """Return the one answer that everybody gets: two spans of two owners."""
    output = [token for one in MADE_OF.datasets for token in one.tokens.tolist()[:3] if token]
    return truth(MADE_OF, output, FEE)


TRUE: Final = told().answer
THIEVES: Final = replace(TRUE, points=((WATCHER, FEE // 10**9),))


@dataclass(frozen=True)
class Call:
    """A call of one of the contracts."""

    contract: str
    name: str
    arguments: tuple[Any, ...] = ()
    sender: bytes = WATCHER
    value: int = 0
    later: int = 0
    """Seconds that pass before it."""

    def but(self, changes: dict[Any, Any]) -> Call:
        """Return the call with other arguments (by number), sender, value or time."""
        arguments = list(self.arguments)
        for at in [key for key in changes if isinstance(key, int)]:
            arguments[at] = changes[at]
        others = {key: value for key, value in changes.items() if isinstance(key, str)}
        return replace(self, arguments=tuple(arguments), **others)


@dataclass
class Scene:
    """The chain, and what is on it by name."""

    chain: World
    models: dict[int, int] = field(default_factory=dict)
    """By mode."""
    batches: dict[str, Batch] = field(default_factory=dict)
    expired: bytes = b""
    opened: bytes = b""

    def contract(self, name: str) -> Contract:
        family: Family = self.chain.family
        named = {
            "AttributionRegistry": family.registry,
            "FeePolicy": family.policy,
            "ContributorBond": family.bond,
            "StakePool": family.pool,
            "InferenceLedger": self.chain.ledger,
            "PayoutVault": self.chain.vault,
        }
        return named[name]

    def data(self, call: Call) -> bytes:
        return self.contract(call.contract).data(call.name, *call.arguments)

    def send(self, call: Call, data: bytes | None = None) -> Outcome:
        """Make the call, or the same with other calldata."""
        if call.later:
            self.chain.later(call.later)
        contract = self.contract(call.contract)
        calldata = self.data(call) if data is None else data
        return self.chain.family.evm.call(
            contract.address, calldata, sender=call.sender, value=call.value
        )

    def fingerprint(self) -> tuple[Any, ...]:
        """Return all storage of the contracts, and the money of everyone."""
        evm = self.chain.family.evm
        places = [self.contract(name).address for name in CONTRACTS]
        people = (*PAYERS, OPERATOR, WATCHER, STAKER, FALLBACK, addresses.INFERENCE_LEDGER)
        roots = tuple(evm.storage_root(place) for place in places)
        return roots + tuple(map(evm.balance, (*places, *people)))

    def receipts(self, *several: dict[str, Any]) -> bytes:
        """Return receipts that differ from good ones by these changes of what is signed."""
        return encode_receipts([self.chain.signed(TRUE, **changes) for changes in several])

    def leaf(self, who: bytes = PAYERS[0]) -> tuple[int, int, int, bytes]:
        """Return the claim that somebody has on the batch in root mode."""
        batch = self.batches["rooted"]
        pot = int(self.chain.vault.read("settlement", batch.id)[3])
        shares = shares_of(batch, pot)
        at = [one for one, _ in shares].index(who)
        return batch.id, at, shares[at][1], SumTree(shares).proof(at)


def shares_of(batch: Batch, pot: int) -> list[tuple[bytes, int]]:
    """Return what a pot was divided into."""
    amounts = apportion(CASCADE, pot, [part for _, part in batch.payouts])
    return [(who, amount) for (who, _), amount in zip(batch.payouts, amounts, strict=True)]


def scene(backend: Backend = Backend.PRECOMPILE) -> Scene:
    """Return a scene of its own."""
    kept = _played(backend)
    old = kept.chain.family
    evm = WithOwnNatives(Base(old.evm._nodes, old.evm._root, 2, kept.chain.now), CHAIN_ID)

    def moved(one: Contract) -> Contract:
        return Contract(evm, one.address, one.abi)

    family = Family(evm, *map(moved, (old.registry, old.policy, old.bond, old.pool)))
    ledger, vault = moved(kept.chain.ledger), moved(kept.chain.vault)
    return replace(kept, chain=replace(kept.chain, family=family, ledger=ledger, vault=vault))


@cache
def _played(backend: Backend) -> Scene:
    """Return the scene that all others are copies of."""
    chain = world(MADE_OF, backend)
    made = Scene(chain, {CREDIT: chain.model})
    chain.family.evm.set(STRANGER, balance=10**18)
    registered = chain.family.registry.read("model", chain.model)
    for mode in (ROOT, ACCUMULATOR):
        values = [[1, 2], [], [], 1, registered[5], FALLBACK, 0, mode, ""]
        made.models[mode] = number(
            done(chain.family.registry, "registerModel", *values, sender=OPERATOR)
        )
    done(chain.family.pool, "stake", 1, sender=STAKER, value=10**9)
    done(chain.ledger, "requestWithdrawal", 10**9, sender=PAYERS[0])
    made.expired = _opened(made, 60)
    for name, mode in {
        "credited": CREDIT,
        "rooted": ROOT,
        "accrued": ACCUMULATOR,
        "waiting": CREDIT,
        "ripe": CREDIT,
        "hidden": CREDIT,
    }.items():
        made.batches[name] = _recorded(made, [TRUE], mode)
    made.batches["void"] = _recorded(made, [THIEVES, TRUE], CREDIT)
    for name in ("hidden", "void"):
        _demand(made, name)
    done(chain.ledger, "challenge", *guilty(made.batches["void"]), sender=WATCHER)
    chain.later(WINDOW + 1)
    for name in ("credited", "rooted", "accrued", "waiting"):
        done(chain.ledger, "finalize", made.batches[name].id)
    for name in ("credited", "rooted", "accrued"):
        assert chain.settle(made.batches[name]).success
    made.batches["fresh"] = _recorded(made, [TRUE, TRUE], CREDIT)
    made.batches["lie"] = _recorded(made, [THIEVES], CREDIT)
    _demand(made, "fresh", 1)
    made.opened = _opened(made, 10**6)
    chain.model = made.models[CREDIT]
    chain.later(0)
    return made


def guilty(batch: Batch) -> tuple[int, int, bytes]:
    """Return the challenge that the points of a batch's first record prove."""
    return batch.id, 6, WrongWeights(batch.shown(0), TRUE.leaves).encode()


def _opened(made: Scene, seconds: int) -> bytes:
    chain = made.chain
    outcome = done(
        chain.ledger, "open", 1, REQUEST, chain.now + seconds, sender=PAYERS[1], value=FEE
    )
    return outcome.output


def _recorded(made: Scene, answers: Sequence[Any], mode: int) -> Batch:
    made.chain.model = made.models[mode]
    return made.chain.record(answers)


def _demand(made: Scene, name: str, index: int = 0) -> None:
    proof = made.batches[name].proof(index)
    done(made.chain.ledger, "demand", *proof, sender=WATCHER, value=DEMAND_FEE)
