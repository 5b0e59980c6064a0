"""Chains to ask, prepared alike: each port of this node, and each peer, with the same content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import orjson

from byline.node.accounts import dev_accounts
from byline.node.bench import peers
from byline.node.bench.effort import Bench
from byline.node.bench.process import Server, serving
from byline.node.bench.programs import TOKEN, logging_code, rounds_input
from byline.node.bench.transactions import TOKEN_GAS, Purse, deploy, fill_token, send
from byline.node.bench.wire import Wire
from byline.node.client import CallFailed

LOGS: Final = 1_000
"""Logs in the block that is asked for its logs."""
FULL: Final = 100
"""Transfers in the block that is asked for with its transactions."""
_LOG_GAS: Final = 3_000_000


@dataclass(slots=True)
class Seat:
    """One chain that is served, with what the requests are about."""

    who: str
    server: Server
    wire: Wire
    """Leads there."""
    purse: Purse
    requests: Mapping[str, bytes]
    """Bodies of requests by what they ask; those that the peer refuses are not among them."""

    @contextmanager
    def opened(self, count: int) -> Iterator[list[Wire]]:
        """Yield so many connections, each of which has served a request already.

        They are new ones, since servers close those that nobody uses for some seconds.
        """
        wires = [self.wire.another() for _ in range(count)]
        try:
            for wire in wires:
                wire.call("eth_chainId")
            yield wires
        finally:
            for wire in wires:
                wire.close()


@contextmanager
def seats(bench: Bench) -> Iterator[list[Seat]]:
    """Run everybody at the same time, so that they can be asked in turn."""
    with ExitStack() as stack:
        found = []
        for peer in peers.everyone(bench):
            bench.say(f"preparing {peer.name}")
            server = stack.enter_context(serving(peer))
            places = [(peer.name, server.wire)]
            if peer.two_chains:
                other = stack.enter_context(Wire(server.other_port))
                places.append((f"{peer.name}, L1", other))
            for who, wire in places:
                found.append(_seat(who, server, wire))
        yield found


def _seat(who: str, server: Server, wire: Wire) -> Seat:
    purse = Purse(wire.number("eth_chainId"))
    asked = {
        what: body(method, *params)
        for what, (method, *params) in _questions(wire, purse).items()
        if _is_answered(wire, method, params)
    }
    return Seat(who, server, wire, purse, MappingProxyType(asked))


def body(method: str, *params: Any, number: int = 1) -> bytes:
    """Return a JSON-RPC request."""
    return orjson.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})


def _is_answered(wire: Wire, method: str, params: list[Any]) -> bool:
    try:
        return wire.call(method, *params) is not None
    except CallFailed:
        return False


def _questions(wire: Wire, purse: Purse) -> dict[str, list[Any]]:
    """Fill a chain; return what is asked of it: words to method and parameters."""
    token = fill_token(wire, purse)
    logger = deploy(wire, purse, logging_code())
    logged = send(wire, purse.sign(logger, gas=_LOG_GAS, data=rounds_input(LOGS)))["blockNumber"]
    full = _full_block(wire, purse)
    moved = send(wire, purse.token_transfers(1, token)[0])["transactionHash"]
    holder = dev_accounts()[3].address
    at = "0x" + token.hex()
    view = {"to": at, "data": "0x" + TOKEN.call("balanceOf", holder).hex()}
    transfer = {
        "from": "0x" + holder.hex(),
        "to": at,
        "data": "0x" + TOKEN.call("transfer", dev_accounts()[4].address, 1).hex(),
        "gas": hex(TOKEN_GAS),
    }
    return {
        "eth_chainId": ["eth_chainId"],
        "eth_blockNumber": ["eth_blockNumber"],
        "eth_getBalance": ["eth_getBalance", "0x" + holder.hex(), "latest"],
        "eth_call of a view": ["eth_call", view, "latest"],
        "eth_estimateGas": ["eth_estimateGas", transfer],
        "eth_getTransactionReceipt": ["eth_getTransactionReceipt", moved],
        f"eth_getBlockByNumber, {FULL} full": ["eth_getBlockByNumber", full, True],
        f"eth_getLogs, {LOGS:,} logs": [
            "eth_getLogs", {"fromBlock": logged, "toBlock": logged, "address": "0x" + logger.hex()}
        ],
        "debug_traceTransaction": ["debug_traceTransaction", moved, {"tracer": "callTracer"}],
    }  # fmt: skip


def _full_block(wire: Wire, purse: Purse) -> str:
    """Make a block of many transfers; return its number in hex."""
    wire.call("evm_setAutomine", False)
    sent = [
        wire.call("eth_sendRawTransaction", "0x" + tx.raw.hex()) for tx in purse.transfers(FULL)
    ]
    wire.call("evm_mine")
    wire.call("evm_setAutomine", True)
    receipt = wire.call("eth_getTransactionReceipt", sent[-1])
    number: str = receipt["blockNumber"]
    block = wire.call("eth_getBlockByNumber", number, False)
    if len(block["transactions"]) < FULL:
        raise RuntimeError(
            f"block {number} has {len(block['transactions'])} transactions, want {FULL}"
        )
    return number
