"""Ours and the genuine messengers and bridges of the L1, side by side."""

from __future__ import annotations

from tests.contracts.compiled import compiled
from tests.contracts.genuine import genuine_l1
from tests.contracts.harness import Event, Evm, Outcome, calldata
from tests.contracts.l1_stack import L2_BRIDGE, L2_MESSENGER, Stack, text
from tests.vectors_folder import load

PERSON = b"\x11" * 20
SOMEBODY = "0x" + "22" * 20
TOKEN = b"\x70" * 20
TWIN = b"\x71" * 20
REMOTE = text(b"\x72" * 20)
ETHER = 10**18
RELAY = "relayMessage(uint256,address,address,uint256,uint256,bytes)"
CUSTOM_GAS_TOKEN = b"CUSTOM_GAS_TOKEN".ljust(32, b"\0")

TOKEN_SOURCE = """
balanceOf: public(HashMap[address, uint256])
fee: public(uint256)

@external
def set(_owner: address, _amount: uint256, _fee: uint256):
    self.balanceOf[_owner] = _amount
    self.fee = _fee

@external
def transferFrom(_from: address, _to: address, _amount: uint256) -> bool:
    self.balanceOf[_from] -= _amount
    self.balanceOf[_to] += _amount - self.fee
    return True

@external
def transfer(_to: address, _amount: uint256) -> bool:
    self.balanceOf[msg.sender] -= _amount
    self.balanceOf[_to] += _amount
    return True
"""
TWIN_SOURCE = """
balanceOf: public(HashMap[address, uint256])
remoteToken: public(address)

@external
def set(_owner: address, _amount: uint256, _remote: address):
    self.balanceOf[_owner] = _amount
    self.remoteToken = _remote

@external
@pure
def supportsInterface(_id: bytes4) -> bool:
    return _id == 0x01ffc9a7 or _id == 0xec4fc8e3

@external
def burn(_from: address, _amount: uint256):
    self.balanceOf[_from] -= _amount

@external
def mint(_to: address, _amount: uint256):
    self.balanceOf[_to] += _amount
"""


def places() -> dict[str, bytes]:
    found = load("l1-contracts/l2-addresses.json")["901"]
    proxies = {
        "SystemConfig": "SystemConfigProxy",
        "OptimismPortal": "OptimismPortalProxy",
        "AnchorStateRegistry": "AnchorStateRegistryProxy",
        "DisputeGameFactory": "DisputeGameFactoryProxy",
        "L1CrossDomainMessenger": "L1CrossDomainMessengerProxy",
        "L1StandardBridge": "L1StandardBridgeProxy",
    }
    return {name: bytes.fromhex(found[proxy][2:]) for name, proxy in proxies.items()}


def send(evm: Evm, to: bytes, signature: str, *arguments: object, value: int = 0) -> Outcome:
    return evm.call(to, calldata(signature, *arguments), sender=PERSON, value=value)


def known(outcome: Outcome) -> list[Event]:
    """The logs of contracts that both sides have."""
    here = {*places().values(), TOKEN, TWIN}
    return [log for log in outcome.logs if log.address in here]


def alike(
    both: tuple[Evm, Evm], name: str, signature: str, *arguments: object, value: int = 0
) -> Outcome:
    """Call both; success, output and logs must be the same."""
    ours, genuine = (send(evm, places()[name], signature, *arguments, value=value) for evm in both)
    assert (ours.success, ours.output) == (genuine.success, genuine.output), ours.error
    assert known(ours) == known(genuine)
    return ours


def arrive(evm: Evm, message: bytes, *, value: int = 0, gas: int = 10_000_000) -> Outcome:
    """Have the portal hand over a message, as it does during a withdrawal."""
    portal, messenger = places()["OptimismPortal"], places()["L1CrossDomainMessenger"]
    before = evm.storage(portal, 50)
    evm.set(portal, storage={50: int.from_bytes(L2_MESSENGER, "big")})
    outcome = evm.call(messenger, message, sender=portal, value=value, gas=gas)
    evm.set(portal, storage={50: before})
    return outcome


def from_l2(
    target: bytes,
    message: bytes,
    *,
    sender: bytes = L2_BRIDGE,
    nonce: int = 1 << 240,
    value: int = 0,
    gas: int = 100_000,
) -> bytes:
    """The calldata with which a message arrives that somebody on the L2 has sent."""
    return calldata(RELAY, nonce, text(sender), text(target), value, gas, message)


def arrive_at_both(
    both: tuple[Evm, Evm], message: bytes, *, value: int = 0, gas: int = 10_000_000
) -> Outcome:
    ours, genuine = (arrive(evm, message, value=value, gas=gas) for evm in both)
    assert (ours.success, ours.output) == (genuine.success, genuine.output), ours.error
    assert known(ours) == known(genuine)
    return ours


def beside(stack: Stack) -> tuple[Evm, Evm]:
    """Ours, which stand at `places()`, and the genuine contracts, in the same block."""
    genuine = genuine_l1()
    for evm in (stack.evm, genuine):
        evm.at(50, 1_800_000_000, 2**200)
        for address, source in ((TOKEN, TOKEN_SOURCE), (TWIN, TWIN_SOURCE)):
            evm.set(address, code=compiled(source).runtime)
        send(evm, TOKEN, "set(address,uint256,uint256)", text(PERSON), 1_000, 0)
        send(evm, TWIN, "set(address,uint256,address)", text(PERSON), 1_000, REMOTE)
    return stack.evm, genuine
