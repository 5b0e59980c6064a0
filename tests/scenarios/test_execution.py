"""What forks change in execution, carried over the L1 and executed anew by a verifier.

The names in brackets are those of the OP Stack's end-to-end action tests.
"""

import asyncio
from dataclasses import replace

import pytest
import rlp
from eth_keys.datatypes import PrivateKey

from byline.derivation.batch.validity import DropReason
from byline.derivation.block import Block
from byline.derivation.config import Fork, RollupConfig
from byline.derivation.constants import L2_TO_L1_MESSAGE_PASSER
from byline.derivation.hashing import EMPTY_REQUESTS_HASH, keccak256
from byline.derivation.l1_info import blob_base_fee
from byline.derivation.pipeline import Pipeline
from byline.derivation.transaction import DepositTransaction, Transaction, decode_transaction
from byline.derivation.types import L1Block
from byline.node.accounts import DevAccount
from byline.node.contracts.addresses import CREATE2_DEPLOYER
from byline.node.contracts.calls import Interface
from byline.node.storage.kv import MemoryKV
from byline.node.verifier import Verifier
from byline.precompiles import math
from tests.derivation_kit import FakeL1, FakeL2, derive, l1_genesis, rollup_config
from tests.integration.rollups import LocalSource
from tests.scenarios.rollup_kit import (
    ALICE,
    BOB,
    GENESIS_TIME,
    STRANGER,
    World,
    agreed,
    block_at,
    by_hand,
    changed,
    channel,
    config_of,
    deposit,
    epoch,
    l1_block,
    l2_block,
    post,
    safe,
    sequenced,
    single,
    singles,
    span,
    users,
)
from tests.vectors_folder import vectors

MESSAGE_PASSER = Interface.of("L2ToL1MessagePasser")


def set_code(here: World, delegate: bytes, by: DevAccount = STRANGER) -> Transaction:
    """Return Alice's transaction of type 4 that makes `by` act with the code at `delegate`."""
    chain_id = config_of(here).l2_chain_id
    permit = [chain_id, delegate, 0]
    signature = PrivateKey(by.key).sign_msg_hash(keccak256(b"\x05" + rlp.encode(permit)))
    signed_permit = [*permit, signature.v, signature.r, signature.s]
    nonce = here.rollup.engine.chain.machine(here.rollup.engine.chain.head).nonce(ALICE.address)
    fields = [chain_id, nonce, 10**6, 10**11, 200_000, BOB.address, 0, b"", [], [signed_permit]]
    outer = PrivateKey(ALICE.key).sign_msg_hash(keccak256(b"\x04" + rlp.encode(fields)))
    raw = b"\x04" + rlp.encode([*fields, outer.v, outer.r, outer.s])
    tx = decode_transaction(raw)
    assert isinstance(tx, Transaction)
    return tx


@pytest.mark.parametrize("kind", ["singular", "span"])
def test_a_set_code_transaction_comes_back_from_the_l1(kind: str) -> None:
    """[isthmus_setcode_tx]."""
    here = by_hand("isthmus")
    l1_block(here)
    block = sequenced(here, set_code(here, CREATE2_DEPLOYER))
    post(here, *(singles([block]) if kind == "singular" else span(here, [single(block)])))

    assert safe(here) == 1
    verifier = agreed(here)
    chain = verifier.engine.chain
    code = chain.machine(chain.head).code(STRANGER.address)
    assert code == b"\xef\x01\x00" + CREATE2_DEPLOYER


def test_before_isthmus_a_set_code_transaction_voids_its_channel() -> None:
    """[isthmus_setcode_tx]."""
    here = by_hand("holocene")
    l1_block(here)
    block = l2_block(here)
    bad = single(block, transactions=(set_code(here, CREATE2_DEPLOYER).raw,))
    post(here, *channel([bad.encode(), single(block).encode()]))

    assert safe(here) == 0
    assert [drop.verdict for drop in here.rollup.driver.pipeline.drops] == [
        DropReason.SET_CODE_BEFORE_ISTHMUS
    ]
    agreed(here)


