"""A withdrawal of a real chain: its event, its hash, its slot and its receipt's bloom."""

from __future__ import annotations

from dataclasses import replace

from eth_abi.abi import decode, encode

from byline.derivation.constants import L2_TO_L1_MESSAGE_PASSER
from byline.derivation.hashing import keccak256
from byline.derivation.receipt import Log, Receipt
from tests.derivation_kit import unhex
from tests.vectors_folder import load

PASSED = keccak256(b"MessagePassed(uint256,address,address,uint256,uint256,bytes,bytes32)")


def logs() -> tuple[Log, ...]:
    return tuple(
        Log(unhex(item["address"]), tuple(map(unhex, item["topics"])), unhex(item["data"]))
        for item in load("withdrawals/message_passed.json")["receipt"]["logs"]
    )


def test_the_event_says_what_the_withdrawal_is_and_hashes_to_its_slot() -> None:
    vector = load("withdrawals/message_passed.json")
    [log] = [log for log in logs() if log.topics[0] == PASSED]
    value, gas_limit, data, digest = decode(["uint256", "uint256", "bytes", "bytes32"], log.data)
    nonce, sender, target = log.topics[1:]

    assert log.address == L2_TO_L1_MESSAGE_PASSER
    assert int.from_bytes(nonce, "big") == int(vector["nonce"])
    assert sender[12:] == unhex(vector["sender"])
    assert target[12:] == unhex(vector["target"])
    assert (value, gas_limit) == (int(vector["value"]), int(vector["gasLimit"]))
    assert data == unhex(vector["data"])
    packed = encode(["uint256", "uint256", "bytes"], [value, gas_limit, data])
    # The dynamic field lies behind six words, not three.
    offset = (6 * 32).to_bytes(32, "big")
    head = nonce + sender + target + packed[:64] + offset
    assert keccak256(head + packed[96:]) == digest == unhex(vector["withdrawalHash"])
    assert keccak256(digest + bytes(32)) == unhex(vector["sentMessages_storage_slot"])


def test_the_bloom_of_the_receipt_is_that_of_its_logs_under_the_names_of_their_time() -> None:
    """op-node has renamed two events in its copy of this receipt, but left the bloom."""
    old_names = {
        PASSED: b"WithdrawalInitiated(uint256,address,address,uint256,uint256,bytes)",
        keccak256(b"MessagePassedExtension1(bytes32)"): b"WithdrawalInitiatedExtension1(bytes32)",
    }
    before = {topic: keccak256(name) for topic, name in old_names.items()}
    document = load("withdrawals/message_passed.json")["receipt"]
    receipt = Receipt(
        type=int(document["type"], 16),
        succeeded=document["status"] == "0x1",
        cumulative_gas_used=int(document["cumulativeGasUsed"], 16),
        logs=tuple(
            replace(log, topics=tuple(before.get(topic, topic) for topic in log.topics))
            for log in logs()
        ),
    )
    assert len(receipt.logs) == 8
    assert receipt.bloom == unhex(document["logsBloom"])
    assert Receipt.decode(receipt.encode()) == receipt
