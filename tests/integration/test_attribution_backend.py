"""Who computes for the attribution contracts is a choice that verifiers find out by the hash."""

from __future__ import annotations

from dataclasses import replace

import pytest

from byline.node.config import NodeConfig
from byline.node.contracts import addresses, artifacts
from byline.node.contracts.attribution_predeploys import Backend
from byline.node.errors import ConfigError
from byline.node.evm.engines import engine
from byline.node.network import known_l2_genesis
from tests.integration.rollups import World, world
from tests.integration.test_l1_reorg import converges

MATH_SLOT = artifacts.load("PayoutVault").storage["attribution_calls._math"]


def math_of(here: World) -> bytes:
    chain = here.rollup.engine.chain
    word = chain.machine(chain.head).storage(addresses.PAYOUT_VAULT, MATH_SLOT)
    return word.to_bytes(20, "big")


@pytest.mark.parametrize("token", ["open", "eth"])
@pytest.mark.parametrize("backend", Backend)
def test_a_verifier_begins_with_the_back_end_of_the_chain(backend: Backend, token: str) -> None:
    here = world(NodeConfig(attribution_backend=backend.value), gas_token=token)
    named = backend is Backend.TWIN
    assert math_of(here) == (addresses.ATTRIBUTION_MATH if named else bytes(20))
    here.send("l2", value=1)
    converges(here)


def test_a_first_block_of_neither_back_end_is_refused() -> None:
    config = world().rollup.engine.config
    other = replace(config.genesis.l2, hash=b"\x01" * 32)
    with pytest.raises(ConfigError, match="L2 genesis is 0x0101"):
        known_l2_genesis(replace(config, genesis=replace(config.genesis, l2=other)), engine())
