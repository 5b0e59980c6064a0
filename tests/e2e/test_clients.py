"""The clients that people use, against a running devnet: web3.py, cast, viem, ethers."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from vyper.compiler import compile_code
from web3 import AsyncWeb3, Web3, WebSocketProvider
from web3.exceptions import BlockNotFound, ContractLogicError, TransactionNotFound

pytestmark = pytest.mark.clients

HERE = Path(__file__).resolve().parent
Account.enable_unaudited_hdwallet_features()
MNEMONIC = "test test test test test test test test test test test junk"
SECONDS = 120
TYPES = {"legacy", "eip2930", "eip1559", "eip7702"}


class Contract(NamedTuple):
    bytecode: str
    abi: list[dict[str, Any]]


def key(index: int) -> str:
    """Return the private key of an account of the usual test mnemonic."""
    account = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}")
    return str(account.key.to_0x_hex())


@pytest.fixture(scope="session")
def counter() -> Contract:
    source = (HERE / "counter.vy").read_text()
    found = compile_code(source, output_formats=["bytecode", "abi"])
    return Contract(found["bytecode"], found["abi"])


@pytest.fixture(params=["l1", "l2"])
def url(request: pytest.FixtureRequest) -> str:
    """Return the URL of either chain: both speak to the same clients."""
    return str(request.getfixturevalue(f"{request.param}_url"))


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    # The npm wrapper of cast ends with 0 whatever cast says: an answer is what counts.
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert done.stdout.strip() != "", done.stderr
    return done.stdout.strip()


def script(name: str, url: str, clients: Path, counter: Contract, first: int) -> dict[str, Any]:
    """Run a node script with two accounts that no other test uses and return what it prints."""
    websocket = url.replace("http", "ws", 1)
    abi = json.dumps(counter.abi)
    keys = key(first), key(first + 1)
    path = str(HERE / name)
    answer = run("node", path, url, websocket, str(clients), counter.bytecode, abi, *keys)
    found = json.loads(answer.splitlines()[-1])
    assert isinstance(found, dict)
    return found


def test_viem(url: str, clients: Path, counter: Contract) -> None:
    found = script("viem.mjs", url, clients, counter, 10)
    assert set(found["done"]) == {"deploy", "reverts", "watch", "reads", "snapshots", *TYPES}
    assert int(found["gas"]) == 21_000


def test_ethers(url: str, clients: Path, counter: Contract) -> None:
    found = script("ethers.mjs", url, clients, counter, 12)
    assert set(found["done"]) == {"deploy", "refusals", "failing", "watch", "reads", *TYPES}


def test_cast(url: str, clients: Path, counter: Contract) -> None:
    cast = str(clients / "node_modules" / ".bin" / "cast")
    account = Account.from_key(key(14)).address

    def ask(*words: str) -> str:
        return run(cast, words[0], "--rpc-url", url, *words[1:])

    def send(*words: str) -> Any:
        return json.loads(ask("send", "--private-key", key(14), "--json", *words))

    start = counter.bytecode + (5).to_bytes(32, "big").hex()
    deployed = send("--create", start)
    assert deployed["status"] == "0x1"
    contract = deployed["contractAddress"]
    assert ask("call", contract, "value()(uint256)") == "5"
    for value, options in ((10, ["--legacy"]), (11, []), (12, ["--access-list"])):
        assert send(contract, "set_value(uint256)", str(value), *options)["status"] == "0x1"
        assert ask("call", contract, "value()(uint256)") == str(value)
    refused = subprocess.run(
        [cast, "call", "--rpc-url", url, contract, "set_value(uint256)", "1"],
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert refused.stdout.strip() == ""
    assert "must not fall" in refused.stderr
    assert ask("estimate", account, "--value", "1") == "21000"
    logs = json.loads(ask("logs", "--address", contract, "--from-block", "0", "--json"))
    assert [int(log["data"][66:], 16) for log in logs] == [10, 11, 12]
    receipt = json.loads(ask("receipt", deployed["transactionHash"], "--json"))
    assert receipt["blockHash"] == deployed["blockHash"]
    block = json.loads(ask("block", "latest", "--full", "--json"))
    assert block["hash"] == ask("block", "latest", "--field", "hash")
    assert int(ask("nonce", account)) == 4
    assert ask("storage", contract, "0") == "0x" + (12).to_bytes(32, "big").hex()
    proof = json.loads(ask("proof", contract, "0"))
    assert int(proof["storageProof"][0]["value"], 16) == 12


def test_web3_deploys_calls_and_reads(url: str, counter: Contract) -> None:
    web3: Any = Web3(Web3.HTTPProvider(url))
    signer = Account.from_key(key(15))
    web3.eth.default_account = signer.address

    def send(fields: dict[str, Any]) -> Any:
        filled = {
            "from": signer.address,
            "chainId": web3.eth.chain_id,
            "nonce": web3.eth.get_transaction_count(signer.address, "pending"),
            **fields,
        }
        filled.setdefault("gas", web3.eth.estimate_gas(filled))
        signed = signer.sign_transaction(filled)
        return web3.eth.wait_for_transaction_receipt(
            web3.eth.send_raw_transaction(signed.raw_transaction), poll_latency=0.02
        )

    price = web3.eth.gas_price * 2
    fees = {"maxFeePerGas": price, "maxPriorityFeePerGas": web3.eth.max_priority_fee}
    factory = web3.eth.contract(abi=counter.abi, bytecode=counter.bytecode)
    receipt = send({"data": factory.constructor(5).data_in_transaction, **fees})
    contract = web3.eth.contract(address=receipt["contractAddress"], abi=counter.abi)
    assert contract.functions.value().call() == 5
    access = [{"address": contract.address, "storageKeys": ["0x" + "00" * 32]}]
    sends: list[dict[str, Any]] = [
        {"gasPrice": price},
        {"gasPrice": price, "accessList": access, "type": 1},
        fees,
    ]
    for kind, options in enumerate(sends):
        data = contract.encode_abi("set_value", [10 + kind])
        mined = send({"to": contract.address, "data": data, **options})
        assert (mined["status"], mined["type"]) == (1, kind)
        assert contract.functions.value().call() == 10 + kind
    with pytest.raises(ContractLogicError, match="must not fall"):
        contract.functions.set_value(1).call()
    with pytest.raises(BlockNotFound):
        web3.eth.get_block(10_000_000)
    with pytest.raises(TransactionNotFound):
        web3.eth.get_transaction_receipt("0x" + "11" * 32)
    logs = contract.events.Changed().get_logs(from_block=0)
    assert [log["args"]["new"] for log in logs] == [10, 11, 12]
    assert web3.eth.get_block("pending")["hash"] is None
    assert web3.eth.fee_history(2, "latest", [10.0, 90.0])["oldestBlock"] >= 0
    proof = web3.eth.get_proof(contract.address, [0], "latest")
    assert int.from_bytes(proof["storageProof"][0]["value"], "big") == 12
    listed = web3.eth.create_access_list(
        {"from": signer.address, "to": contract.address, "data": "0x3fa4f245"}
    )
    assert int(listed["gasUsed"]) > 0
    override = {signer.address: {"balance": hex(10**30)}}
    rich = {"from": signer.address, "to": signer.address, "value": 10**29}
    assert web3.eth.call(rich, "latest", override) == b""


def test_web3_unlocked_accounts_sign_and_send(url: str) -> None:
    web3: Any = Web3(Web3.HTTPProvider(url))
    account = web3.eth.accounts[16]
    assert account == Account.from_key(key(16)).address
    sent = web3.eth.send_transaction({"from": account, "to": account, "value": 1})
    assert web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.02)["status"] == 1
    signed = web3.eth.sign_transaction({"from": account, "to": account, "value": 1})
    sent = web3.eth.send_raw_transaction(signed["raw"])
    assert web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.02)["from"] == account
    signature = web3.eth.sign(account, text="hello")
    assert Account.recover_message(encode_defunct(text="hello"), signature=signature) == account


def test_web3_filters_tell_what_happened_since(url: str) -> None:
    web3: Any = Web3(Web3.HTTPProvider(url))
    account = web3.eth.accounts[17]
    blocks = web3.eth.filter("latest")
    sent = web3.eth.send_transaction({"from": account, "to": account})
    receipt = web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.02)
    assert receipt["blockHash"] in blocks.get_new_entries()
    assert web3.eth.uninstall_filter(blocks.filter_id)


def test_web3_subscriptions_tell_as_it_happens(url: str) -> None:
    async def work() -> None:
        web3: Any
        async with AsyncWeb3(WebSocketProvider(url.replace("http", "ws", 1))) as web3:
            account = (await web3.eth.accounts)[18]
            name = await web3.eth.subscribe("newHeads")
            sent = await web3.eth.send_transaction({"from": account, "to": account})
            receipt = await web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.02)
            async for message in web3.socket.process_subscriptions():
                assert message["subscription"] == name
                if message["result"]["number"] >= receipt["blockNumber"]:
                    assert message["result"]["hash"] == receipt["blockHash"]
                    break
            assert await web3.eth.unsubscribe(name)

    async def bounded() -> None:
        async with asyncio.timeout(SECONDS):
            await work()

    asyncio.run(bounded())
