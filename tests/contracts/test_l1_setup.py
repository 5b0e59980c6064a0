"""The contracts of the L1 are set up by their deployer, once."""

from __future__ import annotations

from typing import Any

import pytest

from byline.derivation.config import SystemConfig, ecotone_scalar
from byline.derivation.receipt import Log, Receipt
from byline.derivation.system_config import apply_updates
from byline.node.contracts import artifacts
from tests.contracts.harness import Contract, Evm, Outcome, word
from tests.contracts.l1_stack import (
    DEPLOYER,
    GUARDIAN,
    NAMES,
    NOBODY,
    OWNER,
    RESOURCE_CONFIG,
    Stack,
    l1_stack,
    text,
)

ROOT = b"\x33" * 32


@pytest.fixture
def stack() -> Stack:
    return l1_stack()


def error(contract: Contract, outcome: Outcome) -> str:
    assert not outcome.success
    return contract.error(outcome)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("SuperchainConfig", (text(GUARDIAN),)),
        ("OptimismPortal", (text(OWNER), text(OWNER), 1)),
        ("AnchorStateRegistry", (text(OWNER), text(OWNER), (ROOT, 0), 1, 1)),
        ("DisputeGameFactory", (text(OWNER),)),
        ("L1CrossDomainMessenger", (text(OWNER), text(OWNER), text(OWNER))),
        ("L1StandardBridge", (text(OWNER), text(OWNER), text(OWNER))),
    ],
)
def test_setup_is_the_deployers_and_once(name: str, arguments: tuple[object, ...]) -> None:
    artifact = artifacts.load(name)
    fresh = Evm()
    created = fresh.deploy(artifact.bytecode, sender=DEPLOYER).created
    contract = Contract(fresh, created, artifact.abi)
    for sender in (OWNER, NOBODY):
        refused = contract.send("initialize", *arguments, sender=sender)
        assert error(contract, refused) == "NotDeployer"
    assert contract.send("initialize", *arguments, sender=DEPLOYER).success
    again = contract.send("initialize", *arguments, sender=DEPLOYER)
    assert error(contract, again) == "NotDeployer"
    # As a genesis has it: code without a constructor.
    fresh.set(b"\x05" * 20, code=artifact.runtime)
    placed = Contract(fresh, b"\x05" * 20, artifact.abi)
    for sender in (DEPLOYER, NOBODY):
        assert not placed.send("initialize", *arguments, sender=sender).success


def test_every_contract_of_the_l1_fits_into_an_account() -> None:
    for name in (*NAMES, "DevnetDisputeGame", "OpenToken"):
        assert len(artifacts.load(name).runtime) <= 24_576


def config_arguments(**changes: Any) -> list[Any]:
    """What the deployer tells the system config."""
    arguments = {
        "owner": text(OWNER),
        "base_fee_scalar": 1_368,
        "blob_base_fee_scalar": 810_949,
        "batcher": bytes(12) + b"\xba" * 20,
        "gas_limit": 60_000_000,
        "signer": text(GUARDIAN),
        "market": RESOURCE_CONFIG,
        "inbox": text(b"\x1b" * 20),
        "addresses": tuple(text(bytes([number]) * 20) for number in range(1, 7)),
        "chain": 901,
        "superchain": text(NOBODY),
        "token": text(NOBODY),
    }
    return list((arguments | changes).values())


def fresh_config() -> Contract:
    artifact = artifacts.load("SystemConfig")
    evm = Evm(number=77)
    created = evm.deploy(artifact.bytecode, sender=DEPLOYER).created
    return Contract(evm, created, artifact.abi)


def test_setup_announces_the_first_values() -> None:
    config = fresh_config()
    outcome = config.send("initialize", *config_arguments(), sender=DEPLOYER)
    events = [config.event(log) for log in outcome.logs]
    assert events[0] == {
        "": "OwnershipTransferred",
        "previousOwner": text(NOBODY),
        "newOwner": text(OWNER),
    }
    scalar = (1 << 248 | 810_949 << 32 | 1_368).to_bytes(32, "big")
    assert [(event["updateType"], event["data"]) for event in events[1:]] == [
        (0, bytes(12) + b"\xba" * 20),
        (1, bytes(32) + scalar),
        (2, word(60_000_000)),
        (3, bytes(12) + GUARDIAN),
    ]
    again = config.send("initialize", *config_arguments(), sender=DEPLOYER)
    assert error(config, again) == "NotDeployer"


