"""What a node is told: flags over environment over byline.toml over defaults.

`settings.SETTINGS` says how each value is read.
"""

from __future__ import annotations

import argparse
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from byline.derivation.channel_out import BatchKind
from byline.derivation.compression import Compression
from byline.node.chain.chain import CALL_GAS
from byline.node.errors import ConfigError
from byline.node.evm.engines import DEFAULT
from byline.node.l2.batcher_settings import BatcherSettings
from byline.node.l2.data_availability import DataAvailability
from byline.node.settings import ENGINE, GROUPS, SETTINGS, Setting, nearest
from byline.rpc.limits import BOUNDS, Limits

CONFIG_FILE: Final = "byline.toml"
L1_BLOCK_TIME: Final = 12
"""Seconds, as on Ethereum."""


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """The settings of one devnet."""

    host: str = "127.0.0.1"
    l1_port: int = 8545
    l2_port: int = 9545
    data_dir: Path | None = None
    """`None` keeps the chains for the time of the process."""
    attribution_data: Path | None = None
    """Folder with datasets' contents; `None` is `attribution` below the data folder."""
    state: Path | None = None
    """File with the states of both chains: loaded at the start, written at the end."""
    load_state: Path | None = None
    dump_state: Path | None = None
    l1_chain_id: int = 900
    l2_chain_id: int = 901
    block_time: int | None = None
    """Seconds between L2 blocks on the wall clock; `None` mines on demand."""
    l1_block_time: int | None = None
    """Seconds between L1 blocks, with `block_time`; `None` is 12, or `block_time` if longer."""
    mixed: bool = False
    """With `block_time`: transactions make blocks at once, too."""
    strict: bool = False
    auto_impersonate: bool = False
    """Every account is impersonated on both chains."""
    genesis_time: int | None = None
    """Seconds since 1970; `None` is now."""
    fork: str = "karst"
    l1_fork: str = "osaka"
    gas_token: str = "open"  # noqa: S105
    """What pays for gas on the built-in L2."""
    attribution_backend: str = "precompile"
    """Who computes for the attribution contracts of the built-in L2, by its `Backend`."""
    state_precompile: bool = False
    """Whether the built-in L2 has the state precompile, for its payout vault."""
    withdrawals: str = "short"
    """How long a withdrawal from it takes."""
    engine: str = DEFAULT
    compression: Compression = "brotli"
    batch_type: BatchKind = "span"
    da: DataAvailability = "calldata"
    target_frames: int = 1
    """Frames that a channel is to fill, one a transaction or blob."""
    batch_pause: float = 0.5
    """Seconds without a new L2 block after which the batcher posts."""
    upgrade_bundle: Path | None = None
    """File with the upgrade transactions of forks that activate after genesis."""
    l1_finality: int = 0
    """L1 blocks by which finality follows the head."""
    l1_rpc: str | None = None
    """JSON-RPC of an L1 that others run; `None` runs one."""
    l1_beacon: str | None = None
    """Beacon API of that L1, for batches in blobs."""
    l1_poll: float = 1.0
    """Seconds between two looks at that L1."""
    rollup_config: str | None = None
    """File or URL of a rollup config; `None` makes one."""
    batcher_key: str | None = field(default=None, repr=False)
    """Private key of the batcher on that L1, in hex; `None` is the development account's."""
    proposer_key: str | None = field(default=None, repr=False)
    """Private key of who proposes outputs, in hex; `None` is that of a development account."""
    l2_genesis: Path | None = None
    """Genesis file of the L2; `None` is the built-in one."""
    l1_genesis: Path | None = None
    """Genesis file of the L1 that is run here; `None` is the built-in one."""
    genesis_dictionary: Path | None = None
    """What genesis files that end in .zst were packed with, if with anything."""
    fork_url: str | None = field(default=None, repr=False)
    """Node of the chain that the L2 goes on from: `URL` or `URL@BLOCK`."""
    fork_block_number: int | None = None
    """Block of that chain; `None` is the newest, and below 0 so many before it."""
    l1_fork_url: str | None = field(default=None, repr=False)
    """Node of the chain that the L1 goes on from."""
    l1_fork_block_number: int | None = None
    fork_header: tuple[str, ...] = field(default=(), repr=False)
    """HTTP headers for those nodes, `Name: value`."""
    fork_retries: int = 5
    """Attempts after the first."""
    fork_retry_backoff: int = 250
    """Milliseconds before the second attempt; each further pause is twice as long."""
    fork_timeout: float = 30.0
    """Seconds that one attempt may take."""
    no_storage_caching: bool = False
    """Whether nothing of those chains is kept in the user's cache folder."""
    call_timeout: float = 30.0
    """Seconds after which a call or an estimate is given up; 0 never does."""
    allow_host: tuple[str, ...] = ()
    """Names that requests may call this machine by, besides localhost and IP addresses."""
    allow_origin: tuple[str, ...] = ()
    """Origins whose pages may ask, besides those that this machine serves; `*` is all."""
    l1_ipc: Path | None = None
    """Unix socket of the L1's JSON-RPC; `None` opens none."""
    l2_ipc: Path | None = None
    limits: Limits = field(default_factory=Limits)
    """What clients may ask for; each bound with a setting has it under that name."""
    call_gas: int = CALL_GAS
    """Gas that a call, an estimate or a trace of one may use."""
    log_level: str = "info"
    json: bool = False
    """Write the log, and what stands at the start, as JSON, an object a line."""
    quiet: bool = False
    """Write errors alone."""
    verbose: bool = False
    """Write everything, with hashes and addresses in full."""
    abi: tuple[str, ...] = ()
    """Where ABIs are, as `messages.sources` reads it."""
    sources: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Where each value came from."""

    @property
    def batcher(self) -> BatcherSettings:
        """How batches are made and what carries them."""
        return BatcherSettings(
            batches=self.batch_type,
            compression=self.compression,
            da=self.da,
            target_frames=self.target_frames,
        )

    def value(self, name: str) -> Any:
        """Return the value of the setting `name`."""
        return getattr(self.limits, _BOUNDS[name]) if name in _BOUNDS else getattr(self, name)

    def having(self, values: Mapping[str, Any]) -> NodeConfig:
        """Return these settings with other values, by the names of settings."""
        bounds = {_BOUNDS[name]: value for name, value in values.items() if name in _BOUNDS}
        others = {name: value for name, value in values.items() if name not in _BOUNDS}
        return replace(self, limits=replace(self.limits, **bounds), **others)

    @property
    def attribution_folder(self) -> Path | None:
        """Where datasets' contents are looked for; `None` where chains are kept nowhere."""
        if self.attribution_data is not None or self.data_dir is None:
            return self.attribution_data
        return self.data_dir / "attribution"

    @property
    def l1_interval(self) -> int:
        """Seconds between L1 blocks on the wall clock."""
        return self.l1_block_time or max(L1_BLOCK_TIME, self.block_time or 0)


