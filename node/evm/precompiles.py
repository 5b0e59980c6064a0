"""Which native functions each chain has: py-evm's, the OP Stack's, and our own.

The OP Stack bounds the input of the expensive ones, so that a fault-proof step fits into
one L1 transaction (Granite, Isthmus, Jovian, Karst), and had P256VERIFY (Fjord, RIP-7212)
before Ethereum did (Osaka, EIP-7951), at half the price.
Our own come from `byline.precompiles.PRECOMPILES` and may not hide one of these.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import ckzg
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from eth.exceptions import OutOfGas, Revert, VMError
from eth.precompiles.point_evaluation import TRUSTED_SETUP_PATH
from eth.vm.forks.cancun.computation import CANCUN_PRECOMPILES
from eth.vm.forks.prague.computation import PRAGUE_PRECOMPILES

from byline.derivation.config import Fork
from byline.derivation.hashing import ZERO_HASH
from byline.node.evm.modexp import modexp_berlin, modexp_osaka
from byline.node.evm.rules import PrecompileTable
from byline.precompiles import PRECOMPILES, InvalidInput, Precompile

NativeFunction = Callable[[Any], Any]


def _address(number: int) -> bytes:
    return number.to_bytes(20, "big")


POINT_EVALUATION_GAS: Final = 50_000
P256VERIFY_GAS: Final = 3_450
"""RIP-7212, on the L2 from Fjord until Karst."""
P256VERIFY_OSAKA_GAS: Final = 6_900
"""EIP-7951, on the L1 from Osaka, on the L2 from Karst."""
P256_FIELD: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
"""Order of the field of curve P-256; coordinates are below it."""
FIELD_ELEMENTS: Final = (4096).to_bytes(32, "big")
BLS_MODULUS: Final = (0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001).to_bytes(
    32, "big"
)

MODEXP: Final = _address(0x05)
PAIRING, G1MSM, G2MSM, BLS_PAIRING = (_address(number) for number in (0x08, 0x0C, 0x0E, 0x0F))
P256VERIFY: Final = _address(0x100)

HOLOCENE_LIMITS: Final = {PAIRING: 112_687}
ISTHMUS_LIMITS: Final = {
    PAIRING: 112_687,
    G1MSM: 513_760,
    G2MSM: 488_448,
    BLS_PAIRING: 235_008,
}
JOVIAN_LIMITS: Final = {
    PAIRING: 81_984,
    G1MSM: 288_960,
    G2MSM: 278_784,
    BLS_PAIRING: 156_672,
}
KARST_LIMITS: Final = {**JOVIAN_LIMITS, PAIRING: 57_600}
LIMITS: Final[Mapping[Fork, Mapping[bytes, int]]] = MappingProxyType(
    {
        Fork.HOLOCENE: HOLOCENE_LIMITS,
        Fork.ISTHMUS: ISTHMUS_LIMITS,
        Fork.JOVIAN: JOVIAN_LIMITS,
        Fork.KARST: KARST_LIMITS,
    }
)
"""Most bytes of input (OP Stack specs: granite, isthmus, jovian exec-engine.md; op-revm
`precompiles.rs` for Karst, 300 pairs)."""


@functools.cache
def _trusted_setup() -> Any:
    return ckzg.load_trusted_setup(TRUSTED_SETUP_PATH, 0)


def point_evaluation(computation: Any) -> Any:
    """Check a KZG proof (EIP-4844); py-evm's own reads the trusted setup at every call."""
    computation.consume_gas(POINT_EVALUATION_GAS, reason="point evaluation")
    data = computation.msg.data_as_bytes
    if len(data) != 192:
        raise VMError(f"point evaluation: input of {len(data)} bytes, want 192")
    versioned_hash, z, y = data[:32], data[32:64], data[64:96]
    commitment, proof = data[96:144], data[144:]
    if versioned_hash != b"\x01" + hashlib.sha256(commitment).digest()[1:]:
        raise VMError("point evaluation: commitment does not match the versioned hash")
    try:
        valid = ckzg.verify_kzg_proof(commitment, z, y, proof, _trusted_setup())
    except (RuntimeError, ValueError) as exc:
        raise VMError(f"point evaluation: {exc}") from exc
    if not valid:
        raise VMError("point evaluation: the proof does not hold")
    computation.output = FIELD_ELEMENTS + BLS_MODULUS
    return computation


