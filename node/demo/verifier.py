"""A fresh verifier: derives the L2 from the L1 alone, then recomputes every root from its events.

Run as a process of its own, `python -m byline.node.demo.verifier L1-URL ROLLUP.JSON`.  It
prints one JSON object a line: each L2 block, and at the end what it found.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from dataclasses import asdict
from typing import Any

from byline.node.cli.running import run_to_end
from byline.node.contracts.addresses import L2_CONTRACTS
from byline.node.demo.audit import audit
from byline.node.demo.chain import EMITTING, Event, read_events
from byline.node.evm.engines import DEFAULT
from byline.node.l1.remote import RemoteL1
from byline.node.storage.overflow import OverflowKV
from byline.node.verifier import Progress, Verifier, read_rollup_config


async def verify(l1: str, rollup_config: str, engine: str) -> int:
    """Derive what the L1 holds and print it; 0 when every root is what its events give."""
    config = await read_rollup_config(rollup_config)
    async with contextlib.AsyncExitStack() as stack:
        kv = stack.enter_context(contextlib.closing(OverflowKV()))
        source = await stack.enter_async_context(RemoteL1(l1, None, inbox=config.batch_inbox))
        verifier = await asyncio.to_thread(Verifier, config, source, kv, engine_name=engine)
        await verifier.start()
        events: list[Event] = []

        def report(now: Progress) -> None:
            for item in now.newest:
                events.extend(_events(verifier, item.ref.number))
                _print({"block": item.ref.number, "hash": "0x" + item.ref.hash.hex()})

        safe = await verifier.run(None, report, follow=False)
        state_root = verifier.engine.header_of(safe).state_root
    found = audit(events)
    _print(
        {
            "number": safe.number,
            "hash": "0x" + safe.hash.hex(),
            "state": "0x" + state_root.hex(),
            "events": len(events),
            "audit": asdict(found),
        }
    )
    return 1 if found.faults else 0


def _events(verifier: Verifier, number: int) -> list[Event]:
    """Return the events of the attribution contracts in a derived block."""
    store = verifier.engine.chain.store
    block_hash = store.canonical_hash(number)
    assert block_hash is not None
    addresses = {L2_CONTRACTS[name] for name in EMITTING}
    logs = [
        {
            "address": "0x" + log.address.hex(),
            "topics": ["0x" + topic.hex() for topic in log.topics],
            "data": "0x" + log.data.hex(),
        }
        for receipt in store.receipts(block_hash) or ()
        for log in receipt.logs
        if log.address in addresses
    ]
    return list(read_events(logs))


def _print(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    sys.exit(run_to_end(verify(sys.argv[1], sys.argv[2], *(sys.argv[3:] or [DEFAULT]))))
