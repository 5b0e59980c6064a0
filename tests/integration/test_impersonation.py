"""Transactions of accounts whose keys nobody has, on both ports; verifiers derive the L2's."""

from __future__ import annotations

from typing import Any

import pytest

from byline.derivation.dev_edits import AccountEdit
from byline.derivation.transaction import DepositTransaction, Transaction, decode_transaction
from byline.node.config import NodeConfig
from byline.node.evm.accounts import created_address
from byline.node.rollups.rollup import ChainName
from byline.node.storage.kv import MemoryKV
from tests.integration.rollups import ALICE, BOB, World, world
from tests.integration.serving import Port, served
from tests.integration.test_l1_reorg import converges

WHO, OTHER = b"\x0c" * 20, b"\x0d" * 20
RICH = 10**18
STORES_ITS_CALLER = bytes.fromhex("335f5500")


def as_hex(data: bytes) -> str:
    return "0x" + data.hex()


@pytest.fixture
def made() -> World:
    """Both chains with money for somebody without a key."""
    found = world()
    for name in ("l1", "l2"):
        found.rollup.edit(name, [AccountEdit(WHO, balance=RICH)])
    return found


def wish(sender: bytes = WHO, to: bytes | None = BOB.address, **more: Any) -> dict[str, Any]:
    found = {"from": as_hex(sender), "value": "0x0"} | more
    return found if to is None else found | {"to": as_hex(to)}


def receipt_of(port: Port, tx_hash: str) -> dict[str, Any]:
    found: dict[str, Any] = port.result("eth_getTransactionReceipt", tx_hash)
    assert found is not None
    return found


def test_a_transaction_needs_no_key_while_its_sender_is_impersonated(
    made: World, port: Port, name: ChainName
) -> None:
    asked = wish(value="0x5")
    assert port.error("eth_sendTransaction", asked)["message"] == "unknown account"
    before = made.balance(name, BOB.address)
    port.result("anvil_impersonateAccount", as_hex(WHO))
    assert port.result("eth_accounts")[-1] == as_hex(WHO)
    tx_hash = port.result("eth_sendTransaction", asked)
    receipt = receipt_of(port, tx_hash)
    assert (receipt["status"], receipt["from"]) == ("0x1", as_hex(WHO))
    assert made.balance(name, BOB.address) == before + 5
    assert port.result("eth_getTransactionCount", as_hex(WHO), "latest") == "0x1"
    port.result("anvil_stopImpersonatingAccount", as_hex(WHO))
    assert as_hex(WHO) not in port.result("eth_accounts")
    assert port.error("eth_sendTransaction", asked)["message"] == "unknown account"
    converges(made)


def test_it_is_served_like_every_other_transaction(
    made: World, port: Port, name: ChainName
) -> None:
    port.result("hardhat_impersonateAccount", as_hex(WHO))
    tx_hash = port.result("eth_sendTransaction", wish(value="0x5"))
    shown = port.result("eth_getTransactionByHash", tx_hash)
    assert (shown["hash"], shown["from"], shown["nonce"]) == (tx_hash, as_hex(WHO), "0x0")
    raw = port.result("eth_getRawTransactionByHash", tx_hash)
    read = decode_transaction(bytes.fromhex(raw[2:]))
    assert as_hex(read.hash) == tx_hash
    kinds = {"l1": (Transaction, "0x2"), "l2": (DepositTransaction, "0x7e")}
    assert isinstance(read, kinds[name][0])
    assert shown["type"] == kinds[name][1]
    receipt = receipt_of(port, tx_hash)
    assert receipt["depositNonce" if name == "l2" else "gasUsed"] in ("0x0", "0x5208")
    block = port.result("eth_getBlockByNumber", receipt["blockNumber"], True)
    assert shown in block["transactions"]
    trace = port.result("debug_traceTransaction", tx_hash, {"tracer": "callTracer"})
    assert (trace["from"], trace["to"], trace["value"]) == (
        as_hex(WHO), as_hex(BOB.address), "0x5",
    )  # fmt: skip
    logs = port.result("debug_traceBlockByNumber", receipt["blockNumber"])
    assert logs[-1]["result"]["failed"] is False


def test_on_the_l2_nobody_pays_a_fee_and_on_the_l1_the_sender_does(
    made: World, port: Port, name: ChainName
) -> None:
    port.result("anvil_impersonateAccount", as_hex(WHO))
    port.result("eth_sendTransaction", wish())
    left = made.balance(name, WHO)
    assert left == RICH if name == "l2" else left < RICH
    port.result("anvil_setBalance", as_hex(WHO), "0x0")
    if name == "l2":
        port.result("eth_sendTransaction", wish())
    else:
        asked = wish(gas="0x5208")
        assert "insufficient funds" in port.error("eth_sendTransaction", asked)["message"]
    converges(made)


