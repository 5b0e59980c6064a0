"""An L1-like chain in memory, and what traces it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import orjson

from byline.derivation.block import Block
from byline.derivation.hashing import EMPTY_REQUESTS_HASH
from byline.derivation.transaction import AnyTransaction, Transaction
from byline.node.accounts import DevAccount, dev_accounts
from byline.node.backend.served import Served
from byline.node.backend.threads import Threads
from byline.node.backend.tracing import NodeTracing
from byline.node.chain.chain import Chain
from byline.node.chain.genesis import genesis_block
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.evm.ethereum import EthereumRules
from byline.node.evm.machine import Engine
from byline.node.evm.rules import BlockInput
from byline.node.signing import sign_dynamic_fee
from byline.node.storage.kv import MemoryKV
from byline.node.storage.store import ChainStore
from byline.rpc.backend import BlockRef, CallRequest, Pretended, TraceOptions

T = TypeVar("T")

CHAIN_ID = 900
GWEI = 10**9
GAS_LIMIT = 30_000_000
ALICE = dev_accounts()[0]
COINBASE = b"\xfe" * 20


@dataclass
class TracedChain:
    """A chain with contracts, whose sender counts its own nonces."""

    chain: Chain
    nonce: int = 0
    options: dict[str, Any] = field(default_factory=dict)

    def transaction(
        self,
        to: bytes | None,
        *,
        value: int = 0,
        data: bytes = b"",
        gas: int = 1_000_000,
        sender: DevAccount = ALICE,
    ) -> Transaction:
        """Return a signed transaction of ALICE's."""
        self.nonce += 1
        return sign_dynamic_fee(
            sender,
            chain_id=CHAIN_ID,
            nonce=self.nonce - 1,
            gas=gas,
            to=to,
            max_fee=100 * GWEI,
            tip=GWEI,
            value=value,
            data=data,
        )

    def mine(self, *transactions: AnyTransaction, **given: Any) -> Block:
        """Put transactions into a block."""
        parent = self.chain.head
        fields: dict[str, Any] = {
            "timestamp": parent.timestamp + 1,
            "coinbase": COINBASE,
            "prev_randao": bytes(32),
            "gas_limit": GAS_LIMIT,
            "parent_beacon_root": bytes(32),
            **given,
        }
        made = self.chain.build(parent, BlockInput(**fields), transactions).executed
        self.chain.insert(made)
        return made.block

    def ask(self, work: Callable[[NodeTracing], Coroutine[Any, Any, T]]) -> T:
        """Await what `work` asks; JSON comes back as clients read it."""

        async def asked() -> T:
            threads = Threads()
            served = SimpleNamespace(
                chain=lambda _: self.chain, next_base_fee=lambda _: self.chain.head.base_fee
            )
            try:
                tracing = NodeTracing(cast(Served, served), "l1", threads, **self.options)
                return await work(tracing)
            finally:
                threads.close()

        return cast(T, orjson.loads(orjson.dumps(asyncio.run(asked()))))

    def trace(self, tx: AnyTransaction, tracer: str | None = None, **config: Any) -> Any:
        """Return what a tracer shows of a mined transaction."""
        options = TraceOptions(tracer=tracer, config=config)
        return self.ask(lambda tracing: tracing.trace_transaction(tx.hash, options))

    def call(
        self,
        request: CallRequest,
        pretended: Pretended,
        options: TraceOptions,
        ref: BlockRef = "latest",
    ) -> Any:
        """Return what a tracer shows of a call."""
        return self.ask(lambda tracing: tracing.trace_call(request, ref, pretended, options))

    def every_opcode(self, tx: AnyTransaction, **options: Any) -> Any:
        """Return the struct logs of a mined transaction."""
        return self.ask(
            lambda tracing: tracing.trace_transaction(tx.hash, TraceOptions(**options))
        )


def traced_chain(
    engine: Engine,
    codes: Mapping[bytes, bytes],
    accounts: Sequence[DevAccount] = dev_accounts()[:10],
    **header: Any,
) -> TracedChain:
    """Return a chain whose genesis has contracts, and accounts with 10,000 ether."""
    alloc = {address: GenesisAccount(code=code) for address, code in codes.items()}
    alloc |= {item.address: GenesisAccount(balance=10_000 * 10**18) for item in accounts}
    fields: dict[str, Any] = {
        "gas_limit": GAS_LIMIT,
        "base_fee": GWEI,
        "blob_gas_used": 0,
        "excess_blob_gas": 0,
        "parent_beacon_root": bytes(32),
        "requests_hash": EMPTY_REQUESTS_HASH,
        **header,
    }
    genesis = genesis_block(engine, alloc, message_passer_root=False, **fields)
    store = ChainStore(MemoryKV())
    chain = Chain(store, EthereumRules(CHAIN_ID), engine)
    store.commit(genesis)
    return TracedChain(chain)
