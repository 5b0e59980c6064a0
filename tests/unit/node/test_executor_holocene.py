"""Three blocks of OP Sepolia under Holocene rules, executed from their witness alone."""

import gzip
import json
from typing import Any

import pytest

from byline.derivation.base_fee import BaseFeeParameters, extra_data_encode
from byline.derivation.config import Fork, Genesis, RollupConfig, SystemConfig, ecotone_scalar
from byline.derivation.hashing import ZERO_ADDRESS, ZERO_HASH
from byline.derivation.header import Header
from byline.derivation.transaction import decode_transaction
from byline.derivation.types import BlockId
from byline.node.chain.builder import BlockBuilder
from byline.node.evm.optimism import OptimismRules
from byline.node.evm.rules import BlockInput
from tests.unit.node.evm import evm_kit
from tests.vectors_folder import vectors

pytestmark = pytest.mark.usefixtures("each_engine")

BLOCKS = (26207960, 26207961, 26208384)


def number(text: str | int) -> int:
    return text if isinstance(text, int) else int(text, 16)


def data(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def header(fields: dict[str, Any]) -> Header:
    return Header(
        parent_hash=data(fields["parentHash"]),
        uncles_hash=data(fields["sha3Uncles"]),
        coinbase=data(fields["miner"]),
        state_root=data(fields["stateRoot"]),
        transactions_root=data(fields["transactionsRoot"]),
        receipts_root=data(fields["receiptsRoot"]),
        bloom=data(fields["logsBloom"]),
        difficulty=number(fields["difficulty"]),
        number=number(fields["number"]),
        gas_limit=number(fields["gasLimit"]),
        gas_used=number(fields["gasUsed"]),
        timestamp=number(fields["timestamp"]),
        extra_data=data(fields["extraData"]),
        mix_hash=data(fields["mixHash"]),
        nonce=data(fields["nonce"]),
        base_fee=number(fields["baseFeePerGas"]),
        withdrawals_root=data(fields["withdrawalsRoot"]),
        blob_gas_used=number(fields["blobGasUsed"]),
        excess_blob_gas=number(fields["excessBlobGas"]),
        parent_beacon_root=data(fields["parentBeaconBlockRoot"]),
    )


def config(case: dict[str, Any]) -> RollupConfig:
    system = SystemConfig(ZERO_ADDRESS, ecotone_scalar(1, 1), 60_000_000)
    return RollupConfig(
        genesis=Genesis(BlockId(0, ZERO_HASH), BlockId(0, ZERO_HASH), 1, system),
        l1_chain_id=11155111,
        l2_chain_id=case["rollup_config"]["l2_chain_id"],
        batch_inbox=ZERO_ADDRESS,
        deposit_contract=ZERO_ADDRESS,
        l1_system_config=ZERO_ADDRESS,
        forks={Fork.HOLOCENE: 0},
    )


@pytest.mark.parametrize("height", BLOCKS)
def test_a_holocene_block_of_op_sepolia_is_executed_to_its_published_hash(height: int) -> None:
    path = vectors() / "executor-holocene" / f"block-{height}.json.gz"
    case = json.loads(gzip.decompress(path.read_bytes()))
    witness = {data(key): data(value) for key, value in case["witness"].items()}
    payload = case["executing_payload"]
    parameters = data(payload["eip1559Params"])
    denominator = int.from_bytes(parameters[:4], "big") or 250
    elasticity = int.from_bytes(parameters[4:], "big") or 6
    parent = header(case["parent_header"])
    given = BlockInput(
        timestamp=number(payload["timestamp"]),
        coinbase=data(payload["suggestedFeeRecipient"]),
        prev_randao=data(payload["prevRandao"]),
        gas_limit=number(payload["gasLimit"]),
        parent_beacon_root=data(payload["parentBeaconBlockRoot"]),
        extra_data=extra_data_encode(BaseFeeParameters(denominator, elasticity)),
    )
    builder = BlockBuilder(
        evm_kit.ENGINE, OptimismRules(config(case)), parent, given, witness.get, [parent.hash]
    )
    for raw in payload["transactions"]:
        builder.add(decode_transaction(data(raw)))

    assert builder.seal().block.hash == data(case["expected_block_hash"])
