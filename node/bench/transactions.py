"""Signed transactions for measurements, and how they are sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from byline.derivation.hashing import keccak256
from byline.derivation.transaction import Transaction
from byline.node.accounts import DevAccount, dev_account, dev_accounts
from byline.node.bench.programs import TOKEN
from byline.node.bench.wire import Wire
from byline.node.contracts.assembler import initcode
from byline.node.errors import NodeError
from byline.node.signing import sign_dynamic_fee

MAX_FEE: Final = 10**11
TIP: Final = 10**6
TRANSFER_GAS: Final = 21_000
TOKEN_GAS: Final = 100_000
DEPLOY_GAS: Final = 5_000_000


def hot(number: int) -> bytes:
    """Return one of 50 recipients in turn."""
    return dev_account(100 + number % 50).address


def fresh(number: int) -> bytes:
    """Return a recipient that is nobody else's."""
    return keccak256(b"fresh recipient %d" % number)[:20]


@dataclass(slots=True)
class Purse:
    """The development accounts in turn, with their nonces; signs what they send."""

    chain_id: int
    accounts: tuple[DevAccount, ...] = field(default_factory=dev_accounts)
    signed: int = 0

    def sign(
        self, to: bytes | None, *, gas: int, value: int = 0, data: bytes = b""
    ) -> Transaction:
        """Return the next account's next transaction."""
        nonce, turn = divmod(self.signed, len(self.accounts))
        self.signed += 1
        return sign_dynamic_fee(
            self.accounts[turn],
            chain_id=self.chain_id,
            nonce=nonce,
            gas=gas,
            to=to,
            max_fee=MAX_FEE,
            tip=TIP,
            value=value,
            data=data,
        )

    def transfers(self, count: int, to: Callable[[int], bytes] = hot) -> list[Transaction]:
        """Return `count` transfers of 1 wei, the recipient given by how many were signed."""
        return [self.sign(to(self.signed), gas=TRANSFER_GAS, value=1) for _ in range(count)]

    def deposits(self, token: bytes) -> list[Transaction]:
        """Return a transaction of each account that gets it tokens."""
        data = TOKEN.call("deposit")
        return [self.sign(token, gas=TOKEN_GAS, value=10**18, data=data) for _ in self.accounts]

    def token_transfers(self, count: int, token: bytes) -> list[Transaction]:
        """Return `count` transfers of one token unit, each to the account whose turn is next."""
        made = []
        for _ in range(count):
            to = self.accounts[(self.signed + 1) % len(self.accounts)].address
            data = TOKEN.call("transfer", to, 1)
            made.append(self.sign(token, gas=TOKEN_GAS, data=data))
        return made


def send(wire: Wire, tx: Transaction) -> dict[str, Any]:
    """Send a transaction and return its receipt, asked for until it is there.

    Raises `NodeError` when the transaction failed.
    """
    sent = wire.call("eth_sendRawTransaction", "0x" + tx.raw.hex())
    while (receipt := wire.call("eth_getTransactionReceipt", sent)) is None:
        pass
    found: dict[str, Any] = receipt
    if found["status"] != "0x1":
        raise NodeError(f"transaction {sent} failed")
    return found


def deploy(wire: Wire, purse: Purse, runtime: bytes) -> bytes:
    """Put code on a chain; return its address."""
    receipt = send(wire, purse.sign(None, gas=DEPLOY_GAS, data=initcode(runtime)))
    return bytes.fromhex(receipt["contractAddress"][2:])


def fill_token(wire: Wire, purse: Purse) -> bytes:
    """Put the token on a chain, with tokens for every account; return its address."""
    token = deploy(wire, purse, TOKEN.artifact.runtime)
    for tx in purse.deposits(token):
        send(wire, tx)
    return token
