"""The attribution contracts on a rollup: calls of known people are transactions in blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from byline.derivation.receipt import Log
from byline.node.accounts import DevAccount
from byline.node.attribution.corpus import Corpus, engine_id
from byline.node.attribution.index.events import Place, events_of
from byline.node.attribution.index.index import Index, folded
from byline.node.chain.chain import Chain
from byline.node.contracts import addresses
from byline.node.contracts.artifacts import load
from byline.node.evm.accounts import created_address
from byline.node.evm.machine import MessageCall
from tests.attribution_index import SETTINGS
from tests.contracts import ledger_world
from tests.contracts.attribution_family import Family, done, number
from tests.contracts.harness import ANYBODY, Contract, Event, Outcome
from tests.contracts.ledger_world import OPERATOR, PAYERS, WATCHER
from tests.contracts.quick import Quick
from tests.integration.rollups import ALICE, BOB, World

MOST_GAS: Final = 15_000_000
SIGNERS: Final = {OPERATOR: ALICE, WATCHER: BOB}
"""Who signs for whom; what anybody else calls is only looked at."""


@dataclass
class View(Quick):
    """Looks at the newest state of a chain; what a call does there is forgotten."""

    chain: Chain

    def balance(self, address: bytes) -> int:
        return self.chain.machine(self.chain.head).balance(address)

    def storage(self, address: bytes, slot: int) -> int:
        return self.chain.machine(self.chain.head).storage(address, slot)

    def storage_root(self, address: bytes) -> bytes:
        return self.chain.machine(self.chain.head).storage_root(address)

    def call(
        self,
        to: bytes,
        data: bytes = b"",
        *,
        sender: bytes = ANYBODY,
        origin: bytes | None = None,
        value: int = 0,
        gas: int = MOST_GAS,
        static: bool = False,
    ) -> Outcome:
        machine = self.chain.machine(self.chain.head)
        machine.begin_transaction()
        end = machine.run(MessageCall(sender, to, value, data, gas, 0, 0))
        return Outcome(end.succeeded, end.output, gas - end.gas_left, (), end.error or "")


class Sending(View):
    """The L2 of a rollup: what people of `SIGNERS` call is mined, a block each."""

    def __init__(self, here: World) -> None:
        super().__init__(here.rollup.engine.chain)
        self.here = here

    def call(
        self,
        to: bytes,
        data: bytes = b"",
        *,
        sender: bytes = ANYBODY,
        origin: bytes | None = None,
        value: int = 0,
        gas: int = MOST_GAS,
        static: bool = False,
    ) -> Outcome:
        signer = SIGNERS.get(sender)
        if signer is None:
            return super().call(to, data, sender=sender, value=value, gas=gas)
        seen = super().call(to, data, sender=signer.address, value=value, gas=gas)
        done_ = self.mined(signer, to, data, value, gas)
        return replace(done_, output=seen.output)

    def mined(
        self,
        signer: DevAccount,
        to: bytes | None,
        data: bytes,
        value: int = 0,
        gas: int = MOST_GAS,
    ) -> Outcome:
        """Send a transaction and return what its receipt says, without any output."""
        self.here.send("l2", sender=signer, to=to, data=data, value=value, gas=gas)
        receipts = self.chain.store.receipts(self.chain.head.hash)
        assert receipts is not None
        receipt = receipts[-1]
        logs = tuple(Event(log.address, log.topics, log.data) for log in receipt.logs)
        return Outcome(receipt.succeeded, b"", 0, logs, "")

    def deployed(self, code: bytes) -> bytes:
        """Deploy a contract of this runtime code and return its address."""
        nonce = self.chain.machine(self.chain.head).nonce(ALICE.address)
        size = len(code).to_bytes(2, "big").hex()
        initcode = bytes.fromhex(f"61{size}80600a5f395ff3") + code
        assert self.mined(ALICE, None, initcode, gas=1_000_000).success
        address = created_address(ALICE.address, nonce)
        assert self.chain.machine(self.chain.head).code(address) == code
        return address


@dataclass
class Paid(ledger_world.World):
    """`ledger_world.World` on a rollup."""

    def later(self, seconds: int) -> None:
        """Let the next blocks be so much later."""
        assert isinstance(self.family.evm, Sending)
        here = self.family.evm.here
        here.rollup.increase_time(seconds)
        here.rollup.mine("l2")
        self.now = self.family.evm.chain.head.timestamp

    def register(self, made_of: Corpus, mode: int, parents: Sequence[tuple[int, int]] = ()) -> int:
        """Register a model that pays in `mode`; `parents` are (id, bps)."""
        return number(
            done(
                self.family.registry,
                "registerModel",
                [dataset.id for dataset in made_of.datasets],
                [parent for parent, _ in parents],
                [bps for _, bps in parents],
                1,
                engine_id(made_of.min_length),
                made_of.fallback,
                0,
                mode,
                "",
                sender=OPERATOR,
            )
        )


def paid(here: World, made_of: Corpus) -> Paid:
    """Register the datasets, and let everyone pay in."""
    evm = Sending(here)

    def at(name: str) -> Contract:
        return Contract(evm, addresses.L2_CONTRACTS[name], load(name).abi)

    names = ("AttributionRegistry", "FeePolicy", "ContributorBond", "StakePool")
    chain = Family(evm, *map(at, names))  # type: ignore[arg-type]
    treasury = b"\x70" * 20
    done(chain.policy, "createPolicy", 0, 0, 7, 500, 1000, 1500, 7000, treasury, sender=OPERATOR)
    for dataset in made_of.datasets:
        ledger_world.register(chain, dataset)
    done(chain.bond, "bond", sender=OPERATOR, value=10**18)
    one = Paid(chain, at("InferenceLedger"), at("PayoutVault"))
    for payer in PAYERS:
        done(one.ledger, "depositFor", payer, sender=OPERATOR, value=10**18)
    one.now = evm.chain.head.timestamp
    return one


def told_on(chain: Chain) -> list[tuple[Log, Place]]:
    """Return every log of a chain, from its first block on."""
    found: list[tuple[Log, Place]] = []
    for at in range(1, chain.head.number + 1):
        header = chain.canonical(at)
        assert header is not None
        for receipt in chain.store.receipts(header.hash) or ():
            found += [(log, Place(at, header.timestamp, bytes(32))) for log in receipt.logs]
    return found


def index_of(chain: Chain) -> Index:
    """Return what the events of a chain say, and nothing else."""
    told = told_on(chain)
    return folded(Index(SETTINGS), events_of([log for log, _ in told], lambda at: told[at][1]))
