"""Fees and L1 attributes of blocks before Holocene, by known answers."""

import pytest

from byline.derivation.earlier import (
    BedrockL1Info,
    bedrock_l1_fee,
    ecotone_l1_fee,
    rollup_data_gas,
)
from byline.derivation.errors import InvalidData
from tests.vectors_folder import load

FEES = "fees/l1_and_operator_fee.json"


def data(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def info(base_fee: int, overhead: int, scalar: int) -> BedrockL1Info:
    return BedrockL1Info(1, 1, base_fee, bytes(32), 0, bytes(20), overhead, scalar)


def test_the_gas_of_rollup_data_is_as_op_geth_counts_it() -> None:
    for case in load(FEES)["rollup_data_gas"]:
        raw = data(case["tx"])
        assert case["bedrock"] == rollup_data_gas(raw, regolith=False)
        assert case["regolith"] == rollup_data_gas(raw, regolith=True)


def test_unit_cases_of_op_geth_pay_what_they_paid() -> None:
    seen = set()
    for case in load(FEES)["unit"]:
        raw = data(case["tx"])
        seen.add(case["fork"])
        if case["fork"] in ("bedrock", "regolith"):
            before = info(case["l1BaseFee"], case["overhead"], case["scalar"])
            fee = bedrock_l1_fee(raw, before, regolith=case["fork"] == "regolith")
        elif case["fork"] == "ecotone":
            fee = ecotone_l1_fee(
                raw,
                case["l1BaseFee"],
                case["baseFeeScalar"],
                case["l1BlobBaseFee"],
                case["blobBaseFeeScalar"],
            )
        else:
            continue  # Fjord: test_fees.py
        assert case["l1Fee"] == fee
    assert {"regolith", "ecotone"} <= seen


def test_an_ecotone_transaction_of_op_mainnet_pays_what_it_paid() -> None:
    cases = [case for case in load(FEES)["real_mainnet"] if case["name"] == "ecotone"]
    assert cases
    for case in cases:
        known = case["l1_params"]
        fee = ecotone_l1_fee(
            data(case["tx"]),
            known["l1BaseFee"],
            known["baseFeeScalar"],
            known["l1BlobBaseFee"],
            known["blobBaseFeeScalar"],
        )
        assert case["expected"]["l1Fee"] == fee


def test_a_deposit_pays_no_l1_fee() -> None:
    assert bedrock_l1_fee(b"\x7e\x01", info(10, 10, 10**6), regolith=True) == 0
    assert ecotone_l1_fee(b"\x7e\x01", 10, 10, 10, 10) == 0


def test_bedrock_attributes_read_and_write_as_known() -> None:
    vectors = load("l1-attributes/calldata.json")["vectors"]
    (case,) = (vector for vector in vectors if vector["format"] == "bedrock")
    raw, want = data(case["data"]), case["decoded"]
    found = BedrockL1Info.decode(raw)

    assert found.encode() == raw
    assert found == BedrockL1Info(
        want["number"],
        want["timestamp"],
        want["basefee"],
        data(want["hash"]),
        want["sequenceNumber"],
        data(want["batcherAddr"]),
        want["l1FeeOverhead"],
        want["l1FeeScalar"],
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw[:-1],
        lambda raw: raw + b"\0",
        lambda raw: b"\2" + raw[1:],
        lambda raw: raw[:4] + b"\1" + raw[5:],
        lambda raw: raw[:164] + b"\1" + raw[165:],
    ],
)
def test_malformed_bedrock_attributes_are_refused(change: object) -> None:
    assert callable(change)
    raw = info(1, 2, 3).encode()
    assert BedrockL1Info.decode(raw) == info(1, 2, 3)
    with pytest.raises(InvalidData, match="Bedrock"):
        BedrockL1Info.decode(change(raw))
