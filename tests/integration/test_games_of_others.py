"""What the node does about games when others act, and when it cannot act itself."""

from __future__ import annotations

import pytest

from byline.derivation.constants import L2_TO_L1_MESSAGE_PASSER
from byline.derivation.hashing import keccak256
from byline.node.accounts import CHALLENGER_INDEX, OWNER_INDEX, PROPOSER_INDEX, dev_account
from byline.node.config import NodeConfig
from byline.node.contracts import addresses
from byline.node.errors import ConfigError
from byline.node.l1.games import DEFENDER_WINS, IN_PROGRESS
from byline.node.l2.outputs import output_of
from byline.node.l2.proposer import Proposal
from byline.node.rollups import keeper, proposing
from byline.node.signing import sign_dynamic_fee
from tests.integration.rollups import ALICE, World, world
from tests.integration.withdrawing import (
    CLOCK,
    disputes,
    games,
    is_true,
    ripen,
    settle,
    succeeded,
    wait,
    withdraw,
)

CHALLENGE = keccak256(b"challenge()")[:4]


def test_a_game_that_exists_already_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    here = world()
    one = withdraw(here)
    here.rollup.flush()
    engine = here.rollup.engine
    root = output_of(engine, engine.header_of(engine.heads.safe)).root
    factory = disputes(here).factory()
    assert factory is not None
    proposal = Proposal(1, root, one.block)
    proposer = dev_account(PROPOSER_INDEX)
    # Not by way of `mine`, after which the node would look.
    here.rollup.mining = type(here.rollup.mining)(automine=False, interval=None)
    here.send("l1", sender=proposer, to=factory, data=proposal.calldata(), value=0, gas=10**6)
    here.rollup.mine_l1()
    here.rollup.mining = type(here.rollup.mining)()
    wait(here, CLOCK + 2)
    [game] = games(here)
    assert disputes(here).status(game.address) == DEFENDER_WINS
    assert not [record for record in caplog.records if record.name == "byline.keeper"]


def test_after_a_lost_game_the_next_block_is_proposed() -> None:
    here = world()
    one = withdraw(here)
    settle(here)
    [lost] = games(here)
    assert here.send("l1", sender=dev_account(CHALLENGER_INDEX), to=lost.address, data=CHALLENGE,
                     value=0, gas=200_000)  # fmt: skip
    wait(here, CLOCK + 2)
    assert disputes(here).status(lost.address) not in (IN_PROGRESS, DEFENDER_WINS)
    assert len(games(here)) == 1
    here.send("l2")
    settle(here)
    [newest, _] = games(here)
    assert is_true(here, newest.address)
    assert one.prove()
    ripen(here, one)
    assert one.finalize()


def test_what_somebody_else_has_begun_to_resolve_is_ended() -> None:
    here = world()
    withdraw(here)
    settle(here)
    [game] = games(here)
    here.rollup.increase_time(CLOCK)
    assert succeeded(here, game.address, proposing.RESOLVE_CLAIM)
    assert disputes(here).status(game.address) == DEFENDER_WINS
    chain = here.rollup.l1.chain
    # One transaction has created the game, one has ended it.
    assert chain.machine(chain.head).nonce(dev_account(PROPOSER_INDEX).address) == 2


def test_somebody_who_resolves_in_the_same_block_was_only_faster(
    caplog: pytest.LogCaptureFixture,
) -> None:
    here = world(NodeConfig(block_time=2))
    rollup = here.rollup
    here.send("l2", to=L2_TO_L1_MESSAGE_PASSER, value=5, gas=200_000)
    rollup.mine_l2()
    for _ in range(2):
        rollup.flush()
        rollup.mine_l1()
        rollup.keep()
    rollup.mine_l1()
    [game] = games(here)
    for _ in range(CLOCK):
        rollup.mine_l2()
    rollup.keep()
    for data in (proposing.RESOLVE_CLAIM, proposing.RESOLVE):
        tx = sign_dynamic_fee(
            ALICE,
            chain_id=900,
            nonce=rollup.pools["l1"].count(ALICE.address),
            gas=500_000,
            to=game.address,
            max_fee=10**11,
            tip=10**10,
            data=data,
        )
        rollup.submit("l1", tx.raw)
    assert len(rollup.pools["l1"]) == 4
    rollup.mine_l1()
    rollup.keep()
    assert disputes(here).status(game.address) == DEFENDER_WINS
    assert not rollup.keeper.busy
    assert not [record for record in caplog.records if record.name == "byline.keeper"]


