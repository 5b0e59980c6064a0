"""The engines in this process, without RPC: a chain that holds the programs, and calls of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from eth import constants
from eth.chains.base import MiningChain
from eth.db.atomic import AtomicDB
from eth.vm.forks.prague import PragueVM

from byline.node.accounts import DEV_BALANCE, dev_accounts
from byline.node.chain.chain import Chain
from byline.node.chain.genesis import genesis_block
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.evm.engines import ENGINES
from byline.node.evm.engines import engine as make_engine
from byline.node.evm.ethereum import EthereumRules
from byline.node.evm.machine import Engine, MessageCall
from byline.node.storage.kv import MemoryKV
from byline.node.storage.store import ChainStore

CALLER: Final = b"\x01" * 20
PLAIN: Final = "py-evm itself"
"""What py-evm as it comes, without a line of ours, is called in the tables."""
SLOW: Final = frozenset({"pyevm engine", PLAIN})
"""Who needs a microsecond for an instruction, and is given less to do."""
PLAIN_CHAIN_ID: Final = 1


def engines() -> Mapping[str, Engine]:
    """Return the engines that can run here by name, the default first."""
    made = (make_engine(name) for name in ENGINES)
    return {engine.name: engine for engine in made}


def chain_with(engine: Engine, codes: Mapping[bytes, bytes]) -> Chain:
    """Return a chain in memory whose genesis holds `codes` by address."""
    store = ChainStore(MemoryKV())
    alloc = {address: GenesisAccount(nonce=1, code=code) for address, code in codes.items()}
    store.commit(
        genesis_block(engine, alloc, message_passer_root=False, gas_limit=10**9, base_fee=1)
    )
    return Chain(store, EthereumRules(1), engine)


def run(chain: Chain, to: bytes, data: bytes, gas: int) -> tuple[bytes, int]:
    """Call a contract on a new machine; return its output and the gas used."""
    outcome = chain.machine(chain.head).run(
        MessageCall(CALLER, to, 0, data, gas=gas, gas_price=0, nonce=0)
    )
    if not outcome.succeeded:
        raise RuntimeError(f"a call of the bench failed: {outcome.error}")
    return outcome.output, gas - outcome.gas_left


def plain_chain(codes: Mapping[bytes, bytes], gas_limit: int = 60_000_000) -> Any:
    """Return py-evm's own mining chain in memory, Prague, with the development accounts."""
    chain_class = MiningChain.configure(
        __name__="Plain",
        vm_configuration=((constants.GENESIS_BLOCK_NUMBER, PragueVM),),
        chain_id=PLAIN_CHAIN_ID,
    )
    state: dict[bytes, dict[str, Any]] = {
        account.address: {"balance": DEV_BALANCE, "nonce": 0, "code": b"", "storage": {}}
        for account in dev_accounts()
    }
    for address, code in codes.items():
        state[address] = {"balance": 0, "nonce": 1, "code": code, "storage": {}}
    fields = {
        "difficulty": 0,
        "gas_limit": gas_limit,
        "timestamp": 1,
        "coinbase": b"\0" * 20,
        "extra_data": b"",
        "mix_hash": b"\0" * 32,
        "nonce": b"\0" * 8,
    }
    return chain_class.from_genesis(AtomicDB(), fields, state)


def plain_run(chain: Any, to: bytes, data: bytes, gas: int) -> tuple[bytes, int]:
    """Call a contract on a new virtual machine of py-evm; see `run`."""
    vm = chain.get_vm()
    # As a transaction does before its call (EIP-2929).
    vm.state.mark_address_warm(to)
    done = vm.execute_bytecode(
        CALLER, 0, gas, to, CALLER, 0, data, vm.state.get_code(to), code_address=to
    )
    if done.is_error:
        raise RuntimeError(f"a call of py-evm failed: {done.error}")
    return done.output, gas - done.get_gas_remaining()
