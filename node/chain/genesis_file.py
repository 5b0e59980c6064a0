"""The first block of a real chain, from the genesis file that geth and op-geth are started with.

A file is JSON, plain or packed (`.gz`, `.zst`; those of the superchain registry need its
dictionary, `superchain/extra/dictionary`, too).  Where a file has no `config`, as those of the
registry, the caller says which header rules the genesis block follows.  Files that hold accounts
alone (see `forge_allocs`) get their header from the caller, too.

Source: op-geth `core/genesis.go` (`Genesis.toBlockWithRoot`, `hashAlloc`); forks before Holocene
are known here as far as they shape the header of a genesis block.
"""

from __future__ import annotations

import enum
import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
import zstandard

from byline.derivation.block import Block
from byline.derivation.constants import L2_TO_L1_MESSAGE_PASSER
from byline.derivation.hashing import EMPTY_REQUESTS_HASH, EMPTY_TRIE_ROOT, ZERO_HASH
from byline.derivation.header import Header
from byline.node.chain.block import ExecutedBlock
from byline.node.chain.forge_allocs import allocs_of_state, is_allocs, is_deployer_state
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.chain.genesis_state import GenesisState, genesis_state
from byline.node.chain.json_fields import Fields
from byline.node.errors import ConfigError

MOST_BYTES: Final = 1 << 28
"""Bytes of the largest genesis file that is read, unpacked."""
INITIAL_BASE_FEE: Final = 10**9
"""Wei; what a genesis block at London has when its file does not say (EIP-1559)."""


class HeaderFork(enum.IntEnum):
    """The forks that added fields to the header, oldest first, with their L2 names."""

    BEFORE_LONDON = 0
    LONDON = 1
    """Base fee.  Bedrock on an L2."""
    SHANGHAI = 2
    """Withdrawals root.  Canyon on an L2."""
    CANCUN = 3
    """Blob gas and parent beacon root.  Ecotone on an L2."""
    PRAGUE = 4
    """Requests hash.  Isthmus on an L2, whose withdrawals root changes its meaning, too."""


@dataclass(frozen=True, slots=True)
class HeaderRules:
    """What the header of a genesis block holds."""

    fork: HeaderFork
    optimism: bool
    """True on an L2."""


@dataclass(frozen=True, slots=True)
class GenesisFile:
    """A genesis file, read and checked."""

    where: str
    """The file's name, for messages."""
    chain_id: int | None
    """`None` when the file has no `config`."""
    rules: HeaderRules | None
    """`None` when the file has no `config`."""
    header: Header | None
    """What the file says of the header; roots and the fields of later forks are not in it.
    `None` when it holds accounts alone."""
    blob_gas: tuple[int, int]
    """Blob gas used and excess blob gas."""
    alloc: Mapping[bytes, GenesisAccount]

    def block(
        self, rules: HeaderRules | None = None, header: Header | None = None
    ) -> ExecutedBlock:
        """Return block 0 with its state.

        `rules` are for a file without `config`, `header` for one that holds accounts alone;
        raises `ConfigError` when nobody says them, or both say rules that differ.
        """
        header = self.header or header
        if header is None:
            raise ConfigError(f"{self.where}: holds accounts alone, so its header has to be given")
        chosen = rules or self.rules
        if chosen is None:
            raise ConfigError(f"{self.where}: has no config, so its forks have to be given")
        if self.rules is not None and chosen != self.rules:
            raise ConfigError(
                f"{self.where}: config says {_words(self.rules)} at genesis, but "
                f"{_words(chosen)} is asked for"
            )
        state = genesis_state(self.alloc)
        header = _complete(header, chosen, state, self.blob_gas)
        return ExecutedBlock(block=Block(header, ()), receipts=(), nodes=state.nodes)


def _words(rules: HeaderRules) -> str:
    return f"{rules.fork.name} on an {'L2' if rules.optimism else 'L1'}"


