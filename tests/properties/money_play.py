"""Plays at random with both chains, and asks after each step if all money is where it belongs.

Beside the users, who send, there are a proposer whose claims may be forged, a guardian who
pauses, excludes and retires, and provers with good proofs and bad ones; targets of withdrawals
refuse, eat gas, call back, and try to steal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from trie import HexaryTrie

from byline.derivation.hashing import keccak256
from tests.contracts.bridging import RELAY
from tests.contracts.harness import Contract, Outcome, calldata, word
from tests.contracts.l1_stack import CHALLENGER, GUARDIAN, text
from tests.contracts.l2_bridging import BRIDGE, PASSER
from tests.contracts.withdrawals import PROVER, Passer, Withdrawal
from tests.properties.money_chains import COIN, FORWARDER, OPEN, transfer
from tests.properties.money_ledger import L1_BRIDGE, L1_MESSENGER, PORTAL, Asset, Side
from tests.properties.money_sending import ARRIVE_TOKENS, ERROR, MESSAGE_GAS, TARGETS, Sending

FINALIZED: Final = keccak256(b"WithdrawalFinalized(bytes32,bool)")


@dataclass
class Game:
    """What the rules say of a dispute game."""

    contract: Contract
    index: int
    passer: Passer
    known: frozenset[bytes]
    """Hashes of the withdrawals that its claim holds."""
    created: int
    respected: bool
    challenged: bool = False
    blacklisted: bool = False
    resolved: int = 0


@dataclass(frozen=True)
class Proof:
    """What the portal remembers of a proof."""

    game: Game
    at: int


class Play(Sending):
    """One sequence of steps."""

    def __init__(self, pays: str, seed: int) -> None:
        super().__init__(pays, seed)
        self.forgeries: list[Withdrawal] = []
        self.games: list[Game] = []
        self.proofs: dict[bytes, Proof] = {}
        self.respects = True
        self.retired_until = self.l1.registry.read("retirementTimestamp")

    def run(self, steps: int) -> Counter[str]:
        """Play; return how often what has happened."""
        rules: list[tuple[int, Callable[[], str]]] = [
            (5, self.deposit),
            (2, self.deposit_by_a_contract),
            (2, self.deposit_what_is_not_taken),
            (3, lambda: self.bridge_value(Side.L1)),
            (3, lambda: self.bridge_value(Side.L2)),
            (3, lambda: self.bridge_tokens(Side.L1)),
            (4, lambda: self.bridge_tokens(Side.L2)),
            (2, lambda: self.send_message(Side.L1)),
            (3, lambda: self.send_message(Side.L2)),
            (7, self.execute_deposits),
            (5, self.withdraw),
            (1, self.burn),
            (2, self.propose),
            (1, self.propose_a_forgery),
            (7, self.prove),
            (2, self.prove_badly),
            (3, self.resolve),
            (3, self.wait),
            (10, self.finalize),
            (1, self.finalize_with_little_gas),
            (4, lambda: self.replay(Side.L1)),
            (4, lambda: self.replay(Side.L2)),
            (2, self.guard),
            (4, self.calm),
            (4, self.ripen),
            (2, self.give),
            (2, lambda: self.turn_the_door(Side.L1)),
            (2, lambda: self.turn_the_door(Side.L2)),
        ]
        weights = [weight for weight, _ in rules]
        for _ in range(steps):
            self.l1.wait(1)
            (chosen,) = self.source.choices(rules, weights)
            what = chosen[1]()
            self.history.append(what)
            self.seen[what.partition(":")[0]] += 1
            self.check()
        return self.seen

    # --- Withdrawals

    def withdraw(self) -> str:
        user = self.user()
        value = self.amount(Asset.GAS, user)
        target, data = self.source.choice([(target, b"") for target in TARGETS] + self.attacks())
        call = ("initiateWithdrawal", text(target), 200_000, data)
        outcome = self.chains.l2_contract(PASSER).send(*call, sender=user, value=value)
        self.expect(outcome, True)
        withdrawal = self.begin_withdrawal(outcome.logs[0], user, None)
        assert (withdrawal.sender, withdrawal.target, withdrawal.value) == (user, target, value)
        return f"withdraw: {value} {target.hex()} {data[:40].hex()}"

    def attacks(self) -> list[tuple[bytes, bytes]]:
        """Withdrawals that would like to take what is not theirs."""
        me, much = text(self.user()), 100
        theft = calldata("transfer(address,uint256)", me, much)
        tokens = calldata(
            ARRIVE_TOKENS, text(COIN), text(self.chains.coin_twin), me, me, much, b""
        )
        message = (1 << 240, text(BRIDGE), text(L1_BRIDGE), 0, MESSAGE_GAS, tokens)
        inward = word(int.from_bytes(PORTAL, "big"))
        open_ones = [self.withdrawals[digest] for digest in self.ledger.open_withdrawals]
        other = self.source.choice([*open_ones, Withdrawal()])
        name = "finalizeWithdrawalTransactionExternalProof"
        again = self.l1.portal.data(name, other.fields, text(PROVER))
        return [
            (OPEN, theft),
            (PORTAL, b""),
            (L1_BRIDGE, tokens),
            (L1_MESSENGER, calldata(RELAY, *message)),
            *[(FORWARDER, inward + again)] * 3,
        ]

    def burn(self) -> str:
        amount = self.ledger.held[Asset.GAS, PASSER]
        self.ledger.burn()
        outcome = self.chains.l2_contract(PASSER).send("burn", sender=self.user())
        self.expect(outcome, True)
        assert int.from_bytes(outcome.logs[0].topics[1], "big") == amount
        return f"burn: {amount}"

    # --- Games

    def propose(self) -> str:
        root = self.passer.trie.root_hash
        assert root == self.l2.storage_root(PASSER), self.history[-60:]
        self.begin_game(Passer(HexaryTrie(self.passer.trie.db, root)), frozenset(self.withdrawals))
        return f"propose: {len(self.withdrawals)}"

    def begin_game(self, passer: Passer, known: frozenset[bytes]) -> Game:
        index = len(self.games)
        contract = self.l1.propose(passer.root, 100 + index)
        game = Game(contract, index, passer, known, self.l1.timestamp, self.respects)
        self.games.append(game)
        return game

    def propose_a_forgery(self) -> str:
        """A root of an L2 that never was, with a withdrawal of all; somebody is awake."""
        forged = Withdrawal(
            nonce=(1 << 240) + 10**6 + len(self.games),
            target=self.user(),
            value=self.ledger.held[Asset.PAY, PORTAL],
        )
        passer = Passer(HexaryTrie(self.passer.trie.db, self.passer.trie.root_hash))
        passer.trie[forged.key] = b"\x01"
        game = self.begin_game(passer, frozenset({*self.withdrawals, forged.hash}))
        self.forgeries.append(forged)
        way = self.source.choice(("challenge", "blacklist"))
        if way == "challenge":
            assert game.contract.send("challenge", sender=CHALLENGER).success
            game.challenged = True
        else:
            self.blacklist(game)
        self.l1.wait(1)
        # It can be proven while the game goes on, but is never paid.
        error = self.why_unprovable(forged, game)
        self.expect(self.try_proof(forged, game), not error, ERROR + error if error else "")
        if not error:
            self.proofs[forged.hash] = Proof(game, self.l1.timestamp)
        return f"forgery: {way}"

    def resolve(self) -> str:
        """Resolve whatever is over; what is not cannot be."""
        count = 0
        for game in self.games:
            if game.resolved:
                continue
            outcome = game.contract.send("resolveClaim", 0, 0)
            is_over = self.l1.timestamp - game.created >= self.l1.plan.clock
            assert outcome.success == is_over
            if is_over:
                assert game.contract.send("resolve").success
                game.resolved = self.l1.timestamp
                count += 1
        return "resolve" if count else "nothing to resolve"

    def blacklist(self, game: Game) -> None:
        call = ("blacklistDisputeGame", text(game.contract.address))
        assert self.l1.registry.send(*call, sender=GUARDIAN).success
        game.blacklisted = True

    def guard(self) -> str:
        """The guardian does something."""
        way = self.source.choice(("pause", "blacklist", "retire", "respect"))
        if way == "pause":
            self.pause(not self.paused)
        elif way == "blacklist" and self.games:
            self.blacklist(self.source.choice(self.games))
        elif way == "retire":
            outcome = self.l1.registry.send("updateRetirementTimestamp", sender=GUARDIAN)
            self.expect(outcome, True)
            self.retired_until = self.l1.timestamp
        else:
            self.respect(not self.respects)
        return f"guard: {way}"

    def calm(self) -> str:
        """The guardian lets things go on."""
        if self.paused:
            self.pause(False)
        if not self.respects:
            self.respect(True)
        return "calm"

    def pause(self, begins: bool) -> None:
        name = "pause" if begins else "unpause"
        self.expect(self.l1.superchain.send(name, text(bytes(20)), sender=GUARDIAN), True)
        self.paused = begins

    def respect(self, type_of_ours: bool) -> None:
        call = ("setRespectedGameType", 1 if type_of_ours else 7)
        self.expect(self.l1.registry.send(*call, sender=GUARDIAN), True)
        self.respects = type_of_ours

    def ripen(self) -> str:
        """An honest claim is made, proven against and won, and both waits pass."""
        self.propose()
        self.l1.wait(1)
        game = self.games[-1]
        for digest in self.ledger.open_withdrawals:
            withdrawal = self.withdrawals[digest]
            error = self.why_unprovable(withdrawal, game)
            self.expect(self.try_proof(withdrawal, game), not error)
            if not error:
                self.proofs[digest] = Proof(game, self.l1.timestamp)
        self.l1.wait(self.l1.plan.clock)
        self.resolve()
        # The next step is a second later: at the end of one wait, or of the other, or after both.
        self.l1.wait(self.source.choice((1, 5, 7)))
        return "ripen"

    def is_proper(self, game: Game) -> bool:
        return not (self.paused or game.blacklisted or game.created <= self.retired_until)

    def is_valid(self, game: Game) -> bool:
        waited = bool(game.resolved) and self.l1.timestamp - game.resolved > self.l1.plan.finality
        return self.is_proper(game) and game.respected and waited and not game.challenged

    # --- Proofs

    def why_unprovable(self, withdrawal: Withdrawal, game: Game) -> str:
        """Return the error that a proof must meet; empty if it is good."""
        if self.paused:
            return "CallPaused"
        if withdrawal.target == PORTAL:
            return "BadTarget"
        if not self.is_proper(game):
            return "ImproperDisputeGame"
        if not game.respected or (game.challenged and game.resolved):
            return "InvalidDisputeGame"
        if self.l1.timestamp <= game.created:
            return "InvalidProofTimestamp"
        return ""

    def some_withdrawal(self) -> Withdrawal | None:
        """One that is not finalized, rather; or any, or one that never was."""
        waiting = [self.withdrawals[digest] for digest in self.ledger.open_withdrawals]
        chosen = self.source.random()
        if self.forgeries and chosen < 0.15:
            return self.source.choice(self.forgeries)
        if waiting and chosen < 0.9:
            return self.source.choice(waiting)
        return self.source.choice([*self.withdrawals.values(), None])

    def prove(self) -> str:
        withdrawal = self.some_withdrawal()
        games = [game for game in self.games if withdrawal and withdrawal.hash in game.known]
        if withdrawal is None or not games:
            return "nothing to prove"
        good = [game for game in games if not self.why_unprovable(withdrawal, game)]
        pick = good if good and self.source.random() < 0.8 else games
        game = self.source.choice(pick)
        error = self.why_unprovable(withdrawal, game)
        outcome = self.try_proof(withdrawal, game)
        self.expect(outcome, not error, ERROR + error if error else "")
        if not error:
            self.proofs[withdrawal.hash] = Proof(game, self.l1.timestamp)
        return f"prove {error}".rstrip()

    def try_proof(self, withdrawal: Withdrawal, game: Game, **changes: Any) -> Outcome:
        given = {
            "index": game.index,
            "output": game.passer.output,
            "proof": game.passer.proof(withdrawal),
        } | changes
        return self.l1.portal.send(
            "proveWithdrawalTransaction",
            withdrawal.fields,
            given["index"],
            given["output"],
            given["proof"],
            sender=PROVER,
        )

    def prove_badly(self) -> str:
        if not self.games or not self.withdrawals:
            return "nothing to tamper with"
        withdrawal = self.source.choice(list(self.withdrawals.values()))
        game = self.source.choice(self.games)
        proof = game.passer.proof(withdrawal)
        way = self.source.randrange(7)
        if way == 0:
            withdrawal = replace(withdrawal, value=withdrawal.value + 1)
        elif way == 1:
            withdrawal = replace(withdrawal, target=self.user(), nonce=withdrawal.nonce + 999)
        elif way == 2 and proof:
            proof = proof[:-1]
        elif way == 3 and proof:
            node = bytearray(proof[-1])
            node[self.source.randrange(len(node))] ^= 1 << self.source.randrange(8)
            proof = [*proof[:-1], bytes(node)]
        elif way == 4:
            withdrawal = Withdrawal(nonce=self.source.getrandbits(200), value=1)
        elif way == 5:
            # All is sound, but of another L2 than the one that the game is about.
            withdrawal = Withdrawal(nonce=self.source.getrandbits(200), value=1)
            passer = Passer.of(withdrawal, others=3)
            changes = {"output": passer.output, "proof": passer.proof(withdrawal)}
            error = self.why_unprovable(withdrawal, game) or "InvalidOutputRootProof"
            self.expect(self.try_proof(withdrawal, game, **changes), False, ERROR + error)
            return "prove by another root"
        else:
            output = (*game.passer.output[:2], bytes(32), game.passer.output[3])
            self.expect(self.try_proof(withdrawal, game, output=output, proof=proof), False)
            return "prove badly"
        self.expect(self.try_proof(withdrawal, game, proof=proof), False)
        return "prove badly"

    # --- Payment

    def why_unpayable(self, withdrawal: Withdrawal) -> str:
        """Return the error that finalizing must meet; empty if it is paid."""
        if self.paused:
            return "CallPaused"
        if withdrawal.target == PORTAL:
            return "BadTarget"
        if withdrawal.target == OPEN and not self.ledger.is_ether:
            return "BadTarget"
        if withdrawal.hash in self.ledger.finalized:
            return "AlreadyFinalized"
        proof = self.proofs.get(withdrawal.hash)
        if proof is None:
            return "Unproven"
        if self.l1.timestamp - proof.at <= self.l1.plan.maturity:
            return "ProofNotOldEnough"
        return "" if self.is_valid(proof.game) else "InvalidRootClaim"

    def try_to_finalize(self, withdrawal: Withdrawal, gas: int = 20_000_000) -> Outcome:
        call = ("finalizeWithdrawalTransactionExternalProof", withdrawal.fields, text(PROVER))
        return self.l1.portal.send(*call, sender=self.user(), gas=gas)

    def payable(self) -> list[Withdrawal]:
        waiting = [self.withdrawals[digest] for digest in self.ledger.open_withdrawals]
        return [one for one in waiting if not self.why_unpayable(one)]

    def finalize(self) -> str:
        good = self.payable()
        withdrawal = self.some_withdrawal()
        if good and self.source.random() < 0.85:
            withdrawal = self.source.choice(good)
        if withdrawal is None:
            return "nothing to finalize"
        error = self.why_unpayable(withdrawal)
        outcome = self.try_to_finalize(withdrawal)
        if error:
            self.expect(outcome, False, ERROR + error)
            return f"finalize {error}"
        assert withdrawal not in self.forgeries
        assert self.ledger.can_pay(withdrawal)
        self.expect(outcome, True)
        failed = len(self.ledger.failed[Side.L1])
        succeeds = self.ledger.finalize(withdrawal)
        (log,) = (log for log in outcome.logs if log.topics[0] == FINALIZED)
        assert (log.topics[1], log.data) == (withdrawal.hash, word(succeeds)), self.history[-60:]
        again = self.try_to_finalize(withdrawal)
        self.expect(again, False, ERROR + "AlreadyFinalized")
        if len(self.ledger.failed[Side.L1]) > failed:
            return "finalize, its message fails"
        return "finalize, paid" if succeeds else "finalize, its call fails"

    def finalize_with_little_gas(self) -> str:
        """Nobody may let a withdrawal fail by giving it less gas than it asks for."""
        good = [one for one in self.payable() if one.data or self.ledger.is_ether]
        if not good:
            return "nothing to starve"
        withdrawal = self.source.choice(good)
        outcome = self.try_to_finalize(withdrawal, gas=withdrawal.gas_limit + 40_000)
        self.expect(outcome, False)
        return "finalize with little gas"

    # --- The rest of the world

    def wait(self) -> str:
        self.l1.wait(self.source.choice((1, 5, 11, 13, 20)))
        return "wait"

    def give(self) -> str:
        """Leave something with portal or bridge that is for nobody."""
        user = self.user()
        if self.source.random() < 0.5:
            amount = self.amount(Asset.COIN, user)
            transfer(self.l1.evm, COIN, user, L1_BRIDGE, amount)
            self.ledger.move(Asset.COIN, user, L1_BRIDGE, amount)
            self.ledger.given[Asset.COIN] += amount
            return "give to the bridge"
        amount = self.amount(Asset.PAY, user)
        if self.ledger.is_ether:
            self.expect(self.l1.portal.send("donateETH", sender=user, value=amount), True)
        else:
            transfer(self.l1.evm, OPEN, user, PORTAL, amount)
        self.ledger.move(Asset.PAY, user, PORTAL, amount)
        self.ledger.given[Asset.PAY] += amount
        return "give to the portal"
