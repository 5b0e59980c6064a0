"""Users deposit, bridge and send messages, and the L2 executes what was deposited.

What each call must do is said by `Ledger` and by the rules written here, not by contracts.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import Final

import rlp

from byline.derivation.deposits import user_deposits
from byline.derivation.hashing import keccak256
from byline.derivation.receipt import Log, Receipt
from byline.derivation.transaction import DepositTransaction
from byline.node.contracts import artifacts
from tests.contracts.bridging import RELAY
from tests.contracts.harness import Contract, Event, Outcome, calldata, word
from tests.contracts.l1_stack import text
from tests.contracts.l2_bridging import ALIAS, MESSENGER, PASSER
from tests.contracts.withdrawals import Passer, Withdrawal
from tests.properties.money_chains import (
    COIN,
    DOOR,
    EATER,
    FORWARDER,
    NATIVE,
    OPEN,
    USERS,
    chains,
)
from tests.properties.money_ledger import (
    BRIDGES,
    L1_MESSENGER,
    MESSENGERS,
    MONEY,
    PEOPLE,
    PORTAL,
    SYSTEM,
    Arrival,
    Asset,
    Due,
    Ledger,
    Sent,
    Side,
    alias,
)

TARGETS: Final = (*USERS, DOOR, DOOR, EATER, FORWARDER)
PICKY: Final = (*USERS[:2], DOOR, DOOR, DOOR, EATER, FORWARDER)
"""Whom value is sent to through messengers: one can fail now and succeed later."""
MESSAGE_GAS: Final = 400_000
RELAYED: Final = keccak256(b"RelayedMessage(bytes32)")
FAILED: Final = keccak256(b"FailedRelayedMessage(bytes32)")
ARRIVE_ETHER: Final = "finalizeBridgeETH(address,address,uint256,bytes)"
ARRIVE_TOKENS: Final = "finalizeBridgeERC20(address,address,address,address,uint256,bytes)"
SEND_MESSAGE: Final = "sendMessage(address,bytes,uint32)"
BRIDGE_ETHER: Final = "bridgeETHTo(address,uint32,bytes)"
BRIDGE_TOKENS: Final = "bridgeERC20To(address,address,address,uint256,uint32,bytes)"
DEPOSIT: Final = "depositTransaction(address,uint256,uint64,bool,bytes)"
BALANCE_OF: Final = calldata("balanceOf(address)", text(bytes(20)))[:4]
TOTAL_SUPPLY: Final = calldata("totalSupply()")
ESCROW: Final = calldata("deposits(address,address)", text(bytes(20)), text(bytes(20)))[:4]
ERROR: Final = "OptimismPortal_"
REVERTING: Final = bytes.fromhex("5f5ffd")


class Sending:
    """Both chains, the ledger, and all that goes from one to the other."""

    def __init__(self, pays: str, seed: int) -> None:
        self.source = random.Random(f"{pays} {seed}")
        self.chains = chains(pays)
        self.l1, self.l2 = self.chains.l1, self.chains.l2
        self.ledger = Ledger(pays)
        self.passer = Passer()
        self.withdrawals: dict[bytes, Withdrawal] = {}
        self.derived: list[DepositTransaction] = []
        """Of the deposits that the ledger has waiting."""
        self.paused = False
        self.made: list[bytes] = []
        self.seen: Counter[str] = Counter()
        self.history: list[str] = []
        self.tokens = {
            Asset.COIN: (self.l1.evm, COIN),
            Asset.COIN_TWIN: (self.l2, self.chains.coin_twin),
            Asset.NATIVE: (self.l2, NATIVE),
            Asset.NATIVE_TWIN: (self.l1.evm, self.chains.native_twin),
        }
        if not self.ledger.is_ether:
            self.tokens[Asset.PAY] = (self.l1.evm, OPEN)

    # --- What must hold after every step

    def check(self) -> None:
        story = "\n".join(["", *self.history[-60:]])
        ledger = self.ledger
        for asset in Asset:
            for who in (*PEOPLE, *SYSTEM, *self.made):
                found, wanted = self.balance(asset, who), ledger.held[asset, who]
                assert found == wanted, (
                    f"{asset.name} of {who.hex()}: {found}, not {wanted}{story}"
                )
        assert self.balance(Asset.PAY, PORTAL) == ledger.owed(), story
        given = 0 if ledger.is_ether else ledger.given[Asset.PAY]
        assert self.l1.portal.read("balance") == ledger.held[Asset.PAY, PORTAL] - given, story
        assert ledger.supply(Asset.GAS) == ledger.minted - ledger.burned, story
        for side, original, twin in (
            (Side.L1, Asset.COIN, Asset.COIN_TWIN),
            (Side.L2, Asset.NATIVE, Asset.NATIVE_TWIN),
        ):
            escrow = self.escrow(side)
            evm, address = self.tokens[twin]
            (supply,) = words(evm.call(address, TOTAL_SUPPLY))
            assert supply == ledger.supply(twin), story
            assert escrow == supply + ledger.under_way(twin, original), (twin.name, story)
            given = ledger.given[original]
            assert self.balance(original, BRIDGES[side]) == escrow + given, story

    def balance(self, asset: Asset, who: bytes) -> int:
        if asset in self.tokens:
            evm, address = self.tokens[asset]
            return words(evm.call(address, BALANCE_OF + bytes(12) + who))[0]
        return (self.l1.evm if asset == Asset.PAY else self.l2).balance(who)

    def escrow(self, side: Side) -> int:
        """What a bridge has written down about the tokens that it keeps."""
        if side == Side.L1:
            pair, evm = (COIN, self.chains.coin_twin), self.l1.evm
        else:
            pair, evm = (NATIVE, self.chains.native_twin), self.l2
        call = ESCROW + b"".join(bytes(12) + token for token in pair)
        return words(evm.call(BRIDGES[side], call))[0]

    # --- Choices

    def user(self) -> bytes:
        return self.source.choice(USERS)

    def amount(self, asset: Asset, owner: bytes) -> int:
        """Some of what somebody has."""
        most = min(self.ledger.held[asset, owner], 700)
        return self.source.choice((0, most, self.source.randint(0, most)))

    def expect(self, outcome: Outcome, succeeds: bool, error: str = "") -> None:
        story = (outcome.error, outcome.output, *self.history[-60:])
        assert outcome.success == succeeds, story
        if error:
            assert self.l1.portal.error(outcome) == error, story

    # --- Deposits

    def pay_portal(
        self, sender: bytes, mint: int, to: bytes | None, value: int, data: bytes, gas: int
    ) -> Outcome:
        where = (text(to or bytes(20)), value, gas, to is None, data)
        if self.ledger.is_ether:
            return self.l1.portal.send("depositTransaction", *where, sender=sender, value=mint)
        return self.l1.portal.send(
            "depositERC20Transaction", where[0], mint, *where[1:], sender=sender
        )

    def deposit(self) -> str:
        sender, mint = self.user(), 0
        mint = self.amount(Asset.PAY, sender)
        value = self.source.choice((0, mint, mint // 2, mint + self.source.randrange(3_000)))
        to = self.source.choice((*TARGETS, PASSER, None))
        data = self.source.choice((b"", REVERTING)) if to is None else b""
        outcome = self.pay_portal(sender, mint, to, value, data, 300_000)
        self.expect(outcome, True)
        self.ledger.deposited(Due(sender, to, mint, value, None), sender)
        self.queue(outcome)
        return f"deposit: {mint} {value} {to.hex() if to else data!r}"

    def deposit_by_a_contract(self) -> str:
        """The sender is aliased, and gets what was minted although its call may fail."""
        user = self.user()
        mint = self.amount(Asset.PAY, user) if self.ledger.is_ether else 0
        to, value = self.source.choice(TARGETS), self.source.choice((mint, mint + 1))
        call = word(int.from_bytes(PORTAL, "big"))
        call += calldata(DEPOSIT, text(to), value, 300_000, False, b"")
        outcome = self.l1.evm.call(FORWARDER, call, sender=user, value=mint)
        self.expect(outcome, True)
        self.ledger.deposited(Due(alias(FORWARDER), to, mint, value, None), user)
        self.queue(outcome)
        return f"deposit by a contract: {mint} {value} {to.hex()}"

    def deposit_what_is_not_taken(self) -> str:
        user = self.user()
        where = (text(user), 5, 300_000, False, b"")
        if self.ledger.is_ether:
            call = ("depositERC20Transaction", where[0], 5, *where[1:])
            self.expect(self.l1.portal.send(*call, sender=user), False, "OnlyCustomGasToken")
        else:
            outcome = self.l1.portal.send("depositTransaction", *where, sender=user, value=1)
            self.expect(outcome, False, "NoValue")
            self.expect(self.pay_portal(user, 10**6, user, 0, b"", 300_000), False)
        self.expect(self.pay_portal(user, 0, user, 0, bytes(10), 21_399), False)
        creation = ("depositTransaction", text(user), 0, 300_000, True, b"")
        self.expect(self.l1.portal.send(*creation), False, ERROR + "BadTarget")
        return "deposit what is not taken"

    def queue(self, outcome: Outcome) -> None:
        """Derive the deposit that a call has logged."""
        logs = tuple(Log(log.address, log.topics, log.data) for log in outcome.logs)
        receipt = Receipt(type=2, succeeded=True, cumulative_gas_used=1, logs=logs)
        (tx,) = user_deposits([receipt], bytes(32), PORTAL)
        due = self.ledger.waiting[-1]
        assert (tx.sender, tx.to, tx.mint, tx.value) == (due.sender, due.to, due.mint, due.value)
        self.derived.append(tx)

    def execute_deposits(self) -> str:
        count = self.source.randint(1, 4)
        ended = []
        while count and self.derived:
            count -= 1
            ended.append(self.execute(self.derived.pop(0)))
        return f"execute deposits: {ended}" if ended else "nothing to execute"

    def execute(self, tx: DepositTransaction) -> bool:
        due = self.ledger.waiting.pop(0)
        if due.to is None and not tx.data:
            nonce = self.l2.machine.nonce(tx.sender)
            due = replace(due, created=keccak256(rlp.encode([tx.sender, nonce]))[12:])
            self.made.append(due.created)
        failed = len(self.ledger.failed[Side.L2])
        wanted = self.ledger.execute(due)
        done = self.l2.deposit(tx)
        assert done.succeeded == wanted, (due, done.error, *self.history[-60:])
        self.seen[f"a deposit {'succeeds' if wanted else 'fails'}"] += 1
        if due.to == PASSER and wanted:
            event = Event(PASSER, done.logs[0].topics, done.logs[0].data)
            self.begin_withdrawal(event, tx.sender, None)
        if due.sent is not None and wanted:
            has_failed = len(self.ledger.failed[Side.L2]) > failed
            topics = [log.topics[0] for log in done.logs if log.address == MESSENGER]
            # Before its end a message may have called back in, in vain.
            assert topics[-1] == (FAILED if has_failed else RELAYED), self.history[-60:]
        return wanted

    # --- Bridges and messengers

    def call(self, side: Side, to: bytes, data: bytes, user: bytes, value: int) -> Outcome:
        evm = self.l1.evm if side == Side.L1 else self.l2
        return evm.call(to, data, sender=user, value=value)

    def bridge_value(self, side: Side) -> str:
        user, to = self.user(), self.source.choice(PICKY)
        if not self.ledger.is_ether:
            # Ether of the L1 would be locked for nobody; on the L2 OPEN is not ether.
            data = calldata(BRIDGE_ETHER, text(to), MESSAGE_GAS, b"")
            if self.ledger.held[Asset.GAS, user]:
                self.expect(self.call(side, BRIDGES[side], data, user, 1), False)
            return "bridge value where it is not ether"
        amount = self.amount(MONEY[side], user)
        data = calldata(BRIDGE_ETHER, text(to), MESSAGE_GAS, b"hi")
        other = opposite(side)
        inner = calldata(ARRIVE_ETHER, text(user), text(to), amount, b"hi")
        message = (BRIDGES[side], BRIDGES[other], amount, inner)
        arrival = Arrival(MONEY[other], to, amount)
        self.sent(side, BRIDGES[side], data, user, message, arrival)
        return f"bridge value: {side.name} {amount} {to.hex()}"

    def bridge_tokens(self, side: Side) -> str:
        other, user, to = opposite(side), self.user(), self.source.choice(TARGETS)
        pairs = {
            Asset.COIN: (COIN, self.chains.coin_twin, Asset.COIN_TWIN),
            Asset.NATIVE_TWIN: (self.chains.native_twin, NATIVE, Asset.NATIVE),
            Asset.COIN_TWIN: (self.chains.coin_twin, COIN, Asset.COIN),
            Asset.NATIVE: (NATIVE, self.chains.native_twin, Asset.NATIVE_TWIN),
        }
        here = {Side.L1: (Asset.COIN, Asset.NATIVE_TWIN), Side.L2: (Asset.COIN_TWIN, Asset.NATIVE)}
        asset = self.source.choice(here[side])
        local, remote, arriving = pairs[asset]
        holders = [who for who in USERS if self.ledger.held[asset, who]]
        user = self.source.choice(holders or [user])
        amount = self.amount(asset, user)
        lots = calldata(BRIDGE_TOKENS, text(local), text(remote), text(to), 10**9, 1, b"")
        self.expect(self.call(side, BRIDGES[side], lots, user, 0), False)
        data = calldata(
            BRIDGE_TOKENS, text(local), text(remote), text(to), amount, MESSAGE_GAS, b""
        )
        inner = calldata(
            ARRIVE_TOKENS, text(remote), text(local), text(user), text(to), amount, b""
        )
        self.ledger.lock(side, asset, user, amount)
        message = (BRIDGES[side], BRIDGES[other], 0, inner)
        self.sent(side, BRIDGES[side], data, user, message, Arrival(arriving, to, amount))
        return f"bridge tokens: {asset.name} {amount} {to.hex()}"

    def send_message(self, side: Side) -> str:
        user, other = self.user(), opposite(side)
        value = self.amount(MONEY[side], user) if self.ledger.is_ether else 0
        blocked = (MESSENGERS[other], PORTAL if other == Side.L1 else PASSER)
        target = self.source.choice((*PICKY, FORWARDER, *blocked))
        if self.ledger.failed[other] and self.source.random() < 0.4:
            target = FORWARDER
        data = self.back_call(other) if target == FORWARDER else b""
        gas = MESSAGE_GAS
        if data:
            # Only the lock of the messenger is to stop a message within a message.
            value, gas = 0, 5 * MESSAGE_GAS
        call = calldata(SEND_MESSAGE, text(target), data, gas)
        if not self.ledger.is_ether and self.ledger.held[Asset.GAS, user]:
            self.expect(self.call(side, MESSENGERS[side], call, user, 1), False)
        message = (user, target, value, data)
        self.sent(side, MESSENGERS[side], call, user, message, None, gas)
        if data and side == Side.L1:
            # At once, while what it calls back for would succeed.
            if self.ledger.door_shut[other]:
                self.turn_the_door(other)
            while self.derived:
                self.execute(self.derived.pop(0))
        return f"send message: {side.name} {value} {target.hex()} {data[:40].hex()}"

    def back_call(self, side: Side) -> bytes:
        """A call back into the messenger, of a message that may be tried again."""
        failed = self.ledger.failed[side]
        if not failed:
            return b""
        # Rather one that would no longer fail, if it were let in.
        doors = [
            sent for sent in failed if DOOR in (sent.target, getattr(sent.arrival, "to", b""))
        ]
        inner = self.source.choice(doors or failed).calldata
        return word(int.from_bytes(MESSENGERS[side], "big")) + inner

    def sent(
        self,
        side: Side,
        to: bytes,
        data: bytes,
        user: bytes,
        message: tuple[bytes, bytes, int, bytes],
        arrival: Arrival | None,
        gas: int = MESSAGE_GAS,
    ) -> None:
        """Make a call that sends a message; it becomes a deposit or a withdrawal."""
        sender, target, value, inner = message
        nonce = self.nonce(side)
        relay = calldata(RELAY, nonce, text(sender), text(target), value, gas, inner)
        sent = Sent(opposite(side), target, value, arrival, relay)
        outcome = self.call(side, to, data, user, value)
        self.expect(outcome, True)
        if side == Side.L1:
            self.ledger.deposited(Due(ALIAS, MESSENGER, value, value, sent), user)
            self.queue(outcome)
            assert self.derived[-1].data == relay
        else:
            (log,) = (log for log in outcome.logs if log.address == PASSER)
            withdrawal = self.begin_withdrawal(log, user, sent)
            assert (withdrawal.sender, withdrawal.target) == (MESSENGER, L1_MESSENGER)
            assert (withdrawal.value, withdrawal.data) == (value, relay)

    def nonce(self, side: Side) -> int:
        contract = self.l1.messenger if side == Side.L1 else self.chains.l2_contract(MESSENGER)
        return int(contract.read("messageNonce"))

    def replay(self, side: Side) -> str:
        """Anybody tries again what has failed; a message that has not is refused."""
        failed = self.ledger.failed[side]
        if side == Side.L2:
            fresh = [due.sent for due in self.ledger.waiting]
        else:
            fresh = list(self.ledger.open_withdrawals.values())
        for sent in self.source.sample(fresh, min(2, len(fresh))):
            if sent is not None:
                early = self.call(side, MESSENGERS[side], sent.calldata, self.user(), 0)
                self.expect(early, False)
        if not failed:
            return "nothing to replay"
        sent = self.source.choice(failed)
        if self.ledger.door_shut[side] and self.source.random() < 0.5:
            self.turn_the_door(side)
        outcome = self.call(side, MESSENGERS[side], sent.calldata, self.user(), 0)
        if side == Side.L1 and self.paused:
            self.expect(outcome, False)
            return "replay during a pause"
        self.expect(outcome, True)
        succeeds = self.ledger.try_again(sent)
        assert outcome.logs[-1].topics[0] == (RELAYED if succeeds else FAILED)
        if succeeds:
            again = self.call(side, MESSENGERS[side], sent.calldata, self.user(), 0)
            self.expect(again, False)
        return f"replay on {side.name} {'succeeds' if succeeds else 'fails'}"

    def turn_the_door(self, side: Side) -> str:
        shut = not self.ledger.door_shut[side]
        self.ledger.door_shut[side] = shut
        evm = self.l1.evm if side == Side.L1 else self.l2
        evm.set(DOOR, storage={0: int(shut)})
        return f"door: {side.name} {'shut' if shut else 'open'}"

    def begin_withdrawal(self, log: Event, payer: bytes, sent: Sent | None) -> Withdrawal:
        """Record the withdrawal that the passer has logged."""
        abi = artifacts.load("L2ToL1MessagePasser").abi
        fields = Contract(self.l2, PASSER, abi).event(log)
        sender, target = (bytes.fromhex(fields[name][2:]) for name in ("sender", "target"))
        withdrawal = Withdrawal(
            fields["nonce"], sender, target, fields["value"], fields["gasLimit"], fields["data"]
        )
        assert withdrawal.hash == fields["withdrawalHash"]
        assert withdrawal.hash not in self.withdrawals
        self.ledger.withdrawn(withdrawal, payer, sent)
        self.withdrawals[withdrawal.hash] = withdrawal
        self.passer.trie[withdrawal.key] = b"\x01"
        count = len(self.withdrawals)
        self.passer.trie[keccak256(word(1))] = rlp.encode(count)
        return withdrawal


def opposite(side: Side) -> Side:
    """Return the other chain."""
    return Side.L2 if side == Side.L1 else Side.L1


def words(outcome: Outcome) -> list[int]:
    """Return the words that a call has answered."""
    assert outcome.success
    data = outcome.output
    return [int.from_bytes(data[at : at + 32], "big") for at in range(0, len(data), 32)]
