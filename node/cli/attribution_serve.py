"""`byline attribution serve`: a paid endpoint over HTTP 402, and the operator behind it."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console

from byline.node.cli.attribution_deployment import add_deployment, deployed_of
from byline.node.cli.attribution_signer import add_signer, signer_of
from byline.node.cli.running import run_to_end, stop_event
from byline.node.errors import ConfigError

if TYPE_CHECKING:
    from byline.node.attribution.client.deploying import Deployed
    from byline.node.attribution.corpus import Corpus
    from byline.node.attribution.dataset import Dataset
    from byline.node.attribution.serving.models import Model
    from byline.node.attribution.serving.service import ServiceSettings

_NUMBERS: Final = (
    ("batch", "N", 64, "receipts a batch, at most 200", 1),
    ("batch-age", "SECONDS", 30, "the longest that a receipt waits for its batch", 0),
    ("keep", "SECONDS", 86_400, "how long receipts are kept at least, the chain's time", 0),
    ("answer-seconds", "SECONDS", 45, "the longest that the model may take for an answer", 1),
    ("offers", "N", 1_000, "answers that wait for payment, at most", 1),
    ("offers-of-client", "N", 20, "of them for one address, at most", 1),
)
"""Options that are numbers: name, unit, default (of OperatorSettings and Bounds), least."""


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
    add_deployment(parser)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=4020, help="0 takes a free one (default 4020)")
    parser.add_argument(
        "--answers",
        metavar="MODULE:NAME",
        help="function that makes the model from a Corpus; without it, sentences are looked up",
    )
    for name, unit, default, words, _ in _NUMBERS:
        parser.add_argument(
            f"--{name}",
            metavar=unit,
            type=int,
            default=default,
            help=f"{words} (default {default})",
        )
    parser.add_argument(
        "--publish-always", action="store_true", help="publish evidence with every batch"
    )
    parser.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="warning"
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until stopped; 0 then, 2 when something was in the way."""
    return run_to_end(_serve(arguments))


async def _serve(arguments: argparse.Namespace) -> int:
    from byline.node import logs
    from byline.node.attribution.serving.service import PaidService

    logs.set_up(arguments.log_level, None)
    stop = stop_event()
    console = Console(highlight=False, markup=False, soft_wrap=True)
    with console.status(f"reading the datasets in {arguments.data} ..."):
        settings = await asyncio.to_thread(_settings, arguments, await deployed_of(arguments))
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


def _settings(arguments: argparse.Namespace, deployed: Deployed | None) -> ServiceSettings:
    from byline.node.attribution.serving.bounds import Bounds
    from byline.node.attribution.serving.operator import OperatorSettings
    from byline.node.attribution.serving.service import ServiceSettings
    from byline.node.contracts.addresses import L2_CONTRACTS

    key = _key(arguments)
    if not 0 < arguments.model < 2**32:
        raise ConfigError(f"--model {arguments.model}: want 1 to 2**32 - 1")
    if not 0 <= arguments.port < 2**16:
        raise ConfigError(f"--port {arguments.port}: want 0 to 65535")
    for name, *_, least in _NUMBERS:
        if (value := getattr(arguments, name.replace("-", "_"))) < least:
            raise ConfigError(f"--{name} {value}: want {least} or more")
    try:
        operator = OperatorSettings(
            most_receipts=arguments.batch,
            most_age=arguments.batch_age,
            publish_always=arguments.publish_always,
            keep_seconds=arguments.keep,
        )
    except ValueError as error:
        raise ConfigError(f"--batch: {error}") from error
    bounds = Bounds(
        offers=arguments.offers,
        offers_of_client=arguments.offers_of_client,
        answer_seconds=arguments.answer_seconds,
    )
    return ServiceSettings(
        l2=arguments.l2,
        key=key,
        model=arguments.model,
        datasets=_datasets(arguments.data),
        folder=arguments.data,
        addresses=L2_CONTRACTS if deployed is None else deployed.addresses,
        host=arguments.host,
        port=arguments.port,
        bounds=bounds,
        operator=operator,
    )


def _key(arguments: argparse.Namespace) -> bytes:
    account = signer_of(arguments)
    if account is None:
        raise ConfigError("an operator signs what it records: pass --key-file or --account")
    return account.key


def _datasets(folder: Path) -> tuple[Dataset, ...]:
    from byline.node.attribution.folder import DATASET, load_dataset

    found = sorted(path.parent for path in folder.glob(f"*/{DATASET}"))
    if not found:
        raise ConfigError(f"--data {folder}: no folder in it holds a {DATASET}")
    return tuple(load_dataset(path) for path in found)


def _answers(name: str) -> Callable[[Corpus], Model]:
    """Return what makes the model; its failures become `ConfigError`, in one line."""
    module, _, attribute = name.partition(":")
    # A command has the folder of its script there, not the one that it is called in.
    sys.path.insert(0, "")
    try:
        make = getattr(importlib.import_module(module), attribute)
        if not callable(make):
            raise TypeError(f"{attribute} is no function")
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise ConfigError(f"--answers {name}: {error}; want MODULE:NAME") from error
    except Exception as error:
        raise ConfigError(f"--answers {name}: importing {module} failed: {_at(error)}") from error

    def made(corpus: Corpus) -> Model:
        try:
            model: Model = make(corpus)
        except Exception as error:
            raise ConfigError(f"--answers {name} failed: {_at(error)}") from error
        if not callable(getattr(model, "answer", None)):
            raise ConfigError(
                f"--answers {name} made a {type(model).__name__}, which has no answer(prompt)"
            )
        return model

    return made


def _at(error: Exception) -> str:
    """Return an error of somebody's code, and the line that it comes from."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({last.filename}, line {last.lineno})"
