"""The devnet in a script without asyncio: a thread of its own, and errors where one asked."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from byline.node import CallFailed, ManualClock, NodeConfig, NodeError, SyncDevnet
from byline.node.errors import ConfigError, PortBusy

GENESIS_TIME = 1_700_000_000


@pytest.fixture(scope="module")
def devnet() -> Iterator[SyncDevnet]:
    with SyncDevnet(clock=ManualClock(GENESIS_TIME), genesis_time=GENESIS_TIME) as found:
        yield found


def pay(devnet: SyncDevnet, value: int = 1) -> str:
    """Send to account 1 on the L2; return the transaction's hash."""
    payer, payee = devnet.accounts[:2]
    call = {"from": payer.address, "to": payee.address, "value": hex(value)}
    return str(devnet.l2.request("eth_sendTransaction", call))


def over_http(url: str, method: str) -> object:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": []}).encode()
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["result"]


def test_both_chains_say_who_and_where_they_are(devnet: SyncDevnet) -> None:
    for chain, chain_id in ((devnet.l1, 900), (devnet.l2, 901)):
        assert chain.chain_id == chain_id
        assert over_http(chain.url, "eth_chainId") == hex(chain_id)
        assert chain.ws_url == chain.url.replace("http:", "ws:")
    assert devnet.l1.url != devnet.l2.url
    assert devnet.config.l2_chain_id == 901


def test_a_socket_of_unix_is_there_where_one_is_named(tmp_path: Path) -> None:
    with SyncDevnet(l2_ipc=tmp_path / "l2.ipc") as devnet:
        assert devnet.l1.ipc_path is None
        assert devnet.l2.ipc_path is not None
        with socket.socket(socket.AF_UNIX) as door:
            door.connect(str(devnet.l2.ipc_path))
            door.sendall(b'{"jsonrpc":"2.0","id":7,"method":"eth_chainId","params":[]}\n')
            assert json.loads(door.recv(4096)) == {"jsonrpc": "2.0", "id": 7, "result": "0x385"}


def test_contracts_are_found_by_name(devnet: SyncDevnet) -> None:
    portal = devnet.l1.contracts["OptimismPortal"]
    assert int(portal, 16) == int.from_bytes(devnet.config.deposit_contract)
    assert devnet.l1.request("eth_getCode", portal, "latest") != "0x"
    weth = devnet.l2.contracts["WETH"]
    assert weth == "0x4200000000000000000000000000000000000006"


def test_accounts_have_money_and_sign(devnet: SyncDevnet) -> None:
    first = devnet.accounts[0]
    assert first.address == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    for chain in (devnet.l1, devnet.l2):
        assert int(chain.request("eth_getBalance", first.address, "latest"), 16) > 10**18
    head = devnet.l2.request("eth_getBlockByNumber", "latest", False)
    with devnet.restoring():
        signed = first.sign_transaction(
            {
                "chainId": devnet.l2.chain_id,
                "nonce": 0,
                "to": devnet.accounts[1].address,
                "value": 5,
                "gas": 21_000,
                "maxFeePerGas": 2 * int(head["baseFeePerGas"], 16) + 10**6,
                "maxPriorityFeePerGas": 10**6,
            }
        )
        sent = devnet.l2.request("eth_sendRawTransaction", signed.raw_transaction.to_0x_hex())
        assert devnet.l2.request("eth_getTransactionReceipt", sent)["status"] == "0x1"


def test_blocks_are_made_on_request(devnet: SyncDevnet) -> None:
    with devnet.restoring():
        l1, l2 = devnet.l1.block_number(), devnet.l2.block_number()
        devnet.l2.mine(3)
        assert devnet.l2.block_number() == l2 + 3
        devnet.l1.mine(2)
        assert devnet.l1.block_number() == l1 + 2


def test_blocks_stand_as_far_apart_as_they_are_told(devnet: SyncDevnet) -> None:
    with devnet.restoring():
        devnet.l2.mine(3, interval=60)
        times = []
        for back in (0, 1):
            number = hex(devnet.l2.block_number() - back)
            block = devnet.l2.request("eth_getBlockByNumber", number, False)
            times.append(int(block["timestamp"], 16))
        assert times[0] - times[1] == 60


def test_a_chain_tells_whether_blocks_come_by_themselves(devnet: SyncDevnet) -> None:
    with devnet.restoring():
        assert devnet.l2.request("eth_mining") is True
        devnet.l2.request("evm_setAutomine", False)
        assert devnet.l2.request("eth_mining") is False
        assert devnet.l1.request("eth_mining") is True
    assert devnet.l2.request("eth_mining") is True


@pytest.mark.parametrize("name", ["l1", "l2"])
def test_an_estimate_takes_the_fee_that_the_next_block_takes(
    devnet: SyncDevnet, name: str
) -> None:
    chain = devnet.l1 if name == "l1" else devnet.l2
    with devnet.restoring():
        chain.mine(3)  # Empty blocks: the base fee falls.
        head, due = (
            int(chain.request("eth_feeHistory", "0x1", "latest", [])["baseFeePerGas"][at], 16)
            for at in (0, 1)
        )
        assert due < head
        call = {"from": devnet.accounts[0].address, "to": devnet.accounts[1].address}
        fees = {"maxFeePerGas": hex(due), "maxPriorityFeePerGas": "0x0"}
        assert int(chain.request("eth_estimateGas", call | fees), 16) == 21_000
        fees["maxFeePerGas"] = hex(due - 1)
        with pytest.raises(CallFailed, match="less than block base fee"):
            chain.request("eth_estimateGas", call | fees)


