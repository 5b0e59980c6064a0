"""What tracers show of words that the state precompile reads and writes, on both engines."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from byline.derivation.transaction import AnyTransaction
from byline.node.evm.engines import ENGINES, engine
from byline.node.evm.ethereum import EthereumRules
from byline.node.evm.precompiles import credits_native
from byline.node.evm.rules import PrecompileTable
from byline.precompiles import state
from byline.rpc.backend import TraceKind
from tests.contracts.compiled import compiled
from tests.unit.node.evm.credit_vault import CALL, POOL, TEXT, VAULT, calldata, entries, who
from tests.unit.node.evm.tracers.traced_chain import CHAIN_ID, TracedChain, traced_chain

WORDS = {at: f"0x{state.credit_slot(POOL, who(at)).hex()}" for at in range(1, 4)}


class WithCredits(EthereumRules):
    """The rules of an L1 with one native function more."""

    def precompiles(self, timestamp: int) -> PrecompileTable:
        own = {state.ATTRIBUTION_STATE: credits_native(VAULT)}
        return MappingProxyType({**super().precompiles(timestamp), **own})


def mined(on: str, data: bytes, most: int = 10**7) -> tuple[TracedChain, AnyTransaction]:
    made = traced_chain(engine(on), {VAULT: compiled(TEXT).runtime})
    made.chain.rules = WithCredits(CHAIN_ID)
    call = calldata("forward", data, CALL, most)
    tx = made.transaction(VAULT, data=call, gas=5_000_000)
    made.mine(tx)
    return made, tx


@pytest.mark.parametrize("on", list(ENGINES))
def test_the_state_before_has_the_words_and_the_difference_their_change(on: str) -> None:
    chain, tx = mined(on, state.encode_call(POOL, entries([5, 0, 7])))
    before = chain.trace(tx, "prestateTracer")
    assert set(before["0x" + VAULT.hex()]["storage"]) == set(WORDS.values())
    difference = chain.trace(tx, "prestateTracer", diffMode=True)
    assert difference["post"]["0x" + VAULT.hex()] == {
        "storage": {WORDS[1]: f"0x{5:064x}", WORDS[3]: f"0x{7:064x}"}
    }
    kinds: frozenset[TraceKind] = frozenset(("stateDiff",))
    replayed = chain.ask(lambda asked: asked.replay_transaction(tx.hash, kinds))
    assert set(replayed["stateDiff"]["0x" + VAULT.hex()]["storage"]) == {WORDS[1], WORDS[3]}


@pytest.mark.parametrize(
    ("data", "most"),
    [
        (state.encode_call(POOL, entries([5, 0, 7])), 10**7),
        (state.encode_call(POOL, entries([5, 0, 7])), 30_000),
        (state.encode_call(POOL, state.pack([(who(2), 1), (who(1), 1)])), 10**7),
        (b"", 10**7),
    ],
    ids=["succeeds", "runs out", "reverts", "malformed"],
)
def test_both_engines_show_the_same(data: bytes, most: int) -> None:
    found: list[list[Any]] = []
    for on in ENGINES:
        chain, tx = mined(on, data, most)
        found.append(
            [
                chain.chain.head.state_root.hex(),
                chain.chain.head.gas_used,
                chain.every_opcode(tx, enable_memory=True, enable_return_data=True),
                chain.trace(tx, "callTracer"),
                chain.trace(tx, "flatCallTracer", includePrecompiles=True),
                chain.trace(tx, "prestateTracer"),
                chain.trace(tx, "prestateTracer", diffMode=True),
                chain.trace(tx, "muxTracer", prestateTracer=None, callTracer={}),
            ]
        )
    assert found[0] == found[1]
    assert found[0][-1]["prestateTracer"] == found[0][5]
