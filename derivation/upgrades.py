"""Network upgrade transactions: what a fork that activates after genesis brings with it.

The first block under such a fork ends with deposits that deploy and switch contracts.  Their
bytecode is upstream's, so a user brings it as a bundle, in either of two forms:

- a list of encoded transactions under the name of each fork,
  `{"forks": {"isthmus": [{"intent": ..., "raw": "0x7e..."}, ...]}}`;
- a bundle of the OP Stack, `{"metadata": ..., "transactions": [{"intent", "from", "to",
  "gasLimit", "data"}, ...]}`.  It does not name its fork: it is Karst's, the only fork known
  here whose transactions come that way.

Sources: ethereum-optimism/specs, protocol/{isthmus,jovian}/derivation.md, protocol/deposits.md
("Upgrade-depositing transactions"); op-node, rollup/derive/attributes.go; optimism,
op-core/nuts.  The intents are those of the code: the spec's page on Jovian prints others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from byline.derivation.block import Block
from byline.derivation.config import ConfigProblem, Fork, RollupConfig
from byline.derivation.deposits import source_hash_upgrade
from byline.derivation.errors import InvalidData
from byline.derivation.transaction import DepositTransaction, decode_transaction

MAX_TRANSACTIONS: Final = 1_000
"""Of one fork; the longest so far, Karst's, has 31."""
UPGRADING: Final = (Fork.ISTHMUS, Fork.JOVIAN, Fork.KARST)
"""Forks with upgrade transactions, in the order in which they run when several activate at
once.  Holocene, the oldest known here, has none."""
_OLDER: Final = frozenset({"ecotone", "fjord"})
"""Forks with upgrade transactions that are always active at genesis here."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What the activation block of one fork holds beside deposits."""

    fork: Fork
    transactions: tuple[DepositTransaction, ...]

    @property
    def extra_gas(self) -> int:
        """Gas by which the activation block may be larger: since Karst all that they need."""
        if self.fork < Fork.KARST:
            return 0
        return sum(transaction.gas for transaction in self.transactions)


Upgrades: TypeAlias = Mapping[Fork, Upgrade]
NO_UPGRADES: Final[Upgrades] = MappingProxyType({})


def check_upgrades(config: RollupConfig, upgrades: Upgrades) -> None:
    """Refuse a config with a fork after genesis whose transactions are not at hand.

    Raises `ConfigProblem`, before any block is made or derived.
    """
    for fork in UPGRADING:
        start = config.forks.get(fork)
        if start is not None and start > config.genesis.l2_time and fork not in upgrades:
            raise ConfigProblem(
                f"{fork.key} {start} is after genesis, {config.genesis.l2_time}, and no upgrade "
                f"bundle holds the transactions of {fork.name.lower()}: pass one with "
                "--upgrade-bundle, or activate the fork at genesis"
            )


def activating(
    config: RollupConfig, upgrades: Upgrades, timestamp: int, parent_timestamp: int
) -> tuple[Upgrade, ...]:
    """Return what runs in the block at `timestamp` on a parent at `parent_timestamp`.

    Raises `ConfigProblem` where a fork activates whose transactions are not at hand.
    """
    forks = [item for item in UPGRADING if config.activates(item, timestamp, parent_timestamp)]
    if any(fork not in upgrades for fork in forks):
        check_upgrades(config, upgrades)
    return tuple(upgrades[fork] for fork in forks)


def extra_gas_of(block: Block, config: RollupConfig, upgrades: Upgrades) -> int:
    """Return by how much upgrade transactions raised the gas limit of `block` alone.

    They are found by their source hashes, which no other deposit can have.  0 on a chain
    that has decided to keep Karst's for good (`keep_karst_upgrade_gas`).
    """
    if config.keep_karst_upgrade_gas or not upgrades:
        return 0
    present = {
        item.source_hash for item in block.transactions if isinstance(item, DepositTransaction)
    }
    return sum(
        upgrade.extra_gas
        for upgrade in upgrades.values()
        if upgrade.extra_gas and upgrade.transactions[0].source_hash in present
    )


