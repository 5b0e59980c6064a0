"""What steers a chain where it was forked from another one, and where its L1 is somebody's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from byline.node.backend.rewriting import steering_of
from byline.node.backend.threads import Threads
from byline.node.l1.mirror import L1Mirror
from byline.node.rollups.following import FollowingRollup
from byline.node.rollups.rollup import Mining
from byline.node.sync_devnet import SyncDevnet
from byline.rpc.backend import Refused
from tests.anvils import running_anvil
from tests.devnets import call
from tests.integration.rollups import World, world

CODED = "0x" + "99" * 20
RICH = "0x" + "98" * 20


@pytest.fixture(scope="module")
def forked() -> Iterator[str]:
    with running_anvil() as url:
        call(url, "anvil_mine", 5)
        call(url, "anvil_setCode", CODED, "0x6001")
        call(url, "evm_mine")
        with SyncDevnet(l1_port=0, l2_port=0, fork_url=url, no_storage_caching=True) as devnet:
            yield devnet.l2.url


def test_a_fork_goes_back_to_its_first_block_and_no_further(forked: str) -> None:
    first = call(forked, "eth_getBlockByNumber", "latest", False)
    number = int(first["number"], 16)
    assert number > 5
    info = call(forked, "anvil_nodeInfo")["forkConfig"]
    assert info["forkBlockNumber"] == number
    assert call(forked, "hardhat_metadata")["forkedNetwork"]["forkBlockHash"] == first["hash"]
    call(forked, "anvil_setBalance", RICH, "0x5")
    call(forked, "evm_mine")
    with pytest.raises(RuntimeError, match="current height 2, depth 3"):
        call(forked, "anvil_rollback", 3)
    call(forked, "anvil_rollback", 1)
    assert call(forked, "eth_getBalance", RICH) == "0x5"
    dumped = call(forked, "anvil_dumpState")
    call(forked, "anvil_reset")
    assert call(forked, "eth_getBlockByNumber", "latest", False)["hash"] == first["hash"]
    assert call(forked, "eth_getBalance", RICH) == "0x0"
    # The same fork may be named.
    call(forked, "hardhat_reset", {"forking": {"blockNumber": number}})
    call(forked, "anvil_reset", {"forking": {"jsonRpcUrl": info["forkUrl"]}})
    with pytest.raises(RuntimeError, match=f"--fork-block-number {number - 1}"):
        call(forked, "anvil_reset", {"forking": {"blockNumber": number - 1}})
    call(forked, "anvil_loadState", dumped)
    assert call(forked, "eth_getBalance", RICH) == "0x5"
    assert call(forked, "eth_getCode", CODED) == "0x6001"


def following(made: World) -> FollowingRollup:
    """Return a rollup over the same L2 that only follows the L1."""
    here, block = made.rollup, made.rollup.l1.block(0)
    assert block is not None
    return FollowingRollup(
        l1=L1Mirror(block), engine=here.engine, sequencer=here.sequencer, batcher=here.batcher,
        driver=here.driver, clock=here.clock, publish=made.happened.append,
        mining=Mining(automine=False, interval=2, strict=True),
    )  # fmt: skip


@pytest.mark.asyncio
async def test_the_l2_of_an_l1_that_others_run_tells_and_refuses() -> None:
    threads = Threads()
    found = steering_of(following(world()), "l2", threads)
    assert await found.pacing.automine() is False
    assert await found.pacing.interval() == 2_000
    assert len((await found.telling.facts()).instance) == 32
    assert len(await found.states.dump()) > 1_000
    for refused in (
        found.pacing.set_automine(True),
        found.pacing.set_interval(None, mixed=False),
        found.next_block.set_base_fee(1),
        found.rewriting.rollback(1),
        found.rewriting.reset(),
        found.states.load(await found.states.dump()),
    ):
        with pytest.raises(Refused, match="the L1 is not this node's"):
            await refused
    threads.close()
