"""The settings: what each is for, and how a value of it is read.

Every setting is one line of `GROUPS`; the flag, the variable (`BYLINE_...`) and the key
in byline.toml follow from its name.
"""

from __future__ import annotations

import difflib
import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from byline.node.contracts.attribution_predeploys import Backend
from byline.node.errors import ConfigError
from byline.node.evm.engines import ENGINES
from byline.node.messages.sources import checked_source
from byline.rpc.limits import BOUNDS
from byline.rpc.origins import check_host, check_origin

PREFIX: Final = "BYLINE_"
MOST_CHAIN_ID: Final = 2**53 - 1
"""Clients in JavaScript read chain ids as numbers, which are exact up to here."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: how it is read and what it is for."""

    name: str
    kind: type
    text: str
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: int | None = None
    each: Callable[[str], str] | None = None
    """Reads one of several values: the flag is given again, elsewhere commas part them."""
    short: str | None = None
    """A second flag, of one letter."""

    @property
    def flag(self) -> str:
        """The command-line flag."""
        return "--" + self.name.replace("_", "-")

    @property
    def flags(self) -> tuple[str, ...]:
        """The command-line flags."""
        return (self.flag,) if self.short is None else (self.short, self.flag)

    @property
    def variable(self) -> str:
        """The environment variable."""
        return PREFIX + self.name.upper()

    def read(self, value: Any, source: str) -> Any:
        """Return `value` in its type; raises `ConfigError` naming where it came from."""
        try:
            if self.each is not None:
                result: Any = tuple(self.each(part) for part in _parts(value))
            elif self.kind is bool:
                result = _boolean(value)
            elif isinstance(value, bool):
                raise ValueError(f"{value} is no {self.kind.__name__}")
            elif self.kind is int and isinstance(value, float):
                raise ValueError("want a whole number")
            else:
                result = self.kind(value)
            if isinstance(result, float) and not math.isfinite(result):
                raise ValueError("want a finite number")
        except (TypeError, ValueError) as exc:
            raise ConfigError(f"{source}: {self.name} is {value!r}: {exc}") from exc
        if self.choices and result not in self.choices:
            near = difflib.get_close_matches(str(result), self.choices, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ConfigError(
                f"{source}: {self.name} is {result!r}, want one of {', '.join(self.choices)}{hint}"
            )
        if self.least is not None and result < self.least:
            raise ConfigError(f"{source}: {self.name} is {result}, want at least {self.least}")
        if self.most is not None and result > self.most:
            raise ConfigError(f"{source}: {self.name} is {result}, want at most {self.most}")
        return result


def _parts(value: Any) -> list[str]:
    """Return the texts of a list, or of a text with commas."""
    found = value.split(",") if isinstance(value, str) else value
    if not isinstance(found, list | tuple) or not all(isinstance(part, str) for part in found):
        raise ValueError("want a list of texts")
    return [
        text for part in found for text in (piece.strip() for piece in part.split(",")) if text
    ]


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    try:
        return words[str(value).lower()]
    except KeyError:
        raise ValueError("want true or false") from None


ENGINE: Final = Setting("engine", str, "what executes code", choices=tuple(ENGINES))
GROUPS: Final[Mapping[str, tuple[Setting, ...]]] = MappingProxyType(
    {
        "chains": (
            Setting("host", str, "address to listen on"),
            Setting(
                "l1_port",
                int,
                "port of the L1's JSON-RPC; 0 takes a free one",
                least=0,
                most=65_535,
            ),
            Setting(
                "l2_port",
                int,
                "port of the L2's JSON-RPC; 0 takes a free one",
                least=0,
                most=65_535,
            ),
            Setting("l1_chain_id", int, "chain id of the L1", least=1, most=MOST_CHAIN_ID),
            Setting("l2_chain_id", int, "chain id of the L2", least=1, most=MOST_CHAIN_ID),
            Setting(
                "fork", str, "rules of the L2", choices=("holocene", "isthmus", "jovian", "karst")
            ),
            Setting("l1_fork", str, "rules of the L1", choices=("prague", "osaka")),
            Setting("gas_token", str, "what pays for gas on the L2", choices=("open", "eth")),
            Setting(
                "attribution_backend",
                str,
                "who computes for the attribution contracts: native functions, or contracts",
                choices=tuple(backend.value for backend in Backend),
            ),
            Setting(
                "state_precompile",
                bool,
                "let the payout vault write credits in one call, at 0x...A772 (experimental)",
            ),
            Setting(
                "withdrawals",
                str,
                "how long they take: some seconds, or more than a week",
                choices=("short", "mainnet"),
            ),
            Setting(
                "genesis_time",
                int,
                "time of the first blocks, in seconds since 1970",
                least=1,
                most=2**40,
            ),
            ENGINE,
        ),
        "what is kept": (
            Setting(
                "data_dir", Path, "folder for the chains; without it they end with the process"
            ),
            Setting(
                "attribution_data",
                Path,
                "folder with datasets' contents, for attribution_*; by default that of the data "
                "folder",
            ),
            Setting(
                "state", Path, "load both chains' states from a file if it is there, and write it"
            ),
            Setting(
                "load_state",
                Path,
                "load states from a file: ours of both chains, anvil's of the L2",
            ),
            Setting("dump_state", Path, "write the states of both chains at the end"),
        ),
        "blocks and time": (
            Setting(
                "block_time",
                int,
                "make an L2 block every N seconds of wall-clock time",
                least=1,
                most=600,
            ),
            Setting("l1_block_time", int, "seconds between L1 blocks, with --block-time", least=1),
            Setting("mixed", bool, "with --block-time, make a block for each transaction too"),
            Setting("strict", bool, "never jump the clock, so that stock verifiers can follow"),
            Setting(
                "auto_impersonate", bool, "take transactions of all accounts without signatures"
            ),
        ),
        "batches and finality": (
            Setting("da", str, "what carries the batches", choices=("calldata", "blobs", "auto")),
            Setting("compression", str, "of channels", choices=("brotli", "zlib")),
            Setting("batch_type", str, "how L2 blocks are written", choices=("span", "singular")),
            Setting("target_frames", int, "frames that a channel is to fill", least=1, most=100),
            Setting(
                "batch_pause", float, "post batches after so many seconds without a block", least=0
            ),
            Setting("l1_finality", int, "L1 blocks by which finality follows the head", least=0),
        ),
        "an L1 that others run": (
            Setting(
                "l1_rpc", str, "JSON-RPC URL of an L1 that others run; without it one runs here"
            ),
            Setting("l1_beacon", str, "beacon API URL of that L1, for batches in blobs"),
            Setting("l1_poll", float, "seconds between two looks at that L1", least=0),
            Setting(
                "batcher_key",
                str,
                "private key of the batcher on that L1, in hex; better by variable",
            ),
            Setting(
                "proposer_key", str, "private key of the proposer, in hex; better by variable"
            ),
        ),
        "chains from files": (
            Setting(
                "rollup_config", str, "rollup.json, or a URL that answers optimism_rollupConfig"
            ),
            Setting(
                "l2_genesis",
                Path,
                "genesis of the L2: geth's, forge allocs, op-deployer's state.json; .gz, .zst",
            ),
            Setting(
                "l1_genesis", Path, "genesis of the L1, to go with --l2-genesis, in the same forms"
            ),
            Setting(
                "genesis_dictionary", Path, "the superchain registry's dictionary for .zst files"
            ),
            Setting(
                "upgrade_bundle", Path, "upgrade transactions of forks that activate after genesis"
            ),
        ),
        "chains that go on from others": (
            Setting(
                "fork_url",
                str,
                "go on from another chain with the L2: URL of its node, or URL@BLOCK",
                short="-f",
            ),
            Setting(
                "fork_block_number", int, "block to go on from; below 0 so many before the newest"
            ),
            Setting("l1_fork_url", str, "go on from another chain with the L1: URL or URL@BLOCK"),
            Setting("l1_fork_block_number", int, "block to go on from with the L1"),
            Setting("fork_header", str, "HTTP header for those nodes, 'Name: value'", each=str),
            Setting(
                "fork_retries",
                int,
                "attempts after the first to ask those nodes",
                least=0,
                most=100,
            ),
            Setting("fork_retry_backoff", int, "milliseconds before the second attempt", least=0),
            Setting("fork_timeout", float, "seconds that one attempt may take", least=0.001),
            Setting(
                "no_storage_caching", bool, "keep nothing of those chains in the cache folder"
            ),
        ),
        "who may ask, and for how much": (
            Setting(
                "allow_host",
                str,
                "name to call this machine by; IP addresses and localhost always do",
                each=check_host,
            ),
            Setting(
                "allow_origin",
                str,
                "origin whose pages may ask (https://host:port, * for all); localhost's may",
                each=check_origin,
            ),
            Setting("l1_ipc", Path, "serve the L1 on this Unix socket, too"),
            Setting("l2_ipc", Path, "serve the L2 on this Unix socket, too"),
            Setting(
                "call_timeout",
                float,
                "give up a call after so many seconds; 0 never does",
                least=0,
            ),
            Setting(
                "call_gas", int, "most gas of a call or an estimate", least=21_000, most=2**53
            ),
            *(
                Setting(bound.setting, bound.kind, bound.text, least=bound.least, most=2**53)
                for bound in BOUNDS
            ),
        ),
        "what is told": (
            Setting(
                "log_level", str, "what to log", choices=("debug", "info", "warning", "error")
            ),
            Setting("quiet", bool, "no start screen, and errors alone in the log", short="-q"),
            Setting(
                "verbose",
                bool,
                "log requests and the node's own transactions, hashes in full",
                short="-v",
            ),
            Setting("json", bool, "log JSON, an object a line; the start screen is one, too"),
            Setting(
                "abi",
                str,
                "ABI of your contracts: a file, a folder (out, artifacts), or ADDRESS=FILE",
                each=checked_source,
            ),
        ),
    }
)
"""All settings, as `byline up --help` lists them."""
SETTINGS: Final = tuple(itertools.chain.from_iterable(GROUPS.values()))


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a question after the known name that is nearest; empty where none is near."""
    near = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {near[0]}?" if near else ""