def test_derivation_follows_the_first_values() -> None:
    config = fresh_config()
    outcome = config.send("initialize", *config_arguments(), sender=DEPLOYER)
    logs = tuple(Log(log.address, log.topics, log.data) for log in outcome.logs)
    receipt = Receipt(type=2, succeeded=True, cumulative_gas_used=1, logs=logs)
    before = SystemConfig(batcher=NOBODY, scalar=ecotone_scalar(0, 0), gas_limit=1)
    after = apply_updates(before, [receipt], config.address)
    assert after.batcher == b"\xba" * 20
    assert (after.base_fee_scalar, after.blob_base_fee_scalar) == (1_368, 810_949)
    assert after.gas_limit == 60_000_000


def test_setup_leaves_what_clients_ask_for() -> None:
    config = fresh_config()
    assert config.send("initialize", *config_arguments(), sender=DEPLOYER).success
    answers = {
        "owner": text(OWNER),
        "batchInbox": text(b"\x1b" * 20),
        "startBlock": 77,
        "l2ChainId": 901,
        "unsafeBlockSigner": text(GUARDIAN),
        "resourceConfig": RESOURCE_CONFIG,
        "l1CrossDomainMessenger": text(b"\x01" * 20),
        "l1ERC721Bridge": text(b"\x02" * 20),
        "l1StandardBridge": text(b"\x03" * 20),
        "optimismPortal": text(b"\x04" * 20),
        "optimismMintableERC20Factory": text(b"\x05" * 20),
        "getAddresses": tuple(text(bytes([number]) * 20) for number in range(1, 7)),
        "superchainConfig": text(NOBODY),
        "guardian": text(OWNER),
        "paused": False,
    }
    assert {name: config.read(name) for name in answers} == answers


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"gas_limit": 20_999_999}, "SystemConfig: gas limit too low"),
        ({"gas_limit": 500_000_001}, "SystemConfig: gas limit too high"),
        ({"owner": text(NOBODY)}, "Ownable: new owner is the zero address"),
        (
            {"market": (20_000_000, 10, 8, 2**31, 1_000_000, 2**31 - 1)},
            "SystemConfig: min base fee must be less than max base",
        ),
        (
            {"market": (20_000_000, 10, 1, 10**9, 1_000_000, 2**127)},
            "SystemConfig: denominator must be larger than 1",
        ),
        (
            {"market": (20_000_000, 0, 8, 10**9, 1_000_000, 2**127)},
            "SystemConfig: elasticity multiplier cannot be 0",
        ),
        (
            {"market": (20_000_001, 10, 8, 10**9, 1_000_000, 2**127)},
            "SystemConfig: precision loss with target resource limit",
        ),
    ],
)
def test_setup_refuses_what_would_not_work(changes: dict[str, Any], words: str) -> None:
    config = fresh_config()
    refused = config.send("initialize", *config_arguments(**changes), sender=DEPLOYER)
    assert error(config, refused) == words


def test_a_feature_is_switched_by_the_owner(stack: Stack) -> None:
    feature = b"ETH_LOCKBOX".ljust(32, b"\0")
    for enabled in (True, False):
        outcome = stack.config.send("setFeature", feature, enabled, sender=OWNER)
        assert stack.config.event(outcome.logs[0]) == {
            "": "FeatureSet",
            "feature": feature,
            "enabled": enabled,
        }
        assert stack.config.read("isFeatureEnabled", feature) == enabled


def test_a_config_that_genesis_has_put_in_place_is_not_set_up_again() -> None:
    evm = Evm()
    artifact = artifacts.load("SystemConfig")
    evm.set(b"\x05" * 20, code=artifact.runtime)
    config = Contract(evm, b"\x05" * 20, artifact.abi)
    for sender in (NOBODY, DEPLOYER, OWNER):
        refused = config.send("initialize", *config_arguments(), sender=sender)
        assert error(config, refused) == "NotDeployer"
