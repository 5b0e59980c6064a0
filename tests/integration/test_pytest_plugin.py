"""The pytest plugin in projects of its users, each in a process of its own."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest

from byline.node.testing.fixtures import pairs

pytest_plugins = ["pytester"]

PLUGIN = "byline.node.testing.plugin"


@pytest.fixture(autouse=True)
def _project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    # Named, not found: what else is installed here shall not matter.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    pytester.makeini("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-p", PLUGIN, "-p", "no:cacheprovider", *arguments)


def test_pytest_finds_it_by_itself() -> None:
    found = entry_points(group="pytest11", name="byline")
    assert [entry.value for entry in found] == [PLUGIN]


def test_a_project_that_does_not_use_it_imports_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing():
            ours = {name for name in sys.modules if name.startswith("byline")}
            assert ours == {
                "byline", "byline.node", "byline.node.testing",
                "byline.node.testing.fixtures", "byline.node.testing.plugin",
            }
            assert not {"aiohttp", "eth_account", "eth", "web3", "orjson"} & set(sys.modules)
        """
    )
    run(pytester).assert_outcomes(passed=1)


def test_every_test_finds_both_chains_as_the_first_did(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        def send(chain, accounts):
            call = {"from": accounts[0].address, "to": accounts[1].address, "value": "0x1"}
            return chain.request("eth_sendTransaction", call)

        @pytest.mark.parametrize("turn", range(3))
        def test_a_turn(devnet, byline_accounts, turn):
            assert devnet.l1.block_number() == devnet.l2.block_number() == 0
            for chain in (devnet.l1, devnet.l2):
                send(chain, byline_accounts)
                count = chain.request("eth_getTransactionCount", byline_accounts[0].address)
                assert count == "0x1"
            devnet.increase_time(1000 * turn)

        @pytest.mark.byline_keep
        def test_what_is_kept(devnet, byline_accounts):
            send(devnet.l2, byline_accounts)

        def test_stays(devnet, byline_accounts):
            assert devnet.l2.block_number() == 1

        @pytest.mark.byline_fresh(l2_chain_id=4242)
        def test_a_devnet_of_its_own(devnet, byline_devnet, byline_l2_url):
            assert devnet.l2.url == byline_l2_url != byline_devnet.l2.url
            assert devnet.l2.request("eth_chainId") == hex(4242)
            assert devnet.l2.block_number() == 0
            assert byline_devnet.l2.block_number() == 1
        """
    )
    run(pytester).assert_outcomes(passed=6)


def test_what_a_module_deploys_is_there_in_all_its_tests(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="module")
        def paid(byline_devnet, byline_accounts):
            call = {"from": byline_accounts[0].address, "to": "0x" + "11" * 20, "value": "0x7"}
            byline_devnet.l2.request("eth_sendTransaction", call)

        @pytest.mark.parametrize("turn", range(2))
        def test_a_turn(devnet, paid, turn):
            assert devnet.l2.request("eth_getBalance", "0x" + "11" * 20) == "0x7"
            devnet.l2.mine()
            assert devnet.l2.block_number() == 2
        """
    )
    run(pytester).assert_outcomes(passed=2)


