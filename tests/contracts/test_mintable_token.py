"""Twins of tokens of the L1, and their factory, beside the genuine ones."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest
from eth_abi.abi import encode
from eth_keys.datatypes import PrivateKey

from byline.derivation.hashing import keccak256
from byline.node.contracts import artifacts
from tests.contracts.genuine import genuine_code, predeploy
from tests.contracts.harness import Contract, Evm, Outcome, calldata, word
from tests.contracts.l1_stack import text
from tests.contracts.l2_bridging import (
    ALIAS,
    BRIDGE,
    MESSENGER,
    REMOTE,
    SOMEBODY,
    alike,
    from_l1,
    sides,
    topics,
)

FACTORY = predeploy("OptimismMintableERC20Factory")
BLUEPRINT = b"\xb1" * 20
BLUEPRINT_PREAMBLE = bytes.fromhex("fe7100")
PERMIT2 = bytes.fromhex("000000000022d473030f116ddee9f6b43ac78ba3")
KEY = PrivateKey(b"\x05" * 32)
OWNER = KEY.public_key.to_canonical_address()
PEOPLE = [OWNER, b"\x12" * 20, b"\x13" * 20, PERMIT2]
NEVER_ENDING = 2**256 - 1
CREATE = "createOptimismMintableERC20(address,string,string)"
CREATE_WITH_DECIMALS = "createOptimismMintableERC20WithDecimals(address,string,string,uint8)"
PERMIT = "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"
NOW = 1_700_000_000


@dataclass
class Side:
    """One state, and the twin in it."""

    evm: Evm
    token: bytes

    def send(self, signature: str, *arguments: object, sender: bytes = OWNER) -> Outcome:
        return self.evm.call(self.token, calldata(signature, *arguments), sender=sender)


def with_factories() -> tuple[Evm, Evm]:
    both = sides()
    name = "OptimismMintableERC20Factory"
    both[0].set(FACTORY, code=artifacts.load(name).runtime)
    both[1].set(FACTORY, code=genuine_code(name))
    for evm in both:
        evm.set(FACTORY, storage={0: 1, 1: int.from_bytes(BRIDGE, "big")}, nonce=1)
    token = artifacts.load("OptimismMintableERC20")
    both[0].set(BLUEPRINT, code=BLUEPRINT_PREAMBLE + token.bytecode)
    both[0].set(FACTORY, storage={3: int.from_bytes(BLUEPRINT, "big")})
    return both


@pytest.fixture
def both() -> tuple[Evm, Evm]:
    return with_factories()


def created(
    both: tuple[Evm, Evm], name: str = "A token", symbol: str = "TKN", decimals: int = 6
) -> tuple[Side, Side]:
    call = calldata(CREATE_WITH_DECIMALS, REMOTE, name, symbol, decimals)
    outcomes = [evm.call(FACTORY, call, sender=OWNER) for evm in both]
    assert all(outcome.success for outcome in outcomes), outcomes[0].error
    ours, genuine = (
        Side(evm, outcome.output[12:]) for evm, outcome in zip(both, outcomes, strict=True)
    )
    return ours, genuine


def same(two: tuple[Side, Side], signature: str, *arguments: object, sender: bytes) -> Outcome:
    ours, genuine = (side.send(signature, *arguments, sender=sender) for side in two)
    assert (ours.success, ours.output) == (genuine.success, genuine.output), (signature, ours)
    logs = [[(log.topics, log.data) for log in outcome.logs] for outcome in (ours, genuine)]
    assert logs[0] == logs[1]
    return ours


@pytest.mark.parametrize(
    ("call", "decimals"),
    [
        ("createStandardL2Token(address,string,string)", 18),
        (CREATE, 18),
        (CREATE_WITH_DECIMALS, 6),
    ],
)
def test_a_twin_is_created_as_by_the_genuine_factory(
    both: tuple[Evm, Evm], call: str, decimals: int
) -> None:
    arguments = (REMOTE, "A token", "TKN", *([6] if call == CREATE_WITH_DECIMALS else []))
    results = []
    for evm in both:
        outcome = evm.call(FACTORY, calldata(call, *arguments), sender=OWNER)
        token = outcome.output[12:]
        logs = [
            ([topic.replace(token, b"T" * 20) for topic in log.topics], log.data)
            for log in outcome.logs
            if log.address == FACTORY
        ]
        remote = evm.call(FACTORY, calldata("deployments(address)", text(token))).output
        results.append((outcome.success, len(outcome.logs), logs, remote))
        assert int.from_bytes(Side(evm, token).send("decimals()").output, "big") == decimals
    assert results[0] == results[1]
    assert results[0][3][12:] == bytes.fromhex(REMOTE[2:])


def test_each_combination_is_created_once(both: tuple[Evm, Evm]) -> None:
    tokens = {created(both, *which)[0].token for which in (("a", "b"), ("b", "b"), ("a", "c"))}
    tokens |= {created(both, "a", "b", 7)[0].token}
    assert len(tokens) == 4
    again = calldata(CREATE_WITH_DECIMALS, REMOTE, "a", "b", 7)
    for evm in both:
        assert not evm.call(FACTORY, again, sender=PEOPLE[1]).success


def test_the_factory_answers_and_refuses_like_the_genuine_one(both: tuple[Evm, Evm]) -> None:
    for name in ("bridge", "BRIDGE", "version"):
        assert alike(both, FACTORY, f"{name}()").success
    assert not alike(both, FACTORY, CREATE, text(bytes(20)), "a", "b").success


def test_a_twin_answers_like_the_genuine_one(both: tuple[Evm, Evm]) -> None:
    two = created(both, "A name of more than thirty-two bytes, and umlauts: äöü", "T" * 128)
    names = (
        "name symbol decimals totalSupply bridge BRIDGE l2Bridge remoteToken REMOTE_TOKEN l1Token "
        "PERMIT2 version"
    )
    for name in names.split():
        assert same(two, f"{name}()", sender=OWNER).success, name
    interfaces = ("01ffc9a7", "1d1d8b63", "ec4fc8e3", "ffffffff", "36372b07", "00000000")
    for interface in interfaces:
        call = "supportsInterface(bytes4)"
        assert same(two, call, bytes.fromhex(interface), sender=OWNER).success


def random_call(source: random.Random) -> tuple[bytes, str, tuple[object, ...]]:
    who, other = (text(source.choice([*PEOPLE, bytes(20)])) for _ in range(2))
    amount = source.choice((0, 1, 5, 50, NEVER_ENDING))
    calls: list[tuple[str, tuple[object, ...]]] = [
        ("mint(address,uint256)", (who, source.choice((1, 100, amount)))),
        ("burn(address,uint256)", (who, amount)),
        ("transfer(address,uint256)", (who, amount)),
        ("transferFrom(address,address,uint256)", (who, other, amount)),
        ("approve(address,uint256)", (who, amount)),
        ("increaseAllowance(address,uint256)", (who, source.choice((0, 7)))),
        ("decreaseAllowance(address,uint256)", (who, amount)),
    ]
    call, arguments = source.choice(calls)
    senders = [BRIDGE, BRIDGE, OWNER] if call[0:4] in ("mint", "burn") else PEOPLE
    return source.choice(senders), call, arguments


@pytest.mark.parametrize("seed", range(3))
def test_random_histories_end_as_with_the_genuine_twin(both: tuple[Evm, Evm], seed: int) -> None:
    two = created(both)
    source = random.Random(seed)
    successes = 0
    for _ in range(150):
        sender, call, arguments = random_call(source)
        ours, genuine = (side.send(call, *arguments, sender=sender) for side in two)
        assert ours.success == genuine.success, (call, arguments, ours, genuine)
        assert [(log.topics, log.data) for log in ours.logs] == [
            (log.topics, log.data) for log in genuine.logs
        ]
        # What overflows panics there and reverts without data here.
        if genuine.output[:4] != bytes.fromhex("4e487b71"):
            assert ours.output == genuine.output, (call, arguments)
        successes += ours.success
    assert successes > 30
    for who in PEOPLE:
        same(two, "balanceOf(address)", text(who), sender=OWNER)
        for other in PEOPLE:
            same(two, "allowance(address,address)", text(who), text(other), sender=OWNER)
    same(two, "totalSupply()", sender=OWNER)


def test_only_the_bridge_mints_and_burns(both: tuple[Evm, Evm]) -> None:
    two = created(both)
    for call in ("mint(address,uint256)", "burn(address,uint256)"):
        assert not same(two, call, text(OWNER), 1, sender=OWNER).success
        assert same(two, call, text(OWNER), 1, sender=BRIDGE).success


def signed(side: Side, value: int, nonce: int, deadline: int) -> tuple[int, bytes, bytes]:
    permit_type = keccak256(
        b"Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    )
    kinds = ["bytes32", "address", "address", "uint256", "uint256", "uint256"]
    fields = (permit_type, text(OWNER), SOMEBODY, value, nonce, deadline)
    domain = side.send("DOMAIN_SEPARATOR()").output
    digest = keccak256(b"\x19\x01" + domain + keccak256(encode(kinds, fields)))
    signature = KEY.sign_msg_hash(digest)
    return signature.v + 27, word(signature.r), word(signature.s)


def test_the_domain_is_that_of_the_token(both: tuple[Evm, Evm]) -> None:
    domain_type = keccak256(
        b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    )
    for side in created(both, "A token"):
        kinds = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
        fields = (domain_type, keccak256(b"A token"), keccak256(b"1"), 901, text(side.token))
        assert side.send("DOMAIN_SEPARATOR()").output == keccak256(encode(kinds, fields))


def test_permits_are_taken_and_refused_as_by_the_genuine_twin(both: tuple[Evm, Evm]) -> None:
    two = created(both)
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    results = []
    for side in two:
        v, r, s = signed(side, 50, 0, NOW)
        other_s = word(order - int.from_bytes(s, "big"))
        outcomes = [
            side.send(PERMIT, text(OWNER), SOMEBODY, *rest)
            for rest in (
                (50, NOW - 1, v, r, s),
                (51, NOW, v, r, s),
                (50, NOW, 55 - v, r, other_s),
                (50, NOW, 29, r, s),
                (50, NOW, v, word(0), s),
                (50, NOW, v, r, s),
                (50, NOW, v, r, s),
            )
        ]
        results.append([(outcome.success, outcome.output) for outcome in outcomes])
        assert int.from_bytes(side.send("nonces(address)", text(OWNER)).output, "big") == 1
    assert results[0] == results[1]
    assert [success for success, _ in results[0]] == [False] * 5 + [True, False]
    allowed = same(two, "allowance(address,address)", text(OWNER), SOMEBODY, sender=OWNER)
    assert int.from_bytes(allowed.output, "big") == 50


def test_a_twin_goes_to_the_l1_and_comes_back_through_the_bridge(both: tuple[Evm, Evm]) -> None:
    two = created(both)
    back = "finalizeBridgeERC20(address,address,address,address,uint256,bytes)"
    there = "bridgeERC20(address,address,uint256,uint32,bytes)"
    for side in two:
        inner = calldata(back, text(side.token), REMOTE, text(OWNER), text(OWNER), 120, b"")
        outcome = side.evm.call(MESSENGER, from_l1(BRIDGE, inner), sender=ALIAS)
        assert topics(outcome)[-1] == keccak256(b"RelayedMessage(bytes32)")
        assert int.from_bytes(side.send("totalSupply()").output, "big") == 120
        call = calldata(there, text(side.token), REMOTE, 100, 200_000, b"")
        assert side.evm.call(BRIDGE, call, sender=OWNER).success
        older = calldata("withdraw(address,uint256,uint32,bytes)", text(side.token), 5, 0, b"")
        assert side.evm.call(BRIDGE, older, sender=OWNER).success
        assert int.from_bytes(side.send("totalSupply()").output, "big") == 15
    balances = [side.send("balanceOf(address)", text(OWNER)).output for side in two]
    assert balances[0] == balances[1] == word(15)


def test_names_and_symbols_of_up_to_128_bytes_are_taken(both: tuple[Evm, Evm]) -> None:
    factory = Contract(both[0], FACTORY, artifacts.load("OptimismMintableERC20Factory").abi)
    create = "createOptimismMintableERC20"
    assert factory.send(create, REMOTE, "n" * 128, "s" * 128).success
    assert not factory.send(create, REMOTE, "n" * 129, "s").success
