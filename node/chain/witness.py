"""What executing a block reads: enough to execute it again without its chain.

Source: geth `core/stateless/witness.go`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from byline.derivation.block import Block
from byline.derivation.errors import InvalidData
from byline.derivation.header import Header
from byline.derivation.kernels import rlp
from byline.node.chain.builder import block_context
from byline.node.chain.chain import Chain
from byline.node.evm import engines
from byline.node.evm.patience import Patience
from byline.rpc.inspecting import Witness

_ACCOUNT_FIELDS: Final = 4
_LEAF_ITEMS: Final = 2


class _Reads:
    """Remembers what is read of a store, and how far BLOCKHASH reaches."""

    def __init__(self, chain: Chain, parent: Header) -> None:
        self._chain, self._parent = chain, parent
        self.found: dict[bytes, bytes] = {}
        self.headers = [parent]

    def node(self, key: bytes) -> bytes | None:
        raw = self._chain.store.node(key)
        if raw is not None:
            self.found[key] = raw
        return raw

    def ancestors(self) -> Iterator[bytes]:
        for number, block_hash in enumerate(self._chain.ancestors(self._parent)):
            header = self._chain.store.header(block_hash)
            if number and header is not None:
                self.headers.append(header)
            yield block_hash


def witness_of(chain: Chain, block: Block, parent: Header, patience: Patience) -> Witness:
    """Execute a block on a state of which nothing is known, and return all that was read.

    Raises `InvalidTransaction` or `OutOfTime`.
    """
    rules, header = chain.rules, block.header
    reads = _Reads(chain, parent)
    # An engine of its own: the chain's keeps nodes in memory, which would not be read.
    machine = engines.engine(chain.engine.name).open(
        reads.node,
        parent.state_root,
        block_context(rules, header, reads.ancestors()),
        rules.precompiles(header.timestamp),
        rules.opcodes(header.timestamp),
        chain.beneath,
    )
    at_work = rules.begin(machine, header, parent)
    at_work.before()
    machine.limit_time(patience.check)
    keys: dict[bytes, None] = {}
    used = 0
    for tx in block.transactions:
        patience.check()
        used += at_work.apply(tx, header.gas_limit - used).gas_used
        keys |= dict.fromkeys((tx.sender, header.coinbase))
        for address, slots in machine.accessed().items():
            keys |= dict.fromkeys((address, *(slot.to_bytes(32, "big") for slot in slots)))
    at_work.after()
    machine.commit()
    codes = _code_hashes(reads.found)
    return Witness(
        headers=tuple(reads.headers),
        codes=tuple(raw for key, raw in reads.found.items() if key in codes),
        nodes=tuple(raw for key, raw in reads.found.items() if key not in codes),
        keys=tuple(keys),
    )


def _code_hashes(found: dict[bytes, bytes]) -> frozenset[bytes]:
    """Return the hashes of the codes of the accounts in what was read."""
    hashes = set()
    for raw in found.values():
        try:
            node = rlp.decode(raw)
            if not (isinstance(node, list) and len(node) == _LEAF_ITEMS):
                continue
            account = rlp.decode(node[1]) if isinstance(node[1], bytes) else None
        except InvalidData:
            continue
        if isinstance(account, list) and len(account) == _ACCOUNT_FIELDS:
            code_hash = account[3]
            if isinstance(code_hash, bytes):
                hashes.add(code_hash)
    return frozenset(hashes)
