"""The rollup config: what both ends must agree on, read from and written to rollup.json."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from byline.derivation.hashing import ZERO_HASH
from byline.derivation.types import BlockId


class ConfigProblem(ValueError):
    """The rollup config breaks a rule; the message names key, value and bound."""


class Fork(enum.IntEnum):
    """The forks whose rules differ here, oldest first."""

    HOLOCENE = 1
    ISTHMUS = 2
    JOVIAN = 3
    KARST = 4

    @property
    def key(self) -> str:
        """The key in rollup.json."""
        return f"{self.name.lower()}_time"


BEFORE_HOLOCENE = (
    "regolith_time", "canyon_time", "delta_time", "ecotone_time", "fjord_time", "granite_time",
)  # fmt: skip
"""Forks that must be active at genesis: rules before Holocene are not implemented."""


@dataclass(frozen=True, slots=True)
class SystemConfig:
    """What the L1 SystemConfig contract says at one L1 block."""

    batcher: bytes
    """The address whose inbox transactions count."""
    scalar: bytes
    """32 bytes: version 1, then blob and base fee scalars in the last 8."""
    gas_limit: int
    overhead: bytes = ZERO_HASH
    """Unused since Ecotone."""
    eip1559_params: bytes = bytes(8)
    """Denominator and elasticity, 4 bytes each; zero for the chain's constants."""
    operator_fee_scalar: int = 0
    operator_fee_constant: int = 0
    min_base_fee: int = 0
    da_footprint_gas_scalar: int = 0
    """0 stands for 400 when written to the L1 attributes."""

    @property
    def base_fee_scalar(self) -> int:
        """Weight of the L1 base fee, in millionths of 16 gas a byte."""
        if self.scalar[0] == 0 and any(self.scalar[1:28]):
            return 2**32 - 1
        return int.from_bytes(self.scalar[28:32], "big")

    @property
    def blob_base_fee_scalar(self) -> int:
        """Weight of the L1 blob base fee; 0 in scalars of version 0."""
        return int.from_bytes(self.scalar[24:28], "big") if self.scalar[0] == 1 else 0


def ecotone_scalar(base_fee_scalar: int, blob_base_fee_scalar: int) -> bytes:
    """Return the version-1 scalar word."""
    return b"\x01" + (blob_base_fee_scalar << 32 | base_fee_scalar).to_bytes(31, "big")


@dataclass(frozen=True, slots=True)
class Genesis:
    """Where the rollup begins."""

    l1: BlockId
    l2: BlockId
    l2_time: int
    system_config: SystemConfig


