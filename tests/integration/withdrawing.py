"""A user who withdraws from the L2 of a rollup in memory, and what the L1 says of it."""

from __future__ import annotations

from dataclasses import dataclass

from byline.derivation.constants import L2_TO_L1_MESSAGE_PASSER
from byline.derivation.hashing import keccak256
from byline.derivation.kernels.trie import Trie
from byline.node.accounts import DevAccount
from byline.node.bridge import withdrawals
from byline.node.bridge.contracts import Contracts
from byline.node.bridge.withdrawals import Proof, Withdrawal
from byline.node.chain.calls import call
from byline.node.l1.games import Disputes, Game, LocalView
from byline.node.l2.outputs import output_of
from byline.rpc.backend import CallRequest, Reverted
from tests.integration.rollups import ALICE, World

TARGET = b"\x7a" * 20
MATURITY, CLOCK, FINALITY = 12, 10, 6
VIEM_BUFFER = 10
"""Seconds that viem's `getTimeToFinalize` adds to what the contract says."""
UNPROVEN = "OptimismPortal_Unproven()"
NOT_OLD_ENOUGH = "OptimismPortal_ProofNotOldEnough()"
INVALID_ROOT = "OptimismPortal_InvalidRootClaim()"
INVALID_TIME = "OptimismPortal_InvalidProofTimestamp()"
ERRORS = {
    keccak256(name.encode())[:4]: name
    for name in (UNPROVEN, NOT_OLD_ENOUGH, INVALID_ROOT, INVALID_TIME)
}


@dataclass
class Withdrawing:
    """One withdrawal, from the L2's block to the L1's payment."""

    here: World
    withdrawal: Withdrawal
    block: int
    """Of the L2."""
    user: DevAccount = ALICE

    @property
    def disputes(self) -> Disputes:
        return disputes(self.here)

    @property
    def contracts(self) -> Contracts:
        config = self.here.rollup.engine.config
        factory = self.disputes.factory()
        assert factory is not None
        nobody = bytes(20)
        return Contracts(
            config.deposit_contract, config.l1_system_config, factory, nobody, nobody, None
        )

    def proof_at(self, number: int) -> Proof:
        chain = self.here.rollup.engine.chain
        header = chain.canonical(number)
        assert header is not None
        root = chain.machine(header).storage_root(L2_TO_L1_MESSAGE_PASSER)
        trie = Trie(chain.store.node, root)
        nodes = tuple(trie.proof(keccak256(self.withdrawal.slot)))
        return Proof(header.state_root, root, header.hash, nodes)

    def prove(self) -> bool:
        """Prove it against the newest game, gas estimated as clients do; tell whether it went."""
        index = self.disputes.count(self.contracts.dispute_game_factory) - 1
        [game, *_] = games(self.here)
        proof = self.proof_at(self.disputes.block_number(game.address))
        assert proof.output_root == self.disputes.root(game.address)
        sent = withdrawals.prove(self.contracts, self.withdrawal, index, proof)
        assert self.refusal(sent.data) == ""
        return succeeded(self.here, sent.to, sent.data)

    def check(self) -> str:
        """Return why it cannot be finalized after the newest block; empty when it can."""
        return self.refusal(
            withdrawals.check(self.contracts, self.withdrawal, self.user.address).data
        )

    def finalize(self) -> bool:
        sent = withdrawals.finalize(self.contracts, self.withdrawal)
        assert self.refusal(sent.data) == ""
        return succeeded(self.here, sent.to, sent.data)

    def refusal(self, data: bytes) -> str:
        chain = self.here.rollup.l1.chain
        request = CallRequest(sender=self.user.address, to=self.contracts.portal, data=data)
        try:
            call(chain, chain.head, request, {})
        except Reverted as exc:
            return ERRORS.get(exc.output[:4], exc.output.hex())
        return ""


def withdraw(here: World, value: int = 5, *, target: bytes = TARGET) -> Withdrawing:
    """Withdraw wei on the L2; it is in a block when this returns."""
    made = withdrawals.initiate(target, value)
    tx_hash = here.send("l2", to=made.to, value=value, data=made.data, gas=200_000)
    chain = here.rollup.engine.chain
    location = chain.store.transaction_location(tx_hash)
    assert location is not None, "no block has taken it"
    block_hash, index = location
    header, receipts = chain.store.header(block_hash), chain.store.receipts(block_hash)
    assert header is not None
    assert receipts is not None
    logs = [
        {"address": log.address, "topics": log.topics, "data": log.data}
        for log in receipts[index].logs
    ]
    [withdrawal] = withdrawals.withdrawals_of({"logs": logs})
    return Withdrawing(here, withdrawal, header.number)


def disputes(here: World) -> Disputes:
    """Return what the L1's contracts say now."""
    chain, config = here.rollup.l1.chain, here.rollup.engine.config
    view = LocalView(chain, chain.head)
    return Disputes(view, config.l1_system_config, config.deposit_contract)


def games(here: World) -> list[Game]:
    """Return all games, the newest first."""
    now = disputes(here)
    factory = now.factory()
    assert factory is not None
    return list(now.newest_first(factory, 1_000))


def settle(here: World) -> None:
    """Do what the devnet does once no L2 block has come for a while."""
    here.rollup.flush()
    here.rollup.keep()


def wait(here: World, seconds: int) -> None:
    """Let the wall clock go on, with the node looking at it every second."""
    for _ in range(seconds):
        here.clock.advance(1)
        here.rollup.keep()


def is_true(here: World, game: bytes) -> bool:
    """Tell whether a game's claim is what the L2 has at that block."""
    now, engine = disputes(here), here.rollup.engine
    header = engine.chain.canonical(now.block_number(game))
    return header is not None and output_of(engine, header).root == now.root(game)


def ripen(here: World, one: Withdrawing) -> int:
    """Wait until it can be finalized; return the seconds that it took."""
    for seconds in range(60):
        if one.check() == "":
            return seconds
        wait(here, 1)
    raise AssertionError(f"still {one.check()} after a minute")


def succeeded(here: World, to: bytes, data: bytes, *, gas: int = 2_000_000) -> bool:
    """Send a transaction on the L1 and tell whether it succeeded."""
    tx_hash = here.send("l1", to=to, data=data, value=0, gas=gas)
    location = here.rollup.l1.chain.store.transaction_location(tx_hash)
    assert location is not None, "no block has taken it"
    receipts = here.rollup.l1.chain.store.receipts(location[0])
    assert receipts is not None
    return receipts[location[1]].succeeded
