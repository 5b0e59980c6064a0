"""Sell answers over HTTP 402, and pay the people whose words they are made of."""

import asyncio
import tempfile
from pathlib import Path

import aiohttp

from byline.node import AttributionClient, Devnet
from byline.node.attribution.client.http import PaymentFailed
from byline.node.attribution.client.values import BatchStatus, FeeTerms, Mode, ModelTerms
from byline.node.attribution.dataset import Document
from byline.node.attribution.serving.operator import OperatorSettings
from byline.node.attribution.serving.service import PaidService, ServiceSettings
from byline.node.keys import address_of

OPEN = 10**18
TEXTS = {
    "Anne": (
        "Sourdough rises by wild yeast and by bacteria that make lactic acid. "
        "A starter that doubles within six hours of feeding is ready to bake with."
    ),
    "Ben": (
        "Rye flour holds more water than wheat flour does, and its dough stays sticky. "
        "A loaf of rye is cut a day after baking at the earliest."
    ),
    "Chloe": (
        "Steam in the first ten minutes keeps the crust soft, so that the loaf can open. "
        "A lid over the pot holds the steam as well as an oven does."
    ),
}
QUESTIONS = (
    "When is a sourdough starter ready to bake with?",
    "What does steam do to the crust of a loaf?",
    "Why is the dough of rye flour sticky?",
)


async def main() -> None:
    """Tell the story; each step prints what it found."""
    async with Devnet() as devnet:
        operator_key, payer_key, *keys = (bytes(account.key) for account in devnet.accounts[:5])
        async with (
            AttributionClient(devnet.l2.url, operator_key) as operator,
            AttributionClient(devnet.l2.url, payer_key) as payer,
        ):
            authors = dict(zip(TEXTS, keys, strict=True))
            await sell(devnet, operator, payer, authors)


async def sell(
    devnet: Devnet,
    operator: AttributionClient,
    payer: AttributionClient,
    authors: dict[str, bytes],
) -> None:
    """Register, serve, ask, settle and pay out."""
    documents = [Document(text, address_of(authors[name])) for name, text in TEXTS.items()]
    dataset = await operator.register_dataset(documents, license="CC0-1.0")
    policy = await operator.create_policy(
        FeeTerms(rate_in=10 * OPEN, rate_out=50 * OPEN, treasury=operator.address)
    )
    model = await operator.register_model(ModelTerms((dataset.id,), policy, mode=Mode.CREDIT))
    print(f"dataset {dataset.id} of {len(dataset)} tokens, model {model}")

    # What a batch locks until it is settled, and what is lost for a record that is wrong.
    await operator.bond(OPEN)

    with tempfile.TemporaryDirectory() as folder:
        settings = ServiceSettings(
            l2=devnet.l2.url,
            key=operator.key,
            model=model,
            datasets=(dataset,),
            folder=Path(folder),
            operator=OperatorSettings(
                most_receipts=len(QUESTIONS), publish_always=True, poll_seconds=0.1
            ),
        )
        # The service is the endpoint and the operator that records; it looks answers up in the
        # texts unless it is given a model of yours.
        async with PaidService(settings, say=lambda line: print(f"  operator: {line}")) as service:
            await ask(service.url, payer)
            await until(operator, 1, BatchStatus.RECORDED, published=len(QUESTIONS))
            print("ten minutes in which anyone may prove the batch wrong ...")
            await devnet.increase_time(601)
            await devnet.l2.mine()
            await until(operator, 1, BatchStatus.RELEASED)

    for line in await payer.explain(1, 0, [dataset]):
        print(line)
    paid = 0
    for name, key in authors.items():
        async with AttributionClient(devnet.l2.url, key) as author:
            if amount := await author.credit():
                assert await author.withdraw() == amount
            paid += amount
            print(f"{name} is paid {amount / OPEN:.6f} OPEN")
    pot = (await operator.settlement(1)).pot
    assert paid == pot, "every wei of the pot is paid out"
    print(f"together {paid} wei, as much as was in the pot")


async def ask(url: str, payer: AttributionClient) -> None:
    """Show the exchange once by hand, then pay for each question."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/infer", json={"prompt": QUESTIONS[0]}) as reply,
    ):
        (offer,) = (await reply.json())["accepts"]
        print(f"{reply.status} {reply.reason}: {offer['maxAmountRequired']} wei for the answer")
        print(f"  with the hash {offer['extra']['message']['outHash'][:18]}...")
    try:
        await payer.infer(url, QUESTIONS[0])
    except PaymentFailed as error:
        print(f"without a deposit: {error.name}")
    await payer.deposit(100 * OPEN)
    for question in QUESTIONS:
        found = await payer.infer(url, question, max_fee=10 * OPEN)
        print(f"{question}\n  {found.answer}")
        print(f"  {found.fee / OPEN:.2f} OPEN, {len(found.evidence)} places in the texts")


async def until(
    client: AttributionClient, batch: int, status: BatchStatus, published: int = 0
) -> None:
    """Wait for the operator to have brought a batch so far."""
    async with asyncio.timeout(60):
        while True:
            shown = [await client.published(batch, index) for index in range(published)]
            if all(shown) and (await client.batch(batch)).status is status:
                return
            await asyncio.sleep(0.1)


if __name__ == "__main__":
    asyncio.run(main())
