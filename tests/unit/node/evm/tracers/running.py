"""Transactions that run some code."""

from __future__ import annotations

from typing import Any

from byline.node.evm.engines import engine
from tests.unit.node.evm.tracers.scenarios import CODES, at
from tests.unit.node.evm.tracers.traced_chain import TracedChain, traced_chain

PLACE = at(99)


def mined(on: str, codes: dict[bytes, bytes], **fields: Any) -> tuple[TracedChain, Any]:
    chain = traced_chain(engine(on), codes)
    tx = chain.transaction(**{"to": PLACE, **fields})
    chain.mine(tx)
    return chain, tx


def ran(code: bytes, on: str = "fast", **fields: Any) -> tuple[TracedChain, Any]:
    """Mine a transaction that runs `code`."""
    return mined(on, {**CODES, PLACE: code}, **fields)