def test_a_contract_can_be_impersonated_and_create_contracts(
    made: World, port: Port, name: ChainName
) -> None:
    port.result("anvil_setCode", as_hex(WHO), "0x00")
    port.result("anvil_impersonateAccount", as_hex(WHO))
    # Creation code that leaves STORES_ITS_CALLER.
    code = bytes.fromhex("63") + STORES_ITS_CALLER + bytes.fromhex("5f526004601cf3")
    tx_hash = port.result("eth_sendTransaction", wish(to=None, data=as_hex(code)))
    address = receipt_of(port, tx_hash)["contractAddress"]
    assert address == as_hex(created_address(WHO, 0))
    assert port.result("eth_getCode", address, "latest") == as_hex(STORES_ITS_CALLER)
    port.result("eth_sendTransaction", wish(to=bytes.fromhex(address[2:])))
    assert port.result("eth_getStorageAt", address, "0x0", "latest").endswith(WHO.hex())
    converges(made)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"value": hex(RICH + 1)}, "insufficient funds"),
        ({"gas": hex(20_999)}, "intrinsic gas too low"),
        ({"gas": hex(10**9)}, "exceeds block gas limit"),
        ({"nonce": "0x0"}, "nonce too low"),
        ({"to": as_hex(OTHER)}, "execution reverted"),
        ({"chainId": "0x1"}, "invalid chain id"),
    ],
)
def test_what_cannot_run_is_refused_in_geths_words(
    made: World, port: Port, name: ChainName, more: dict[str, Any], words: str
) -> None:
    made.rollup.edit(name, [AccountEdit(OTHER, code=bytes.fromhex("5f5ffd"))])
    made.rollup.edit(name, [AccountEdit(WHO, nonce=1)])
    port.result("anvil_impersonateAccount", as_hex(WHO))
    height = made.rollup.chain(name).head.number
    assert words in port.error("eth_sendTransaction", wish() | more)["message"]
    assert made.rollup.chain(name).head.number == height


def test_one_that_reverts_is_mined_when_its_gas_is_given(
    made: World, port: Port, name: ChainName
) -> None:
    made.rollup.edit(name, [AccountEdit(OTHER, code=bytes.fromhex("5f5ffd"))])
    port.result("anvil_impersonateAccount", as_hex(WHO))
    tx_hash = port.result("eth_sendTransaction", wish(to=OTHER, gas=hex(100_000)))
    assert receipt_of(port, tx_hash)["status"] == "0x0"
    assert port.result("eth_getTransactionCount", as_hex(WHO), "latest") == "0x1"
    converges(made)


def test_without_automine_it_waits_and_is_seen(made: World, port: Port, name: ChainName) -> None:
    port.result("evm_setAutomine", False)
    port.result("anvil_impersonateAccount", as_hex(WHO))
    height = made.rollup.chain(name).head.number
    hashes = [port.result("eth_sendTransaction", wish(value=hex(n))) for n in (1, 2, 3)]
    assert made.rollup.chain(name).head.number == height
    assert port.result("eth_getTransactionByHash", hashes[1])["blockNumber"] is None
    assert port.result("eth_getTransactionReceipt", hashes[1]) is None
    assert port.result("eth_getTransactionCount", as_hex(WHO), "pending") == "0x3"
    pending = port.result("eth_getBlockByNumber", "pending", False)
    assert set(hashes) <= set(pending["transactions"])
    asked = wish(value=hex(RICH - 5), gas="0x5208")
    assert "insufficient funds" in port.error("eth_sendTransaction", asked)["message"]
    port.result("anvil_dropTransaction", hashes[2])
    port.result("evm_mine")
    assert [receipt_of(port, one)["status"] for one in hashes[:2]] == ["0x1", "0x1"]
    assert port.result("eth_getTransactionReceipt", hashes[2]) is None
    assert made.rollup.chain(name).head.number == height + 1
    port.result("evm_setAutomine", True)
    converges(made)


def test_whoever_sends_is_taken_while_everybody_is_impersonated(
    made: World, port: Port, name: ChainName
) -> None:
    port.result("anvil_autoImpersonateAccount", True)
    assert as_hex(WHO) not in port.result("eth_accounts")
    tx_hash = port.result("eth_sendTransaction", wish())
    assert receipt_of(port, tx_hash)["status"] == "0x1"
    # Those whose keys are there still sign.
    own = port.result("eth_sendTransaction", wish(sender=ALICE.address))
    assert port.result("eth_getTransactionByHash", own)["type"] == "0x2"
    assert int(port.result("eth_getTransactionByHash", own)["s"], 16) > 0
    port.result("anvil_autoImpersonateAccount", False)
    assert port.error("eth_sendTransaction", wish())["message"] == "unknown account"


def test_an_unsigned_transaction_asks_for_no_impersonation(
    made: World, port: Port, name: ChainName
) -> None:
    tx_hash = port.result("eth_sendUnsignedTransaction", wish(value="0x1"))
    assert receipt_of(port, tx_hash)["from"] == as_hex(WHO)
    converges(made)


def test_chains_impersonate_each_for_itself(made: World) -> None:
    with served(made, "l1") as l1, served(made, "l2") as l2:
        l1.result("anvil_impersonateAccount", as_hex(WHO))
        assert l2.error("eth_sendTransaction", wish())["message"] == "unknown account"


