"""What an L2 head asks of a transaction that wants to wait for the next block."""

from __future__ import annotations

from byline.derivation.base_fee import next_l2_base_fee
from byline.derivation.config import Fork
from byline.derivation.errors import InvalidData
from byline.derivation.transaction import Transaction, decode_transaction
from byline.node.chain.admission import AccountView, PoolContext
from byline.node.chain.chain import Chain
from byline.node.chain.mempool import Mempool
from byline.node.evm.machine import Machine
from byline.node.l2.engine import L2Engine
from byline.rpc.backend import Refused


def account_view(chain: Chain, address: bytes) -> AccountView:
    """Return an account as the pool judges by it, at the head."""
    machine = chain.machine(chain.head)
    return AccountView(
        nonce=machine.nonce(address),
        balance=machine.balance(address),
        code=machine.code(address),
    )


def pool_context(engine: L2Engine, machine: Machine | None = None) -> PoolContext:
    """Return what the block after the head will ask of a transaction.

    `machine` is one on the head's state, where the caller has opened it already.
    """
    chain, config = engine.chain, engine.config
    head = chain.head
    return PoolContext(
        chain_id=chain.chain_id,
        base_fee=next_l2_base_fee(head, config),
        block_gas_limit=head.gas_limit,
        extra_cost=engine.extra_cost(machine).of,
        prague=config.active(Fork.ISTHMUS, head.timestamp),
        transaction_gas_cap=chain.rules.transaction_gas_cap(head.timestamp),
    )


def admit(pool: Mempool, engine: L2Engine, raw: bytes) -> Transaction:
    """Take an encoded transaction into the pool; raises `Refused` in geth's words."""
    try:
        tx = decode_transaction(raw)
        if not isinstance(tx, Transaction):
            raise Refused("transaction type not supported: 0x7e")
        if engine.chain.store.transaction_location(tx.hash) is not None:
            raise Refused("already known")
        account = account_view(engine.chain, tx.sender)
    except InvalidData as exc:
        raise Refused(str(exc)) from exc
    refusal = pool.add(tx, account, pool_context(engine))
    if refusal is not None:
        raise Refused(refusal.reason)
    return tx
