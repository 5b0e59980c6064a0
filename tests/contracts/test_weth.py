"""WETH moves tokens as the genuine contract does."""

from __future__ import annotations

import random

from byline.node.contracts import addresses, artifacts
from tests.contracts.genuine import pair, preinstall
from tests.contracts.harness import Contract, Evm, calldata

WETH = addresses.WETH
PEOPLE = [bytes([i]) * 20 for i in range(0x11, 0x15)]
NEVER_ENDING = 2**256 - 1


def states() -> tuple[Evm, Evm]:
    ours, genuine = Evm(), Evm()
    ours.set(WETH, code=artifacts.load("WETH").runtime)
    genuine.set(WETH, code=preinstall(WETH))
    return ours, genuine


def random_call(source: random.Random) -> tuple[bytes, int]:
    who, other = ("0x" + source.choice(PEOPLE).hex() for _ in range(2))
    amount = source.choice((0, 1, 5, 50))
    return source.choice(
        [
            (calldata("deposit()"), amount),
            (b"", amount),
            (b"\x12\x34\x56\x78", amount),
            (calldata("withdraw(uint256)", amount), 0),
            (calldata("transfer(address,uint256)", who, amount), 0),
            (calldata("transferFrom(address,address,uint256)", who, other, amount), 0),
            (calldata("approve(address,uint256)", who, source.choice((amount, NEVER_ENDING))), 0),
        ]
    )


def test_random_histories_end_with_the_balances_allowances_and_events_of_the_genuine_one() -> None:
    ours, genuine = states()
    source = random.Random(6)
    verdicts = []
    for _ in range(400):
        data, value = random_call(source)
        sender = source.choice(PEOPLE)
        mine, theirs = (
            evm.call(WETH, data, sender=sender, value=value, gas=10**6) for evm in (ours, genuine)
        )
        assert mine.success == theirs.success, data.hex()
        assert mine.logs == theirs.logs
        if mine.success:
            assert mine.output == theirs.output
        verdicts.append(mine.success)
    assert 50 < sum(verdicts) < 400
    for who in PEOPLE:
        for other in PEOPLE:
            questions = (
                calldata("allowance(address,address)", "0x" + who.hex(), "0x" + other.hex()),
                calldata("balanceOf(address)", "0x" + who.hex()),
                calldata("totalSupply()"),
            )
            for question in questions:
                assert ours.call(WETH, question).output == genuine.call(WETH, question).output


def test_the_token_says_what_it_is() -> None:
    evm, genuine = states()
    for side, block in zip((evm, genuine), pair("L1Block"), strict=True):
        side.set(addresses.L1_BLOCK, code=block.code(addresses.L1_BLOCK))
    for call in ("name()", "symbol()", "decimals()", "version()"):
        outputs = [side.call(WETH, calldata(call)).output for side in (evm, genuine)]
        assert outputs[0] == outputs[1]
    weth = Contract(evm, WETH, artifacts.load("WETH").abi)
    assert [weth.read(name) for name in ("name", "symbol", "decimals")] == [
        "Wrapped Ether", "WETH", 18,
    ]  # fmt: skip
