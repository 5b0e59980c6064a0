"""What web3.py's own tests of a node need: nodes, accounts, contracts, and what is left out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pytest
from eth_account import Account
from web3 import HTTPProvider, Web3
from web3._utils.contract_sources.contract_data.emitter_contract import EMITTER_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.math_contract import MATH_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.offchain_lookup import OFFCHAIN_LOOKUP_DATA
from web3._utils.contract_sources.contract_data.panic_errors_contract import (
    PANIC_ERRORS_CONTRACT_DATA,
)
from web3._utils.contract_sources.contract_data.revert_contract import REVERT_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.storage_contract import STORAGE_CONTRACT_DATA

from tests.devnets import Running, call, running

CHAIN_ID: Final = 131277322940537
"""Written into the signed transactions of web3.py's tests."""
KEY: Final = "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba"
"""Account 5 of the usual test mnemonic, which the node unlocks."""
KEY_ADDRESS: Final = str(Account.from_key(KEY).address)
PORTS: Final = ("l1", "l2")
CONTRACTS: Final = {
    "emitter": EMITTER_CONTRACT_DATA,
    "math": MATH_CONTRACT_DATA,
    "offchain_lookup": OFFCHAIN_LOOKUP_DATA,
    "panic_errors": PANIC_ERRORS_CONTRACT_DATA,
    "revert": REVERT_CONTRACT_DATA,
    "storage": STORAGE_CONTRACT_DATA,
}

PYUNORMALIZE: Final = int(version("pyunormalize").split(".")[0])
"""From 18 on web3.py's ENS normalization fails by itself, before it asks any node."""

REWARDED: Final = "wants an account whose balance grows by itself: a miner's, from block rewards"
SIGNED_HERE: Final = (
    "wants the error that web3.py raises where it signs by itself; the node's refusal is tested "
    "with the node"
)
NO_PEERS: Final = "wants a peer, and the node has none: the L1 is in it"
NO_SWITCH: Final = "wants admin_stopHTTP and its kin: who closes the port cannot open it again"
LEFT_OUT: Final[dict[str, str]] = {
    "test_eth_get_balance_with_block_identifier": REWARDED,
    "test_invalid_eth_sign_typed_data": SIGNED_HERE,
    "test_add_peer": NO_PEERS,
    "test_admin_peers": NO_PEERS,
    "test_admin_start_stop_http": NO_SWITCH,
    "test_admin_start_stop_ws": NO_SWITCH,
    "test_async_node_info": "wants a name with Geth in it, which is not ours",
}
"""Test, and why it cannot hold here."""
DEPOSIT_FIRST: Final = "wants its transaction to be the first of a block: a deposit is, on the L2"
NO_MAPPINGS: Final = (
    "web3.py's middleware of asyncio fails at a mapping among the parameters, before it asks"
)
LEFT_OUT_WITH_ASYNCIO: Final = {"test_eth_sign_typed_data": NO_MAPPINGS}
LEFT_OUT_OF_L2: Final = {
    "getTransactionByBlock": DEPOSIT_FIRST,
    "receipt_mined": DEPOSIT_FIRST,
    "receipt_with_log_entry": DEPOSIT_FIRST,
    "with_logs": DEPOSIT_FIRST,
}
"""Part of a test's name, and why it holds on the L1 alone."""

NEEDS_WAITING: Final = ("unmined", "pending", "replace_transaction", "modify_transaction")
"""Parts of the names of tests whose transactions must not be mined at once."""


class Nodes:
    """Devnets of a session, by what their blocks come from; each starts when first asked for."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._running: dict[tuple[str, bool], Running] = {}

    def ipc_path(self, port: str, *, on_the_clock: bool) -> Path:
        """Return the Unix socket that serves the same chain."""
        return self._folder / f"{port}-{on_the_clock}.ipc"

    def url(self, port: str, *, on_the_clock: bool) -> str:
        """Return the HTTP URL of a chain with web3.py's chain id."""
        key = port, on_the_clock
        if key not in self._running:
            ids = {"l1": "900", "l2": "901", port: str(CHAIN_ID)}
            ipc_path = self.ipc_path(port, on_the_clock=on_the_clock)
            arguments = ["--l1-chain-id", ids["l1"], "--l2-chain-id", ids["l2"]]
            arguments += [f"--{port}-ipc", str(ipc_path)]
            if on_the_clock:
                # The batcher's transactions would be news of the L1, too: let it rest.
                arguments += ["--block-time", "2", "--l1-block-time", "2", "--batch-pause", "900"]
            elif port == "l1":
                # A jump of the clock would be the first transaction of a block.
                arguments += ["--strict"]
            self._running[key] = self._stack.enter_context(running(self._folder, arguments))
        node = self._running[key]
        return node.l1_url if port == "l1" else node.l2_url