def _no_forks() -> Mapping[Fork, int]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RollupConfig:
    """The constants of one rollup (op-node's `rollup.Config`)."""

    genesis: Genesis
    l1_chain_id: int
    l2_chain_id: int
    batch_inbox: bytes
    deposit_contract: bytes
    """The OptimismPortal on the L1."""
    l1_system_config: bytes
    block_time: int = 2
    """Seconds between L2 blocks."""
    max_sequencer_drift: int = 600
    """Unused since Fjord, which fixed 1800 seconds; kept for other implementations."""
    seq_window_size: int = 3600
    """L1 blocks within which a batch must arrive."""
    channel_timeout: int = 300
    """Unused since Granite, which fixed 50 L1 blocks."""
    forks: Mapping[Fork, int] = field(default_factory=_no_forks)
    """Activation time of each fork; absent means never."""
    eip1559_elasticity: int = 6
    eip1559_denominator: int = 250
    """The Canyon denominator, the one in force since."""
    keep_karst_upgrade_gas: bool = False
    """Whether the gas limit of a Karst activation block became the chain's, as happened
    where it was read back as the system's."""
    dev_control: bytes | None = None
    """The DevControl contract on the L1; `None` on anything but a devnet.  Its events can
    move the L2 clock, force deposits and set header fields, which no stock verifier follows."""
    credit_vault: bytes | None = None
    """The L2 contract that may call the state precompile (0x...A772), from genesis on; `None`
    on a chain without that precompile."""

    def active(self, fork: Fork, timestamp: int) -> bool:
        """Tell whether `fork` is in force at `timestamp`."""
        start = self.forks.get(fork)
        return start is not None and timestamp >= start

    def activates(self, fork: Fork, timestamp: int, parent_timestamp: int) -> bool:
        """Tell whether a block at `timestamp` is the first under `fork`.

        A genesis block never is: a fork at genesis has no activation block.
        """
        start = self.forks.get(fork)
        return start is not None and parent_timestamp < start <= timestamp

    def to_json(self) -> dict[str, Any]:
        """Return rollup.json as other implementations read it."""
        system = self.genesis.system_config
        document: dict[str, Any] = {
            "genesis": {
                "l1": _id_json(self.genesis.l1),
                "l2": _id_json(self.genesis.l2),
                "l2_time": self.genesis.l2_time,
                "system_config": {
                    "batcherAddr": _hex(system.batcher),
                    "overhead": _hex(system.overhead),
                    "scalar": _hex(system.scalar),
                    "gasLimit": system.gas_limit,
                    "eip1559Params": _hex(system.eip1559_params),
                    "operatorFeeParams": _hex(
                        (system.operator_fee_scalar << 64 | system.operator_fee_constant).to_bytes(
                            32, "big"
                        )
                    ),
                    "minBaseFee": system.min_base_fee,
                    "daFootprintGasScalar": system.da_footprint_gas_scalar,
                },
            },
            "block_time": self.block_time,
            "max_sequencer_drift": self.max_sequencer_drift,
            "seq_window_size": self.seq_window_size,
            "channel_timeout": self.channel_timeout,
            "l1_chain_id": self.l1_chain_id,
            "l2_chain_id": self.l2_chain_id,
            **dict.fromkeys(BEFORE_HOLOCENE, 0),
            **{fork.key: time for fork, time in sorted(self.forks.items())},
            "batch_inbox_address": _hex(self.batch_inbox),
            "deposit_contract_address": _hex(self.deposit_contract),
            "l1_system_config_address": _hex(self.l1_system_config),
            "chain_op_config": {
                "eip1559Elasticity": self.eip1559_elasticity,
                "eip1559Denominator": 50,
                "eip1559DenominatorCanyon": self.eip1559_denominator,
            },
        }
        if self.keep_karst_upgrade_gas:
            document["keep_karst_upgrade_gas"] = True
        if self.dev_control is not None:
            document["devnet"] = True
            document["dev_control_address"] = _hex(self.dev_control)
        if self.credit_vault is not None:
            document["credit_vault_address"] = _hex(self.credit_vault)
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> RollupConfig:
        """Read rollup.json.

        Raises `ConfigProblem` for a missing key, a malformed value, a fork before Holocene
        that is not active at genesis, or forks out of order.
        """
        try:
            config = _read(document)
        except KeyError as exc:
            raise ConfigProblem(f"rollup config: {exc.args[0]} is missing") from exc
        except (TypeError, ValueError, AttributeError) as exc:
            raise ConfigProblem(f"rollup config: {exc}") from exc
        _check(config, document)
        return config


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _id_json(block: BlockId) -> dict[str, Any]:
    return {"hash": _hex(block.hash), "number": block.number}


def _bytes(
    document: Mapping[str, Any], key: str, width: int, default: bytes | None = None
) -> bytes:
    value = document.get(key) if default is not None else document[key]
    if value is None and default is not None:
        return default
    data = bytes.fromhex(str(value).removeprefix("0x"))
    if len(data) != width:
        raise ConfigProblem(f"rollup config: {key} has {len(data)} bytes, want {width}")
    return data


def _int(document: Mapping[str, Any], key: str, default: int | None = None) -> int:
    value = document[key] if default is None else document.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ConfigProblem(f"rollup config: {key} is {value!r}, want a whole number")
    return value


def _id(document: Mapping[str, Any]) -> BlockId:
    return BlockId(_int(document, "number"), _bytes(document, "hash", 32))


