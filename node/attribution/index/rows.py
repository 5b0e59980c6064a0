"""What the index knows of each thing, as one frozen row.

Numbers of status, kind, mode and method are those of the contracts.  Addresses are 20 bytes,
roots and hashes 32; amounts are wei, times seconds since 1970.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from byline.node.attribution.encoding import EvidenceLeaf, RecordLeaf
from byline.node.attribution.index.events import Place
from byline.node.attribution.onchain import Batch, Model
from byline.node.attribution.states import BatchStatus as BatchStatus
from byline.node.attribution.states import Mode as Mode
from byline.node.attribution.states import RegistryStatus
from byline.node.attribution.states import SettlementStatus as SettlementStatus


@dataclass(frozen=True, slots=True)
class DatasetRow:
    """A dataset of the registry."""

    id: int
    registrant: bytes
    doc_root: bytes
    tok_root: bytes
    sa_root: bytes
    owner_root: bytes
    tokens: int
    owners: int
    uri: str
    license: str
    version: int = 1
    previous: int = 0
    status: RegistryStatus = RegistryStatus.LIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow(Model):
    """A model of the registry."""

    uri: str


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step of a model's training."""

    step: int
    checkpoint_root: bytes
    batch_root: bytes
    loss_q16: int


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A fee policy.  Rates are wei for 1,000 tokens, parts basis points."""

    id: int
    creator: bytes
    treasury: bytes
    rate_in: int
    rate_out: int
    platform_fee: int
    platform_bps: int
    model_bps: int
    staker_bps: int
    contributor_bps: int

    def quote(self, tokens_in: int, tokens_out: int) -> int:
        """Return the least fee of an answer, rounded up once."""
        worth = self.rate_in * tokens_in + self.rate_out * tokens_out
        return self.platform_fee + -(-worth // 1000)


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request that waits for its answer."""

    payer: bytes
    model: int
    req_hash: bytes
    fee: int
    deadline: int
    nonce: int


@dataclass(frozen=True, slots=True)
class RecordRow:
    """An answer on record."""

    batch: int
    index: int
    leaf: RecordLeaf
    place: Place


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """The answer and the evidence behind a record."""

    output: tuple[int, ...]
    """Its tokens."""
    leaves: tuple[EvidenceLeaf, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow(Batch):
    """A batch of the ledger."""

    bond: int
    place: Place
    finalized_at: int = 0


@dataclass(frozen=True, slots=True)
class DemandRow:
    """A demand that waits for what it asks for."""

    by: bytes
    fee: int
    deadline: int


@dataclass(frozen=True, slots=True)
class ChallengeRow:
    """A challenge that was proven, or evidence that was withheld (kind 0)."""

    subject: int
    """A batch; of kind 5 a dataset."""
    kind: int
    challenger: bytes
    slashed: bytes
    amount: int
    place: Place


@dataclass(frozen=True, slots=True)
class BondRow:
    """Somebody's bond."""

    total: int = 0
    locked: int = 0
    score: int = 0


@dataclass(frozen=True, slots=True)
class StakedRow:
    """The stakes on a model.  Fine wei are parts of 2**-64 wei."""

    staked: int = 0
    acc: int = 0
    """Fine wei that each staked wei has earned since the beginning."""
    rem: int = 0
    funded: int = 0
    claimed: int = 0


@dataclass(frozen=True, slots=True)
class StakeRow:
    """Somebody's stake on a model."""

    amount: int = 0
    acc_at: int = 0
    due: int = 0
    """Fine wei, earned up to `acc_at`."""
    locked_until: int = 0


@dataclass(frozen=True, slots=True)
class SettlementRow:
    """A batch in the vault: how its fees were divided, and what became of the pot."""

    model: int
    mode: Mode
    method: int
    amount: int
    treasury: bytes
    platform: int
    owner: bytes
    to_owner: int
    to_stakers: int
    to_ancestors: int
    carried: int
    pot: int
    left: int
    """Wei of the pot that nobody has been given; in root mode: that nobody has claimed."""
    list_root: bytes
    """Of the weights."""
    n: int
    weight: int
    place: Place
    root: bytes = b""
    """In root mode, once settled: of the amounts to claim.  Otherwise as `list_root`."""
    status: SettlementStatus = SettlementStatus.WAITING
    settled_at: int = 0
    entries: int = 0
    """Settled by chunks."""
    reached: int = 0
    """The sum of their weights."""
    epoch: int = 0
    """In accumulator mode: whose units the pot was divided by; 0 before that."""


@dataclass(frozen=True, slots=True)
class GivenRow:
    """What a batch gave to one address."""

    pushed: int = 0
    credited: int = 0
    withheld: int = 0
    """By penalties; not in the others, but in `claimed`."""
    claimed: int = 0
    """In root mode, before penalties."""

    @property
    def total(self) -> int:
        """What it was owed of the pot and got, penalties included."""
        kept = self.withheld if not self.claimed else 0
        return self.pushed + self.credited + self.claimed + kept


@dataclass(frozen=True, slots=True)
class UnitsRow:
    """A model's accumulator."""

    epoch: int = 0
    units: int = 0
    rem: int = 0
    list_root: bytes = field(default=bytes(32))
    """Of the list that the units come from, once all are entered."""


@dataclass(frozen=True, slots=True)
class ShareRow:
    """Somebody's units of a model's accumulator."""

    epoch: int = 0
    units: int = 0
    paid: int = 0
    """Wei a unit up to which it has been paid."""
