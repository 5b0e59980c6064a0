"""The execution specs of Ethereum as a second opinion: JSON cases in, what they do out.

Runs in the environment that `make oracle` makes, not in ours: the specs want older
libraries.  One case is an allocation, a block environment and encoded transactions.  With
`--lines` every line of the input is a document of its own, and is answered on a line.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any


class Oracle:
    """One fork of the execution specs."""

    def __init__(self, fork: str) -> None:
        def load(name: str) -> Any:
            return importlib.import_module(f"ethereum.forks.{fork}.{name}")

        self.fork, self.state, self.vm = load("fork"), load("state"), load("vm")
        self.types, self.transactions = load("fork_types"), load("transactions")
        self.numeric = importlib.import_module("ethereum_types.numeric")
        self.bytes = importlib.import_module("ethereum_types.bytes")
        self.rlp = importlib.import_module("ethereum_rlp").rlp
        self.outputs: list[Any] = []
        inner = self.fork.process_message_call

        def process_message_call(message: Any) -> Any:
            self.outputs.append(inner(message))
            return self.outputs[-1]

        self.fork.process_message_call = process_message_call

    def run(self, case: dict[str, Any]) -> dict[str, Any]:
        """Return the state root and what became of every transaction."""
        environment = self._environment(case)
        output = self.vm.BlockOutput()
        results: list[Any] = []
        for raw in case["transactions"]:
            index = self.numeric.Uint(len(results))
            results.append(self._transaction(environment, output, bytes.fromhex(raw), index))
        root = self.state.state_root(environment.state)
        return {"root": bytes(root).hex(), "results": results}

    def _environment(self, case: dict[str, Any]) -> Any:
        u256, uint, u64 = self.numeric.U256, self.numeric.Uint, self.numeric.U64
        word = self.bytes.Bytes32
        return self.vm.BlockEnvironment(
            chain_id=u64(case["chain_id"]),
            state=self._state(case["alloc"]),
            block_gas_limit=uint(case["gas_limit"]),
            block_hashes=[word(bytes.fromhex(case["parent"]))],
            coinbase=self.types.Address(bytes.fromhex(case["coinbase"])),
            number=uint(case["number"]),
            base_fee_per_gas=uint(case["base_fee"]),
            time=u256(case["timestamp"]),
            prev_randao=word(bytes.fromhex(case["prev_randao"])),
            excess_blob_gas=u64(0),
            parent_beacon_block_root=word(bytes(32)),
        )

    def _state(self, alloc: dict[str, Any]) -> Any:
        u256, state = self.numeric.U256, self.state.State()
        for name, fields in alloc.items():
            address = self.types.Address(bytes.fromhex(name))
            account = self.types.Account(
                nonce=self.numeric.Uint(fields["nonce"]),
                balance=u256(fields["balance"]),
                code=self.bytes.Bytes(bytes.fromhex(fields["code"])),
            )
            self.state.set_account(state, address, account)
            for slot, value in fields["storage"].items():
                key = self.bytes.Bytes32(int(slot).to_bytes(32, "big"))
                self.state.set_storage(state, address, key, u256(value))
        return state

    def _transaction(self, environment: Any, output: Any, raw: bytes, index: Any) -> Any:
        before, logs = output.block_gas_used, len(output.block_logs)
        self.outputs.clear()
        try:
            if raw[0] >= 0xC0:
                legacy = self.transactions.LegacyTransaction
                tx = self.rlp.decode_to(legacy, raw)
            else:
                tx = self.transactions.decode_transaction(self.bytes.Bytes(raw))
            self.fork.process_transaction(environment, output, tx, index)
        except Exception as exc:
            if self.outputs:
                raise
            return {"invalid": f"{type(exc).__name__}: {exc}"}
        done = self.outputs[-1]
        return {
            "succeeded": done.error is None,
            "gas_used": int(output.block_gas_used - before),
            "output": bytes(done.return_data).hex(),
            "logs": [
                [bytes(log.address).hex(), [bytes(t).hex() for t in log.topics], log.data.hex()]
                for log in output.block_logs[logs:]
            ],
        }


def main() -> None:
    """Answer the document, or the documents, on standard input."""
    sys.setrecursionlimit(30_000)
    oracles: dict[str, Oracle] = {}
    lines = sys.stdin if "--lines" in sys.argv else [sys.stdin.read()]
    for line in lines:
        document = json.loads(line)
        fork = document["fork"]
        oracle = oracles.get(fork) or oracles.setdefault(fork, Oracle(fork))
        print(json.dumps([oracle.run(case) for case in document["cases"]]), flush=True)


if __name__ == "__main__":
    main()
