"""`byline attribution register`: texts and their owners become datasets, and a model of them."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson
from rich.console import Console

from byline.node.attribution.states import MODES, Mode
from byline.node.cli.attribution_deployment import add_deployment, deployed_of
from byline.node.cli.attribution_signer import add_signer, signer_of
from byline.node.cli.running import run_to_end
from byline.node.errors import ConfigError

if TYPE_CHECKING:
    from byline.node.attribution.dataset import Dataset, Document

MOST_DATASETS: Final = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the texts, the terms of the model, and who signs."""
    parser.add_argument(
        "texts",
        type=Path,
        nargs="+",
        metavar="TEXTS",
        help='JSON lines {"text": "..", "owner": "0x.."}; each file is a dataset, at most 4',
    )
    parser.add_argument("--l2", metavar="URL", default="http://127.0.0.1:9545")
    parser.add_argument(
        "--data",
        type=Path,
        default=Path("attribution"),
        metavar="DIR",
        help="where serve and watch find the datasets (default ./attribution)",
    )
    add_signer(parser, "the model's owner and operator")
    add_deployment(parser)
    parser.add_argument("--uri", default="", help="of the model, such as its endpoint's URL")
    parser.add_argument("--license", default="", metavar="NAME", help="of the texts")
    parser.add_argument(
        "--mode", choices=MODES, default="credit", help="how owners are paid (default credit)"
    )
    for name, whose in (("--rate-in", "prompt"), ("--rate-out", "answer")):
        parser.add_argument(
            name,
            type=int,
            default=10**16,
            metavar="WEI",
            help=f"price of 1,000 tokens of the {whose} (default 10**16)",
        )
    parser.add_argument(
        "--bond",
        type=int,
        default=10**17,
        metavar="WEI",
        help="that the operator can lose for records that are wrong (default 10**17)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Register all of it; 2 where a file, an option or the chain does not fit."""
    return run_to_end(_register(arguments))


async def _register(arguments: argparse.Namespace) -> int:
    from byline.node.attribution.client.client import AttributionClient
    from byline.node.attribution.client.values import FeeTerms, ModelTerms
    from byline.node.attribution.folder import save_dataset
    from byline.node.contracts.addresses import L2_CONTRACTS

    account = await asyncio.to_thread(signer_of, arguments)
    if account is None:
        raise ConfigError("a model has an owner who signs: pass --key-file or --account")
    with Console().status("reading and indexing the texts ..."):
        built = await asyncio.to_thread(_datasets, arguments)
    deployed = await deployed_of(arguments)
    addresses = L2_CONTRACTS if deployed is None else deployed.addresses
    async with AttributionClient(arguments.l2, account.key, addresses) as client:
        if arguments.bond:
            # First, since it is what an account may have too little money for.
            await client.bond(arguments.bond)
        datasets = []
        for file, dataset in zip(arguments.texts, built, strict=True):
            number = await client.register_built(dataset, license_=arguments.license)
            folder = arguments.data / f"dataset-{number}"
            datasets.append(replace(dataset, id=number))
            await asyncio.to_thread(save_dataset, datasets[-1], folder)
            owners = len({one.owner for one in dataset.documents})
            print(
                f"dataset {number}  {file}: {len(dataset.documents)} texts of {owners} owners, "
                f"{len(dataset)} tokens; kept in {folder}"
            )
        terms = FeeTerms(arguments.rate_in, arguments.rate_out, account.address)
        policy = await client.create_policy(terms)
        ids = tuple(one.id for one in datasets)
        mode = Mode[arguments.mode.upper()]
        model = await client.register_model(ModelTerms(ids, policy, mode=mode, uri=arguments.uri))
        print(f"policy {policy}   of each fee {terms.contributor_bps / 100:g} % to the owners")
        print(f"model {model}    settled by {arguments.mode}, bond {arguments.bond} wei")
    print(f"next      byline attribution serve --model {model} {_same(arguments)}")
    return 0


def _same(arguments: argparse.Namespace) -> str:
    """Return the options that `serve` takes for the same model."""
    signer = (
        f"--account {arguments.account}"
        if arguments.account is not None
        else f"--key-file {arguments.key_file}"
    )
    words = f"--data {arguments.data} {signer} --l2 {arguments.l2}"
    return (
        words if arguments.deployment is None else f"{words} --deployment {arguments.deployment}"
    )


def _datasets(arguments: argparse.Namespace) -> list[Dataset]:
    """Read and build all files before anything is sent."""
    from byline.node.attribution.dataset import Dataset

    if len(arguments.texts) > MOST_DATASETS:
        raise ConfigError(
            f"{len(arguments.texts)} files: a model has at most {MOST_DATASETS} datasets"
        )
    for name in ("rate_in", "rate_out", "bond"):
        if not 0 <= getattr(arguments, name) < 2**128:
            raise ConfigError(f"--{name.replace('_', '-')}: want 0 to 2**128 - 1 wei")
    for name, most in (("uri", 256), ("license", 64)):
        size = len(getattr(arguments, name).encode("utf-8", "surrogateescape"))
        if size > most:
            raise ConfigError(f"--{name} of {size} bytes: the registry takes at most {most}")
    datasets = []
    for file in arguments.texts:
        try:
            datasets.append(Dataset.build(0, _documents(file)))
        except (OSError, ValueError) as error:
            raise ConfigError(f"{file}: {error}") from error
    return datasets


def _documents(file: Path) -> list[Document]:
    """Return the documents of a file; `ValueError` names the line at fault."""
    from byline.node.attribution.dataset import Document

    documents = []
    for number, line in enumerate(file.read_bytes().split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            fields = orjson.loads(line)
            if not isinstance(fields, dict):
                raise ValueError('want {"text": "..", "owner": "0x.."}')
            text, owner = fields["text"], fields["owner"]
            if not isinstance(text, str) or not isinstance(owner, str):
                raise ValueError("text and owner are strings")
            if not owner.startswith("0x") or len(owner) != 42:
                raise ValueError(f"owner {owner!r}: want an address as 0x and 40 digits")
            documents.append(Document(text, bytes.fromhex(owner[2:])))
        except (KeyError, TypeError, ValueError) as error:
            words = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise ValueError(f"line {number}: {words}") from error
    if not documents:
        raise ValueError("there is no text in it")
    return documents
