"""PayoutVault: claims by proof, for others by permit, in time; and recipients that misbehave."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from tests.contracts.attribution_family import LEDGER, PEOPLE, refused
from tests.contracts.harness import CHAIN_ID, Outcome
from tests.contracts.vault_world import (
    CREDIT,
    PUSH,
    ROOT,
    SWEPT,
    VAULT,
    WINDOW,
    Backend,
    Entries,
    World,
    packed,
    world,
)

OWNER, ALICE, BOB, CAROL, DAVE, SPONSOR = PEOPLE
KEY = Account.from_key(b"\x42" * 32)
SIGNER = bytes.fromhex(KEY.address[2:])
LIST: Entries = tuple(sorted([(SIGNER, 5), (ALICE, 1), (BOB, 3)]))
POT = 850_000
REFUSES = bytes.fromhex("5f5ffd")  # revert(0, 0)


@pytest.fixture(params=list(Backend), ids=lambda backend: backend.value)
def w(request: pytest.FixtureRequest) -> World:
    return world(request.param)


def rooted(world: World, entries: Entries = LIST) -> int:
    """Return a batch in root mode that is settled."""
    model = world.model(OWNER, mode=ROOT)
    batch = world.deposit(model, entries, 10**6)
    assert world.settle(batch, entries).success
    return batch


def leaf(world: World, batch: int, who: bytes) -> tuple[int, int, int, bytes]:
    """Return what `who` brings to claim its part: batch, index, amount, proof."""
    pot = world.pot(batch)
    shares = world.shares(LIST, pot)
    index = next(at for at, (one, _) in enumerate(shares) if one == who)
    return batch, index, shares[index][1], world.claims(LIST, pot).proof(index)


def received(world: World, who: bytes) -> int:
    return world.evm.balance(who) - (2**200 if who in PEOPLE else 0)


def test_a_claim_is_paid_once_and_told(w: World) -> None:
    batch = rooted(w)
    _, index, amount, proof = leaf(w, batch, BOB)
    outcome = w.vault.send("claim", batch, index, amount, proof, sender=BOB)
    assert [w.vault.event(log) for log in outcome.logs] == [
        {
            "": "Claimed",
            "batchId": batch,
            "who": "0x" + BOB.hex(),
            "index": index,
            "amount": amount,
        }
    ]
    again = w.vault.send("claim", batch, index, amount, proof, sender=BOB)
    refused(w.vault, again, "AlreadyClaimed(uint256,uint256)", batch, index)
    assert received(w, BOB) == amount
    assert w.vault.read("progress", batch)[2] == POT - amount


def test_a_claim_that_the_root_does_not_hold_is_refused(w: World) -> None:
    batch = rooted(w)
    _, index, amount, proof = leaf(w, batch, BOB)
    _, other, hers, her_proof = leaf(w, batch, ALICE)
    wrong: dict[str, tuple[bytes, int, int, bytes]] = {
        "another's": (BOB, other, hers, her_proof),
        "more": (BOB, index, amount + 1, proof),
        "less": (BOB, index, amount - 1, proof),
        "another index": (BOB, other, amount, proof),
        "an index far out": (BOB, 2**32 - 1, amount, proof),
        "another proof": (BOB, index, amount, her_proof),
        "no proof": (BOB, index, amount, b""),
        "a longer proof": (BOB, index, amount, proof + bytes(48)),
        "for another": (ALICE, index, amount, proof),
    }
    for name, (who, at, claimed, by) in wrong.items():
        outcome = w.vault.send("claim", batch, at, claimed, by, sender=who)
        refused(w.vault, outcome, "WrongProof(uint256,uint256)", batch, at)
        assert received(w, who) == 0, name


def test_only_settled_batches_in_root_mode_can_be_claimed_from(w: World) -> None:
    credit = w.deposit(w.model(OWNER, mode=CREDIT), LIST, 10**6)
    assert w.settle(credit, LIST).success
    waiting = w.deposit(w.model(OWNER, mode=ROOT), LIST, 10**6)
    for batch in (credit, waiting, 99):
        outcome = w.vault.send("claim", batch, 0, 1, b"", sender=BOB)
        refused(w.vault, outcome, "NotClaimable(uint256)", batch)


def test_many_claims_are_paid_at_once(w: World) -> None:
    batches = [rooted(w) for _ in range(3)]
    leaves = [leaf(w, batch, BOB) for batch in batches]
    outcome = w.vault.send("claimMany", leaves, sender=BOB)
    total = sum(amount for _, _, amount, _ in leaves)
    assert int.from_bytes(outcome.output, "big") == received(w, BOB) == total
    twice = w.vault.send("claimMany", [leaf(w, batches[0], ALICE)] * 2, sender=ALICE)
    assert w.vault.error(twice) == "AlreadyClaimed"
    assert received(w, ALICE) == 0
    assert not w.vault.send("claimMany", leaves * 6, sender=BOB).success, "more than 16"


def permit(
    world: World,
    leaves: list[tuple[int, int, int, bytes]],
    *,
    max_fee: int = 10**5,
    nonce: int = 0,
    deadline: int = 2**255,
    key: Any = KEY,
    chain: int = CHAIN_ID,
    contract: bytes = VAULT,
    who: bytes = SIGNER,
) -> bytes:
    """Return the signature of a permit, made by a wallet's own EIP-712."""
    chained = bytes(32)
    for batch, index, amount, _ in leaves:
        encoded = batch.to_bytes(8, "big") + index.to_bytes(4, "big") + amount.to_bytes(16, "big")
        chained = keccak(chained + encoded)
    message = encode_typed_data(
        {
            "name": "Byline Payout Vault",
            "version": "1",
            "chainId": chain,
            "verifyingContract": "0x" + contract.hex(),
        },
        {
            "ClaimPermit": [
                {"name": "who", "type": "address"},
                {"name": "leavesHash", "type": "bytes32"},
                {"name": "maxFee", "type": "uint256"},
                {"name": "nonce", "type": "uint256"},
                {"name": "deadline", "type": "uint256"},
            ]
        },
        {
            "who": "0x" + who.hex(),
            "leavesHash": chained,
            "maxFee": max_fee,
            "nonce": nonce,
            "deadline": deadline,
        },
    )
    return bytes(key.sign_message(message).signature)


