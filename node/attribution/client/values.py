"""What the attribution contracts say, and what a client tells them, as values."""

from __future__ import annotations

from dataclasses import dataclass, field

from byline.derivation.hashing import ZERO_ADDRESS
from byline.node.attribution.corpus import DEFAULT_MIN_LENGTH
from byline.node.attribution.encoding import EvidenceLeaf, Points, RecordLeaf
from byline.node.attribution.receipts import SignedReceipt
from byline.node.attribution.states import BatchStatus as BatchStatus
from byline.node.attribution.states import Mode as Mode
from byline.precompiles.math import CASCADE


@dataclass(frozen=True, slots=True)
class FeeTerms:
    """What answers cost and how a fee is divided; wei, and basis points that sum to 10,000."""

    rate_in: int
    """For 1,000 tokens of the prompt."""
    rate_out: int
    """For 1,000 tokens of the answer."""
    treasury: bytes
    """20 bytes: the platform."""
    platform_fee: int = 0
    """Of each batch, before it is divided."""
    platform_bps: int = 500
    model_bps: int = 2_000
    staker_bps: int = 500
    contributor_bps: int = 7_000


@dataclass(frozen=True, slots=True)
class ModelTerms:
    """What a model is registered with."""

    datasets: tuple[int, ...]
    """Ids, ascending."""
    policy: int
    parents: tuple[tuple[int, int], ...] = ()
    """Ids of models, ascending, and the basis points that each gets of the contributors' part."""
    min_length: int = DEFAULT_MIN_LENGTH
    """Tokens of the shortest span that counts."""
    fallback: bytes = ZERO_ADDRESS
    """Who is paid for answers without spans; zero: the model's owner."""
    method: int = CASCADE
    mode: Mode = Mode.CREDIT
    uri: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """A batch as the vault has it."""

    batch: int
    model: int
    mode: Mode
    method: int
    pot: int
    root: bytes
    count: int
    settled: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """A leaf behind the root of a settled batch, and its proof."""

    batch: int
    index: int
    amount: int
    proof: bytes = field(repr=False)

    @property
    def words(self) -> tuple[int, int, int, bytes]:
        """The leaf as the vault takes it."""
        return self.batch, self.index, self.amount, self.proof


@dataclass(frozen=True, slots=True)
class ClaimPermit:
    """What a contributor signs so that somebody else sends its claims."""

    who: bytes
    claims: tuple[Claim, ...]
    max_fee: int
    """Wei of the claims that the sender may keep for its gas."""
    deadline: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class AnsweredRecord:
    """All that stands behind one record: what an operator keeps to publish and to settle."""

    record: RecordLeaf
    output: tuple[int, ...] = field(repr=False)
    leaves: tuple[EvidenceLeaf, ...] = field(repr=False)
    points: Points = field(repr=False)


@dataclass(frozen=True, slots=True)
class PaidAnswer:
    """An answer that was paid by a signed receipt, checked against what was signed."""

    answer: str
    receipt: SignedReceipt
    evidence: tuple[EvidenceLeaf, ...] = field(repr=False)
    fee: int
    """Wei."""