def _complete(
    header: Header, rules: HeaderRules, state: GenesisState, blob_gas: tuple[int, int]
) -> Header:
    """Fill in the state root and the fields that each fork has added."""
    changes: dict[str, Any] = {"state_root": state.root}
    if rules.fork >= HeaderFork.LONDON:
        changes["base_fee"] = INITIAL_BASE_FEE if header.base_fee is None else header.base_fee
    else:
        changes["base_fee"] = None
    if rules.fork >= HeaderFork.SHANGHAI:
        changes["withdrawals_root"] = EMPTY_TRIE_ROOT
    if rules.fork >= HeaderFork.CANCUN:
        changes["blob_gas_used"], changes["excess_blob_gas"] = blob_gas
        changes["parent_beacon_root"] = ZERO_HASH
    if rules.fork >= HeaderFork.PRAGUE:
        changes["requests_hash"] = EMPTY_REQUESTS_HASH
        if rules.optimism:
            changes["withdrawals_root"] = state.storage_root(L2_TO_L1_MESSAGE_PASSER)
    return header.with_(**changes)


def rules_of_hardforks(times: Mapping[str, Any], timestamp: int) -> HeaderRules:
    """Return the header rules of an L2 that begins at `timestamp`.

    `times` names forks as rollup.json and the superchain registry do (`canyon_time`); one that
    is absent is never active.  Raises `ConfigError` for a time that is no integer.
    """
    fields = Fields("hardforks", times)
    return HeaderRules(
        _latest(
            timestamp,
            0,
            fields.integer("canyon_time", None),
            fields.integer("ecotone_time", None),
            fields.integer("isthmus_time", None),
        ),
        optimism=True,
    )


def read_genesis_file(
    path: Path, dictionary: Path | None = None, l2_chain_id: int | None = None
) -> GenesisFile:
    """Read a genesis file; `dictionary` is for `.zst` files that were packed with one.

    Of a file with several chains the L2 with `l2_chain_id` is taken, or for `None` the L1.
    Raises `ConfigError` naming file, place and fault.
    """
    try:
        document = _parsed(_unpacked(path, dictionary))
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as exc:
        hint = _dictionary_hint(path, dictionary)
        raise ConfigError(f"genesis file {path}: {exc}{hint}") from exc
    except ValueError as exc:
        raise ConfigError(f"genesis file {path}: not JSON: {exc}") from exc
    return genesis_of(document, path.name, l2_chain_id)


def _parsed(data: bytes) -> Any:
    """Return JSON as values, integers of any size among them; raises `ValueError`."""
    # orjson refuses what is nested too deep, on which the other overruns the stack (py-evm has
    # raised its bound); but orjson makes floats of integers that balances have.
    orjson.loads(data)
    return json.loads(data)


def _dictionary_hint(path: Path, dictionary: Path | None) -> str:
    if path.suffix == ".zst" and dictionary is None:
        return " (files of the superchain registry need --genesis-dictionary)"
    return ""


def _unpacked(path: Path, dictionary: Path | None) -> bytes:
    """Return the bytes of a file; never more than `MOST_BYTES`."""
    with path.open("rb") as file:
        if path.suffix == ".gz":
            data = gzip.GzipFile(fileobj=file).read(MOST_BYTES + 1)
        elif path.suffix == ".zst":
            words = zstandard.ZstdCompressionDict(dictionary.read_bytes()) if dictionary else None
            unpacker = zstandard.ZstdDecompressor(dict_data=words)
            with unpacker.stream_reader(file, read_across_frames=True) as stream:
                data = stream.read(MOST_BYTES + 1)
        else:
            data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise OSError(f"unpacks to more than {MOST_BYTES} bytes, the most that is read")
    return data


