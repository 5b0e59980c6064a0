"""OPEN is an ERC-20 with permits, and its supply is kept."""

from __future__ import annotations

import random

import pytest
from eth_abi.abi import encode
from eth_keys.datatypes import PrivateKey

from byline.derivation.hashing import keccak256
from byline.node.contracts import artifacts
from tests.contracts.harness import CHAIN_ID, Contract, Evm, word
from tests.contracts.l1_stack import START, text

HOLDER = b"\x11" * 20
OTHER = b"\x22" * 20
SPENDER = b"\x33" * 20
KEY = PrivateKey(b"\x0a" * 32)
OWNER = KEY.public_key.to_canonical_address()
SUPPLY = 10**27
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@pytest.fixture
def token() -> Contract:
    evm = Evm()
    artifact = artifacts.load("OpenToken")
    outcome = evm.deploy(artifact.bytecode, sender=HOLDER)
    return Contract(evm, outcome.created, artifact.abi)


def domain(token: Contract, chain_id: int = CHAIN_ID) -> bytes:
    kind = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    return keccak256(
        encode(
            ["bytes32", "bytes32", "bytes32", "uint256", "address"],
            [
                keccak256(kind.encode()),
                keccak256(b"OPEN"),
                keccak256(b"1"),
                chain_id,
                text(token.address),
            ],
        )
    )


def signed(
    token: Contract, value: int, nonce: int, deadline: int, *, chain_id: int = CHAIN_ID
) -> tuple[int, bytes, bytes]:
    kind = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    content = keccak256(
        encode(
            ["bytes32", "address", "address", "uint256", "uint256", "uint256"],
            [keccak256(kind.encode()), text(OWNER), text(SPENDER), value, nonce, deadline],
        )
    )
    digest = keccak256(b"\x19\x01" + domain(token, chain_id) + content)
    signature = KEY.sign_msg_hash(digest)
    return signature.v + 27, word(signature.r), word(signature.s)


def permit(token: Contract, value: int, deadline: int, signature: tuple[int, bytes, bytes]) -> str:
    """Return the error of a permit, or nothing."""
    outcome = token.send("permit", text(OWNER), text(SPENDER), value, deadline, *signature)
    return "" if outcome.success else token.error(outcome)


def test_the_supply_is_the_deployers(token: Contract) -> None:
    assert token.read("totalSupply") == token.read("balanceOf", text(HOLDER)) == SUPPLY
    assert (token.read("name"), token.read("symbol"), token.read("decimals")) == (
        "OPEN",
        "OPEN",
        18,
    )


def test_random_transfers_keep_the_sum(token: Contract) -> None:
    source = random.Random(2)
    people = [bytes([number]) * 20 for number in range(0x11, 0x16)]
    for _ in range(60):
        one, another = source.choice(people), source.choice(people)
        held = token.read("balanceOf", text(one))
        amount = source.choice((0, 1, held // 2, held, held + 1))
        outcome = token.send("transfer", text(another), amount, sender=one)
        assert outcome.success == (amount <= held)
    assert sum(token.read("balanceOf", text(person)) for person in people) == SUPPLY


def test_a_transfer_tells_of_itself(token: Contract) -> None:
    outcome = token.send("transfer", text(OTHER), 5, sender=HOLDER)
    assert token.event(outcome.logs[0]) == {
        "": "Transfer",
        "sender": text(HOLDER),
        "to": text(OTHER),
        "value": 5,
    }
    poor = token.send("transfer", text(HOLDER), 6, sender=OTHER)
    assert token.error(poor) == "ERC20InsufficientBalance"
    burnt = token.send("transfer", text(bytes(20)), 1, sender=HOLDER)
    assert token.error(burnt) == "ERC20InvalidReceiver"


def test_an_approval_is_used_up_unless_it_has_no_limit(token: Contract) -> None:
    call = ("transferFrom", text(HOLDER), text(OTHER))
    assert token.error(token.send(*call, 1, sender=SPENDER)) == "ERC20InsufficientAllowance"
    assert token.send("approve", text(SPENDER), 10, sender=HOLDER).success
    assert token.send(*call, 7, sender=SPENDER).success
    assert token.read("allowance", text(HOLDER), text(SPENDER)) == 3
    assert token.error(token.send(*call, 4, sender=SPENDER)) == "ERC20InsufficientAllowance"
    assert token.send("approve", text(SPENDER), 2**256 - 1, sender=HOLDER).success
    assert token.send(*call, 10**20, sender=SPENDER).success
    assert token.read("allowance", text(HOLDER), text(SPENDER)) == 2**256 - 1
    nobody = token.send("approve", text(bytes(20)), 1, sender=HOLDER)
    assert token.error(nobody) == "ERC20InvalidSpender"


def test_a_permit_approves_once(token: Contract) -> None:
    assert token.read("DOMAIN_SEPARATOR") == domain(token)
    signature = signed(token, 50, 0, START)
    assert permit(token, 50, START, signature) == ""
    assert token.read("allowance", text(OWNER), text(SPENDER)) == 50
    assert token.read("nonces", text(OWNER)) == 1
    assert permit(token, 50, START, signature) == "ERC2612InvalidSigner"


def test_a_permit_for_something_else_is_refused(token: Contract) -> None:
    signature = signed(token, 50, 0, START)
    assert permit(token, 51, START, signature) == "ERC2612InvalidSigner"
    assert permit(token, 50, START + 1, signature) == "ERC2612InvalidSigner"
    assert permit(token, 50, START, signed(token, 50, 1, START)) == "ERC2612InvalidSigner"
    other_chain = signed(token, 50, 0, START, chain_id=1)
    assert permit(token, 50, START, other_chain) == "ERC2612InvalidSigner"
    assert token.read("nonces", text(OWNER)) == 0


def test_a_permit_ends_after_its_deadline(token: Contract) -> None:
    late = signed(token, 50, 0, START - 1)
    assert permit(token, 50, START - 1, late) == "ERC2612ExpiredSignature"


def test_the_twin_of_a_signature_is_refused(token: Contract) -> None:
    v, r, s = signed(token, 50, 0, START)
    twin = (55 - v, r, word(ORDER - int.from_bytes(s, "big")))
    assert permit(token, 50, START, twin) == "ERC2612InvalidSigner"
    assert permit(token, 50, START, (v, r, s)) == ""


def test_no_signature_is_nobodys(token: Contract) -> None:
    outcome = token.send(
        "permit", text(bytes(20)), text(SPENDER), 1, START, 27, bytes(32), bytes(32)
    )
    assert token.error(outcome) == "ERC2612InvalidSigner"


def test_the_domain_is_told(token: Contract) -> None:
    assert token.read("eip712Domain") == (
        b"\x0f",
        "OPEN",
        "1",
        CHAIN_ID,
        text(token.address),
        bytes(32),
        (),
    )
