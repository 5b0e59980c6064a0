"""The L1 attributes: calldata against real blocks, and the inversion."""

from __future__ import annotations

from dataclasses import replace

import pytest

from byline.derivation.block import Block
from byline.derivation.config import Fork
from byline.derivation.errors import InvalidData
from byline.derivation.header import Header
from byline.derivation.l1_info import (
    L1Info,
    blob_base_fee,
    decode,
    encode,
    l1_info_deposit,
    l1_info_of,
    l2_block_ref,
    system_config_of,
)
from byline.derivation.types import BlockId
from tests.derivation_kit import (
    FakeL1,
    FakeL2,
    deposit_log,
    rollup_config,
    unhex,
    update_log,
    without_forks,
    word,
)
from tests.vectors_folder import load

CONFIG = rollup_config()
FORMATS = {
    "ecotone": without_forks(CONFIG, Fork.ISTHMUS, Fork.JOVIAN, Fork.KARST),
    "isthmus": without_forks(CONFIG, Fork.JOVIAN, Fork.KARST),
    "jovian": CONFIG,
}
NAMES = {
    "number": "number",
    "timestamp": "timestamp",
    "basefee": "base_fee",
    "hash": "block_hash",
    "sequenceNumber": "sequence_number",
    "batcherAddr": "batcher",
    "baseFeeScalar": "base_fee_scalar",
    "blobBaseFeeScalar": "blob_base_fee_scalar",
    "blobBaseFee": "blob_base_fee",
    "operatorFeeScalar": "operator_fee_scalar",
    "operatorFeeConstant": "operator_fee_constant",
    "daFootprintGasScalar": "da_footprint_gas_scalar",
}


@pytest.mark.parametrize("name", FORMATS)
def test_calldata_of_each_format_reads_and_writes_to_the_same_bytes(name: str) -> None:
    (vector,) = (v for v in load("l1-attributes/calldata.json")["vectors"] if v["format"] == name)
    data = unhex(vector["data"])
    assert len(data) == vector["length"]

    info = decode(data)

    for key, value in vector["decoded"].items():
        expected = unhex(value) if isinstance(value, str) else value
        assert getattr(info, NAMES[key]) == expected, key
    assert encode(info, FORMATS[name], 100, 98) == data


def test_the_bedrock_format_is_refused_in_words() -> None:
    vectors = load("l1-attributes/calldata.json")["vectors"]
    (data,) = (unhex(v["data"]) for v in vectors if v["format"] == "bedrock")
    with pytest.raises(InvalidData, match="before Holocene are not implemented"):
        decode(data)


INFO = L1Info(1, 2, 3, word(4), 5, b"\x06" * 20, 7, 8, 9, 10, 11, 12)


def test_the_activation_block_still_has_the_format_before() -> None:
    config = replace(CONFIG, forks={**CONFIG.forks, Fork.JOVIAN: 100})

    assert len(encode(INFO, config, 98, 96)) == 176
    assert len(encode(INFO, config, 100, 98)) == 176
    assert len(encode(INFO, config, 102, 100)) == 178


def test_a_wrong_length_or_batcher_is_refused() -> None:
    data = encode(INFO, CONFIG, 2, 1)
    with pytest.raises(InvalidData, match="179 bytes, want 178"):
        decode(data + b"\0")
    with pytest.raises(InvalidData, match="not an address"):
        decode(data[:132] + b"\1" + data[133:])
    with pytest.raises(InvalidData, match="selector"):
        decode(b"")


@pytest.mark.parametrize(
    ("fraction", "fee"),
    [(3_338_477, 159_773), (5_007_716, 2_944), (8_346_193, 120), (11_684_671, 30)],
)
def test_the_blob_base_fee_follows_the_fraction_of_the_l1_fork(fraction: int, fee: int) -> None:
    header = Header(timestamp=50, excess_blob_gas=40_000_000)

    assert blob_base_fee(header, ((0, 1_000_000), (50, fraction), (51, 2_000_000))) == fee


def test_the_blob_base_fee_is_that_of_prague_unless_told_and_1_before_blobs() -> None:
    assert blob_base_fee(Header(excess_blob_gas=40_000_000)) == 2_944
    assert blob_base_fee(Header(excess_blob_gas=0)) == 1
    assert blob_base_fee(Header()) == 1


def test_genesis_takes_origin_and_system_config_from_the_rollup_config() -> None:
    chain = FakeL2(CONFIG)

    assert chain.head.l1_origin == CONFIG.genesis.l1
    assert chain.head.sequence_number == 0
    assert chain.system_config == CONFIG.genesis.system_config


def test_a_genesis_of_another_chain_is_refused() -> None:
    other = Block(Header(timestamp=5), ())
    for read in (l2_block_ref, system_config_of):
        with pytest.raises(InvalidData, match="the rollup config says that"):
            read(other, CONFIG)


def test_origin_and_system_config_read_back_from_a_block() -> None:
    l1, l2 = FakeL1(), FakeL2(CONFIG)
    l1.mine(
        logs=[
            deposit_log(),
            update_log(0, word(0xABC)),
            update_log(1, word(0) + word(5_000)),
            update_log(2, word(40_000_000)),
            update_log(4, word(100 << 32 | 4)),
            update_log(5, word(77 << 64 | 88)),
            update_log(6, word(99)),
            update_log(7, word(500)),
        ]
    )
    for _ in range(7):
        l2.sequence(l1)

    ref, config = l2.head, l2.system_config

    assert ref.l1_origin == BlockId(1, l1.head.header.hash)
    assert ref.sequence_number == 1
    assert config.batcher == word(0xABC)[12:]
    assert (config.base_fee_scalar, config.blob_base_fee_scalar) == (5_000, 0)
    assert config.scalar[0] == 1  # stored as version 0, and read back as version 1
    assert config.gas_limit == 40_000_000
    assert config.eip1559_params == unhex("0000006400000004")
    assert (config.operator_fee_scalar, config.operator_fee_constant) == (77, 88)
    assert config.min_base_fee == 99
    assert config.da_footprint_gas_scalar == 500


def test_a_footprint_scalar_of_0_is_written_as_400() -> None:
    l1, l2 = FakeL1(), FakeL2(CONFIG)
    l2.sequence(l1)
    assert l1_info_of(l2.blocks[1]).da_footprint_gas_scalar == 400


def test_blocks_without_attributes_or_with_foreign_extra_data_are_refused() -> None:
    l2 = FakeL2(CONFIG)
    l2.sequence(FakeL1())
    block = l2.blocks[1]
    with pytest.raises(InvalidData, match="not the L1 attributes deposit"):
        l2_block_ref(replace(block, transactions=()), CONFIG)
    for extra in (b"", bytes(17), b"\1" + bytes(8)):
        header = block.header.with_(extra_data=extra)
        with pytest.raises(InvalidData, match="want version 1 in 17 bytes"):
            system_config_of(replace(block, header=header), CONFIG)


def test_the_attributes_deposit_is_no_system_transaction_and_has_a_million_gas() -> None:
    deposit = l1_info_deposit(INFO, CONFIG, 2, 1)
    assert deposit.gas == 1_000_000
    assert not deposit.is_system_transaction
    assert deposit.sender.hex() == "deaddeaddeaddeaddeaddeaddeaddeaddead0001"
