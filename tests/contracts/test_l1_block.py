"""L1Block answers and stores what the genuine contract does."""

from __future__ import annotations

import random

import pytest

from byline.node.contracts import artifacts
from tests.contracts.genuine import DEPOSITOR, pair, predeploy
from tests.contracts.harness import ANYBODY, Contract, Evm, calldata, word
from tests.vectors_folder import load

L1_BLOCK = predeploy("L1Block")
GETTERS = (
    "DEPOSITOR_ACCOUNT", "number", "timestamp", "basefee", "hash", "sequenceNumber",
    "blobBaseFeeScalar", "baseFeeScalar", "batcherHash", "l1FeeOverhead", "l1FeeScalar",
    "blobBaseFee", "operatorFeeScalar", "operatorFeeConstant", "daFootprintGasScalar",
    "gasPayingToken", "gasPayingTokenName", "gasPayingTokenSymbol", "isCustomGasToken", "version",
)  # fmt: skip
SETTERS = {
    "setL1BlockValuesEcotone": ("440a5e20", 160),
    "setL1BlockValuesIsthmus": ("098999be", 172),
    "setL1BlockValuesJovian": ("3db6be2b", 174),
}
BEDROCK = "setL1BlockValues(uint64,uint64,uint256,bytes32,uint64,bytes32,uint256,uint256)"


def random_call(source: random.Random) -> bytes:
    if source.random() < 0.25:
        small = [source.getrandbits(64) for _ in range(3)]
        large = [source.getrandbits(256) for _ in range(3)]
        first, second = source.randbytes(32), source.randbytes(32)
        return calldata(
            BEDROCK, small[0], small[1], large[0], first, small[2], second, large[1], large[2]
        )
    selector, length = source.choice(list(SETTERS.values()))
    extreme = source.choice((None, b"\x00", b"\xff"))
    body = source.randbytes(length) if extreme is None else extreme * length
    return bytes.fromhex(selector) + body


@pytest.mark.parametrize("seed", range(4))
def test_random_calls_leave_the_storage_and_the_getters_of_the_genuine_contract(seed: int) -> None:
    ours, genuine = pair("L1Block")
    source = random.Random(seed)
    for evm in (ours, genuine):
        evm.set(L1_BLOCK, storage=dict.fromkeys((0, 3, 8), 2**256 - 1))
        call = calldata(BEDROCK, 1, 2, 3, bytes(32), 4, bytes(32), 5, 6)
        assert evm.call(L1_BLOCK, call, sender=DEPOSITOR).success
    assert evm_slots(ours) == evm_slots(genuine)
    for _ in range(15):
        data = random_call(source)
        for evm in (ours, genuine):
            assert evm.call(L1_BLOCK, data, sender=DEPOSITOR).success, data.hex()
        slots = [evm_slots(evm) for evm in (ours, genuine)]
        assert slots[0] == slots[1], data.hex()
    for name in GETTERS:
        answers = [evm.call(L1_BLOCK, calldata(f"{name}()")) for evm in (ours, genuine)]
        assert answers[0].success
        assert answers[0].output == answers[1].output, name


def evm_slots(evm: Evm) -> list[int]:
    return [evm.storage(L1_BLOCK, slot) for slot in range(12)]


def test_a_jovian_attributes_call_fills_the_slots_of_the_vector() -> None:
    vector = load("l2-predeploys/l1block_jovian_storage.json")
    evm, _ = pair("L1Block")
    data = bytes.fromhex(vector["calldata"][2:])
    assert evm.call(L1_BLOCK, data, sender=DEPOSITOR).success
    for slot, value in vector["l1block_storage_after"].items():
        assert evm.storage(L1_BLOCK, int(slot, 16)) == int(value, 16), slot


@pytest.mark.parametrize("name", SETTERS)
def test_only_the_depositor_may_set_and_others_get_the_genuine_error(name: str) -> None:
    selector, length = SETTERS[name]
    for evm in pair("L1Block"):
        outcome = evm.call(L1_BLOCK, bytes.fromhex(selector) + bytes(length), sender=ANYBODY)
        assert not outcome.success
        assert outcome.output.hex() == "3cc50b45"


def test_the_bedrock_setter_refuses_others_with_the_genuine_text() -> None:
    data = calldata(BEDROCK, 1, 1, 1, bytes(32), 1, bytes(32), 1, 1)
    outputs = [evm.call(L1_BLOCK, data).output for evm in pair("L1Block")]
    assert outputs[0] == outputs[1] != b""


def test_features_are_enabled_once_and_lie_where_those_of_the_genuine_contract_do() -> None:
    features = (b"CUSTOM_GAS_TOKEN".ljust(32, b"\0"), bytes(32), b"\xff" * 32)
    results = []
    for evm in pair("L1Block"):
        outcomes = []
        for feature in (*features, features[0]):
            call = calldata("setFeature(bytes32)", feature)
            assert not evm.call(L1_BLOCK, call, sender=ANYBODY).success
            outcomes.append(evm.call(L1_BLOCK, call, sender=DEPOSITOR))
        for feature in (*features, b"\x01" * 32):
            outcomes.append(evm.call(L1_BLOCK, calldata("isFeatureEnabled(bytes32)", feature)))
        outcomes.append(evm.call(L1_BLOCK, calldata("isCustomGasToken()")))
        seen = [(outcome.success, outcome.output, outcome.logs) for outcome in outcomes]
        results.append((seen, evm.storage_root(L1_BLOCK)))
    assert results[0] == results[1]
    assert [success for success, _, _ in results[0][0][:4]] == [True, True, True, False]


def test_an_isthmus_call_forgets_the_footprint_scalar_of_jovian() -> None:
    evm, _ = pair("L1Block")
    for name in ("setL1BlockValuesJovian", "setL1BlockValuesIsthmus"):
        selector, length = SETTERS[name]
        evm.call(L1_BLOCK, bytes.fromhex(selector) + b"\xff" * length, sender=DEPOSITOR)
    block = Contract(evm, L1_BLOCK, artifacts.load("L1Block").abi)
    assert block.read("daFootprintGasScalar") == 0
    assert block.read("operatorFeeConstant") == 2**64 - 1


def test_setting_a_block_fits_the_gas_of_the_attributes_transaction() -> None:
    evm, _ = pair("L1Block")
    selector, length = SETTERS["setL1BlockValuesJovian"]
    outcome = evm.call(
        L1_BLOCK, bytes.fromhex(selector) + b"\x11" * length, sender=DEPOSITOR, gas=200_000
    )
    assert outcome.success
    assert evm.storage(L1_BLOCK, 1) == int.from_bytes(b"\x11" * 32, "big")


def test_the_error_is_in_the_abi() -> None:
    evm, _ = pair("L1Block")
    block = Contract(evm, L1_BLOCK, artifacts.load("L1Block").abi)
    assert block.error(block.send("setL1BlockValuesEcotone")) == "NotDepositor"
    assert block.read("DEPOSITOR_ACCOUNT") == "0x" + DEPOSITOR.hex()
    assert word(1)[-1] == 1
