"""Header fields that the L1 declares of single L2 blocks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from byline.derivation.attributes import build_attributes
from byline.derivation.constants import SEQUENCER_FEE_VAULT
from byline.derivation.dev_events import BLOCK_SET
from byline.derivation.dev_fields import (
    BASE_FEE,
    BY_THE_RULES,
    FEE_RECIPIENT,
    PREV_RANDAO,
    BlockFields,
    block_fields,
)
from byline.derivation.dev_schedule import DevSchedule
from byline.derivation.receipt import Log
from byline.derivation.types import BlockId, L1Block, L2BlockRef
from tests.derivation_kit import DEV_CONTROL, l1_genesis, receipt, rollup_config, word

CONFIG = rollup_config(dev_control=DEV_CONTROL)
SOMEBODY = bytes(range(20))


def event(l2_number: int, field: int, value: int) -> Log:
    topics = (BLOCK_SET, word(l2_number), word(field))
    return Log(DEV_CONTROL, topics, value.to_bytes(32, "big"))


def schedule(*logs: Log) -> tuple[DevSchedule, L2BlockRef, L1Block]:
    origin = l1_genesis()
    block = L1Block(origin.header, (), (receipt(*logs),))
    found = DevSchedule(CONFIG)
    assert found.read(block) == ()
    number, block_hash = origin.header.number, origin.header.hash
    parent = L2BlockRef(
        9, word(9), word(8), origin.header.timestamp + 18, BlockId(number, block_hash), 3
    )
    return found, parent, origin


def test_fields_are_of_the_block_that_the_event_names() -> None:
    found, parent, _ = schedule(
        event(10, BASE_FEE, 7), event(10, FEE_RECIPIENT, int.from_bytes(SOMEBODY, "big")),
        event(10, PREV_RANDAO, 3), event(11, BASE_FEE, 8), event(10, 99, 1),
    )  # fmt: skip
    assert found.fields(parent) == BlockFields(7, SOMEBODY, word(3))
    assert found.fields(replace(parent, number=10)) == BlockFields(base_fee=8)
    assert found.fields(replace(parent, number=11)) == BY_THE_RULES


def test_the_last_event_of_a_field_counts() -> None:
    found, parent, _ = schedule(event(10, BASE_FEE, 7), event(10, BASE_FEE, 9))
    assert found.fields(parent).base_fee == 9


@pytest.mark.parametrize(
    ("field", "value"), [(BASE_FEE, 2**64), (FEE_RECIPIENT, 2**160), (0, 1), (4, 1)]
)
def test_what_a_field_cannot_hold_has_no_effect(field: int, value: int) -> None:
    assert block_fields({field: value}) == BY_THE_RULES


def test_attributes_have_what_is_declared_and_else_what_the_rules_say() -> None:
    found, parent, origin = schedule(event(10, BASE_FEE, 0), event(10, PREV_RANDAO, 0))

    def attributes(fields: BlockFields, parent: L2BlockRef = parent, config=CONFIG):  # type: ignore[no-untyped-def]
        return build_attributes(
            config, parent, CONFIG.genesis.system_config, origin, parent.timestamp + 2, (),
            no_tx_pool=True, dev_fields=fields,
        )  # fmt: skip

    declared, plain = attributes(found.fields(parent)), attributes(BY_THE_RULES)
    assert (declared.base_fee, declared.prev_randao) == (0, word(0))
    assert (plain.base_fee, plain.prev_randao) == (None, origin.header.mix_hash)
    assert plain.suggested_fee_recipient == SEQUENCER_FEE_VAULT

    follows = replace(parent, fee_recipient=SOMEBODY)
    assert attributes(BY_THE_RULES, follows).suggested_fee_recipient == SOMEBODY
    stock = rollup_config()
    assert attributes(BY_THE_RULES, follows, stock).suggested_fee_recipient == SEQUENCER_FEE_VAULT
