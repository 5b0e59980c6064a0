"""Time travel on chains that began as files say, without DevControl: it comes when needed."""

from __future__ import annotations

import asyncio

import pytest

from byline.derivation.config import RollupConfig
from byline.node.accounts import OWNER_INDEX, dev_account
from byline.node.evm.accounts import created_address
from byline.node.loaded_network import l2_genesis_of
from byline.node.storage.kv import KeyValue, MemoryKV
from byline.node.verifier import Verifier
from byline.rpc.backend import Refused
from tests.integration.rollups import BOB, LocalSource, World
from tests.integration.test_genesis_files import settings_901, started, verified
from tests.vectors_folder import load

CLOCK = 302_400
"""Seconds that a dispute game of the genuine contracts waits for moves."""
OWNER = dev_account(OWNER_INDEX)


def times(here: World) -> tuple[int, int]:
    return here.rollup.l1.head.timestamp, here.rollup.engine.heads.unsafe.timestamp


def code(here: World) -> bytes:
    chain, address = here.rollup.l1.chain, here.rollup.engine.config.dev_control
    assert address is not None
    return chain.machine(chain.head).code(address)


def is_derived(here: World) -> None:
    while here.rollup.flush():
        pass
    safe = verified(here, settings_901()).engine.heads.safe
    assert safe == here.rollup.engine.heads.unsafe
    assert safe.number >= 1


def test_the_config_names_where_dev_control_will_be_and_nothing_is_there() -> None:
    here = started(settings_901())
    config = here.rollup.engine.config
    assert config.dev_control == created_address(OWNER.address, 0)
    assert RollupConfig.from_json(config.to_json()) == config
    assert config.to_json().keys() - load("devnet-901/rollup.json").keys() <= {
        "devnet", "dev_control_address",
    }  # fmt: skip
    assert code(here) == b""


def test_before_the_first_travel_the_clock_is_the_chains_and_stock_verifiers_follow() -> None:
    here = started(settings_901())
    genesis = here.rollup.engine.config.genesis.l2_time
    assert here.rollup.clock.now() == max(times(here))
    here.clock.advance(5_000)
    for _ in range(3):
        here.send("l2")
    here.send("l1", to=BOB.address)
    here.rollup.flush()
    assert here.rollup.engine.heads.unsafe.timestamp == genesis + 6
    assert (code(here), here.rollup.first_jump) == (b"", None)

    async def stock() -> Verifier:
        settings = settings_901()
        config = RollupConfig.from_json(load("devnet-901/rollup.json"))
        assert settings.l2_genesis is not None
        genesis_block = l2_genesis_of(settings.l2_genesis, config)
        verifier = Verifier(config, LocalSource(here.rollup), MemoryKV(), genesis_block)
        await verifier.start()
        await verifier.run(None, lambda _: None, follow=False)
        return verifier

    assert asyncio.run(stock()).engine.heads.safe == here.rollup.engine.heads.unsafe


@pytest.mark.parametrize("engine", ["fast", "pyevm"])
@pytest.mark.parametrize("first", ["l1", "l2"])
def test_the_first_travel_creates_dev_control_and_both_chains_jump(
    engine: str, first: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    here = started(settings_901(engine=engine))
    here.send("l2")
    base = max(times(here))
    here.rollup.increase_time(CLOCK)
    assert code(here) == b""
    here.rollup.mine("l1" if first == "l1" else "l2")
    here.rollup.mine("l2" if first == "l1" else "l1")
    assert code(here) != b""
    assert all(0 <= time - base - CLOCK <= 2 for time in times(here))
    assert here.rollup.first_jump == 2
    assert "L2 block 2 is what DevControl says: stock verifiers stop here" in caplog.text
    for value in range(3):
        here.send("l2", value=value)
    here.clock.advance(1_000)
    here.send("l2")
    assert 900 < here.rollup.engine.heads.unsafe.timestamp - base - CLOCK <= 1_000
    is_derived(here)


def test_no_account_that_users_are_shown_pays_for_it() -> None:
    here = started(settings_901())
    here.rollup.increase_time(CLOCK)
    here.rollup.mine("l2")
    block = here.rollup.l1.block(here.rollup.l1.head.number)
    assert block is not None
    senders = [tx.sender for tx in block.transactions]
    assert senders == [dev_account(29).address, OWNER.address, OWNER.address]
    assert all(receipt.succeeded for receipt in block.receipts)


@pytest.mark.parametrize("away", ["revert", "reorg"])
def test_a_dev_control_that_is_taken_back_is_created_again(away: str) -> None:
    here = started(settings_901())
    here.rollup.mine("l1")
    number = here.rollup.snapshot()
    here.rollup.set_next_timestamp("l1", times(here)[0] + CLOCK)
    here.rollup.mine("l1")
    assert code(here) != b""
    if away == "revert":
        assert here.rollup.revert(number)
    else:
        here.rollup.reorg_l1(1, blocks=0)
    assert code(here) == b""
    here.rollup.increase_time(CLOCK)
    here.send("l2")
    assert code(here) != b""
    is_derived(here)


def test_a_restart_knows_the_config_and_the_clock() -> None:
    kv: KeyValue = MemoryKV()
    first = started(settings_901(), kv)
    first.rollup.increase_time(CLOCK)
    first.send("l2")
    again = started(settings_901(), kv)
    assert again.rollup.engine.config == first.rollup.engine.config
    assert again.rollup.clock.now() == first.rollup.clock.now()
    again.rollup.increase_time(CLOCK)
    again.send("l2")
    is_derived(again)


def test_strict_mode_takes_the_files_as_they_are_and_refuses() -> None:
    here = started(settings_901(strict=True))
    assert here.rollup.engine.config.dev_control is None
    with pytest.raises(Refused, match="start without --strict"):
        here.rollup.increase_time(CLOCK)


def test_an_owner_that_has_sent_transactions_cannot_create_it() -> None:
    here = started(settings_901())
    here.send("l1", to=OWNER.address, value=10**18)
    here.send("l1", sender=OWNER)
    with pytest.raises(Refused, match="has sent L1 transactions"):
        here.rollup.increase_time(CLOCK)


def test_without_a_funded_account_travel_is_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = started(settings_901())
    monkeypatch.setattr("byline.node.l1.dev_control.BUDGET", 10**60)
    with pytest.raises(Refused, match=f"to 0x{OWNER.address.hex()}"):
        here.rollup.increase_time(CLOCK)
