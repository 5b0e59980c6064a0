"""The state precompile at its cheapest: words that are warm and do not change."""

from __future__ import annotations

from typing import Final

from byline.derivation.config import Fork
from byline.derivation.hashing import EMPTY_TRIE_ROOT
from byline.node.contracts.addresses import PAYOUT_VAULT
from byline.node.evm.engines import engine as make_engine
from byline.node.evm.machine import BlockContext, MessageCall
from byline.node.evm.optimism import OPCODES_OF
from byline.node.evm.precompiles import optimism_precompiles
from byline.precompiles import state
from byline.precompiles.calibration.report import AGAIN, typical
from byline.precompiles.calibration.search import Sample
from byline.precompiles.calibration.timing import Anchored

COUNTS: Final = (1, 100, state.MAX_ENTRIES)


def worst_credits(anchored: Anchored, engine: str) -> Sample:
    """Return the call of `creditBatch` that takes longest for its gas.

    The words were touched before in the same transaction, and nothing is added to them: each
    costs 200 gas, the least there is.  What is measured is the whole message call.
    """
    return max((_measured(count, anchored, engine) for count in COUNTS), key=lambda one: one.cost)


def _measured(count: int, anchored: Anchored, engine: str) -> Sample:
    block = BlockContext(
        chain_id=1,
        number=1,
        timestamp=1,
        coinbase=bytes(20),
        gas_limit=10**9,
        base_fee=0,
        prev_randao=bytes(32),
        blob_base_fee=1,
    )
    fork = max(Fork)
    machine = make_engine(engine).open(
        lambda _: None,
        EMPTY_TRIE_ROOT,
        block,
        optimism_precompiles(fork, PAYOUT_VAULT),
        OPCODES_OF[fork],
    )
    packed = state.pack((at.to_bytes(20, "big"), 0) for at in range(count))
    data = state.encode_call(bytes(32), packed)
    call = MessageCall(PAYOUT_VAULT, state.ATTRIBUTION_STATE, 0, data, 10**9, 0, 0)
    machine.begin_transaction()
    machine.run(call)
    outcome = machine.run(call)
    if not outcome.succeeded:
        raise RuntimeError(f"creditBatch of {count}: {outcome.error or outcome.output.hex()}")
    genes, gas = {"count": count}, call.gas - outcome.gas_left
    return typical(
        [Sample(genes, anchored.work(lambda: machine.run(call)), gas) for _ in range(AGAIN)]
    )
