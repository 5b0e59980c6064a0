"""web3.py's own tests of a node, as its wheel ships them, against our chains.

Most run on an L2 where transactions are mined at once; those that look at waiting transactions run
where blocks come from the wall clock.  `LEFT_OUT` says what is not run, and why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any, Final

import pytest
from eth_account import Account
from eth_utils.conversions import to_bytes
from web3 import HTTPProvider, Web3
from web3._utils.contract_sources.contract_data.emitter_contract import EMITTER_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.math_contract import MATH_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.offchain_lookup import OFFCHAIN_LOOKUP_DATA
from web3._utils.contract_sources.contract_data.panic_errors_contract import (
    PANIC_ERRORS_CONTRACT_DATA,
)
from web3._utils.contract_sources.contract_data.revert_contract import REVERT_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.storage_contract import STORAGE_CONTRACT_DATA
from web3._utils.module_testing.eth_module import EthModuleTest
from web3._utils.module_testing.net_module import NetModuleTest
from web3._utils.module_testing.utils import RequestMocker
from web3._utils.module_testing.web3_module import Web3ModuleTest

from tests.devnets import call, running, wait_for

pytestmark = pytest.mark.slow

CHAIN_ID: Final = 131277322940537
"""Written into the signed transactions of web3.py's tests."""
KEY: Final = "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba"
"""Account 5 of the usual test mnemonic, which the node unlocks."""

PYUNORMALIZE: Final = int(version("pyunormalize").split(".")[0])
"""From 18 on web3.py's ENS normalization fails by itself, before it asks any node."""

LEFT_OUT: Final[dict[str, str]] = {
    "test_eth_get_balance_with_block_identifier": "wants an account whose balance grows by "
    "itself: a miner's, from geth's block rewards",
    "test_eth_simulate_v1": "eth_simulateV1 is not offered",
    "test_invalid_eth_sign_typed_data": "wants the error that web3.py raises where it signs "
    "by itself; the node's refusal is tested with the node",
}
"""Test, and why it cannot hold here."""

FIRST_IN_BLOCK: Final = (
    "getTransactionByBlock",
    "receipt_mined",
    "receipt_with_log_entry",
    "with_logs",
)
"""Parts of the names of tests that expect their transaction to be the first of its block: on
the L2 the first is always a deposit, so these run on the L1."""

NEEDS_WAITING: Final = ("unmined", "pending", "replace_transaction", "modify_transaction")
"""Parts of the names of tests whose transactions must not be mined at once."""


@pytest.fixture(scope="session")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("web3")
    ids = str(CHAIN_ID), "900"
    l1, l2 = (["--l1-chain-id", one, "--l2-chain-id", other] for one, other in (ids, ids[::-1]))
    with (
        # Strict: a jump of the clock would be the first transaction of a block.
        running(folder, [*l1, "--strict"]) as first,
        running(folder, l2) as at_once,
        running(folder, [*l2, "--block-time", "2"]) as on_the_clock,
    ):
        yield {
            "first in block": first.l1_url,
            "at once": at_once.l2_url,
            "on the clock": on_the_clock.l2_url,
        }


@pytest.fixture(autouse=True)
def _left_out(request: pytest.FixtureRequest) -> None:
    name = getattr(request.node, "originalname", request.node.name)
    if (why := LEFT_OUT.get(name)) is not None:
        pytest.skip(why)
    if "_ens" in name and PYUNORMALIZE >= 18:
        pytest.skip(f"web3.py's ENS does not work with pyunormalize {PYUNORMALIZE}")


@pytest.fixture
def w3(request: pytest.FixtureRequest, urls: dict[str, str]) -> Iterator[Web3]:
    name = request.node.name
    kind = "at once"
    if any(part in name for part in NEEDS_WAITING):
        kind = "on the clock"
    elif any(part in name for part in FIRST_IN_BLOCK):
        kind = "first in block"
    web3 = Web3(HTTPProvider(urls[kind]))
    # Blocks that the tests of batches ask for.
    call(urls[kind], "evm_mine", {"blocks": 6})
    if kind == "on the clock":
        # What has to wait in the pool does so until the next block: begin right after one.
        head = call(urls[kind], "eth_blockNumber")
        wait_for(lambda: call(urls[kind], "eth_blockNumber") != head)
    before = call(urls[kind], "evm_snapshot")
    yield web3
    assert call(urls[kind], "evm_revert", before)