def sponsored(
    world: World,
    leaves: list[tuple[int, int, int, bytes]],
    signature: bytes,
    *,
    max_fee: int = 10**5,
    deadline: int = 2**255,
    price: int = 1,
) -> Outcome:
    data = world.vault.data("claimFor", SIGNER, leaves, max_fee, deadline, signature)
    return world.call_at_price(data, SPONSOR, price)


def test_a_sponsor_is_paid_for_its_gas_out_of_the_claim(w: World) -> None:
    batch = rooted(w)
    leaves = [leaf(w, batch, SIGNER)]
    amount = leaves[0][2]
    signature = permit(w, leaves, max_fee=10**6)
    outcome = sponsored(w, leaves, signature, max_fee=10**6)
    assert outcome.success
    event = w.vault.event(outcome.logs[-1])
    assert event[""] == "Sponsored"
    fee = event["fee"]
    data = w.vault.data("claimFor", SIGNER, leaves, 10**6, 2**255, signature)
    # As a transaction; the account that is paid is a new one, which costs 25,000 more.
    cost = outcome.gas_used + 21_000 + 16 * len(data)
    assert cost - 36_000 < fee < cost
    assert received(w, SIGNER) == amount - fee
    assert received(w, SPONSOR) == fee
    assert w.vault.read("nonces", SIGNER) == 1


def test_a_sponsor_gets_no_more_than_was_signed_nor_than_is_claimed(w: World) -> None:
    first, second = rooted(w), rooted(w)
    leaves = [leaf(w, first, SIGNER)]
    signature = permit(w, leaves, max_fee=123)
    assert sponsored(w, leaves, signature, max_fee=123, price=1000).success
    assert received(w, SPONSOR) == 123
    leaves = [leaf(w, second, SIGNER)]
    signature = permit(w, leaves, max_fee=10**18, nonce=1)
    assert sponsored(w, leaves, signature, max_fee=10**18, price=10**9).success
    assert received(w, SPONSOR) == 123 + leaves[0][2]


