"""What the batcher decides: how much, by which carrier, at what price, and when again."""

from typing import Any

import ckzg
import pytest
import rlp
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.derivation.blob import BLOB_SIZE, decode_blob
from byline.derivation.constants import CHANNEL_TIMEOUT
from byline.derivation.transaction import Transaction, decode_transaction
from byline.node.accounts import dev_account
from byline.node.chain.admission import AccountView, PoolContext
from byline.node.chain.mempool import Mempool
from byline.node.evm.transition import least_gas
from byline.node.l1 import kzg
from byline.node.l2.batcher_settings import BatcherSettings
from byline.node.l2.channel_policy import ChannelPolicy
from byline.node.l2.data_availability import (
    L1Conditions,
    blob_price,
    calldata_price,
    cheaper,
)
from byline.node.l2.inbox_transaction import (
    Fees,
    InboxTransaction,
    Sidecar,
    in_blobs,
    in_calldata,
    sidecar_of,
)
from byline.node.l2.inflight import FeePolicy, InFlight, Sent
from tests.derivation_kit import rollup_config

ACCOUNT = dev_account(30)
INBOX = b"\xff" * 20
FEES = Fees(most=3 * 10**9, tip=10**9, blob=3)
L1 = L1Conditions(number=10, base_fee=10**9, blob_base_fee=1)
CONFIG = rollup_config(seq_window_size=3600)


def calldata(item: bytes, nonce: int = 0, fees: Fees = FEES) -> InboxTransaction:
    return in_calldata(ACCOUNT, INBOX, 900, nonce, fees, item)


# -- how much and when --------------------------------------------------------------------


def test_a_channel_is_due_by_number_of_blocks_or_by_age_whichever_comes_first() -> None:
    policy = ChannelPolicy(due_blocks=4, most_l1_blocks=5)

    def due(waiting: int, l1_head: int) -> bool:
        return policy.due(waiting, 100, 100, l1_head, CONFIG)

    assert [due(3, 104), due(4, 100), due(1, 105), due(0, 10**6)] == [False, True, True, False]


def test_the_safety_margin_keeps_below_the_channel_timeout() -> None:
    policy = ChannelPolicy(most_l1_blocks=10**6, safety_margin=7)
    assert policy.deadline(100, 100, CONFIG) == 100 + CHANNEL_TIMEOUT - 7


def test_the_safety_margin_keeps_below_the_end_of_the_sequencing_window() -> None:
    policy = ChannelPolicy(most_l1_blocks=30, safety_margin=7)
    late = 100 - CONFIG.seq_window_size + 10
    assert policy.deadline(100, late, CONFIG) == 100 + 10 - 7


@pytest.mark.parametrize(
    "bounds", [{"most_blocks": 0}, {"most_bytes": 0}, {"due_blocks": 0}, {"most_l1_blocks": 0},
               {"safety_margin": CHANNEL_TIMEOUT}, {"safety_margin": -1}],
)  # fmt: skip
def test_bounds_under_which_nothing_is_posted_in_time_are_refused(bounds: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(bounds)).replace("safety_", "safety ")):
        ChannelPolicy(**bounds)


@pytest.mark.parametrize("wrong", [{"target_frames": 0}, {"blobs_per_transaction": 7}])
def test_settings_that_no_transaction_can_carry_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="batcher"):
        BatcherSettings(**wrong)  # type: ignore[arg-type]


# -- carriers and prices ------------------------------------------------------------------


@given(st.binary(min_size=1, max_size=400))
def test_calldata_is_given_exactly_the_gas_that_the_l1_asks_for(item: bytes) -> None:
    tx = calldata(item).transaction
    assert tx.gas == least_gas(tx, prague=True)


def test_auto_takes_what_costs_less_now() -> None:
    items = [b"\x01" * 50_000]
    assert cheaper(items, items, 6, L1, 10**9) == "blobs"
    dear = L1Conditions(10, 1, 10**12)
    assert cheaper(items, items, 6, dear, 1) == "calldata"


@given(st.integers(1, 40), st.integers(1, 10**12), st.integers(1, 10**12), st.integers(1, 12))
def test_auto_never_pays_more_than_the_other_carrier(
    kilobytes: int, base_fee: int, blob_base_fee: int, blobs: int
) -> None:
    l1 = L1Conditions(1, base_fee, blob_base_fee)
    item = b"\x01" * (1_000 * kilobytes)
    of_calldata = calldata_price([item], l1, 10**9)
    of_blobs = blob_price(blobs, 6, l1, 10**9)
    chosen = cheaper([item], [b""] * blobs, 6, l1, 10**9)
    assert {"calldata": of_calldata, "blobs": of_blobs}[chosen] == min(of_calldata, of_blobs)


# -- transactions -------------------------------------------------------------------------


def network_parts(sent: InboxTransaction) -> list[Any]:
    assert sent.network[0] == 3
    return list(rlp.decode(sent.network[1:]))


def test_a_transaction_in_calldata_is_the_batchers_and_goes_to_the_inbox() -> None:
    tx = calldata(b"\x00frame", nonce=5).transaction
    assert (tx.sender, tx.to, tx.nonce, tx.data) == (ACCOUNT.address, INBOX, 5, b"\x00frame")
    assert (tx.max_fee_per_gas, tx.max_priority_fee_per_gas) == (FEES.most, FEES.tip)


