"""PayoutVault: what is configured as math need not be; its answers are checked."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak

from byline.node.contracts import addresses
from tests.contracts.attribution_family import PEOPLE
from tests.contracts.vault_world import (
    ACCUMULATOR,
    CREDIT,
    MERGED,
    PUSH,
    ROOT,
    Backend,
    Entries,
    world,
)

OWNER, ALICE, BOB, CAROL = PEOPLE[:4]
LIST: Entries = ((ALICE, 1), (BOB, 1), (CAROL, 1))

WRONG_MATH = {
    "nothing": b"",
    "too little": bytes(64),
    "a root of nothing": bytes(96),
    "another sum": keccak(b"top") + (2).to_bytes(32, "big") + (2).to_bytes(32, "big"),
}


@pytest.mark.parametrize("answer", WRONG_MATH.values(), ids=WRONG_MATH)
@pytest.mark.parametrize("mode", [PUSH, CREDIT, ACCUMULATOR, ROOT])
def test_math_that_answers_wrongly_is_not_believed(mode: int, answer: bytes) -> None:
    w = world(Backend.TWIN)
    model = w.model(OWNER, mode=mode)
    w.deposit(model, LIST, 1000)
    size = len(answer).to_bytes(2, "big").hex()
    # codecopy(0, 12, size); return(0, size)
    code = bytes.fromhex(f"61{size}600c5f3961{size}5ff3") + answer
    w.evm.set(addresses.ATTRIBUTION_MATH, code=code)
    outcome = w.settle(1, LIST)
    assert not outcome.success
    assert w.vault.error(outcome) in ("NoAnswer", "WrongList")
    assert (w.balance(), w.vault.read("credits", MERGED, ALICE)) == (1000, 0)
