"""Accounts without a header: what forge dumps, and what op-deployer keeps of a deployment.

- forge allocs (`vm.dumpState`): a JSON object from address to nonce, balance, code, storage.
- op-deployer's `state.json`: forge allocs in JSON in gzip in base64, of the L1 in `l1StateDump`
  and of each L2 in `opChainDeployments[].allocs`.

Neither tells the header of the genesis block.  It is the one that op-deployer makes where it is
told nothing else; whether that was so the hash in the rollup config shows.
Sources: ethereum-optimism/optimism, `op-deployer/pkg/deployer/state/{state,gzip}.go`,
`op-chain-ops/genesis/genesis.go`.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from byline.node.chain.json_fields import Fields
from byline.node.errors import ConfigError

DEPLOYMENTS: Final = "opChainDeployments"
L1_STATE: Final = "l1StateDump"
ADDRESS_DIGITS: Final = 40

Parse = Callable[[bytes], Any]
"""JSON to values; raises `ValueError`."""


def is_allocs(document: Any) -> bool:
    """Tell whether a document maps addresses to accounts and holds nothing else."""
    return (
        isinstance(document, Mapping)
        and bool(document)
        and all(len(name.removeprefix("0x")) == ADDRESS_DIGITS for name in document)
    )


def is_deployer_state(document: Any) -> bool:
    """Tell whether a document is op-deployer's `state.json`."""
    return isinstance(document, Mapping) and DEPLOYMENTS in document


def allocs_of_state(
    document: Any, where: str, l2_chain_id: int | None, most_bytes: int, parse: Parse
) -> Any:
    """Return the accounts in a `state.json` called `where`, as forge writes them.

    Those of the L2 with `l2_chain_id`, or of the L1 for `None`; unpacked they may have
    `most_bytes`.  Raises `ConfigError` naming what is missing or unreadable.
    """
    fields = Fields(where, document)
    if l2_chain_id is None:
        packed = fields.get(L1_STATE)
        if packed is None:
            raise fields.problem(
                L1_STATE, "is missing: op-deployer keeps the L1's accounts for new L1s only"
            )
        return _unpacked(fields, L1_STATE, packed, most_bytes, parse)
    chains = fields.get(DEPLOYMENTS)
    if not isinstance(chains, list):
        raise fields.problem(DEPLOYMENTS, "want a list of deployments")
    found = []
    for index, item in enumerate(chains):
        chain = Fields(where, item, f"{DEPLOYMENTS}[{index}]")
        number = int.from_bytes(chain.data("id", None, most=32), "big")
        if number == l2_chain_id:
            return _unpacked(chain, "allocs", chain.get("allocs"), most_bytes, parse)
        found.append(str(number))
    raise fields.problem(
        DEPLOYMENTS, f"has no chain {l2_chain_id}, only {', '.join(found) or 'none at all'}"
    )


def _unpacked(fields: Fields, name: str, packed: Any, most_bytes: int, parse: Parse) -> Any:
    if not isinstance(packed, str):
        raise fields.problem(name, "want base64 text of gzip data")
    try:
        data = base64.b64decode(packed, validate=True)
        text = gzip.GzipFile(fileobj=io.BytesIO(data)).read(most_bytes + 1)
        if len(text) > most_bytes:
            raise fields.problem(name, f"unpacks to more than {most_bytes} bytes")
        return parse(text)
    except ConfigError:
        raise
    except (binascii.Error, OSError, EOFError, zlib.error, ValueError) as exc:
        raise fields.problem(name, f"want JSON in gzip in base64: {exc}") from exc
