"""Numbers and addresses of the protocol, each with its source.

Sources: ethereum-optimism/specs, protocol/{deposits,predeploys,derivation}.md,
fjord/derivation.md, granite/derivation.md.
"""

from __future__ import annotations

from typing import Final


def _address(text: str) -> bytes:
    return bytes.fromhex(text)


DEPOSITOR_ACCOUNT: Final = _address("deaddeaddeaddeaddeaddeaddeaddeaddead0001")
"""Sends the L1 attributes transaction."""

L2_TO_L1_MESSAGE_PASSER: Final = _address("4200000000000000000000000000000000000016")
L1_BLOCK: Final = _address("4200000000000000000000000000000000000015")
GAS_PRICE_ORACLE: Final = _address("420000000000000000000000000000000000000f")
SEQUENCER_FEE_VAULT: Final = _address("4200000000000000000000000000000000000011")
BASE_FEE_VAULT: Final = _address("4200000000000000000000000000000000000019")
L1_FEE_VAULT: Final = _address("420000000000000000000000000000000000001a")
OPERATOR_FEE_VAULT: Final = _address("420000000000000000000000000000000000001b")

BEACON_ROOTS: Final = _address("000f3df6d732807ef1319fb7b8bb8522d0beac02")
"""EIP-4788."""
HISTORY_STORAGE: Final = _address("0000f90827f1c53a10cb7a02335b175320002935")
"""EIP-2935."""

L1_INFO_GAS: Final = 1_000_000
"""Gas limit of the L1 attributes transaction since Regolith."""
MAX_FRAME_LENGTH: Final = 1_000_000
"""Bytes of data in one frame."""
FRAME_OVERHEAD: Final = 200
"""Bytes that a frame counts beyond its data when a channel's size is taken."""
MAX_RLP_BYTES_PER_CHANNEL: Final = 100_000_000
"""Fjord: decompressed bytes read from a channel, and its size while being assembled."""
MAX_SPAN_BATCH_ELEMENTS: Final = 10_000_000
"""Fjord: blocks, and transactions, of one span batch."""
CHANNEL_TIMEOUT: Final = 50
"""Granite: L1 blocks within which a channel must close."""
MAX_SEQUENCER_DRIFT: Final = 1800
"""Fjord: seconds by which an L2 block may be ahead of its L1 origin."""
DEFAULT_DA_FOOTPRINT_GAS_SCALAR: Final = 400
"""Jovian: written where the system config says 0."""
