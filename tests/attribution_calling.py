"""How calls of the attribution contracts are written down, right and wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from eth_account import Account

from byline.node.attribution.receipts import ReceiptDomain
from byline.node.attribution.weights import payout_root
from tests.attribution_scene import CONTRACTS, TRUE, Call, Scene
from tests.contracts.attribution_family import done
from tests.contracts.ledger_world import KEYS, OPERATOR, PAYERS
from tests.contracts.test_payout_vault_claims import permit

NOBODY = bytes(20)

PAYOUTS = 2**64 - 1
U128 = 2**128 - 1
ONE = payout_root(TRUE.points)
ROOTS = tuple(bytes([number]) * 32 for number in (1, 2, 3, 4))
Wrong = dict[str, tuple[str, dict[Any, Any]]]
R, F, B, S, L, V = CONTRACTS


@dataclass(frozen=True)
class Entry:
    """How a function is called rightly, and what makes it wrong."""

    good: Callable[[Scene], Call]
    wrong: Wrong
    """By words: the error's name, and what is other than in the good call; values that are
    functions are asked for with the scene."""


def to(contract: str, name: str, *arguments: Any, **options: Any) -> Callable[[Scene], Call]:
    """Return a call; arguments that are functions are asked for with the scene."""

    def call(on: Scene) -> Call:
        return Call(contract, name, tuple(valued(on, one) for one in arguments), **options)

    return call


def valued(on: Scene, value: Any) -> Any:
    """Return a value, or what it is on this scene."""
    return value(on) if callable(value) else value


def batch(name: str) -> Callable[[Scene], int]:
    return lambda on: on.batches[name].id


def packed(*entries: tuple[int, int]) -> Callable[[Scene], bytes]:
    """Return a list for the vault: which of the true owners, and the weight."""

    def build(on: Scene) -> bytes:
        owners = [who for who, _ in on.batches["waiting"].payouts]
        return b"".join(owners[at] + weight.to_bytes(8, "big") for at, weight in entries)

    return build


def shown(name: str, index: int = 0) -> tuple[Callable[[Scene], Any], ...]:
    """Return the four arguments that show a record."""

    def part(at: int) -> Callable[[Scene], Any]:
        return lambda on: on.batches[name].proof(index)[at]

    return tuple(map(part, range(4)))


def receipts(*several: dict[str, Any]) -> Callable[[Scene], bytes]:
    return lambda on: on.receipts(*several)


def other_signature(on: Scene, domain: ReceiptDomain) -> bytes:
    """Return a receipt whose payer signed it for another ledger or chain."""
    one = on.chain.signed(TRUE)
    data = one.encode()
    return data[:-65] + one.receipt.sign(domain, KEYS[0])


def twin_signature(on: Scene) -> bytes:
    """Return a receipt with the other form of its signature, which anybody can make."""
    data = bytearray(on.receipts({}))
    order = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
    s = int.from_bytes(data[-33:-1], "big")
    data[-33:-1] = (order - s).to_bytes(32, "big")
    data[-1] = 55 - data[-1]
    return bytes(data)


def replayed(on: Scene) -> bytes:
    """Return a receipt that was taken before."""
    data = on.receipts({})
    root = payout_root(TRUE.points)
    done(on.chain.ledger, "recordBatch", 1, data, root.root, root.count, sender=OPERATOR)
    return data


def sponsored(**changes: Any) -> Callable[[Scene], bytes]:
    def sign(on: Scene) -> bytes:
        values = {"key": Account.from_key(KEYS[0]), "who": PAYERS[0], "max_fee": 9} | changes
        return permit(None, [on.leaf()], **values)  # type: ignore[arg-type]

    return sign


def leaf(at: int, change: int = 0) -> Callable[[Scene], Any]:
    """Return an argument of the claim in root mode, or a number near it."""

    def part(on: Scene) -> Any:
        value: Any = on.leaf()[at]
        return value + change if change else value

    return part


def leaves(count: int = 1) -> Callable[[Scene], Any]:
    return lambda on: [on.leaf()] * count


def own(on: Scene) -> bytes:
    return on.chain.family.registry.read("model", 1)[5]  # type: ignore[no-any-return]
