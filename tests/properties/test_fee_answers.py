"""What is answered for the GasPriceOracle without running it is what running it returns."""

from __future__ import annotations

import random
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.derivation.hashing import keccak256
from byline.derivation.transaction import decode_transaction
from byline.node.chain.calls import apply_overrides, call, intrinsic
from byline.node.chain.chain import CALL_GAS, Chain
from byline.node.contracts.addresses import GAS_PRICE_ORACLE, IMPLEMENTATION_SLOT, L1_BLOCK
from byline.node.contracts.artifacts import load as artifact
from byline.node.l2.fee_answers import (
    GAS_BESIDE_BYTES,
    GENUINE_GAS_PER_BYTE,
    GENUINE_L1_BLOCKS,
    GENUINE_ORACLES,
    OUR_GAS_PER_BYTE,
    fee_answer,
)
from byline.rpc.backend import AccountOverride, CallRequest, Reverted
from tests.contracts.genuine import genuine_code, preinstall
from tests.contracts.harness import Evm, calldata
from tests.integration.rollups import world
from tests.vectors_folder import load

OURS = "ours"
FORKS = {"Fjord": 0x0101, "Isthmus": 0x010101, "Jovian": 0x01010101}
GENESES = ("sepolia-devnet-2--sepolia-devnet-2", "mainnet--automata", "mainnet--ink")
FUNCTIONS = ("getL1Fee(bytes)", "getL1GasUsed(bytes)")
BEHIND = bytes.fromhex("c0d3" * 9)
USUAL = {1: 10**9, 3: 1368 << 96 | 810949 << 64 | 3, 7: 7}
"""Words of L1Block: prices of the L1 and their weights."""


@cache
def chain() -> Chain:
    return world().rollup.engine.chain


@cache
def codes() -> dict[bytes, bytes]:
    """Return every code that the vectors hold of either contract, by hash."""
    found = [
        genuine_code(name, f"genesis/{genesis}.json.gz")
        for genesis in GENESES
        for name in ("GasPriceOracle", "L1Block")
    ]
    for fork in ("fjord", "isthmus", "jovian"):
        for tx in load("upgrade-txs/upgrade_deposit_txs.json.gz")["forks"][fork]:
            if tx["to"] is None:
                found.append(deployed(bytes.fromhex(tx["raw"][2:])))
    return {keccak256(code): code for code in found}


def deployed(raw: bytes) -> bytes:
    evm = Evm()
    return evm.code(evm.deploy(decode_transaction(raw).data).created)


def oracle_code(name: str) -> bytes:
    if name == OURS:
        return artifact("GasPriceOracle").runtime
    return codes()[next(digest for digest, level in GENUINE_ORACLES.items() if level == name)]


def l1_block_code(name: str) -> bytes:
    if name == OURS:
        return artifact("L1Block").runtime
    return codes()[next(digest for digest, level in GENUINE_L1_BLOCKS.items() if level == name)]


def placed(
    address: bytes, code: bytes, words: dict[int, int], proxy: str | None
) -> dict[bytes, AccountOverride]:
    """Return a contract at `address`, or behind `proxy` there."""
    if proxy is None:
        return {address: AccountOverride(code=code, storage=words)}
    behind = BEHIND + address[-2:]
    words = {**words, IMPLEMENTATION_SLOT: int.from_bytes(behind, "big")}
    return {
        address: AccountOverride(code=proxy_code(proxy), storage=words),
        behind: AccountOverride(code=code),
    }


def setting(
    oracle: str,
    l1_block: str,
    *,
    flags: int = FORKS["Jovian"],
    words: dict[int, int] = USUAL,
    proxy: str | None = None,
) -> dict[bytes, AccountOverride]:
    return {
        **placed(GAS_PRICE_ORACLE, oracle_code(oracle), {0: flags}, proxy),
        **placed(L1_BLOCK, l1_block_code(l1_block), words, proxy),
    }


def answered(request: CallRequest, world_of: dict[bytes, AccountOverride]) -> bytes | None:
    machine = chain().machine(chain().head)
    apply_overrides(machine, world_of)
    return fee_answer(machine, request)


