"""A devnet that goes on from another one, in this process, on both engines."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from byline.derivation.hashing import keccak256
from byline.node.config import load
from byline.node.errors import ConfigError
from byline.node.evm.engines import ENGINES
from byline.node.sync_devnet import SyncDevnet
from tests.devnets import call

STORE = "602035600035555f545f5260205ff3"
"""Stores word 1 of the call data in slot word 0, and returns slot 0."""
INIT = "60055f55600f600e5f39600f5ff3" + STORE
"""Begins with 5 in slot 0, and has STORE as its code."""
LOGGER = "60" + "01" + "5f5fa1" + "00"
LOGGER_INIT = "6006600c60003960066000f3" + LOGGER
"""Emits a log with topic 1."""
RICH = "0x" + "77" * 20
AGAIN = "0x" + "78" * 20


@dataclass
class Remote:
    """The other chain and what is there."""

    devnet: SyncDevnet
    url: str
    user: str
    store: str
    logger: str
    logged: str
    """Hash of the transaction that logged."""
    number: int


def send(url: str, **fields: str) -> dict[str, Any]:
    sent = call(url, "eth_sendTransaction", {"gas": "0x30d40", **fields})
    receipt = call(url, "eth_getTransactionReceipt", sent)
    assert isinstance(receipt, dict)
    return receipt


def words(*values: int) -> str:
    return "0x" + "".join(f"{value:064x}" for value in values)


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    with SyncDevnet(l1_port=0, l2_port=0) as devnet:
        url = devnet.l2.url
        user = call(url, "eth_accounts")[0]
        store = send(url, **{"from": user, "data": "0x" + INIT})["contractAddress"]
        logger = send(url, **{"from": user, "data": "0x" + LOGGER_INIT})["contractAddress"]
        send(url, **{"from": user, "to": RICH, "value": "0x7"})
        logged = send(url, **{"from": user, "to": logger})
        number = int(call(url, "eth_blockNumber"), 16)
        assert logged["blockNumber"] == hex(number)
        yield Remote(devnet, url, user, store, logger, logged["transactionHash"], number)


@contextlib.contextmanager
def fork(remote: Remote, **settings: Any) -> Iterator[SyncDevnet]:
    place = f"{remote.url}@{remote.number}"
    chosen = {"fork_url": place, "no_storage_caching": True, **settings}
    with SyncDevnet(l1_port=0, l2_port=0, **chosen) as devnet:
        yield devnet


def slot(url: str, address: str, at: str = "latest", number: str = "0x0") -> int:
    return int(call(url, "eth_getStorageAt", address, number, at), 16)


@pytest.mark.parametrize("engine", ENGINES)
def test_state_goes_on_and_changes_here_alone(remote: Remote, engine: str) -> None:
    with fork(remote, engine=engine) as devnet:
        url = devnet.l2.url
        assert call(url, "eth_chainId") == call(remote.url, "eth_chainId")
        assert call(url, "eth_blockNumber") == hex(remote.number)
        assert slot(url, remote.store) == 5
        assert call(url, "eth_getCode", remote.store, "latest") == "0x" + STORE
        assert call(url, "eth_getBalance", RICH, "latest") == "0x7"
        nonce = call(url, "eth_getTransactionCount", remote.user, "latest")
        assert nonce == call(remote.url, "eth_getTransactionCount", remote.user, "latest")
        done = send(url, **{"from": remote.user, "to": remote.store, "data": words(0, 0)})
        assert done["status"] == "0x1"
        assert done["blockNumber"] == hex(remote.number + 1)
        assert (slot(url, remote.store), slot(remote.url, remote.store)) == (0, 5)
        assert slot(url, remote.store, hex(remote.number)) == 5
        send(url, **{"from": remote.user, "to": RICH, "value": "0x1"})
        assert call(url, "eth_getBalance", RICH, "latest") == "0x8"
        assert call(url, "eth_getBalance", RICH, hex(remote.number)) == "0x7"


def test_both_engines_make_the_same_blocks_on_a_fork(remote: Remote) -> None:
    hashes = []
    for engine in ENGINES:
        # Nothing that depends on the wall clock: no jumps, no batches in between.
        with fork(remote, engine=engine, strict=True, batch_pause=1000.0) as devnet:
            url = devnet.l2.url
            for data in (words(0, 0), words(1, 9), words(0, 5)):
                send(url, **{"from": remote.user, "to": remote.store, "data": data})
            send(url, **{"from": remote.user, "data": "0x" + INIT})
            head = call(url, "eth_getBlockByNumber", "latest", False)
            hashes.append((head["number"], head["stateRoot"], head["receiptsRoot"]))
    assert hashes[0] == hashes[1]


def test_blocks_before_the_fork_are_the_other_chains_with_their_deposits(remote: Remote) -> None:
    with fork(remote) as devnet:
        url = devnet.l2.url
        for number in (0, 1, remote.number):
            params = (hex(number), True)
            there = call(remote.url, "eth_getBlockByNumber", *params)
            assert call(url, "eth_getBlockByNumber", *params) == there
            assert call(url, "eth_getBlockByHash", there["hash"], True) == there
            assert call(url, "eth_getBlockReceipts", hex(number)) == call(
                remote.url, "eth_getBlockReceipts", hex(number)
            )
        there = call(remote.url, "eth_getBlockByNumber", hex(remote.number), True)
        assert there["transactions"][0]["type"] == "0x7e"
        deposit = there["transactions"][0]["hash"]
        for method in ("eth_getTransactionByHash", "eth_getTransactionReceipt"):
            assert call(url, method, deposit) == call(remote.url, method, deposit) is not None
        send(url, **{"from": remote.user, "to": RICH, "value": "0x1"})
        first = call(url, "eth_getBlockByNumber", hex(remote.number + 1), False)
        assert first["parentHash"] == there["hash"]
        assert call(url, "debug_traceTransaction", remote.logged)["gas"] > 21000


def test_what_the_other_chain_did_after_the_fork_is_not_here(remote: Remote) -> None:
    with fork(remote) as devnet:
        url = devnet.l2.url
        later = send(remote.url, **{"from": remote.user, "to": AGAIN, "value": "0x9"})
        assert call(url, "eth_getTransactionReceipt", later["transactionHash"]) is None
        assert call(url, "eth_getTransactionByHash", later["transactionHash"]) is None
        assert call(url, "eth_getBlockByHash", later["blockHash"], False) is None
        assert call(url, "eth_getBlockByNumber", later["blockNumber"], False) is None
        assert call(url, "eth_getBalance", AGAIN, "latest") == "0x0"


def test_logs_of_both_chains_come_in_order(remote: Remote) -> None:
    with fork(remote) as devnet:
        url = devnet.l2.url
        mine = send(url, **{"from": remote.user, "to": remote.logger})
        wanted = {"fromBlock": "earliest", "toBlock": "latest", "address": remote.logger}
        found = call(url, "eth_getLogs", wanted)
        assert [log["transactionHash"] for log in found] == [
            remote.logged,
            mine["transactionHash"],
        ]
        before = {**wanted, "toBlock": hex(remote.number)}
        assert call(url, "eth_getLogs", before) == found[:1]
        assert call(url, "eth_getLogs", {**wanted, "fromBlock": mine["blockNumber"]}) == found[1:]
        for more, count in (({"topics": [None]}, 2), ({"topics": [[words(2)]]}, 0)):
            assert len(call(url, "eth_getLogs", {**wanted, **more})) == count
        name = call(url, "eth_newFilter", wanted)
        assert call(url, "eth_getFilterLogs", name) == found
        of_block = {"blockHash": found[0]["blockHash"]}
        assert found[0] in call(url, "eth_getLogs", of_block)


def test_a_verifier_in_the_node_derives_the_same_blocks(remote: Remote) -> None:
    with fork(remote) as devnet:
        send(devnet.l2.url, **{"from": remote.user, "to": RICH, "value": "0x1"})
        devnet.flush()
        status = devnet.sync_status()
        assert status.safe_l2 == status.unsafe_l2
        assert status.safe_l2.number == remote.number + 1


def test_a_snapshot_goes_back_to_the_fork_itself(remote: Remote) -> None:
    with fork(remote) as devnet:
        url = devnet.l2.url
        taken = call(url, "evm_snapshot")
        send(url, **{"from": remote.user, "to": remote.store, "data": words(0, 8)})
        assert slot(url, remote.store) == 8
        assert call(url, "evm_revert", taken)
        assert slot(url, remote.store) == 5
        assert call(url, "eth_blockNumber") == hex(remote.number)


def test_calls_estimates_and_block_hashes_see_the_other_chain(remote: Remote) -> None:
    with fork(remote) as devnet:
        url = devnet.l2.url
        request = {"to": remote.store, "data": words(3, 4)}
        assert int(call(url, "eth_call", request, "latest"), 16) == 5
        assert int(call(url, "eth_estimateGas", request), 16) > 40_000
        # BLOCKHASH of a number in the call data, as code of nobody.
        program = {"data": "0x5f3540" + "5f5260205ff3", "to": RICH}
        over = {RICH: {"code": program.pop("data")}}
        wanted = call(url, "eth_getBlockByNumber", "0x1", False)["hash"]
        for at in ("latest", "pending"):
            asked = {**program, "data": words(1)}
            assert call(url, "eth_call", asked, at, over) == wanted


def test_state_is_cleared_by_overrides_of_calls_alone(remote: Remote) -> None:
    with fork(remote) as devnet:
        url = devnet.l2.url
        request = {"to": remote.store, "data": words(3, 4)}
        empty: dict[str, Any] = {remote.store: {"state": {}}}
        assert int(call(url, "eth_call", request, "latest", empty), 16) == 0
        assert int(call(url, "eth_call", request, "latest"), 16) == 5


def test_a_restart_finds_the_fork_and_refuses_another(remote: Remote, tmp_path: Path) -> None:
    with fork(remote, data_dir=tmp_path) as devnet:
        send(devnet.l2.url, **{"from": remote.user, "to": remote.store, "data": words(0, 0)})
    send(remote.url, **{"from": remote.user, "to": AGAIN, "value": "0x9"})
    with fork(remote, data_dir=tmp_path, fork_url=remote.url) as devnet:
        url = devnet.l2.url
        assert call(url, "eth_blockNumber") == hex(remote.number + 1)
        assert (slot(url, remote.store), call(url, "eth_getBalance", RICH, "latest")) == (0, "0x7")
        send(url, **{"from": remote.user, "to": remote.store, "data": words(0, 6)})
        assert slot(url, remote.store) == 6
    with (
        pytest.raises(ConfigError, match="holds a fork of chain 901 at block"),
        fork(remote, data_dir=tmp_path, fork_url=f"{remote.url}@1"),
    ):
        pass
    with (
        pytest.raises(ConfigError, match="pass --fork-url"),
        SyncDevnet(l1_port=0, l2_port=0, data_dir=tmp_path),
    ):
        pass


def test_an_l1_goes_on_from_another_one_with_contracts_of_its_own(remote: Remote) -> None:
    there = remote.devnet.l1.url
    user = call(there, "eth_accounts")[1]
    store = send(there, **{"from": user, "data": "0x" + INIT})["contractAddress"]
    number = call(there, "eth_blockNumber")
    place = f"{there}@{int(number, 16)}"
    with SyncDevnet(l1_port=0, l2_port=0, l1_fork_url=place, no_storage_caching=True) as devnet:
        url = devnet.l1.url
        assert call(url, "eth_blockNumber") == number
        assert slot(url, store) == 5
        send(url, **{"from": user, "to": store, "data": words(0, 0)})
        assert slot(url, store) == 0
        send(devnet.l2.url, **{"from": remote.user, "to": RICH, "value": "0x1"})
        devnet.flush()
        status = devnet.sync_status()
        assert status.safe_l2 == status.unsafe_l2
        assert status.safe_l2.number == 1


def test_both_chains_go_on_from_another_devnet_at_once(remote: Remote) -> None:
    there = remote.devnet.l1.url
    with fork(remote, l1_fork_url=there) as devnet:
        send(devnet.l2.url, **{"from": remote.user, "to": remote.store, "data": words(0, 2)})
        devnet.flush()
        status = devnet.sync_status()
        assert status.safe_l2 == status.unsafe_l2
        assert slot(devnet.l2.url, remote.store) == 2


def test_proofs_show_what_was_written_here_and_refuse_what_was_not(remote: Remote) -> None:
    with fork(remote) as devnet:
        url = devnet.l2.url
        assert call(url, "eth_getProof", remote.store, ["0x0"], "0x1")["nonce"] == "0x1"
        with pytest.raises(RuntimeError, match="which has no root: ask for a later block"):
            call(url, "eth_getProof", remote.store, ["0x0"], "latest")
        done = send(url, **{"from": remote.user, "to": remote.store, "data": words(1, 3)})
        written = call(url, "eth_getProof", remote.store, ["0x1", "0x9"], "latest")
        assert [item["value"] for item in written["storageProof"]] == ["0x3", "0x0"]
        block = call(url, "eth_getBlockByNumber", done["blockNumber"], False)
        assert keccak256(bytes.fromhex(written["accountProof"][0][2:])).hex() == (
            block["stateRoot"].removeprefix("0x")
        )
        with pytest.raises(
            RuntimeError, match=r"slot 0x0+ of .* is as it was on the forked chain"
        ):
            call(url, "eth_getProof", remote.store, ["0x0"], "latest")
        with pytest.raises(RuntimeError, match=r"account .* is as it was on the forked chain"):
            call(url, "eth_getProof", remote.logger, [], "latest")
        assert call(url, "eth_getProof", "0x" + "44" * 20, [], "latest")["balance"] == "0x0"


def test_cheats_change_accounts_of_the_other_chain(remote: Remote) -> None:
    with fork(remote) as devnet:
        url = devnet.l2.url
        call(url, "anvil_setBalance", remote.store, hex(10**18))
        call(url, "anvil_setStorageAt", remote.store, "0x3", words(9))
        call(url, "anvil_setCode", RICH, "0x" + STORE)
        call(url, "anvil_setBalance", AGAIN, "0x0")
        assert (slot(url, remote.store), slot(url, remote.store, number="0x3")) == (5, 9)
        call(url, "anvil_impersonateAccount", remote.store)
        sent = {"from": remote.store, "to": RICH, "data": words(0, 4)}
        assert send(url, **sent)["status"] == "0x1"
        assert (slot(url, RICH), slot(url, remote.store)) == (4, 5)
        devnet.flush()
        status = devnet.sync_status()
        assert status.safe_l2 == status.unsafe_l2


def test_delegations_of_the_other_chain_are_followed(remote: Remote) -> None:
    delegated = "0x" + "8d" * 20
    call(remote.url, "anvil_setCode", delegated, "0xef0100" + remote.store[2:])
    call(remote.url, "anvil_setStorageAt", delegated, "0x0", words(6))
    number = int(call(remote.url, "eth_blockNumber"), 16)
    with fork(remote, fork_url=f"{remote.url}@{number}") as devnet:
        url = devnet.l2.url
        request = {"to": delegated, "data": words(5, 5)}
        assert int(call(url, "eth_call", request, "latest"), 16) == 6
        send(url, **{"from": remote.user, "to": delegated, "data": words(0, 0)})
        assert (slot(url, delegated), slot(url, remote.store)) == (0, 5)


def test_what_was_asked_once_is_in_the_users_cache(
    remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for _ in range(2):
        with fork(remote, no_storage_caching=False) as devnet:
            assert slot(devnet.l2.url, remote.store) == 5
    block = call(remote.url, "eth_getBlockByNumber", hex(remote.number), False)["hash"]
    path = tmp_path / "byline" / "forks" / "901" / f"{block[2:]}.sqlite"
    assert path.stat().st_size > 1_000


def test_traces_of_a_range_begin_after_the_fork(remote: Remote) -> None:
    with fork(remote) as devnet:
        url = devnet.l2.url
        mine = send(url, **{"from": remote.user, "to": RICH, "value": "0x1"})
        wanted = {"fromBlock": hex(remote.number), "toBlock": "latest", "toAddress": [RICH]}
        found = call(url, "trace_filter", wanted)
        assert [item["transactionHash"] for item in found] == [mine["transactionHash"]]
        there = call(remote.url, "trace_transaction", remote.logged)
        assert call(url, "trace_transaction", remote.logged) == there


def test_both_chains_cannot_have_one_id(remote: Remote) -> None:
    with (
        pytest.raises(
            ConfigError, match="both chains would have chain id 901: pass --l1-chain-id"
        ),
        fork(remote, l1_fork_url=remote.url),
    ):
        pass


def test_an_id_that_is_asked_for_is_had(remote: Remote) -> None:
    settings = load({"l2_chain_id": 77, "fork_url": remote.url, "no_storage_caching": True})
    with SyncDevnet(settings, l1_port=0, l2_port=0) as devnet:
        assert call(devnet.l2.url, "eth_chainId") == "0x4d"
        done = send(devnet.l2.url, **{"from": remote.user, "to": RICH, "value": "0x1"})
        assert done["status"] == "0x1"


@pytest.mark.parametrize(
    ("given", "words_of_error"),
    [
        ({"fork_block_number": 5}, "--fork-block-number needs --fork-url"),
        ({"l1_fork_block_number": 5}, "--l1-fork-block-number needs --l1-fork-url"),
        ({"fork_url": "http://a", "rollup_config": "x"}, "make first blocks of their own"),
    ],
)
def test_settings_that_do_not_fit_are_refused(given: dict[str, Any], words_of_error: str) -> None:
    with pytest.raises(ConfigError, match=words_of_error):
        load(given, {}, Path("/nowhere"))


def test_another_back_end_of_attribution_is_refused_on_a_fork(remote: Remote) -> None:
    given = {"attribution_backend": "twin", "fork_url": remote.url, "no_storage_caching": True}
    with (
        pytest.raises(ConfigError, match="attribution_backend is twin, but an L2 that goes on"),
        SyncDevnet(load(given, {}, Path("/none")), l1_port=0, l2_port=0),
    ):
        pass


def test_a_time_of_ones_own_is_refused_on_a_fork(remote: Remote) -> None:
    settings = load(
        {"genesis_time": 5, "fork_url": remote.url, "no_storage_caching": True}, {}, Path("/none")
    )
    with (
        pytest.raises(ConfigError, match="genesis_time is that of the block that is forked"),
        SyncDevnet(settings, l1_port=0, l2_port=0),
    ):
        pass
