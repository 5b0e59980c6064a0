"""What the proposer says of the L2 on the L1, and when: its decision, and the call.

The decision is a pure function of what was read from both chains.  Nothing here sends
anything: that is `byline.node.rollups.keeper`'s part.
Sources: op-proposer, `proposer/driver.go`; ethereum-optimism/optimism,
`src/dispute/DisputeGameFactory.sol`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from byline.derivation.hashing import keccak256
from byline.derivation.types import SyncStatus

CREATE_SELECTOR: Final = keccak256(b"create(uint32,bytes32,bytes)")[:4]
PERMISSIONED_CANNON: Final = 1
"""The game that only the proposer may create: what a devnet uses."""
OUTPUT_ROOT_GAMES: Final = frozenset({0, PERMISSIONED_CANNON, 2, 3, 8, 254, 255})
"""Types of games about one L2 block's output root, whose extra data is the block's number.

Cannon, permissioned, Asterisc and its Kona, Cannon with Kona, fast, alphabet
(`src/dispute/lib/Types.sol`, GameTypes).
"""
PROPOSAL_INTERVAL: Final = 3_600
"""Seconds between proposals."""


@dataclass(frozen=True, slots=True)
class ProposerSettings:
    """What an operator chooses."""

    game_type: int = PERMISSIONED_CANNON
    interval: int = PROPOSAL_INTERVAL
    allow_non_finalized: bool = False
    """Propose the safe block, not only the finalized one."""
    prompt: bool = False
    """Do not wait for the interval when the L2 has recorded withdrawals: for a devnet."""

    def __post_init__(self) -> None:
        """Refuse what the contract cannot be told."""
        if not 0 <= self.game_type < 2**32:
            raise ValueError(f"proposer: game type {self.game_type}, want 0 to {2**32 - 1}")
        if self.interval < 1:
            raise ValueError(f"proposer: an interval of {self.interval} seconds, want over 0")


@dataclass(frozen=True, slots=True)
class Proposed:
    """The newest claim: of the last game, or before any the one that all games begin from."""

    created_at: int
    """Time of the L1 block that holds it, seconds since 1970."""
    root: bytes
    """The output root that it claims."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A claim: the L2 at `block_number` has output root `root`."""

    game_type: int
    root: bytes
    block_number: int

    @property
    def extra_data(self) -> bytes:
        """What the factory takes beside the root: the block number as a word."""
        return self.block_number.to_bytes(32, "big")

    @property
    def identity(self) -> bytes:
        """The hash under which the factory takes a game once (its `getGameUUID`)."""
        return keccak256(self._arguments())

    def calldata(self) -> bytes:
        """Return the call of `DisputeGameFactory.create`, to be sent with the bond as value."""
        return CREATE_SELECTOR + self._arguments()

    def _arguments(self) -> bytes:
        """Encode type, root and extra data (ABI: the bytes begin behind the three words)."""
        words = (self.game_type, int.from_bytes(self.root, "big"), 3 * 32, len(self.extra_data))
        return b"".join(word.to_bytes(32, "big") for word in words) + self.extra_data


@dataclass(frozen=True, slots=True)
class NotYet:
    """Why nothing is proposed now."""

    reason: str


Decision: TypeAlias = Proposal | NotYet


def block_to_propose(status: SyncStatus, settings: ProposerSettings) -> int:
    """Return the height of the L2 block whose output root is to be proposed."""
    head = status.safe_l2 if settings.allow_non_finalized else status.finalized_l2
    return head.number


def decide(
    settings: ProposerSettings,
    now: int,
    newest: Proposed | None,
    block_number: int,
    root: bytes,
    *,
    withdrawals: bool = False,
) -> Decision:
    """Return what to propose at time `now`, seconds since 1970, or why nothing.

    `root` is the output root at `block_number`, which `block_to_propose` has chosen;
    `withdrawals` says that the L2 has recorded some since the newest claim.  Raises
    `ValueError` for a root that is not 32 bytes long.
    """
    if len(root) != 32:
        raise ValueError(f"proposer: an output root of {len(root)} bytes, want 32")
    hurried = settings.prompt and withdrawals
    if newest is not None and not hurried and now - newest.created_at < settings.interval:
        return NotYet(
            f"the last game is {now - newest.created_at} seconds old, "
            f"the next is due after {settings.interval}"
        )
    if block_number == 0:
        return NotYet("only the genesis block is settled, and that nobody disputes")
    if newest is not None and root == newest.root:
        return NotYet(f"the last game claims 0x{root.hex()} already")
    return Proposal(settings.game_type, root, block_number)
