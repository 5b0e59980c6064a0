"""Building one block: a machine on the parent's state, transactions in order, then the seal."""

from __future__ import annotations

from collections.abc import Iterable

from byline.derivation.block import Block, receipts_root, transactions_root
from byline.derivation.dev_edits import AccountEdit
from byline.derivation.header import Header
from byline.derivation.receipt import DEPOSIT_RECEIPT_VERSION, Receipt, union_bloom
from byline.derivation.transaction import AnyTransaction
from byline.node.chain.block import ExecutedBlock
from byline.node.evm.edits import apply_edits
from byline.node.evm.machine import BlockContext, Engine, NodeReader
from byline.node.evm.rules import BlockInput, ChainRules
from byline.node.evm.transition import Applied


def block_context(rules: ChainRules, header: Header, ancestors: Iterable[bytes]) -> BlockContext:
    """Return what opcodes see in the block with `header`."""
    return BlockContext(
        chain_id=rules.chain_id,
        number=header.number,
        timestamp=header.timestamp,
        coinbase=header.coinbase,
        gas_limit=header.gas_limit,
        base_fee=header.base_fee or 0,
        prev_randao=header.mix_hash,
        blob_base_fee=rules.blob_base_fee(header),
        ancestors=ancestors,
    )


class BlockBuilder:
    """One block under construction; `add` transactions, then `seal` once."""

    def __init__(
        self,
        engine: Engine,
        rules: ChainRules,
        parent: Header,
        given: BlockInput,
        read_node: NodeReader,
        ancestors: Iterable[bytes],
    ) -> None:
        self.header = rules.open(parent, given)
        self.machine = engine.open(
            read_node,
            parent.state_root,
            block_context(rules, self.header, ancestors),
            rules.precompiles(given.timestamp),
            rules.opcodes(given.timestamp),
        )
        self.rules = rules.begin(self.machine, self.header, parent)
        self.gas_used = 0
        self.transactions: list[AnyTransaction] = []
        self.receipts: list[Receipt] = []
        self.applied: list[Applied] = []
        self.noted: dict[int, Applied] = {}
        self.rules.before()

    @property
    def gas_left(self) -> int:
        """Gas that further transactions may use."""
        return self.header.gas_limit - self.gas_used

    def add(self, tx: AnyTransaction) -> Applied:
        """Execute `tx` at the end of the block.

        Raises `InvalidTransaction`; the block is then as before and goes on.
        """
        done = self.rules.apply(tx, self.gas_left)
        self.gas_used += done.gas_used
        deposit = done.deposit_nonce is not None
        if not done.succeeded or done.console is not None:
            self.noted[len(self.transactions)] = done
        self.transactions.append(tx)
        self.applied.append(done)
        self.receipts.append(
            Receipt(
                type=tx.type,
                succeeded=done.succeeded,
                cumulative_gas_used=self.gas_used,
                logs=done.logs,
                deposit_nonce=done.deposit_nonce,
                deposit_version=DEPOSIT_RECEIPT_VERSION if deposit else None,
            )
        )
        return done

    def edit(self, edits: Iterable[AccountEdit]) -> None:
        """Change accounts after the transactions so far."""
        self.machine.begin_transaction()
        apply_edits(self.machine, edits)

    def seal(self) -> ExecutedBlock:
        """Close the block: hash the state, fill the header."""
        self.rules.after()
        state_root = self.machine.commit()
        header = self.rules.seal(
            self.header.with_(
                state_root=state_root,
                transactions_root=transactions_root(self.transactions),
                receipts_root=receipts_root(self.receipts),
                bloom=union_bloom(self.receipts),
                gas_used=self.gas_used,
            )
        )
        return ExecutedBlock(
            block=Block(header, tuple(self.transactions)),
            receipts=tuple(self.receipts),
            nodes=dict(self.machine.nodes),
            noted=self.noted,
        )
