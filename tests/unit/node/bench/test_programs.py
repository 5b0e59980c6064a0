"""The loops do what their names say, the same on every engine."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from byline.derivation.hashing import keccak256
from byline.node.bench.compute import ADDRESS, CALL_GAS, sized
from byline.node.bench.engines import chain_with, engines, plain_chain, plain_run, run
from byline.node.bench.programs import PROGRAMS, rounds_input

WORD = 2**256


def arithmetic(rounds: int) -> int:
    x, y = 1, 7
    for _ in range(rounds):
        x = (x * 1_103_515_245 + 12_345) % WORD
        y ^= x
    return y


def keccak(rounds: int) -> int:
    value = bytes(32)
    for _ in range(rounds):
        value = keccak256(value)
    return int.from_bytes(value, "big")


def memory(rounds: int) -> int:
    words = [0] * 2048
    for left in range(rounds, 0, -1):
        words[left % 2048] = (words[left % 2048] + left) % WORD
    return int.from_bytes(keccak256(b"".join(word.to_bytes(32, "big") for word in words)), "big")


EXPECTED: dict[str, Callable[[int], int]] = {
    "arithmetic": arithmetic,
    "keccak": keccak,
    "memory": memory,
    "storage": lambda rounds: rounds * (rounds + 1) // 2,
    "calls": lambda rounds: rounds,
}
CODES = {ADDRESS[name]: code for name, code in PROGRAMS.items()}


@pytest.mark.parametrize("engine", engines())
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_returns_what_its_rounds_give(name: str, engine: str) -> None:
    chain = chain_with(engines()[engine], CODES)
    for rounds in (0, 1, 2, 37):
        output, _ = run(chain, ADDRESS[name], rounds_input(rounds), CALL_GAS)
        assert int.from_bytes(output, "big") == EXPECTED[name](rounds)


@pytest.mark.parametrize("name", PROGRAMS)
def test_pyevm_as_it_comes_agrees_to_the_gas(name: str) -> None:
    chain, plain = chain_with(next(iter(engines().values())), CODES), plain_chain(CODES)
    given = (ADDRESS[name], rounds_input(23), CALL_GAS)

    assert plain_run(plain, *given) == run(chain, *given)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_rounds_that_gas_is_enough_for_use_no_more_and_hardly_less(name: str) -> None:
    chain = chain_with(next(iter(engines().values())), CODES)

    def using(to: bytes, data: bytes, gas: int) -> tuple[bytes, int]:
        return run(chain, to, data, gas)

    work = sized(name, 150_000, using)
    _, used = using(ADDRESS[name], work.data, CALL_GAS)
    _, more = using(ADDRESS[name], rounds_input(work.rounds + 1), CALL_GAS)
    assert used == work.gas <= 150_000 < more


def test_a_call_that_fails_is_no_figure() -> None:
    chain = chain_with(next(iter(engines().values())), CODES)
    with pytest.raises(RuntimeError, match="failed"):
        run(chain, ADDRESS["keccak"], rounds_input(10**9), 50_000)
    with pytest.raises(RuntimeError, match="failed"):
        plain_run(plain_chain(CODES), ADDRESS["keccak"], rounds_input(10**9), 50_000)
