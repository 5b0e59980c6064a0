"""Native functions here and in the execution specs: the same gas, output and failures."""

from __future__ import annotations

import json
import random
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from byline.node.evm.natives.native import Failed
from byline.node.evm.precompiles import ETHEREUM_OSAKA, ETHEREUM_PRAGUE
from tests.properties.test_execution_differential import oracle
from tests.unit.node.evm.natives import test_bls12_381, test_bn254, test_modexp
from tests.unit.node.evm.natives.natives_kit import word, words
from tests.unit.node.evm.test_fork_tables import KNOWN_P256

__all__ = ["oracle"]

HERE = Path(__file__).resolve().parent
TABLES = {"prague": ETHEREUM_PRAGUE, "osaka": ETHEREUM_OSAKA}
GAS = 2**63
"""What a call has; a price above it fails."""

Call = tuple[str, int, bytes]


def powers(chance: random.Random) -> Iterator[Call]:
    for _ in range(500):
        lengths = (test_modexp.LONG, test_modexp.SHORT, test_modexp.LONG)
        numbers = [test_modexp.odd_number(chance, chance.choice(some)) for some in lengths]
        data = test_modexp.encoded(*numbers)
        if chance.random() < 0.3:
            data = data[: chance.randrange(len(data) + 1)]
        yield chance.choice(("prague", "osaka")), 0x05, data
    for length in (1023, 1024, 1025):
        for three in ((length, 1, 1), (1, length, 1), (1, 1, length)):
            yield "osaka", 0x05, test_modexp.declared(*three) + b"\xff" * 1500


def hashes(chance: random.Random) -> Iterator[Call]:
    for _ in range(50):
        numbers = (chance.choice((27, 28, 29)), chance.getrandbits(256), chance.getrandbits(256))
        yield "prague", 0x01, chance.randbytes(32) + words(*numbers)
    for length in (0, 1, 31, 32, 33, 64, 100, 1000):
        for number in (0x02, 0x03, 0x04):
            yield "prague", number, chance.randbytes(length)
    for rounds in (0, 1, 12, 50):
        for last in (0, 1, 2):
            data = rounds.to_bytes(4, "big") + chance.randbytes(208) + bytes([last])
            yield "prague", 0x09, data
    for data in (KNOWN_P256, KNOWN_P256[:-1] + b"\0", KNOWN_P256 + b"\0", b""):
        yield "osaka", 0x100, data


def bn254() -> Iterator[Call]:
    for data in test_bn254.ODD_SUMS.values():
        yield "prague", 0x06, data
        yield "prague", 0x07, data[:64].ljust(64, b"\0") + word(2**256 - 1)
    for name in ("one pair", "no pairs", "of a small order", "outside of the subgroup",
                 "G2 off the curve", "a byte short", "infinity of G2"):  # fmt: skip
        yield "prague", 0x08, test_bn254.EVERY_PAIRING[name]


def bls12_381(chance: random.Random) -> Iterator[Call]:
    kit = test_bls12_381
    numbers = {"g1_add": 11, "g1_msm": 12, "g2_add": 13, "g2_msm": 14,
               "map_fp_to_g1": 16, "map_fp2_to_g2": 17}  # fmt: skip
    for name, number in numbers.items():
        length = kit.LENGTHS[name]
        for data in (bytes(length), bytes(length - 1), b"\xff" * length, b"", bytes(2 * length)):
            yield "prague", number, data
    for count in (1, 3):
        pairs = [(kit.g1(k + 2), kit.g2(k + 2), chance.randbytes(32)) for k in range(count)]
        yield "prague", 12, b"".join(left + scalar for left, _, scalar in pairs)
        yield "prague", 14, b"".join(right + scalar for _, right, scalar in pairs)
    for _ in range(5):
        yield "prague", 11, kit.curve_point_1(chance) + kit.curve_point_1(chance)
        yield "prague", 13, kit.curve_point_2(chance) * 2
        yield "prague", 16, kit.numbers(chance.randrange(kit.P))
        yield "prague", 17, kit.numbers(chance.randrange(kit.P), chance.randrange(kit.P))
    for name in ("one pair", "infinity of G1", "G1 outside", "G2 outside", "nothing"):
        yield "prague", 15, kit.EVERY_PAIRING[name][0]


def ours(fork: str, number: int, data: bytes) -> list[object] | None:
    native = TABLES[fork][number.to_bytes(20, "big")]
    try:
        gas = native.gas(data)
        return [gas, native.run(data).hex()] if gas <= GAS else None
    except Failed:
        return None


def test_native_functions_end_as_in_the_execution_specs(oracle: Path) -> None:
    chance = random.Random(1)
    calls = [*powers(chance), *hashes(chance), *bn254(), *bls12_381(chance)]
    document = json.dumps([(fork, number, data.hex()) for fork, number, data in calls])
    command = [str(oracle), "-I", str(HERE / "natives_oracle.py")]
    done = subprocess.run(command, input=document, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-4_000:]
    kinds: Counter[tuple[int, bool]] = Counter()
    for call, expected in zip(calls, json.loads(done.stdout), strict=True):
        assert ours(*call) == (None if expected[0] is None else expected), call
        kinds[call[1], expected[0] is None] += 1
    assert {number for number, _ in kinds} == {*range(1, 10), *range(11, 18), 0x100}
    never_fails = {1, 2, 3, 4, 0x100}
    assert {number for number, failed in kinds if failed} == (
        {number for number, _ in kinds} - never_fails
    )
