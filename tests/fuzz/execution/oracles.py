"""Second opinions from outside, each a process that answers lines: EELS and revm.

Both live in the environment that `make oracle` makes.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from byline.derivation.hashing import keccak256
from byline.derivation.intrinsic import message_intrinsic_gas
from byline.node.evm.l1_forks import L1Fork
from byline.node.evm.machine import Engine
from byline.node.evm.pyevm_tracing import NO_FUNDS
from byline.node.evm.transition import MAX_REFUND_QUOTIENT
from tests.fuzz.execution.blocks import attempt, begun, same, shown
from tests.fuzz.execution.machines import CONTEXT, Session
from tests.fuzz.execution.programs import SENDER
from tests.vectors_folder import REPOSITORY

PYTHON: Final = REPOSITORY / "build" / "oracle" / "bin" / "python"
EELS: Final = REPOSITORY / "tests" / "properties" / "execution_oracle.py"
REVM: Final = Path(__file__).with_name("revm_oracle.py")

REVM_CONTEXT: Final = replace(
    CONTEXT,
    base_fee=0,
    blob_base_fee=1,
    # What revm takes for the hash of a block: that of its number in decimal.
    ancestors=tuple(keccak256(str(CONTEXT.number - 1 - back).encode()) for back in range(256)),
)


class Oracle:
    """A process that answers a JSON document a line."""

    def __init__(self, script: Path) -> None:
        self._process = subprocess.Popen(
            [str(PYTHON), "-I", str(script), "--lines"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, document: Any) -> Any:
        """Return the answer; raises `RuntimeError` when the process has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(document) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the oracle ended with {self._process.wait()}: see its errors")
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def __enter__(self) -> Oracle:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def differs_from_eels(case: dict[str, Any], engine: Engine, eels: Oracle) -> str | None:
    """Return where a block differs from what the execution specs make of it."""
    builder, parent = begun(case, engine, L1Fork[case["fork"]])
    document = {**case, "parent": parent.hash.hex()}
    expected = eels.ask({"fork": case["fork"].lower(), "cases": [document]})[0]
    for index, raw in enumerate(case["transactions"]):
        found = shown(attempt(builder, raw))
        if not same(found, expected["results"][index]):
            return f"transaction {index}: {engine.name} {found}, EELS {expected['results'][index]}"
    root = builder.seal().header.state_root.hex()
    if root != expected["root"]:
        return f"state root: {engine.name} {root}, EELS {expected['root']}"
    return None


def fits_revm(case: dict[str, Any]) -> bool:
    """Tell whether revm, as its Python package has it, knows what a case is about.

    That is Cancun, and a call by a transaction whose gas, price and nonce are in order.
    """
    if case["kind"] != "program" or case["opcodes"] != "CANCUN":
        return False
    step = case["steps"][0]
    delegated = any(a["code"].startswith("ef0100") for a in case["alloc"].values())
    return bool(step["do"] == "call" and step["to"] and not delegated and not step["refund"])


def differs_from_revm(case: dict[str, Any], engine: Engine, revm: Oracle) -> str | None:
    """Return where the first call of a case differs from what revm makes of it."""
    step = {**case["steps"][0], "warm": [], "blobs": [], "refund": 0}
    step.pop("again", None)
    # pyrevm holds slots, and their accounts, for warm once they are set: there are none.
    alloc = {name: {**fields, "storage": {}} for name, fields in case["alloc"].items()}
    asked = {**case, "trace": False, "alloc": alloc}
    session = Session(engine, {**asked, "seed": 0}, REVM_CONTEXT, gas_price=0)
    session.step(step)
    seen = dict(session.seen)
    if seen["error"] == NO_FUNDS:
        # To revm a transaction without the funds for its value is none.
        return None
    bare = message_intrinsic_gas(bytes(20), bytes.fromhex(step["data"]))
    document = {"alloc": alloc, "step": step, "gas": step["gas"] + bare}
    context = {
        name: value.hex() if isinstance(value, bytes) else value
        for name, value in asdict(REVM_CONTEXT).items()
        if name != "ancestors"
    }
    expected = revm.ask({**document, "context": {**context, "sender": SENDER.hex()}})
    used = step["gas"] + bare - seen["gas_left"]
    if seen["succeeded"]:
        used -= min(seen["refund"], used // MAX_REFUND_QUOTIENT)
    found = {
        "succeeded": seen["succeeded"],
        "gas": used,
        "output": seen["output"].hex() if seen["succeeded"] else None,
        "logs": [
            [log["address"].hex(), [topic.hex() for topic in log["topics"]], log["data"].hex()]
            for log in seen["logs"]
        ],
        "storage": {name: seen[f"account {name}"][4] for name in case["alloc"]},
        "balances": {name: seen[f"account {name}"][0] for name in case["alloc"]},
    }
    for name, value in found.items():
        if value != expected[name]:
            return f"{name}: {engine.name} {value}, revm {expected[name]}"
    return None