def executed(request: CallRequest, world_of: dict[bytes, AccountOverride]) -> bytes:
    return call(chain(), chain().head, request, world_of)


def proxy_code(name: str) -> bytes:
    return artifact("Proxy").runtime if name == OURS else preinstall(GAS_PRICE_ORACLE)


def enough(data: bytes, oracle: str) -> int:
    """Return the least gas with which a call with `data` is answered."""
    each = OUR_GAS_PER_BYTE if oracle == OURS else GENUINE_GAS_PER_BYTE
    length = int.from_bytes(data[36:68], "big")
    return intrinsic(CallRequest(to=L1_BLOCK, data=data)) + GAS_BESIDE_BYTES + each * length


@st.composite
def transactions(draw: st.DrawFn) -> bytes:
    """Draw bytes that compress in all ways: noise, runs, repeats near and far, short matches."""
    size = draw(st.one_of(st.integers(0, 300), st.integers(0, 8_000), st.integers(0, 100_000)))
    source = random.Random(draw(st.integers(0, 2**32)))
    words = [source.randbytes(draw(st.integers(1, 9))) for _ in range(draw(st.integers(1, 300)))]
    filled = bytearray()
    while len(filled) < size:
        kind = source.randrange(4)
        count = source.randrange(1, 700)
        if kind == 0:
            filled += source.randbytes(count)
        elif kind == 1:
            filled += bytes([source.randrange(3)]) * count
        elif kind == 2:
            filled += b"".join(source.choice(words) for _ in range(count))
        else:
            start = source.randrange(len(filled) + 1)
            filled += filled[start : start + count]
    return bytes(filled[:size])


PRICES = st.one_of(st.integers(0, 2**40), st.integers(0, 2**128), st.integers(2**127, 2**256 - 1))
SCALARS = st.one_of(
    st.integers(0, 2**28 - 1), st.integers(0, 2**32 - 1), st.sampled_from([2**28 - 1, 2**28])
)


@settings(max_examples=150)
@given(
    data=transactions(),
    function=st.sampled_from(FUNCTIONS),
    oracle=st.sampled_from((OURS, *GENUINE_ORACLES.values())),
    l1_block=st.sampled_from((OURS, *GENUINE_L1_BLOCKS.values())),
    flags=st.sampled_from((0, 1, *FORKS.values())),
    prices=st.tuples(PRICES, PRICES),
    scalars=st.tuples(SCALARS, SCALARS, st.integers(0, 2**64 - 1)),
    proxy=st.sampled_from((None, OURS, "genuine")),
    gas=st.one_of(st.none(), st.just(0), st.integers(-100_000, 10**8)),
)
def test_an_answer_is_what_the_contract_returns(
    data: bytes,
    function: str,
    oracle: str,
    l1_block: str,
    flags: int,
    prices: tuple[int, int],
    scalars: tuple[int, int, int],
    proxy: str | None,
    gas: int | None,
) -> None:
    words = {1: prices[0], 3: scalars[0] << 96 | scalars[1] << 64 | scalars[2], 7: prices[1]}
    there = setting(oracle, l1_block, flags=flags, words=words, proxy=proxy)
    text = calldata(function, data)
    least = enough(text, oracle)
    request = CallRequest(
        to=GAS_PRICE_ORACLE, data=text, gas=None if gas is None else max(0, least + gas)
    )
    found = answered(request, there)
    given_gas = CALL_GAS if gas is None else min(CALL_GAS, least + gas)
    priced = (max(prices) < 2**128 and scalars[0] < 2**28) or function == FUNCTIONS[1]
    assert (found is not None) == (flags >= FORKS["Fjord"] and given_gas >= least and priced)
    if found is not None:
        assert executed(request, there) == found