def test_a_snapshot_holds_who_is_impersonated_and_what_waits(
    made: World, port: Port, name: ChainName
) -> None:
    port.result("anvil_impersonateAccount", as_hex(WHO))
    port.result("evm_setAutomine", False)
    tx_hash = port.result("eth_sendTransaction", wish())
    number = port.result("evm_snapshot")
    port.result("anvil_stopImpersonatingAccount", as_hex(WHO))
    port.result("anvil_impersonateAccount", as_hex(OTHER))
    port.result("evm_mine")
    assert receipt_of(port, tx_hash)["status"] == "0x1"
    assert port.result("evm_revert", number) is True
    assert port.result("eth_accounts")[-1] == as_hex(WHO)
    assert port.result("eth_getTransactionReceipt", tx_hash) is None
    assert port.result("eth_getTransactionByHash", tx_hash)["blockNumber"] is None
    port.result("evm_mine")
    assert receipt_of(port, tx_hash)["status"] == "0x1"
    port.result("evm_setAutomine", True)
    converges(made)


def test_an_l1_reorganisation_lets_it_wait_again_under_the_same_hash(
    made: World, port: Port, name: ChainName
) -> None:
    port.result("anvil_impersonateAccount", as_hex(WHO))
    tx_hash = port.result("eth_sendTransaction", wish(value="0x1"))
    assert receipt_of(port, tx_hash)["status"] == "0x1"
    made.rollup.reorg_l1(1, blocks=0)
    assert port.result("eth_getTransactionReceipt", tx_hash) is None
    assert port.result("eth_getTransactionByHash", tx_hash)["blockNumber"] is None
    made.rollup.mine(name)
    assert receipt_of(port, tx_hash)["status"] == "0x1"
    converges(made)


@pytest.mark.parametrize("chain", ["l1", "l2"])
def test_after_a_restart_it_has_its_sender_and_what_waits_waits(
    chain: ChainName,
) -> None:
    kv = MemoryKV()
    first = world(kv=kv)
    first.rollup.edit(chain, [AccountEdit(WHO, balance=RICH)])
    with served(first, chain) as port:
        mined = port.result("eth_sendUnsignedTransaction", wish())
        port.result("evm_setAutomine", False)
        waits = port.result("eth_sendUnsignedTransaction", wish())
        gone = port.result("eth_sendUnsignedTransaction", wish())
        port.result("anvil_dropTransaction", gone)
    again = world(kv=kv)
    with served(again, chain) as port:
        assert port.result("eth_getTransactionByHash", mined)["from"] == as_hex(WHO)
        assert receipt_of(port, mined)["from"] == as_hex(WHO)
        port.result("debug_traceTransaction", mined)
        assert port.result("eth_getTransactionByHash", gone) is None
        assert port.result("eth_getTransactionByHash", waits)["from"] == as_hex(WHO)
        again.rollup.mine(chain)
        assert receipt_of(port, waits)["status"] == "0x1"
    assert again.rollup.forced("l2") == world(kv=kv).rollup.forced("l2") == []
    converges(again)


def test_strict_mode_impersonates_on_the_l1_alone() -> None:
    here = world(NodeConfig(strict=True))
    here.rollup.edit("l1", [AccountEdit(WHO, balance=RICH)])
    with served(here, "l1") as port:
        tx_hash = port.result("eth_sendUnsignedTransaction", wish())
        assert receipt_of(port, tx_hash)["status"] == "0x1"
    with served(here, "l2") as port:
        found = port.error("eth_sendUnsignedTransaction", wish())["message"]
        assert "in strict mode" in found


def test_a_node_can_begin_with_everybody_impersonated_and_a_reset_brings_that_back() -> None:
    here = world(NodeConfig(auto_impersonate=True))
    with served(here, "l2") as port:
        for _ in range(2):
            tx_hash = port.result("eth_sendTransaction", wish())
            assert receipt_of(port, tx_hash)["from"] == as_hex(WHO)
            port.result("anvil_autoImpersonateAccount", False)
            assert port.error("eth_sendTransaction", wish())["message"] == "unknown account"
            port.result("anvil_reset")


def test_a_deposit_that_a_crash_left_both_declared_and_waiting_runs_once(made: World) -> None:
    rollup = made.rollup
    with served(made, "l2") as port:
        port.result("evm_setAutomine", False)
        tx_hash = bytes.fromhex(port.result("eth_sendUnsignedTransaction", wish(value="0x1"))[2:])
        (forced,) = rollup.impersonation.waiting.values()
        before = made.balance("l2", BOB.address)
        # As far as the node came: the L1 block is there, the L2's is not.
        rollup.declare([forced.call(rollup.engine.heads.unsafe.number + 1)])
        assert port.result("eth_getTransactionByHash", as_hex(tx_hash))["blockNumber"] is None
        rollup.mine("l2")
        rollup.impersonation.wait(forced)
        rollup.mine("l2")
    assert made.balance("l2", BOB.address) == before + 1
    assert rollup.forced("l2") == []
    converges(made)
