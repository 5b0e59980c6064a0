from __future__ import annotations

from typing import Any

import pytest

from byline.derivation.receipt import Log
from byline.rpc import parameters as read
from byline.rpc.backend import BlockOverrides
from byline.rpc.errors import InvalidParams

HASH = "0x" + "ab" * 32
ADDRESS = "0x" + "cd" * 20


@pytest.mark.parametrize(
    ("value", "want"),
    [
        ("latest", "latest"),
        ("pending", "pending"),
        ("safe", "safe"),
        ("0x0", 0),
        (HASH, b"\xab" * 32),
        ({"blockNumber": "0x5"}, 5),
        ({"blockNumber": "latest"}, "latest"),
        ({"blockHash": HASH, "requireCanonical": True}, b"\xab" * 32),
    ],
)
def test_blocks_are_named_by_tag_number_hash_or_object(value: Any, want: Any) -> None:
    assert read.block_ref(value) == want


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, "either blockNumber or blockHash"),
        ({"blockNumber": "0x1", "blockHash": HASH}, "either blockNumber or blockHash"),
        ({"blockHash": HASH, "requireCanonical": "yes"}, "requireCanonical"),
        ("newest", "without 0x"),
        ("0x" + "f" * 16, "larger than int64"),
        (5, "want a hex string"),
        ([], "want a hex string"),
    ],
)
def test_other_blocks_are_refused(value: Any, words: str) -> None:
    with pytest.raises(InvalidParams, match=words):
        read.block_ref(value)


def test_a_hash_is_no_block_number() -> None:
    with pytest.raises(InvalidParams, match="larger than int64"):
        read.block_number("0x" + "ab" * 32)


def test_data_and_input_may_both_be_given_when_equal() -> None:
    assert read.call_request({"data": "0x12", "input": "0x12"}).data == b"\x12"
    assert read.call_request({"data": "0x12"}).data == b"\x12"
    with pytest.raises(InvalidParams, match="not equal"):
        read.call_request({"data": "0x12", "input": "0x13"})
    with pytest.raises(InvalidParams, match="not equal"):
        read.call_request({"data": "0x12", "input": "0x"})


def test_a_whole_call_is_read() -> None:
    found = read.call_request(
        {
            "from": ADDRESS,
            "to": ADDRESS,
            "gas": "0x5208",
            "maxFeePerGas": "0x2",
            "maxPriorityFeePerGas": "0x1",
            "value": "0x3",
            "nonce": "0x4",
            "chainId": "0x385",
            "type": "0x4",
            "accessList": [{"address": ADDRESS, "storageKeys": [HASH]}],
            "authorizationList": [
                {
                    "chainId": "0x0",
                    "address": ADDRESS,
                    "nonce": "0x0",
                    "yParity": "0x1",
                    "r": "0x5",
                    "s": "0x6",
                }
            ],
            "somethingNew": 1,
        }
    )
    assert found.access_list is not None
    assert found.authorizations is not None
    assert (found.gas, found.value, found.nonce, found.chain_id) == (21_000, 3, 4, 901)
    assert found.access_list[0].storage_keys == (b"\xab" * 32,)
    assert found.authorizations[0].y_parity == 1


def test_a_price_that_repeats_the_fee_cap_is_left_out() -> None:
    found = read.call_request(
        {"gasPrice": "0x5", "maxFeePerGas": "0x5", "maxPriorityFeePerGas": "0x1"}
    )
    assert (found.gas_price, found.max_fee_per_gas) == (None, 5)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"gasPrice": "0x1", "maxFeePerGas": "0x2"}, "both gasPrice and"),
        ({"gasPrice": "0x1", "maxPriorityFeePerGas": "0x1"}, "both gasPrice and"),
        ({"blobVersionedHashes": []}, "eth_sendRawTransaction"),
        ({"type": "0x3"}, "transaction type not supported"),
        ({"type": "0x7e"}, "transaction type not supported"),
        ({"gas": "0x1" + "0" * 16}, "gas: hex number > 64 bits"),
        ({"to": "0x1234"}, "to: hex string has 2 bytes"),
        ({"accessList": {}}, "accessList: want a list"),
        ({"accessList": [{"storageKeys": []}]}, "accessList: address: missing"),
        ({"authorizationList": [{}]}, "missing"),
        ("0x", "want an object"),
    ],
)
def test_malformed_calls_name_the_member(value: Any, words: str) -> None:
    with pytest.raises(InvalidParams, match=words):
        read.call_request(value)


