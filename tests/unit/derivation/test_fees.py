"""The L1 data fee, the operator fee and the DA footprint, against known answers."""

from __future__ import annotations

import pytest

from byline.derivation.fees import (
    L1FeeParameters,
    da_footprint,
    estimated_size_scaled,
    l1_data_fee,
    l1_gas_used,
    operator_fee,
)
from tests.vectors_folder import load


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def parameters(document: dict[str, int]) -> L1FeeParameters:
    return L1FeeParameters(
        base_fee=document["l1BaseFee"],
        base_fee_scalar=document["baseFeeScalar"],
        blob_base_fee=document["l1BlobBaseFee"],
        blob_base_fee_scalar=document["blobBaseFeeScalar"],
    )


def test_a_fjord_transaction_of_op_mainnet_pays_what_it_paid() -> None:
    [case] = [case for case in load("fees/l1_and_operator_fee.json")["real_mainnet"]
              if case["name"] == "fjord"]  # fmt: skip
    raw, want = unhex(case["tx"]), case["expected"]
    assert l1_data_fee(raw, parameters(case["l1_params"])) == want["l1Fee"]
    assert l1_gas_used(raw) == want["l1GasUsed"]
    assert estimated_size_scaled(raw) == want["estimatedSizeScaled"]


def test_unit_cases_of_op_geth_and_op_revm() -> None:
    document = load("fees/l1_and_operator_fee.json")
    cases = [case for case in document["unit"] if case["fork"] == "fjord"]
    assert len(cases) == 2
    for case in cases:
        assert l1_data_fee(unhex(case["tx"]), parameters(case)) == case["l1Fee"]
    for case in document["rollup_data_gas"]:
        assert l1_gas_used(unhex(case["tx"])) == case["fjord"]


def test_operator_fee_counts_millionths_in_isthmus_and_hundreds_in_jovian() -> None:
    cases = load("fees/l1_and_operator_fee.json")["operator_fee"]
    assert {case["fork"] for case in cases} == {"isthmus", "jovian"}
    for case in cases:
        known = L1FeeParameters(0, 0, 0, 0, case["scalar"], case["constant"])
        assert operator_fee(case["gas"], known, jovian=case["fork"] == "jovian") == case["fee"]


def test_storage_words_of_l1_block_unpack_into_the_parameters_that_were_set() -> None:
    document = load("l2-predeploys/l1block_jovian_storage.json")
    storage = document["l1block_storage_after"]
    values = document["values"]
    known = L1FeeParameters.read(lambda slot: int(storage[hex(slot)], 16), jovian=True)
    assert known == L1FeeParameters(
        base_fee=values["bf"],
        base_fee_scalar=values["base"],
        blob_base_fee=values["bbf"],
        blob_base_fee_scalar=values["blob"],
        operator_fee_scalar=values["os"],
        operator_fee_constant=values["oc"],
        da_footprint_gas_scalar=values["da"],
    )
    views = document["views_after"]
    assert (
        operator_fee(21_000, known, jovian=True) == views["GasPriceOracle.getOperatorFee(21000)"]
    )


def test_before_jovian_there_is_no_footprint_scalar() -> None:
    known = L1FeeParameters.read(lambda slot: 2**256 - 1, jovian=False)
    assert known.da_footprint_gas_scalar is None
    assert known.operator_fee_constant == 2**64 - 1
    assert known.base_fee_scalar == known.blob_base_fee_scalar == 2**32 - 1


def test_the_footprint_rounds_the_size_down_to_bytes_before_it_multiplies() -> None:
    raw = bytes([2]) + bytes(range(256)) * 2
    size = estimated_size_scaled(raw)
    assert size % 10**6 != 0
    assert da_footprint(raw, 400) == size // 10**6 * 400 < size * 400 // 10**6
    assert da_footprint(b"\x02", 400) == 100 * 400


@pytest.mark.parametrize("raw", [b"", b"\x7e" + bytes(200)], ids=["nothing", "a deposit"])
def test_deposits_and_empty_bytes_pay_nothing(raw: bytes) -> None:
    rich = L1FeeParameters(10**9, 10**6, 10**9, 10**6)
    assert l1_data_fee(raw, rich) == l1_gas_used(raw) == da_footprint(raw, 400) == 0
