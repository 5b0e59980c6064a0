"""Native functions of the execution specs: JSON calls in, gas and output out.

Runs in the environment that `make oracle` makes, as `execution_oracle` does.  A call is the
name of a fork, the number of an address, and the input in hex.  The answer is the gas and the
output, or `null` and the name of the failure.
"""

from __future__ import annotations

import importlib
import json
import sys
from types import SimpleNamespace
from typing import Any

GAS = 2**63


def answer(fork: str, number: int, data: bytes) -> list[Any]:
    def load(name: str) -> Any:
        return importlib.import_module(name)

    table = load(f"ethereum.forks.{fork}.vm.precompiled_contracts.mapping").PRE_COMPILED_CONTRACTS
    functions = {int.from_bytes(address, "big"): function for address, function in table.items()}
    halt = load(f"ethereum.forks.{fork}.vm.exceptions").ExceptionalHalt
    uint = load("ethereum_types.numeric").Uint
    message = SimpleNamespace(data=load("ethereum_types.bytes").Bytes(data))
    frame = SimpleNamespace(message=message, gas_left=uint(GAS), output=b"")
    try:
        functions[number](frame)
    except halt as exc:
        return [None, type(exc).__name__]
    return [GAS - int(frame.gas_left), bytes(frame.output).hex()]


def main() -> None:
    calls = json.load(sys.stdin)
    found = [answer(fork, number, bytes.fromhex(data)) for fork, number, data in calls]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
