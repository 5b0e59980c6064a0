"""`eth_config`: the rules in force and those to come (EIP-7910)."""

from __future__ import annotations

import zlib
from dataclasses import replace
from types import MappingProxyType

import pytest

from byline.derivation.config import Fork
from byline.node.backend.forks import fork_id
from byline.node.evm.ethereum import EthereumRules
from byline.node.evm.l1_forks import L1Fork, L1Schedule
from byline.node.evm.optimism import OptimismRules
from tests.integration.rollups import GENESIS_TIME, world
from tests.integration.serving import served
from tests.unit.rpc.schema import check_result

MAINNET = bytes.fromhex("d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3")
LATER = GENESIS_TIME + 1_000


@pytest.mark.parametrize(
    ("forks", "wanted"),
    [
        ([], "fc64ec04"),
        ([1_150_000], "97c2c34c"),
        ([1_150_000, 1_920_000], "91d1f948"),
        ([1_150_000, 1_920_000, 2_463_000], "7a64da13"),
    ],
)
def test_the_fork_id_is_that_of_the_ethereum_mainnet(forks: list[int], wanted: str) -> None:
    assert fork_id(MAINNET, forks).hex() == wanted


def test_the_l1_tells_its_rules() -> None:
    with served(world(), "l1") as port:
        found = port.result("eth_config")
        check_result("eth_config", found)
        genesis = port.result("eth_getBlockByNumber", "earliest", False)["hash"]
    current = found["current"]
    assert (found["next"], found["last"]) == (None, None)
    assert current["activationTime"] == 0
    assert current["blobSchedule"] == {"target": 6, "max": 9, "baseFeeUpdateFraction": 5_007_716}
    assert current["forkId"] == f"0x{zlib.crc32(bytes.fromhex(genesis[2:])):08x}"
    assert current["precompiles"]["ECREC"] == "0x" + "00" * 19 + "01"
    assert current["precompiles"]["P256VERIFY"] == "0x" + "00" * 18 + "0100"
    assert len(current["precompiles"]) == 18
    assert len(current["systemContracts"]) == 5


def test_the_l2_has_precompiles_of_its_own_and_no_blobs() -> None:
    with served(world(), "l2") as port:
        current = port.result("eth_config")["current"]
        check_result("eth_config", {"current": current, "next": None, "last": None})
    assert current["precompiles"]["ATTRIBUTION_MATH"].endswith("a770")
    assert current["blobSchedule"] == {"target": 0, "max": 0, "baseFeeUpdateFraction": 0}
    assert set(current["systemContracts"]) == {"BEACON_ROOTS_ADDRESS", "HISTORY_STORAGE_ADDRESS"}


def test_a_fork_that_comes_is_next_and_then_current() -> None:
    here = world()
    rules = here.rollup.engine.chain.rules
    assert isinstance(rules, OptimismRules)
    forks = {Fork.HOLOCENE: 0, Fork.ISTHMUS: LATER, Fork.JOVIAN: LATER + 7, Fork.KARST: 2**40}
    rules.config = replace(rules.config, forks=MappingProxyType(forks))
    with served(here, "l2") as port:
        found = port.result("eth_config")
        check_result("eth_config", found)
    times = [found[name]["activationTime"] for name in ("current", "next", "last")]
    assert times == [0, LATER, 2**40]
    assert len({found[name]["forkId"] for name in ("current", "next", "last")}) == 3
    assert "BLS12_G1ADD" not in found["current"]["precompiles"]
    assert "BLS12_G1ADD" in found["next"]["precompiles"]
    assert "HISTORY_STORAGE_ADDRESS" not in found["current"]["systemContracts"]


def test_blobs_alone_may_change_on_the_l1() -> None:
    here = world()
    rules = here.rollup.l1.chain.rules
    assert isinstance(rules, EthereumRules)
    times = {L1Fork.PRAGUE: 0, L1Fork.OSAKA: 0, L1Fork.BPO1: LATER}
    rules.schedule = L1Schedule(MappingProxyType(times))
    with served(here, "l1") as port:
        found = port.result("eth_config")
    assert found["next"] == found["last"]
    assert found["next"]["blobSchedule"]["max"] == 15
    assert found["current"]["blobSchedule"]["max"] == 9
