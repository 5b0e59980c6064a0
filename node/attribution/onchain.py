"""A model of the registry and a batch of the ledger, whether views told them or events."""

from __future__ import annotations

from dataclasses import dataclass

from byline.node.attribution.states import BatchStatus, Mode, RegistryStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model as the registry has it.  Addresses are 20 bytes."""

    id: int
    owner: bytes
    operator: bytes
    """Who records its answers."""
    fallback_to: bytes
    """Who is paid for answers without spans."""
    kind: int
    """0 model, 1 adapter."""
    fee_policy: int
    engine_id: bytes
    """32 bytes: the engine, and the tokens of its shortest span (`corpus.engine_id`)."""
    method: int
    """By which a batch is divided: a number of `precompiles.math.METHODS`."""
    mode: Mode
    tokens: int
    """Of all its datasets together."""
    datasets: tuple[int, ...]
    """Ids, ascending."""
    status: RegistryStatus = RegistryStatus.LIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch as the ledger has it.  Roots are 32 bytes, times seconds since 1970."""

    id: int
    model: int
    operator: bytes
    """20 bytes."""
    records_root: bytes
    payout_root: bytes
    count: int
    """Records."""
    n: int
    """Entries of the list of payouts."""
    total_w: int
    """The sum of their points."""
    total_fee: int
    """Wei of all records."""
    recorded_at: int
    window_end: int
    """The last second in which it may be challenged."""
    open_demands: int = 0
    status: BatchStatus = BatchStatus.RECORDED
