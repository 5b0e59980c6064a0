"""Numbers that clients pay by are those of the genuine contracts for random inputs."""

from __future__ import annotations

import random

import pytest

from tests.contracts.bridging import places
from tests.contracts.genuine import DEPOSITOR, genuine_l1
from tests.contracts.harness import Evm, calldata
from tests.contracts.l1_stack import l1_stack
from tests.contracts.l2_bridging import MESSENGER, sides
from tests.contracts.quick import Quick, base_of
from tests.contracts.test_gas_price_oracle import FORKS, L1_BLOCK, ORACLE, oracles, sample

NOW = 1_800_000_000
JOVIAN = bytes.fromhex("3db6be2b")


def quick(evm: Evm) -> Quick:
    return Quick(base_of(evm, 9, NOW), 901)


def messengers(chain: str) -> tuple[Quick, Quick, bytes]:
    """Ours, the genuine one, and where both stand."""
    if chain == "l2":
        ours, genuine = sides()
        return quick(ours), quick(genuine), MESSENGER
    stack = l1_stack(addresses=places())
    return quick(stack.evm), quick(genuine_l1()), places()["L1CrossDomainMessenger"]


@pytest.mark.parametrize("chain", ["l1", "l2"])
def test_base_gas_of_random_messages_is_that_of_the_genuine_messenger(chain: str) -> None:
    ours, genuine, at = messengers(chain)
    source = random.Random(chain)
    answers = set()
    for _ in range(120):
        size = source.choice((source.randrange(100), source.randrange(24_001)))
        gas = source.choice((0, 2**32 - 1, source.getrandbits(32), source.randrange(10**6)))
        call = calldata("baseGas(bytes,uint32)", source.randbytes(size), gas)
        mine, theirs = (evm.call(at, call) for evm in (ours, genuine))
        assert mine.success
        assert mine.output == theirs.output, (size, gas)
        answers.add(mine.output)
    assert len(answers) > 80


@pytest.mark.parametrize("fork", FORKS)
def test_fees_under_random_l1_values_are_those_of_the_genuine_oracle(fork: str) -> None:
    ours, genuine = (quick(evm) for evm in oracles(fork))
    source = random.Random(fork)
    answers = set()
    for _ in range(40):
        values = JOVIAN + b"".join(
            source.getrandbits(source.choice((0, 8, bits))).to_bytes(size, "big")
            for size, bits in (
                (4, 32),  # base fee scalar
                (4, 32),  # blob base fee scalar
                (24, 64),  # sequence number, time and number
                (32, 70),  # base fee
                (32, 70),  # blob base fee
                (64, 512),  # block hash, batcher hash
                (4, 32),  # operator fee scalar
                (8, 64),  # operator fee constant
                (2, 16),  # footprint scalar
            )
        )
        data = sample(source, source.choice((0, 1, 40, 130, 400, 1_500)))
        gas = source.choice((0, 21_000, source.getrandbits(40)))
        calls = [
            calldata("getL1Fee(bytes)", data),
            calldata("getL1GasUsed(bytes)", data),
            calldata("getL1FeeUpperBound(uint256)", len(data)),
            calldata("getOperatorFee(uint256)", gas),
        ]
        for evm in (ours, genuine):
            assert evm.call(L1_BLOCK, values, sender=DEPOSITOR).success
        for call in calls:
            mine, theirs = (evm.call(ORACLE, call) for evm in (ours, genuine))
            assert (mine.success, mine.output) == (theirs.success, theirs.output), (
                values.hex(),
                call.hex(),
            )
            answers.add(mine.output)
    assert len(answers) > 25
