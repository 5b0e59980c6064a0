"""L2ToL1MessagePasser records and announces withdrawals as the genuine contract does."""

from __future__ import annotations

import random

import pytest
from eth_abi.abi import encode

from byline.derivation.hashing import keccak256
from byline.node.contracts import artifacts
from tests.contracts.genuine import pair, predeploy
from tests.contracts.harness import Contract, Evm, calldata, word
from tests.vectors_folder import load

PASSER = predeploy("L2ToL1MessagePasser")
INITIATE = "initiateWithdrawal(address,uint256,bytes)"


def contract(evm: Evm) -> Contract:
    return Contract(evm, PASSER, artifacts.load("L2ToL1MessagePasser").abi)


def test_random_withdrawals_leave_the_logs_and_the_storage_root_of_the_genuine_one() -> None:
    ours, genuine = pair("L2ToL1MessagePasser")
    source = random.Random(2)
    for _ in range(12):
        call = calldata(
            INITIATE,
            "0x" + source.randbytes(20).hex(),
            source.getrandbits(60),
            source.randbytes(source.choice((0, 1, 31, 32, 33, 700))),
        )
        sender, value = source.randbytes(20), source.choice((0, source.getrandbits(70)))
        for data in (call, b""):
            outcomes = [
                evm.call(PASSER, data, sender=sender, value=value) for evm in (ours, genuine)
            ]
            assert outcomes[0].success
            assert outcomes[0].logs == outcomes[1].logs
    assert ours.storage(PASSER, 1) == genuine.storage(PASSER, 1) == 24
    assert ours.balance(PASSER) == genuine.balance(PASSER) > 0
    assert ours.storage_root(PASSER) == genuine.storage_root(PASSER)


def test_the_withdrawal_of_the_vector_has_its_hash_and_its_slot() -> None:
    vector = load("withdrawals/message_passed.json")
    evm, _ = pair("L2ToL1MessagePasser")
    # The first withdrawals of our contract carry message version 1; the vector's is version 0,
    # so its hash is taken from the fields and looked up as a record.
    fields = ("nonce", "sender", "target", "value", "gasLimit", "data")
    kinds = ["uint256", "address", "address", "uint256", "uint256", "bytes"]
    values = [vector[field] for field in fields]
    values[-1] = bytes.fromhex(values[-1][2:])
    digest = keccak256(encode(kinds, values))
    assert "0x" + digest.hex() == vector["withdrawalHash"]
    assert not contract(evm).read("sentMessages", digest)
    evm.set(PASSER, storage={int(vector["sentMessages_storage_slot"], 16): 1})
    assert contract(evm).read("sentMessages", digest)


def test_a_withdrawal_is_logged_under_the_topic_of_the_vector_and_its_hash_is_recorded() -> None:
    vector = load("withdrawals/message_passed.json")
    evm, _ = pair("L2ToL1MessagePasser")
    data = bytes.fromhex(vector["data"][2:])
    outcome = contract(evm).send(
        "initiateWithdrawal",
        vector["target"],
        vector["gasLimit"],
        data,
        sender=bytes.fromhex(vector["sender"][2:]),
    )
    topics = [log["topics"][0] for log in vector["receipt"]["logs"]]
    assert "0x" + outcome.logs[0].topics[0].hex() in topics
    event = contract(evm).event(outcome.logs[0])
    assert event["nonce"] == 1 << 240
    slot = keccak256(event["withdrawalHash"] + word(0))
    assert evm.storage(PASSER, int.from_bytes(slot, "big")) == 1
    assert contract(evm).read("messageNonce") == (1 << 240) + 1


def test_burning_takes_the_balance_out_of_the_world() -> None:
    results = []
    for evm in pair("L2ToL1MessagePasser"):
        evm.set(PASSER, balance=12_345)
        outcome = evm.call(PASSER, calldata("burn()"))
        results.append((outcome.success, outcome.logs, evm.balance(PASSER)))
    assert results[0] == results[1]
    assert results[0][2] == 0


@pytest.mark.parametrize("name", ["version", "messageNonce", "MESSAGE_VERSION"])
def test_getters_answer_as_the_genuine_contract(name: str) -> None:
    ours, genuine = (
        evm.call(PASSER, calldata(f"{name}()")) for evm in pair("L2ToL1MessagePasser")
    )
    assert ours.success
    assert ours.output == genuine.output


def test_data_at_the_cap_passes_and_beyond_it_is_refused() -> None:
    evm, _ = pair("L2ToL1MessagePasser")
    target = "0x" + "33" * 20
    assert contract(evm).send("initiateWithdrawal", target, 1, bytes(24_576)).success
    assert not contract(evm).send("initiateWithdrawal", target, 1, bytes(24_577)).success


def test_calldata_of_no_known_function_is_refused_as_by_the_genuine_contract() -> None:
    for evm in pair("L2ToL1MessagePasser"):
        assert not evm.call(PASSER, b"\x01\x02\x03\x04").success
