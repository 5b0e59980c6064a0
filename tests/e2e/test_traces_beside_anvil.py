"""Our traces of the same transactions in the same blocks beside anvil's.

anvil's tracers are revm's.  Where they differ from geth's, whose form ours follow, the
difference is taken out by name here, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from byline.derivation.base_fee import next_l1_base_fee
from byline.derivation.transaction import Transaction
from byline.node.evm.engines import engine
from tests.anvils import running_anvil
from tests.devnets import call, wait_for
from tests.unit.node.evm.tracers.scenarios import CODES, PLACES, SCENARIOS
from tests.unit.node.evm.tracers.traced_chain import TracedChain, traced_chain

pytestmark = pytest.mark.clients

PARITY_WORDS = {
    "Insufficient balance for transfer": "insufficient balance for transfer",
    "StackUnderflow": "Stack underflow",
    "StateChangeDuringStaticCall": "Mutable Call In Static Context",
    "OutOfOffset": "Out of bounds",
    "CreateContractStartingWithEF": "invalid code: must not begin with 0xef",
    "CreateContractSizeLimit": "Out of gas",
    "CreateCollision": "contract address collision",
}
"""revm's names of halts for which it knows no name of Parity's, and ours."""
OF_NATIVES = {"a native function", "a native function that fails"}
"""anvil shows calls of native functions as of any others; geth and Parity do not show them."""


@dataclass(frozen=True)
class Beside:
    """The scenarios, mined by both."""

    url: str
    ours: TracedChain
    mined: dict[str, Transaction]

    def theirs(self, tx: Transaction, *config: Any) -> Any:
        return call(self.url, "debug_traceTransaction", "0x" + tx.hash.hex(), *config)

    def tracer(self, name: str, tracer: str, **config: Any) -> tuple[Any, Any]:
        """Return anvil's trace and ours."""
        tx = self.mined[name]
        theirs = self.theirs(tx, {"tracer": tracer, "tracerConfig": config})
        return theirs, self.ours.trace(tx, tracer, **config)


@pytest.fixture(scope="module")
def anvil() -> Iterator[str]:
    options = ["--chain-id", "900", "--hardfork", "osaka", "--gas-limit", "30000000"]
    with running_anvil(*options, "--steps-tracing") as url:
        yield url


@pytest.fixture(scope="module")
def beside(anvil: str) -> Beside:
    for address, code in CODES.items():
        call(anvil, "anvil_setCode", "0x" + address.hex(), "0x" + code.hex())
    genesis = call(anvil, "eth_getBlockByNumber", "0x0", False)
    ours = traced_chain(
        engine(),
        CODES,
        timestamp=int(genesis["timestamp"], 16),
        base_fee=int(genesis["baseFeePerGas"], 16),
        gas_limit=int(genesis["gasLimit"], 16),
    )
    found = {}
    for scenario in SCENARIOS:
        to = None if scenario.creates else PLACES[scenario.name]
        data = scenario.code if scenario.creates else scenario.data
        tx = ours.transaction(to, value=scenario.value, data=data, gas=scenario.gas)
        head = ours.chain.head
        call(anvil, "evm_setNextBlockTimestamp", head.timestamp + 10)
        call(anvil, "anvil_setNextBlockBaseFeePerGas", hex(next_l1_base_fee(head)))
        tx_hash = call(anvil, "eth_sendRawTransaction", "0x" + tx.raw.hex())
        wait_for(lambda: call(anvil, "eth_getTransactionReceipt", tx_hash))  # noqa: B023
        block = call(anvil, "eth_getBlockByNumber", "latest", False)
        mined = ours.mine(
            tx,
            timestamp=int(block["timestamp"], 16),
            coinbase=bytes.fromhex(block["miner"][2:]),
            prev_randao=bytes.fromhex(block["mixHash"][2:]),
            gas_limit=int(block["gasLimit"], 16),
        )
        assert mined.header.gas_used == int(block["gasUsed"], 16), scenario.name
        assert mined.header.base_fee == int(block["baseFeePerGas"], 16), scenario.name
        found[scenario.name] = tx
    return Beside(anvil, ours, found)


NAMES = [scenario.name for scenario in SCENARIOS]


