"""Every method, asked with every kind of value in every place."""

from __future__ import annotations

import http.client
import importlib
import json
import pkgutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from byline.rpc import namespaces
from byline.rpc.method import Method
from tests.devnets import call, running

pytestmark = pytest.mark.slow

INTERNAL_ERROR = -32603
LONGEST = 1.0
"""Seconds of an answer."""
HASTY = 3
"""Answers out of thousands that may take longer, as the machine has others to serve."""
WRONG: tuple[Any, ...] = (
    None, True, 5, -1, 1.5, 2**70, "", "0x", "zz", "0xzz", "0x" + "f" * 70, "latest", "x" * 5_000,
    "\0é", [], [None], [[]], [{}], {}, {"a": 1}, {"to": 5}, {"blockHash": []}, {"fromBlock": {}},
)  # fmt: skip
PLAUSIBLE: tuple[Any, ...] = ("0x" + "11" * 20, "latest", "0x1", {}, [])


def table() -> dict[str, Method]:
    """Return all methods of all namespaces, whichever port serves them."""
    found: dict[str, Method] = {}
    for module in pkgutil.iter_modules(namespaces.__path__):
        loaded = importlib.import_module(f"{namespaces.__name__}.{module.name}")
        found.update(getattr(loaded, "METHODS", {}))
    return found


def parameters(count: int) -> Iterator[Any]:
    """Yield lists of parameters, with a wrong value in each place and in all."""
    yield from ("text", 5, {"a": 1}, [5] * (count + 1))
    for wrong in WRONG:
        yield [wrong] * count
        for place in range(count):
            plausible: list[Any] = [PLAUSIBLE[min(at, 4)] for at in range(count)]
            plausible[place] = wrong
            yield plausible


@pytest.mark.parametrize("name", ["l1", "l2"])
def test_wrong_types_never_are_our_fault_and_never_take_long(tmp_path: Path, name: str) -> None:
    with running(tmp_path) as devnet:
        url = devnet.l1_url if name == "l1" else devnet.l2_url
        faults, late, asked = [], [], 0
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        for method, known in sorted(table().items()):
            for wrong in parameters(len(known.parameters)):
                document = {"jsonrpc": "2.0", "id": 1, "method": method, "params": wrong}
                before = time.monotonic()
                connection.request(
                    "POST", "/", json.dumps(document), {"Content-Type": "application/json"}
                )
                answer = json.loads(connection.getresponse().read())
                asked += 1
                if time.monotonic() - before > LONGEST:
                    late.append((method, wrong))
                if answer.get("error", {}).get("code") == INTERNAL_ERROR:
                    faults.append((method, wrong, answer["error"]))
        connection.close()

        assert asked > 5_000
        assert faults == []
        assert len(late) <= HASTY, late
        printed = "".join(path.read_text() for path in tmp_path.glob("screen-*.txt"))
        assert "Traceback" not in printed
        assert call(url, "eth_chainId").startswith("0x")
