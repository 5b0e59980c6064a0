"""Runs a case of bare message calls on an engine, and keeps all that can be seen of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from byline.derivation.hashing import keccak256
from byline.node.chain.genesis import genesis_machine
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.evm.ethereum import CANCUN_PRECOMPILES
from byline.node.evm.machine import (
    BlockContext,
    CallOutcome,
    Engine,
    Machine,
    MessageCall,
    OpcodeSet,
)
from byline.node.evm.precompiles import ETHEREUM_OSAKA, ETHEREUM_PRAGUE
from tests.fuzz.execution.programs import SENDER
from tests.properties.random_blocks import COINBASE
from tests.unit.node.evm.recorder import Recorder

Seen = list[tuple[str, Any]]
"""What was seen, in order, each with its name."""

PRECOMPILES: Final = {
    OpcodeSet.CANCUN: CANCUN_PRECOMPILES,
    OpcodeSet.PRAGUE: ETHEREUM_PRAGUE,
    OpcodeSet.OSAKA: ETHEREUM_OSAKA,
}
CONTEXT: Final = BlockContext(
    chain_id=900,
    number=300,
    timestamp=1_800_000_000,
    coinbase=COINBASE,
    gas_limit=30_000_000,
    base_fee=7,
    prev_randao=keccak256(b"randao"),
    blob_base_fee=3,
    ancestors=tuple(keccak256(bytes([number])) for number in range(256)),
)
GAS_PRICE: Final = 11


def allocated(alloc: dict[str, Any]) -> dict[bytes, GenesisAccount]:
    """Return the accounts of a case."""
    return {
        bytes.fromhex(address): GenesisAccount(
            balance=fields["balance"],
            nonce=fields["nonce"],
            code=bytes.fromhex(fields["code"]),
            storage={int(slot): value for slot, value in fields["storage"].items()},
        )
        for address, fields in alloc.items()
    }


OWN_EVERY: Final = 10
"""Every so many cases each engine writes the accounts itself, and every account is looked at
after every call.  For the others the engine that is asked first writes them, the second reads
what it wrote, and the state root stands for the accounts: that is what takes most time."""

_last: list[tuple[dict[str, Any], bytes, dict[bytes, bytes]]] = []


def thorough(case: dict[str, Any]) -> bool:
    """Tell whether a case is one of those."""
    return bool(case["seed"] % OWN_EVERY == 0)


def first_state(case: dict[str, Any], engine: Engine) -> tuple[bytes, dict[bytes, bytes]]:
    """Return the root and the nodes of the accounts that a case begins with."""
    alloc = case["alloc"]
    if _last and _last[0][0] is alloc and not thorough(case):
        return _last[0][1:]
    machine = genesis_machine(engine, allocated(alloc))
    root = machine.commit()
    nodes = dict(machine.nodes)
    _last[:] = [(alloc, root, nodes)]
    return root, nodes


class Session:
    """One case on one engine."""

    def __init__(
        self,
        engine: Engine,
        case: dict[str, Any],
        context: BlockContext = CONTEXT,
        gas_price: int = GAS_PRICE,
    ) -> None:
        self.engine = engine
        self.context, self.gas_price = context, gas_price
        self.opcodes = OpcodeSet[case["opcodes"]]
        self.traced = case["trace"]
        self.root, nodes = first_state(case, engine)
        self.nodes = dict(nodes)
        self.looks = thorough(case)
        self.addresses = [bytes.fromhex(address) for address in case["alloc"]]
        self.seen: Seen = [("root before", self.root)]
        self.machine = self._open()

    def _open(self) -> Machine:
        precompiles = PRECOMPILES[self.opcodes]
        nodes, context = self.nodes.get, self.context
        return self.engine.open(nodes, self.root, context, precompiles, self.opcodes)

    def step(self, step: dict[str, Any]) -> None:
        """Do one step of a case."""
        if step["do"] == "reopen":
            self.commit()
            self.machine = self._open()
        elif step["do"] == "call":
            self._call(step)
        else:
            self._write(step)

    def commit(self) -> None:
        """Hash what was done, and look at every account."""
        self.root = self.machine.commit()
        self.nodes |= self.machine.nodes
        self.seen.append(("root", self.root))
        for address in self.addresses:
            self.seen.append((f"storage root of {address.hex()}", self._storage_root(address)))

    def _storage_root(self, address: bytes) -> Any:
        return self.machine.exists(address) and self.machine.storage_root(address)

    def _call(self, step: dict[str, Any]) -> None:
        machine = self.machine
        machine.begin_transaction()
        token = machine.snapshot()
        outcome = self._run(step, step["gas"])
        if "again" not in step:
            machine.accept(token)
            return
        # The same once more on the same state, with gas that just is or is not enough.
        machine.restore(token)
        machine.begin_transaction()
        self._run(step, max(0, step["gas"] - outcome.gas_left + step["again"]))

    def _run(self, step: dict[str, Any], gas: int) -> CallOutcome:
        machine, recorder = self.machine, Recorder()
        if self.traced:
            machine.trace(recorder)
        to = step["to"]
        outcome = machine.run(
            MessageCall(
                sender=SENDER,
                to=None if to is None else bytes.fromhex(to),
                value=step["value"],
                data=bytes.fromhex(step["data"]),
                gas=gas,
                gas_price=self.gas_price,
                nonce=step["nonce"],
                warm_addresses=[bytes.fromhex(address) for address, _ in step["warm"]],
                warm_slots=[(bytes.fromhex(address), slot) for address, slot in step["warm"]],
                blob_hashes=[bytes.fromhex(item) for item in step["blobs"]],
                refund=step["refund"],
            )
        )
        for index, event in enumerate(recorder.events):
            self.seen.append((f"event {index}", event))
        self.seen.append(("faults", recorder.faults))
        for name, value in asdict(outcome).items():
            self.seen.append((name, value))
        self.seen.append(("accessed", dict(machine.accessed())))
        self._look()
        return outcome

    def _look(self) -> None:
        machine = self.machine
        if not self.looks:
            return
        for address in self.addresses:
            found = (
                machine.balance(address),
                machine.nonce(address),
                machine.code(address),
                machine.exists(address),
                [machine.storage(address, slot) for slot in range(3)],
            )
            self.seen.append((f"account {address.hex()}", found))

    def _write(self, step: dict[str, Any]) -> None:
        machine, address = self.machine, bytes.fromhex(step["address"])
        machine.begin_transaction()
        token = machine.snapshot()
        match step["do"]:
            case "set_balance":
                machine.set_balance(address, step["value"])
            case "set_nonce":
                machine.set_nonce(address, step["value"])
            case "set_code":
                machine.set_code(address, bytes.fromhex(step["code"]))
            case "set_storage":
                machine.set_storage(address, step["slot"], step["value"])
            case "clear_storage":
                machine.clear_storage(address)
            case unknown:
                raise ValueError(f"no such step: {unknown}")
        if step["undo"]:
            machine.restore(token)
        else:
            machine.accept(token)
        self._look()


def observe(case: dict[str, Any], engine: Engine) -> Seen:
    """Run a case; an exception that escapes is seen, too."""
    session: Session | None = None
    try:
        session = Session(engine, case)
        for step in case["steps"]:
            session.step(step)
        session.commit()
    except Exception as exc:
        words = f"{type(exc).__name__}: {exc}"
        return [*(session.seen if session else []), ("exception", words)]
    return session.seen
