"""What block building costs without RPC: transfers from bytes to disk, and computation.

The reference is py-evm as it comes: its `MiningChain` with the same transactions.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from eth import constants
from eth.chains.base import MiningChain
from eth.db.atomic import AtomicDB
from eth.vm.forks.prague import PragueVM

from byline.derivation.transaction import Transaction
from byline.node.accounts import DEV_BALANCE, dev_account, dev_accounts
from byline.node.assembly import build_rollup
from byline.node.bench.table import Row, better
from byline.node.chain.chain import Chain
from byline.node.chain.genesis import genesis_block
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.clock import SystemClock
from byline.node.config import NodeConfig
from byline.node.evm.ethereum import EthereumRules
from byline.node.evm.machine import CallOutcome, MessageCall
from byline.node.evm.pyevm import PyEvmEngine
from byline.node.local import LocalRollup
from byline.node.signing import sign_dynamic_fee
from byline.node.storage.kv import MemoryKV
from byline.node.storage.leveldb import LevelKV
from byline.node.storage.store import ChainStore

TRANSFERS: Final = 400
LOOP_GAS: Final = 3_000_000
LOOP_CODE: Final = bytes.fromhex("60015b60010160030260ff16600256")
"""PUSH 1; JUMPDEST; add 1, times 3, and 255; jump back: runs until the gas is used up."""
LOOP_ADDRESS: Final = b"\x10" * 20


def transfers(chain_id: int, count: int) -> list[Transaction]:
    """Return `count` signed transfers, spread over the development accounts."""
    accounts = dev_accounts()
    made = []
    for number in range(count):
        account = accounts[number % len(accounts)]
        made.append(
            sign_dynamic_fee(
                account,
                chain_id=chain_id,
                nonce=number // len(accounts),
                gas=21_000,
                to=dev_account(100 + number % 50).address,
                max_fee=10**10,
                tip=10**6,
                value=1,
            )
        )
    return made


def block_of_transfers() -> list[Row]:
    """Measure transfers in one block: decoded, recovered, admitted, executed, on disk."""
    settings = NodeConfig(block_time=2)
    with tempfile.TemporaryDirectory() as folder:
        kv = LevelKV(Path(folder) / "chains")
        rollup = build_rollup(settings, kv, SystemClock(), lambda _: None)
        raws = [tx.raw for tx in transfers(settings.l2_chain_id, TRANSFERS)]
        seconds = _timed(lambda: _mine(rollup, raws))
        assert rollup.engine.chain.head.gas_used > TRANSFERS * 21_000
        kv.close()
    ours, theirs = TRANSFERS / seconds, TRANSFERS / _plain_pyevm()
    what = f"{TRANSFERS} transfers in one block, bytes to disk"
    return [
        Row(what, "byline L2", ours, "tx/s", better(ours, theirs, higher=True), "py-evm"),
        Row(what, "py-evm, in memory", theirs, "tx/s"),
    ]


def _mine(rollup: LocalRollup, raws: Sequence[bytes]) -> None:
    for raw in raws:
        rollup.submit("l2", raw)
    rollup.mine_l2()


def _plain_pyevm() -> float:
    """Return the seconds that py-evm's own mining chain takes for the same transfers."""
    chain_class = MiningChain.configure(
        __name__="Plain",
        vm_configuration=((constants.GENESIS_BLOCK_NUMBER, PragueVM),),
        chain_id=1,
    )
    state = {
        account.address: {"balance": DEV_BALANCE, "nonce": 0, "code": b"", "storage": {}}
        for account in dev_accounts()
    }
    fields = {
        "difficulty": 0,
        "gas_limit": 60_000_000,
        "timestamp": 1,
        "coinbase": b"\0" * 20,
        "extra_data": b"",
        "mix_hash": b"\0" * 32,
        "nonce": b"\0" * 8,
    }
    chain = chain_class.from_genesis(AtomicDB(), fields, state)
    raws = [tx.raw for tx in transfers(1, TRANSFERS)]
    builder = chain.get_vm().get_transaction_builder()

    def mine() -> None:
        chain.mine_all([builder.decode(raw) for raw in raws])

    return _timed(mine)


def computation() -> list[Row]:
    """Measure pure computation in millions of gas a second."""
    engine = PyEvmEngine()
    store = ChainStore(MemoryKV())
    alloc = {LOOP_ADDRESS: GenesisAccount(nonce=1, code=LOOP_CODE)}
    store.commit(
        genesis_block(engine, alloc, message_passer_root=False, gas_limit=10**9, base_fee=1)
    )
    chain = Chain(store, EthereumRules(1), engine)
    machine = chain.machine(chain.head)
    call = MessageCall(
        sender=b"\x01" * 20,
        to=LOOP_ADDRESS,
        value=0,
        data=b"",
        gas=LOOP_GAS,
        gas_price=0,
        nonce=0,
    )
    outcomes: list[CallOutcome] = []
    seconds = _timed(lambda: outcomes.append(machine.run(call)))
    # Any other end would have burnt the gas without using it.
    assert outcomes[0].error == "out of gas", outcomes[0]
    return [Row("computation", "byline (py-evm engine)", LOOP_GAS / seconds / 1e6, "Mgas/s")]


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
