"""Two threads find the senders that one would, in order, and a block from outside uses them."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from byline.derivation.kernels import secp256k1
from byline.derivation.senders import Signed, knows_sender
from byline.derivation.transaction import decode_transaction
from byline.node.chain.chain import Chain
from byline.node.chain.genesis import genesis_block
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.chain.senders import WORTH_A_THREAD, recover_senders
from byline.node.evm.ethereum import EthereumRules
from byline.node.evm.pyevm import PyEvmEngine
from byline.node.evm.rules import BlockInput
from byline.node.storage.kv import MemoryKV
from byline.node.storage.store import ChainStore
from tests.derivation_kit import BATCHER, INBOX, signed
from tests.unit.derivation.test_senders import decoded, some_transactions


@pytest.mark.parametrize("count", [0, 1, WORTH_A_THREAD - 1, WORTH_A_THREAD, 41])
def test_senders_are_found_in_order(count: int) -> None:
    found = some_transactions(count)
    recover_senders(found)
    assert [vars(tx)["sender"] for tx in found] == [decoded(tx.raw).sender for tx in found]


def test_half_of_a_block_is_recovered_on_another_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    work: list[tuple[bool, int]] = []
    both = threading.Barrier(2, timeout=10)

    def watched(signatures: Sequence[Signed]) -> list[bytes | None]:
        both.wait()
        here = threading.current_thread() is threading.main_thread()
        work.append((here, len(signatures)))
        return recover_many(signatures)

    recover_many = secp256k1.recover_many
    monkeypatch.setattr(secp256k1, "recover_many", watched)
    found = some_transactions(21)
    recover_senders(found)
    assert sorted(work) == [(False, 11), (True, 10)]
    assert all(knows_sender(tx) for tx in found)


def test_a_block_from_outside_recovers_no_sender_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = PyEvmEngine()
    chain = Chain(ChainStore(MemoryKV()), EthereumRules(900), engine)
    alloc = {BATCHER: GenesisAccount(balance=10**18)}
    fields = {"gas_limit": 10**7, "base_fee": 1, "blob_gas_used": 0, "excess_blob_gas": 0}
    chain.store.commit(genesis_block(engine, alloc, message_passer_root=False, **fields))
    raws = [signed(INBOX, b"", nonce=nonce).raw for nonce in range(3)]

    def alone(*_: object) -> None:
        raise AssertionError("a sender was recovered alone")

    monkeypatch.setattr(secp256k1, "recover", alone)
    given = BlockInput(12, bytes(20), bytes(32), 10**7, bytes(32))
    built = chain.build(chain.head, given, [decode_transaction(raw) for raw in raws])
    assert built.executed.header.gas_used == 3 * 21_000