def genesis_of(document: Any, where: str, l2_chain_id: int | None = None) -> GenesisFile:
    """Check the JSON `document` of a genesis file called `where`.

    Raises `ConfigError` naming the place in the document and the fault.
    """
    where_shown = f"genesis file {where}"
    if is_deployer_state(document):
        document = allocs_of_state(document, where_shown, l2_chain_id, MOST_BYTES, _parsed)
        return _accounts_alone(Fields(where_shown, document), where)
    if is_allocs(document):
        return _accounts_alone(Fields(where_shown, document), where)
    fields = Fields(where_shown, document)
    if fields.get("stateHash") is not None:
        raise fields.problem("stateHash", "the state is only named by its hash: want the alloc")
    number = fields.integer("number", 0)
    if number != 0:
        raise fields.problem("number", f"is {number}: want a chain that begins at block 0")
    timestamp = fields.integer("timestamp", 0, bits=64)
    config = None if fields.get("config") is None else fields.inside("config")
    return GenesisFile(
        where=where,
        chain_id=None if config is None else config.integer("chainId", None),
        rules=None if config is None else _rules_of_config(config, timestamp),
        header=_header(fields, timestamp),
        blob_gas=(
            fields.integer("blobGasUsed", 0, bits=64),
            fields.integer("excessBlobGas", 0, bits=64),
        ),
        alloc=_alloc(fields.inside("alloc")),
    )


def _accounts_alone(fields: Fields, where: str) -> GenesisFile:
    return GenesisFile(
        where=where, chain_id=None, rules=None, header=None, blob_gas=(0, 0), alloc=_alloc(fields)
    )


def _header(fields: Fields, timestamp: int) -> Header:
    return Header(
        parent_hash=fields.data("parentHash", 32, ZERO_HASH),
        coinbase=fields.data("coinbase", 20, bytes(20)),
        difficulty=fields.integer("difficulty", 0),
        gas_limit=fields.integer("gasLimit", bits=64),
        gas_used=fields.integer("gasUsed", 0, bits=64),
        timestamp=timestamp,
        extra_data=fields.data("extraData", None, b""),
        mix_hash=fields.data("mixHash", 32, ZERO_HASH),
        nonce=fields.integer("nonce", 0, bits=64).to_bytes(8, "big"),
        base_fee=fields.integer("baseFeePerGas", None),
    )


def _rules_of_config(config: Fields, timestamp: int) -> HeaderRules:
    """Return the header rules at genesis from geth's chain config."""

    def time(ethereum: str, optimism: str) -> int | None:
        first, second = config.integer(ethereum, None), config.integer(optimism, None)
        if first is not None and second is not None and first != second:
            raise config.problem(
                optimism, f"is {second}, but {ethereum} is {first}: want the same"
            )
        return second if first is None else first

    return HeaderRules(
        _latest(
            timestamp,
            # London is a matter of block numbers, of which genesis has the first.
            0 if config.integer("londonBlock", None) == 0 else None,
            time("shanghaiTime", "canyonTime"),
            time("cancunTime", "ecotoneTime"),
            time("pragueTime", "isthmusTime"),
        ),
        optimism=config.get("optimism") is not None,
    )


def _latest(timestamp: int, *times: int | None) -> HeaderFork:
    """Return the last fork that is active, each after the one before."""
    active = HeaderFork.BEFORE_LONDON
    for fork, time in zip(list(HeaderFork)[1:], times, strict=True):
        if time is None or time > timestamp:
            break
        active = fork
    return active


def _alloc(fields: Fields) -> dict[bytes, GenesisAccount]:
    alloc: dict[bytes, GenesisAccount] = {}
    for name in fields.names():
        address = fields.name_data(name, 20)
        if address in alloc:
            raise fields.problem(name, "is there twice, with and without 0x")
        alloc[address] = _account(fields.inside(name))
    return alloc


def _account(fields: Fields) -> GenesisAccount:
    storage: dict[int, int] = {}
    if fields.get("storage") is not None:
        slots = fields.inside("storage")
        for name in slots.names():
            slot = int.from_bytes(slots.name_data(name, None, most=32), "big")
            if slot in storage:
                raise slots.problem(name, "is there twice")
            storage[slot] = int.from_bytes(slots.data(name, None, most=32), "big")
    return GenesisAccount(
        balance=fields.integer("balance", 0),
        nonce=fields.integer("nonce", 0, bits=64),
        code=fields.data("code", None, b""),
        storage=storage,
    )
