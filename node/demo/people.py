"""Who plays a part: contributors, payers, and the accounts of operators.

All keys here are hashes of what everybody can read, so they are worth nothing: the demo needs
somebody to sign, and nobody has asked the people behind the ORCIDs.
"""

from __future__ import annotations

from typing import Final

from byline.derivation.hashing import keccak256
from byline.node.accounts import DevAccount, dev_accounts
from byline.node.keys import address_of

UNSIGNED: Final = "unattributed"
"""Stands for whoever wrote the texts that nobody has signed."""


def account_of(secret: bytes) -> DevAccount:
    """Return the account whose key is the hash of `secret`."""
    key = keccak256(secret)
    return DevAccount(address_of(key), key)


def contributor(name: str) -> DevAccount:
    """Return the account of a contributor by its ORCID or name: its key is the hash of that."""
    return account_of(name.encode())


def payer(number: int) -> DevAccount:
    """Return the account of a payer of the demo."""
    return account_of(b"byline demo payer %d" % number)


def short(name: str) -> str:
    """Return a contributor's name for the screen: of an ORCID only both ends."""
    return f"{name[:4]}..{name[-4:]}" if name.count("-") == 3 else name


class Cast:
    """The development accounts by what they do in the demo."""

    def __init__(self) -> None:
        accounts = dev_accounts()
        self.builder = accounts[0]
        """Registers datasets and models, and earns the builder's part of the fees."""
        self.operator = accounts[1]
        """Runs the models and records their answers."""
        self.friend = accounts[2]
        """In whose favour the operator forges one record."""
        self.watcher = accounts[3]
        self.sponsor = accounts[4]
        """Sends a claim for a contributor who has no money for gas."""
        self.staker = accounts[5]
        self.treasury = accounts[6]
        """Where the platform's part of the fees goes."""
        self.opener = accounts[7]
        """Pays for answers one by one, by transactions instead of receipts."""
        self.exchanges = accounts[8:20]
        """Where payers have their OPEN from."""
