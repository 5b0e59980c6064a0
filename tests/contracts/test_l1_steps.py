"""Ours, in the place of the OP Stack's L1 contracts, take the known steps as those did.

The steps are calls that were executed on the genuine contracts.  Ours stand at the same
addresses and get the same calls at the same times; success, output and logs are the same, but
for the logs of contracts that ours do without: the lockbox and DelayedWETH.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.bridging import places
from tests.contracts.genuine import genuine_l1
from tests.contracts.harness import Contract, Event, Outcome
from tests.contracts.l1_stack import GAME_TYPE, Plan, Stack, l1_stack, text
from tests.vectors_folder import load


def address(hexadecimal: str) -> bytes:
    return bytes.fromhex(hexadecimal[2:])


def steps() -> list[Any]:
    found: list[Any] = load("l1-contracts/l1_e2e_steps.json")["steps"]
    return found


@pytest.fixture(scope="module")
def stack() -> Stack:
    """Ours at the addresses, with the people and the delays, of the genuine ones."""
    people = load("devnet-901/info.json")["addresses"]
    plan = Plan(
        owner=address(people["SystemConfigOwner"]),
        proposer=address(people["Proposer"]),
        challenger=address(people["Challenger"]),
        clock=302_400,
        number=4,
        timestamp=steps()[0]["block_timestamp"] - 100,
    )
    stack = l1_stack(plan, places())
    # The address of a game follows from the nonce of the factory.
    factory = stack.addresses["DisputeGameFactory"]
    genuine = genuine_l1()
    found = load("l1-contracts/900-l1-genesis.json.gz")["alloc"]
    nonce = int(found[factory.hex()].get("nonce", "0x0"), 16)
    assert genuine.code(factory)
    stack.evm.set(factory, nonce=nonce)
    return stack


def take(stack: Stack, step: Any) -> Outcome:
    stack.evm.at(5, step["block_timestamp"])
    sender = address(step["from"])
    return stack.evm.call(
        address(step["to"]),
        address(step["data"]),
        sender=sender,
        origin=address(step.get("tx_origin", step["from"])),
        value=int(step["value"], 16),
    )


def plain(log: Event) -> tuple[str, list[str], str]:
    return text(log.address), ["0x" + topic.hex() for topic in log.topics], "0x" + log.data.hex()


def expected(step: Any, ours: set[bytes]) -> list[tuple[str, list[str], str]]:
    return [
        (log["address"].lower(), log["topics"], log["data"])
        for log in step.get("logs", [])
        if address(log["address"].lower()) in ours
    ]


def test_every_step_ends_as_on_the_genuine_contracts(stack: Stack) -> None:
    game = b""
    seen = set()
    for step in steps():
        outcome = take(stack, step)
        words = (step["name"], outcome.error, outcome.output.hex())
        assert outcome.success == step["success"], words
        assert "0x" + outcome.output.hex() == step["output"], words
        if step["name"] == "create_game":
            game = outcome.output[12:]
        here = set(stack.addresses.values()) | {game}
        assert [plain(log) for log in outcome.logs] == expected(step, here), words
        seen.add(step["name"])
    assert len(seen) == 24
    assert {"prove", "finalize", "create_game", "resolve"} <= seen


def test_the_withdrawal_was_paid_once(stack: Stack) -> None:
    known = load("l1-contracts/l1_e2e_steps.json")["withdrawal"]
    target = address(known["withdrawal"]["target"])
    assert stack.evm.balance(target) == int(known["withdrawal"]["value"], 16)
    assert stack.portal.read("finalizedWithdrawals", address(known["withdrawal_hash"]))


def test_the_anchor_is_the_claim_of_the_game(stack: Stack) -> None:
    known = load("l1-contracts/l1_e2e_steps.json")["withdrawal"]
    assert stack.registry.read("getAnchorRoot") == (
        address(known["output_root"]),
        known["l2_block_number"],
    )


def test_the_storage_that_clients_read_is_where_it_is_in_the_genuine_contracts(
    stack: Stack,
) -> None:
    portal = stack.addresses["OptimismPortal"]
    evm = stack.evm
    assert evm.storage(portal, 50) == 0xDEAD
    assert evm.storage(portal, 55) == int.from_bytes(stack.addresses["SystemConfig"], "big")
    registry = stack.addresses["AnchorStateRegistry"]
    assert evm.storage(portal, 62) == int.from_bytes(registry, "big")
    assert evm.storage(registry, 6) & (2**32 - 1) == GAME_TYPE
    factory = stack.addresses["DisputeGameFactory"]
    assert evm.storage(factory, 51) == int.from_bytes(stack.plan.owner, "big")
    assert evm.storage(factory, 104) == 1
    assert evm.storage(portal, 1) >> 192 == 5


def test_the_genuine_game_runs_in_our_factory(stack: Stack) -> None:
    # The implementation knows its registry, so everything but the factory is genuine here.
    evm = genuine_l1()
    found = load("l1-contracts/l2-addresses.json")["901"]
    factory = stack.addresses["DisputeGameFactory"]
    evm.set(factory, code=stack.evm.code(factory), storage={51: 0x0E})
    ours = Contract(evm, factory, stack.factory.abi)
    implementation = found["PermissionedDisputeGame"]
    owner = bytes(19) + b"\x0e"
    assert ours.send("setImplementation", GAME_TYPE, implementation, sender=owner).success
    evm.at(5, 1_752_785_999)
    data = (100).to_bytes(32, "big")
    outcome = ours.send("create", GAME_TYPE, b"\x31" * 32, data, sender=stack.plan.proposer)
    assert outcome.success, outcome.error
    game = Contract(evm, outcome.output[12:], stack.game(b"").abi)
    assert game.read("rootClaim") == b"\x31" * 32
    assert game.read("gameCreator") == text(stack.plan.proposer)
    assert game.read("extraData") == data
    assert game.read("l2SequenceNumber") == 100
    assert game.read("createdAt") == 1_752_785_999
    assert ours.read("findLatestGames", GAME_TYPE, 0, 5)[0][3:] == (b"\x31" * 32, data)
