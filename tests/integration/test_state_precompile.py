"""The state precompile as a rule of the chain: a verifier that knows the config agrees."""

from __future__ import annotations

from dataclasses import replace

import pytest

from byline.derivation.config import RollupConfig
from byline.node.config import NodeConfig
from byline.node.contracts.addresses import PAYOUT_VAULT
from byline.node.rollups.rollup import ChainName
from byline.precompiles import state
from byline.precompiles.state import refusals
from tests.integration.rollups import World, world
from tests.integration.serving import Port
from tests.integration.test_l1_reorg import converges

POOL = bytes(32)
WHO = b"\x0c" * 20
DATA = "0x" + state.encode_call(POOL, state.pack([(WHO, 5)])).hex()
AT = "0x" + state.ATTRIBUTION_STATE.hex()
SLOT = "0x" + state.credit_slot(POOL, WHO).hex()
VAULT = "0x" + PAYOUT_VAULT.hex()


@pytest.fixture
def name() -> ChainName:
    return "l2"


@pytest.fixture(params=[True, False], ids=["on", "off"])
def made(request: pytest.FixtureRequest) -> World:
    return world(NodeConfig(state_precompile=request.param))


def is_on(here: World) -> bool:
    return here.rollup.engine.config.credit_vault is not None


def test_credits_are_written_where_it_is_on_and_verifiers_follow(made: World, port: Port) -> None:
    port.result("anvil_impersonateAccount", VAULT)
    sent = {"from": VAULT, "to": AT, "data": DATA, "gas": "0x493e0"}
    receipt = port.result("eth_getTransactionReceipt", port.result("eth_sendTransaction", sent))
    assert receipt["status"] == "0x1"
    word = port.result("eth_getStorageAt", VAULT, SLOT, "latest")
    assert int(word, 16) == (5 if is_on(made) else 0)
    converges(made)


def test_another_caller_is_refused_by_name_or_finds_nothing(made: World, port: Port) -> None:
    call = {"from": "0x" + WHO.hex(), "to": AT, "data": DATA}
    if is_on(made):
        error = port.error("eth_call", call, "latest")
        assert error["data"][:10] == "0x" + refusals.NOT_VAULT.selector.hex()
    else:
        assert port.result("eth_call", call, "latest") == "0x"


def test_an_access_list_names_the_words(made: World, port: Port) -> None:
    asked = {"from": VAULT, "to": AT, "data": DATA}
    found = port.result("eth_createAccessList", asked, "latest")["accessList"]
    expected = [{"address": VAULT, "storageKeys": [SLOT]}] if is_on(made) else []
    assert [entry for entry in found if entry["address"] == VAULT] == expected


def test_the_rollup_config_says_so(made: World) -> None:
    config = made.rollup.engine.config
    document = config.to_json()
    assert ("credit_vault_address" in document) is is_on(made)
    assert RollupConfig.from_json(document) == config
    other = replace(config, credit_vault=WHO)
    assert RollupConfig.from_json(other.to_json()).credit_vault == WHO


def test_the_names_of_native_functions_say_so(made: World, port: Port) -> None:
    named = port.result("eth_config")["current"]["precompiles"]
    assert (AT in named.values()) is is_on(made)