_BOUNDS: Final = {bound.setting: bound.field for bound in BOUNDS}


METAVARS: Final = {str: "TEXT", Path: "PATH", int: "N", float: "SECONDS"}
_DEFAULTS: Final = NodeConfig()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add a flag for every setting; a flag that is not given stays `None`."""
    for title, settings in GROUPS.items():
        group = parser.add_argument_group(title)
        for setting in settings:
            _add_argument(group, setting)


def _add_argument(group: argparse._ArgumentGroup, setting: Setting) -> None:
    default = _DEFAULTS.value(setting.name)
    shown = f" (default {default})" if default not in (None, False, ()) else ""
    if setting.each is not None:
        group.add_argument(
            setting.flag, action="append", metavar="TEXT", help=f"{setting.text}; repeatable"
        )
    elif setting.kind is bool:
        group.add_argument(*setting.flags, action="store_const", const=True, help=setting.text)
    else:
        metavar = "|".join(setting.choices) or METAVARS[setting.kind]
        group.add_argument(*setting.flags, metavar=metavar, help=setting.text + shown)


def load(
    arguments: Mapping[str, Any],
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> NodeConfig:
    """Return the settings from flags, environment, byline.toml and defaults, in that order.

    Raises `ConfigError` for an unknown key (with the nearest known one) or a bad value.
    """
    values, sources = _found(SETTINGS, arguments, environment, folder)
    config = replace(NodeConfig().having(values), sources=sources)
    check(config)
    return config


def changed(settings: NodeConfig, changes: Mapping[str, Any]) -> NodeConfig:
    """Return `settings` with `changes` by name, each read and bounded as a flag is.

    `None` puts a setting back to its default.  Raises `ConfigError` for an unknown name (with
    the nearest known one), a bad value, or settings that contradict each other.
    """
    known = {setting.name: setting for setting in SETTINGS}
    defaults = NodeConfig()
    values: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in known:
            raise ConfigError(f"unknown setting {name!r}{nearest(name, known)}")
        values[name] = defaults.value(name) if value is None else known[name].read(value, name)
    config = settings.having(values)
    check(config)
    return config


def check(config: NodeConfig) -> None:
    """Raise `ConfigError` where settings contradict each other."""
    if config.l1_chain_id == config.l2_chain_id:
        raise ConfigError(f"l1_chain_id and l2_chain_id are both {config.l1_chain_id}")
    if config.block_time and config.l1_interval < config.block_time:
        raise ConfigError(
            f"l1_block_time is {config.l1_interval}, want at least block_time, "
            f"{config.block_time}: an L2 block takes up one L1 block at most"
        )
    if config.l1_rpc and config.l1_ipc:
        raise ConfigError("--l1-ipc serves an L1 that is run here, and --l1-rpc names another")
    _check_forks(config)
    if config.l1_rpc and not config.rollup_config:
        raise ConfigError(
            "--l1-rpc needs --rollup-config: it says which L2 on that L1 this node is to run"
        )
    if config.l2_genesis and not config.rollup_config:
        raise ConfigError("--l2-genesis needs --rollup-config: it says how the L2 goes on")
    if config.l1_genesis and (config.l1_rpc or not config.l2_genesis):
        raise ConfigError("--l1-genesis goes with --l2-genesis, and with an L1 that is run here")
    if config.l1_rpc and config.da != "calldata" and not config.l1_beacon:
        raise ConfigError(
            f"da is {config.da}, but without --l1-beacon the blobs could not be read back"
        )
    if config.mixed and config.block_time is None:
        raise ConfigError("--mixed needs --block-time: without it every transaction makes a block")
    if config.state and (config.load_state or config.dump_state):
        raise ConfigError("--state is --load-state and --dump-state in one: give it alone")
    if config.l1_rpc and (config.state or config.load_state or config.dump_state):
        raise ConfigError("states are loaded and dumped with an L1 that is run here: no --l1-rpc")
    if config.quiet and config.verbose:
        raise ConfigError("--quiet and --verbose contradict each other: give one of them")


def _check_forks(config: NodeConfig) -> None:
    for name in ("fork", "l1_fork"):
        url, block = getattr(config, f"{name}_url"), getattr(config, f"{name}_block_number")
        if url is None and block is not None:
            flag = name.replace("_", "-")
            raise ConfigError(f"--{flag}-block-number needs --{flag}-url")
    forked = config.fork_url or config.l1_fork_url
    if forked and (config.rollup_config or config.l2_genesis or config.l1_rpc):
        raise ConfigError(
            "--fork-url and --l1-fork-url make first blocks of their own: leave out "
            "--rollup-config, the genesis files and --l1-rpc"
        )


def add_engine_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--engine` to a command that takes no other of the settings."""
    parser.add_argument(
        ENGINE.flag,
        metavar="|".join(ENGINE.choices),
        help=f"{ENGINE.text} (default {DEFAULT})",
    )


def engine_name(
    arguments: Mapping[str, Any],
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> str:
    """Return which engine such a command runs on, from where `load` would take it.

    Raises `ConfigError` for a name that is none.
    """
    values, _ = _found((ENGINE,), arguments, environment, folder)
    return str(values.get(ENGINE.name, DEFAULT))


def _found(
    settings: Iterable[Setting],
    arguments: Mapping[str, Any],
    environment: Mapping[str, str] | None,
    folder: Path | None,
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values that are given, and where each came from."""
    environment = os.environ if environment is None else environment
    file_values = _read_file((folder or Path.cwd()) / CONFIG_FILE)
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for setting in settings:
        for source, value in (
            (setting.flag, arguments.get(setting.name)),
            (setting.variable, environment.get(setting.variable)),
            (CONFIG_FILE, file_values.get(setting.name)),
        ):
            if value is not None:
                values[setting.name] = setting.read(value, source)
                sources[setting.name] = source
                break
    return values, sources


def _read_file(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as exc:
        raise ConfigError(f"{path}: {exc}") from exc
    known = [setting.name for setting in SETTINGS]
    for key in document:
        if key not in known:
            raise ConfigError(f"{path}: unknown setting {key!r}{nearest(key, known)}")
    return document