@pytest.fixture(params=["bytes", "text"])
def address_conversion_func(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    return (lambda text: to_bytes(hexstr=text)) if request.param == "bytes" else str


@pytest.fixture
def keyfile_account_pkey() -> str:
    return KEY


@pytest.fixture
def keyfile_account_address() -> str:
    return str(Account.from_key(KEY).address)


@pytest.fixture
def keyfile_account_address_dual_type(
    keyfile_account_address: str, address_conversion_func: Callable[[str], Any]
) -> Any:
    return address_conversion_func(keyfile_account_address)


def unlocked(w3: Web3, index: int) -> Any:
    accounts: Any = w3.eth.accounts
    return accounts[index]


def deployed(w3: Web3, artifact: dict[str, Any]) -> tuple[Any, str]:
    """Deploy from the last account; return the contract and the transaction's hash."""
    factory: Any = w3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
    sent = factory.constructor().transact({"from": unlocked(w3, 19)})
    receipt = w3.eth.wait_for_transaction_receipt(sent, poll_latency=0.02)
    assert receipt["status"] == 1
    return factory(address=receipt["contractAddress"]), sent.to_0x_hex()


@pytest.fixture
def _math(w3: Web3) -> tuple[Any, str]:
    return deployed(w3, MATH_CONTRACT_DATA)


@pytest.fixture
def math_contract(_math: tuple[Any, str]) -> Any:
    return _math[0]


@pytest.fixture
def math_contract_deploy_txn_hash(_math: tuple[Any, str]) -> str:
    return _math[1]


@pytest.fixture
def math_contract_address(
    math_contract: Any, address_conversion_func: Callable[[str], Any]
) -> Any:
    return address_conversion_func(math_contract.address)


@pytest.fixture
def emitter_contract(w3: Web3) -> Any:
    return deployed(w3, EMITTER_CONTRACT_DATA)[0]


@pytest.fixture
def emitter_contract_address(
    emitter_contract: Any, address_conversion_func: Callable[[str], Any]
) -> Any:
    return address_conversion_func(emitter_contract.address)


@pytest.fixture
def storage_contract(w3: Web3) -> Any:
    return deployed(w3, STORAGE_CONTRACT_DATA)[0]


@pytest.fixture
def revert_contract(w3: Web3) -> Any:
    return deployed(w3, REVERT_CONTRACT_DATA)[0]


@pytest.fixture
def panic_errors_contract(w3: Web3) -> Any:
    return deployed(w3, PANIC_ERRORS_CONTRACT_DATA)[0]


@pytest.fixture
def offchain_lookup_contract(w3: Web3) -> Any:
    return deployed(w3, OFFCHAIN_LOOKUP_DATA)[0]


@pytest.fixture
def mined_txn_hash(w3: Web3) -> str:
    account = unlocked(w3, 18)
    sent = w3.eth.send_transaction({"from": account, "to": account})
    w3.eth.wait_for_transaction_receipt(sent, poll_latency=0.02)
    return str(sent.to_0x_hex())


@pytest.fixture
def block_with_txn(w3: Web3, mined_txn_hash: Any) -> Any:
    return w3.eth.get_block(w3.eth.get_transaction(mined_txn_hash)["blockHash"])


@pytest.fixture
def empty_block(w3: Web3) -> Any:
    """The genesis: every later L2 block holds a deposit at least."""
    return w3.eth.get_block(0)


@pytest.fixture
def txn_hash_with_log(w3: Web3, emitter_contract: Any) -> str:
    sent = emitter_contract.functions.logDouble(which=9, arg0=12345, arg1=54321).transact(
        {"from": unlocked(w3, 18)}
    )
    w3.eth.wait_for_transaction_receipt(sent, poll_latency=0.02)
    return str(sent.to_0x_hex())


@pytest.fixture
def block_with_txn_with_log(w3: Web3, txn_hash_with_log: Any) -> Any:
    return w3.eth.get_block(w3.eth.get_transaction(txn_hash_with_log)["blockHash"])


@pytest.fixture
def skip_if_testrpc() -> Callable[[Web3], None]:
    return lambda _: None


@pytest.fixture
def request_mocker() -> type[RequestMocker]:
    return RequestMocker


class TestEth(EthModuleTest):
    """`eth`."""


class TestNet(NetModuleTest):
    """`net`."""


class TestWeb3(Web3ModuleTest):
    """`web3`."""

    def _check_web3_client_version(self, client_version: str) -> None:  # type: ignore[override]
        assert "byline" in client_version.lower()
