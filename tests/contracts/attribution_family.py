"""The attribution contracts as genesis leaves them, on a machine that is quick to open."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from byline.node.contracts import addresses
from byline.node.contracts.artifacts import load
from byline.node.contracts.attribution_predeploys import (
    AttributionSetup,
    Backend,
    attribution_alloc,
)
from byline.node.evm.machine import OpcodeSet
from byline.node.evm.precompiles import ETHEREUM_PRAGUE, merged
from byline.precompiles import PRECOMPILES
from tests.contracts.first_blocks import booted
from tests.contracts.harness import CHAIN_ID, Contract, Outcome
from tests.contracts.quick import ENGINE, Base, Quick, base_of

TREASURY = b"\x7e" * 20
LEDGER = addresses.INFERENCE_LEDGER
START = 1_700_000_000
RICH = 2**200
PEOPLE = tuple(bytes([number]) * 20 for number in range(0x21, 0x27))
OWN_NATIVES = merged(ETHEREUM_PRAGUE, PRECOMPILES)


class WithOwnNatives(Quick):
    """`Quick` on which the attribution precompiles answer."""

    def _open(self) -> None:
        self.machine = ENGINE.open(
            self._nodes.get, self._root, self._block, OWN_NATIVES, OpcodeSet.PRAGUE
        )


@dataclass(frozen=True)
class Family:
    """The attribution contracts of one chain."""

    evm: WithOwnNatives
    registry: Contract
    policy: Contract
    bond: Contract
    pool: Contract


@cache
def _base(backend: Backend) -> Base:
    evm = booted(attribution_alloc(AttributionSetup(TREASURY, backend)))
    for person in (*PEOPLE, LEDGER):
        evm.set(person, balance=RICH)
    return base_of(evm, 1, START)


def family(backend: Backend = Backend.PRECOMPILE) -> Family:
    """Return a chain of its own; everyone of `PEOPLE`, and the ledger, is rich."""
    evm = WithOwnNatives(_base(backend), CHAIN_ID)

    def at(name: str) -> Contract:
        return Contract(evm, addresses.L2_CONTRACTS[name], load(name).abi)

    return Family(
        evm, at("AttributionRegistry"), at("FeePolicy"), at("ContributorBond"), at("StakePool")
    )


def done(contract: Contract, name: str, *arguments: Any, **options: Any) -> Outcome:
    """Send a call that must succeed."""
    outcome = contract.send(name, *arguments, **options)
    assert outcome.success, f"{name}: {contract.error(outcome)}"
    return outcome


def number(outcome: Outcome) -> int:
    """Return the one number that a call answered."""
    return int.from_bytes(outcome.output, "big")


def refused(contract: Contract, outcome: Outcome, signature: str, *arguments: Any) -> None:
    """Assert that the call reverted with exactly this error, which the ABI declares."""
    kinds = [kind for kind in signature.split("(")[1].rstrip(")").split(",") if kind]
    assert not outcome.success
    assert contract.error(outcome) == signature.split("(")[0]
    assert outcome.output == keccak(text=signature)[:4] + encode(kinds, arguments)
    assert outcome.logs == ()


def told(contract: Contract, outcome: Outcome) -> list[dict[str, Any]]:
    """Return the events of the contract in the order in which they were emitted."""
    return [contract.event(log) for log in outcome.logs if log.address == contract.address]


def calls_back(call: bytes) -> bytes:
    """Return code that sends `call` to its caller, whatever becomes of it."""
    size = f"60{len(call):02x}"
    # codecopy(0, 16, size); call(gas, caller, 0, 0, size, 0, 0); stop
    return bytes.fromhex(f"{size}60105f395f5f{size}5f5f335af100") + call
