"""The L1's rules in whole blocks: which fork is in force, what blobs do, who is committed to."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
import rlp
from eth_abi.abi import encode
from eth_keys.datatypes import PrivateKey

from byline.derivation.blob_parameters import BLOB_GAS
from byline.derivation.hashing import EMPTY_REQUESTS_HASH, EMPTY_TRIE_ROOT, keccak256
from byline.derivation.header import Header
from byline.derivation.transaction import BLOB, DYNAMIC_FEE, Transaction, decode_transaction
from byline.node.chain.builder import BlockBuilder
from byline.node.chain.genesis import genesis_block
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.evm.ethereum import EthereumRules
from byline.node.evm.l1_deposits import DEPOSIT_CONTRACT, DEPOSIT_EVENT
from byline.node.evm.l1_forks import L1Fork, L1Schedule
from byline.node.evm.machine import OpcodeSet
from byline.node.evm.precompiles import ETHEREUM_OSAKA, ETHEREUM_PRAGUE
from byline.node.evm.rules import BlockInput
from byline.node.evm.transition import InvalidTransaction
from tests.unit.node.evm import evm_kit

pytestmark = pytest.mark.usefixtures("each_engine")

KEY = PrivateKey(b"\x01" * 32)
SENDER = KEY.public_key.to_canonical_address()
CHAIN_ID = 900
GWEI = 10**9
HASHES = (b"\x01" + b"\xaa" * 31, b"\x01" + b"\xbb" * 31)
CODE_AT = b"\xc0" * 20
# Slot 0: BLOBHASH(1); slot 1: BLOBBASEFEE.
SEES_BLOBS = bytes.fromhex("6001495f554a60015500")
# Logs its calldata under the topic of deposits.
LOGS_DEPOSITS = bytes.fromhex("365f5f377f" + DEPOSIT_EVENT.hex() + "365fa100")


def builder(newest: L1Fork = L1Fork.OSAKA, excess: int = 0, balance: int = 10**20) -> BlockBuilder:
    """Return a block under construction on a small genesis.

    At 1 gwei a gas the bound of EIP-7918 keeps the excess at that of genesis.
    """
    engine, rules = evm_kit.ENGINE, EthereumRules(CHAIN_ID, L1Schedule.at_genesis(newest))
    alloc = {
        SENDER: GenesisAccount(balance=balance),
        CODE_AT: GenesisAccount(code=SEES_BLOBS),
        DEPOSIT_CONTRACT: GenesisAccount(code=LOGS_DEPOSITS),
    }
    genesis = genesis_block(
        engine, alloc, message_passer_root=False, gas_limit=60_000_000, base_fee=GWEI,
        blob_gas_used=0, excess_blob_gas=excess,
        parent_beacon_root=bytes(32), requests_hash=EMPTY_REQUESTS_HASH,
    )  # fmt: skip
    given = BlockInput(12, b"\xfe" * 20, bytes(32), 60_000_000, bytes(32))
    return BlockBuilder(engine, rules, genesis.header, given, genesis.nodes.get, [genesis.hash])


def signed(kind: int = BLOB, **changes: Any) -> Transaction:
    fields: dict[str, Any] = {
        "nonce": 0, "tip": 1, "cap": 10 * GWEI, "gas": 200_000, "to": CODE_AT, "value": 0,
        "data": b"", "blob_cap": GWEI, "hashes": HASHES, **changes,
    }  # fmt: skip
    items = [CHAIN_ID, *(fields[name] for name in ("nonce", "tip", "cap", "gas", "to"))]
    items += [fields["value"], fields["data"], []]
    if kind == BLOB:
        items += [fields["blob_cap"], list(fields["hashes"])]
    signature = KEY.sign_msg_hash(keccak256(bytes([kind]) + rlp.encode(items)))
    raw = bytes([kind]) + rlp.encode([*items, signature.v, signature.r, signature.s])
    transaction = decode_transaction(raw)
    assert isinstance(transaction, Transaction)
    return transaction


@pytest.mark.parametrize(
    ("newest", "fee"), [(L1Fork.OSAKA, 2_944), (L1Fork.BPO1, 120), (L1Fork.BPO2, 30)]
)
def test_a_contract_sees_the_blobs_and_their_price_under_every_schedule(
    newest: L1Fork, fee: int
) -> None:
    block = builder(newest, excess=40_000_000)
    done = block.add(signed())
    assert done.succeeded
    machine, header = block.machine, block.seal().header
    assert machine.storage(CODE_AT, 0).to_bytes(32, "big") == HASHES[1]
    assert machine.storage(CODE_AT, 1) == fee
    paid = 10**20 - machine.balance(SENDER)
    price = (header.base_fee or 0) + 1
    assert paid == done.gas_used * price + 2 * BLOB_GAS * fee
    assert header.blob_gas_used == 2 * BLOB_GAS


def test_blobs_are_paid_for_even_when_the_transaction_fails() -> None:
    block = builder(excess=40_000_000)
    done = block.add(signed(gas=21_100))
    assert not done.succeeded
    price = (block.header.base_fee or 0) + 1
    assert 10**20 - block.machine.balance(SENDER) == 21_100 * price + 2 * BLOB_GAS * 2_944


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"blob_cap": 2_943}, "max fee per blob gas less than block blob gas fee"),
        ({"hashes": ()}, "missing blob hashes"),
        ({"hashes": HASHES * 4}, "too many blobs: have 8, max 6"),
        ({"hashes": (b"\x02" * 32,)}, "invalid hash version"),
        ({"blob_cap": 10**18}, "insufficient funds"),
        ({"gas": 2**24 + 1}, "gas limit too high"),
    ],
)
def test_a_blob_transaction_that_breaks_a_rule_leaves_no_trace(
    changes: dict[str, Any], words: str
) -> None:
    block = builder(excess=40_000_000)
    with pytest.raises(InvalidTransaction, match=words):
        block.add(signed(**changes))
    assert (block.machine.balance(SENDER), block.machine.nonce(SENDER)) == (10**20, 0)


def test_value_counts_in_the_balance_beside_gas_and_blobs() -> None:
    most = 200_000 * 10 * GWEI + 7 + 2 * BLOB_GAS * GWEI
    with pytest.raises(InvalidTransaction, match="insufficient funds"):
        builder(balance=most - 1).add(signed(value=7))
    builder(balance=most).add(signed(value=7))


def test_a_block_is_full_at_the_schedules_most() -> None:
    block = builder()
    block.add(signed(hashes=HASHES * 3))
    with pytest.raises(InvalidTransaction, match="gas limit reached: 4 blobs, room for 3"):
        block.add(signed(nonce=1, hashes=HASHES * 2))
    block.add(signed(nonce=1, hashes=HASHES[:1] * 3))
    assert block.seal().header.blob_gas_used == 9 * BLOB_GAS


def test_deposits_of_validators_are_committed_to() -> None:
    parts = (b"\x01" * 48, b"\x02" * 32, b"\x03" * 8, b"\x04" * 96, b"\x05" * 8)
    call = signed(DYNAMIC_FEE, to=DEPOSIT_CONTRACT, data=encode(["bytes"] * 5, parts))
    block = builder()
    assert block.add(call).succeeded
    inner = hashlib.sha256(b"\x00" + b"".join(parts)).digest()
    assert block.seal().header.requests_hash == hashlib.sha256(inner).digest()
    assert builder().seal().header.requests_hash == EMPTY_REQUESTS_HASH


def test_opcodes_precompiles_and_the_cap_switch_with_osaka() -> None:
    rules = EthereumRules(CHAIN_ID, L1Schedule({L1Fork.PRAGUE: 0, L1Fork.OSAKA: 100}))
    assert (rules.opcodes(99), rules.opcodes(100)) == (OpcodeSet.PRAGUE, OpcodeSet.OSAKA)
    assert rules.precompiles(99) is ETHEREUM_PRAGUE
    assert rules.precompiles(100) is ETHEREUM_OSAKA
    assert (rules.transaction_gas_cap(99), rules.transaction_gas_cap(100)) == (None, 2**24)


def test_the_price_of_the_next_block_is_the_one_that_it_charges() -> None:
    rules = EthereumRules(CHAIN_ID)
    parent = Header(
        blob_gas_used=9 * BLOB_GAS,
        excess_blob_gas=40_000_000,
        base_fee=GWEI,
        withdrawals_root=EMPTY_TRIE_ROOT,
    )
    given = BlockInput(12, bytes(20), bytes(32), 60_000_000, bytes(32))
    following = rules.open(parent.with_(gas_limit=60_000_000), given)
    assert rules.next_blob_base_fee(parent) == rules.blob_base_fee(following) > 2_944


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"timestamp": 0}, "timestamp 0 is not after its parent's, 0"),
        ({"extra_data": bytes(33)}, "extra data of 33 bytes, limit 32"),
        ({"gas_limit": 60_000_000 + 60_000_000 // 1024}, "gas limit .* not within 58593"),
        ({"gas_limit": 60_000_000 - 60_000_000 // 1024}, "gas limit .* not within 58593"),
    ],
)
def test_a_block_begins_within_the_bounds_that_its_parent_sets(
    changes: dict[str, Any], words: str
) -> None:
    rules = EthereumRules(CHAIN_ID, L1Schedule())
    parent = Header(gas_limit=60_000_000, base_fee=GWEI)
    given = BlockInput(12, bytes(20), bytes(32), 60_000_000 + 58_592, bytes(32), bytes(32))
    assert rules.open(parent, given).gas_limit == 60_058_592
    with pytest.raises(ValueError, match=words):
        rules.open(parent, replace(given, **changes))
