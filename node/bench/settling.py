"""What it costs to pay the contributors of a batch, in each mode of the payout vault.

Real transactions in real blocks of one L2, each within the gas that a transaction may have.
Two vaults stand on the chain; one asks the precompile of the attribution math, one its twin.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from eth_abi.abi import encode

from byline.derivation.hashing import keccak256
from byline.node.accounts import DevAccount
from byline.node.attribution.states import MODES
from byline.node.bench.effort import QUICK, Bench
from byline.node.bench.settling_chain import (
    PRECOMPILE,
    TWIN,
    VAULT,
    SettlingChain,
    Spent,
    settling_chain,
)
from byline.node.bench.table import Column, Line, Table
from byline.precompiles.math.sum_tree import SumTree

SIZES: Final = (10, 100, 1_000, 10_000, 100_000)
QUICK_SIZES: Final = (10, 100)
CHUNK: Final = {"push": 256, "credit": 512, "accumulator": 256, "root": 1024}
"""Most recipients of one transaction: with new accounts, what fits under its gas cap."""
MOST_CHUNKS: Final = 8
"""Chunks that are measured of the modes that write a word or more for each recipient."""
REPEATED: Final = 1_000
"""Recipients up to which several later batches are made, of which the fastest counts."""
REPEATS: Final = 4
POT: Final = 10**18
MANY: Final = 16
_LEAVES: Final = "(uint64,uint32,uint128,bytes)[]"

Entries = tuple[tuple[bytes, int], ...]
"""Address and weight, ascending by address."""


@dataclass(frozen=True, slots=True)
class Settled:
    """One batch that was settled, or begun."""

    batch: int
    deposit: int
    """Gas of the deposit."""
    spent: Spent
    recipients: int
    """That the transactions measured are for."""

    @property
    def gas(self) -> float:
        """Gas for each recipient, deposit left out."""
        return sum(self.spent.gas) / self.recipients

    @property
    def microseconds(self) -> float:
        """Time for each recipient."""
        return self.spent.seconds / self.recipients * 1e6


def settling(bench: Bench) -> list[Table]:
    """Measure each mode and size on both back ends, and what the recipients then pay."""
    sizes = QUICK_SIZES if bench.effort is QUICK else SIZES
    with settling_chain(bench.engine) as chain:
        costs, claims = [], []
        for size in sizes:
            for mode in MODES:
                for vault in (PRECOMPILE, TWIN):
                    bench.say(f"settling by {mode}, {size:,} recipients, {vault}")
                    line, claim = _measured(chain, vault, mode, size)
                    costs.append(line)
                    claims += claim
    return [_costs(costs), _claims(claims)]


def _costs(lines: list[Line]) -> Table:
    return Table(
        "settling",
        "Settling a batch, for each recipient",
        (
            Column("new", "gas", higher=False),
            Column("known", "gas", higher=False),
            Column("new", "us", higher=False),
            Column("known", "us", higher=False),
            Column("recipients", "measured"),
            Column("transactions", "measured", higher=False),
            Column("deposit", "gas", higher=False),
        ),
        tuple(lines),
        (
            "gas of the receipts, calldata and the transaction itself included; 'new' is the "
            "first time that these addresses are paid, 'known' a later batch of other weights",
            "time is the processor's, to execute, build roots and store the blocks, in memory; "
            f"senders were recovered before; of known lists up to {REPEATED:,} the fastest of "
            "several",
            f"of long lists by push, credit and accumulator the first {MOST_CHUNKS} chunks are "
            "measured, not all; each further chunk costs what those before it cost",
            "by root, the precompile computes so cheaply that the least price of calldata counts "
            "(EIP-7623): 10 gas for a zero byte and 40 for another, about 910 a recipient",
            "the vault divides by cascade itself; what it asks the math for is the root of each "
            "list, and in root mode the root of the payouts",
            "nobody has penalties here: where anybody has, each recipient is looked up, about "
            "3,700 gas, in root mode and by accumulator at the claim",
        ),
    )


def _claims(lines: list[Line]) -> Table:
    return Table(
        "settling",
        "What a recipient pays to get its money",
        (Column("a payment", "gas", higher=False),),
        tuple(lines),
        (
            "whole transactions, of accounts that exist; push needs none",
            f"'{MANY} at once' is claimMany of so many batches, divided by them",
            "accumulator, same list: the deposit of a batch whose list is the one before, which "
            "settles it for all recipients at once",
        ),
    )


def _measured(chain: SettlingChain, vault: str, mode: str, size: int) -> tuple[Line, list[Line]]:
    """Settle for new addresses, then for the same again; let somebody take what it is owed."""
    somebody = chain.people[0]
    first = _entries(vault, mode, size, somebody, extra=0)
    second = _entries(vault, mode, size, somebody, extra=1)
    new = _settled(chain, vault, mode, first)
    later = [second]
    if mode == "accumulator":
        # What was earned in an epoch that is over gets a word of its own, once.
        _settled(chain, vault, mode, second)
        later = [first, second]
    if size <= REPEATED:
        later *= REPEATS
    known = min((_settled(chain, vault, mode, entries) for entries in later), key=_time)
    line = Line(
        f"{mode}, {size:,} recipients",
        vault,
        (
            new.gas,
            known.gas,
            new.microseconds,
            known.microseconds,
            float(new.recipients),
            float(len(new.spent.gas)),
            float(known.deposit),
        ),
    )
    return line, list(_taken(chain, vault, mode, second, known, somebody))


def _time(settled: Settled) -> float:
    return settled.microseconds


def _entries(vault: str, mode: str, size: int, somebody: DevAccount, *, extra: int) -> Entries:
    """Return a list of addresses that no other size, mode or vault has, and one that is ours.

    The one of ours stands first, so that it is among those that are measured.
    """
    seed = keccak256(f"{vault} {mode} {size}".encode())
    crowd = sorted(
        b"\xff" + keccak256(seed + at.to_bytes(4, "big"))[:19] for at in range(size - 1)
    )
    people = (somebody.address, *crowd)
    if somebody.address > people[1]:
        raise RuntimeError("the bench's own account must be the lowest of the recipients")
    return tuple((who, at * 7 % 97 + 1 + extra) for at, who in enumerate(people))


def _settled(chain: SettlingChain, vault: str, mode: str, entries: Entries) -> Settled:
    """Deposit a batch and settle it, or as much of it as is measured."""
    tree = SumTree(entries)
    chain.batches += 1
    batch, to = chain.batches, chain.vaults[vault]
    root = tree.root
    arguments = (batch, chain.models[mode], root.root, root.count, root.total, 1)
    deposit = chain.send([chain.sign(to, VAULT.call("deposit", *arguments), value=POT)])
    size = CHUNK[mode]
    if len(entries) <= size:
        data = VAULT.call("settle", batch, _packed(entries))
        spent = chain.send([chain.sign(to, data)])
        return _checked(chain, vault, Settled(batch, deposit.gas[0], spent, len(entries)))
    starts = range(0, len(entries), size)
    if mode != "root":
        starts = starts[:MOST_CHUNKS]
    calls = [
        VAULT.call(
            "settleChunk",
            batch,
            _packed(entries[start : start + size]),
            tree.chunk_proof(start, size),
        )
        for start in starts
    ]
    spent = chain.send([chain.sign(to, data) for data in calls])
    recipients = min(len(entries), starts[-1] + size)
    return _checked(chain, vault, Settled(batch, deposit.gas[0], spent, recipients))


def _checked(chain: SettlingChain, vault: str, settled: Settled) -> Settled:
    """Return what was settled, once the vault says the same."""
    entries = chain.read(vault, "progress", settled.batch)[0]
    if not chain.read(vault, "settled", settled.batch) and entries != settled.recipients:
        raise RuntimeError(f"batch {settled.batch}: the vault has settled {entries} entries")
    return settled


def _packed(entries: Entries) -> bytes:
    return b"".join(who + weight.to_bytes(8, "big") for who, weight in entries)


def _taken(
    chain: SettlingChain,
    vault: str,
    mode: str,
    entries: Entries,
    settled: Settled,
    somebody: DevAccount,
) -> Iterator[Line]:
    """Take what the first of a list is owed, in the way of the mode."""
    to, model = chain.vaults[vault], chain.models[mode]

    def gas(data: bytes) -> float:
        return float(chain.send([chain.sign(to, data, account=somebody)]).gas[0])

    if mode == "credit" and len(entries) == SIZES[0]:
        yield Line("credit, withdraw", vault, (gas(VAULT.call("withdraw")),))
    if mode == "accumulator" and len(entries) == SIZES[0]:
        yield Line("accumulator, claimAccrued", vault, (gas(VAULT.call("claimAccrued", model)),))
        yield _same_list(chain, vault, entries)
    if mode == "root":
        tree, amount = _owed(entries)
        leaf = (settled.batch, 0, amount, tree.proof(0))
        what = f"root, claim among {len(entries):,}"
        yield Line(what, vault, (gas(VAULT.call("claim", *leaf)),))
        if len(entries) == SIZES[1]:
            batches = [_settled(chain, vault, mode, entries).batch for _ in range(MANY)]
            leaves = [(batch, *leaf[1:]) for batch in batches]
            selector = keccak256(f"claimMany({_LEAVES})".encode())[:4]
            figure = gas(selector + encode([_LEAVES], [leaves])) / MANY
            yield Line(f"root, claim among {len(entries):,}, {MANY} at once", vault, (figure,))


def _same_list(chain: SettlingChain, vault: str, entries: Entries) -> Line:
    root = SumTree(entries).root
    chain.batches += 1
    batch = chain.batches
    arguments = (batch, chain.models["accumulator"], root.root, root.count, root.total, 1)
    data = VAULT.call("deposit", *arguments)
    spent = chain.send([chain.sign(chain.vaults[vault], data, value=POT)])
    if not chain.read(vault, "settled", batch):
        raise RuntimeError("a batch of the same list was not settled by its deposit")
    return Line("accumulator, same list", vault, (float(spent.gas[0]),))


def _owed(entries: Entries) -> tuple[SumTree, int]:
    """Return the tree of what a list is paid, and what the first gets."""
    payouts = [0] * len(entries)
    total, reached, paid = sum(weight for _, weight in entries), 0, 0
    for at, (_, weight) in enumerate(entries):
        reached += weight
        payouts[at] = POT * reached // total - paid
        paid += payouts[at]
    shares = [(who, amount) for (who, _), amount in zip(entries, payouts, strict=True)]
    return SumTree(shares), payouts[0]
