"""The block that a chain was forked at: found on the other chain, and known again later."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from byline.derivation.errors import InvalidData
from byline.derivation.header import Header
from byline.node.errors import ConfigError
from byline.node.forking.cache import ForkCache
from byline.node.forking.client import ForkClient, Patience
from byline.node.forking.place import Place
from byline.node.forking.state import ForkState
from byline.node.l1.json_block import header_of

LOG = logging.getLogger("byline.forking")

FORK: Final = "fork"
"""Name under which a store keeps which fork its chain is."""
MOST_CHAIN_ID: Final = 2**53 - 1
COUNT_BOUND: Final = 2**63
"""Heights, gas and seconds are below it on every chain."""
_QUANTITY: Final = re.compile(r"0x[0-9a-fA-F]{1,64}")


@dataclass(frozen=True, slots=True)
class ForkIdentity:
    """Which block of which chain a fork begins at."""

    chain_id: int
    number: int
    block_hash: bytes

    def encode(self) -> bytes:
        """Return what a store keeps."""
        fields = [self.chain_id, self.number, self.block_hash.hex()]
        return json.dumps(fields).encode()

    @classmethod
    def decode(cls, data: bytes) -> ForkIdentity:
        """Read what a store has kept."""
        chain_id, number, block_hash = json.loads(data)
        return cls(chain_id, number, bytes.fromhex(block_hash))

    def __str__(self) -> str:
        return f"chain {self.chain_id} at block {self.number}, 0x{self.block_hash.hex()}"


class Fork(ForkState):
    """A block of another chain, with all the state after it; `close` ends what it holds."""

    def __init__(
        self, client: ForkClient, cache: ForkCache, identity: ForkIdentity, header: Header
    ) -> None:
        super().__init__(client, cache, identity.number)
        self.client = client
        self.identity = identity
        self.header = header
        """That of the block; its hash is another one where the chain has headers of its own."""
        self._cache_of = cache

    @property
    def place(self) -> Place:
        """The node and the block."""
        return self.client.place

    def close(self) -> None:
        """End the connections and close the cache."""
        self.client.close()
        self._cache_of.close()


def open_fork(
    place: Place, patience: Patience, cache: Path | None, stored: ForkIdentity | None = None
) -> Fork:
    """Find the block at `place`; `stored` is the fork that a data folder holds, if any.

    `cache` is the folder for answers, `None` for none.  Raises `ForkError` where the node does
    not answer, `ConfigError` where it has no such block, or another than the stored one.
    """
    client = ForkClient(place, patience)
    try:
        chain_id, block = _found(client, stored)
        header = _header(client, block)
        identity = ForkIdentity(chain_id, header.number, _hash(client, block))
        if stored is not None and identity != stored:
            raise ConfigError(
                f"the data folder holds a fork of {stored}, but {place.name} is {identity}: "
                "pass the URL and block that it was made with, or another --data-dir"
            )
        client.place = replace(place, block=identity.number)
        return Fork(client, ForkCache(cache, chain_id, identity.block_hash), identity, header)
    except BaseException:
        client.close()
        raise


def _found(client: ForkClient, stored: ForkIdentity | None) -> tuple[int, Mapping[str, Any]]:
    """Return the chain id and the block as its node tells it."""
    place = client.place
    number = place.block
    if number is None and stored is not None:
        number = stored.number
    chain_id, newest = client.ask_all([("eth_chainId", []), ("eth_blockNumber", [])])
    head = _number(client, "eth_blockNumber", newest)
    if head >= COUNT_BOUND:
        raise client.fault(f"its newest block is {head}, want less than 2**63")
    if number is None or number < 0:
        number = head + (number or 0)
    if not 0 <= number <= head:
        raise ConfigError(f"{place.name} has no block {number}: its newest is {head}")
    block = client.ask("eth_getBlockByNumber", [hex(number), False])
    if not isinstance(block, dict):
        raise ConfigError(f"{place.name} has no block {number}, though its newest is {head}")
    if block.get("number") != hex(number):
        raise client.fault(f"block {number} is answered with number {block.get('number')!r:.40}")
    found = _number(client, "eth_chainId", chain_id)
    if not 0 < found <= MOST_CHAIN_ID:
        raise client.fault(f"its chain id is {found}, want 1 to {MOST_CHAIN_ID}")
    return found, block


def _header(client: ForkClient, block: Mapping[str, Any]) -> Header:
    try:
        header = header_of(block)
    except InvalidData as exc:
        header = _own_header(client, block)
        LOG.warning(
            "block %d of %s has a header of its own kind (%s): the fork gives it another hash",
            header.number,
            client.place.name,
            exc,
        )
    for what in ("number", "gas_limit", "gas_used", "timestamp"):
        if (found := getattr(header, what)) >= COUNT_BOUND:
            raise client.fault(f"{what} of its block is {found}, want less than 2**63")
    if header.base_fee is None:
        raise ConfigError(
            f"block {header.number} of {client.place.name} has no base fee: "
            "fork at London or later"
        )
    return header


def _own_header(client: ForkClient, block: Mapping[str, Any]) -> Header:
    """Return a header with what other blocks depend on."""

    def number(name: str) -> int:
        return _number(client, name, block.get(name))

    return Header(
        parent_hash=_bytes(client, "parentHash", block.get("parentHash")),
        state_root=_bytes(client, "stateRoot", block.get("stateRoot")),
        number=number("number"),
        gas_limit=number("gasLimit"),
        gas_used=number("gasUsed"),
        timestamp=number("timestamp"),
        base_fee=number("baseFeePerGas") if block.get("baseFeePerGas") is not None else None,
    )


def _hash(client: ForkClient, block: Mapping[str, Any]) -> bytes:
    return _bytes(client, "hash", block.get("hash"))


def _number(client: ForkClient, what: str, value: Any) -> int:
    if isinstance(value, str) and _QUANTITY.fullmatch(value):
        return int(value, 16)
    raise client.fault(f"{what} is answered with {value!r:.100}, want a number in hex")


def _bytes(client: ForkClient, what: str, value: Any) -> bytes:
    try:
        if isinstance(value, str) and len(found := bytes.fromhex(value.removeprefix("0x"))) == 32:
            return found
    except ValueError:
        pass
    raise client.fault(f"{what} is answered with {value!r:.100}, want 32 bytes in hex")
