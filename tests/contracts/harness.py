"""Runs contracts on a bare py-evm state: deploy, call, look at storage and logs.

    evm = Evm()
    evm.set(address, code=load("L1Block").runtime)
    outcome = evm.call(address, data, sender=...)
    block = Contract(evm, address, load("L1Block").abi)
    block.read("number")            # one value, or a tuple of several
    block.send("setClock", 1, 2)    # an Outcome; `block.error(outcome)` reads its error

No transaction surrounds a call: no fee, no nonce, no intrinsic gas.  Every call is its own
transaction as far as warm storage and transient storage go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth import constants
from eth.chains.base import MiningChain
from eth.db.atomic import AtomicDB
from eth.vm.forks.prague import PragueVM
from eth.vm.message import Message
from eth_abi.abi import decode, encode
from eth_abi.grammar import TupleType, parse

from byline.derivation.hashing import keccak256
from byline.node.contracts.declarations import AbiEntry, selector, signature

ANYBODY = b"\x11" * 20
CHAIN_ID = 901
GAS = 100_000_000


@dataclass(frozen=True)
class Event:
    """A log: who emitted it, its topics as words, its data."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True)
class Outcome:
    """What became of a call or a creation."""

    success: bool
    output: bytes
    """Returned data, or error data of a revert; empty after an exceptional halt."""
    gas_used: int
    """Without intrinsic gas, before refunds."""
    logs: tuple[Event, ...]
    error: str
    created: bytes = b""


class Evm:
    """One chain state at the start of a block, with Prague rules."""

    def __init__(self, *, number: int = 1, timestamp: int = 1_700_000_000) -> None:
        vms = ((0, PragueVM),)
        chain = MiningChain.configure("Bare", vm_configuration=vms, chain_id=CHAIN_ID)
        genesis = {
            "difficulty": 0,
            "gas_limit": 200_000_000,
            "timestamp": timestamp - 2,
            "coinbase": bytes(20),
            "extra_data": b"",
            "mix_hash": b"\x07" * 32,
            "nonce": bytes(8),
        }
        self.state: Any = chain.from_genesis(AtomicDB(), genesis, {}).get_vm().state
        self.at(number, timestamp)

    def at(self, number: int, timestamp: int, base_fee: int | None = None) -> None:
        """Make NUMBER and TIMESTAMP, and if given BASEFEE, of the following calls."""
        self.state.execution_context._block_number = number
        self.state.execution_context._timestamp = timestamp
        if base_fee is not None:
            self.state.execution_context._base_fee_per_gas = base_fee

    def set(
        self,
        address: bytes,
        *,
        code: bytes | None = None,
        storage: Mapping[int, int] | None = None,
        balance: int | None = None,
        nonce: int | None = None,
    ) -> None:
        """Put an account in place, as genesis would."""
        if code is not None:
            self.state.set_code(address, code)
        for slot, value in (storage or {}).items():
            self.state.set_storage(address, slot, value)
        if balance is not None:
            self.state.set_balance(address, balance)
        if nonce is not None:
            self.state.set_nonce(address, nonce)

    def storage(self, address: bytes, slot: int) -> int:
        """Return the word at `slot`."""
        return int(self.state.get_storage(address, slot))

    def balance(self, address: bytes) -> int:
        """Return wei."""
        return int(self.state.get_balance(address))

    def code(self, address: bytes) -> bytes:
        """Return the code of an account."""
        return bytes(self.state.get_code(address))

    def storage_root(self, address: bytes) -> bytes:
        """Return the root of the storage trie of `address`."""
        self.state.persist()
        return bytes(self.state._account_db._get_account(address).storage_root)

    def call(
        self,
        to: bytes,
        data: bytes = b"",
        *,
        sender: bytes = ANYBODY,
        origin: bytes | None = None,
        value: int = 0,
        gas: int = GAS,
        static: bool = False,
    ) -> Outcome:
        """Call `to`; a sender that lacks `value` is given it first."""
        message = Message(
            gas=gas,
            to=to,
            sender=sender,
            value=self._funded(sender, value),
            data=data,
            code=self.state.get_code(to),
            is_static=static,
        )
        context = self._begin(origin or sender)
        return _outcome(self.state.computation_class.apply_message(self.state, message, context))

    def deploy(
        self,
        initcode: bytes,
        *,
        sender: bytes = ANYBODY,
        value: int = 0,
        gas: int = GAS,
        at: bytes = b"",
    ) -> Outcome:
        """Create a contract, `at` an address of choice; where it is the outcome says."""
        nonce = self.state.get_nonce(sender)
        address = at or keccak256(b"deployed" + sender + nonce.to_bytes(8, "big"))[12:]
        self.state.increment_nonce(sender)
        message = Message(
            gas=gas,
            to=constants.CREATE_CONTRACT_ADDRESS,
            sender=sender,
            value=self._funded(sender, value),
            data=b"",
            code=initcode,
            create_address=address,
        )
        context = self._begin(sender)
        done = self.state.computation_class.apply_create_message(self.state, message, context)
        return _outcome(done, address)

    def _funded(self, sender: bytes, value: int) -> int:
        if value and self.state.get_balance(sender) < value:
            self.state.set_balance(sender, value)
        return value

    def _begin(self, origin: bytes) -> Any:
        self.state.lock_changes()
        self.state._account_db._reset_access_counters()
        self.state.clear_transient_storage()
        return self.state.get_transaction_context_class()(gas_price=0, origin=origin)