def test_a_game_that_somebody_else_has_resolved_is_left_alone() -> None:
    here = world(NodeConfig(withdrawals="mainnet"))
    withdraw(here)
    settle(here)
    [game] = games(here)
    # As if the node had slept.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeper.Keeper, "idle", lambda *_: True)
        here.rollup.increase_time(302_400)
        here.rollup.mine_l1()
        for data in (proposing.RESOLVE_CLAIM, proposing.RESOLVE):
            assert succeeded(here, game.address, data)
    resolved_at = disputes(here).resolved_at(game.address)
    here.rollup.increase_time(302_401)
    here.rollup.keep()
    chain = here.rollup.l1.chain
    assert chain.machine(chain.head).nonce(dev_account(PROPOSER_INDEX).address) == 1
    assert here.rollup.l1.head.timestamp > resolved_at + 302_400
    assert here.rollup.keeper.next_time is None


def test_without_the_proposers_key_the_node_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(proposing, "known_account", lambda *_: None)
    here = world()
    for _ in range(3):
        withdraw(here)
        settle(here)
    assert games(here) == []
    [record] = [one for one in caplog.records if one.name == "byline.keeper"]
    assert f"the proposer is 0x{dev_account(PROPOSER_INDEX).address.hex()}" in (record.message)


def test_a_key_that_is_given_must_be_the_proposers(caplog: pytest.LogCaptureFixture) -> None:
    for index, made in ((PROPOSER_INDEX, 1), (CHALLENGER_INDEX, 0)):
        here = world(NodeConfig(proposer_key="0x" + dev_account(index).key.hex()))
        withdraw(here)
        settle(here)
        assert len(games(here)) == made
    [record] = [one for one in caplog.records if one.name == "byline.keeper"]
    assert "whose key is not the one given" in record.message


@pytest.mark.parametrize("key", ["0x12", "zz" * 32, "00" * 32])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(ConfigError, match="proposer_key: want 32 bytes in hex"):
        world(NodeConfig(proposer_key=key))


def test_a_proposer_without_funds_is_said_once_and_the_chain_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    nobody = dev_account(40)
    monkeypatch.setattr(proposing, "known_account", lambda *_: nobody)
    monkeypatch.setattr("byline.node.l1.games.Disputes.proposer", lambda *_: nobody.address)
    monkeypatch.setattr(keeper.Keeper, "_attempt", lambda *_: None)
    here = world()
    withdraw(here)
    settle(here)
    wait(here, 5)
    assert games(here) == []
    [record] = [one for one in caplog.records if one.name == "byline.keeper"]
    assert "is given up: insufficient funds" in record.message


def test_an_l1_without_a_factory_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("byline.node.l1.games.Disputes.factory", lambda _: None)
    here = world()
    withdraw(here)
    settle(here)
    height = here.rollup.l1.head.number
    wait(here, 30)
    assert here.rollup.l1.head.number == height


def as_guardian(here: World, contract: bytes, function: str, argument: bytes) -> None:
    data = keccak256(function.encode())[:4] + argument
    owner = dev_account(OWNER_INDEX)
    here.send("l1", sender=owner, to=contract, data=data, value=0, gas=200_000)


def test_the_bond_that_the_factory_asks_for_is_paid() -> None:
    here = world()
    factory = disputes(here).factory()
    assert factory is not None
    words = (1).to_bytes(32, "big") + (10**17).to_bytes(32, "big")
    as_guardian(here, factory, "setInitBond(uint32,uint256)", words)
    withdraw(here)
    settle(here)
    [game] = games(here)
    assert here.balance("l1", game.address) == 10**17


@pytest.mark.parametrize(
    ("function", "argument"),
    [("blacklistDisputeGame(address)", True), ("updateRetirementTimestamp()", False)],
)
def test_a_game_that_the_guardian_takes_out_is_replaced(function: str, argument: bool) -> None:
    here = world()
    one = withdraw(here)
    settle(here)
    [bad] = games(here)
    word = bytes(12) + bad.address if argument else b""
    as_guardian(here, addresses.ANCHOR_STATE_REGISTRY, function, word)
    here.send("l2")
    settle(here)
    [newest, _] = games(here)
    assert newest.address != bad.address
    assert one.prove()
    ripen(here, one)
    assert one.finalize()


def test_games_about_something_else_than_an_output_root_are_not_made(
    caplog: pytest.LogCaptureFixture,
) -> None:
    here = world()
    word = (5).to_bytes(32, "big")
    registry = addresses.ANCHOR_STATE_REGISTRY
    as_guardian(here, registry, "setRespectedGameType(uint32)", word)
    for _ in range(2):
        withdraw(here)
        settle(here)
    assert games(here) == []
    messages = [record.message for record in caplog.records if record.name == "byline.keeper"]
    assert len(messages) == 1
    assert "type 5" in messages[0]


def test_games_go_to_their_end_when_others_are_respected() -> None:
    here = world()
    withdraw(here)
    settle(here)
    word = (5).to_bytes(32, "big")
    as_guardian(here, addresses.ANCHOR_STATE_REGISTRY, "setRespectedGameType(uint32)", word)
    wait(here, CLOCK + 2)
    [game] = games(here)
    assert disputes(here).status(game.address) == DEFENDER_WINS