def short_matches(size: int) -> bytes:
    """Return what costs an oracle most: a match of three bytes wherever one can be."""
    source = random.Random(size)
    triples = [source.randbytes(3) for _ in range(64)]
    return b"".join(source.choice(triples) for _ in range(size // 3 + 1))[:size]


@pytest.mark.parametrize("oracle", [OURS, *GENUINE_ORACLES.values()])
@pytest.mark.parametrize("size", [0, 1, 31, 500, 5_000, 40_000])
def test_the_least_gas_for_an_answer_is_enough_for_the_contract_at_its_worst(
    oracle: str, size: int
) -> None:
    there = setting(oracle, "Karst", proxy=OURS)
    for function in FUNCTIONS:
        text = calldata(function, short_matches(size))
        least = enough(text, oracle)
        found = answered(CallRequest(to=GAS_PRICE_ORACLE, data=text, gas=least), there)
        assert found == executed(CallRequest(to=GAS_PRICE_ORACLE, data=text, gas=least), there)
        less = CallRequest(to=GAS_PRICE_ORACLE, data=text, gas=least - 1)
        assert answered(less, there) is None


def test_every_known_code_is_in_the_vectors_and_none_is_known_twice() -> None:
    known = {*GENUINE_ORACLES, *GENUINE_L1_BLOCKS}
    assert known <= set(codes())
    for table in (GENUINE_ORACLES, GENUINE_L1_BLOCKS):
        assert len(set(table.values())) == len(table)


def test_code_that_is_not_known_is_run() -> None:
    request = CallRequest(to=GAS_PRICE_ORACLE, data=calldata(FUNCTIONS[0], bytes(100)))
    usual = setting(OURS, OURS)
    assert answered(request, usual) is not None
    other = AccountOverride(code=oracle_code(OURS) + b"\0", storage={0: FORKS["Jovian"]})
    assert answered(request, {**usual, GAS_PRICE_ORACLE: other}) is None
    assert answered(request, {**usual, L1_BLOCK: AccountOverride(code=b"\0")}) is None
    emptied = {GAS_PRICE_ORACLE: AccountOverride(code=b""), L1_BLOCK: usual[L1_BLOCK]}
    assert answered(request, emptied) is None
    behind = setting(OURS, OURS, proxy=OURS)
    behind[BEHIND + GAS_PRICE_ORACLE[-2:]] = AccountOverride(code=proxy_code(OURS))
    assert answered(request, behind) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"value": 1},
        {"gas_price": 10**9},
        {"max_fee_per_gas": 10**9},
        {"max_priority_fee_per_gas": 1},
        {"to": L1_BLOCK},
        {"to": None},
        {"data": calldata("getL1FeeUpperBound(uint256)", 100)},
        {"data": b""},
        {"data": calldata(FUNCTIONS[0], b"abc")[:-1]},
        {"data": calldata(FUNCTIONS[0], b"abc") + bytes(32)},
        {"data": calldata(FUNCTIONS[0], b"abc")[:-1] + b"\1"},
        {"data": calldata(FUNCTIONS[0], b"abc")[:4] + (64).to_bytes(32, "big")},
        {"data": calldata(FUNCTIONS[0], b"")[:36] + b"\xff" * 32},
    ],
    ids=str,
)
def test_a_call_that_asks_for_more_than_a_fee_is_run(changed: dict[str, object]) -> None:
    usual: dict[str, object] = {"to": GAS_PRICE_ORACLE, "data": calldata(FUNCTIONS[0], b"abc")}
    assert answered(CallRequest(**usual), setting(OURS, OURS)) is not None  # type: ignore[arg-type]
    request = CallRequest(**{**usual, **changed})  # type: ignore[arg-type]
    assert answered(request, setting(OURS, OURS)) is None


def test_weights_that_the_genuine_contract_cannot_multiply_are_left_to_it() -> None:
    request = CallRequest(to=GAS_PRICE_ORACLE, data=calldata(FUNCTIONS[0], b"abc"))
    most = setting("Jovian", "Karst", words={**USUAL, 3: (2**28 - 1) << 96})
    assert answered(request, most) == executed(request, most)
    beyond = setting("Jovian", "Karst", words={**USUAL, 3: 2**28 << 96})
    assert answered(request, beyond) is None
    with pytest.raises(Reverted):
        executed(request, beyond)