def test_a_call_may_be_that_of_a_blob_transaction() -> None:
    blob_hash = "0x01" + "aa" * 31
    found = read.blob_call_request(
        {
            "to": "0x" + "11" * 20,
            "type": "0x3",
            "blobs": ["0x00"],
            "blobVersionedHashes": [blob_hash],
            "maxFeePerBlobGas": "0x7",
        }
    )
    assert found.blob_hashes == (bytes.fromhex(blob_hash[2:]),)
    assert (found.max_fee_per_blob_gas, found.type) == (7, None)
    assert read.blob_call_request({"type": "0x2"}) == read.call_request({"type": "0x2"})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"blobs": ["0x00"]}, "blobs without blobVersionedHashes"),
        ({"blobVersionedHashes": []}, "need at least 1 blob"),
        ({"blobVersionedHashes": ["0x01" + "aa" * 31]}, 'missing "to"'),
        ({"blobVersionedHashes": ["0x01" + "aa" * 31] * 129}, "129 blobs, want at most 128"),
        ({"blobVersionedHashes": ["0x01"], "to": "0x" + "11" * 20}, "hex string has 1 bytes"),
        ({"type": "0x3"}, "transaction type not supported"),
    ],
)
def test_a_malformed_call_with_blobs_is_named(value: Any, words: str) -> None:
    with pytest.raises(InvalidParams, match=words):
        read.blob_call_request(value)


@pytest.mark.parametrize("value", [2, "0x2", "2"])
def test_the_type_may_be_a_number(value: Any) -> None:
    """As web3.py sends it."""
    assert read.call_request({"type": value}).type == 2


def test_null_members_are_absent_ones() -> None:
    assert read.call_request({"to": None, "gas": None, "data": None}) == read.call_request({})


def test_overrides_are_read_by_account() -> None:
    found = read.state_overrides(
        {ADDRESS: {"balance": "0x1", "nonce": "0x2", "code": "0x60", "stateDiff": {"0x1": HASH}}}
    )
    override = found[b"\xcd" * 20]
    assert (override.balance, override.nonce, override.code) == (1, 2, b"\x60")
    assert override.storage is None
    assert override.storage_diff == {1: int(HASH, 16)}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({ADDRESS: {"state": {}, "stateDiff": {}}}, "has both 'state' and 'stateDiff'"),
        ({ADDRESS: {"movePrecompileToAddress": "0x1"}}, "movePrecompileToAddress"),
        ({"0x12": {}}, "want 20"),
        ({ADDRESS: 1}, "want an object"),
    ],
)
def test_overrides_that_cannot_be_are_refused(value: Any, words: str) -> None:
    with pytest.raises(InvalidParams, match=words):
        read.state_overrides(value)


def test_block_overrides_are_read_by_their_new_and_their_first_names() -> None:
    assert read.block_overrides({}) == BlockOverrides()
    given = {"time": "0x1", "feeRecipient": ADDRESS, "prevRandao": HASH, "baseFeePerGas": "0x2"}
    old = {"time": "0x1", "coinbase": ADDRESS, "random": HASH, "baseFee": "0x2"}
    assert read.block_overrides(given) == read.block_overrides(old)
    assert read.block_overrides(given).prev_randao == bytes.fromhex(HASH[2:])


@pytest.mark.parametrize("name", ["beaconRoot", "withdrawals"])
def test_block_overrides_of_what_a_call_cannot_see_are_refused(name: str) -> None:
    with pytest.raises(InvalidParams, match=f'block override "{name}" is not supported'):
        read.block_overrides({name: HASH})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"blockHash": HASH, "fromBlock": "0x1"}, "cannot specify both BlockHash"),
        ({"fromBlock": "0x2", "toBlock": "0x1"}, "invalid block range params"),
        ({"toBlock": "pending"}, "pending logs are not supported"),
        ({"topics": [None] * 5}, "exceed max topics"),
        ({"topics": ["0x12"]}, "topics: hex string has 1 bytes"),
        ({"address": ["0x12"]}, "address: hex string has 1 bytes"),
        ({"address": [ADDRESS] * 10_001}, "at most 10000"),
    ],
)
def test_log_filters_that_cannot_be_are_refused(value: Any, words: str) -> None:
    with pytest.raises(InvalidParams, match=words):
        read.log_filter(value)


def test_wildcard_positions_must_exist() -> None:
    two = Log(b"\xcd" * 20, (b"\xab" * 32, b"\x00" * 32), b"")
    assert read.log_filter({"topics": [None, None]}).matches(two)
    assert read.log_filter({"topics": [[], HASH and None]}).matches(two)
    assert read.log_filter({"topics": [[HASH, "0x" + "11" * 32]]}).matches(two)
    assert read.log_filter({"address": ADDRESS}).matches(two)
    assert read.log_filter({"address": [ADDRESS, "0x" + "11" * 20]}).matches(two)
    assert not read.log_filter({"topics": [None, None, None]}).matches(two)
    assert not read.log_filter({"topics": [None, HASH]}).matches(two)
    assert not read.log_filter({"address": "0x" + "11" * 20}).matches(two)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([50, 10], "#0:50 > #1:10"),
        ([101], "invalid reward percentile: 101"),
        ([-1], "invalid reward percentile: -1"),
        (["10"], "invalid reward percentile"),
        ([True], "invalid reward percentile"),
        ([1] * 101, "over the query limit"),
    ],
)
def test_percentiles_must_rise_from_0_to_100(value: Any, words: str) -> None:
    with pytest.raises(InvalidParams, match=words):
        read.percentiles(value)


def test_percentiles_may_be_whole_or_fractions() -> None:
    assert read.percentiles([0, 20.0, 100]) == (0.0, 20.0, 100.0)