def read_bundle(document: Any) -> Upgrades:
    """Read a bundle of either form.

    Raises `ConfigProblem` naming the transaction and what is wrong with it.
    """
    if isinstance(document, Mapping):
        if isinstance(document.get("forks"), Mapping):
            return _read_forks(document["forks"])
        if isinstance(document.get("transactions"), Sequence):
            return _upgrades([_read_described(Fork.KARST, document["transactions"])])
    raise ConfigProblem("upgrade bundle: neither 'forks' nor 'transactions' is in it")


def _upgrades(found: Sequence[Upgrade]) -> Upgrades:
    return MappingProxyType({upgrade.fork: upgrade for upgrade in found})


def _read_forks(forks: Mapping[str, Any]) -> Upgrades:
    known = {fork.name.lower(): fork for fork in UPGRADING}
    found = []
    for name, items in forks.items():
        if name in known:
            found.append(_upgrade(known[name], name, items, _read_raw))
        elif name not in _OLDER:
            raise ConfigProblem(
                f"upgrade bundle: fork {name!r} is unknown, want one of {', '.join(known)}"
            )
    return _upgrades(found)


def _read_described(fork: Fork, items: Any) -> Upgrade:
    def read(index: int, item: Any) -> DepositTransaction:
        # op-core/nuts: the place in the bundle keeps equal intents apart.
        intent = f"{fork.name.capitalize()} {index}: {item['intent']}"
        to = item.get("to")
        return DepositTransaction(
            source_hash=source_hash_upgrade(intent),
            sender=_unhex(item["from"], 20),
            to=None if to is None else _unhex(to, 20),
            mint=0,
            value=0,
            gas=_gas(item["gasLimit"]),
            is_system_transaction=False,
            data=_unhex(item["data"]),
        )

    return _upgrade(fork, fork.name.lower(), items, read)


def _upgrade(fork: Fork, name: str, items: Any, read: Any) -> Upgrade:
    if not isinstance(items, Sequence) or not 0 < len(items) <= MAX_TRANSACTIONS:
        raise ConfigProblem(
            f"upgrade bundle: {name} is no list of 1 to {MAX_TRANSACTIONS} transactions"
        )
    transactions = []
    for index, item in enumerate(items):
        try:
            transactions.append(read(index, item))
        except KeyError as exc:
            raise ConfigProblem(
                f"upgrade bundle: {name} transaction {index}: {exc.args[0]} is missing"
            ) from exc
        except (ConfigProblem, InvalidData, TypeError, ValueError, AttributeError) as exc:
            raise ConfigProblem(f"upgrade bundle: {name} transaction {index}: {exc}") from exc
    return Upgrade(fork, tuple(transactions))


def _read_raw(index: int, item: Any) -> DepositTransaction:
    transaction = decode_transaction(_unhex(item["raw"]))
    if not isinstance(transaction, DepositTransaction):
        raise ConfigProblem(f"it is of type 0x{transaction.type:02x}, want a deposit, 0x7e")
    if transaction.mint or transaction.value or transaction.is_system_transaction:
        raise ConfigProblem("it mints, sends or is a system transaction, which no upgrade does")
    wanted = source_hash_upgrade(item["intent"])
    if transaction.source_hash != wanted:
        raise ConfigProblem(
            f"its source hash is 0x{transaction.source_hash.hex()}, but the intent "
            f"{item['intent']!r} has 0x{wanted.hex()}"
        )
    return transaction


def _unhex(text: str, width: int | None = None) -> bytes:
    data = bytes.fromhex(text.removeprefix("0x"))
    if width is not None and len(data) != width:
        raise ConfigProblem(f"{text} has {len(data)} bytes, want {width}")
    return data


def _gas(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**64:
        raise ConfigProblem(f"gasLimit is {value!r}, want a whole number above 0")
    return value
