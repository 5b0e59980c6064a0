"""The attribution contracts on chains without our precompiles: the twins compute there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from byline.node.accounts import DevAccount, dev_account
from byline.node.attribution.client.client import AttributionClient
from byline.node.attribution.client.deploying import Deployed, deploy
from byline.node.attribution.client.sync import SyncAttributionClient
from byline.node.attribution.client.values import BatchStatus, Mode
from byline.node.attribution.folder import save_dataset
from byline.node.cli import main
from byline.node.client import RpcClient
from byline.node.contracts.addresses import L2_CONTRACTS
from byline.node.contracts.attribution_deploy import SYSTEM, FamilySettings
from byline.node.contracts.attribution_predeploys import Backend
from byline.node.errors import NodeError
from byline.node.sync_devnet import SyncDevnet
from tests.anvils import running_anvil
from tests.devnets import call
from tests.e2e.attribution_play import ANSWERS, FEES, TREASURY, Played, play, stage

DEPLOYER, OTHER_DEPLOYER, POOR = map(dev_account, (9, 11, 1_000))
"""Where a family stands depends on how often its deployer has sent before."""
L1_CHAIN_ID = "900"
WATCHER_INDEX = 5


@pytest.fixture(scope="module")
def devnet() -> Iterator[SyncDevnet]:
    with SyncDevnet() as running:
        yield running


@pytest.fixture(scope="module")
def on_the_l1(devnet: SyncDevnet) -> tuple[Deployed, Played]:
    """Play on a chain that knows Ethereum's precompiles only."""
    return asyncio.run(elsewhere(devnet.l1.url))


@pytest.fixture(scope="module")
def on_the_l2(devnet: SyncDevnet) -> Played:
    """Play with the contracts of genesis, which ask the precompiles."""
    return asyncio.run(play(devnet.l2.url))


async def deployed(
    url: str, backend: Backend = Backend.TWIN, account: DevAccount = DEPLOYER
) -> Deployed:
    async with RpcClient(url) as client:
        return await deploy(client, account, FamilySettings(TREASURY, backend))


async def elsewhere(url: str) -> tuple[Deployed, Played]:
    family = await deployed(url)
    return family, await play(url, family.addresses)


def test_everyone_is_paid_the_same_with_twins_and_with_precompiles(
    on_the_l1: tuple[Deployed, Played], on_the_l2: Played
) -> None:
    assert on_the_l1[1].paid == on_the_l2.paid
    assert set(on_the_l2.paid) == {"PUSH", "CREDIT", "ACCUMULATOR", "ROOT"}


@pytest.mark.clients
def test_a_stock_anvil_takes_every_step_for_the_same_gas(
    on_the_l1: tuple[Deployed, Played],
) -> None:
    with running_anvil("--hardfork", "prague", "--chain-id", L1_CHAIN_ID) as url:
        family, played = asyncio.run(elsewhere(url))
    assert family.addresses == on_the_l1[0].addresses
    assert family.gas == on_the_l1[0].gas
    assert played.gas == on_the_l1[1].gas
    assert played.paid == on_the_l1[1].paid


def test_a_genesis_with_twins_pays_the_same(on_the_l2: Played) -> None:
    with SyncDevnet(attribution_backend="twin") as devnet:
        played = asyncio.run(play(devnet.l2.url))
    assert played.paid == on_the_l2.paid
    settling = dict(played.gas)["PayoutVault.settle"], dict(on_the_l2.gas)["PayoutVault.settle"]
    assert settling[0] > settling[1]


def test_a_deployment_may_use_the_precompiles_where_they_are(
    devnet: SyncDevnet, on_the_l2: Played
) -> None:
    # Another family beside that of genesis; the play is that of a new chain again.
    with devnet.restoring():
        family = asyncio.run(deployed(devnet.l2.url, Backend.PRECOMPILE))
        assert set(family.addresses) == set(SYSTEM)
        assert asyncio.run(play(devnet.l2.url, family.addresses)).paid == on_the_l2.paid


def test_a_deployment_without_twins_wants_precompiles(devnet: SyncDevnet) -> None:
    with pytest.raises(NodeError, match=r"no precompile at 0x0{36}a770: deploy with the twins"):
        asyncio.run(deployed(devnet.l1.url, Backend.PRECOMPILE))


def test_who_cannot_pay_for_all_of_it_begins_nothing(devnet: SyncDevnet) -> None:
    async def attempt() -> None:
        async with RpcClient(devnet.l2.url) as client:
            await deploy(client, POOR, FamilySettings(TREASURY))

    with pytest.raises(NodeError, match=r"has 0 wei on chain 901: the creations may cost up to"):
        asyncio.run(attempt())


def byline(*arguments: str) -> int:
    return main(["attribution", "deploy", *arguments])