def _read(document: Mapping[str, Any]) -> RollupConfig:
    genesis = document["genesis"]
    system = genesis["system_config"]
    operator = int.from_bytes(_bytes(system, "operatorFeeParams", 32, bytes(32)), "big")
    op_config = document.get("chain_op_config") or {}
    return RollupConfig(
        genesis=Genesis(
            l1=_id(genesis["l1"]),
            l2=_id(genesis["l2"]),
            l2_time=_int(genesis, "l2_time"),
            system_config=SystemConfig(
                batcher=_bytes(system, "batcherAddr", 20),
                scalar=_bytes(system, "scalar", 32),
                gas_limit=_int(system, "gasLimit"),
                overhead=_bytes(system, "overhead", 32, ZERO_HASH),
                eip1559_params=_bytes(system, "eip1559Params", 8, bytes(8)),
                operator_fee_scalar=operator >> 64 & 2**32 - 1,
                operator_fee_constant=operator & 2**64 - 1,
                min_base_fee=_int(system, "minBaseFee", 0),
                da_footprint_gas_scalar=_int(system, "daFootprintGasScalar", 0),
            ),
        ),
        l1_chain_id=_int(document, "l1_chain_id"),
        l2_chain_id=_int(document, "l2_chain_id"),
        batch_inbox=_bytes(document, "batch_inbox_address", 20),
        deposit_contract=_bytes(document, "deposit_contract_address", 20),
        l1_system_config=_bytes(document, "l1_system_config_address", 20),
        block_time=_int(document, "block_time"),
        max_sequencer_drift=_int(document, "max_sequencer_drift"),
        seq_window_size=_int(document, "seq_window_size"),
        channel_timeout=_int(document, "channel_timeout"),
        forks=MappingProxyType(
            {fork: _int(document, fork.key) for fork in Fork if document.get(fork.key) is not None}
        ),
        eip1559_elasticity=_int(op_config, "eip1559Elasticity", 6),
        eip1559_denominator=_int(op_config, "eip1559DenominatorCanyon", 250),
        keep_karst_upgrade_gas=bool(document.get("keep_karst_upgrade_gas", False)),
        dev_control=(
            _bytes(document, "dev_control_address", 20) if document.get("devnet") else None
        ),
        credit_vault=(
            _bytes(document, "credit_vault_address", 20)
            if document.get("credit_vault_address") is not None
            else None
        ),
    )


def _check(config: RollupConfig, document: Mapping[str, Any]) -> None:
    """Refuse what op-node's `Config.Check` refuses, and rules that are not implemented."""
    positive = {
        "block_time": config.block_time,
        "channel_timeout": config.channel_timeout,
        "l1_chain_id": config.l1_chain_id,
        "l2_chain_id": config.l2_chain_id,
        "genesis.l2_time": config.genesis.l2_time,
        "system_config.gasLimit": config.genesis.system_config.gas_limit,
    }
    for key, value in positive.items():
        if value == 0:
            raise ConfigProblem(f"rollup config: {key} is 0, want at least 1")
    if config.seq_window_size < 2:
        raise ConfigProblem(
            f"rollup config: seq_window_size is {config.seq_window_size}, want at least 2"
        )
    if config.l1_chain_id == config.l2_chain_id:
        raise ConfigProblem("rollup config: l1_chain_id and l2_chain_id are the same")
    for key in BEFORE_HOLOCENE:
        if document.get(key) is None or document[key] > config.genesis.l2_time:
            raise ConfigProblem(
                f"rollup config: {key} is {document.get(key)}; rules before Holocene are not "
                "implemented, so every older fork must be active at genesis"
            )
    if not config.active(Fork.HOLOCENE, config.genesis.l2_time):
        raise ConfigProblem("rollup config: holocene_time must be at or before genesis")
    times = [config.forks.get(fork) for fork in Fork]
    known = [time for time in times if time is not None]
    if known != sorted(known) or None in times[: len(known)]:
        raise ConfigProblem(f"rollup config: forks are out of order: {times}")
