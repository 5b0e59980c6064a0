"""Which test looks at which known answer: every file has one, and says so here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.vectors_folder import REPOSITORY, vectors

TESTS = REPOSITORY / "tests"
NO_VECTORS = {"README.md"}


@dataclass(frozen=True)
class Use:
    """The tests that look at a file, and how much of it they use."""

    tests: tuple[str, ...]
    cases: str
    """What of the file is used; where something is not, why."""
    through: str | None = None
    """The helper that reads the file for the tests, where they do not themselves."""


def use(*tests: str, cases: str = "all", through: str | None = None) -> Use:
    return Use(tests, cases, through)


DERIVATION = "unit/derivation/test_"
GENESIS = "vectors/test_genesis.py"
FILES = "integration/test_genesis_files.py"
L1 = "vectors/test_l1_contracts.py"
UPGRADES = "unit/derivation/test_upgrades.py"

USES: dict[str, Use] = {
    "batches/brotli.json": use(DERIVATION + "batch_codecs.py"),
    "batches/channel_zlib_span.json.gz": use(DERIVATION + "batch_codecs.py"),
    "batches/span_batch_random.json": use(DERIVATION + "batch_codecs.py"),
    "blobs/codec.json": use(DERIVATION + "blob.py"),
    "deposits/deposit_txs.json": use(DERIVATION + "deposits.py"),
    "derivation/batch_validity.json": use(
        DERIVATION + "batch_validity.py", cases="all 47, with the verdicts under Holocene"
    ),
    "derivation/frame_queue_holocene.json": use(DERIVATION + "frame_queue.py"),
    "devnet-901/bridge_eth_deposit.json": use(
        FILES,
        DERIVATION + "deposits.py",
        "contracts/test_l1_bridge.py",
        "contracts/test_l2_bridge.py",
        cases="all: the call and its log on our L1, the deposit, the credit on our L2",
    ),
    "devnet-901/info.json": use(GENESIS, L1, FILES, DERIVATION + "output_root.py"),
    "devnet-901/l1-genesis.json.gz": use(FILES, L1),
    "devnet-901/l2-genesis.json.gz": use(FILES, "e2e/test_genesis_files.py"),
    "devnet-901/rollup.json": use(FILES, DERIVATION + "nouns.py"),
    "engine/payload_id.json": use("unit/node/engine_api/test_payloads.py"),
    "executor-holocene/block-26207960.json.gz": use("unit/node/test_executor_holocene.py"),
    "executor-holocene/block-26207961.json.gz": use("unit/node/test_executor_holocene.py"),
    "executor-holocene/block-26208384.json.gz": use("unit/node/test_executor_holocene.py"),
    "fees/fastlz_oracle.json.gz": use(
        "unit/derivation/kernels/test_fastlz.py", "contracts/test_gas_price_oracle.py"
    ),
    "fees/l1_and_operator_fee.json": use(
        DERIVATION + "fees.py",
        "unit/derivation/kernels/test_fastlz.py",
        DERIVATION + "earlier.py",
        "vectors/test_odds.py",
    ),
    "genesis/index.json": use(GENESIS),
    "genesis/mainnet--automata.json.gz": use(GENESIS),
    "genesis/mainnet--ink.json.gz": use(GENESIS),
    "genesis/mainnet--settlus-mainnet.json.gz": use(GENESIS),
    "genesis/mainnet--soneium.json.gz": use(GENESIS),
    "genesis/sepolia--op.json.gz": use(GENESIS),
    "genesis/sepolia-devnet-2--sepolia-devnet-2.json.gz": use(GENESIS),
    "l1-attributes/calldata.json": use(
        DERIVATION + "l1_info.py",
        DERIVATION + "earlier.py",
        "vectors/test_odds.py",
        cases="all; that of Bedrock reads and writes, and is refused where blocks are derived",
    ),
    "l1-contracts/900-l1-genesis.json.gz": use(L1, GENESIS),
    "l1-contracts/l1_e2e_steps.json": use(
        L1,
        "contracts/test_l1_steps.py",
        "contracts/test_optimism_portal.py",
        "contracts/test_system_config.py",
        "contracts/test_merkle_trie.py",
        cases="all 24 steps on the genuine contracts and on ours",
    ),
    "l1-contracts/l2-addresses.json": use(L1),
    "l1-rpc/block_verification.json.gz": use(
        "unit/node/l1/test_json_block.py", DERIVATION + "nouns.py"
    ),
    "l2-predeploys/l1block_jovian_storage.json": use(
        "contracts/test_l1_block.py",
        "contracts/test_gas_price_oracle.py",
        DERIVATION + "fees.py",
        "vectors/test_odds.py",
        cases="all but the gas that the call used, which is the compiler's",
    ),
    "output-root/output_root.json": use(
        DERIVATION + "output_root.py",
        cases="vectors; op_service_json has fields without a root to compare",
    ),
    "receipts/deposit_receipts.json": use(DERIVATION + "deposits.py"),
    "rollup-config/sepolia-devnet-2.rollup.json": use(DERIVATION + "nouns.py", FILES),
    "rpc/openrpc.json.gz": use("unit/rpc/test_schemas.py", through="unit/rpc/schema.py"),
    "system-config/config_update_log_data.json": use(DERIVATION + "system_config.py"),
    "upgrade-txs/index.json": use(UPGRADES, "integration/test_upgrades.py"),
    "upgrade-txs/karst_nut_bundle.json.gz": use(UPGRADES),
    "upgrade-txs/upgrade_deposit_txs.json.gz": use(UPGRADES, DERIVATION + "nouns.py"),
    "withdrawals/message_passed.json": use(
        "vectors/test_withdrawals.py", "contracts/test_l2_to_l1_message_passer.py"
    ),
}


def mentions(text: str, name: str) -> bool:
    """Tell whether the text of a test names a file, whole or put together from its parts."""
    if name in text:
        return True
    folder, file = name.split("/")
    # A file of a series is named by its number.
    number = re.search(r"\d{5,}", file)
    stem = file.removesuffix(".gz").removesuffix(".json").removesuffix(".rollup")
    needles = [number.group()] if number else [file, stem]
    return f'"{folder}' in text and any(needle in text for needle in needles)


def test_every_file_of_known_answers_is_in_the_table() -> None:
    folder = vectors()
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    missing = found - NO_VECTORS - USES.keys()
    assert not missing, f"no test looks at {sorted(missing)}: write one and name it in USES"
    gone = USES.keys() - found
    assert not gone, f"USES names files that are not there: {sorted(gone)}"


@pytest.mark.parametrize("name", USES)
def test_the_tests_of_the_table_exist_and_name_their_file(name: str) -> None:
    row = USES[name]
    assert row.tests
    for test in row.tests:
        text = (TESTS / test).read_text()
        assert re.search(r"^(async )?def test_", text, re.MULTILINE), f"{test} holds no test"
        if row.through is not None:
            module = row.through.removesuffix(".py").replace("/", ".")
            assert f"tests.{module}" in text, f"{test} does not use {row.through}"
            text = (TESTS / row.through).read_text()
        assert mentions(text, name), f"{row.through or test} does not mention {name}"


def test_every_test_of_this_folder_is_in_the_table() -> None:
    used = {Path(test).name for row in USES.values() for test in row.tests}
    here = {path.name for path in Path(__file__).parent.glob("test_*.py")}
    assert here - used == {Path(__file__).name}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('load("a/b.json.gz")', True),
        ('vectors() / "a" / "b.json.gz"', True),
        ('load("a/c.json.gz")', False),
        ('"b.json.gz"', False),
        ('load("a/")', False),
    ],
)
def test_a_mention_is_the_name_or_its_parts(text: str, found: bool) -> None:
    assert mentions(text, "a/b.json.gz") == found


def test_a_file_of_a_series_is_mentioned_by_its_number() -> None:
    assert mentions('N = (12345,)\nvectors() / "a" / f"block-{n}.json"', "a/block-12345.json")
    assert not mentions('N = (12346,)\nvectors() / "a" / f"block-{n}.json"', "a/block-12345.json")
