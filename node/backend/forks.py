"""Which rules are in force on a chain, and which come (EIP-7910).

Sources: EIP-7910 for names and shape, EIP-6122 for the fork id; geth `eth_config`.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from byline.derivation.constants import BEACON_ROOTS, HISTORY_STORAGE
from byline.derivation.header import Header
from byline.node.backend.served import Served
from byline.node.chain.chain import Chain
from byline.node.evm.ethereum import CONSOLIDATION_REQUESTS, WITHDRAWAL_REQUESTS, EthereumRules
from byline.node.evm.l1_deposits import DEPOSIT_CONTRACT
from byline.node.evm.machine import OpcodeSet
from byline.node.evm.natives.native import Native
from byline.node.evm.optimism import OptimismRules
from byline.node.rollups.rollup import ChainName
from byline.rpc.backend import ForkConfig

NAMES: Final[Mapping[int, str]] = MappingProxyType(
    {
        0x01: "ECREC",
        0x02: "SHA256",
        0x03: "RIPEMD160",
        0x04: "ID",
        0x05: "MODEXP",
        0x06: "BN254_ADD",
        0x07: "BN254_MUL",
        0x08: "BN254_PAIRING",
        0x09: "BLAKE2F",
        0x0A: "KZG_POINT_EVALUATION",
        0x0B: "BLS12_G1ADD",
        0x0C: "BLS12_G1MSM",
        0x0D: "BLS12_G2ADD",
        0x0E: "BLS12_G2MSM",
        0x0F: "BLS12_PAIRING_CHECK",
        0x10: "BLS12_MAP_FP_TO_G1",
        0x11: "BLS12_MAP_FP2_TO_G2",
        0x100: "P256VERIFY",
    }
)
"""EIP-7910; a precompile of our own has the name that it has here, in capitals."""
SYSTEM: Final = {"BEACON_ROOTS_ADDRESS": BEACON_ROOTS}
"""Since Cancun, on either chain."""
HISTORY: Final = {"HISTORY_STORAGE_ADDRESS": HISTORY_STORAGE}
"""Since Prague, and since Isthmus."""
REQUESTS: Final = {
    "CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS": CONSOLIDATION_REQUESTS,
    "DEPOSIT_CONTRACT_ADDRESS": DEPOSIT_CONTRACT,
    "WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS": WITHDRAWAL_REQUESTS,
}
"""Since Prague, on the L1."""


@dataclass(frozen=True, slots=True)
class NodeForks:
    """Implements `byline.rpc.backend.Forks`."""

    rollup: Served
    name: ChainName

    async def now_next_last(self) -> tuple[ForkConfig, ForkConfig | None, ForkConfig | None]:
        """Return the rules in force at the head, the next, and the last that are planned."""
        chain = self.rollup.chain(self.name)
        genesis = chain.canonical(chain.store.first_number)
        assert genesis is not None
        times = fork_times(chain, genesis)
        past = [time for time in times if time <= chain.head.timestamp]
        current = fork_config(chain, genesis, past[-1])
        if len(past) == len(times):
            return current, None, None
        following = fork_config(chain, genesis, times[len(past)])
        return current, following, fork_config(chain, genesis, times[-1])


def fork_times(chain: Chain, genesis: Header) -> list[int]:
    """Return when rules change, the first of them with genesis, in order."""
    rules = chain.rules
    given: list[int] = []
    if isinstance(rules, EthereumRules):
        given = list(rules.schedule.times.values())
    elif isinstance(rules, OptimismRules):
        given = list(rules.config.forks.values())
    return sorted({max(time, genesis.timestamp) for time in (genesis.timestamp, *given)})


def fork_config(chain: Chain, genesis: Header, time: int) -> ForkConfig:
    """Return the rules from `time` on, at which a fork activates."""
    rules = chain.rules
    ethereum = isinstance(rules, EthereumRules)
    contracts = dict(SYSTEM)
    if rules.opcodes(time) is not OpcodeSet.CANCUN:
        contracts |= HISTORY
        if ethereum:
            contracts |= REQUESTS
    target, most, fraction = 0, 0, 0
    if isinstance(rules, EthereumRules):
        blobs = rules.schedule.blobs(time)
        target, most, fraction = blobs.target, blobs.most, blobs.update_fraction
    return ForkConfig(
        activation_time=0 if time <= genesis.timestamp else time,
        chain_id=rules.chain_id,
        fork_id=fork_id(
            genesis.hash,
            [at for at in fork_times(chain, genesis) if genesis.timestamp < at <= time],
        ),
        blob_target=target,
        blob_most=most,
        blob_update_fraction=fraction,
        precompiles={
            NAMES.get(int.from_bytes(address, "big"), _own_name(native)): address
            for address, native in rules.precompiles(time).items()
        },
        system_contracts=contracts,
    )


def _own_name(native: Native) -> str:
    return native.name.upper().replace(" ", "_")


def fork_id(genesis: bytes, forks: Sequence[int]) -> bytes:
    """Return the checksum of the genesis hash and the forks after it, in order (EIP-6122)."""
    found = zlib.crc32(genesis)
    for fork in forks:
        found = zlib.crc32(fork.to_bytes(8, "big"), found)
    return found.to_bytes(4, "big")
