"""Which opcodes and native functions each fork has, and at what price."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from byline.derivation.config import Fork
from byline.node.evm.machine import OpcodeSet
from byline.node.evm.natives.p256verify import FIELD as P256_FIELD
from byline.node.evm.precompiles import (
    ETHEREUM_OSAKA,
    ETHEREUM_PRAGUE,
    KARST_LIMITS,
    LIMITS,
)
from tests.unit.node.evm.evm_kit import CODE_AT, GAS, call, l2_machine, machine, run

pytestmark = pytest.mark.usefixtures("each_engine")

P256 = (0x100).to_bytes(20, "big")
PAIRING = (8).to_bytes(20, "big")
ONE = (1).to_bytes(32, "big")
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P256_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B

# PUSH32 word, CLZ, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN
CLZ_OF = "7f{}1e5f5260205ff3"


def clz(word: int) -> bytes:
    return bytes.fromhex(CLZ_OF.format(word.to_bytes(32, "big").hex()))


@pytest.mark.parametrize(
    ("word", "zeroes"),
    [(0, 256), (1, 255), (2**255, 0), (2**256 - 1, 0), (2**254, 1), (2**255 - 1, 1), (0xFF, 248)],
)
def test_clz_counts_the_zero_bits_in_front(word: int, zeroes: int) -> None:
    outcome = run(l2_machine(Fork.KARST), clz(word))
    assert int.from_bytes(outcome.output, "big") == zeroes


def test_clz_costs_five_gas() -> None:
    # PUSH0 (2), CLZ (5), STOP
    outcome = run(l2_machine(Fork.KARST), bytes.fromhex("5f1e00"))
    assert GAS - outcome.gas_left == 7


def test_clz_of_an_empty_stack_fails() -> None:
    assert run(l2_machine(Fork.KARST), b"\x1e").error == "stack underflow"


@pytest.mark.parametrize("fork", [Fork.HOLOCENE, Fork.ISTHMUS, Fork.JOVIAN])
def test_before_karst_clz_is_no_opcode(fork: Fork) -> None:
    outcome = run(l2_machine(fork), clz(1))
    assert (outcome.succeeded, outcome.gas_left) == (False, 0)


def delegated(fork: Fork) -> bytes:
    """Return what a CALL to an account that delegates to code returning 1 gives back."""
    on = l2_machine(fork)
    target, code = b"\x33" * 20, b"\x44" * 20
    on.set_code(code, bytes.fromhex("60015f5260205ff3"))
    on.set_code(target, bytes.fromhex("ef0100") + code)
    # CALL(gas, target, 0, 0, 0, 0, 32), then return memory 0..32
    caller = bytes.fromhex("60205f5f5f5f73" + target.hex() + "5af15060205ff3")
    return run(on, caller).output


def test_calls_follow_delegations_from_isthmus_on() -> None:
    assert delegated(Fork.HOLOCENE) == bytes(32)
    assert {delegated(fork) for fork in Fork if fork >= Fork.ISTHMUS} == {ONE}


def signed() -> tuple[bytes, int, int, int, int]:
    """Return a digest, r, s, x and y of a signature that holds."""
    digest = bytes(range(32))
    key = ec.derive_private_key(0xB11E, ec.SECP256R1())
    signature = key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    public = key.public_key().public_numbers()
    return digest, *decode_dss_signature(signature), public.x, public.y


def p256_input(digest: bytes, *numbers: int) -> bytes:
    return digest + b"".join(number.to_bytes(32, "big") for number in numbers)


KNOWN_P256 = bytes.fromhex(
    "4cee90eb86eaa050036147a12d49004b6b9c72bd725d39d4785011fe190f0b4d"
    "a73bd4903f0ce3b639bbbf6e8e80d16931ff4bcf5993d58468e8fb19086e8cac"
    "36dbcd03009df8c59286b162af3bd7fcc0450c9aa81be5d10d312af6c66b1d60"
    "4aebd3099c618202fcfe16ae7770b0c49ab5eadf74b754204a3bb6060e44eff3"
    "7618b065f9832de4ca6ca971a7a1adc826d0f7c00181a5fb2ddf79ae00b4e10e"
)


def test_a_p256_signature_of_other_clients_holds() -> None:
    assert call(l2_machine(Fork.KARST), P256, KNOWN_P256).output == ONE
    assert call(l2_machine(Fork.KARST), P256, p256_input(*signed())).output == ONE


@pytest.mark.parametrize(
    "data",
    [
        KNOWN_P256[:-1],
        KNOWN_P256 + b"\0",
        b"",
        b"\0" + KNOWN_P256[1:],
        p256_input(signed()[0], 0, *signed()[2:]),
        p256_input(*signed()[:2], 0, *signed()[3:]),
        p256_input(signed()[0], P256_ORDER, *signed()[2:]),
        p256_input(*signed()[:2], P256_ORDER, *signed()[3:]),
        p256_input(*signed()[:3], 0, 0),
        p256_input(*signed()[:4], signed()[4] ^ 1),
    ],
    ids=[
        "a byte short", "a byte long", "nothing", "another digest", "r zero", "s zero",
        "r the order", "s the order", "infinity", "not on the curve",
    ],
)  # fmt: skip
def test_what_is_no_p256_signature_gives_nothing_and_costs_the_same(data: bytes) -> None:
    outcome = call(l2_machine(Fork.KARST), P256, data)
    assert (outcome.succeeded, outcome.output, GAS - outcome.gas_left) == (True, b"", 6_900)


def test_coordinates_are_not_taken_modulo_the_field() -> None:
    # The point with x = 0 exists on P-256: y**2 = b.  Its other name, x = p, has 32 bytes too.
    y = pow(P256_B, (P256_FIELD + 1) // 4, P256_FIELD)
    assert y * y % P256_FIELD == P256_B
    digest, r, s = _signature_for(y)
    assert call(l2_machine(Fork.KARST), P256, p256_input(digest, r, s, 0, y)).output == ONE
    aliased = p256_input(digest, r, s, P256_FIELD, y)
    assert call(l2_machine(Fork.KARST), P256, aliased).output == b""


def _signature_for(y: int) -> tuple[bytes, int, int]:
    """Return a digest and a signature that hold for the key (0, y), whose secret is unknown.

    With R = G + Q and r its x, s = r makes u2 = 1, and a digest of s makes u1 = 1.
    """
    generator = ec.derive_private_key(1, ec.SECP256R1()).public_key().public_numbers()
    p = P256_FIELD
    slope = (y - generator.y) * pow(-generator.x, -1, p) % p
    x = (slope * slope - generator.x) % p
    r = x % P256_ORDER
    return r.to_bytes(32, "big"), r, r


@pytest.mark.parametrize("fork", Fork)
def test_p256verify_doubles_in_price_with_karst(fork: Fork) -> None:
    outcome = call(l2_machine(fork), P256, KNOWN_P256)
    assert GAS - outcome.gas_left == (6_900 if fork >= Fork.KARST else 3_450)


def test_the_l1_has_p256verify_since_osaka() -> None:
    prague = machine(ETHEREUM_PRAGUE, OpcodeSet.PRAGUE)
    osaka = machine(ETHEREUM_OSAKA, OpcodeSet.OSAKA)
    assert call(prague, P256, KNOWN_P256).output == b""
    assert call(osaka, P256, KNOWN_P256).output == ONE


@pytest.mark.parametrize(
    ("fork", "most"),
    [
        (Fork.HOLOCENE, 112_687),
        (Fork.ISTHMUS, 112_687),
        (Fork.JOVIAN, 81_984),
        (Fork.KARST, 57_600),
    ],
)
def test_the_pairing_is_bounded_by_fork(fork: Fork, most: int) -> None:
    outcome = call(l2_machine(fork), PAIRING, bytes(most + 192 - most % 192))
    assert (outcome.succeeded, outcome.gas_left, outcome.error) == (False, 0, "out of gas")
    assert LIMITS[fork][PAIRING] == most


def test_karst_takes_three_hundred_pairs() -> None:
    outcome = call(l2_machine(Fork.KARST), PAIRING, bytes(300 * 192), gas=20_000_000)
    assert (outcome.succeeded, outcome.output) == (True, ONE)


def test_the_other_bounds_stay_those_of_jovian_in_karst() -> None:
    changed = {place for place, most in LIMITS[Fork.JOVIAN].items() if KARST_LIMITS[place] != most}
    assert changed == {PAIRING}


def test_a_refund_may_be_taken_back() -> None:
    # Slot 0 is 1 when the transaction begins; it becomes 0 (a refund) and 2 (which takes the
    # refund back): EIP-2200, and so the counter of a deeper frame may be below zero.
    on = l2_machine(Fork.KARST)
    on.set_storage(CODE_AT, 0, 1)
    outcome = run(on, bytes.fromhex("5f5f55" + "60025f5500"))
    assert (outcome.succeeded, outcome.refund) == (True, 0)


def test_a_frame_takes_back_the_refund_of_another() -> None:
    # The outer code sets slot 0 from 1 to 0 and calls itself with a byte; the inner run sets
    # it back to 2, so its own counter goes below zero.
    on = l2_machine(Fork.KARST)
    on.set_storage(CODE_AT, 0, 1)
    inner = "5b60025f5500"
    outer = "3660" + "%02x" + "57" + "5f5f55" + "5f5f60015f5f30" + "5af1" + "00"
    code = outer % (len(bytes.fromhex(outer % 0))) + inner
    outcome = run(on, bytes.fromhex(code))
    assert (outcome.succeeded, outcome.refund, on.storage(CODE_AT, 0)) == (True, 0, 2)
