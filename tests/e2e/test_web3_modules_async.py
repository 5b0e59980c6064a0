"""web3.py's own tests of a node, with asyncio: over HTTP, and over connections that stay.

As test_web3_modules.py; web3_kit.py says what is not run, and why.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from web3 import AsyncHTTPProvider, AsyncIPCProvider, AsyncWeb3, Web3, WebSocketProvider
from web3._utils.module_testing.eth_module import AsyncEthModuleTest
from web3._utils.module_testing.go_ethereum_admin_module import GoEthereumAsyncAdminModuleTest
from web3._utils.module_testing.go_ethereum_debug_module import GoEthereumAsyncDebugModuleTest
from web3._utils.module_testing.go_ethereum_txpool_module import GoEthereumAsyncTxPoolModuleTest
from web3._utils.module_testing.net_module import AsyncNetModuleTest
from web3._utils.module_testing.persistent_connection_provider import (
    PersistentConnectionProviderTest,
)
from web3._utils.module_testing.utils import RequestMocker
from web3._utils.module_testing.web3_module import AsyncWeb3ModuleTest

from tests.e2e import web3_kit as kit

pytestmark = [
    pytest.mark.slow,
    # web3.py's tests of batches that are cleared leave coroutines behind, others sockets.
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="session")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kit.Nodes]:
    with contextlib.ExitStack() as stack:
        yield kit.Nodes(tmp_path_factory.mktemp("web3"), stack)


@pytest.fixture(params=kit.PORTS, autouse=True)
def port(request: pytest.FixtureRequest) -> str:
    kit.skip_what_cannot_hold(request, request.param, with_asyncio=True)
    return str(request.param)


@pytest.fixture
def url(request: pytest.FixtureRequest, nodes: kit.Nodes, port: str) -> Iterator[str]:
    with kit.lent(nodes, request, port) as found:
        yield found


@pytest.fixture
def w3(url: str) -> Web3:
    return kit.web3_at(url)


@pytest_asyncio.fixture
async def async_w3(
    request: pytest.FixtureRequest, nodes: kit.Nodes, port: str, url: str
) -> AsyncIterator[Any]:
    if request.cls.WAY == "http":
        http = AsyncHTTPProvider(url)
        yield AsyncWeb3(http)
        await http.disconnect()
        return
    path = nodes.ipc_path(port, on_the_clock=kit.on_the_clock(request))
    provider: Any = WebSocketProvider(url.replace("http:", "ws:"))
    if request.cls.WAY == "ipc":
        provider = AsyncIPCProvider(path)
    async with AsyncWeb3(provider) as connected:
        yield connected


@pytest.fixture
def keyfile_account_pkey() -> str:
    return kit.KEY


@pytest.fixture
def async_keyfile_account_address() -> str:
    return kit.KEY_ADDRESS


@pytest.fixture
def async_keyfile_account_address_dual_type() -> str:
    """As text: some of these tests compare it with text; the others have bytes, too."""
    return kit.KEY_ADDRESS


def again(async_w3: Any, name: str, w3: Web3) -> Any:
    """Deploy, and return the contract as asyncio's web3.py sees it."""
    contract = kit.deployed(w3, name)[0]
    return async_w3.eth.contract(address=contract.address, abi=contract.abi)


@pytest.fixture
def math_contract(w3: Web3) -> Any:
    return kit.deployed(w3, "math")[0]


@pytest_asyncio.fixture
async def async_math_contract(async_w3: Any, w3: Web3) -> Any:
    return again(async_w3, "math", w3)


@pytest.fixture
def async_math_contract_address(async_math_contract: Any) -> Any:
    return async_math_contract.address


@pytest_asyncio.fixture
async def async_emitter_contract(async_w3: Any, w3: Web3) -> Any:
    return again(async_w3, "emitter", w3)


@pytest.fixture
def async_emitter_contract_address(async_emitter_contract: Any) -> Any:
    return async_emitter_contract.address


@pytest_asyncio.fixture
async def async_storage_contract(async_w3: Any, w3: Web3) -> Any:
    return again(async_w3, "storage", w3)


@pytest_asyncio.fixture
async def async_revert_contract(async_w3: Any, w3: Web3) -> Any:
    return again(async_w3, "revert", w3)


@pytest_asyncio.fixture
async def async_panic_errors_contract(async_w3: Any, w3: Web3) -> Any:
    return again(async_w3, "panic_errors", w3)


