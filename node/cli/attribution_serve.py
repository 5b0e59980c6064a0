"""`byline attribution serve`: a paid endpoint over HTTP 402, and the operator behind it."""

from __future__ import annotations

import argparse
import asyncio
import importlib
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console

from byline.node import logs
from byline.node.attribution.client.deploying import Deployed
from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Dataset
from byline.node.attribution.folder import DATASET, load_dataset
from byline.node.attribution.serving.book import Bounds
from byline.node.attribution.serving.models import Model
from byline.node.attribution.serving.operator import OperatorSettings
from byline.node.attribution.serving.service import PaidService, ServiceSettings
from byline.node.cli.attribution_signer import add_signer, signer_of
from byline.node.cli.running import run_to_end, stop_event
from byline.node.contracts.addresses import L2_CONTRACTS
from byline.node.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what an endpoint needs."""
    parser.add_argument("--l2", metavar="URL", default="http://127.0.0.1:9545")
    parser.add_argument("--model", type=int, required=True, metavar="ID", help="in the registry")
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder with one folder for each dataset; the journal of receipts is kept there, too",
    )
    add_signer(parser, "the operator's key")
    parser.add_argument(
        "--deployment",
        type=Path,
        metavar="FILE",
        help="where the contracts stand on a chain whose genesis has none (see deploy)",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=4020, help="0 takes a free one (default 4020)")
    parser.add_argument(
        "--answers",
        metavar="MODULE:NAME",
        help="function that makes the model from a Corpus; without it, sentences are looked up",
    )
    operator, bounds = OperatorSettings(), Bounds()
    parser.add_argument(
        "--batch", type=int, default=operator.most_receipts, metavar="N", help="receipts a batch"
    )
    parser.add_argument(
        "--batch-age",
        type=int,
        default=operator.most_age,
        metavar="SECONDS",
        help="the longest that a receipt waits for its batch",
    )
    parser.add_argument(
        "--publish-always", action="store_true", help="publish evidence with every batch"
    )
    parser.add_argument(
        "--offers", type=int, default=bounds.offers, metavar="N", help="offers kept at most"
    )
    parser.add_argument(
        "--offers-of-client", type=int, default=bounds.offers_of_client, metavar="N"
    )
    parser.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="warning"
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until stopped; 0 then, 2 when something was in the way."""
    return run_to_end(_serve(arguments))


async def _serve(arguments: argparse.Namespace) -> int:
    logs.set_up(arguments.log_level, None)
    stop = stop_event()
    console = Console(highlight=False, soft_wrap=True)
    settings = await asyncio.to_thread(_settings, arguments)
    answers = None if arguments.answers is None else _answers(arguments.answers)
    async with PaidService(settings, answers, console.print) as service:
        bond = await service.client.free_bond()
        needed = await service.client.contracts.read("InferenceLedger", "batchBond")
        console.print(f"model {settings.model} of 0x{service.client.address.hex()}")
        if bond < needed:
            console.print(f"free bond {bond} wei: a batch locks {needed}, bond more")
        console.print(f"endpoint   {service.url}/infer")
        console.print("stop       Ctrl-C")
        await service.wait(stop)
        console.print("stopping ...")
    return 0


def _settings(arguments: argparse.Namespace) -> ServiceSettings:
    try:
        operator = OperatorSettings(
            most_receipts=arguments.batch,
            most_age=arguments.batch_age,
            publish_always=arguments.publish_always,
        )
    except ValueError as error:
        raise ConfigError(f"--batch: {error}") from error
    return ServiceSettings(
        l2=arguments.l2,
        key=_key(arguments),
        model=arguments.model,
        datasets=_datasets(arguments.data),
        folder=arguments.data,
        addresses=_addresses(arguments.deployment),
        host=arguments.host,
        port=arguments.port,
        bounds=Bounds(offers=arguments.offers, offers_of_client=arguments.offers_of_client),
        operator=operator,
    )


def _key(arguments: argparse.Namespace) -> bytes:
    account = signer_of(arguments)
    if account is None:
        raise ConfigError("an operator signs what it records: pass --key-file or --account")
    return account.key


def _addresses(path: Path | None) -> Mapping[str, bytes]:
    if path is None:
        return L2_CONTRACTS
    try:
        return Deployed.from_json(path.read_text("utf-8")).addresses
    except (OSError, ValueError) as error:
        raise ConfigError(f"--deployment {path} cannot be read: {error}") from error


def _datasets(folder: Path) -> tuple[Dataset, ...]:
    found = sorted(path.parent for path in folder.glob(f"*/{DATASET}"))
    if not found:
        raise ConfigError(f"--data {folder}: no folder in it holds a {DATASET}")
    return tuple(load_dataset(path) for path in found)


def _answers(name: str) -> Callable[[Corpus], Model]:
    module, _, attribute = name.partition(":")
    try:
        found: Callable[[Corpus], Model] = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"--answers {name}: {error}; want MODULE:NAME") from error
    return found
