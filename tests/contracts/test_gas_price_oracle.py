"""GasPriceOracle answers what the genuine contract does."""

from __future__ import annotations

import random
from typing import Any

import pytest

from byline.node.contracts import artifacts
from tests.contracts.genuine import DEPOSITOR, pair, predeploy
from tests.contracts.harness import Contract, Evm, calldata
from tests.vectors_folder import load

ORACLE = predeploy("GasPriceOracle")
L1_BLOCK = predeploy("L1Block")
FORKS = {"Fjord": 0x0101, "Isthmus": 0x010101, "Jovian": 0x01010101}


def oracles(fork: str = "Jovian") -> tuple[Evm, Evm]:
    """Ours and the genuine, with the L1 values of the vector."""
    both = pair("GasPriceOracle", "L1Block")
    data = bytes.fromhex(load("l2-predeploys/l1block_jovian_storage.json")["calldata"][2:])
    for evm in both:
        evm.set(ORACLE, storage={0: FORKS[fork]})
        assert evm.call(L1_BLOCK, data, sender=DEPOSITOR).success
    return both


def contract(evm: Evm) -> Contract:
    return Contract(evm, ORACLE, artifacts.load("GasPriceOracle").abi)


def sample(source: random.Random, size: int) -> bytes:
    kind = source.randrange(5)
    if kind == 0:
        return source.randbytes(size)
    if kind == 1:
        return bytes(size)
    if kind == 2:
        return (source.randbytes(source.randrange(1, 40)) * size)[:size]
    if kind == 3:
        return bytes(source.choice(b"ab") for _ in range(size))
    words = (bytes(12) + source.randbytes(20), bytes(31) + b"\x01", source.randbytes(4))
    return b"".join(source.choice(words) for _ in range(size // 4 + 1))[:size]


@pytest.mark.parametrize("size", [0, 1, 5, 12, 13, 14, 15, 16, 20, 31, 33, 100, 300])
def test_fees_of_random_bytes_are_those_of_the_genuine_contract(size: int) -> None:
    ours, genuine = oracles()
    source = random.Random(size)
    for _ in range(5):
        data = sample(source, size)
        for function in ("getL1Fee(bytes)", "getL1GasUsed(bytes)"):
            call = calldata(function, data)
            assert ours.call(ORACLE, call).output == genuine.call(ORACLE, call).output, data.hex()


def compare(data: bytes) -> None:
    """Compare the sizes that both see; enough of them for the estimate to move."""
    outputs = [evm.call(ORACLE, calldata("getL1GasUsed(bytes)", data)).output for evm in oracles()]
    assert outputs[0] == outputs[1]
    assert int.from_bytes(outputs[0], "big") > used_gas(0), "the floor hides the size"


def noise(size: int) -> bytes:
    return random.Random(7).randbytes(size)


@pytest.mark.parametrize("run", [*range(262, 274), *range(524, 536)])
def test_a_run_is_cut_into_matches_as_by_the_genuine_contract(run: int) -> None:
    compare(noise(150) + bytes(run) + noise(20))


@pytest.mark.slow
@pytest.mark.parametrize("distance", [8190, 8191, 8192])
def test_matches_reach_as_far_back_as_in_the_genuine_contract(distance: int) -> None:
    filler = noise(distance)
    compare(filler + filler[:40] + noise(20)[::-1])


def used_gas(length: int) -> int:
    estimate: int = max(100_000_000, 836_500 * (length + 68) - 42_585_600)
    return estimate * 16 // 10**6


def fastlz_cases(low: int, high: int) -> list[Any]:
    cases = load("fees/fastlz_oracle.json.gz")["cases"]
    return [case for case in cases if low <= len(case["data"]) // 2 - 1 < high]


def check_lengths(low: int, high: int) -> None:
    evm, _ = oracles()
    cases = fastlz_cases(low, high)
    assert cases
    for case in cases:
        data = bytes.fromhex(case["data"][2:])
        (length,) = (value for key, value in case.items() if key.startswith("fastlz"))
        assert contract(evm).read("getL1GasUsed", data) == used_gas(length), data[:40].hex()


def test_short_transactions_compress_to_the_lengths_of_the_vectors() -> None:
    check_lengths(0, 700)


@pytest.mark.slow
def test_long_transactions_compress_to_the_lengths_of_the_vectors() -> None:
    check_lengths(700, 20_000)


def test_the_views_of_the_vector_come_out() -> None:
    evm, _ = oracles()
    oracle = contract(evm)
    views = load("l2-predeploys/l1block_jovian_storage.json")["views_after"]
    data = bytes(range(256)) * 2
    assert {
        "GasPriceOracle.getOperatorFee(21000)": oracle.read("getOperatorFee", 21_000),
        "GasPriceOracle.getL1Fee(bytes(range(256))*2)": oracle.read("getL1Fee", data),
        "GasPriceOracle.getL1FeeUpperBound(1000)": oracle.read("getL1FeeUpperBound", 1000),
        "GasPriceOracle.getL1GasUsed(bytes(range(256))*2)": oracle.read("getL1GasUsed", data),
    } == views


@pytest.mark.parametrize("fork", FORKS)
def test_every_other_view_is_that_of_the_genuine_contract_under_each_fork(fork: str) -> None:
    ours, genuine = oracles(fork)
    calls = [calldata(f"is{name}()") for name in ("Ecotone", "Fjord", "Isthmus", "Jovian")]
    names = (
        "version decimals DECIMALS gasPrice baseFee l1BaseFee blobBaseFee "
        "baseFeeScalar blobBaseFeeScalar"
    )
    calls += [calldata(f"{name}()") for name in names.split()]
    for gas in (0, 1, 21_000, 10**6 - 1, 30_000_000, 2**64):
        calls.append(calldata("getOperatorFee(uint256)", gas))
        calls.append(calldata("getL1FeeUpperBound(uint256)", gas))
    for call in calls:
        mine = ours.call(ORACLE, call)
        assert mine.success
        assert mine.output == genuine.call(ORACLE, call).output, call.hex()


@pytest.mark.parametrize("scalar", [2**28 - 1, 2**28, 2**32 - 1])
@pytest.mark.parametrize("call", ["getL1Fee(bytes)", "getL1FeeUpperBound(uint256)"])
def test_a_scalar_that_overflows_is_refused_as_by_the_genuine_contract(
    scalar: int, call: str
) -> None:
    ours, genuine = oracles()
    for evm in (ours, genuine):
        evm.set(L1_BLOCK, storage={3: scalar << 96})
    data = calldata(call, b"abc" if call == "getL1Fee(bytes)" else 100)
    mine, theirs = ours.call(ORACLE, data), genuine.call(ORACLE, data)
    assert mine.success == theirs.success == (scalar < 2**28)
    assert mine.output == theirs.output


@pytest.mark.parametrize("sender", [DEPOSITOR, b"\x11" * 20])
@pytest.mark.parametrize("fork", FORKS)
@pytest.mark.parametrize("setter", ["setIsthmus()", "setJovian()"])
def test_setting_a_fork_succeeds_fails_and_stores_as_the_genuine_contract(
    setter: str, fork: str, sender: bytes
) -> None:
    results = []
    for evm in oracles(fork):
        outcome = evm.call(ORACLE, calldata(setter), sender=sender)
        results.append((outcome.success, outcome.output, evm.storage(ORACLE, 0)))
    assert results[0] == results[1]


def test_transactions_beyond_the_cap_are_refused() -> None:
    evm, _ = oracles()
    assert not contract(evm).send("getL1Fee", bytes(65_536)).success
