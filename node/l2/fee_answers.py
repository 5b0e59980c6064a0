"""Fees that the GasPriceOracle predeploy would tell, told without running its code.

Wallets ask for `getL1Fee(bytes)` before each transaction, and the contract compresses the
bytes one by one: about a millisecond for each kilobyte.  Here the same comes from the kernel
that charges the fee.  Only what is certain to be the contract's answer is given; `None`
stands for "run it".

Sources: OP Stack specs, protocol/fjord/predeploys.md (GasPriceOracle); EIP-1967.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Final

from byline.derivation.fees import L1FeeParameters, fee_of_size, gas_of_size, size_scaled
from byline.derivation.hashing import keccak256
from byline.derivation.kernels.fastlz import fastlz_length
from byline.node.chain.calls import intrinsic
from byline.node.chain.chain import CALL_GAS
from byline.node.contracts import artifacts
from byline.node.contracts.addresses import GAS_PRICE_ORACLE, IMPLEMENTATION_SLOT, L1_BLOCK
from byline.node.evm.machine import Machine
from byline.rpc.backend import CallRequest

GET_L1_FEE: Final = keccak256(b"getL1Fee(bytes)")[:4]
GET_L1_GAS_USED: Final = keccak256(b"getL1GasUsed(bytes)")[:4]

GAS_BESIDE_BYTES: Final = 600_000
"""Above what any oracle below needs for no bytes at all, with its proxies."""
OUR_GAS_PER_BYTE: Final = 1_150
GENUINE_GAS_PER_BYTE: Final = 600
"""Above what a byte costs at worst: where every third begins a match of three."""

GENUINE_ORACLES: Final[Mapping[bytes, str]] = MappingProxyType(
    {
        bytes.fromhex(digest): level
        for digest, level in (
            ("a88fa50a2745b15e6794247614b5298483070661adacb8d32d716434ed24c6b2", "Fjord"),
            ("1b110a9336617b6f1046d4427158aba3f5f8258412c0aeba07e371caec37ede8", "Holocene"),
            ("4d195a9d7caf9fb6d4beaf80de252c626c853afd5868c4f4f8d19c9d301c2679", "Isthmus"),
            ("e9fc7c96c4db0d6078e3d359d7e8c982c350a513cb2c31121adf5e1e8a446614", "Jovian"),
        )
    }
)
"""Code hashes of the OP Stack's oracles, which compute alike once Fjord is flagged."""
GENUINE_L1_BLOCKS: Final[Mapping[bytes, str]] = MappingProxyType(
    {
        bytes.fromhex(digest): level
        for digest, level in (
            ("3f5ec6b10ec3d60b3a840f6eb476ded32bbfc5dd68c12daccbbc775a2b93a10c", "Fjord"),
            ("3ee5ec87e1549c0e27781899e3edf1e8fb5ae77b7b2b93e3fde7b7ce2ec1e266", "Holocene"),
            ("8e3fe7a416d3e5f3b7be74ddd4e7e58e516fa3f80b67c6d930e3cd7297da4a4b", "Isthmus"),
            ("5f885ca815d2cf27a203123e50b8ae204fdca910b6995d90b2d7700cbb9240d1", "Jovian"),
            ("a0592f9acd2bafb2b9e003a058bfa3ad20db32ffab1310776a21d2db266bf0da", "Karst"),
        )
    }
)
"""Code hashes of the OP Stack's L1Block; fees are read from the same slots of each."""
GENUINE_PROXY: Final = bytes.fromhex(
    "fa8c9db6c6cab7108dea276f4cd09d575674eb0852c0fa3187e59e98ef977998"
)
"""Code hash of the proxy that the OP Stack's predeploys stand behind."""

_FJORD_FLAG: Final = 0xFF << 8
"""Byte 1 of the oracle's slot 0."""
_SIGNATURE_BYTES: Final = 68
"""What the contract adds to the compressed length, as the bytes lack the signature."""
_UNSURE_PRICE: Final = 2**128
"""Wei per gas; below it no product overflows, where the contract would revert."""
_UNSURE_SCALAR: Final = 2**28
"""The genuine contracts multiply the base fee's scalar by 16 in 32 bits, and revert from here."""


