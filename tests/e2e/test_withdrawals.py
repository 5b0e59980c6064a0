"""Deposits and withdrawals from end to end, by viem's OP Stack actions and by web3.py.

On three pairs of chains: ours with OPEN, ours with ether, and the genuine contracts.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from vyper.compiler import compile_code
from web3 import Web3
from web3.exceptions import ContractCustomError

from byline.node.accounts import DevAccount, dev_account
from byline.node.bridge import deposits, games, withdrawals
from byline.node.bridge.actions import Bridge
from byline.node.bridge.calls import Call, calldata
from byline.node.bridge.contracts import contracts_by
from byline.node.client import RpcClient, Wallet
from byline.node.contracts.artifacts import load
from byline.node.errors import NodeError
from tests.devnets import Running, call, command, environment, running, wait_for
from tests.vectors_folder import vectors

HERE = Path(__file__).resolve().parent
HELPER = HERE.parent.parent / "node" / "bridge" / "viem.mjs"
SECONDS = 240
ETHER = 10**18


class Delays(NamedTuple):
    """Seconds that a withdrawal waits for."""

    clock: int
    maturity: int
    finality: int


SHORT = Delays(10, 12, 6)
MAINNET = Delays(302_400, 604_800, 302_400)
GENUINE = Delays(302_400, 12, 6)

PARTS = ["deposits", "lifeCycle", "messageToL2", "overTheBridges", "twoGames", "questions"]
PACE = ["--batch-pause", "1"]
"""Time to see a withdrawal that no game is about yet."""
EVERYWHERE = {
    "creation",
    "deposit",
    "failed deposit",
    "life cycle",
    "message to the L1",
    "message to the L2",
    "proven again",
    "questions",
    "token deposit",
    "token withdrawal",
    "wrong deposits",
    "wrong proofs",
}
WITH_ETHER = {"ether deposit", "ether withdrawal"}


def files() -> list[str]:
    """Return the flags of the genuine pair."""
    folder = vectors() / "devnet-901"
    return [
        *("--l1-genesis", str(folder / "l1-genesis.json.gz")),
        *("--l2-genesis", str(folder / "l2-genesis.json.gz")),
        *("--rollup-config", str(folder / "rollup.json")),
    ]


@pytest.fixture(scope="module")
def open_pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("open"), PACE) as found:
        yield found


def by_viem(
    clients: Path, pair: Running, delays: Delays, accounts: int, **changes: Any
) -> dict[str, Any]:
    """Run the script with two accounts that no other test uses and return what it prints."""
    token = load("OpenToken")
    plan = {
        "clients": str(clients),
        "helper": str(HELPER),
        "l1": pair.l1_url,
        "l2": pair.l2_url,
        "key": "0x" + dev_account(accounts).key.hex(),
        "otherKey": "0x" + dev_account(accounts + 1).key.hex(),
        "genuine": False,
        "ticks": False,
        "parts": PARTS,
        "door": compile_code((HERE / "door.vy").read_text(), output_formats=["bytecode", "abi"]),
        "token": {"abi": list(token.abi), "bytecode": "0x" + token.bytecode.hex()},
        **delays._asdict(),
        **changes,
    }
    done = subprocess.run(
        ["node", str(HERE / "withdrawals.mjs"), json.dumps(plan)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    found = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(found, dict)
    return found


def derived_again(folder: Path, pair: Running, *flags: str) -> None:
    """See that the L1 alone tells the whole L2, jumps of the clock included."""

    def head(name: str) -> Any:
        return call(pair.l2_url, "eth_getBlockByNumber", name, False)

    wait_for(lambda: head("safe") == head("latest"))
    done = subprocess.run(
        command("verify", "--l1", pair.l1_url, "--rollup-config", pair.l2_url, *flags),
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(),
    )
    assert done.returncode == 0, done.stderr
    latest = head("latest")
    assert f"safe head: L2 block {int(latest['number'], 16)} {latest['hash']}" in done.stdout


@pytest.mark.clients
def test_viem_goes_both_ways_where_open_pays_for_gas(clients: Path, open_pair: Running) -> None:
    found = by_viem(clients, open_pair, SHORT, 0)
    assert {*EVERYWHERE, "ether refused"} == set(found["done"])
    assert "OPEN" == found["currency"]


@pytest.mark.clients
def test_viem_goes_both_ways_where_ether_pays_and_time_is_long(
    clients: Path, tmp_path: Path
) -> None:
    flags = [*PACE, "--gas-token", "eth", "--withdrawals", "mainnet"]
    with running(tmp_path, flags) as pair:
        found = by_viem(clients, pair, MAINNET, 0)
        derived_again(tmp_path, pair)
    assert {*EVERYWHERE, *WITH_ETHER} == set(found["done"])
    assert "ETH" == found["currency"]


@pytest.mark.clients
def test_viem_goes_both_ways_on_the_genuine_contracts(clients: Path, tmp_path: Path) -> None:
    with running(tmp_path, [*files(), *PACE]) as pair:
        found = by_viem(clients, pair, GENUINE, 0, genuine=True)
        derived_again(tmp_path, pair, *files()[2:4])
    assert {*EVERYWHERE, *WITH_ETHER} == set(found["done"])
    assert "ETH" == found["currency"]


@pytest.mark.clients
@pytest.mark.slow
def test_viem_gets_there_by_waiting(clients: Path, tmp_path: Path) -> None:
    with running(tmp_path) as pair:
        found = by_viem(clients, pair, SHORT, 0, parts=["byWaiting"])
    assert ["by waiting"] == found["done"]


@pytest.mark.clients
@pytest.mark.slow
def test_viem_goes_both_ways_where_blocks_come_by_the_clock(clients: Path, tmp_path: Path) -> None:
    with running(tmp_path, ["--block-time", "1", "--l1-block-time", "3"]) as pair:
        found = by_viem(clients, pair, SHORT, 0, ticks=True)
    assert {*EVERYWHERE, "ether refused"} == set(found["done"])


ABIS = {
    "portalAbi": ["OptimismPortal"],
    "systemConfigAbi": ["SystemConfig"],
    "tokenAbi": ["OpenToken"],
    "standardBridgeAbi": ["L1StandardBridge", "L2StandardBridge"],
    "crossDomainMessengerAbi": ["L1CrossDomainMessenger", "L2CrossDomainMessenger"],
    "mintableErc20FactoryAbi": ["OptimismMintableERC20Factory"],
}
ELSEWHERE = {"OptimismPortal_CalldataTooLarge"} | {
    entry["name"] for entry in load("OpenToken").abi if entry["type"] == "error"
}
"""Errors that our portal passes on or, with a bound of its own, does not need."""


def described(entry: Any) -> Any:
    """Return what two ABIs must agree on: everything but the names of parameters."""
    kind = entry["type"]
    types = [(item["type"], item.get("indexed")) for item in entry["inputs"]]
    outputs = [item["type"] for item in entry.get("outputs", [])]
    return kind, entry["name"], types, outputs, entry.get("stateMutability")


@pytest.mark.clients
def test_the_abis_of_the_helper_are_those_of_the_contracts(clients: Path) -> None:
    words = (
        f"import * as all from {json.dumps(HELPER.as_uri())};"
        "const abis = Object.entries(all).filter(([name]) => name.endsWith('Abi'));"
        "console.log(JSON.stringify(Object.fromEntries(abis)))"
    )
    done = subprocess.run(
        ["node", "--input-type=module", "-e", words], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert {*ABIS, "portalErrorsAbi"} == set(found)
    for name, contracts in ABIS.items():
        for contract in contracts:
            known = [described(entry) for entry in load(contract).abi if "name" in entry]
            for entry in found[name]:
                assert described(entry) in known or entry["name"] in ELSEWHERE, (contract, entry)


def test_the_helper_says_where_it_lies(tmp_path: Path) -> None:
    done = subprocess.run(
        [*command()[:-1], "byline.node.bridge"], capture_output=True, text=True, cwd=tmp_path
    )
    assert (0, "") == (done.returncode, done.stderr)
    assert HELPER.samefile(done.stdout.strip())


# --- web3.py


def by_web3(url: str) -> Any:
    return Web3(Web3.HTTPProvider(url))


class Web3Pair:
    """Both chains by web3.py, with an account that signs."""

    def __init__(self, pair: Running, account: DevAccount) -> None:
        self.l1 = by_web3(pair.l1_url)
        self.l2 = by_web3(pair.l2_url)
        self.account = self.l1.eth.account.from_key(account.key)
        self.contracts = contracts_by(
            self.l1.manager.request_blocking, self.l2.manager.request_blocking
        )

    def send(self, web3: Any, call: Call) -> Any:
        """Send a call from the account, and return the receipt."""
        fields = {
            **call.fields(self.account.address),
            "chainId": web3.eth.chain_id,
            "nonce": web3.eth.get_transaction_count(self.account.address),
            "maxFeePerGas": 2 * web3.eth.gas_price,
            "maxPriorityFeePerGas": web3.eth.max_priority_fee,
        }
        signed = self.account.sign_transaction({**fields, "gas": web3.eth.estimate_gas(fields)})
        sent = web3.eth.send_raw_transaction(signed.raw_transaction)
        receipt = web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.02)
        assert receipt["status"] == 1
        return receipt

    def ask(self, call: Call) -> bytes:
        """Return what a call on the L1 answers."""
        return bytes(self.l1.eth.call(call.fields(self.account.address)))

    def refusal(self, call: Call) -> str | None:
        """Return the selector of the error with which a call on the L1 reverts, if it does."""
        try:
            self.ask(call)
        except ContractCustomError as exc:
            return str(exc.data)[:10]
        return None

    def tokens(self, token: bytes, holder: bytes) -> int:
        data = calldata("balanceOf(address)", [holder])
        return games.read_number(self.ask(Call(token, data)))

    def wei(self, web3: Any, holder: bytes) -> int:
        return int(web3.eth.get_balance(Web3.to_checksum_address(holder)))

    def paid(self, receipt: Any) -> int:
        """Return what the sender of a transaction has paid in fees."""
        return int(receipt["gasUsed"] * receipt["effectiveGasPrice"]) + int(
            receipt.get("l1Fee", "0x0"), 16
        )

    def pass_time(self, seconds: int) -> None:
        self.l1.manager.request_blocking("evm_increaseTime", [seconds])
        self.l1.manager.request_blocking("evm_mine", [])

    def game(self, block_number: int) -> games.Game | None:
        """Return a game about an L2 block or a later one, if there is one."""
        kind = games.read_number(self.ask(games.respected_type(self.contracts)))
        count = games.read_number(self.ask(games.game_count(self.contracts)))
        answer = self.ask(games.latest_games(self.contracts, kind, count))
        return games.covering(games.read_games(answer), block_number)


def error(name: str) -> str:
    return "0x" + calldata(f"OptimismPortal_{name}()").hex()


def test_web3_deposits_open_and_withdraws_it(open_pair: Running) -> None:
    pair = Web3Pair(open_pair, dev_account(6))
    contracts, user, other = pair.contracts, dev_account(6).address, dev_account(7).address
    token = contracts.gas_token
    assert token is not None

    # A deposit: from tokens on the L1 to what pays for gas on the L2.
    tokens, wei = pair.tokens(token, user), pair.wei(pair.l2, other)
    pair.send(pair.l1, deposits.approve_gas_token(contracts, 3 * ETHER))
    receipt = pair.send(pair.l1, deposits.deposit_gas_token(contracts, other, 3 * ETHER))
    (deposit,) = deposits.deposits_of(receipt, contracts.portal)
    follows = pair.l2.eth.wait_for_transaction_receipt(deposit.hash, poll_latency=0.02)
    assert 1 == follows["status"]
    assert -3 * ETHER == pair.tokens(token, user) - tokens
    assert 3 * ETHER == pair.wei(pair.l2, other) - wei

    # A withdrawal, as far as its proof.
    wei = pair.wei(pair.l2, user)
    receipt = pair.send(pair.l2, withdrawals.initiate(other, 2 * ETHER))
    assert -2 * ETHER - pair.paid(receipt) == pair.wei(pair.l2, user) - wei
    (withdrawal,) = withdrawals.withdrawals_of(receipt)
    check = withdrawals.check(contracts, withdrawal, user)
    assert error("Unproven") == pair.refusal(check)
    wait_for(lambda: pair.game(receipt["blockNumber"]) is not None)
    game = pair.game(receipt["blockNumber"])
    assert game is not None
    block = pair.l2.eth.get_block(game.block_number)
    request = withdrawals.proof_request(withdrawal, game.block_number)
    answer = pair.l2.manager.request_blocking("eth_getProof", request)
    proof = withdrawals.proof_of(block, answer)
    assert game.root_claim == proof.output_root
    prove = withdrawals.prove(contracts, withdrawal, game.index, proof)
    wait_for(lambda: pair.refusal(prove) is None)
    pair.send(pair.l1, prove)
    assert error("ProofNotOldEnough") == pair.refusal(check)

    # Time passes, and it is paid once.
    pair.pass_time(SHORT.maturity + 1)
    assert error("InvalidRootClaim") == pair.refusal(check)
    pair.pass_time(SHORT.finality + 1)
    wait_for(lambda: pair.refusal(check) is None)
    tokens = pair.tokens(token, other)
    pair.send(pair.l1, withdrawals.finalize(contracts, withdrawal))
    assert 2 * ETHER == pair.tokens(token, other) - tokens
    assert error("AlreadyFinalized") == pair.refusal(check)


def test_all_of_it_is_derived_from_the_l1(open_pair: Running, tmp_path: Path) -> None:
    pair = Web3Pair(open_pair, dev_account(9))
    pair.pass_time(100_000)
    pair.send(pair.l1, deposits.approve_gas_token(pair.contracts, ETHER))
    pair.send(pair.l1, deposits.deposit_gas_token(pair.contracts, dev_account(9).address, ETHER))
    derived_again(tmp_path, open_pair)


async def there_and_back(pair: Running, account: DevAccount) -> None:
    async with RpcClient(pair.l1_url) as l1, RpcClient(pair.l2_url) as l2:
        bridge = await Bridge.between(l1, l2)
        here, there = Wallet(l1, account), Wallet(l2, account)
        done = await bridge.deposit(here, account.address, ETHER)
        assert done.l2_receipt["status"] == "0x1"
        called = await bridge.deposit(here, account.address, 0, data=b"\x01\x02")
        assert called.transaction.data == b"\x01\x02"
        sent = await bridge.withdraw(there, account.address, ETHER)
        assert await bridge.missing(sent.withdrawal, account.address) == (
            "OptimismPortal_Unproven"
        )
        with pytest.raises(NodeError, match="is not paid: OptimismPortal_Unproven"):
            await bridge.finalize(here, sent.withdrawal, 1)
        await bridge.prove(here, sent)
        assert await bridge.missing(sent.withdrawal, account.address) == (
            "OptimismPortal_ProofNotOldEnough"
        )
        with pytest.raises(NodeError, match=r"waited 1 s for withdrawal 0x\w+ to ripen"):
            await bridge.finalize(here, sent.withdrawal, 1)
        await l1.call("evm_increaseTime", SHORT.maturity + 1)
        await l1.call("evm_mine")
        await bridge.finalize(here, sent.withdrawal)
        assert await bridge.missing(sent.withdrawal, account.address) == (
            "OptimismPortal_AlreadyFinalized"
        )


def test_the_bridge_goes_there_and_back_and_waits(open_pair: Running) -> None:
    asyncio.run(there_and_back(open_pair, dev_account(8)))
