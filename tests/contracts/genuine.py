"""The genuine OP Stack predeploys, out of the genesis of a public devnet with every fork active.

Their code stays in the vectors folder; here it is only run, beside ours.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from byline.node.contracts import artifacts
from tests.contracts.harness import Evm
from tests.vectors_folder import load

GENESIS = "genesis/sepolia-devnet-2--sepolia-devnet-2.json.gz"
TOKEN_GENESIS = "genesis/mainnet--automata.json.gz"
"""A public chain on which an ERC-20 of the L1 pays for gas."""
DEPOSITOR = bytes.fromhex("deaddeaddeaddeaddeaddeaddeaddeaddead0001")
NAMES = {
    "L2CrossDomainMessenger": 0x07,
    "GasPriceOracle": 0x0F,
    "L2StandardBridge": 0x10,
    "OptimismMintableERC20Factory": 0x12,
    "L1Block": 0x15,
    "L2ToL1MessagePasser": 0x16,
}


def predeploy(name: str) -> bytes:
    """Return the address of a predeploy."""
    return bytes.fromhex("42").ljust(19, b"\0") + bytes([NAMES[name]])


@cache
def _alloc(genesis: str = GENESIS) -> dict[bytes, Any]:
    return {
        bytes.fromhex(address.removeprefix("0x")): account
        for address, account in load(genesis)["alloc"].items()
    }


def genuine_code(name: str, genesis: str = GENESIS) -> bytes:
    """Return the code of the genuine implementation behind the predeploy's proxy."""
    return implementation(NAMES[name], genesis)


def implementation(number: int, genesis: str = GENESIS) -> bytes:
    """Return the code behind the proxy of the predeploy with that last byte."""
    address = bytes.fromhex("c0d3" * 9) + bytes([0, number])
    return bytes.fromhex(_alloc(genesis)[address]["code"].removeprefix("0x"))


def pair(*names: str) -> tuple[Evm, Evm]:
    """Return one state with our contracts at their addresses, and one with the genuine."""
    ours, genuine = Evm(), Evm()
    for name in names:
        ours.set(predeploy(name), code=artifacts.load(name).runtime)
        genuine.set(predeploy(name), code=genuine_code(name))
    return ours, genuine


def preinstall(address: bytes, genesis: str = GENESIS) -> bytes:
    """Return the genuine code at an address that is not proxied."""
    return bytes.fromhex(_alloc(genesis)[address]["code"].removeprefix("0x"))


L1_GENESIS = "l1-contracts/900-l1-genesis.json.gz"
GENUINE_PORTAL = bytes.fromhex("75ceb25776d0402972b736f6e13fd0616be98f22")
GENUINE_SYSTEM_CONFIG = bytes.fromhex("3feb7f8765b9341b054eb4671cc47d3e33d1606d")


def genuine_l1() -> Evm:
    """Return the state of an L1 on which the OP Stack's contracts were deployed."""
    evm = Evm()
    for address, account in load(L1_GENESIS)["alloc"].items():
        storage = account.get("storage") or {}
        evm.set(
            bytes.fromhex(address.removeprefix("0x")),
            code=bytes.fromhex(account.get("code", "0x")[2:]),
            storage={int(slot, 16): int(value, 16) for slot, value in storage.items()},
            balance=int(account.get("balance", "0x0"), 16),
        )
    return evm
