"""When the proposer proposes, what, and in which bytes."""

import pytest
from eth_abi.abi import decode, encode

from byline.derivation.hashing import keccak256
from byline.derivation.types import NO_L1_BLOCK, NO_L2_BLOCK, L2BlockRef, SyncStatus
from byline.node.l2.proposer import (
    NotYet,
    Proposal,
    Proposed,
    ProposerSettings,
    block_to_propose,
    decide,
)

ROOT, OTHER = b"\x11" * 32, b"\x22" * 32
SETTINGS = ProposerSettings(interval=100)


def at(number: int) -> L2BlockRef:
    return L2BlockRef(number, bytes(32), bytes(32), 0, NO_L2_BLOCK.l1_origin, 0)


def reason(newest: Proposed | None, now: int = 1_000, block: int = 7, root: bytes = ROOT) -> str:
    found = decide(SETTINGS, now, newest, block, root)
    assert isinstance(found, NotYet)
    return found.reason


def test_the_first_proposal_waits_for_nothing_but_a_block() -> None:
    assert decide(SETTINGS, 1_000, None, 7, ROOT) == Proposal(1, ROOT, 7)
    assert "genesis" in reason(None, block=0)


def test_the_next_one_waits_for_the_interval_to_the_second() -> None:
    newest = Proposed(created_at=901, root=OTHER)
    assert "99 seconds old" in reason(newest)
    assert decide(SETTINGS, 1_001, newest, 7, ROOT) == Proposal(1, ROOT, 7)


def test_an_unchanged_root_is_not_proposed_again() -> None:
    newest = Proposed(created_at=0, root=ROOT)
    assert "already" in reason(newest)
    assert decide(SETTINGS, 1_000, newest, 8, OTHER) == Proposal(1, OTHER, 8)


def test_new_withdrawals_do_not_wait_for_the_interval_where_that_is_wished() -> None:
    newest = Proposed(created_at=999, root=OTHER)
    prompt = ProposerSettings(interval=100, prompt=True)
    found = decide(prompt, 1_000, newest, 7, ROOT, withdrawals=True)
    assert found == Proposal(1, ROOT, 7)
    for settings, withdrawals in ((prompt, False), (SETTINGS, True)):
        late = decide(settings, 1_000, newest, 7, ROOT, withdrawals=withdrawals)
        assert isinstance(late, NotYet)
        assert "1 seconds old" in late.reason


def test_new_withdrawals_are_no_reason_to_claim_the_same_again() -> None:
    prompt = ProposerSettings(interval=100, prompt=True)
    for newest, block in ((Proposed(0, ROOT), 7), (None, 0)):
        assert isinstance(decide(prompt, 1_000, newest, block, ROOT, withdrawals=True), NotYet)


def test_only_finalized_blocks_are_proposed_unless_told() -> None:
    status = SyncStatus(
        NO_L1_BLOCK, NO_L1_BLOCK, NO_L1_BLOCK, NO_L1_BLOCK,
        unsafe_l2=at(9), safe_l2=at(6), finalized_l2=at(3),
    )  # fmt: skip
    assert block_to_propose(status, ProposerSettings()) == 3
    assert block_to_propose(status, ProposerSettings(allow_non_finalized=True)) == 6


def test_the_call_is_create_with_the_block_number_as_a_word() -> None:
    call = Proposal(1, ROOT, 7).calldata()
    assert call[:4].hex() == "82ecf2f6"
    game_type, root, extra = decode(["uint32", "bytes32", "bytes"], call[4:])
    assert (game_type, root, extra) == (1, ROOT, (7).to_bytes(32, "big"))


def test_the_identity_is_the_hash_of_what_the_contract_hashes() -> None:
    encoded = encode(["uint32", "bytes32", "bytes"], [1, ROOT, (7).to_bytes(32, "big")])
    assert Proposal(1, ROOT, 7).identity == keccak256(encoded)
    assert Proposal(1, ROOT, 7).identity != Proposal(0, ROOT, 7).identity


def test_what_the_contract_cannot_be_told_is_refused() -> None:
    for wrong in ({"game_type": 2**32}, {"game_type": -1}, {"interval": 0}):
        with pytest.raises(ValueError, match="proposer"):
            ProposerSettings(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="31 bytes"):
        decide(SETTINGS, 0, None, 1, bytes(31))
