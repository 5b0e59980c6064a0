"""`byline up` and `byline verify` with genesis files, as a user meets them."""

import subprocess
from pathlib import Path

from byline.node.accounts import dev_account
from byline.node.signing import sign_dynamic_fee
from tests.devnets import call, command, environment, running, wait_for
from tests.vectors_folder import load, vectors


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, cwd=folder, env=environment()
    )


def test_a_devnet_from_files_is_served_and_verified_again(tmp_path: Path) -> None:
    folder = vectors() / "devnet-901"
    info = load("devnet-901/info.json")
    l2_genesis = str(folder / "l2-genesis.json.gz")
    files = ["--l1-genesis", str(folder / "l1-genesis.json.gz"), "--l2-genesis", l2_genesis]
    rollup = ["--rollup-config", str(folder / "rollup.json")]
    with running(tmp_path, [*files, *rollup]) as devnet:
        for url, layer in ((devnet.l1_url, "l1"), (devnet.l2_url, "l2")):
            block = call(url, "eth_getBlockByNumber", "0x0", False)
            assert block["hash"] == info[layer]["hash"]
        # The screen shows what stands there: the genuine portal, no DevControl.
        portal = info["l1_addresses"]["OptimismPortalProxy"]
        assert portal in devnet.screen.lower()
        assert "DevControl" not in devnet.screen
        assert f"--l2-genesis {l2_genesis}" in devnet.screen

        raw = sign_dynamic_fee(
            dev_account(0),
            chain_id=901,
            nonce=0,
            gas=21_000,
            to=dev_account(1).address,
            max_fee=10**11,
            tip=1,
            value=1,
        ).raw
        sent = call(devnet.l2_url, "eth_sendRawTransaction", "0x" + raw.hex())
        made = call(devnet.l2_url, "eth_getTransactionReceipt", sent)["blockHash"]
        wait_for(
            lambda: call(devnet.l2_url, "eth_getBlockByNumber", "safe", False)["hash"] == made
        )

        verify = ["verify", "--l1", devnet.l1_url, *rollup]
        done = run(tmp_path, *verify, "--l2-genesis", l2_genesis)
        assert (0, "") == (done.returncode, done.stderr)
        assert f"safe head: L2 block 1 {made}" in done.stdout

        # The built-in genesis is another one, and the error says which flag is missing.
        other = run(tmp_path, *verify)
        assert 2 == other.returncode
        assert "--l2-genesis" in other.stderr


def test_files_that_do_not_belong_together_are_one_clear_line(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        *("up", "--l1-port", "0", "--l2-port", "0"),
        *("--l2-genesis", str(vectors() / "genesis" / "mainnet--ink.json.gz")),
        *("--rollup-config", str(vectors() / "devnet-901" / "rollup.json")),
    )
    assert (2, "") == (done.returncode, done.stdout)
    assert 1 == len(done.stderr.strip().splitlines()), done.stderr
    assert "mainnet--ink.json.gz: timestamp is 1733498411" in done.stderr