def test_blobs_travel_with_commitments_and_proofs_that_ckzg_verifies() -> None:
    items = [b"\x00first", b"\x00" + bytes(range(256)) * 400]
    sent = in_blobs(ACCOUNT, INBOX, 900, 9, FEES, sidecar_of(items, "blob"))
    body, blobs, commitments, proofs = network_parts(sent)

    assert [decode_blob(blob) for blob in blobs] == items
    assert ckzg.verify_blob_kzg_proof_batch(
        b"".join(blobs), b"".join(commitments), b"".join(proofs), kzg.trusted_setup()
    )
    tx = decode_transaction(b"\x03" + rlp.encode(body))
    assert isinstance(tx, Transaction)
    assert tx == sent.transaction
    assert tx.blob_hashes == tuple(kzg.versioned_hash(blob) for blob in blobs)
    assert (tx.sender, tx.nonce, tx.max_fee_per_blob_gas) == (ACCOUNT.address, 9, FEES.blob)
    assert tx.gas == least_gas(tx, prague=True)


def test_the_form_since_osaka_has_a_version_and_128_proofs_a_blob() -> None:
    sent = in_blobs(ACCOUNT, INBOX, 900, 0, FEES, sidecar_of([b"\x00x"], "cell"))
    _, version, blobs, commitments, proofs = network_parts(sent)
    cells = ckzg.compute_cells(blobs[0], kzg.trusted_setup())

    assert version == b"\x01"
    assert len(proofs) == 128
    assert ckzg.verify_cell_kzg_proof_batch(
        [commitments[0]] * 128, list(range(128)), cells, list(proofs), kzg.trusted_setup()
    )


def test_a_transaction_carries_one_to_six_blobs() -> None:
    for items in ([], [b"\x00"] * 7):
        with pytest.raises(ValueError, match="want 1 to 6"):
            sidecar_of(items, "blob")


def test_what_is_no_blob_is_not_committed_to() -> None:
    for wrong in (b"", b"\xff" * BLOB_SIZE):
        with pytest.raises(ValueError, match="not a blob"):
            Sidecar.of([wrong], "blob")


# -- what waits too long ------------------------------------------------------------------


def waiting(*nonces: int, at_l1: int = 10, policy: FeePolicy | None = None) -> InFlight:
    flight = InFlight(policy or FeePolicy(patience=3))
    for nonce in nonces:
        flight.add(Sent(nonce, b"\x00item", None, flight.policy.offer(L1), at_l1))
    return flight


def later(blocks: int, base_fee: int = 10**9) -> L1Conditions:
    return L1Conditions(10 + blocks, base_fee, 1)


def test_a_transaction_is_sent_again_after_its_patience_and_not_before() -> None:
    flight = waiting(0, 1)
    assert flight.overdue(later(2)) == []
    assert [sent.nonce for sent in flight.overdue(later(3))] == [0, 1]


def test_a_replacement_waits_for_its_own_patience() -> None:
    flight = waiting(0)
    (again,) = flight.overdue(later(3))
    flight.add(again)
    assert flight.overdue(later(5)) == []
    assert len(flight.overdue(later(6))) == 1


def test_what_is_in_a_block_is_not_sent_again() -> None:
    flight = waiting(3, 4, 5)
    flight.settle(5)
    assert [sent.nonce for sent in flight.overdue(later(9))] == [5]


@settings(max_examples=30)
@given(st.integers(1, 10**12), st.integers(0, 10**11), st.integers(1, 10**12))
def test_a_pool_takes_the_replacement_in_place_of_the_first(
    base_fee: int, tip: int, new_base_fee: int
) -> None:
    policy = FeePolicy(tip=tip, most_multiple=10**15)
    first = policy.offer(L1Conditions(1, base_fee, 1))
    second = policy.raised(first, L1Conditions(9, new_base_fee, 1), blobs=False)
    assert second is not None
    if tip == 0:
        return  # a tip of nothing cannot grow by a tenth: no pool replaces it
    pool = Mempool()
    account = AccountView(nonce=0, balance=10**30)
    context = PoolContext(chain_id=900, base_fee=new_base_fee, block_gas_limit=60_000_000)
    for fees in (first, second):
        assert pool.add(calldata(b"\x00", fees=fees).transaction, account, context) is None
    assert [tx.max_fee_per_gas for tx in pool.transactions()] == [second.most]


def test_a_replacement_with_blobs_doubles_every_fee() -> None:
    raised = FeePolicy().raised(FEES, L1, blobs=True)
    assert raised == Fees(2 * FEES.most, 2 * FEES.tip, 2 * FEES.blob)


def test_replacements_stop_at_a_multiple_of_what_the_l1_asks() -> None:
    policy = FeePolicy(patience=1, most_multiple=2)
    flight = waiting(0, policy=policy)
    l1, rounds = L1, 0
    while again := flight.overdue(l1 := later(l1.number - 10 + 1)):
        flight.add(again[0])
        rounds += 1
        assert again[0].fees.most <= 2 * policy.offer(l1).most
        assert rounds < 50
    assert rounds >= 5