def test_since_isthmus_the_header_commits_to_the_messages_to_the_l1() -> None:
    """[isthmus_fork]."""
    here = by_hand("isthmus")
    l1_block(here)
    before = sequenced(here, here.transfer("l2"))
    call = MESSAGE_PASSER.call("initiateWithdrawal", BOB.address, 100_000, b"hello")
    tx = here.transfer("l2", to=L2_TO_L1_MESSAGE_PASSER, data=call, gas=300_000, value=9)
    after = sequenced(here, tx)
    machine = here.rollup.engine.chain.machine(after.header)

    assert machine.storage_root(L2_TO_L1_MESSAGE_PASSER) == after.header.withdrawals_root
    assert after.header.withdrawals_root != before.header.withdrawals_root
    post(here, *singles([before, after]))
    assert safe(here) == 2
    agreed(here)


def test_before_isthmus_the_header_knows_no_messages_and_no_requests() -> None:
    """[isthmus_fork], [holocene_activation]: the oldest fork that a chain may begin with."""
    here = by_hand("holocene")
    l1_block(here)
    block = sequenced(here, here.transfer("l2"))
    post(here, *singles([block]))

    assert block.header.requests_hash is None
    assert block.header.withdrawals_root == bytes.fromhex(
        "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
    )
    assert len(block.header.extra_data) == 9
    agreed(here)


def test_requests_of_the_l1_leave_no_trace_on_the_l2() -> None:
    """[isthmus_requests]: EIP-6110, 7002 and 7251 are not the L2's."""
    here = by_hand()
    l1_block(here, deposit(here, 1))
    last = epoch(here)
    target = bytes.fromhex("00000961ef480eb55e80d19ad83579a64c007002")
    tx = here.transfer("l2", to=target, data=b"\x01" * 56, gas=200_000, value=1)
    asked = sequenced(here, tx)
    assert {last.header.requests_hash, asked.header.requests_hash} == {EMPTY_REQUESTS_HASH}
    here.rollup.flush()
    l1_block(here)

    assert safe(here) == asked.number
    agreed(here)


PRECOMPILED: dict[str, tuple[int, bytes, bool, bool]] = {
    # name: (address, input, succeeds under Jovian, succeeds under Karst)
    "sha256": (2, b"abc", True, True),
    "identity": (4, b"x" * 100, True, True),
    "P256VERIFY of nothing": (0x100, b"", True, True),
    "pairing beyond Karst's bound": (8, bytes(192 * 301), True, False),
    "pairing beyond Jovian's bound": (8, bytes(192 * 428), False, False),
    "MODEXP beyond its bound": (
        5, (1025).to_bytes(32, "big") + bytes(31) + b"\1" + bytes(31) + b"\1", True, False,
    ),
    "apportion": (0xA770, math.encode_call(0, 10**18, [1, 2, 3]), True, True),
    "apportion of nonsense": (0xA770, b"\x01\x02\x03\x04", False, False),
}  # fmt: skip


@pytest.mark.parametrize("fork", ["jovian", "karst"])
@pytest.mark.parametrize("name", list(PRECOMPILED))
def test_precompiles_do_for_a_verifier_what_they_did_for_the_sequencer(
    name: str, fork: str
) -> None:
    """[precompile]."""
    number, data, jovian, karst = PRECOMPILED[name]
    if number == 8 and len(data) < 192 * 400 and fork == "jovian":
        pytest.skip("301 pairs within the bound take py_ecc minutes")
    here = by_hand(fork)
    l1_block(here)
    tx = here.transfer("l2", to=number.to_bytes(20, "big"), data=data, gas=16_000_000, value=0)
    block = sequenced(here, tx)
    here.rollup.flush()
    l1_block(here)

    receipts = here.rollup.engine.chain.store.receipts(block.hash)
    assert receipts is not None
    assert receipts[1].succeeded == (jovian if fork == "jovian" else karst)
    assert safe(here) == 1
    agreed(here)


SCHEDULE = (
    (0, 3_338_477),
    (1_700_000_012, 5_007_716),
    (1_700_000_024, 8_346_193),
    (1_700_000_036, 11_684_671),
)
EXCESS = 40_000_000


