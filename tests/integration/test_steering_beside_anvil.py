"""What steers a chain answers on both ports in the shapes of the real anvil."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.anvils import running_anvil
from tests.devnets import call
from tests.integration.rollups import ALICE, BOB, world
from tests.integration.serving import Port, served

FROM = "0x" + ALICE.address.hex()
TO = "0x" + BOB.address.hex()
TRANSFER = {"from": FROM, "to": TO, "value": "0x1"}
UNKNOWN = "0x" + "ab" * 32

OURS_ALONE = frozenset({"blockTimestamp", "totalDifficulty"})
"""Members in which ours and anvil's blocks differ; `eth_getBlockByNumber` has its own tests."""

STEPS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("anvil_getAutomine", ()),
    ("hardhat_getAutomine", ()),
    ("anvil_getIntervalMining", ()),
    ("anvil_setIntervalMining", (1_000,)),
    ("anvil_getIntervalMining", ()),
    ("anvil_getAutomine", ()),
    ("anvil_setIntervalMining", (0,)),
    ("anvil_getIntervalMining", ()),
    ("anvil_getAutomine", ()),
    ("anvil_setAutomine", (True,)),
    ("anvil_getAutomine", ()),
    ("evm_mine", ()),
    ("anvil_setAutomine", (False,)),
    ("eth_sendTransaction", (TRANSFER,)),
    ("anvil_dropTransaction", (UNKNOWN,)),
    ("anvil_removePoolTransactions", (TO,)),
    ("txpool_status", ()),
    ("anvil_removePoolTransactions", (FROM,)),
    ("txpool_status", ()),
    ("eth_sendTransaction", (TRANSFER,)),
    ("anvil_dropAllTransactions", ()),
    ("hardhat_dropAllTransactions", ()),
    ("txpool_status", ()),
    ("anvil_setMinGasPrice", ("0x1",)),
    ("hardhat_setMinGasPrice", ("0x1",)),
    ("anvil_setCoinbase", (TO,)),
    ("anvil_setNextBlockBaseFeePerGas", ("0x5",)),
    ("evm_setBlockGasLimit", ("0x2faf080",)),
    ("anvil_setBlockGasLimit", (45_000_000,)),
    ("anvil_nodeInfo", ()),
    ("anvil_metadata", ()),
    ("hardhat_metadata", ()),
    ("anvil_setLoggingEnabled", (True,)),
    ("anvil_getGenesisTime", ()),
    ("anvil_getBlobByHash", ("0x01" + "00" * 31,)),
    ("anvil_getBlobsByTransactionHash", (UNKNOWN,)),
    ("evm_mine", ()),
    ("evm_mine", ()),
    ("anvil_rollback", (1,)),
    ("anvil_rollback", (10_000,)),
    ("anvil_reorg", (1, [])),
    ("anvil_reorg", (10_000, [])),
    ("anvil_reorg", (1, [[TRANSFER, 3]])),
    ("anvil_reorg", (1, [["0x00", 0]])),
    ("anvil_dumpState", ()),
    ("anvil_loadState", ("0x1234",)),
    ("anvil_reset", ()),
    ("eth_blockNumber", ()),
)
DIFFERENT = {
    # anvil has no such member where the chain is not forked; viem and Hardhat look for neither.
    "forkedNetwork",
}


def shape(value: Any) -> Any:
    """Return what kind of value it is, member by member."""
    if isinstance(value, dict):
        return {
            key: shape(item)
            for key, item in value.items()
            if key not in OURS_ALONE | DIFFERENT and key != "snapshots"
        }
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    if isinstance(value, str):
        return "hex" if value.startswith("0x") else "text"
    return value if value is None or isinstance(value, bool) else type(value).__name__


def on_anvil(url: str, method: str, params: tuple[Any, ...]) -> Any:
    try:
        return shape(call(url, method, *params))
    except RuntimeError as exc:
        (error,) = exc.args
        return "error", error["message"]


def on_ours(port: Port, method: str, params: tuple[Any, ...]) -> Any:
    found = port.answer(method, *params)
    return ("error", found["error"]["message"]) if "error" in found else shape(found["result"])


@pytest.fixture(scope="module")
def anvils() -> Iterator[list[Any]]:
    with running_anvil() as url:
        yield [on_anvil(url, method, params) for method, params in STEPS]


@pytest.mark.parametrize("name", ["l1", "l2"])
def test_every_step_answers_in_anvils_shape(anvils: list[Any], name: str) -> None:
    with served(world(), name) as port:  # type: ignore[arg-type]
        ours = [on_ours(port, method, params) for method, params in STEPS]
    for (method, params), mine, theirs in zip(STEPS, ours, anvils, strict=True):
        if isinstance(theirs, tuple):
            assert isinstance(mine, tuple), (method, params, mine, theirs)
        else:
            assert mine == theirs, (method, params)


@pytest.mark.parametrize("name", ["l1", "l2"])
def test_detailed_blocks_have_the_members_of_anvils(name: str) -> None:
    with running_anvil() as url, served(world(), name) as port:  # type: ignore[arg-type]
        found = []
        nodes: list[Callable[..., Any]] = [functools.partial(call, url), port.result]
        for ask in nodes:
            ask("evm_setAutomine", False)
            ask("eth_sendTransaction", TRANSFER)
            (block,) = ask("evm_mine_detailed")
            found.append(block)
        theirs, ours = found
        assert not set(theirs) - set(ours) - OURS_ALONE - {"withdrawals"}
        assert ours["transactions"][-1]["output"] == theirs["transactions"][-1]["output"] == "0x"
