"""Whole states out of a chain and into one: what `anvil_dumpState` and `anvil_loadState` do.

A dump is of all accounts that the chain itself holds; on a forked chain that leaves out those
that nobody has touched since.  Loading sets what differs, by edits of the state (`editing`), so
that an L2 stays derivable.  Left out are accounts on which the rollup itself stands: its
contracts on the L1 and the accounts that send for it there, and what every block sets anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from byline.derivation.constants import (
    BEACON_ROOTS,
    DEPOSITOR_ACCOUNT,
    HISTORY_STORAGE,
    L1_BLOCK,
)
from byline.derivation.dev_edits import EDITOR, AccountEdit
from byline.derivation.header import Header
from byline.derivation.kernels.trie import Trie
from byline.node.accounts import OPERATOR_ROLES, operator_account
from byline.node.chain.chain import Chain
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.chain.preimages import address_behind, slot_behind
from byline.node.contracts.addresses import L1_CONTRACTS, OPEN_TOKEN
from byline.node.evm.machine import Machine
from byline.node.forking.engine import trie_root
from byline.node.rollups.rollup import ChainName
from byline.rpc.backend import Refused

if TYPE_CHECKING:
    from byline.node.rollups.local import LocalRollup

SET_BY_BLOCKS: Final = frozenset(
    {BEACON_ROOTS, HISTORY_STORAGE, L1_BLOCK, DEPOSITOR_ACCOUNT, EDITOR}
)
ACCOUNTS_AT_ONCE: Final = 64
SLOTS_AT_ONCE: Final = 2_048
CODE_AT_ONCE: Final = 256 << 10
"""Bytes.  After any of the three a new edit begins, so that others get their turn between."""


def dump_state(chain: Chain, header: Header) -> dict[bytes, GenesisAccount]:
    """Return the accounts after the block with `header`, by address.

    Raises `Refused` where an account or a slot cannot be named: chains that an earlier version
    made know hashes alone.
    """
    read, machine = chain.store.node, chain.machine(header)
    found: dict[bytes, GenesisAccount] = {}
    for key, _ in Trie(read, trie_root(chain.engine, header.state_root)).items():
        address = address_behind(read, key)
        if address is None:
            raise Refused(
                f"the address behind 0x{key.hex()} is not known: this chain was made by an "
                "earlier version"
            )
        found[address] = GenesisAccount(
            balance=machine.balance(address),
            nonce=machine.nonce(address),
            code=machine.code(address),
            storage=_storage(chain, machine, address),
        )
    return found


def _storage(chain: Chain, machine: Machine, address: bytes) -> dict[int, int]:
    read = chain.store.node
    found: dict[int, int] = {}
    for key, _ in Trie(read, machine.storage_root(address)).items():
        slot = slot_behind(read, key)
        if slot is None:
            raise Refused(
                f"the slot of 0x{address.hex()} behind 0x{key.hex()} is not known: this chain "
                "was made by an earlier version"
            )
        word = machine.storage(address, slot)
        if word:
            found[slot] = word
    return found


def edits_to(
    rollup: LocalRollup, name: ChainName, accounts: Mapping[bytes, GenesisAccount]
) -> Iterator[list[AccountEdit]]:
    """Yield what makes a chain's head hold `accounts`, some edits at a time.

    Slots that `accounts` do not name stay as they are, as with anvil.
    """
    chain = rollup.chain(name)
    machine, protected = chain.machine(chain.head), _protected(rollup, name)
    held: list[AccountEdit] = []
    slots = code = 0
    for address, account in sorted(accounts.items()):
        edit = None if address in protected else _edit(machine, address, account)
        for part in () if edit is None else _parts(edit):
            held.append(part)
            slots += len(part.storage)
            code += len(part.code or b"")
            if len(held) >= ACCOUNTS_AT_ONCE or slots >= SLOTS_AT_ONCE or code >= CODE_AT_ONCE:
                yield held
                held, slots, code = [], 0, 0
    if held:
        yield held


def _parts(edit: AccountEdit) -> Iterator[AccountEdit]:
    """Yield `edit` in parts of few slots."""
    slots = sorted(edit.storage.items())
    first = dict(slots[:SLOTS_AT_ONCE])
    yield AccountEdit(edit.address, edit.balance, edit.nonce, edit.code, first)
    for at in range(SLOTS_AT_ONCE, len(slots), SLOTS_AT_ONCE):
        yield AccountEdit(edit.address, storage=dict(slots[at : at + SLOTS_AT_ONCE]))


def _edit(machine: Machine, address: bytes, account: GenesisAccount) -> AccountEdit | None:
    """Return what an account has to change; `None` where it has all of it."""
    code = None if machine.code(address) == account.code else account.code
    nonce = None if machine.nonce(address) == account.nonce else account.nonce
    balance = None if machine.balance(address) == account.balance else account.balance
    storage = {
        slot: word
        for slot, word in account.storage.items()
        if machine.storage(address, slot) != word
    }
    if code is None and nonce is None and balance is None and not storage:
        return None
    return AccountEdit(address, balance, nonce, code, storage)


def _protected(rollup: LocalRollup, name: ChainName) -> frozenset[bytes]:
    if name == "l2":
        return SET_BY_BLOCKS
    config = rollup.engine.config
    named = {config.l1_system_config, config.deposit_contract, config.dev_control or bytes(20)}
    operators = {
        operator_account(config.l2_chain_id, role).address for role in range(OPERATOR_ROLES)
    }
    senders = {rollup.owner.address, rollup.batch_account.address} | operators
    contracts = frozenset(L1_CONTRACTS.values()) - {OPEN_TOKEN}
    return SET_BY_BLOCKS | named | senders | contracts