def test_web3_speaks_to_both_chains(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_ids(w3, w3_l1, byline_l1_url, devnet):
            assert (w3_l1.eth.chain_id, w3.eth.chain_id) == (900, 901)
            assert w3_l1.provider.endpoint_uri == byline_l1_url == devnet.l1.url

        def test_a_payment(w3, byline_accounts):
            payer, payee = byline_accounts[:2]
            sent = w3.eth.send_transaction({"from": payer.address, "to": payee.address})
            assert w3.eth.wait_for_transaction_receipt(sent)["status"] == 1
            assert w3.eth.block_number == 1
        """
    )
    run(pytester, "-W", "ignore::DeprecationWarning").assert_outcomes(passed=2)


def test_without_web3_its_fixtures_skip(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("import sys\nsys.modules['web3'] = None\n")
    pytester.makepyfile("def test_ids(w3): pass\n")
    result = run(pytester, "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*web3 is not installed*"])


SETTINGS_TEST = """
def test_settings(devnet):
    assert devnet.settings.l2_chain_id == {l2}
    assert devnet.settings.l1_chain_id == {l1}
    assert devnet.settings.gas_token == {token!r}
"""


def test_settings_come_from_the_command_line_then_the_ini_file(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeini(
        "[pytest]\nbyline =\n    gas-token = eth\n    l1_chain_id = 5\n    l2_chain_id=6\n"
    )
    pytester.makepyfile(SETTINGS_TEST.format(l1=5, l2=7, token="eth"))
    run(pytester, "--byline", "l2_chain_id=7").assert_outcomes(passed=1)


def test_settings_come_from_a_conftest(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest
        from byline.node import ManualClock

        @pytest.fixture(scope="session")
        def byline_settings():
            return {"l2_chain_id": 8, "genesis_time": 1_700_000_000}

        @pytest.fixture(scope="session")
        def byline_clock():
            return ManualClock(1_700_000_000)
        """
    )
    pytester.makepyfile(
        SETTINGS_TEST.format(l1=900, l2=8, token="open"),
        test_time="""
        def test_time_stands_still(devnet):
            devnet.l2.mine()
            head = devnet.l2.request("eth_getBlockByNumber", "latest", False)
            assert int(head["timestamp"], 16) == 1_700_000_002
        """,
    )
    run(pytester).assert_outcomes(passed=2)


def test_a_setting_that_cannot_be_fails_with_words(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(devnet): pass\n")
    result = run(pytester, "--byline", "blok_time=1")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*unknown setting 'blok_time'; did you mean block_time?*"])


@pytest.mark.parametrize("line", ["block_time", "=1"])
def test_a_setting_without_a_name_or_an_equals_sign_is_refused(line: str) -> None:
    with pytest.raises(pytest.UsageError, match=f"--byline: '{line}' is not NAME=VALUE"):
        pairs([line], "--byline")


def test_tests_of_asyncio_use_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import asyncio
        import json

        import aiohttp

        async def count(url):
            body = {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}
            async with aiohttp.ClientSession() as session:
                async with session.post(url, json=body) as answer:
                    return int((await answer.json())["result"], 16)

        def test_a_loop_of_its_own(devnet):
            async def story():
                devnet.l2.mine(2)  # waits, but not for this loop
                return await asyncio.gather(*(count(devnet.l2.url) for _ in range(3)))

            assert asyncio.run(story()) == [2, 2, 2]
        """
    )
    run(pytester, "-W", "ignore").assert_outcomes(passed=1)


def test_each_worker_has_a_devnet_of_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pathlib
        import pytest

        @pytest.mark.parametrize("turn", range(8))
        def test_a_turn(devnet, byline_accounts, worker_id, turn):
            assert devnet.l2.block_number() == 0
            devnet.l2.mine(turn + 1)
            assert devnet.l2.block_number() == turn + 1
            with open("seen", "a") as seen:
                seen.write(f"{worker_id} {devnet.l1.url} {devnet.l2.url}\\n")
        """
    )
    run(pytester, "-p", "xdist.plugin", "-n", "2").assert_outcomes(passed=8)
    seen = set((pytester.path / "seen").read_text().splitlines())
    workers = {line.split()[0] for line in seen}
    urls = [url for line in seen for url in line.split()[1:]]
    assert len(seen) == len(workers) == 2
    assert len(set(urls)) == 4


def test_a_test_that_fails_is_taken_back_like_others(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_first(devnet):
            devnet.l2.mine()
            assert False

        def test_second(devnet):
            assert devnet.l2.block_number() == 0
        """
    )
    run(pytester).assert_outcomes(passed=1, failed=1)


def test_a_test_that_goes_back_beyond_its_beginning_is_told(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_first(byline_devnet, devnet):
            devnet.revert(1)
        """
    )
    result = run(pytester)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*snapshot 1 is unknown or used up*"])
