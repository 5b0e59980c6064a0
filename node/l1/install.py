"""Puts the OP Stack's L1 contracts onto a development L1 (anvil), and makes a rollup config.

A public L1 has contracts deployed by their owners and a config made by them; a development
node can be told to have them: `anvil_setCode` and `anvil_setStorageAt`, at our addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from byline.derivation.config import Genesis, RollupConfig
from byline.derivation.types import BlockId
from byline.node.accounts import DEV_BALANCE, dev_account
from byline.node.chain.genesis import genesis_output
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.client import RpcClient
from byline.node.contracts import addresses
from byline.node.contracts.gas_token import GAS_TOKENS
from byline.node.contracts.l1_contracts import WITHDRAWAL_DELAYS, l1_alloc
from byline.node.evm.engines import engine
from byline.node.network import (
    L2_SUPPLY,
    OPERATORS,
    batch_inbox,
    forks_up_to,
    l1_setup,
    l2_genesis,
    system_config,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which L2 is to be put on the L1; names are those of the settings."""

    l2_chain_id: int
    fork: str
    block_time: int
    gas_token: str = "open"  # noqa: S105
    withdrawals: str = "short"


async def install(client: RpcClient, wanted: Wanted) -> RollupConfig:
    """Install the contracts and return the config of an L2 that begins at the L1's head.

    Raises `NodeError` when the node does not know the cheats.
    """
    system = system_config()
    token = GAS_TOKENS[wanted.gas_token]
    head = await client.call("eth_getBlockByNumber", "latest", False)
    time = int(head["timestamp"], 16) + 1
    draft = RollupConfig(
        genesis=Genesis(BlockId(0, bytes(32)), BlockId(0, bytes(32)), time, system),
        l1_chain_id=await client.number("eth_chainId"),
        l2_chain_id=wanted.l2_chain_id,
        batch_inbox=batch_inbox(wanted.l2_chain_id),
        deposit_contract=addresses.OPTIMISM_PORTAL,
        l1_system_config=addresses.SYSTEM_CONFIG,
        block_time=wanted.block_time,
        forks=forks_up_to(wanted.fork),
    )
    l2 = l2_genesis(draft, engine(), token)
    setup = l1_setup(
        wanted.l2_chain_id,
        system,
        timestamp=time,
        anchor_root=genesis_output(engine(), l2),
        gas_token=token,
        delays=WITHDRAWAL_DELAYS[wanted.withdrawals],
        locked=L2_SUPPLY,
    )
    await _write(client, l1_alloc(setup))
    for index in OPERATORS:
        await client.call("anvil_setBalance", _hex(dev_account(index).address), hex(DEV_BALANCE))
    # State that was set by a cheat counts from the next block on.
    await client.call("evm_setNextBlockTimestamp", hex(time))
    await client.call("evm_mine")
    head = await client.call("eth_getBlockByNumber", "latest", False)
    first = BlockId(int(head["number"], 16), bytes.fromhex(head["hash"][2:]))
    genesis = replace(draft.genesis, l1=first, l2=BlockId(0, l2.block.hash))
    return replace(draft, genesis=genesis)


async def _write(client: RpcClient, alloc: Mapping[bytes, GenesisAccount]) -> None:
    for address, account in alloc.items():
        await client.call("anvil_setCode", _hex(address), _hex(account.code))
        if account.balance:
            await client.call("anvil_setBalance", _hex(address), hex(account.balance))
        for slot, value in account.storage.items():
            words = (f"0x{slot:064x}", f"0x{value:064x}")
            await client.call("anvil_setStorageAt", _hex(address), *words)


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
