"""Signed transactions tried out as the beginning of a block; nothing is stored.

Source: mev-geth `internal/ethapi/api.go`, `CallBundle`.
"""

from __future__ import annotations

from byline.derivation.errors import InvalidData
from byline.derivation.header import Header
from byline.derivation.transaction import Transaction, decode_transaction
from byline.node.chain.chain import Chain
from byline.node.chain.pretended import pretended_header
from byline.node.chain.replay import Replay
from byline.node.evm.patience import Patience
from byline.node.evm.rules import BlockInput
from byline.node.evm.transition import InvalidTransaction
from byline.rpc.backend import Refused
from byline.rpc.simulation import SignedBundle, TriedTransaction


def try_bundle(
    chain: Chain, parent: Header, wanted: SignedBundle, patience: Patience
) -> tuple[TriedTransaction, ...]:
    """Execute the transactions of a bundle on the state after `parent`.

    Raises `Refused` for one that cannot stand there, or `OutOfTime`.
    """
    transactions = [_decoded(raw) for raw in wanted.transactions]
    opened = chain.rules.open(
        parent,
        BlockInput(
            timestamp=parent.timestamp + 1,
            coinbase=parent.coinbase,
            prev_randao=parent.mix_hash,
            gas_limit=parent.gas_limit,
            parent_beacon_root=parent.parent_beacon_root or bytes(32),
            extra_data=parent.extra_data,
        ),
    )
    header = pretended_header(opened, wanted.block)
    replay = Replay(chain, header, parent, patience)
    return tuple(_tried(replay, header, tx) for tx in transactions)


def _decoded(raw: bytes) -> Transaction:
    try:
        tx = decode_transaction(raw)
    except InvalidData as exc:
        raise Refused(str(exc)) from None
    if not isinstance(tx, Transaction):
        raise Refused("transaction type not supported: 0x7e")
    return tx


def _tried(replay: Replay, header: Header, tx: Transaction) -> TriedTransaction:
    before = replay.machine.balance(header.coinbase)
    try:
        done = replay.apply(tx)
    except (InvalidTransaction, InvalidData) as exc:
        raise Refused(f"err: {exc}; txhash 0x{tx.hash.hex()}") from None
    base_fee = header.base_fee or 0
    return TriedTransaction(
        transaction=tx,
        succeeded=done.succeeded,
        reverted=done.reverted,
        output=done.output,
        error=done.error,
        gas_used=done.gas_used,
        fees=done.gas_used * (tx.effective_gas_price(base_fee) - base_fee),
        coinbase_gain=replay.machine.balance(header.coinbase) - before,
    )
