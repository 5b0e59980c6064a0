"""Finds the contracts of a running pair of chains, ours or any other of the OP Stack.

The rollup config names the portal and the system config; they name the others.
Source: ethereum-optimism/optimism, src/L1/{SystemConfig,OptimismPortal2}.sol.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from byline.node.bridge.calls import Call, calldata
from byline.node.bridge.fields import octets
from byline.node.client import CallFailed, RpcClient
from byline.node.errors import NodeError
from byline.node.hexes import checksum

ETHER_TOKEN: Final = b"\xee" * 20
"""How system configs name ether among tokens."""

Request: TypeAlias = Callable[[str, list[Any]], Any]
"""Sends a JSON-RPC request, method and parameters, and returns its result, or raises."""

_PORTAL: Final = "deposit_contract_address"
_SYSTEM_CONFIG: Final = "l1_system_config_address"
_QUESTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "dispute_game_factory": (_PORTAL, "disputeGameFactory()"),
    "l1_standard_bridge": (_SYSTEM_CONFIG, "l1StandardBridge()"),
    "l1_cross_domain_messenger": (_SYSTEM_CONFIG, "l1CrossDomainMessenger()"),
    "gas_token": (_SYSTEM_CONFIG, "gasPayingToken()"),
}
"""What to ask which contract of the rollup config."""


@dataclass(frozen=True, slots=True)
class Contracts:
    """Where the contracts of one L2 stand on its L1."""

    portal: bytes
    system_config: bytes
    dispute_game_factory: bytes
    l1_standard_bridge: bytes
    l1_cross_domain_messenger: bytes
    gas_token: bytes | None
    """The ERC-20 that pays for gas on the L2; `None` where ether does."""


def contracts_by(l1: Request, l2: Request) -> Contracts:
    """Ask both chains; with web3.py, `lambda method, params: web3.manager.request_blocking(...)`.

    Raises what the requests raise, and `NodeError` for an answer that is no address.
    """
    config = l2("optimism_rollupConfig", [])
    answers: dict[str, Any] = {}
    for name, (holder, function) in _QUESTIONS.items():
        request = [_call(config, holder, function), "latest"]
        if name != "gas_token":
            answers[name] = l1("eth_call", request)
            continue
        try:
            answers[name] = l1("eth_call", request)
        except Exception as exc:
            # Clients differ in what they raise; only a refusal of this call is expected.
            if "revert" not in str(exc):
                raise
    return _contracts(config, answers)


async def find_contracts(l1: RpcClient, l2: RpcClient) -> Contracts:
    """Ask both chains; `l2` may be the rollup node as well.

    Raises `NodeError` where one does not answer, or answers what is no address.
    """
    config = await l2.call("optimism_rollupConfig")
    answers: dict[str, Any] = {}
    for name, (holder, function) in _QUESTIONS.items():
        try:
            answers[name] = await l1.call("eth_call", _call(config, holder, function), "latest")
        except CallFailed as exc:
            # Later system configs know of ether alone and have no such function.
            if name != "gas_token" or "revert" not in str(exc):
                raise
    return _contracts(config, answers)


def _call(config: Mapping[str, Any], holder: str, function: str) -> dict[str, Any]:
    call = Call(octets(config[holder]), calldata(function))
    return {"to": checksum(call.to), "data": "0x" + call.data.hex()}


def _contracts(config: Mapping[str, Any], answers: Mapping[str, Any]) -> Contracts:
    found = {name: _address(name, octets(answer)) for name, answer in answers.items()}
    token = found.pop("gas_token", ETHER_TOKEN)
    return Contracts(
        portal=octets(config[_PORTAL]),
        system_config=octets(config[_SYSTEM_CONFIG]),
        gas_token=None if token == ETHER_TOKEN else token,
        **found,
    )


def _address(name: str, answer: bytes) -> bytes:
    if len(answer) < 32 or any(answer[:12]):
        raise NodeError(
            f"{name}: the L1 answers 0x{answer[:64].hex()}, want an address in a word: "
            "are these the L1 and the L2 of one rollup?"
        )
    return answer[12:32]