def test_the_blob_base_fee_follows_the_forks_of_the_l1_at_the_time_of_the_origin() -> None:
    """[l1_blob_parameter_forks]: known answers of op-geth for an excess of 40,000,000."""
    config = rollup_config()
    genesis = l1_genesis()
    header = genesis.header.with_(excess_blob_gas=EXCESS)
    l1 = FakeL1([L1Block(header, (), ())])
    config = replace(
        config,
        genesis=replace(config.genesis, l1=replace(config.genesis.l1, hash=header.hash)),
        seq_window_size=2,
    )
    verifier = FakeL2(config)
    for _ in range(6):
        l1.mine()
    pipeline = Pipeline(config, verifier.ref, SCHEDULE)
    pipeline.reset(l1.blocks[0], config.genesis.system_config)
    derive(pipeline, l1, verifier)
    fees = {}
    for number in range(1, len(verifier.blocks)):
        ref = verifier.ref(number)
        first = verifier.blocks[number].transactions[0]
        assert ref is not None
        assert isinstance(first, DepositTransaction)
        fees[ref.l1_origin.number] = int.from_bytes(first.data[68:100], "big")

    assert fees == {0: 159_773, 1: 2_944, 2: 120, 3: 30, 4: 30}
    assert [blob_base_fee(block.header, SCHEDULE) for block in l1.blocks[:4]] == [
        159_773, 2_944, 120, 30,
    ]  # fmt: skip


# -- forks that activate after genesis -------------------------------------------------


BUNDLE = "upgrade-txs/upgrade_deposit_txs.json.gz"


def karst_after(seconds: int) -> World:
    """Return a Jovian chain on which Karst activates `seconds` after genesis."""

    def later(config: RollupConfig) -> RollupConfig:
        return replace(config, forks={**config.forks, Fork.KARST: GENESIS_TIME + seconds})

    return changed(later, fork="jovian", upgrade_bundle=vectors() / BUNDLE)


def upgraded(here: World) -> Verifier:
    """Return a fresh verifier that has the upgrade bundle, at the end of the L1."""

    async def run() -> Verifier:
        source = LocalSource(here.rollup)
        verifier = Verifier(config_of(here), source, MemoryKV(), upgrade_bundle=vectors() / BUNDLE)
        await verifier.start()
        await verifier.run(None, lambda _: None, follow=False)
        return verifier

    return asyncio.run(run())


def kinds(block: Block) -> tuple[int, int]:
    """Return how many deposits and how many other transactions a block has."""
    return len(block.transactions) - len(users(block)), len(users(block))


def test_the_sequencer_keeps_users_out_of_an_activation_block() -> None:
    """[activation_block]."""
    here = karst_after(4)
    l1_block(here)
    sequenced(here, here.transfer("l2"))
    here.rollup.submit("l2", here.transfer("l2").raw)
    activation = block_at(here, here.rollup.mine_l2().number)
    after = l2_block(here)
    here.rollup.flush()
    l1_block(here)

    assert kinds(activation) == (32, 0)
    assert kinds(after) == (1, 1)
    assert activation.header.gas_limit == 60_000_000 + 55_370_657
    assert after.header.gas_limit == 60_000_000
    assert upgraded(here).engine.heads.safe == here.rollup.engine.heads.safe
    assert safe(here) == 3


def test_a_batch_with_users_in_an_activation_block_is_dropped_with_its_channel() -> None:
    """[activation_block]."""
    here = karst_after(4)
    l1_block(here)
    first = sequenced(here, here.transfer("l2"))
    tx = here.transfer("l2")
    activation = l2_block(here)
    stuffed = single(activation, transactions=(tx.raw,))
    post(here, *channel([single(first).encode(), stuffed.encode(), single(activation).encode()]))

    assert safe(here) == 1
    assert [drop.verdict for drop in here.rollup.driver.pipeline.drops] == [
        DropReason.TRANSACTIONS_IN_ACTIVATION
    ]
    post(here, *singles([activation], name=b"\x22" * 16))
    assert safe(here) == 2
    assert upgraded(here).engine.heads.safe == here.rollup.engine.heads.safe
