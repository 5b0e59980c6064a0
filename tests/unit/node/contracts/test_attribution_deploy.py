"""The plan of a deployment: addresses before anything is sent."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from byline.node.attribution.client.deploying import Deployed
from byline.node.contracts.artifacts import load
from byline.node.contracts.attribution_deploy import (
    SYSTEM,
    TWINS,
    FamilySettings,
    plan,
)
from byline.node.contracts.attribution_predeploys import Backend
from byline.node.errors import ConfigError
from byline.node.evm.accounts import created_address
from tests.contracts.harness import Evm

TREASURY = b"\x7e" * 20
DEPLOYER = b"\xde" * 20
SETTINGS = FamilySettings(TREASURY)


@pytest.mark.parametrize("nonce", [0, 127, 2**32])
@pytest.mark.parametrize("backend", Backend)
def test_creations_stand_in_a_row_and_run(backend: Backend, nonce: int) -> None:
    names = SYSTEM if backend is Backend.PRECOMPILE else (*TWINS, *SYSTEM)
    made = plan(DEPLOYER, nonce, replace(SETTINGS, backend=backend))
    assert tuple(creation.name for creation in made.creations) == names
    assert [creation.nonce for creation in made.creations] == list(
        range(nonce, nonce + len(names))
    )
    assert made.addresses == {
        creation.name: created_address(DEPLOYER, creation.nonce) for creation in made.creations
    }
    evm = Evm()
    for creation in made.creations:
        outcome = evm.deploy(creation.data)
        assert outcome.success, outcome.error
        assert evm.code(outcome.created) == load(creation.name).runtime
        assert len(creation.data) <= 49_152


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"treasury": bytes(20)}, "not all zero"),
        ({"treasury": b"\x01" * 19}, "want 20 bytes"),
        ({"penalty_limit": 100}, "threshold 100 and limit 100"),
        ({"penalty_limit": 2**32}, "both below 2"),
        ({"penalty_threshold": -1}, "threshold -1"),
        ({"stake_lock": 2**64}, r"stake_lock 18446744073709551616: want 0 to 2\*\*64 - 1"),
        ({"batch_bond": -1}, r"batch_bond -1: want 0 to 2\*\*256 - 1"),
    ],
)
def test_settings_that_no_constructor_takes_are_refused(
    changes: dict[str, object], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        replace(SETTINGS, **changes)  # type: ignore[arg-type]


def test_a_deployment_reads_as_it_was_written() -> None:
    made = Deployed(900, 17, plan(DEPLOYER, 3, SETTINGS).addresses, {"FeePolicy": 5})
    assert Deployed.from_json(made.to_json()) == replace(made, gas={})


FILE = json.loads(Deployed(900, 17, plan(DEPLOYER, 3, SETTINGS).addresses, {}).to_json())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no deployment: JSONDecodeError"),
        ("[]", "want chainId, block and contracts"),
        (json.dumps({**FILE, "chainId": None}), "TypeError"),
        (json.dumps({**FILE, "contracts": {}}), "lacks FeePolicy, AttributionRegistry"),
        (json.dumps({**FILE, "contracts": {**FILE["contracts"], "FeePolicy": "0x1"}}), "ValueE"),
        (json.dumps({**FILE, "contracts": {**FILE["contracts"], "FeePolicy": "0x12"}}), "found 1"),
    ],
)
def test_a_file_that_is_no_deployment_is_refused(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Deployed.from_json(text)