@pytest_asyncio.fixture
async def async_offchain_lookup_contract(async_w3: Any, w3: Web3) -> Any:
    return again(async_w3, "offchain_lookup", w3)


@pytest.fixture
def mined_txn_hash(w3: Web3) -> str:
    return kit.mined(w3)


@pytest.fixture
def async_block_with_txn(w3: Web3, mined_txn_hash: Any) -> Any:
    return kit.block_of(w3, mined_txn_hash)


@pytest.fixture
def async_empty_block(w3: Web3) -> Any:
    """The genesis: every later L2 block holds a deposit at least."""
    return w3.eth.get_block(0)


@pytest.fixture
def txn_hash_with_log(w3: Web3, async_emitter_contract: Any) -> str:
    emitter = w3.eth.contract(
        address=async_emitter_contract.address, abi=async_emitter_contract.abi
    )
    return kit.with_log(w3, emitter)


@pytest.fixture
def async_block_with_txn_with_log(w3: Web3, txn_hash_with_log: Any) -> Any:
    return kit.block_of(w3, txn_hash_with_log)


@pytest.fixture
def async_skip_if_testrpc() -> Callable[[Any], None]:
    return lambda _: None


@pytest.fixture
def request_mocker() -> type[RequestMocker]:
    return RequestMocker


class OverHttp:
    """A request a connection, or what aiohttp keeps open."""

    WAY = "http"


class OverWebSocket:
    """One connection for a test."""

    WAY = "ws"


class OverIpc:
    """One connection for a test, by a Unix socket."""

    WAY = "ipc"


class TestEthOverHttp(OverHttp, AsyncEthModuleTest):
    """`eth`."""


class TestNetOverHttp(OverHttp, AsyncNetModuleTest):
    """`net`."""


class TestDebugOverHttp(OverHttp, GoEthereumAsyncDebugModuleTest):
    """`geth.debug`."""


class TestTxPoolOverHttp(OverHttp, GoEthereumAsyncTxPoolModuleTest):
    """`geth.txpool`."""


class TestAdminOverHttp(OverHttp, GoEthereumAsyncAdminModuleTest):
    """`geth.admin`."""


class TestWeb3OverHttp(OverHttp, AsyncWeb3ModuleTest):
    """`web3`."""

    def _check_web3_client_version(self, client_version: str) -> None:  # type: ignore[override]
        assert "byline" in client_version.lower()


class TestEthOverWebSocket(OverWebSocket, AsyncEthModuleTest):
    """`eth`."""


class TestNetOverWebSocket(OverWebSocket, AsyncNetModuleTest):
    """`net`."""


class TestDebugOverWebSocket(OverWebSocket, GoEthereumAsyncDebugModuleTest):
    """`geth.debug`."""


class TestTxPoolOverWebSocket(OverWebSocket, GoEthereumAsyncTxPoolModuleTest):
    """`geth.txpool`."""


class TestAdminOverWebSocket(OverWebSocket, GoEthereumAsyncAdminModuleTest):
    """`geth.admin`."""


class TestWeb3OverWebSocket(OverWebSocket, AsyncWeb3ModuleTest):
    """`web3`."""

    def _check_web3_client_version(self, client_version: str) -> None:  # type: ignore[override]
        assert "byline" in client_version.lower()


class TestSubscriptionsOverWebSocket(OverWebSocket, PersistentConnectionProviderTest):
    """Subscriptions and the connection itself; blocks come by themselves."""

    ON_THE_CLOCK = True


class TestEthOverIpc(OverIpc, AsyncEthModuleTest):
    """`eth`."""


class TestNetOverIpc(OverIpc, AsyncNetModuleTest):
    """`net`."""


class TestDebugOverIpc(OverIpc, GoEthereumAsyncDebugModuleTest):
    """`geth.debug`."""


class TestTxPoolOverIpc(OverIpc, GoEthereumAsyncTxPoolModuleTest):
    """`geth.txpool`."""


class TestAdminOverIpc(OverIpc, GoEthereumAsyncAdminModuleTest):
    """`geth.admin`."""


class TestWeb3OverIpc(OverIpc, AsyncWeb3ModuleTest):
    """`web3`."""

    def _check_web3_client_version(self, client_version: str) -> None:  # type: ignore[override]
        assert "byline" in client_version.lower()


class TestSubscriptionsOverIpc(OverIpc, PersistentConnectionProviderTest):
    """Subscriptions and the connection itself; blocks come by themselves."""

    ON_THE_CLOCK = True
