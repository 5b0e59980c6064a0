"""What both bridges owe to whom, in plain Python: the reference that the contracts are held to.

The ledger knows who holds how much.  It is told of every call, and says itself whether the call
succeeds and what moves; it never looks at a contract.
"""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from tests.contracts.bridging import places
from tests.contracts.l2_bridging import ALIAS, BRIDGE, MESSENGER, PASSER
from tests.contracts.withdrawals import Withdrawal
from tests.properties.money_chains import BACKING, DOOR, EACH, EATER, FORWARDER, OPEN, USERS

PORTAL: Final = places()["OptimismPortal"]
L1_MESSENGER: Final = places()["L1CrossDomainMessenger"]
L1_BRIDGE: Final = places()["L1StandardBridge"]
OFFSET: Final = 0x1111000000000000000000000000000000001111


def alias(contract: bytes) -> bytes:
    """Return how the L2 names a contract of the L1."""
    number = (int.from_bytes(contract, "big") + OFFSET) % 2**160
    return number.to_bytes(20, "big")


class Side(enum.Enum):
    """Which chain."""

    L1 = 1
    L2 = 2


class Asset(enum.Enum):
    """What is held, and where."""

    PAY = "what pays for the L2's gas, on the L1: ether or OPEN"
    GAS = "what pays for gas, on the L2"
    COIN = "a token of the L1"
    COIN_TWIN = "its twin on the L2"
    NATIVE = "a token of the L2"
    NATIVE_TWIN = "its twin on the L1"


TWINS: Final = frozenset({Asset.COIN_TWIN, Asset.NATIVE_TWIN})
MESSENGERS: Final = {Side.L1: L1_MESSENGER, Side.L2: MESSENGER}
BRIDGES: Final = {Side.L1: L1_BRIDGE, Side.L2: BRIDGE}
MONEY: Final = {Side.L1: Asset.PAY, Side.L2: Asset.GAS}
BLOCKED: Final = {Side.L1: (L1_MESSENGER, PORTAL), Side.L2: (MESSENGER, PASSER)}
"""Whom no message may call."""
SYSTEM: Final = (PORTAL, L1_MESSENGER, L1_BRIDGE, MESSENGER, BRIDGE, PASSER, ALIAS, OPEN)
PEOPLE: Final = (*USERS, DOOR, EATER, FORWARDER, alias(FORWARDER))


@dataclass(frozen=True)
class Arrival:
    """What a message of a bridge pays out."""

    asset: Asset
    to: bytes
    amount: int


@dataclass(frozen=True)
class Sent:
    """A message on its way to a messenger."""

    side: Side
    """Where it arrives."""
    target: bytes
    value: int
    arrival: Arrival | None
    """`None` for a message that is not a bridge's."""
    calldata: bytes
    """With which the messenger there is called."""

    @property
    def tokens(self) -> Arrival | None:
        """Return what arrives if it is not value."""
        found = self.arrival
        return None if found is None or found.asset in MONEY.values() else found


@dataclass(frozen=True)
class Due:
    """A deposit that the L2 has not executed yet."""

    sender: bytes
    to: bytes | None
    mint: int
    value: int
    sent: Sent | None
    created: bytes = b""