def test_time_moves_on_both_chains(devnet: SyncDevnet) -> None:
    def times() -> list[int]:
        heads = [
            chain.request("eth_getBlockByNumber", "latest", False)
            for chain in (devnet.l1, devnet.l2)
        ]
        return [int(head["timestamp"], 16) for head in heads]

    before = times()
    with devnet.restoring():
        devnet.increase_time(3_600)
        devnet.l2.mine()
        devnet.l1.mine()
        assert all(3_600 <= now - then < 3_700 for now, then in zip(times(), before, strict=True))
        wanted = times()[1] + 10_000
        devnet.set_time(wanted)
        devnet.l2.mine()
        assert times()[1] == wanted
    assert times() == before


def test_what_is_restored_is_as_it_was_on_both_chains(devnet: SyncDevnet) -> None:
    before = devnet.sync_status()
    with devnet.restoring():
        sent = pay(devnet)
        devnet.l1.mine()
        assert devnet.sync_status().head_l1 != before.head_l1
    assert devnet.sync_status() == before
    assert devnet.l2.request("eth_getTransactionReceipt", sent) is None


def test_a_block_that_is_posted_becomes_safe_and_finalized(devnet: SyncDevnet) -> None:
    with devnet.restoring():
        pay(devnet)
        number = devnet.l2.block_number()
        assert devnet.wait_until_safe().number == number
        assert devnet.wait_until_finalized(number).number >= number
        assert devnet.flush() == 0


def test_a_block_that_is_not_there_is_waited_for_in_vain(devnet: SyncDevnet) -> None:
    with pytest.raises(NodeError, match=r"L2 block 9999 is not safe after 0\.1 s: the safe head"):
        devnet.wait_until_safe(9_999, seconds=0.1)


def test_what_is_refused_is_raised_here(devnet: SyncDevnet) -> None:
    with pytest.raises(CallFailed, match="not exist") as caught:
        devnet.l2.request("eth_nothing")
    assert caught.value.code == -32601
    with pytest.raises(NodeError, match="snapshot 999 is unknown or used up"):
        devnet.revert(999)
    with pytest.raises(NodeError, match="0 blocks asked for"):
        devnet.l2.mine(0)
    with pytest.raises(NodeError, match="exclude each other"):
        devnet.l2.mine(2, timestamp=1, interval=1)
    with pytest.raises(NodeError, match="timestamp"):
        devnet.l2.mine(timestamp=1)
    with pytest.raises(NodeError):
        devnet.set_time(1)


def test_a_snapshot_serves_once(devnet: SyncDevnet) -> None:
    first, second = devnet.snapshot(), devnet.snapshot()
    devnet.revert(first)
    for used in (first, second):
        with pytest.raises(NodeError, match=f"snapshot {used} is unknown or used up"):
            devnet.revert(used)


def test_threads_may_ask_at_once(devnet: SyncDevnet) -> None:
    answers: list[int] = []

    def ask() -> None:
        answers.extend(devnet.l2.block_number() for _ in range(20))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(answers) == 80
    assert len(set(answers)) == 1


def test_a_devnet_ends_with_its_context_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    with SyncDevnet() as devnet:
        url = devnet.l2.url
    assert set(threading.enumerate()) <= before
    with pytest.raises(OSError, match="refused"):
        over_http(url, "eth_chainId")
    with pytest.raises(NodeError, match="does not run"):
        devnet.snapshot()
    with pytest.raises(NodeError, match="does not run"):
        _ = devnet.l2
    with pytest.raises(NodeError, match="was started before"):
        devnet.start()
    devnet.stop()


def test_why_a_start_failed_is_raised_in_the_caller(devnet: SyncDevnet) -> None:
    taken = int(devnet.l1.url.rpartition(":")[2])
    before = set(threading.enumerate())
    with pytest.raises(PortBusy, match=f"{taken} is not free for the L2"):
        SyncDevnet(l2_port=taken).start()
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"blok_time": 2}, "unknown setting 'blok_time'; did you mean block_time?"),
        ({"block_time": 0}, "block_time is 0, want at least 1"),
        ({"block_time": 1.5}, "want a whole number"),
        ({"fork": "jovain"}, "did you mean jovian?"),
        ({"l1_chain_id": 901}, "both 901"),
        ({"mixed": True}, "needs --block-time"),
        ({"l1_rpc": "http://x", "rollup_config": "y"}, "use ExternalNode"),
    ],
)
def test_settings_that_cannot_be_are_refused_with_a_hint(
    settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        SyncDevnet(**settings)
    assert words in str(caught.value)


def test_ports_are_free_ones_unless_told() -> None:
    assert (SyncDevnet().settings.l1_port, SyncDevnet().settings.l2_port) == (0, 0)
    assert SyncDevnet(NodeConfig()).settings.l2_port == 9545
    told = SyncDevnet(NodeConfig(l1_port=1), l2_port=2, block_time="3").settings
    assert (told.l1_port, told.l2_port, told.block_time) == (1, 2, 3)


SCRIPT = """
from byline.node import SyncDevnet

devnet = SyncDevnet()
devnet.start()
print(devnet.l2.block_number())
"""


def test_a_script_that_forgets_to_stop_it_ends_all_the_same() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "ignore::DeprecationWarning", "-c", SCRIPT],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")


def test_importing_the_package_imports_nothing_else() -> None:
    story = "import sys, byline.node; print(sorted(m for m in sys.modules if 'byline' in m))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", "import site; site.main(); " + story],
        capture_output=True,
        text=True,
        check=True,
    )
    mine = [name for name in eval(done.stdout) if "editable" not in name]
    assert mine == ["byline", "byline.node"]


def test_a_name_that_is_not_there_is_said() -> None:
    import byline.node

    with pytest.raises(AttributeError, match="no attribute 'Devnett'"):
        _ = byline.node.Devnett