def name_of(request: pytest.FixtureRequest) -> str:
    """Return the name of a test without its parameters."""
    return str(getattr(request.node, "originalname", request.node.name))


def skip_what_cannot_hold(
    request: pytest.FixtureRequest, port: str, *, with_asyncio: bool
) -> None:
    """Skip a test that the tables above name."""
    name = name_of(request)
    why = LEFT_OUT.get(name)
    if with_asyncio:
        why = why or LEFT_OUT_WITH_ASYNCIO.get(name)
    if port == "l2":
        found = (words for part, words in LEFT_OUT_OF_L2.items() if part in name)
        why = why or next(found, None)
    if why is None and "_ens" in name and PYUNORMALIZE >= 18:
        why = f"web3.py's ENS does not work with pyunormalize {PYUNORMALIZE}"
    if why is not None:
        pytest.skip(why)


def on_the_clock(request: pytest.FixtureRequest) -> bool:
    """Tell whether a test needs blocks that come from the wall clock."""
    return bool(getattr(request.cls, "ON_THE_CLOCK", False))


@contextlib.contextmanager
def lent(nodes: Nodes, request: pytest.FixtureRequest, port: str) -> Iterator[str]:
    """Yield the URL of a chain with some blocks; take it back afterwards."""
    url = nodes.url(port, on_the_clock=on_the_clock(request))
    before = call(url, "evm_snapshot")
    # Blocks that the tests of batches ask for.
    call(url, "evm_mine", {"blocks": 6})
    if not on_the_clock(request):
        call(url, "evm_setAutomine", not _waits(name_of(request)))
    yield url
    assert call(url, "evm_revert", before)


def _waits(name: str) -> bool:
    """Tell whether the transactions of a test must not be mined at once."""
    return any(part in name for part in NEEDS_WAITING) and "already_mined" not in name


def unlocked(w3: Web3, index: int) -> Any:
    """Return the address of an account that the node signs for."""
    accounts: Any = w3.eth.accounts
    return accounts[index]


def deployed(w3: Web3, name: str) -> tuple[Any, str]:
    """Deploy from the last account; return the contract and the transaction's hash."""
    artifact: Any = CONTRACTS[name]
    factory: Any = w3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
    sent = factory.constructor().transact({"from": unlocked(w3, 19)})
    receipt = w3.eth.wait_for_transaction_receipt(sent, poll_latency=0.02)
    assert receipt["status"] == 1
    return factory(address=receipt["contractAddress"]), sent.to_0x_hex()


def mined(w3: Web3) -> str:
    """Send to oneself; return the hash once it is in a block."""
    account = unlocked(w3, 18)
    sent = w3.eth.send_transaction({"from": account, "to": account})
    w3.eth.wait_for_transaction_receipt(sent, poll_latency=0.02)
    return str(sent.to_0x_hex())


def with_log(w3: Web3, emitter: Any) -> str:
    """Let the emitter log; return the hash once it is in a block."""
    sent = emitter.functions.logDouble(which=9, arg0=12345, arg1=54321).transact(
        {"from": unlocked(w3, 18)}
    )
    w3.eth.wait_for_transaction_receipt(sent, poll_latency=0.02)
    return str(sent.to_0x_hex())


def block_of(w3: Web3, tx_hash: Any) -> Any:
    """Return the block that holds a transaction."""
    return w3.eth.get_block(w3.eth.get_transaction(tx_hash)["blockHash"])


def web3_at(url: str) -> Web3:
    """Return web3.py over HTTP."""
    return Web3(HTTPProvider(url))
