"""Random programs and what is done with them: a case of bare message calls, from one seed."""

from __future__ import annotations

import random
from typing import Any, Final

from py_ecc.bls12_381 import bls12_381_curve as bls
from py_ecc.bn128 import bn128_curve as bn254

from tests.properties.random_blocks import COINBASE, CONTRACTS, INTERESTING, NATIVE, Writer

SENDER: Final = b"\x5e" * 20
DELEGATED: Final = b"\xd7" * 20
COUNTER_AT: Final = 0x400
"""Where in memory a loop counts; the other statements write below."""
FAR: Final = (2**16, 2**20, 2**24, 2**31, 2**32 - 1, 2**32, 2**63, 2**64 - 1, 2**64, 2**256 - 1)
GAS: Final = (700, 21_000, 60_000, 100_000, 100_000, 200_000)
MUCH_GAS: Final = 1_000_000
TRACED_GAS: Final = 60_000
"""Most of a call that is traced, which py-evm is slow at."""
SETS: Final = ("CANCUN", "PRAGUE", "OSAKA")


class Programmer(Writer):
    """Writes more than `Writer`: loops, edges of memory, stack and data, repeated stores."""

    def loop(self) -> bytes:
        """Return a loop; it finds its start by PC, so it may stand anywhere."""
        body = b"".join(self.statement() for _ in range(self.rng.randrange(1, 4)))
        counter = b"\x61" + COUNTER_AT.to_bytes(2, "big")
        count = self.push(self.rng.choice((1, 2, 3, 5, 30)))
        less = counter + bytes.fromhex("51600190038080") + counter + b"\x52"
        start = b"\x5b" + body + less
        back = b"\x61" + (len(start) + 3).to_bytes(2, "big") + b"\x58\x03\x57"
        return count + counter + b"\x52" + start + back + b"\x50"

    def stored(self) -> bytes:
        """Return stores to few slots of few values, whose prices depend on one another."""
        return b"".join(
            self.push(self.rng.randrange(3)) + self.push(self.rng.randrange(3)) + b"\x55"
            for _ in range(self.rng.randrange(1, 5))
        )

    def transient(self) -> bytes:
        slot = self.push(self.rng.randrange(2))
        return self.word() + slot + b"\x5d" + slot + b"\x5c"

    def deep(self) -> bytes:
        """Return a DUP or SWAP of any depth, over enough words or too few."""
        depth = self.rng.randrange(16)
        words = depth + 2 - (self.rng.random() < 0.1)
        kind = self.rng.choice((0x80, 0x90))
        return b"".join(self.small() for _ in range(words)) + bytes([kind + depth])

    def far(self) -> bytes:
        """Return an access to memory or data far away, which mostly runs out of gas."""
        op = self.rng.choice((0x51, 0x52, 0x53, 0x20, 0x37, 0x39, 0x3E, 0x5E, 0xA0, 0xF3, 0xFD))
        words = [self.small(), self.small(), self.small()]
        words[self.rng.randrange(3)] = self.push(self.rng.choice(FAR))
        return b"".join(words) + bytes([op])

    def returned(self) -> bytes:
        """Return a copy of return data within its size, at it, or one beyond."""
        call = self.push(0) * 4 + self.address() + self.gas() + b"\xfa\x50"
        size = b"\x3d"
        if self.rng.random() < 0.1:
            size = self.rng.choice((b"\x60\x01\x3d\x01", b"\x60\x01\x3d\x03"))
        return call + size + self.push(0) * 2 + b"\x3e"

    def itself(self) -> bytes:
        """Return a call of the same account, with the gas there is or a part."""
        kind = self.rng.choice((0xF1, 0xF4, 0xFA))
        value = self.push(0) if kind == 0xF1 else b""
        gas = self.rng.choice((b"\x5a", b"\x60\x02\x5a\x04", b"\x61\x20\x00"))
        return self.push(0) * 4 + value + b"\x30" + gas + bytes([kind])

    def hidden(self) -> bytes:
        """Return a jump to a JUMPDEST that may be data of a PUSH."""
        return b"\x58\x60" + bytes([self.rng.choice((5, 6, 7))]) + b"\x01\x56\x60\x5b\x5b"

    def known(self) -> bytes:
        """Return a look at another account."""
        return self.address() + bytes([self.rng.choice((0x31, 0x3B, 0x3F))])

    def twice(self) -> bytes:
        """Return two creations, by CREATE2 at one address."""
        init = self.rng.choice(
            (b"\x30\xff", b"\x5f\x5f\xf3", b"\x60\x01\x5f\xf3", b"\x5f\x5f\xfd")
        )
        put = b"\x7f" + init.ljust(32, b"\0") + b"\x5f\x52"
        make = self.push(0) + self.push(len(init)) + self.push(0) + self.value() + b"\xf5"
        other = self.push(len(init)) + self.push(0) + self.value() + b"\xf0"
        return put + make + self.rng.choice((make, other, make + b"\x3f"))

    def statement(self) -> bytes:
        """Return one statement of any kind but a loop."""
        kinds = (
            (self.compute, 4), (self.modular, 1), (self.power, 1), (self.unary, 3),
            (self.nullary, 3), (self.store, 2), (self.stored, 3), (self.transient, 2),
            (self.memory, 3), (self.copy, 2), (self.digest, 1), (self.log, 2), (self.call, 5),
            (self.create, 2), (self.twice, 1), (self.jump, 1), (self.hidden, 0.3),
            (self.shuffle, 0.5), (self.deep, 2), (self.far, 0.2), (self.returned, 2),
            (self.itself, 1), (self.known, 2),
        )  # fmt: skip
        writers, weights = zip(*kinds, strict=True)
        return bytes(self.rng.choices(writers, weights)[0]())

    def whole(self) -> bytes:
        """Return a program; some are cut or changed, so that anything may follow anything."""
        parts = [
            self.loop() if self.rng.random() < 0.15 else self.statement()
            for _ in range(self.rng.randrange(1, 14))
        ]
        code = bytearray(b"".join(parts) + self.ending())
        if self.rng.random() < 0.15:
            code[self.rng.randrange(len(code))] = self.rng.randrange(256)
        if self.rng.random() < 0.1:
            del code[self.rng.randrange(len(code)) :]
        return bytes(code)


