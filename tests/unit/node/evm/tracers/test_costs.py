"""What opcodes are shown to cost."""

from __future__ import annotations

from byline.node.evm.engines import engine
from tests.unit.node.evm.tracers.programs import CALL, call, create, deploys
from tests.unit.node.evm.tracers.running import PLACE, ran
from tests.unit.node.evm.tracers.scenarios import LEAF
from tests.unit.node.evm.tracers.traced_chain import traced_chain


def test_an_inner_creation_costs_what_it_costs_without_what_it_gives() -> None:
    chain, tx = ran(create(deploys(b"\x5f")))
    logs = chain.every_opcode(tx)["structLogs"]
    costs = {entry["op"]: entry["gasCost"] for entry in logs}
    assert costs["CREATE"] == 32_000 + 2
    returned = [entry for entry in logs if entry["op"] == "RETURN"]
    assert [entry["gasCost"] for entry in returned] == [0]
    chain, tx = ran(call(CALL, LEAF, gas=30_000))
    costs = {entry["op"]: entry["gasCost"] for entry in chain.every_opcode(tx)["structLogs"]}
    assert costs["CALL"] == 2_600 + 30_000


def test_a_write_that_cannot_be_paid_costs_by_what_the_slot_held_before() -> None:
    chain = traced_chain(engine(), {PLACE: bytes.fromhex("5f355f55")})
    one, two = (number.to_bytes(32) for number in (1, 2))
    # 31 bytes of zero and one other; three opcodes before the SSTORE.
    before = 21_000 + 31 * 4 + 16 + 7
    txs = [
        chain.transaction(PLACE, data=one, gas=100_000),
        chain.transaction(PLACE, data=two, gas=before + 4_999),
        chain.transaction(PLACE, data=one, gas=before + 2_301),
    ]
    chain.mine(*txs)
    last = [chain.every_opcode(tx)["structLogs"][-1] for tx in txs[1:]]
    assert [(entry["gasCost"], entry.get("error")) for entry in last] == [
        (5_000, "out of gas"),
        (0, None),
    ]
