"""Dispute games are created once a claim, and listed."""

from __future__ import annotations

import pytest

from byline.derivation.hashing import keccak256
from byline.node.contracts.assembler import INSTRUCTIONS
from tests.contracts.bridging import places
from tests.contracts.genuine import genuine_l1
from tests.contracts.harness import Contract, Outcome, calldata, word
from tests.contracts.l1_stack import (
    CHALLENGER,
    GAME,
    GAME_TYPE,
    GUARDIAN,
    NOBODY,
    OWNER,
    PROPOSER,
    Stack,
    l1_stack,
    plan,
    text,
)
from tests.vectors_folder import load

ROOT = b"\x33" * 32


@pytest.fixture
def stack() -> Stack:
    return l1_stack()


def error(contract: Contract, outcome: Outcome) -> str:
    assert not outcome.success
    return contract.error(outcome)


def test_a_game_knows_what_it_is_about(stack: Stack) -> None:
    outcome = stack.create(ROOT, 100)
    game = stack.game(outcome.output[12:])
    assert stack.factory.event(outcome.logs[0]) == {
        "": "DisputeGameCreated",
        "disputeProxy": text(game.address),
        "gameType": GAME_TYPE,
        "rootClaim": ROOT,
    }
    answers = {
        "gameCreator": text(PROPOSER),
        "rootClaim": ROOT,
        "gameType": GAME_TYPE,
        "extraData": word(100),
        "gameData": (GAME_TYPE, ROOT, word(100)),
        "l2BlockNumber": 100,
        "l2SequenceNumber": 100,
        "l2ChainId": 901,
        "anchorStateRegistry": text(stack.registry.address),
        "maxClockDuration": 10,
        "proposer": text(PROPOSER),
        "challenger": text(CHALLENGER),
        "createdAt": stack.timestamp,
        "resolvedAt": 0,
        "status": 0,
        "wasRespectedGameTypeWhenCreated": True,
        "startingBlockNumber": 0,
        "startingRootHash": b"\xdd" * 32,
        "startingOutputRoot": (b"\xdd" * 32, 0),
    }
    assert {name: game.read(name) for name in answers} == answers
    parent = stack.evm.state.get_ancestor_hash(stack.number - 1)
    assert game.read("l1Head") == parent


def test_the_factory_lists_its_games(stack: Stack) -> None:
    games = []
    for number in range(1, 8):
        games.append(stack.propose(keccak256(word(number)), number))
        stack.wait(2)
    assert stack.factory.read("gameCount") == 7
    kind, timestamp, address = stack.factory.read("gameAtIndex", 3)
    assert (kind, address) == (GAME_TYPE, text(games[3].address))
    assert timestamp == games[3].read("createdAt")
    assert stack.factory.read("games", GAME_TYPE, keccak256(word(4)), word(4)) == (
        address,
        timestamp,
    )
    assert stack.factory.read("games", GAME_TYPE, keccak256(word(4)), word(5)) == (
        text(NOBODY),
        0,
    )
    assert not stack.factory.send("gameAtIndex", 7).success


def test_the_latest_games_of_a_type_are_found_from_an_index_down(stack: Stack) -> None:
    code = stack.evm.code(GAME)
    other_type = 5
    arguments = stack.factory.read("gameArgs", GAME_TYPE)
    stack.evm.set(b"\x6b" * 20, code=code)
    call = ("setImplementation", other_type, text(b"\x6b" * 20), arguments)
    assert stack.factory.send(*call, sender=OWNER).success
    for number in range(1, 10):
        kind = other_type if number % 3 == 0 else GAME_TYPE
        outcome = stack.factory.send("create", kind, word(number), word(number), sender=PROPOSER)
        assert outcome.success

    def found(kind: int, start: int, count: int) -> list[int]:
        games = stack.factory.read("findLatestGames", kind, start, count)
        for index, metadata, timestamp, root, extra in games:
            _, created, address = stack.factory.read("gameAtIndex", index)
            identity = kind << 224 | created << 160 | int(address, 16)
            assert metadata == word(identity)
            assert (timestamp, root, extra) == (created, word(index + 1), word(index + 1))
        return [game[0] for game in games]

    assert found(other_type, 8, 10) == [8, 5, 2]
    assert found(other_type, 7, 1) == [5]
    assert found(GAME_TYPE, 8, 3) == [7, 6, 4]
    assert found(GAME_TYPE, 0, 3) == [0]
    assert found(9, 8, 3) == []
    assert found(GAME_TYPE, 9, 3) == []
    assert found(GAME_TYPE, 8, 0) == []


def test_one_claim_makes_one_game(stack: Stack) -> None:
    stack.propose(ROOT, 100)
    refused = stack.create(ROOT, 100)
    assert error(stack.factory, refused) == "GameAlreadyExists"
    uuid = stack.factory.read("getGameUUID", GAME_TYPE, ROOT, word(100))
    assert refused.output[4:] == uuid
    assert stack.create(ROOT, 101).success