def test_a_permit_is_refused_unless_every_word_of_it_was_signed(w: World) -> None:
    batch, other = rooted(w), rooted(w)
    leaves = [leaf(w, batch, SIGNER)]
    stranger = Account.from_key(b"\x43" * 32)
    wrong: dict[str, dict[str, Any]] = {
        "max fee": {"max_fee": 10**5 + 1},
        "nonce": {"nonce": 1},
        "deadline": {"deadline": 2**255 - 1},
        "chain": {"chain": CHAIN_ID + 1},
        "contract": {"contract": ALICE},
        "who": {"who": ALICE},
    }
    for name, changed in wrong.items():
        outcome = sponsored(w, leaves, permit(w, leaves, **changed))
        assert w.vault.error(outcome) == "WrongSigner", name
    by_another = sponsored(w, leaves, permit(w, leaves, key=stranger))
    them = bytes.fromhex(stranger.address[2:])
    refused(w.vault, by_another, "WrongSigner(address,address)", them, SIGNER)
    for_another = sponsored(w, [leaf(w, other, SIGNER)], permit(w, leaves))
    assert w.vault.error(for_another) == "WrongSigner"
    assert received(w, SIGNER) == received(w, SPONSOR) == 0
    assert w.vault.read("nonces", SIGNER) == 0


def test_a_permit_has_one_signature_one_use_and_an_end(w: World) -> None:
    batch = rooted(w)
    leaves = [leaf(w, batch, SIGNER)]
    good = permit(w, leaves)
    r, s, v = good[:32], int.from_bytes(good[32:64], "big"), good[64]
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    mirrored = r + (order - s).to_bytes(32, "big") + bytes([55 - v])
    for signature in (mirrored, good[:64] + b"\0", good[:64] + b"\x1d", good[:64], b"", bytes(65)):
        outcome = sponsored(w, leaves, signature)
        refused(w.vault, outcome, "BadSignature()")
    for signature in (good + b"\0", bytes(96) + good, good * 15):
        # What accounts that are contracts sign is longer.
        refused(w.vault, sponsored(w, leaves, signature), "BadSignature()")
    unknown = bytes(31) + b"\x05" + good[32:]
    assert w.vault.error(sponsored(w, leaves, unknown)) in ("BadSignature", "WrongSigner")
    late = permit(w, leaves, deadline=w.now - 1)
    outcome = sponsored(w, leaves, late, deadline=w.now - 1)
    refused(w.vault, outcome, "PermitExpired(uint256)", w.now - 1)
    assert sponsored(w, leaves, good).success
    assert w.vault.error(sponsored(w, leaves, good)) == "WrongSigner", "its nonce is used up"
    paid = received(w, SIGNER) + received(w, SPONSOR)
    assert paid == leaves[0][2]


def test_the_domain_is_as_eip_712_has_it(w: World) -> None:
    fields = b"".join(
        [
            keccak(
                text="EIP712Domain(string name,string version,"
                "uint256 chainId,address verifyingContract)"
            ),
            keccak(text="Byline Payout Vault"),
            keccak(text="1"),
            CHAIN_ID.to_bytes(32, "big"),
            VAULT.rjust(32, b"\0"),
        ]
    )
    assert w.vault.read("DOMAIN_SEPARATOR") == keccak(fields)


def test_what_is_not_claimed_in_time_becomes_a_carry(w: World) -> None:
    batch = rooted(w)
    model = w.vault.read("settlement", batch)[0]
    _, index, amount, proof = leaf(w, batch, BOB)
    assert w.vault.send("claim", batch, index, amount, proof, sender=BOB).success
    expires = w.now + WINDOW
    w.later(WINDOW)
    refused(w.vault, w.vault.send("sweepExpired", batch), "NotExpired(uint256)", expires)
    w.later(1)
    outcome = w.vault.send("sweepExpired", batch)
    assert w.vault.event(outcome.logs[0])["amount"] == POT - amount
    assert w.vault.read("carryOf", model) == POT - amount
    assert w.status(batch) == SWEPT
    assert w.vault.read("settled", batch)
    _, index, amount, proof = leaf(w, batch, ALICE)
    late = w.vault.send("claim", batch, index, amount, proof, sender=ALICE)
    refused(w.vault, late, "NotClaimable(uint256)", batch)
    refused(w.vault, w.vault.send("sweepExpired", batch), "NotClaimable(uint256)", batch)


