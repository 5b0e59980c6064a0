"""revm as a second opinion on one message call under Cancun: a JSON document a line.

Runs in the environment that `make oracle` makes, with its package pyrevm.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import pyrevm


def answer(document: dict[str, Any]) -> dict[str, Any]:
    """Return what becomes of the call, and of the storage."""
    context, step = document["context"], document["step"]
    block = pyrevm.BlockEnv(
        number=context["number"],
        coinbase="0x" + context["coinbase"],
        timestamp=context["timestamp"],
        difficulty=0,
        prevrandao=bytes.fromhex(context["prev_randao"]),
        basefee=context["base_fee"],
        gas_limit=context["gas_limit"],
        excess_blob_gas=0,
    )
    config = pyrevm.CfgEnv(chain_id=context["chain_id"])
    evm = pyrevm.EVM(env=pyrevm.Env(cfg=config, block=block), spec_id="CANCUN")
    for name, fields in document["alloc"].items():
        info = pyrevm.AccountInfo(
            balance=fields["balance"],
            nonce=fields["nonce"],
            code=bytes.fromhex(fields["code"]) or None,
        )
        evm.insert_account_info("0x" + name, info)
    output: bytes | None = None
    try:
        output = evm.message_call(
            caller="0x" + context["sender"],
            to="0x" + step["to"],
            calldata=bytes.fromhex(step["data"]),
            value=step["value"],
            gas=document["gas"],
            gas_price=0,
        )
    except RuntimeError as exc:
        if evm.result is None:
            raise RuntimeError(f"refused by revm: {exc}") from exc
    result = evm.result
    return {
        "succeeded": result.is_success,
        "gas": result.gas_used,
        "output": None if output is None else bytes(output).hex(),
        "logs": [
            [
                log.address[2:].lower(),
                [topic[2:] for topic in log.topics],
                bytes(log.data[1]).hex(),
            ]
            for log in result.logs
        ],
        "storage": {
            name: [evm.storage("0x" + name, slot) for slot in range(3)]
            for name in document["alloc"]
        },
        "balances": {name: evm.get_balance("0x" + name) for name in document["alloc"]},
    }


def main() -> None:
    """Answer every line."""
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
