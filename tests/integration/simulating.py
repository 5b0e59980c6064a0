"""Asks a port to simulate, for tests."""

from __future__ import annotations

from typing import Any

from byline.derivation.hashing import keccak256
from tests.integration.rollups import ALICE, BOB
from tests.integration.serving import Port

FROM = "0x" + ALICE.address.hex()
TO = "0x" + BOB.address.hex()
POOR = "0xc000000000000000000000000000000000000000"
CODE = "0xc200000000000000000000000000000000000000"
ELSEWHERE = "0xc300000000000000000000000000000000000000"
IDENTITY = "0x" + (4).to_bytes(20, "big").hex()
ETHER = "0x" + "ee" * 20
TRANSFER = "0x" + keccak256(b"Transfer(address,address,uint256)").hex()


def simulate(port: Port, *blocks: Any, at: str = "latest", **options: Any) -> Any:
    return port.result("eth_simulateV1", {"blockStateCalls": list(blocks), **options}, at)


def refusal(port: Port, *blocks: Any, **options: Any) -> dict[str, Any]:
    return port.error("eth_simulateV1", {"blockStateCalls": list(blocks), **options}, "latest")


def calls(*items: Any, **overrides: Any) -> dict[str, Any]:
    return {"calls": list(items), **overrides}


def one(port: Port, call: Any, code: str | None = None, **options: Any) -> Any:
    """Return how a single call ended, with `code` at `CODE`."""
    state = {} if code is None else {CODE: {"code": code, "balance": "0x64"}}
    return simulate(port, calls(call, stateOverrides=state), **options)[0]["calls"][0]
