"""Random allocations, contracts and transactions, all from one seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from eth_account import Account

from byline.node.accounts import dev_accounts

CHAIN_ID = 900
BASE_FEE = 10**9
GAS_LIMIT = 30_000_000
COINBASE = bytes.fromhex("c0" * 20)
SENDERS = dev_accounts()[:4]
CONTRACTS = [bytes([0xC0 + index]) * 20 for index in range(1, 6)]
# Those that py-evm computes in milliseconds; pairings and BLS12-381 have known answers.
NATIVE = [number.to_bytes(20, "big") for number in (1, 2, 3, 4, 5, 6, 7, 9, 10, 0x100)]
NOBODY = bytes.fromhex("de" * 20)

PUSH0, POP, JUMPDEST, DUP1, SWAP1 = 0x5F, 0x50, 0x5B, 0x80, 0x90
BINARY = (*range(0x01, 0x08), 0x0B, *range(0x10, 0x15), *range(0x16, 0x19), *range(0x1A, 0x1E))
UNARY = (0x15, 0x19, 0x1E, 0x31, 0x35, 0x3B, 0x3F, 0x40, 0x49, 0x51, 0x54, 0x5C)
NULLARY = (
    0x30,
    0x32,
    0x33,
    0x34,
    0x36,
    0x38,
    0x3A,
    0x3D,
    *range(0x41, 0x49),
    0x4A,
    0x58,
    0x59,
    0x5A,
)
INTERESTING = (0, 1, 2, 31, 32, 33, 255, 256, 2**64 - 1, 2**64, 2**128, 2**255 - 1, 2**255)


class Writer:
    """Writes code that mostly does something before it fails."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def push(self, value: int) -> bytes:
        """Return the shortest push of `value`."""
        size = (value.bit_length() + 7) // 8
        return bytes([PUSH0 + size]) + value.to_bytes(size, "big")

    def small(self) -> bytes:
        return self.push(self.rng.choice((0, 0, 1, 2, 3, 31, 32, 33, 64, 100)))

    def word(self) -> bytes:
        kind = self.rng.random()
        if kind < 0.4:
            return self.small()
        if kind < 0.8:
            value = self.rng.choice(INTERESTING)
            return self.push(value if self.rng.random() < 0.7 else 2**256 - 1 - value)
        return self.push(self.rng.getrandbits(self.rng.choice((8, 64, 160, 256))))

    def address(self) -> bytes:
        kind = self.rng.random()
        if kind < 0.1:
            return b"\x30"
        own = [SENDERS[0].address, COINBASE, NOBODY, *CONTRACTS, *CONTRACTS, *NATIVE]
        return b"\x73" + self.rng.choice(own)

    def gas(self) -> bytes:
        some = self.push(self.rng.choice((0, 100, 2_300, 5_000, 30_000)))
        return b"\x5a" if self.rng.random() < 0.5 else some

    def value(self) -> bytes:
        return self.push(self.rng.choice((0, 0, 0, 1, 10**18)))

    def compute(self) -> bytes:
        return self.word() + self.word() + bytes([self.rng.choice(BINARY)])

    def modular(self) -> bytes:
        return self.word() * 2 + self.word() + bytes([self.rng.choice((0x08, 0x09))])

    def power(self) -> bytes:
        return self.push(self.rng.getrandbits(24)) + self.word() + b"\x0a"

    def unary(self) -> bytes:
        at = self.address() if self.rng.random() < 0.4 else self.small()
        return at + bytes([self.rng.choice(UNARY)])

    def nullary(self) -> bytes:
        return bytes([self.rng.choice(NULLARY)])

    def store(self) -> bytes:
        return self.word() + self.small() + bytes([self.rng.choice((0x55, 0x55, 0x5D))])

    def memory(self) -> bytes:
        return self.word() + self.small() + bytes([self.rng.choice((0x52, 0x53))])

    def copy(self) -> bytes:
        kind = self.rng.choice((0x37, 0x39, 0x3E, 0x5E, 0x3C))
        start = self.small() * 3
        return start + (self.address() if kind == 0x3C else b"") + bytes([kind])

    def digest(self) -> bytes:
        return self.small() + self.small() + b"\x20"

    def log(self) -> bytes:
        topics = self.rng.randrange(5)
        return (
            b"".join(self.word() for _ in range(topics))
            + self.small() * 2
            + bytes([0xA0 + topics])
        )

    def call(self) -> bytes:
        kind = self.rng.choice((0xF1, 0xF1, 0xF2, 0xF4, 0xFA))
        value = self.value() if kind in (0xF1, 0xF2) else b""
        areas = b"".join(self.small() for _ in range(4))
        return areas + value + self.address() + self.gas() + bytes([kind])

    def create(self) -> bytes:
        start = self.program(self.rng.randrange(3)) if self.rng.random() < 0.7 else self.noise()
        start = start[:32].ljust(32, b"\0")
        salt, kind = (self.small(), 0xF5) if self.rng.random() < 0.5 else (b"", 0xF0)
        put = b"\x7f" + start + self.push(0) + b"\x52"
        return put + salt + self.small() + self.push(0) + self.value() + bytes([kind])

    def jump(self) -> bytes:
        # A short way forward, over a byte that must not run: PC, PUSH1 n, ADD, JUMP.
        if self.rng.random() < 0.2:
            return self.small() + b"\x56"
        return b"\x58\x60\x06\x01\x56\xfe" + bytes([JUMPDEST])

    def shuffle(self) -> bytes:
        return bytes([self.rng.choice((POP, DUP1, SWAP1, DUP1 + 2, SWAP1 + 2))])

    def noise(self) -> bytes:
        return self.rng.randbytes(self.rng.randrange(1, 40))

    def ending(self) -> bytes:
        kind = self.rng.random()
        if kind < 0.45:
            return self.small() + self.small() + b"\xf3"
        if kind < 0.65:
            return self.small() + self.small() + b"\xfd"
        if kind < 0.75:
            return self.address() + b"\xff"
        return b"\x00" if kind < 0.9 else b"\xfe"

    def program(self, steps: int) -> bytes:
        """Return code of so many statements and an ending."""
        kinds: list[tuple[Callable[[], bytes], int]] = [
            (self.compute, 4),
            (self.modular, 1),
            (self.power, 1),
            (self.unary, 4),
            (self.nullary, 3),
            (self.store, 6),
            (self.memory, 3),
            (self.copy, 2),
            (self.digest, 1),
            (self.log, 2),
            (self.call, 6),
            (self.create, 2),
            (self.jump, 1),
            (self.shuffle, 1),
        ]
        chosen = self.rng.choices(*zip(*kinds, strict=True), k=steps)
        return b"".join(write() for write in chosen) + self.ending()


