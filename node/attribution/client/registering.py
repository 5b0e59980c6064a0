"""Datasets, fee policies and models, registered by one transaction each."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any, Final

from byline.node.attribution.client.calls import Contracts
from byline.node.attribution.client.values import FeeTerms, ModelTerms
from byline.node.attribution.corpus import engine_id
from byline.node.attribution.dataset import Dataset

REGISTRY: Final = "AttributionRegistry"
POLICY: Final = "FeePolicy"


async def register_dataset(
    contracts: Contracts, dataset: Dataset, uri: str, license_: str, previous: int | None
) -> int:
    """Register the roots of a dataset and return its id.

    previous: the dataset that this is a new version of.
    """
    sizes = (len(dataset), len(dataset.ranges))
    arguments: tuple[Any, ...] = (*astuple(dataset.roots), *sizes, uri, license_)
    if previous is None:
        receipt = await contracts.send(REGISTRY, "registerDataset", *arguments)
    else:
        receipt = await contracts.send(REGISTRY, "newVersion", previous, *arguments)
    return int(contracts.event(receipt, REGISTRY, "DatasetRegistered")["id"])


async def create_policy(contracts: Contracts, terms: FeeTerms) -> int:
    """Create a fee policy and return its id."""
    receipt = await contracts.send(
        POLICY,
        "createPolicy",
        terms.rate_in,
        terms.rate_out,
        terms.platform_fee,
        terms.platform_bps,
        terms.model_bps,
        terms.staker_bps,
        terms.contributor_bps,
        terms.treasury,
    )
    return int(contracts.event(receipt, POLICY, "PolicyCreated")["id"])


async def register_model(contracts: Contracts, function: str, terms: ModelTerms) -> int:
    """Register a model and return its id; `function` is registerModel or registerAdapter."""
    receipt = await contracts.send(
        REGISTRY,
        function,
        list(terms.datasets),
        [parent for parent, _ in terms.parents],
        [bps for _, bps in terms.parents],
        terms.policy,
        engine_id(terms.min_length),
        terms.fallback,
        terms.method,
        int(terms.mode),
        terms.uri,
    )
    return int(contracts.event(receipt, REGISTRY, "ModelRegistered")["id"])