def fee_answer(machine: Machine, request: CallRequest, most_gas: int = CALL_GAS) -> bytes | None:
    """Return what an `eth_call` of `request` returns on the state of `machine`, or `None`.

    Answers `getL1Fee(bytes)` and `getL1GasUsed(bytes)` of the GasPriceOracle, encoded as it
    encodes calldata, where oracle and L1Block are contracts known by the hash of their code
    and the gas given is certain to be enough.
    """
    if request.to != GAS_PRICE_ORACLE:
        return None
    function, data = request.data[:4], _only_bytes(request.data)
    if function not in (GET_L1_FEE, GET_L1_GAS_USED) or data is None or not _is_plain(request):
        return None
    gas_per_byte = _oracles().get(_code_hash_at(machine, GAS_PRICE_ORACLE))
    flagged = machine.storage(GAS_PRICE_ORACLE, 0) & _FJORD_FLAG
    if gas_per_byte is None or not flagged:
        return None
    gas = most_gas if request.gas is None else min(request.gas, most_gas)
    if gas - intrinsic(request) < GAS_BESIDE_BYTES + gas_per_byte * len(data):
        return None
    if function == GET_L1_GAS_USED:
        return gas_of_size(_size(data)).to_bytes(32, "big")
    if _code_hash_at(machine, L1_BLOCK) not in _l1_blocks():
        return None
    parameters = L1FeeParameters.read(lambda slot: machine.storage(L1_BLOCK, slot), jovian=False)
    if max(parameters.base_fee, parameters.blob_base_fee) >= _UNSURE_PRICE:
        return None
    if parameters.base_fee_scalar >= _UNSURE_SCALAR:
        return None
    return fee_of_size(_size(data), parameters).to_bytes(32, "big")


def _is_plain(request: CallRequest) -> bool:
    """Tell whether `request` asks for nothing but the call: no value, fees, lists."""
    fees = (request.gas_price, request.max_fee_per_gas, request.max_priority_fee_per_gas)
    return not (request.value or any(fees) or request.access_list or request.authorizations)


def _only_bytes(calldata: bytes) -> bytes | None:
    """Return the one `bytes` argument of a call, if it is encoded as the ABI says."""
    head = calldata[4:68]
    if len(head) < 64 or head[:32] != (32).to_bytes(32, "big"):
        return None
    length = int.from_bytes(head[32:], "big")
    padding = -length % 32
    if len(calldata) != 68 + length + padding or any(calldata[len(calldata) - padding :]):
        return None
    return calldata[68 : 68 + length]


def _size(data: bytes) -> int:
    return size_scaled(fastlz_length(data) + _SIGNATURE_BYTES)


# -- which code stands there ---------------------------------------------------------------


@cache
def _oracles() -> Mapping[bytes, int]:
    """Return the gas that a byte costs at most, by code hash."""
    ours = keccak256(artifacts.load("GasPriceOracle").runtime)
    return {**dict.fromkeys(GENUINE_ORACLES, GENUINE_GAS_PER_BYTE), ours: OUR_GAS_PER_BYTE}


@cache
def _l1_blocks() -> frozenset[bytes]:
    return frozenset({*GENUINE_L1_BLOCKS, keccak256(artifacts.load("L1Block").runtime)})


@cache
def _proxies() -> frozenset[bytes]:
    return frozenset({GENUINE_PROXY, keccak256(artifacts.load("Proxy").runtime)})


def _code_hash_at(machine: Machine, address: bytes) -> bytes:
    """Return the hash of the code that answers at `address`, behind a proxy if it is one."""
    found = _hash_of(machine.code(address))
    if found not in _proxies():
        return found
    word = machine.storage(address, IMPLEMENTATION_SLOT)
    return _hash_of(machine.code((word % 2**160).to_bytes(20, "big")))


@lru_cache(maxsize=16)
def _hash_of(code: bytes) -> bytes:
    return keccak256(code)
