"""Small programs that stand behind proxies in tests."""

from __future__ import annotations

from byline.node.contracts.assembler import assemble
from tests.contracts.harness import Evm

COUNTING = "1 PUSH0 SLOAD ADD PUSH0 SSTORE CALLVALUE 1 SSTORE"
ECHO = "CALLDATASIZE PUSH0 PUSH0 CALLDATACOPY"
IMPLEMENTATIONS = {
    b"\x01" * 20: f"{COUNTING} {ECHO} CALLDATASIZE PUSH0 RETURN",
    b"\x02" * 20: f"{COUNTING} {ECHO} CALLDATASIZE PUSH0 REVERT",
    b"\x03" * 20: "INVALID",
    b"\x04"
    * 20: "CALLVALUE PUSH0 MSTORE CALLER 0x20 MSTORE ADDRESS 0x40 MSTORE 0x60 PUSH0 RETURN",
    b"\x05" * 20: "",  # no code
    b"\x06" * 20: f"7 {ECHO} 7 PUSH0 LOG1 5 PUSH0 RETURN",  # less than it was given
    b"\x07" * 20: "4 CALLDATALOAD PUSH0 RETURN",  # as many zeros as the caller says
    b"\x08" * 20: "4 CALLDATALOAD PUSH0 REVERT",
    b"\x09" * 20: "0x40 CALLDATALOAD 0x20 CALLDATALOAD SSTORE",  # any slot, the proxy's too
}


def put_in_place(evm: Evm) -> None:
    """Give every program its account."""
    for address, source in IMPLEMENTATIONS.items():
        evm.set(address, code=assemble(source).code)