def test_a_watcher_convicts_on_a_chain_of_others(
    devnet: SyncDevnet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    family = asyncio.run(deployed(devnet.l1.url, account=OTHER_DEPLOYER))
    file = tmp_path / "deployment.json"
    file.write_text(family.to_json())
    options = ["--l2", devnet.l1.url, "--data", str(tmp_path), "--deployment", str(file)]
    watch = ["attribution", "watch", *options, "--once", "--account", str(WATCHER_INDEX)]

    async def lie() -> int:
        async with stage(devnet.l1.url, family.addresses) as one:
            save_dataset(one.corpus.datasets[0], tmp_path / "dataset-1")
            answers = [one.answer(ANSWERS[1], FEES[1]), one.forged(ANSWERS[0], FEES[0])]
            batch = await one.record(Mode.ROOT, answers)
            for index, answer in enumerate(answers):
                await one.builder.publish(batch.id, index, answer)
            return batch.id

    async def status(batch: int) -> BatchStatus:
        async with AttributionClient(devnet.l1.url, addresses=family.addresses) as client:
            return (await client.batch(batch)).status

    batch = asyncio.run(lie())
    assert main(watch) == 1
    assert "somebody else owns the leaf's place" in capsys.readouterr().out
    assert asyncio.run(status(batch)) is BatchStatus.VOID


def test_the_command_writes_where_the_contracts_stand(
    devnet: SyncDevnet,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ("--rpc", devnet.l1.url, "--account", "10", "--challenge-window", "60")
    assert byline(*options) == 0
    written = Deployed.from_json((tmp_path / "attribution.json").read_text())
    assert "0x" + written.addresses["PayoutVault"].hex() in capsys.readouterr().out

    async def window() -> int:
        async with AttributionClient(devnet.l1.url, addresses=written.addresses) as client:
            return int(await client.contracts.read("InferenceLedger", "challengeWindow"))

    assert asyncio.run(window()) == 60
    assert byline(*options) == 2
    assert "attribution.json is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "deploying costs gas: name who pays"),
        (("--account", "20"), "--account 20: want 0 to 19"),
        (("--account", "1", "--treasury", "0x12"), "--treasury 0x12: 1 bytes, want 20"),
        (("--account", "1", "--treasury", "0x" + "00" * 20), "want 20 bytes, not all zero"),
        (("--account", "1", "--claim-window", "-1"), "claim_window -1: want 0 to 2**64 - 1"),
        (("--account", "1", "--out", "no/where.json"), "there is no folder no"),
        (("--account", "1"), "does not answer"),
    ],
)
def test_the_command_says_what_is_wrong(
    options: tuple[str, ...],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert byline("--rpc", "http://127.0.0.1:9", *options) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert words in line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("url", ["nonsense", "localhost:8545", "http://"])
def test_what_is_no_url_is_called_so(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert byline("--rpc", url, "--account", "1") == 2
    assert f"byline: {url!r} is no URL" in capsys.readouterr().err


def test_a_chain_without_the_contracts_gets_no_money(devnet: SyncDevnet) -> None:
    ledger = "0x" + L2_CONTRACTS["InferenceLedger"].hex()
    with SyncAttributionClient(devnet.l1.url, OTHER_DEPLOYER.key) as client:
        words = f"has no InferenceLedger at {ledger}: is it the L2"
        with pytest.raises(NodeError, match=words):
            client.deposit(5)
        with pytest.raises(NodeError, match=words):
            client.prepaid()
    assert call(devnet.l1.url, "eth_getBalance", ledger, "latest") == "0x0"


def test_arguments_that_no_contract_takes_are_named(devnet: SyncDevnet) -> None:
    with (
        SyncAttributionClient(devnet.l2.url) as client,
        pytest.raises(NodeError, match=r"AttributionRegistry\.model: Value `-1` .* 32 bits"),
    ):
        client.model(-1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--evidence", "127.0.0.1:4020"), "--evidence 127.0.0.1:4020: neither a URL of HTTP nor"),
        (("--from", "-1"), "--from -1: want a block from 0 on"),
        (("--patience", "-1"), "--patience -1: want 0 seconds or more"),
    ],
)
def test_a_watcher_is_not_sent_the_wrong_way(
    options: tuple[str, ...], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watch = ["attribution", "watch", "--l2", "http://127.0.0.1:9", "--data", str(tmp_path)]
    assert main([*watch, "--once", *options]) == 2
    assert words in capsys.readouterr().err


def test_texts_are_registered_on_a_chain_of_others(
    devnet: SyncDevnet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    family = asyncio.run(deployed(devnet.l1.url, account=OTHER_DEPLOYER))
    file, texts = tmp_path / "deployment.json", tmp_path / "texts.jsonl"
    file.write_text(family.to_json())
    texts.write_text(json.dumps({"text": "rye holds water", "owner": "0x" + "aa" * 20}))
    words = ["attribution", "register", str(texts), "--data", str(tmp_path), "--account", "6"]
    words += ["--deployment", str(file)]
    assert main([*words, "--l2", devnet.l1.url]) == 0
    told = capsys.readouterr().out
    assert f"--l2 {devnet.l1.url} --deployment {file}" in told
    with SyncAttributionClient(devnet.l1.url, addresses=family.addresses) as client:
        assert client.model(1).operator == dev_account(6).address
        assert client.free_bond(dev_account(6).address) == 10**17
    for name in ("register", "serve", "watch"):
        given = [str(texts)] if name == "register" else ["--data", str(tmp_path)]
        given += ["--model", "1"] if name == "serve" else []
        other = ["attribution", name, *given, "--account", "6", "--deployment", str(file)]
        assert main([*other, "--l2", devnet.l2.url]) == 2
        assert f"{file} is of chain 900, {devnet.l2.url} is chain 901" in capsys.readouterr().err
