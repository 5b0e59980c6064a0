"""Withdrawals: what the L2 has recorded, its proof, and the calls that prove and finalize it.

Source: ethereum-optimism/specs, protocol/withdrawals.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from eth_abi.abi import decode, encode

from byline.derivation.constants import L2_TO_L1_MESSAGE_PASSER
from byline.derivation.hashing import ZERO_HASH, keccak256
from byline.derivation.output_root import output_root
from byline.node.bridge.calls import Call, calldata
from byline.node.bridge.contracts import Contracts
from byline.node.bridge.fields import octets

MESSAGE_PASSED: Final = keccak256(
    b"MessagePassed(uint256,address,address,uint256,uint256,bytes,bytes32)"
)
"""Topic 0 of the event of L2ToL1MessagePasser."""
TARGET_GAS: Final = 100_000
"""Gas of the L1 that a plain payment needs, with room."""

_FIELDS: Final = ("uint256", "address", "address", "uint256", "uint256", "bytes")
_TUPLE: Final = f"({','.join(_FIELDS)})"
_PROVE: Final = (
    f"proveWithdrawalTransaction({_TUPLE},uint256,(bytes32,bytes32,bytes32,bytes32),bytes[])"
)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What L2ToL1MessagePasser has recorded."""

    nonce: int
    sender: bytes
    """On the L2."""
    target: bytes
    """On the L1."""
    value: int
    """Wei of what pays for gas on the L2."""
    gas_limit: int
    """Gas of the L1 for the call of `target`."""
    data: bytes

    @property
    def fields(self) -> tuple[int, bytes, bytes, int, int, bytes]:
        """The fields in the order of the contracts."""
        return self.nonce, self.sender, self.target, self.value, self.gas_limit, self.data

    @property
    def hash(self) -> bytes:
        """The withdrawal hash, under which both chains know it."""
        return keccak256(encode(_FIELDS, self.fields))

    @property
    def slot(self) -> bytes:
        """The storage slot of L2ToL1MessagePasser that is 1 since it was recorded."""
        return keccak256(self.hash + bytes(32))


@dataclass(frozen=True, slots=True)
class Proof:
    """That the L2 has recorded a withdrawal, as of one of its blocks."""

    state_root: bytes
    storage_root: bytes
    """Of L2ToL1MessagePasser."""
    block_hash: bytes
    nodes: tuple[bytes, ...]
    """Of the storage trie, from its root to the record."""

    @property
    def output_root(self) -> bytes:
        """What a dispute game about that block claims."""
        return output_root(self.state_root, self.storage_root, self.block_hash)


def initiate(to: bytes, value: int, *, gas: int = TARGET_GAS, data: bytes = b"") -> Call:
    """Withdraw `value` wei to an account of the L1, and call it there with `data`; for the L2."""
    arguments = [to, gas, data]
    data = calldata("initiateWithdrawal(address,uint256,bytes)", arguments)
    return Call(L2_TO_L1_MESSAGE_PASSER, data, value)


def withdrawals_of(receipt: Mapping[str, Any]) -> list[Withdrawal]:
    """Return the withdrawals that a transaction of the L2 has recorded.

    `receipt` is JSON or what web3.py makes of it.
    """
    found = []
    for log in receipt["logs"]:
        topics = [octets(topic) for topic in log["topics"]]
        if octets(log["address"]) != L2_TO_L1_MESSAGE_PASSER or topics[:1] != [MESSAGE_PASSED]:
            continue
        value, gas_limit, data, _ = decode(
            ["uint256", "uint256", "bytes", "bytes32"], octets(log["data"])
        )
        nonce = int.from_bytes(topics[1], "big")
        found.append(Withdrawal(nonce, topics[2][12:], topics[3][12:], value, gas_limit, data))
    return found


def proof_request(withdrawal: Withdrawal, block_number: int) -> list[Any]:
    """Return the parameters of the `eth_getProof` that `proof_of` wants."""
    address = "0x" + L2_TO_L1_MESSAGE_PASSER.hex()
    return [address, ["0x" + withdrawal.slot.hex()], hex(block_number)]


def proof_of(block: Mapping[str, Any], answer: Mapping[str, Any]) -> Proof:
    """Return the proof from an L2 block and the answer of `eth_getProof` at that block."""
    return Proof(
        state_root=octets(block["stateRoot"]),
        storage_root=octets(answer["storageHash"]),
        block_hash=octets(block["hash"]),
        nodes=tuple(octets(node) for node in answer["storageProof"][0]["proof"]),
    )


def prove(contracts: Contracts, withdrawal: Withdrawal, game_index: int, proof: Proof) -> Call:
    """Prove a withdrawal against the game at `game_index` of the factory."""
    output = (ZERO_HASH, proof.state_root, proof.storage_root, proof.block_hash)
    arguments: Sequence[Any] = [withdrawal.fields, game_index, output, list(proof.nodes)]
    return Call(contracts.portal, calldata(_PROVE, arguments))


def check(contracts: Contracts, withdrawal: Withdrawal, prover: bytes) -> Call:
    """Ask, by `eth_call`, whether it may be finalized: the call reverts with what is missing."""
    arguments = [withdrawal.hash, prover]
    return Call(contracts.portal, calldata("checkWithdrawal(bytes32,address)", arguments))


def finalize(contracts: Contracts, withdrawal: Withdrawal) -> Call:
    """Have a withdrawal paid that the caller has proven, once its waiting is over."""
    function = f"finalizeWithdrawalTransaction({_TUPLE})"
    return Call(contracts.portal, calldata(function, [withdrawal.fields]))
