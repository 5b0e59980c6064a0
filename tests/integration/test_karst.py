"""Karst on the L2: the cap on a transaction's gas, wherever a transaction can come from."""

from dataclasses import replace

import pytest
from eth_abi.abi import encode

from byline.derivation.config import Fork
from byline.derivation.hashing import keccak256
from byline.derivation.transaction import DepositTransaction
from byline.node.chain.calls import estimate_gas
from byline.node.chain.chain import InvalidBlock
from byline.node.config import NodeConfig
from byline.node.evm.accounts import created_address
from byline.rpc.backend import CallRequest, Refused, Reverted
from tests.integration.rollups import ALICE, BOB, GENESIS_TIME, world

CAP = 2**24


def test_every_fork_through_karst_is_active_at_genesis() -> None:
    config = world().rollup.engine.config
    assert all(config.active(fork, GENESIS_TIME) for fork in Fork)


def test_the_pool_takes_a_transaction_at_the_cap_and_none_above() -> None:
    here = world()
    here.send("l2", gas=CAP)
    with pytest.raises(Refused, match=rf"gas limit too high \(cap: {CAP}, tx: {CAP + 1}\)"):
        here.send("l2", gas=CAP + 1)
    world(NodeConfig(fork="jovian")).send("l2", gas=CAP + 1)


def test_no_block_holds_a_transaction_above_the_cap() -> None:
    here = world()
    engine = here.rollup.engine
    attributes = here.rollup.sequencer.plan().attributes
    for gas, valid in ((CAP, True), (CAP + 1, False)):
        raw = here.transfer("l2", gas=gas).raw
        asked = replace(attributes, no_tx_pool=True, transactions=(*attributes.transactions, raw))
        if valid:
            engine.build(engine.heads.unsafe, asked)
        else:
            with pytest.raises(InvalidBlock, match="gas limit too high"):
                engine.build(engine.heads.unsafe, asked)


def test_a_deposit_may_have_more_gas_than_the_cap() -> None:
    # The portal burns as much gas of the L1, where Osaka's cap would be in the way.
    here = world(NodeConfig(l1_fork="prague"))
    selector = keccak256(b"depositTransaction(address,uint256,uint64,bool,bytes)")[:4]
    call = selector + encode(
        ["address", "uint256", "uint64", "bool", "bytes"],
        [BOB.address, 7, CAP + 1, False, b""],
    )
    portal = here.rollup.engine.config.deposit_contract
    here.send("l1", to=portal, value=7, data=call, gas=18_000_000)

    head = here.rollup.engine.chain.canonical_block(here.rollup.engine.heads.unsafe.number)
    assert head is not None
    deposit = head.transactions[1]
    assert isinstance(deposit, DepositTransaction)
    receipts = here.rollup.engine.chain.store.receipts(head.hash)
    assert receipts is not None
    assert (deposit.gas, receipts[1].succeeded) == (CAP + 1, True)


def test_an_estimate_looks_no_further_than_the_cap() -> None:
    # Reverts with less than 17,000,000 gas: PUSH4 17000000, GAS, LT, PUSH1 11, JUMPI, STOP,
    # JUMPDEST, PUSH0, PUSH0, REVERT.
    hungry = bytes.fromhex("63010366405a10600b57005b5f5ffd")
    request = CallRequest(sender=ALICE.address, to=None, data=hungry)
    jovian, karst = (world(NodeConfig(fork=fork)).rollup for fork in ("jovian", "karst"))
    chain = jovian.engine.chain
    assert estimate_gas(chain, chain.head, request, {}, lambda *_: 0) > 17_000_000
    chain = karst.engine.chain
    with pytest.raises(Reverted):
        estimate_gas(chain, chain.head, request, {}, lambda *_: 0)


def test_clz_runs_in_a_transaction() -> None:
    here = world()
    clz_of_one = bytes.fromhex("60011e5f5260205ff3")
    here.send("l2", to=None, data=clz_of_one, gas=200_000)
    chain = here.rollup.engine.chain
    code = chain.machine(chain.head).code(created_address(ALICE.address, 0))
    assert int.from_bytes(code, "big") == 255