def test_a_type_without_implementation_makes_none(stack: Stack) -> None:
    refused = stack.factory.send("create", 3, ROOT, word(1), sender=PROPOSER)
    assert error(stack.factory, refused) == "NoImplementation"


def test_the_bond_is_asked_to_the_wei() -> None:
    stack = l1_stack(plan(bond=100))
    for value in (0, 99, 101):
        refused = stack.factory.send(
            "create", GAME_TYPE, ROOT, word(1), sender=PROPOSER, value=value
        )
        assert error(stack.factory, refused) == "IncorrectBondAmount"
    game = stack.propose(ROOT, 1)
    assert stack.evm.balance(game.address) == 100


def test_only_the_owner_changes_the_factory(stack: Stack) -> None:
    calls: tuple[tuple[object, ...], ...] = (
        ("setImplementation", 1, text(GAME), b""),
        ("setInitBond", 1, 5),
        ("transferOwnership", text(GUARDIAN)),
    )
    for name, *arguments in calls:
        refused = stack.factory.send(str(name), *arguments, sender=PROPOSER)
        assert error(stack.factory, refused) == "Ownable: caller is not the owner"
    assert stack.factory.send("transferOwnership", text(GUARDIAN), sender=OWNER).success
    assert not stack.factory.send("setInitBond", 1, 5, sender=OWNER).success
    assert stack.factory.send("setInitBond", 1, 5, sender=GUARDIAN).success
    assert stack.factory.read("initBonds", 1) == 5


def test_the_factory_answers_like_the_genuine_one() -> None:
    people = load("devnet-901/info.json")["addresses"]
    proposer = bytes.fromhex(people["Proposer"][2:])
    genuine = genuine_l1()
    factory = places()["DisputeGameFactory"]
    owner = genuine.call(factory, calldata("owner()")).output[12:]
    stack = l1_stack(plan(proposer=proposer, owner=owner), places())
    sides = (stack.evm, genuine)
    for evm in sides:
        evm.at(9, 1_800_000_000)
    calls = [
        calldata("create(uint32,bytes32,bytes)", kind, word(number), word(number))
        for number in range(1, 6)
        for kind in (1, 0)
    ]
    calls += [calldata("gameCount()"), calldata("owner()"), calls[0]]
    calls += [
        calldata("getGameUUID(uint32,bytes32,bytes)", 7, ROOT, b"\x01" * size)
        for size in (0, 1, 32, 128)
    ]
    for call in calls:
        ours, expected = (evm.call(factory, call, sender=proposer) for evm in sides)
        assert ours.success == expected.success, call.hex()
        # Games have other addresses, as the factories' nonces differ.
        if len(ours.output) != 32 or call[:4] != calls[0][:4]:
            assert ours.output == expected.output, call.hex()
    theirs = Contract(genuine, factory, stack.factory.abi)
    listed = [side.read("findLatestGames", 1, 4, 3) for side in (stack.factory, theirs)]
    assert [game[3:] for game in listed[0]] == [game[3:] for game in listed[1]]
    assert [game[0] for game in listed[0]] == [game[0] for game in listed[1]] == [4, 3, 2]


def disassembled(code: bytes) -> str:
    names = {number: name for name, number in INSTRUCTIONS.items()}
    words = []
    at = 0
    while at < len(code):
        width = code[at] - 0x5F if 0x60 <= code[at] <= 0x7F else 0
        words.append(f"PUSH{width}" if width else names[code[at]])
        if width:
            words.append(str(int.from_bytes(code[at + 1 : at + 1 + width], "big")))
        at += 1 + width
    return " ".join(words)


def test_the_code_of_a_game_is_what_the_factory_says(stack: Stack) -> None:
    game = stack.propose(ROOT, 100)
    code = stack.evm.code(game.address)
    assert disassembled(code[:63]) == (
        "CALLDATASIZE PUSH1 5 JUMPI STOP JUMPDEST "
        "CALLDATASIZE PUSH0 PUSH0 CALLDATACOPY "
        "PUSH2 222 PUSH2 63 CALLDATASIZE CODECOPY "
        f"PUSH0 PUSH0 PUSH2 222 CALLDATASIZE ADD PUSH0 PUSH20 {int.from_bytes(GAME, 'big')} "
        "GAS DELEGATECALL RETURNDATASIZE PUSH0 PUSH0 RETURNDATACOPY "
        "PUSH1 59 JUMPI RETURNDATASIZE PUSH0 REVERT JUMPDEST RETURNDATASIZE PUSH0 RETURN"
    )
    assert len(code) == 63 + 222
    assert code[-2:] == (222).to_bytes(2, "big")


def test_a_game_keeps_plain_value_and_passes_on_errors(stack: Stack) -> None:
    game = stack.propose(ROOT, 100)
    assert stack.evm.call(game.address, value=3).success
    assert stack.evm.balance(game.address) == 3
    assert error(game, game.send("resolve")) == "OutOfOrderResolution"
    assert not stack.evm.call(game.address, b"\x01\x02\x03\x04").success
