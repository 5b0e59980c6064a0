"""A blockchain test: blocks on a genesis, through the node's chain, builder and store."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import rlp

from byline.derivation.block import Block
from byline.derivation.errors import InvalidData
from byline.derivation.header import Header
from byline.derivation.transaction import AnyTransaction, decode_transaction
from byline.node.chain.block import ExecutedBlock
from byline.node.chain.chain import Chain, InvalidBlock
from byline.node.chain.genesis import genesis_machine
from byline.node.evm.ethereum import EthereumRules
from byline.node.evm.machine import Engine
from byline.node.evm.rules import BlockInput
from byline.node.storage.kv import MemoryKV
from byline.node.storage.store import ChainStore
from tests.conformance.fixtures import Fixture, allocation, data
from tests.conformance.forks import rules_of
from tests.conformance.outcome import Outcome
from tests.conformance.reasons import refused_rightly


class Refused(Exception):
    """The node does not take a block."""


@dataclass(frozen=True, slots=True)
class _Given:
    """A block as it was sent."""

    header: Header
    transactions: tuple[AnyTransaction, ...]


def cases(fixture: Fixture, engine: Engine) -> Iterator[Outcome | None]:
    """Run a blockchain test; `None` when the node does not have its fork."""
    rules = rules_of(fixture.document["network"])
    if rules is None:
        yield None
        return
    begun = time.perf_counter()
    problem = _problem(engine, rules, fixture.document)
    yield Outcome(fixture.file, fixture.name, problem, time.perf_counter() - begun)


def _problem(engine: Engine, rules: EthereumRules, test: dict[str, Any]) -> str | None:
    genesis = _genesis(engine, test)
    if isinstance(genesis, str):
        return genesis
    store = ChainStore(MemoryKV())
    store.commit(genesis)
    chain = Chain(store, rules, engine)
    for place, block in enumerate(test["blocks"]):
        expected = block.get("expectException")
        try:
            _import(chain, data(block["rlp"]))
        except Refused as exc:
            if not expected:
                return f"block {place} is refused: {exc}"
            if not refused_rightly(expected, str(exc)):
                return f"block {place} is refused for another reason than {expected}: {exc}"
        else:
            if expected:
                return f"block {place} is taken, though it is to be refused: {expected}"
    if store.header(data(test["lastblockhash"])) is None:
        return f"the last block, {test['lastblockhash']}, is not in the chain"
    return None


def _genesis(engine: Engine, test: dict[str, Any]) -> ExecutedBlock | str:
    header = Header.from_fields(rlp.decode(data(test["genesisRLP"]))[0])
    machine = genesis_machine(engine, allocation(test["pre"]))
    root = machine.commit()
    if root != header.state_root:
        return f"genesis: state root is 0x{root.hex()}, want 0x{header.state_root.hex()}"
    if header.hash != data(test["genesisBlockHeader"]["hash"]):
        return f"genesis: hash is 0x{header.hash.hex()}"
    return ExecutedBlock(Block(header, ()), (), dict(machine.nodes))


def _import(chain: Chain, encoded: bytes) -> None:
    """Execute a block on its parent and make it the head, if it is what it says."""
    given = _decoded(encoded)
    parent = chain.store.header(given.header.parent_hash)
    if parent is None:
        raise Refused(f"its parent, 0x{given.header.parent_hash.hex()}, is not known")
    header = given.header
    about = BlockInput(
        timestamp=header.timestamp,
        coinbase=header.coinbase,
        prev_randao=header.mix_hash,
        gas_limit=header.gas_limit,
        parent_beacon_root=header.parent_beacon_root or b"",
        extra_data=header.extra_data,
    )
    try:
        executed = chain.build(parent, about, given.transactions).executed
    except (InvalidBlock, ValueError) as exc:
        raise Refused(str(exc)) from exc
    if executed.hash != header.hash:
        raise Refused(f"header differs: {_differences(executed.header, header)}")
    chain.set_head(parent)
    chain.insert(executed)


def _decoded(encoded: bytes) -> _Given:
    try:
        items = rlp.decode(encoded)
        if not isinstance(items, list) or len(items) != 4:
            raise Refused("rlp: want header, transactions, uncles and withdrawals")
        header = Header.from_fields(items[0])
        transactions = tuple(
            decode_transaction(item if isinstance(item, bytes) else rlp.encode(item))
            for item in items[1]
        )
    except InvalidData as exc:
        raise Refused(str(exc)) from exc
    except rlp.exceptions.RLPException as exc:
        raise Refused(f"rlp: {exc}") from exc
    if items[2]:
        raise Refused(f"{len(items[2])} uncles, but there are none since Paris")
    if items[3]:
        raise Refused(f"{len(items[3])} withdrawals, but the local L1 has no validators")
    return _Given(header, transactions)


def _differences(ours: Header, theirs: Header) -> str:
    names = [item.name for item in fields(Header)]
    return " ".join(name for name in names if getattr(ours, name) != getattr(theirs, name))
