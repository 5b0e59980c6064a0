"""What a paid endpoint asks of the chain that it records on."""

from __future__ import annotations

from byline.node.attribution.client.client import AttributionClient
from byline.node.attribution.corpus import Corpus, min_length_of
from byline.node.attribution.dataset import Dataset
from byline.node.attribution.onchain import Model
from byline.node.attribution.serving.endpoint import Head
from byline.node.attribution.serving.payments import PaymentRefused
from byline.node.attribution.states import RegistryStatus
from byline.node.errors import NodeError


class ClientChain:
    """A model's chain, through a client."""

    def __init__(self, client: AttributionClient, model_id: int) -> None:
        self._client = client
        self._model_id = model_id

    async def head(self) -> Head:
        """Return number and time of the chain."""
        number = await self._client.rpc.number("eth_blockNumber")
        return Head(number, await self._client.contracts.now())

    async def quote(self, tokens_in: int, tokens_out: int) -> int:
        """Return what the model's fee policy asks; `PaymentRefused` (ModelNotLive)."""
        model = await self._client.model(self._model_id)
        if model.status is not RegistryStatus.LIVE:
            raise PaymentRefused("ModelNotLive", f"model {self._model_id} takes no requests")
        read = self._client.contracts.read
        for dataset in model.datasets:
            status = (await read("AttributionRegistry", "dataset", dataset))[-1]
            # The ledger records no answers that are made of it.
            if status == RegistryStatus.CONDEMNED:
                raise PaymentRefused("ModelNotLive", f"its dataset {dataset} is condemned")
        return int(await read("FeePolicy", "quote", model.fee_policy, tokens_in, tokens_out))

    async def spendable(self, payer: bytes) -> int:
        """Return the prepaid wei of a payer; what it has asked back may be gone any time."""
        read = self._client.contracts.read
        # In this order a withdrawal between the two is counted twice rather than never.
        asked, _ = await read("InferenceLedger", "withdrawals", payer)
        prepaid = await read("InferenceLedger", "prepaid", payer)
        return max(0, int(prepaid) - int(asked))

    async def nonce_used(self, payer: bytes, nonce: int) -> bool:
        """Return whether the ledger has taken a receipt with this nonce."""
        return bool(
            await self._client.contracts.read("InferenceLedger", "nonceUsed", payer, nonce)
        )


async def check_served(
    client: AttributionClient, model: Model, datasets: tuple[Dataset, ...]
) -> Corpus:
    """Return the corpus of a model, once this account may serve it from these datasets.

    Raises `NodeError` where the account is not the model's operator, a dataset is missing, or
    one is not what was registered: its records would be slashed.
    """
    if model.operator != client.address:
        raise NodeError(
            f"model {model.id} is operated by 0x{model.operator.hex()}, this account is "
            f"0x{client.address.hex()}: use the operator's key, or setOperator"
        )
    held = {dataset.id: dataset for dataset in datasets}
    missing = [number for number in model.datasets if number not in held]
    if missing:
        raise NodeError(f"model {model.id} is made of datasets {missing}, which are not here")
    chosen = tuple(held[number] for number in model.datasets)
    for dataset in chosen:
        found = await client.contracts.read("AttributionRegistry", "dataset", dataset.id)
        roots = dataset.roots
        if tuple(found[1:5]) != (roots.documents, roots.tokens, roots.suffixes, roots.owners):
            raise NodeError(f"dataset {dataset.id} is not the one that is registered by that id")
    return Corpus(chosen, min_length_of(model.engine_id), model.fallback_to)
