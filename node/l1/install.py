"""Puts the OP Stack's L1 contracts onto a development L1 (anvil), and makes a rollup config.

A public L1 has contracts deployed by their owners and a config made by them; a development
node can be told to have them: `anvil_setCode` and `anvil_setStorageAt`, at our addresses.
"""

from __future__ import annotations

from dataclasses import replace

from byline.derivation.config import Genesis, RollupConfig
from byline.derivation.types import BlockId
from byline.node.accounts import BATCHER_INDEX, DEV_BALANCE, OWNER_INDEX, dev_account
from byline.node.client import RpcClient
from byline.node.contracts import addresses
from byline.node.contracts.predeploys import l1_alloc
from byline.node.evm.engines import engine
from byline.node.network import batch_inbox, forks_up_to, l2_genesis, system_config


async def install(client: RpcClient, l2_chain_id: int, fork: str, block_time: int) -> RollupConfig:
    """Install the contracts and return the config of an L2 that begins at the L1's head.

    Raises `NodeError` when the node does not know the cheats.
    """
    system = system_config()
    owner = dev_account(OWNER_INDEX).address
    alloc = l1_alloc(
        owner=owner,
        system_config=system,
        l2_chain_id=l2_chain_id,
        batch_inbox=batch_inbox(l2_chain_id),
    )
    for address, account in alloc.items():
        await client.call("anvil_setCode", _hex(address), _hex(account.code))
        for slot, value in account.storage.items():
            words = (f"0x{slot:064x}", f"0x{value:064x}")
            await client.call("anvil_setStorageAt", _hex(address), *words)
    for address in (owner, dev_account(BATCHER_INDEX).address):
        await client.call("anvil_setBalance", _hex(address), hex(DEV_BALANCE))
    # State that was set by a cheat counts from the next block on.
    await client.call("evm_mine")
    head = await client.call("eth_getBlockByNumber", "latest", False)
    draft = RollupConfig(
        genesis=Genesis(
            l1=BlockId(int(head["number"], 16), bytes.fromhex(head["hash"][2:])),
            l2=BlockId(0, bytes(32)),
            l2_time=int(head["timestamp"], 16),
            system_config=system,
        ),
        l1_chain_id=await client.number("eth_chainId"),
        l2_chain_id=l2_chain_id,
        batch_inbox=batch_inbox(l2_chain_id),
        deposit_contract=addresses.OPTIMISM_PORTAL,
        l1_system_config=addresses.SYSTEM_CONFIG,
        block_time=block_time,
        forks=forks_up_to(fork),
    )
    l2 = BlockId(0, l2_genesis(draft, engine()).block.hash)
    return replace(draft, genesis=replace(draft.genesis, l2=l2))


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
