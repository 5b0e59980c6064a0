"""A small vault that credits by its own loop, or lets the state precompile do it."""

from __future__ import annotations

from collections.abc import Iterable

from byline.derivation.config import Fork
from byline.node.contracts.calls import Interface
from byline.node.evm.machine import CallOutcome, Machine
from byline.node.evm.optimism import OPCODES_OF
from byline.node.evm.precompiles import optimism_precompiles
from byline.precompiles import state
from tests.contracts.compiled import compiled
from tests.unit.node.evm import evm_kit

VAULT = b"\x33" * 20
STRANGER = b"\x44" * 20
POOL = b"\x07" * 32
GAS = 100_000_000
CALL, STATIC, DELEGATE, VALUE = range(4)

TEXT = """
STATE: constant(address) = 0x000000000000000000000000000000000000a772
credits: public(HashMap[bytes32, HashMap[address, uint256]])

@external
@payable
def loop(pool: bytes32, packed: Bytes[36864]):
    for i: uint256 in range(1024):
        if i * 36 >= len(packed):
            break
        who: address = convert(slice(packed, i * 36, 20), address)
        amount: uint256 = convert(slice(packed, i * 36 + 20, 16), uint256)
        self.credits[pool][who] += amount

@external
@payable
def forward(data: Bytes[40000], kind: uint256, most: uint256) -> (bool, Bytes[68]):
    done: bool = False
    output: Bytes[68] = b""
    if kind == 0:
        done, output = raw_call(STATE, data, max_outsize=68, gas=most, revert_on_failure=False)
    elif kind == 1:
        done, output = raw_call(
            STATE, data, max_outsize=68, gas=most, is_static_call=True, revert_on_failure=False
        )
    elif kind == 2:
        done, output = raw_call(
            STATE, data, max_outsize=68, gas=most, is_delegate_call=True, revert_on_failure=False
        )
    else:
        done, output = raw_call(
            STATE, data, max_outsize=68, gas=most, value=1, revert_on_failure=False
        )
    return done, output

@external
def inside(data: Bytes[40000], kind: uint256):
    # The call succeeds in a frame that does not.
    done: bool = False
    output: Bytes[40196] = b""
    if kind == 1:
        output = raw_call(
            self, abi_encode(data, kind, method_id=method_id("readOnly(bytes,uint256)")),
            max_outsize=64, is_static_call=True,
        )
    else:
        done, output = raw_call(
            self, abi_encode(data, method_id=method_id("creditThenRevert(bytes)")),
            max_outsize=64, revert_on_failure=False,
        )

@external
def readOnly(data: Bytes[40000], kind: uint256):
    raw_call(STATE, data)

@external
def creditThenRevert(data: Bytes[40000]):
    raw_call(STATE, data)
    raise "undone"
"""


def calldata(function: str, *arguments: object) -> bytes:
    """Encode a call of the small vault."""
    return Interface(compiled(TEXT)).call(function, *arguments)


def vault_machine(vault: bytes | None = VAULT) -> Machine:
    """Return a machine with the small vault, and another contract of the same code."""
    table = optimism_precompiles(Fork.KARST, vault)
    on = evm_kit.machine(table, OPCODES_OF[Fork.KARST])
    for at in (VAULT, STRANGER):
        on.set_code(at, compiled(TEXT).runtime)
    return on


def who(number: int) -> bytes:
    return number.to_bytes(20, "big")


def entries(amounts: Iterable[int]) -> bytes:
    """Return one entry for each amount, at the addresses from 1."""
    return state.pack((who(at), amount) for at, amount in enumerate(amounts, 1))


def loop(on: Machine, packed: bytes, pool: bytes = POOL) -> CallOutcome:
    return evm_kit.call(on, VAULT, calldata("loop", pool, packed), GAS)


def forward(
    on: Machine, data: bytes, kind: int = CALL, most: int = GAS, to: bytes = VAULT
) -> tuple[bool, bytes]:
    """Return whether the precompile succeeded, and what it gave back."""
    call = calldata("forward", data, kind, most)
    outcome = evm_kit.call(on, to, call, GAS)
    assert outcome.succeeded, outcome.error
    size = int.from_bytes(outcome.output[64:96], "big")
    return outcome.output[31] == 1, outcome.output[96 : 96 + size]


def credit(on: Machine, number: int, pool: bytes = POOL, at: bytes = VAULT) -> int:
    return on.storage(at, int.from_bytes(state.credit_slot(pool, who(number)), "big"))
