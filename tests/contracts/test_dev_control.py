"""DevControl announces clock jumps, for its owner alone."""

from __future__ import annotations

from byline.derivation.dev_events import CLOCK_SET
from byline.node.contracts import addresses, artifacts
from tests.contracts.harness import ANYBODY, Contract, Evm, word

OWNER = b"\x05" * 20


def dev_control() -> Contract:
    evm = Evm()
    artifact = artifacts.load("DevControl")
    evm.set(addresses.DEV_CONTROL, code=artifact.runtime)
    evm.set(addresses.DEV_CONTROL, storage={0: int.from_bytes(OWNER, "big")})
    return Contract(evm, addresses.DEV_CONTROL, artifact.abi)


def test_the_owner_announces_a_jump_under_the_topic_that_derivation_reads() -> None:
    (log,) = dev_control().send("setClock", 7, 2**64 - 1, sender=OWNER).logs
    assert log.topics == (CLOCK_SET, word(7))
    assert log.data == word(2**64 - 1)


def test_nobody_else_may_move_the_clock() -> None:
    contract = dev_control()
    outcome = contract.send("setClock", 7, 8, sender=ANYBODY)
    assert contract.error(outcome) == "NotOwner"
    assert contract.read("owner") == "0x" + OWNER.hex()
