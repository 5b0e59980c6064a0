"""Over the whole pipeline, what the portal holds is what the L2 owes, to the wei.

All accounts of the L2's state are summed, so that nothing is left out: fee vaults, contracts,
whoever it may be.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import rlp
from trie import HexaryTrie

from byline.derivation.constants import L2_TO_L1_MESSAGE_PASSER
from byline.derivation.hashing import keccak256
from byline.derivation.receipt import Receipt
from byline.node.accounts import DevAccount, dev_accounts
from byline.node.bridge import deposits, withdrawals
from byline.node.bridge.calls import Call, calldata
from byline.node.bridge.contracts import Contracts
from byline.node.bridge.withdrawals import Proof, Withdrawal
from byline.node.chain.calls import call
from byline.node.contracts import addresses
from byline.node.network import L2_SUPPLY
from byline.node.rollups.rollup import ChainName
from byline.rpc.backend import CallRequest
from tests.integration.rollups import World, world
from tests.integration.test_l1_reorg import converges

USERS = dev_accounts()[:4]
ETHER = 10**18
REFUSING = b"\xde" * 20
"""Nobody; what is deposited to it with too much value fails."""
PAID = keccak256(b"WithdrawalFinalized(bytes32,bool)")


class Nodes(dict[bytes, bytes]):
    """The trie nodes of a store, as py-trie wants them."""

    def __init__(self, read: Callable[[bytes], bytes | None]) -> None:
        super().__init__()
        self.read = read

    def __missing__(self, key: bytes) -> bytes:
        node = self.read(key)
        if node is None:
            raise KeyError(key)
        return node

    def __contains__(self, key: object) -> bool:
        return isinstance(key, bytes) and self.read(key) is not None


@dataclass
class Books:
    """A rollup, and what its users have moved between the chains."""

    here: World
    token: str
    source: random.Random
    minted: int = 0
    paid: int = 0
    burned: int = 0
    waiting: list[Withdrawal] = field(default_factory=list)
    proven: dict[bytes, DevAccount] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    @property
    def contracts(self) -> Contracts:
        return Contracts(
            addresses.OPTIMISM_PORTAL,
            addresses.SYSTEM_CONFIG,
            addresses.DISPUTE_GAME_FACTORY,
            addresses.L1_STANDARD_BRIDGE,
            addresses.L1_CROSS_DOMAIN_MESSENGER,
            addresses.OPEN_TOKEN if self.token == "open" else None,
        )

    # --- What must hold

    def check(self) -> None:
        on_l2, left = self.supply(), self.here.balance("l2", L2_TO_L1_MESSAGE_PASSER)
        assert on_l2 == L2_SUPPLY + self.minted - self.burned
        held = self.held()
        assert held == L2_SUPPLY + self.minted - self.paid
        going = sum(withdrawal.value for withdrawal in self.waiting)
        assert held == on_l2 - left + going

    def supply(self) -> int:
        """The balances of all accounts of the L2 together."""
        chain = self.here.rollup.engine.chain
        trie = HexaryTrie(Nodes(chain.store.node), chain.head.state_root)
        accounts = [rlp.decode(value) for value in values(trie)]
        assert len(accounts) > 40
        return sum(int.from_bytes(account[1], "big") for account in accounts)

    def held(self) -> int:
        """What the portal has, of what pays for gas on the L2."""
        portal = addresses.OPTIMISM_PORTAL
        if self.token == "eth":
            return self.here.balance("l1", portal)
        held = self.ask(addresses.OPEN_TOKEN, calldata("balanceOf(address)", [portal]))
        assert self.ask(portal, calldata("balance()")) == held
        return held

    def ask(self, to: bytes, data: bytes, word: int = 0) -> int:
        """Call a contract of the L1; return one word of its answer."""
        chain = self.here.rollup.l1.chain
        answer = call(chain, chain.head, CallRequest(to=to, data=data), {})
        return int.from_bytes(answer[32 * word : 32 * word + 32], "big")

    # --- Transactions

    def send(self, chain: ChainName, user: DevAccount, made: Call, gas: int = 900_000) -> Receipt:
        tx_hash = self.here.send(
            chain, sender=user, to=made.to, data=made.data, value=made.value, gas=gas
        )
        store = self.here.rollup.chain(chain).store
        location = store.transaction_location(tx_hash)
        assert location is not None
        receipts = store.receipts(location[0])
        assert receipts is not None
        return receipts[location[1]]

    def user(self) -> DevAccount:
        return self.source.choice(USERS)

    def amount(self) -> int:
        return self.source.choice((0, 1, self.source.randrange(ETHER), 3 * ETHER))

    # --- Steps

    def deposit(self) -> str:
        user, mint = self.user(), self.amount()
        value = self.source.choice((mint, mint // 3, mint + 10**6 * ETHER))
        to = self.source.choice((self.user().address, REFUSING, None, L2_TO_L1_MESSAGE_PASSER))
        data = bytes.fromhex("5f5ffd") if to is None else b""
        if self.token == "open":
            assert self.send(
                "l1", user, deposits.approve_gas_token(self.contracts, mint)
            ).succeeded
            made = deposits.deposit_gas_token(
                self.contracts, to, mint, value=value, gas=200_000, data=data
            )
        else:
            made = deposits.deposit_ether(
                self.contracts, to, mint, value=value, gas=200_000, data=data
            )
        before = self.here.balance("l2", L2_TO_L1_MESSAGE_PASSER)
        assert self.send("l1", user, made).succeeded
        self.minted += mint
        if to == L2_TO_L1_MESSAGE_PASSER:
            self.read_withdrawals(self.here.balance("l2", to) - before)
        return "deposit"

    def read_withdrawals(self, value: int) -> None:
        """Find the withdrawal that the deposit has begun, in the newest block of the L2."""
        head = self.here.rollup.engine.chain.head
        receipts = self.here.rollup.engine.chain.store.receipts(head.hash)
        assert receipts is not None
        found = [one for receipt in receipts for one in recorded(receipt)]
        assert sum(one.value for one in found) == value
        self.waiting += found

    def bridge(self) -> str:
        if self.token == "open":
            return self.transfer()
        user, mint = self.user(), self.amount()
        function = "bridgeETHTo(address,uint32,bytes)"
        data = calldata(function, [self.user().address, 200_000, b""])
        made = Call(addresses.L1_STANDARD_BRIDGE, data, mint)
        assert self.send("l1", user, made).succeeded
        self.minted += mint
        return "bridge"

    def transfer(self) -> str:
        """Pay somebody on the L2; fees go to the vaults."""
        made = Call(self.user().address, b"", self.source.randrange(ETHER))
        assert self.send("l2", self.user(), made, gas=21_000).succeeded
        return "transfer"

    def withdraw(self) -> str:
        user = self.user()
        made = withdrawals.initiate(user.address, self.amount())
        receipt = self.send("l2", user, made)
        self.waiting += recorded(receipt)
        return "withdraw"

    def bridge_back(self) -> str:
        if self.token == "open":
            return self.withdraw()
        user = self.user()
        data = calldata("bridgeETHTo(address,uint32,bytes)", [user.address, 200_000, b""])
        receipt = self.send("l2", user, Call(addresses.L2_STANDARD_BRIDGE, data, self.amount()))
        self.waiting += recorded(receipt)
        return "bridge back"

    def burn(self) -> str:
        amount = self.here.balance("l2", L2_TO_L1_MESSAGE_PASSER)
        made = Call(L2_TO_L1_MESSAGE_PASSER, calldata("burn()"))
        assert self.send("l2", self.user(), made).succeeded
        self.burned += amount
        return "burn"

    def prove(self) -> str:
        """Post everything, let the node propose, and prove what its newest claim holds."""
        self.here.rollup.flush()
        self.here.rollup.keep()
        factory = addresses.DISPUTE_GAME_FACTORY
        count = self.ask(factory, calldata("gameCount()"))
        if not count:
            return "no game"
        game = self.ask(factory, calldata("gameAtIndex(uint256)", [count - 1]), 2)
        number = self.ask(game.to_bytes(20, "big"), calldata("l2BlockNumber()"))
        chain = self.here.rollup.engine.chain
        header = chain.canonical(number)
        assert header is not None
        root = chain.machine(header).storage_root(L2_TO_L1_MESSAGE_PASSER)
        trie = HexaryTrie(Nodes(chain.store.node), root)
        for withdrawal in self.waiting:
            key = keccak256(withdrawal.slot)
            if withdrawal.hash in self.proven or trie.get(key) != b"\x01":
                continue
            nodes = tuple(rlp.encode(node) for node in trie.get_proof(key))
            proof = Proof(header.state_root, root, header.hash, nodes)
            user = self.user()
            made = withdrawals.prove(self.contracts, withdrawal, count - 1, proof)
            assert self.send("l1", user, made).succeeded
            self.proven[withdrawal.hash] = user
        return "prove"

    def wait(self) -> str:
        for _ in range(self.source.choice((3, 14, 30))):
            self.here.clock.advance(1)
            self.here.rollup.keep()
        return "wait"

    def finalize(self) -> str:
        ready = [one for one in self.waiting if one.hash in self.proven]
        if not ready:
            return "nothing to finalize"
        return "finalize" if self.pay(self.source.choice(ready)) else "finalize early"

    def pay(self, withdrawal: Withdrawal) -> bool:
        made = withdrawals.finalize(self.contracts, withdrawal)
        receipt = self.send("l1", self.proven[withdrawal.hash], made, gas=2_000_000)
        if not receipt.succeeded:
            return False
        (log,) = (log for log in receipt.logs if log.topics[0] == PAID)
        assert log.data == (1).to_bytes(32, "big")
        self.waiting.remove(withdrawal)
        self.paid += withdrawal.value
        return True

    def play(self, steps: int) -> None:
        rules = {
            self.deposit: 4,
            self.bridge: 2,
            self.transfer: 3,
            self.withdraw: 4,
            self.bridge_back: 2,
            self.burn: 1,
            self.prove: 3,
            self.wait: 3,
            self.finalize: 6,
        }
        for _ in range(steps):
            (step,) = self.source.choices(list(rules), list(rules.values()))
            self.seen.add(step())
            self.check()

    def settle(self) -> None:
        """Have every withdrawal paid."""
        self.withdraw()
        self.prove()
        for _ in range(40):
            self.here.clock.advance(1)
            self.here.rollup.keep()
        for withdrawal in list(self.waiting):
            assert self.pay(withdrawal)
            self.check()


def values(trie: HexaryTrie, path: tuple[int, ...] = ()) -> list[bytes]:
    """Return all values below a path, in the order of their keys."""
    node = trie.traverse(path)
    found = [bytes(node.value)] if node.value else []
    for segment in node.sub_segments:
        found += values(trie, (*path, *segment))
    return found


def recorded(receipt: Receipt) -> list[Withdrawal]:
    """Return the withdrawals that a transaction of the L2 has begun."""
    logs = [
        {"address": log.address, "topics": log.topics, "data": log.data} for log in receipt.logs
    ]
    return withdrawals.withdrawals_of({"logs": logs})


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("token", ["eth", "open"])
def test_the_portal_holds_what_the_l2_owes(token: str, seed: int) -> None:
    here = world(gas_token=token)
    books = Books(here, token, random.Random(f"{token} {seed}"))
    books.check()
    books.play(60)
    assert {"deposit", "withdraw", "prove", "finalize"} <= books.seen
    books.settle()
    assert books.paid > ETHER
    assert books.held() == books.supply() - here.balance("l2", L2_TO_L1_MESSAGE_PASSER)
    converges(here)
