"""`byline up --fork-url` on anvil, and on a second Byline."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from byline.node.evm.engines import ENGINES
from tests.anvils import running_anvil
from tests.devnets import Running, call, command, environment, running, wait_for

STORE = "602035600035555f545f5260205ff3"
INIT = "60055f55600f600e5f39600f5ff3" + STORE
FACTORY_INIT = "6014600c60003960146000f3" + "365f5f375f365f5ff55f5260205ff3".ljust(40, "0")
"""Creates what it is given, with CREATE2 and salt 0, and returns where."""
DIES = "33ff"
"""Init code that destructs itself."""
QUIET = ("--log-level", "error", "--no-storage-caching")


def send(url: str, **fields: Any) -> dict[str, Any]:
    sent = call(url, "eth_sendTransaction", {"gas": "0x493e0", **fields})
    found: dict[str, Any] = {}

    def mined() -> bool:
        found.update(call(url, "eth_getTransactionReceipt", sent) or {})
        return bool(found)

    wait_for(mined)
    return found


def words(*values: int) -> str:
    return "0x" + "".join(f"{value:064x}" for value in values)


def word(url: str, address: str, slot: int, at: str = "latest") -> int:
    return int(call(url, "eth_getStorageAt", address, hex(slot), at), 16)


def play(url: str, user: str, store: str, factory: str) -> list[Any]:
    """Write, zero, create, destruct and create again; return what is seen of it."""
    seen: list[Any] = [word(url, store, 0)]
    for slot, value in ((0, 0), (1, 7), (0, 6), (0, 0)):
        done = send(url, **{"from": user, "to": store, "data": words(slot, value)})
        assert (done["status"], word(url, store, slot)) == ("0x1", value)
        seen.append(done["gasUsed"])
    answer = call(url, "eth_call", {"to": factory, "data": "0x" + INIT}, "latest")
    created = "0x" + answer[-40:]
    for code in (DIES, INIT, INIT):
        done = send(url, **{"from": user, "to": factory, "data": "0x" + code})
        assert done["status"] == "0x1"
        seen += [done["gasUsed"], call(url, "eth_getCode", created, "latest")]
    assert seen[-1] == "0x" + STORE
    assert word(url, created, 0) == 5
    send(url, **{"from": user, "to": "0x" + "77" * 20, "value": hex(3)})
    seen.append(call(url, "eth_getBalance", "0x" + "77" * 20, "latest"))
    head = call(url, "eth_getBlockByNumber", "latest", False)
    return [*seen, head["number"], head["stateRoot"], head["receiptsRoot"]]


def prepare(url: str) -> tuple[str, str, str]:
    user = call(url, "eth_accounts")[0]
    store = send(url, **{"from": user, "data": "0x" + INIT})["contractAddress"]
    factory = send(url, **{"from": user, "data": "0x" + FACTORY_INIT})["contractAddress"]
    send(url, **{"from": user, "to": "0x" + "77" * 20, "value": hex(4)})
    return user, store, factory


def verified(devnet: Running, folder: Path, place: str) -> str:
    arguments = ("verify", "--l1", devnet.l1_url, "--rollup-config", devnet.l2_url)
    done = subprocess.run(
        command(*arguments, "--fork-url", place),
        capture_output=True,
        text=True,
        cwd=folder,
        env={**environment(), "XDG_CACHE_HOME": str(folder)},
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["l2", "l1"])
def test_both_engines_go_on_from_anvil_alike_and_a_verifier_follows(
    tmp_path: Path, layer: str
) -> None:
    with running_anvil() as url:
        user, store, factory = prepare(url)
        number = call(url, "eth_blockNumber")
        found = []
        for engine in ENGINES:
            flag = "--fork-url" if layer == "l2" else "--l1-fork-url"
            place = f"{url}@{int(number, 16)}"
            with running(tmp_path, (flag, place, "--engine", engine, *QUIET)) as devnet:
                port = devnet.l2_url if layer == "l2" else devnet.l1_url
                assert call(port, "eth_blockNumber") == number
                assert call(port, "eth_chainId") == call(url, "eth_chainId")
                there = call(url, "eth_getBlockByNumber", number, True)
                assert call(port, "eth_getBlockByNumber", number, True) == there
                found.append(play(port, user, store, factory))
                assert f"goes on from {url}, chain 31337 at block" in devnet.screen
                if layer == "l2" and engine == "fast":
                    wait_for(lambda: _all_safe(devnet))
                    head = call(port, "eth_getBlockByNumber", "latest", False)
                    assert head["hash"] in verified(devnet, tmp_path, url)
        # The roots depend on when L1 blocks came, too.
        assert found[0][:-2] == found[1][:-2]
        assert word(url, store, 0) == 5


def _all_safe(devnet: Running) -> bool:
    status = call(devnet.l2_url, "optimism_syncStatus")
    return bool(status["safe_l2"] == status["unsafe_l2"])


@pytest.mark.slow
def test_a_second_byline_goes_on_from_the_first_over_a_restart(tmp_path: Path) -> None:
    with running(tmp_path, QUIET) as first:
        user, store, factory = prepare(first.l2_url)
        deposit = call(first.l2_url, "eth_getBlockByNumber", "latest", True)["transactions"][0]
        assert deposit["type"] == "0x7e"
        folder = ("--data-dir", str(tmp_path / "data"), "--fork-url", first.l2_url, *QUIET)
        with running(tmp_path, folder) as second:
            url = second.l2_url
            assert call(url, "eth_getTransactionByHash", deposit["hash"]) == deposit
            before = play(url, user, store, factory)
            second.kill()
        send(first.l2_url, **{"from": user, "to": store, "data": words(0, 99)})
        with running(tmp_path, folder) as second:
            url = second.l2_url
            head = call(url, "eth_getBlockByNumber", "latest", False)
            assert [head["number"], head["stateRoot"], head["receiptsRoot"]] == before[-3:]
            assert (word(url, store, 0), word(url, store, 1)) == (0, 7)
            assert call(url, "eth_getTransactionByHash", deposit["hash"]) == deposit
        with pytest.raises(RuntimeError, match="pass --fork-url"):
            running(tmp_path, ("--data-dir", str(tmp_path / "data"))).__enter__()


def test_a_place_where_nobody_is_ends_the_start_with_words(tmp_path: Path) -> None:
    arguments = ("--fork-url", "http://u:secret@127.0.0.1:9/key", "--fork-retries", "0")
    with pytest.raises(RuntimeError, match=r"fork of http://127.0.0.1:9: no answer") as error:
        running(tmp_path, arguments).__enter__()
    assert "secret" not in str(error.value)