def p256verify(gas: int) -> NativeFunction:
    """Return P256VERIFY at a price of `gas`, which every call pays.

    Hash, r, s, x, y in; one word 1 out, or nothing where the signature does not hold or is
    malformed (RIP-7212, EIP-7951).
    """

    def call(computation: Any) -> Any:
        computation.consume_gas(gas, reason="P256VERIFY")
        computation.output = _p256(computation.msg.data_as_bytes)
        return computation

    return call


def _p256(data: bytes) -> bytes:
    if len(data) != 160:
        return b""
    digest, *words = (data[at : at + 32] for at in range(0, 160, 32))
    r, s, x, y = (int.from_bytes(word, "big") for word in words)
    # Whether OpenSSL takes coordinates modulo the field differs by version.
    if max(x, y) >= P256_FIELD:
        return b""
    try:
        key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        key.verify(encode_dss_signature(r, s), digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    except (ValueError, InvalidSignature):
        return b""
    return ZERO_HASH[:31] + b"\x01"


def bounded(function: NativeFunction, most: int) -> NativeFunction:
    """Wrap `function` to fail, using all gas, on more than `most` bytes of input."""

    @functools.wraps(function)
    def call(computation: Any) -> Any:
        if len(computation.msg.data) > most:
            raise OutOfGas(f"input of {len(computation.msg.data)} bytes, limit {most}")
        return function(computation)

    return call


def native(precompile: Precompile) -> NativeFunction:
    """Wrap one of our precompiles the way py-evm calls one.

    Gas is charged from the input's size first.  A value sent along and bad input end in
    REVERT with the named error, so a contract can tell; only the gas charged is used.
    """

    def call(computation: Any) -> Any:
        data = computation.msg.data_as_bytes
        computation.consume_gas(precompile.gas(data), reason=precompile.name)
        if computation.msg.value and computation.msg.should_transfer_value:
            _revert(computation, precompile.value_refused)
        try:
            computation.output = precompile.run(data)
        except InvalidInput as exc:
            _revert(computation, exc.revert_data)
        return computation

    return call


def _revert(computation: Any, data: bytes) -> None:
    computation.output = data
    raise Revert(data)


def merged(
    table: Mapping[bytes, NativeFunction], own: Mapping[bytes, Precompile]
) -> PrecompileTable:
    """Return `table` and our own; raises `ValueError` where one would hide another."""
    result = dict(table)
    for address, precompile in own.items():
        if address in result:
            raise ValueError(
                f"precompile {precompile.name} would hide the one at 0x{address.hex()}"
            )
        result[address] = native(precompile)
    return MappingProxyType(result)


ETHEREUM_PRAGUE: Final[PrecompileTable] = MappingProxyType(
    {**PRAGUE_PRECOMPILES, MODEXP: modexp_berlin, _address(0x0A): point_evaluation}
)
ETHEREUM_OSAKA: Final[PrecompileTable] = MappingProxyType(
    {**ETHEREUM_PRAGUE, MODEXP: modexp_osaka, P256VERIFY: p256verify(P256VERIFY_OSAKA_GAS)}
)


@functools.cache
def optimism_precompiles(fork: Fork) -> PrecompileTable:
    """Return the L2's native functions when `fork` is the newest in force."""
    karst = fork >= Fork.KARST
    table: dict[bytes, NativeFunction] = {
        **(PRAGUE_PRECOMPILES if fork >= Fork.ISTHMUS else CANCUN_PRECOMPILES),
        MODEXP: modexp_osaka if karst else modexp_berlin,
        _address(0x0A): point_evaluation,
        P256VERIFY: p256verify(P256VERIFY_OSAKA_GAS if karst else P256VERIFY_GAS),
    }
    for address, most in LIMITS[fork].items():
        table[address] = bounded(table[address], most)
    return merged(table, PRECOMPILES)
