"""ABI files as tools write them, all about one contract."""

from typing import Any

from byline.node.messages.book import Account

CODE = "6080604052" + "5b" * 40
ABI: list[dict[str, Any]] = [
    {
        "type": "function",
        "name": "pay",
        "inputs": [{"name": "to", "type": "address"}, {"name": "amount", "type": "uint256"}],
        "outputs": [],
        "stateMutability": "nonpayable",
    },
    {"type": "error", "name": "TooLittle", "inputs": [{"name": "have", "type": "uint256"}]},
]
NOBODY = Account("l2", lambda address: b"", lambda address, slot: 0)
"""A chain without contracts."""


def on_chain(
    codes: dict[bytes, bytes], slots: dict[tuple[bytes, int], int] | None = None
) -> Account:
    words = slots or {}
    return Account(
        "l2",
        lambda address: codes.get(address, b""),
        lambda address, slot: words.get((address, slot), 0),
    )


SHAPES: dict[str, Any] = {
    "forge": {"abi": ABI, "deployedBytecode": {"object": "0x" + CODE, "linkReferences": {}}},
    "hardhat": {"contractName": "Payer", "abi": ABI, "deployedBytecode": "0x" + CODE},
    "truffle": {"contractName": "Payer", "abi": ABI, "deployedBytecode": "0x" + CODE},
    "ape": {"contractName": "Payer", "abi": ABI, "runtimeBytecode": {"bytecode": "0x" + CODE}},
    "combined": {"contracts": {"src/P.sol:Payer": {"abi": ABI, "bin-runtime": CODE}}},
    "standard": {
        "contracts": {
            "src/P.sol": {"Payer": {"abi": ABI, "evm": {"deployedBytecode": {"object": CODE}}}}
        }
    },
    "vyper": {"src/Payer.vy": {"abi": ABI, "bytecode_runtime": "0x" + CODE}, "version": "0.4.3"},
}
"""By tool."""