def same_calls(theirs: Any, ours: Any, *, top: bool = True) -> None:
    """Compare call frames but for what revm's tracer shows otherwise than geth's."""
    # geth shows the gas limit, revm what the code had.
    left_out = {"calls", "logs", "gas"} if top else {"calls", "logs"}
    # revm names a halt by its own names, and a destroyed account's caller as the destroyer.
    if theirs.get("error") not in (None, "execution reverted"):
        assert ours["error"] not in (None, "execution reverted")
        left_out.add("error")
    if ours["type"] == "SELFDESTRUCT" and theirs["to"] != ours["from"]:
        assert theirs["from"] == ours["from"]
    elif ours["type"] == "SELFDESTRUCT":
        left_out.add("from")
    assert without(theirs, left_out) == without(ours, left_out)
    # revm keeps logs of a transaction that reverts, and counts those that are undone.
    if not (top and "error" in ours):
        logs = [without(log, {"index"}) for log in theirs.get("logs", [])]
        assert logs == [without(log, {"index"}) for log in ours.get("logs", [])]
    for inner, mine in zip(theirs.get("calls", []), ours.get("calls", []), strict=True):
        same_calls(inner, mine, top=False)


def without(found: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in names}


@pytest.mark.parametrize("name", NAMES)
def test_call_trees_are_those_of_anvil(beside: Beside, name: str) -> None:
    same_calls(*beside.tracer(name, "callTracer", withLog=True))


@pytest.mark.parametrize("name", NAMES)
def test_the_state_before_is_that_of_anvil(beside: Beside, name: str) -> None:
    theirs, ours = beside.tracer(name, "prestateTracer")
    # geth leaves out what was empty, and has told the hash of a code since 2025.
    kept = {address: held for address, held in theirs.items() if held != {"balance": "0x0"}}
    assert kept == {address: without(held, {"codeHash"}) for address, held in ours.items()}


@pytest.mark.parametrize("name", NAMES)
def test_state_differences_are_those_of_anvil(beside: Beside, name: str) -> None:
    theirs, ours = beside.tracer(name, "prestateTracer", diffMode=True)
    for side in ("pre", "post"):
        kept = {
            address: held
            for address, held in theirs[side].items()
            if side == "post" or held != {"balance": "0x0"}
        }
        assert kept == {
            address: without(held, {"codeHash"}) for address, held in ours[side].items()
        }, side


@pytest.mark.parametrize("name", NAMES)
def test_selectors_are_those_of_anvil(beside: Beside, name: str) -> None:
    theirs, ours = beside.tracer(name, "4byteTracer")
    if name == "a native function":
        assert theirs.pop(f"0x{b'abcd'.hex()}-2") == 1
    assert theirs == ours


@pytest.mark.parametrize("name", NAMES)
def test_flat_traces_are_those_of_anvil(beside: Beside, name: str) -> None:
    tx = beside.mined[name]
    theirs = call(beside.url, "trace_transaction", "0x" + tx.hash.hex())
    ours = beside.ours.ask(lambda tracing: tracing.flat_transaction(tx.hash))
    assert ours is not None
    if name in OF_NATIVES:
        del theirs[1]
        theirs[0]["subtraces"] = 0
    for entry in theirs:
        if "error" in entry:
            entry["error"] = PARITY_WORDS.get(entry["error"], entry["error"])
            # Nothing is at the address of a creation that reverted.
            (entry["result"] or {}).pop("address", None)
        # revm shows the caller of a contract that destroys itself for itself.
        if name == "a self-destruction for oneself" and entry["type"] == "suicide":
            entry["action"]["address"] = entry["action"]["refundAddress"]
    # The blocks differ in their roots: our genesis has contracts that anvil was given later.
    left_out = {"blockHash"}
    assert [without(entry, left_out) for entry in theirs] == [
        without(entry, left_out) for entry in ours
    ]


@pytest.mark.parametrize("name", NAMES)
def test_opcodes_are_those_of_anvil(beside: Beside, name: str) -> None:
    tx = beside.mined[name]
    theirs, ours = beside.theirs(tx, {}), beside.ours.every_opcode(tx)
    assert (theirs["gas"], theirs["failed"]) == (ours["gas"], ours["failed"])
    # revm runs a STOP where there is no code to run; geth runs nothing.
    empty = {"a creation of nothing", "an inner creation"}
    if name in empty:
        return
    pairs = list(zip(theirs["structLogs"], ours["structLogs"], strict=True))
    for index, (step, mine) in enumerate(pairs):
        # revm tells refunds by frame, zero ones too, and its own names of halts.
        left_out = {"refund", "error"}
        following = pairs[index + 1][1]["depth"] if index + 1 < len(pairs) else 0
        if following < mine["depth"] and mine["op"] not in ("STOP", "RETURN", "REVERT"):
            left_out |= {"gasCost", "op"}
        # It charges a creation with what it gives, as geth does only for calls.
        if mine["op"].startswith("CREATE"):
            left_out.add("gasCost")
        assert without(step, left_out) == without(mine, left_out), index