def random_program(seed: int) -> dict[str, Any]:
    """Return a case: accounts, and steps that are done with them on one machine."""
    rng = random.Random(f"program {seed}")
    writer = Programmer(rng)
    alloc: dict[str, Any] = {SENDER.hex(): account(10**21, rng.randrange(3), b"", {})}
    for address in CONTRACTS:
        code = writer.noise() if rng.random() < 0.05 else writer.whole()
        slots = {str(slot): rng.choice(INTERESTING[:4]) for slot in range(3) if rng.random() < 0.6}
        alloc[address.hex()] = account(rng.choice((0, 1, 10**18)), 1, code, slots)
    if rng.random() < 0.4:
        target = rng.choice([*CONTRACTS, *CONTRACTS, NATIVE[3], DELEGATED])
        alloc[DELEGATED.hex()] = account(rng.choice((0, 9)), 0, b"\xef\x01\x00" + target, {})
    steps: list[dict[str, Any]] = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if rng.random() < 0.15:
            steps.append(written(rng))
        steps.append(called(rng, writer))
    if rng.random() < 0.2:
        steps.append({"do": "reopen"})
        steps.append(called(rng, writer))
    traced = rng.random() < 0.08
    for step in steps:
        if traced and step["do"] == "call":
            step["gas"] = min(step["gas"], TRACED_GAS)
    return {
        "kind": "program",
        "seed": seed,
        "opcodes": rng.choice(SETS),
        "trace": traced,
        "alloc": alloc,
        "steps": steps,
    }


def account(balance: int, nonce: int, code: bytes, storage: dict[str, int]) -> dict[str, Any]:
    """Return an account of a case."""
    words = {slot: value for slot, value in storage.items() if value}
    return {"balance": balance, "nonce": nonce, "code": code.hex(), "storage": words}


def called(rng: random.Random, writer: Programmer) -> dict[str, Any]:
    """Return a message call, of a contract mostly."""
    creates = rng.random() < 0.15
    to = rng.choice([*CONTRACTS, *CONTRACTS, *CONTRACTS, DELEGATED, *NATIVE[:4], COINBASE])
    data = writer.whole() if creates else rng.randbytes(rng.choice((0, 4, 32, 96, 200)))
    step: dict[str, Any] = {
        "do": "call",
        "to": None if creates else to.hex(),
        "value": rng.choice((0, 0, 0, 1, 1, 10**18, 10**18, 0, 0, 10**22)),
        "data": data.hex(),
        "gas": MUCH_GAS if rng.random() < 0.01 else rng.choice(GAS),
        "nonce": rng.randrange(3),
        "warm": [[rng.choice(CONTRACTS).hex(), slot] for slot in range(rng.choice((0, 0, 2)))],
        "blobs": [(b"\x01" * 32).hex()] * rng.choice((0, 0, 1)),
        "refund": rng.choice((0, 0, 12_500)),
    }
    if rng.random() < 0.15:
        # Once more with the gas it took, and one more or less.
        step["again"] = rng.choice((-1, 0, 1))
    return step


def written(rng: random.Random) -> dict[str, Any]:
    """Return a change to the state from outside, kept or undone."""
    kind = rng.choice(("set_balance", "set_nonce", "set_code", "set_storage", "clear_storage"))
    # Whether an account that has storage and nothing else exists is for no engine to say.
    others = () if kind == "set_storage" else (COINBASE, DELEGATED)
    return {
        "do": kind,
        "address": rng.choice([*CONTRACTS, *others]).hex(),
        "slot": rng.randrange(4),
        "value": rng.choice((0, 1, 2, 10**18)),
        "code": rng.choice((b"", b"\x5f\x5f\xf3", b"\x60\x01\x5f\x55")).hex(),
        "undo": rng.random() < 0.3,
    }