@dataclass
class Ledger:
    """Who holds what, and what is between the chains."""

    pays: str
    held: Counter[tuple[Asset, bytes]] = field(default_factory=Counter)
    door_shut: dict[Side, bool] = field(default_factory=lambda: dict.fromkeys(Side, False))
    failed: dict[Side, list[Sent]] = field(default_factory=lambda: {side: [] for side in Side})
    waiting: list[Due] = field(default_factory=list)
    """Deposits in their order."""
    open_withdrawals: dict[bytes, Sent | None] = field(default_factory=dict)
    """Not finalized yet, by hash, with the message that each carries."""
    values: dict[bytes, int] = field(default_factory=dict)
    """What each withdrawal is worth, by hash."""
    finalized: set[bytes] = field(default_factory=set)
    given: Counter[Asset] = field(default_factory=Counter)
    """Sent to portal or bridge for nobody."""
    stuck: int = 0
    """In the portal for ever, as the call of its withdrawal failed."""
    minted: int = BACKING
    burned: int = 0

    def __post_init__(self) -> None:
        for user in USERS:
            for asset in (Asset.PAY, Asset.GAS, Asset.COIN, Asset.NATIVE):
                self.held[asset, user] = EACH
        self.held[Asset.PAY, PORTAL] = BACKING

    @property
    def is_ether(self) -> bool:
        return self.pays == "eth"

    def move(self, asset: Asset, source: bytes, to: bytes, amount: int) -> None:
        self.held[asset, source] -= amount
        assert self.held[asset, source] >= 0, (asset, source.hex())
        self.held[asset, to] += amount

    def supply(self, asset: Asset) -> int:
        """Return what all hold together."""
        return sum(amount for (what, _), amount in self.held.items() if what == asset)

    def accepts(self, side: Side, address: bytes) -> bool:
        """Tell whether a plain call of an account with value succeeds."""
        if address == DOOR:
            return not self.door_shut[side]
        # The bridge itself bridges plain value, but not of contracts.
        return address not in (EATER, PORTAL, *MESSENGERS.values(), *BRIDGES.values())

    # --- Sending

    def lock(self, side: Side, asset: Asset, user: bytes, amount: int) -> None:
        """Take bridged tokens of a user out of circulation."""
        if asset in TWINS:
            self.held[asset, user] -= amount
            assert self.held[asset, user] >= 0
        else:
            self.move(asset, user, BRIDGES[side], amount)

    def deposited(self, due: Due, payer: bytes) -> None:
        """Record a deposit that the portal has taken."""
        self.move(Asset.PAY, payer, PORTAL, due.mint)
        self.waiting.append(due)

    def withdrawn(self, withdrawal: Withdrawal, payer: bytes, sent: Sent | None) -> None:
        """Record a withdrawal that the passer has taken."""
        self.move(Asset.GAS, payer, PASSER, withdrawal.value)
        self.open_withdrawals[withdrawal.hash] = sent
        self.values[withdrawal.hash] = withdrawal.value

    def burn(self) -> None:
        """Let the passer's balance be burned."""
        self.burned += self.held[Asset.GAS, PASSER]
        self.held[Asset.GAS, PASSER] = 0

    # --- Arriving

    def execute(self, due: Due) -> bool:
        """Execute the next deposit on the L2; return whether it succeeds."""
        self.minted += due.mint
        self.held[Asset.GAS, due.sender] += due.mint
        if self.held[Asset.GAS, due.sender] < due.value:
            return False
        if due.sent is not None:
            if due.sent.target in BLOCKED[Side.L2]:
                return False
            self.move(Asset.GAS, due.sender, MESSENGER, due.value)
            self.relay(due.sent)
            return True
        if due.to == PASSER:
            # A withdrawal, which is recorded when its log has told of it.
            return True
        to = due.created if due.to is None else due.to
        if not to or not self.accepts(Side.L2, to):
            return False
        self.move(Asset.GAS, due.sender, to, due.value)
        return True

    def relay(self, sent: Sent) -> bool:
        """Have a messenger execute what has arrived; return whether it does not fail."""
        messenger, money = MESSENGERS[sent.side], MONEY[sent.side]
        if not self.pays_out(sent):
            self.failed[sent.side].append(sent)
            return False
        arrival = sent.arrival
        if arrival is None:
            self.move(money, messenger, sent.target, sent.value)
        elif arrival.asset == money:
            self.move(money, messenger, arrival.to, arrival.amount)
        elif arrival.asset in TWINS:
            self.held[arrival.asset, arrival.to] += arrival.amount
        else:
            self.move(arrival.asset, BRIDGES[sent.side], arrival.to, arrival.amount)
        return True

    def pays_out(self, sent: Sent) -> bool:
        """Tell whether the target of a message takes what it brings."""
        arrival = sent.arrival
        if arrival is None:
            return self.accepts(sent.side, sent.target)
        return arrival.asset != MONEY[sent.side] or self.accepts(sent.side, arrival.to)

    def try_again(self, sent: Sent) -> bool:
        """Execute a message that has failed before; return whether it does not fail again."""
        self.failed[sent.side].remove(sent)
        return self.relay(sent)

    def can_pay(self, withdrawal: Withdrawal) -> bool:
        """Tell whether the portal has what a withdrawal asks for."""
        given = 0 if self.is_ether else self.given[Asset.PAY]
        return self.held[Asset.PAY, PORTAL] - given >= withdrawal.value

    def finalize(self, withdrawal: Withdrawal) -> bool:
        """Pay a withdrawal; return whether its call succeeds."""
        sent = self.open_withdrawals.pop(withdrawal.hash)
        self.finalized.add(withdrawal.hash)
        target = withdrawal.target
        if sent is not None:
            success = sent.target not in BLOCKED[Side.L1]
        else:
            success = self.accepts(Side.L1, target)
        if not self.is_ether:
            # Tokens go to the target whatever its call does; without data there is none.
            self.move(Asset.PAY, PORTAL, target, withdrawal.value)
            success = success or not withdrawal.data
        elif success:
            self.move(Asset.PAY, PORTAL, target, withdrawal.value)
        else:
            self.stuck += withdrawal.value
        if success and sent is not None:
            self.relay(sent)
        return success

    # --- What must hold

    def under_way(self, twin: Asset, original: Asset) -> int:
        """Return tokens that have left one chain and not arrived on the other."""
        sent = [due.sent for due in self.waiting] + list(self.open_withdrawals.values())
        sent += self.failed[Side.L1] + self.failed[Side.L2]
        tokens = [one.tokens for one in sent if one is not None]
        return sum(one.amount for one in tokens if one and one.asset in (twin, original))

    def owed(self) -> int:
        """Return what the portal must hold: what is on the L2, on its way there, or back."""
        on_l2 = self.supply(Asset.GAS) - self.held[Asset.GAS, PASSER]
        coming = sum(due.mint for due in self.waiting)
        going = sum(self.values[digest] for digest in self.open_withdrawals)
        return on_l2 + coming + going + self.stuck + self.given[Asset.PAY]