def random_block(seed: int) -> dict[str, Any]:
    """Return a case as the oracle reads it."""
    rng = random.Random(seed)
    writer = Writer(rng)
    alloc: dict[str, Any] = {}
    for account in SENDERS:
        alloc[account.address.hex()] = entry(10**20, 0, b"", {})
    for address in CONTRACTS:
        code = writer.program(rng.randrange(1, 14)) if rng.random() < 0.9 else writer.noise()
        slots = {str(slot): rng.choice(INTERESTING) for slot in range(4) if rng.random() < 0.5}
        alloc[address.hex()] = entry(rng.choice((0, 1, 10**18)), 1, code, slots)
    if rng.random() < 0.3:
        target = rng.choice([*CONTRACTS, NATIVE[3], SENDERS[3].address])
        alloc[SENDERS[3].address.hex()]["code"] = (b"\xef\x01\x00" + target).hex()
    nonces = dict.fromkeys(range(len(SENDERS)), 0)
    return {
        "chain_id": CHAIN_ID,
        "gas_limit": GAS_LIMIT,
        "coinbase": COINBASE.hex(),
        "number": 1,
        "base_fee": BASE_FEE,
        "timestamp": 1_800_000_000,
        "prev_randao": rng.randbytes(32).hex(),
        "alloc": alloc,
        "transactions": [transaction(rng, writer, nonces) for _ in range(rng.randrange(1, 6))],
    }


def entry(balance: int, nonce: int, code: bytes, storage: dict[str, int]) -> dict[str, Any]:
    words = {slot: value for slot, value in storage.items() if value}
    return {"balance": balance, "nonce": nonce, "code": code.hex(), "storage": words}


def transaction(rng: random.Random, writer: Writer, nonces: dict[int, int]) -> str:
    """Return a signed transaction that is mostly valid, and count its sender's nonce."""
    who = rng.randrange(len(SENDERS))
    creates = rng.random() < 0.2
    data = (
        writer.program(rng.randrange(1, 8))
        if creates
        else rng.randbytes(rng.choice((0, 4, 36, 200)))
    )
    fields: dict[str, Any] = {
        "chainId": CHAIN_ID,
        "nonce": nonces[who] + (0 if rng.random() < 0.95 else rng.choice((-1, 1)) % 2**64 % 7),
        "gas": rng.choice((21_000, 30_000, 60_000, 100_000, 300_000, 1_000_000)),
        "value": rng.choice((0, 0, 1, 10**18, 10**20)),
        "data": data,
        "to": b""
        if creates
        else rng.choice([*CONTRACTS, *CONTRACTS, *NATIVE, NOBODY, SENDERS[3].address]),
    }
    kind = rng.choice((0, 0, 1, 2, 2, 2, 4))
    if kind in (0, 1):
        fields["gasPrice"] = rng.choice((BASE_FEE, BASE_FEE * 2, BASE_FEE - 1, 10**10))
    else:
        fields["maxFeePerGas"] = rng.choice((BASE_FEE, BASE_FEE * 2, BASE_FEE * 3, BASE_FEE - 1))
        fields["maxPriorityFeePerGas"] = rng.choice((0, 1, 10**9, 10**9 + 1))
    if kind:
        fields["accessList"] = [
            {"address": rng.choice(CONTRACTS), "storageKeys": [f"0x{rng.randrange(3):064x}"]}
            for _ in range(rng.randrange(3))
        ]
    if kind == 4:
        fields["to"] = fields["to"] or CONTRACTS[0]
        fields["authorizationList"] = [
            authorization(rng, nonces) for _ in range(rng.randrange(1, 3))
        ]
    nonces[who] += 1
    return bytes(Account.sign_transaction(fields, SENDERS[who].key).raw_transaction).hex()


def authorization(rng: random.Random, nonces: dict[int, int]) -> dict[str, Any]:
    who = rng.randrange(len(SENDERS))
    target = rng.choice([*CONTRACTS, NATIVE[3], bytes(20), SENDERS[who].address])
    signed = Account.sign_authorization(
        {
            "chainId": rng.choice((0, CHAIN_ID, CHAIN_ID, 5)),
            "address": target,
            "nonce": nonces[who] + rng.choice((0, 1, 1)),
        },
        SENDERS[who].key,
    )
    return {
        "chainId": signed.chain_id,
        "address": target,
        "nonce": signed.nonce,
        "yParity": signed.y_parity,
        "r": signed.r,
        "s": signed.s,
    }
