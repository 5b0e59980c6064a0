"""Ours and the genuine messengers and bridges of the L2, side by side."""

from __future__ import annotations

from typing import Final

from tests.contracts.bridging import RELAY, TOKEN_SOURCE, TWIN_SOURCE
from tests.contracts.compiled import compiled
from tests.contracts.genuine import pair, predeploy
from tests.contracts.harness import Event, Evm, Outcome, calldata
from tests.contracts.l1_stack import text

PERSON: Final = b"\x11" * 20
SOMEBODY: Final = "0x" + "22" * 20
TOKEN: Final = b"\x70" * 20
TWIN: Final = b"\x71" * 20
REMOTE: Final = text(b"\x72" * 20)
L1_MESSENGER: Final = bytes.fromhex("c8c71093ffc2092d61a72369d81940b839bb12b4")
ALIAS: Final = bytes.fromhex("d9d81093ffc2092d61a72369d81940b839bb23c5")
"""The messenger of the L1, and how its deposits name it on the L2."""
L1_BRIDGE: Final = bytes.fromhex("52af4dff31d13449b70993e21eb599c615a66541")
MESSENGER: Final = predeploy("L2CrossDomainMessenger")
BRIDGE: Final = predeploy("L2StandardBridge")
PASSER: Final = predeploy("L2ToL1MessagePasser")
L1_BLOCK: Final = predeploy("L1Block")
ETHER_TOKEN: Final = "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0000"

# What genesis writes; slot 0 tells the genuine contracts that they are set up.
STORAGE: Final = {
    MESSENGER: {0: 1 << 160, 204: 0xDEAD, 207: int.from_bytes(L1_MESSENGER, "big")},
    BRIDGE: {
        0: 1,
        3: int.from_bytes(MESSENGER, "big"),
        4: int.from_bytes(L1_BRIDGE, "big"),
    },
}


def sides() -> tuple[Evm, Evm]:
    """Return our contracts, and the genuine ones, in the same state."""
    both = pair("L2CrossDomainMessenger", "L2StandardBridge", "L2ToL1MessagePasser", "L1Block")
    for evm in both:
        for address, slots in STORAGE.items():
            evm.set(address, storage=slots)
        for address, source in ((TOKEN, TOKEN_SOURCE), (TWIN, ANSWERING_TWIN)):
            evm.set(address, code=compiled(source).runtime)
        send(evm, TOKEN, "set(address,uint256,uint256)", text(PERSON), 1_000, 0)
        send(evm, TWIN, "set(address,uint256,address)", text(PERSON), 1_000, REMOTE)
    return both


ANSWERING_TWIN: Final = (
    TWIN_SOURCE
    + """
@external
@view
def l1Token() -> address:
    return self.remoteToken
"""
)


def send(
    evm: Evm,
    to: bytes,
    signature: str,
    *arguments: object,
    value: int = 0,
    sender: bytes = PERSON,
    origin: bytes | None = None,
) -> Outcome:
    data = calldata(signature, *arguments)
    return evm.call(to, data, sender=sender, origin=origin, value=value)


def alike(
    both: tuple[Evm, Evm],
    to: bytes,
    signature: str,
    *arguments: object,
    value: int = 0,
    sender: bytes = PERSON,
    origin: bytes | None = None,
) -> Outcome:
    """Call both; success, output and logs must be the same."""
    ours, genuine = (
        send(evm, to, signature, *arguments, value=value, sender=sender, origin=origin)
        for evm in both
    )
    return agreed(ours, genuine)


def agreed(ours: Outcome, genuine: Outcome) -> Outcome:
    assert (ours.success, ours.output, ours.logs) == (
        genuine.success,
        genuine.output,
        genuine.logs,
    ), ours.error
    return ours


def from_l1(
    target: bytes,
    message: bytes,
    *,
    sender: bytes = L1_BRIDGE,
    nonce: int = 1 << 240,
    value: int = 0,
    gas: int = 300_000,
) -> bytes:
    """The calldata with which a message arrives that somebody on the L1 has sent."""
    return calldata(RELAY, nonce, text(sender), text(target), value, gas, message)


def arrive(
    both: tuple[Evm, Evm], message: bytes, *, value: int = 0, gas: int = 10_000_000
) -> Outcome:
    """Execute a deposit of the messenger of the L1 on both."""
    ours, genuine = (
        evm.call(MESSENGER, message, sender=ALIAS, value=value, gas=gas) for evm in both
    )
    return agreed(ours, genuine)


def topics(outcome: Outcome) -> list[bytes]:
    """The first topic of each log."""
    return [log.topics[0] for log in outcome.logs]


def of(outcome: Outcome, address: bytes) -> list[Event]:
    """The logs of one contract."""
    return [log for log in outcome.logs if log.address == address]
