"""Transactions of accounts whose keys nobody has, on both ports; verifiers derive the L2's."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from byline.derivation.dev_edits import AccountEdit
from byline.derivation.errors import InvalidData
from byline.derivation.kernels import rlp
from byline.derivation.transaction import DepositTransaction, Transaction, decode_transaction
from byline.derivation.types import L1Block
from byline.node.chain.chain import InvalidBlock
from byline.node.chain.impersonated import believe, is_impersonated
from byline.node.clock import ManualClock
from byline.node.config import NodeConfig
from byline.node.evm.accounts import created_address
from byline.node.l1.json_block import body_of, receipts_of
from byline.node.rollup import ChainName
from byline.node.storage.kv import MemoryKV
from byline.node.verifier import Verifier
from byline.rpc.backend import Refused
from tests.integration.rollups import ALICE, BOB, LocalSource, World, world
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


def forged(chain_id: int, kind: int = 2) -> bytes:
    """Return the bytes of a transaction that names its sender in place of a signature."""
    body: list[Any] = [100_000, BOB.address, 0, b""]
    if kind == 0:
        return rlp.encode([0, 10**10, *body, 35 + 2 * chain_id, int.from_bytes(WHO, "big"), 0])
    fees = [10**10] if kind == 1 else [1, 10**10]
    fields = [chain_id, 0, *fees, *body, [], 0, int.from_bytes(WHO, "big"), 0]
    return bytes([kind]) + rlp.encode(fields)


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_nobody_can_send_such_a_transaction_in_raw_bytes(
    made: World, port: Port, name: ChainName, kind: int
) -> None:
    raw = forged(made.rollup.chain(name).chain_id, kind)
    read = decode_transaction(raw)
    assert is_impersonated(read)
    with pytest.raises(InvalidData, match="invalid transaction v, r, s"):
        _ = read.sender
    assert "r, s values" in port.error("eth_sendRawTransaction", as_hex(raw))["message"]
    with pytest.raises(Refused, match="r, s values"):
        made.rollup.submit(name, raw)


def test_an_l2_block_with_one_is_invalid(made: World) -> None:
    rollup = made.rollup
    raw = forged(rollup.chain("l2").chain_id)
    plan = rollup.sequencer.plan()
    bad = replace(plan.attributes, transactions=(*plan.attributes.transactions, raw))
    with pytest.raises(InvalidBlock, match="r, s values"):
        rollup.engine.build(rollup.engine.heads.unsafe, bad)


def test_an_impersonated_batcher_posts_no_batch() -> None:
    here = world()
    here.send("l2")
    here.send("l2")
    config = here.rollup.engine.config
    batcher = here.rollup.batch_account.address
    with served(here, "l1") as port:
        asked = wish(sender=batcher, to=config.batch_inbox, data="0x00" + "ab" * 40)
        tx_hash = port.result("eth_sendUnsignedTransaction", asked)
        assert receipt_of(port, tx_hash)["from"] == as_hex(batcher)
    reasons = [drop.reason for drop in here.rollup.driver.pipeline.drops]
    assert any("no signature" in reason for reason in reasons)
    converges(here)


class JsonSource(LocalSource):
    """Shows a verifier an L1 as it comes over JSON-RPC."""

    async def block_by_number(self, number: int) -> L1Block | None:
        block = await LocalSource.block_by_number(self, number)
        if block is None:
            return None
        return await asyncio.to_thread(self.read, block)

    def read(self, block: L1Block) -> L1Block:
        with served(World(self.rollup, ManualClock(0), MemoryKV()), "l1") as port:
            shown = port.result("eth_getBlockByNumber", hex(block.header.number), True)
            receipts = port.result("eth_getBlockReceipts", hex(block.header.number))
        header, transactions = body_of(shown)
        found = receipts_of(receipts, header, transactions)
        return L1Block(header, transactions, found, block.blobs)


def test_a_verifier_reads_such_an_l1_over_json_rpc(made: World) -> None:
    for name in ("l1", "l2"):
        with served(made, name) as port:
            for more in ({}, {"type": "0x0"}, {"type": "0x1"}):
                port.result("eth_sendUnsignedTransaction", wish(value="0x1") | more)
    while made.rollup.flush():
        pass

    async def run() -> Verifier:
        verifier = Verifier(made.rollup.engine.config, JsonSource(made.rollup), MemoryKV())
        await verifier.start()
        await verifier.run(None, lambda _: None, follow=False)
        return verifier

    heads = made.rollup.engine.heads
    assert asyncio.run(run()).engine.heads.safe == heads.safe == heads.unsafe


def test_strict_mode_impersonates_on_the_l1_alone() -> None:
    here = world(NodeConfig(strict=True))
    here.rollup.edit("l1", [AccountEdit(WHO, balance=RICH)])
    with served(here, "l1") as port:
        tx_hash = port.result("eth_sendUnsignedTransaction", wish())
        assert receipt_of(port, tx_hash)["status"] == "0x1"
    with served(here, "l2") as port:
        found = port.error("eth_sendUnsignedTransaction", wish())["message"]
        assert "in strict mode" in found


def test_only_what_names_an_address_is_believed() -> None:
    signed = decode_transaction(world().transfer("l1").raw)
    believe(signed)
    assert not is_impersonated(signed)
    assert signed.sender == ALICE.address