def random_natives(seed: int) -> dict[str, Any]:
    """Return a case that calls native functions with input that is mostly well formed."""
    rng = random.Random(f"natives {seed}")
    steps = []
    for _ in range(rng.randrange(1, 5)):
        number = rng.choice([*range(1, 0x12), 0x100])
        step = called(rng, Programmer(rng))
        step |= {"to": number.to_bytes(20, "big").hex(), "data": native_input(rng, number).hex()}
        step["gas"] = rng.choice((100, 700, 3_000, 60_000, 150_000, 400_000))
        steps.append(step)
    alloc = {SENDER.hex(): account(10**21, 0, b"", {})}
    case = {"kind": "native", "seed": seed, "opcodes": rng.choice(SETS), "trace": False}
    return {**case, "alloc": alloc, "steps": steps}


def native_input(rng: random.Random, number: int) -> bytes:
    """Return input for the native function at address `number`."""
    match number:
        case 1:
            words = [rng.randbytes(32), (27 + rng.randrange(3)).to_bytes(32, "big")]
            words += [_scalar(rng, SECP256K1_N) for _ in range(2)]
        case 5:
            sizes = [rng.choice((0, 1, 8, 32, 33, 64)) for _ in range(3)]
            words = [size.to_bytes(32, "big") for size in sizes]
            words += [rng.randbytes(sum(sizes))]
        case 6 | 7 | 8:
            points = {6: 2, 7: 1, 8: 0}[number]
            words = [_bn254_point(rng) for _ in range(points)]
            words += [_scalar(rng, 2**256)] if number == 7 else []
            words += _bn254_pairs(rng) if number == 8 else []
        case 9:
            words = [rng.randrange(20).to_bytes(4, "big"), rng.randbytes(208)]
            words += [bytes([rng.choice((0, 1, 1, 2))])]
        case 0x0B | 0x0C | 0x0D | 0x0E | 0x0F | 0x10 | 0x11:
            unit = {0x0B: 256, 0x0C: 160, 0x0D: 512, 0x0E: 288, 0x0F: 384, 0x10: 64, 0x11: 128}
            size = unit[number] * (rng.randrange(1, 3) if number in (0x0C, 0x0E, 0x0F) else 1)
            words = [_bls_words(rng, size)]
        case 0x100:
            words = [_scalar(rng, 2**256) for _ in range(5)]
        case _:
            words = [rng.randbytes(rng.choice((0, 1, 31, 32, 64, 192, 193)))]
    data = bytearray(b"".join(words))
    if data and rng.random() < 0.1:
        data[rng.randrange(len(data))] = rng.randrange(256)
    if rng.random() < 0.1:
        data = data[: rng.randrange(len(data) + 1)]
    return bytes(data) + rng.choice((b"", b"", b"", b"\0", rng.randbytes(5)))


SECP256K1_N: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
BN254_P: Final = 0x30644E72E131A029B85045B68181585D97816A916871CA8D3C208C16D87CFD47
BLS_P: Final = int(
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab",
    16,
)


def _scalar(rng: random.Random, bound: int) -> bytes:
    value = rng.choice((0, 1, 2, bound - 1, bound % 2**256, rng.randrange(bound)))
    return value.to_bytes(32, "big")


def _bn254_point(rng: random.Random) -> bytes:
    """Return a point of BN254's first group, infinity, or what is none."""
    kind = rng.random()
    if kind < 0.1:
        return bytes(64)
    x = rng.randrange(BN254_P)
    while pow(x**3 + 3, (BN254_P - 1) // 2, BN254_P) != 1:
        x = (x + 1) % BN254_P
    y = pow(x**3 + 3, (BN254_P + 1) // 4, BN254_P)
    if kind < 0.15:
        x = x + BN254_P if x + BN254_P < 2**256 else x
    return x.to_bytes(32, "big") + ((y + 1) if kind > 0.95 else y).to_bytes(32, "big")


def _bn254_pairs(rng: random.Random) -> list[bytes]:
    """Return input of the pairing: a point and its negative, or something else."""
    x, y = bn254.G2
    second = b"".join(int(c).to_bytes(32, "big") for item in (x, y) for c in reversed(item.coeffs))
    point = _bn254_point(rng)
    negative = (-int.from_bytes(point[32:], "big") % BN254_P).to_bytes(32, "big")
    whole = [point, second, point[:32] + negative, second]
    return rng.choice((whole, whole[:2], [point, bytes(128)], []))


def _bls_words(rng: random.Random, size: int) -> bytes:
    """Return input for BLS12-381: generators, zeros, or any numbers of its field."""
    kind = rng.random()
    if kind < 0.3:
        return bytes(size)
    numbers = [rng.randrange(BLS_P) for _ in range(-(-size // 64))]
    if kind < 0.8:
        first = [int(c) for c in bls.G1]
        second = [int(c) for item in bls.G2 for c in item.coeffs]
        known = {384: first + second, 288: [*second, 3], 512: second * 2, 256: first * 2}
        numbers = [*known.get(size, first), *numbers]
    return b"".join(number.to_bytes(64, "big") for number in numbers)[:size]
