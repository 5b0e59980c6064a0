"""web3.py's own tests of a node, as its wheel ships them, against both chains.

Transactions are mined at once, but for tests that look at waiting ones.  web3_kit.py says what is
not run, and why.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from eth_utils.conversions import to_bytes
from web3 import Web3
from web3._utils.module_testing.eth_module import EthModuleTest
from web3._utils.module_testing.go_ethereum_admin_module import GoEthereumAdminModuleTest
from web3._utils.module_testing.go_ethereum_debug_module import GoEthereumDebugModuleTest
from web3._utils.module_testing.go_ethereum_txpool_module import GoEthereumTxPoolModuleTest
from web3._utils.module_testing.net_module import NetModuleTest
from web3._utils.module_testing.utils import RequestMocker
from web3._utils.module_testing.web3_module import Web3ModuleTest

from tests.e2e import web3_kit as kit

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kit.Nodes]:
    with contextlib.ExitStack() as stack:
        yield kit.Nodes(tmp_path_factory.mktemp("web3"), stack)


@pytest.fixture(params=kit.PORTS, autouse=True)
def port(request: pytest.FixtureRequest) -> str:
    kit.skip_what_cannot_hold(request, request.param, with_asyncio=False)
    return str(request.param)


@pytest.fixture
def w3(request: pytest.FixtureRequest, nodes: kit.Nodes, port: str) -> Iterator[Web3]:
    with kit.lent(nodes, request, port) as url:
        yield kit.web3_at(url)


@pytest.fixture
def datadir() -> str:
    """Chains in memory have no folder."""
    return ""


@pytest.fixture(params=["bytes", "text"])
def address_conversion_func(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    return (lambda text: to_bytes(hexstr=text)) if request.param == "bytes" else str


@pytest.fixture
def keyfile_account_pkey() -> str:
    return kit.KEY


@pytest.fixture
def keyfile_account_address() -> str:
    return kit.KEY_ADDRESS


@pytest.fixture
def keyfile_account_address_dual_type(address_conversion_func: Callable[[str], Any]) -> Any:
    return address_conversion_func(kit.KEY_ADDRESS)


@pytest.fixture
def _math(w3: Web3) -> tuple[Any, str]:
    return kit.deployed(w3, "math")


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
    return kit.deployed(w3, "emitter")[0]


@pytest.fixture
def emitter_contract_address(
    emitter_contract: Any, address_conversion_func: Callable[[str], Any]
) -> Any:
    return address_conversion_func(emitter_contract.address)


@pytest.fixture
def storage_contract(w3: Web3) -> Any:
    return kit.deployed(w3, "storage")[0]


@pytest.fixture
def revert_contract(w3: Web3) -> Any:
    return kit.deployed(w3, "revert")[0]


@pytest.fixture
def panic_errors_contract(w3: Web3) -> Any:
    return kit.deployed(w3, "panic_errors")[0]


@pytest.fixture
def offchain_lookup_contract(w3: Web3) -> Any:
    return kit.deployed(w3, "offchain_lookup")[0]


@pytest.fixture
def mined_txn_hash(w3: Web3) -> str:
    return kit.mined(w3)


@pytest.fixture
def block_with_txn(w3: Web3, mined_txn_hash: Any) -> Any:
    return kit.block_of(w3, mined_txn_hash)


@pytest.fixture
def empty_block(w3: Web3) -> Any:
    """The genesis: every later L2 block holds a deposit at least."""
    return w3.eth.get_block(0)


@pytest.fixture
def txn_hash_with_log(w3: Web3, emitter_contract: Any) -> str:
    return kit.with_log(w3, emitter_contract)


@pytest.fixture
def block_with_txn_with_log(w3: Web3, txn_hash_with_log: Any) -> Any:
    return kit.block_of(w3, txn_hash_with_log)


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


class TestDebug(GoEthereumDebugModuleTest):
    """`geth.debug`."""


class TestTxPool(GoEthereumTxPoolModuleTest):
    """`geth.txpool`."""


class TestAdmin(GoEthereumAdminModuleTest):
    """`geth.admin`."""


class TestWeb3(Web3ModuleTest):
    """`web3`."""

    def _check_web3_client_version(self, client_version: str) -> None:  # type: ignore[override]
        assert "byline" in client_version.lower()