def test_a_penalty_is_kept_from_a_claim(w: World) -> None:
    batch = rooted(w)
    model = w.vault.read("settlement", batch)[0]
    assert w.family.bond.send("slash", BOB, 0, LEDGER, 200, sender=LEDGER).success
    _, index, amount, proof = leaf(w, batch, BOB)
    assert w.vault.send("claim", batch, index, amount, proof, sender=BOB).success
    assert received(w, BOB) == amount * 3 // 4
    assert w.vault.read("carryOf", model) == amount - amount * 3 // 4


def test_who_refuses_ether_keeps_its_claim_and_its_credit(w: World) -> None:
    w.evm.set(BOB, code=REFUSES)
    batch = rooted(w)
    _, index, amount, proof = leaf(w, batch, BOB)
    claim = w.vault.send("claim", batch, index, amount, proof, sender=BOB)
    refused(w.vault, claim, "ClaimFailed()")
    assert not w.vault.read("claimed", batch, index)
    credit = w.deposit(w.model(OWNER, mode=CREDIT), LIST, 10**6)
    assert w.settle(credit, LIST).success
    refused(w.vault, w.vault.send("withdraw", sender=BOB), "ClaimFailed()")
    assert w.vault.read("creditOf", BOB) == amount


def calling_back(data: bytes) -> bytes:
    """Return code that calls its payer with `data`, and logs success and the error's selector."""
    size = len(data).to_bytes(2, "big").hex()
    copy = f"61{size}601b5f39"  # codecopy(0, 27, size)
    call = f"5f5f61{size}5f5f335af1"  # call(gas, caller, 0, 0, size, 0, 0)
    tell = "60045f5f3e60045fa100"  # returndatacopy(0, 0, 4); log1(0, 4, success); stop
    code = bytes.fromhex(copy + call + tell)
    assert len(code) == 27
    return code + data


def told_back(outcome: Outcome, who: bytes, signature: str) -> None:
    """Assert that the call back was made once, and refused with this error."""
    assert outcome.success
    (log,) = [log for log in outcome.logs if log.address == who]
    assert log.topics == (bytes(32),)
    assert log.data == keccak(text=signature)[:4]


def test_who_claims_again_while_it_is_paid_gets_nothing_more(w: World) -> None:
    batch = rooted(w)
    _, index, amount, proof = leaf(w, batch, BOB)
    again = w.vault.data("claim", batch, index, amount, proof)
    w.evm.set(BOB, code=calling_back(again))
    outcome = w.vault.send("claim", batch, index, amount, proof, sender=BOB)
    told_back(outcome, BOB, "AlreadyClaimed(uint256,uint256)")
    assert received(w, BOB) == amount
    credit = w.deposit(w.model(OWNER, mode=CREDIT), LIST, 10**6)
    assert w.settle(credit, LIST).success
    w.evm.set(BOB, code=calling_back(w.vault.data("withdraw")))
    told_back(w.vault.send("withdraw", sender=BOB), BOB, "NothingToClaim()")
    assert received(w, BOB) == 2 * amount
    assert w.balance() == 2 * 150_000 + 2 * POT - 2 * amount


def test_who_settles_again_while_it_is_pushed_its_part_is_not_paid_twice(w: World) -> None:
    batch = w.deposit(w.model(OWNER, mode=PUSH), LIST, 10**6)
    w.evm.set(BOB, code=calling_back(w.vault.data("settle", batch, packed(LIST))))
    told_back(w.settle(batch, LIST), BOB, "NotWaiting(uint256,uint256)")
    shares = dict(w.shares(LIST, POT))
    assert received(w, BOB) == shares[BOB]
    assert received(w, ALICE) == shares[ALICE]
    assert w.balance() == 150_000


def test_who_burns_all_gas_it_is_pushed_with_is_credited(w: World) -> None:
    w.evm.set(BOB, code=bytes.fromhex("5b5f56"))  # an endless loop
    batch = w.deposit(w.model(OWNER, mode=PUSH), LIST, 10**6)
    assert w.settle(batch, LIST).success
    assert w.vault.read("creditOf", BOB) == dict(w.shares(LIST, POT))[BOB]
