"""Before the first question: datasets, models, fee policy, bonds, stakes, deposits from the L1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle
from types import MappingProxyType
from typing import Final

from byline.derivation.hashing import keccak256
from byline.node.attribution.corpus import engine_id
from byline.node.attribution.dataset import Dataset
from byline.node.attribution.states import MODES
from byline.node.contracts.addresses import INFERENCE_LEDGER
from byline.node.demo.chain import Chain, interface
from byline.node.demo.loss import loss_q16
from byline.node.demo.model import ADAPTER_DATASET, BASE_DATASET, Trained
from byline.node.demo.people import Cast
from byline.node.errors import NodeError
from byline.precompiles.math import CASCADE

POLICY: Final = 1
"""Id of the first fee policy of a new chain."""
RATE_IN: Final = 10**16 + 3
RATE_OUT: Final = 10**17 + 7
"""Wei for 1,000 tokens of question and answer: odd, so that few divisions come out even."""
PLATFORM_FEE: Final = 10**13
"""Wei of each batch for the platform before anything is divided."""
SHARES: Final = (500, 4500, 1000, 4000)
"""Of the rest, for platform, builder, stakers and contributors; in hundredths of a percent."""
PARENT_BPS: Final = 1000
"""Of what an adapter's contributors get, for the contributors of its base."""
OPERATOR_BOND: Final = 10**18
STAKE: Final = 10**18
PREPAID: Final = 10**18
"""Wei of OPEN that each payer sends from the L1 to its balance with the ledger."""
GAS_MONEY: Final = 10**16
"""Wei of OPEN that a contributor gets from the L1 for the gas of its claims."""


@dataclass(frozen=True, slots=True)
class Models:
    """Ids of the registered models."""

    base: int
    adapter: int
    """The one that is asked; settled by root."""
    by_mode: Mapping[str, int]
    """Adapters like it that differ in how they are settled."""

    @property
    def everyone(self) -> tuple[int, ...]:
        """All ids, ascending."""
        return (self.base, self.adapter, *self.by_mode.values())


async def register(chain: Chain, cast: Cast, trained: Trained) -> Models:
    """Register datasets, models and training steps; bond, stake, name the operator."""
    library = trained.library
    for dataset in trained.adapter.datasets:
        await _register_dataset(chain, cast, dataset, library.license)
    terms = (RATE_IN, RATE_OUT, PLATFORM_FEE, *SHARES, cast.treasury.address)
    sent = await chain.send(cast.builder, "FeePolicy", "createPolicy", *terms)
    _expect(sent.one("PolicyCreated")["id"], POLICY)
    base = await _register_model(chain, cast, "base", [BASE_DATASET], [], "root")
    both = [BASE_DATASET, ADAPTER_DATASET]
    adapter = await _register_model(chain, cast, "adapter", both, [base], "root")
    by_mode = {
        mode: await _register_model(chain, cast, mode, both, [base], mode) for mode in MODES
    }
    models = Models(base, adapter, MappingProxyType(by_mode))
    await _record_training(chain, cast, trained, models)
    for model in models.everyone:
        await chain.send(
            cast.builder, "AttributionRegistry", "setOperator", model, cast.operator.address
        )
    await chain.send(cast.operator, "ContributorBond", "bond", value=OPERATOR_BOND)
    await chain.send(cast.staker, "StakePool", "stake", adapter, value=STAKE)
    return models


async def _register_dataset(chain: Chain, cast: Cast, dataset: Dataset, license: str) -> None:  # noqa: A002
    sent = await chain.send(
        cast.builder,
        "AttributionRegistry",
        "registerDataset",
        *asdict(dataset.roots).values(),
        len(dataset),
        len(dataset.ranges),
        f"byline:demo/{dataset.id}",
        license,
    )
    _expect(sent.one("DatasetRegistered")["id"], dataset.id)


def _expect(found: int, wanted: int) -> None:
    if found != wanted:
        raise NodeError(f"a contract gave id {found}, not {wanted}: the demo wants a new chain")


async def _register_model(
    chain: Chain,
    cast: Cast,
    name: str,
    datasets: Sequence[int],
    parents: Sequence[int],
    mode: str,
) -> int:
    sent = await chain.send(
        cast.builder,
        "AttributionRegistry",
        "registerAdapter" if parents else "registerModel",
        datasets,
        parents,
        [PARENT_BPS] * len(parents),
        POLICY,
        engine_id(),
        bytes(20),
        CASCADE,
        MODES.index(mode),
        f"byline:demo/{name}",
    )
    return int(sent.one("ModelRegistered")["id"])


async def _record_training(chain: Chain, cast: Cast, trained: Trained, models: Models) -> None:
    """Record the three steps in which the models read their texts, each with its loss."""
    base, adapter = trained.adapter.datasets
    before, after = (loss_q16(one, adapter) for one in (trained.base, trained.adapter))
    steps = (
        (models.base, 1, base, (base,), before),
        (models.adapter, 1, base, (base,), before),
        (models.adapter, 2, adapter, (base, adapter), after),
    )
    for model, step, read, index, loss in steps:
        checkpoint = keccak256(b"".join(one.roots.suffixes for one in index))
        await chain.send(
            cast.builder,
            "AttributionRegistry",
            "recordTraining",
            model,
            step,
            checkpoint,
            read.roots.documents,
            loss,
        )


async def fund(
    chain: Chain, cast: Cast, payers: Iterable[bytes], contributors: Iterable[bytes]
) -> None:
    """Send OPEN from the L1: to payers' balances with the ledger, to contributors for gas."""
    prepaid, gas = list(payers), list(contributors)
    for exchange in cast.exchanges:
        await chain.approve(exchange, len(prepaid) * PREPAID)
    for who, exchange in zip(prepaid, cycle(cast.exchanges), strict=False):
        call = interface("InferenceLedger").call("depositFor", who)
        await chain.deposit(exchange, INFERENCE_LEDGER, PREPAID, call)
    await chain.approve(cast.builder, len(gas) * GAS_MONEY)
    for who in gas:
        await chain.deposit(cast.builder, who, GAS_MONEY)
    for who in prepaid:
        if await chain.view("InferenceLedger", "prepaid", who) != PREPAID:
            raise NodeError(f"the deposit for 0x{who.hex()} did not reach the ledger")
