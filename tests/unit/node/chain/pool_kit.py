"""Transactions for pool tests: unsigned, with the sender told instead of recovered."""

from __future__ import annotations

from itertools import count
from typing import Any

from byline.derivation.transaction import DYNAMIC_FEE, Transaction
from byline.node.chain.mempool import AccountView, PoolContext

ALICE, BOB, CAROL = (bytes([n]) * 20 for n in (1, 2, 3))
GWEI = 10**9
CONTEXT = PoolContext(chain_id=901, base_fee=GWEI, block_gas_limit=30_000_000)
RICH = AccountView(nonce=0, balance=10**24)

_SERIAL = count(1)


def transaction(
    sender: bytes = ALICE, nonce: int = 0, *, tip: int = 1, cap: int = 100 * GWEI, **other: Any
) -> Transaction:
    """Return a transfer of nothing; every call makes another hash."""
    fields: dict[str, Any] = {
        "type": DYNAMIC_FEE, "chain_id": 901, "nonce": nonce, "gas": 21_000, "to": bytes(20),
        "value": 0, "data": b"", "max_fee_per_gas": cap, "max_priority_fee_per_gas": tip,
        "y_parity": 0, "r": 1, "s": 1, "raw": b"\x02" + next(_SERIAL).to_bytes(100, "big"),
    } | other  # fmt: skip
    tx = Transaction(**fields)
    tx.__dict__["sender"] = sender  # what the cached property would have recovered
    return tx
