"""Which native functions each chain has: Ethereum's, as the OP Stack bounds them, and our own.

The OP Stack bounds the input of the expensive ones, so that a fault-proof step fits into
one L1 transaction (Granite, Isthmus, Jovian, Karst), and had P256VERIFY (Fjord, RIP-7212)
before Ethereum did (Osaka, EIP-7951), at half the price.
Our own come from `byline.precompiles.PRECOMPILES` and may not hide one of these.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from byline.derivation.config import Fork
from byline.node.evm.natives import bls12_381, bn254, modexp, p256verify
from byline.node.evm.natives.blake2f import BLAKE2F
from byline.node.evm.natives.ecrecover import ECRECOVER
from byline.node.evm.natives.hashes import IDENTITY, RIPEMD160, SHA256
from byline.node.evm.natives.native import Failed, Native, Reverted
from byline.node.evm.natives.point_evaluation import POINT_EVALUATION
from byline.node.evm.rules import PrecompileTable
from byline.precompiles import PRECOMPILES, InvalidInput, Precompile, state
from byline.precompiles.errors import VALUE_NOT_ACCEPTED
from byline.precompiles.state.frame import Frame


def _address(number: int) -> bytes:
    return number.to_bytes(20, "big")


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


def bounded(function: Native, most: int) -> Native:
    """Return `function`, made to fail, using all gas, on more than `most` bytes of input."""

    def gas(data: bytes) -> int:
        if len(data) > most:
            raise Failed(f"{function.name}: input of {len(data)} bytes, limit {most}")
        return function.gas(data)

    return replace(function, gas=gas)


def native(precompile: Precompile) -> Native:
    """Return one of our precompiles as an engine calls it.

    A value sent along and bad input end in REVERT with the named error, so a contract can
    tell; only the gas charged is used.
    """

    def run(data: bytes) -> bytes:
        try:
            return precompile.run(data)
        except InvalidInput as exc:
            raise Reverted(exc.revert_data) from exc

    refused = None if precompile.accepts_value else precompile.value_refused
    return Native(precompile.name, precompile.gas, run, refused)


def merged(table: Mapping[bytes, Native], own: Mapping[bytes, Precompile]) -> PrecompileTable:
    """Return `table` and our own; raises `ValueError` where one would hide another."""
    result = dict(table)
    for address, precompile in own.items():
        if address in result:
            raise ValueError(
                f"precompile {precompile.name} would hide the one at 0x{address.hex()}"
            )
        result[address] = native(precompile)
    return MappingProxyType(result)


CANCUN: Final[PrecompileTable] = MappingProxyType(
    {
        _address(0x01): ECRECOVER,
        _address(0x02): SHA256,
        _address(0x03): RIPEMD160,
        _address(0x04): IDENTITY,
        MODEXP: modexp.MODEXP,
        _address(0x06): bn254.BN254_ADD,
        _address(0x07): bn254.BN254_MUL,
        PAIRING: bn254.BN254_PAIRING,
        _address(0x09): BLAKE2F,
        _address(0x0A): POINT_EVALUATION,
    }
)
ETHEREUM_PRAGUE: Final[PrecompileTable] = MappingProxyType(
    {
        **CANCUN,
        _address(0x0B): bls12_381.G1ADD,
        G1MSM: bls12_381.G1MSM,
        _address(0x0D): bls12_381.G2ADD,
        G2MSM: bls12_381.G2MSM,
        BLS_PAIRING: bls12_381.PAIRING,
        _address(0x10): bls12_381.MAP_FP_TO_G1,
        _address(0x11): bls12_381.MAP_FP2_TO_G2,
    }
)
ETHEREUM_OSAKA: Final[PrecompileTable] = MappingProxyType(
    {**ETHEREUM_PRAGUE, MODEXP: modexp.MODEXP_OSAKA, P256VERIFY: p256verify.P256VERIFY_OSAKA}
)


def credits_native(vault: bytes) -> Native:
    """Return the state precompile of a chain on which `vault` alone may call it."""

    def change(frame: Frame) -> bytes:
        try:
            return state.credit_batch(frame, vault)
        except InvalidInput as exc:
            raise Reverted(exc.revert_data) from exc

    def run(_: bytes) -> bytes:
        raise Failed(f"{state.SIGNATURE} works on its caller's storage: it runs in a block only")

    refused = VALUE_NOT_ACCEPTED.revert_data()
    return Native("attribution state", state.gas, run, refused, change)


@functools.cache
def optimism_precompiles(fork: Fork, credit_vault: bytes | None = None) -> PrecompileTable:
    """Return the L2's native functions when `fork` is the newest in force.

    `credit_vault` is that of the rollup config, `None` for a chain without credits in one call.
    """
    if fork >= Fork.KARST:
        table = dict(ETHEREUM_OSAKA)
    else:
        table = dict(ETHEREUM_PRAGUE if fork >= Fork.ISTHMUS else CANCUN)
        table[P256VERIFY] = p256verify.P256VERIFY
    for address, most in LIMITS[fork].items():
        table[address] = bounded(table[address], most)
    if credit_vault is not None:
        table[state.ATTRIBUTION_STATE] = credits_native(credit_vault)
    return merged(table, PRECOMPILES)