def _outcome(computation: Any, created: bytes = b"") -> Outcome:
    logs = () if computation.is_error else computation.get_log_entries()
    return Outcome(
        success=not computation.is_error,
        output=bytes(computation.output),
        gas_used=int(computation.get_gas_used()),
        logs=tuple(
            Event(bytes(address), tuple(t.to_bytes(32, "big") for t in topics), bytes(data))
            for address, topics, data in logs
        ),
        error=repr(computation.error) if computation.is_error else "",
        created=created,
    )


def calldata(text: str, *arguments: Any) -> bytes:
    """Return a call of the function with signature `text`, e.g. `f(uint256,bytes[])`."""
    return keccak256(text.encode())[:4] + encode(_types(text), arguments)


def word(number: int) -> bytes:
    """Return 32 bytes."""
    return number.to_bytes(32, "big")


def _types(text: str) -> list[str]:
    if text.endswith("()"):
        return []
    inner = parse(text[text.index("(") :])
    assert isinstance(inner, TupleType)
    return [component.to_type_str() for component in inner.components]


class Contract:
    """A contract at an address, called by the names in its ABI."""

    def __init__(self, evm: Evm, address: bytes, abi: Sequence[Mapping[str, Any]]) -> None:
        self.evm = evm
        self.address = address
        self.abi = abi

    def entry(self, name: str, kind: str = "function", count: int | None = None) -> AbiEntry:
        """Return the ABI entry; `count` chooses between overloads by number of inputs."""
        for item in self.abi:
            if (item["type"], item.get("name")) != (kind, name):
                continue
            if count is None or len(item["inputs"]) == count:
                return dict(item)
        raise LookupError(f"the ABI has no {kind} {name} of {count} inputs")

    def data(self, name: str, *arguments: Any) -> bytes:
        """Return calldata."""
        entry = self.entry(name, count=len(arguments))
        return selector(entry) + encode(_types(signature(entry)), arguments)

    def send(self, name: str, *arguments: Any, **options: Any) -> Outcome:
        """Call with the options of `Evm.call`; never raises."""
        return self.evm.call(self.address, self.data(name, *arguments), **options)

    def read(self, name: str, *arguments: Any, **options: Any) -> Any:
        """Return the decoded outputs: the value if one, else a tuple."""
        outcome = self.send(name, *arguments, **options)
        assert outcome.success, f"{name}: {outcome.error} {outcome.output.hex()}"
        outputs = self.entry(name, count=len(arguments))["outputs"]
        shape = {"name": "", "inputs": outputs}
        values = decode(_types(signature(shape)), outcome.output)
        return values[0] if len(values) == 1 else values

    def error(self, outcome: Outcome) -> str:
        """Return the name of the declared error in `outcome`, or its Error(string) text."""
        if outcome.output[:4] == bytes.fromhex("08c379a0"):
            return str(decode(["string"], outcome.output[4:])[0])
        for item in self.abi:
            if item["type"] == "error" and selector(dict(item)) == outcome.output[:4]:
                return str(item["name"])
        return outcome.output.hex()

    def event(self, log: Event) -> dict[str, Any]:
        """Return the fields of `log` by name, and its name under `""`."""
        for item in self.abi:
            if item["type"] != "event":
                continue
            if log.topics[0] == keccak256(signature(dict(item)).encode()):
                return {"": item["name"], **_fields(item["inputs"], log)}
        raise LookupError(f"the ABI has no event with topic {log.topics[0].hex()}")


def _fields(inputs: Sequence[Mapping[str, Any]], log: Event) -> dict[str, Any]:
    topics = iter(log.topics[1:])
    plain = decode([item["type"] for item in inputs if not item["indexed"]], log.data)
    values = iter(plain)
    return {
        item["name"]: decode([item["type"]], next(topics))[0] if item["indexed"] else next(values)
        for item in inputs
    }
