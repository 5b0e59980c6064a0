"""What a node says of itself to tools that drive it: `anvil_nodeInfo`, `hardhat_metadata`."""

from __future__ import annotations

from typing import Any, Final

from byline.derivation.transaction import Transaction
from byline.rpc import quantities, views
from byline.rpc.errors import ServerError
from byline.rpc.method import Context, Method, Parameter
from byline.rpc.namespaces.cheats_mining import steering
from byline.rpc.namespaces.common import HASH


async def node_info(context: Context) -> dict[str, Any]:
    """Return the chain's head, rules and prices, in anvil's shape."""
    backend = context.backend
    facts = await steering(backend).telling.facts()
    head = await backend.chain.block("latest")
    assert head is not None, "every chain has a newest block"
    forked = facts.forked
    return {
        "currentBlockNumber": hex(head.number),
        "currentBlockTimestamp": head.header.timestamp,
        "currentBlockHash": views.as_hex(head.hash),
        "hardFork": facts.rules,
        "transactionOrder": "fees",
        "environment": {
            "baseFee": hex(facts.next_base_fee),
            "chainId": backend.chain.chain_id,
            "gasLimit": hex(head.header.gas_limit),
            "gasPrice": hex(facts.gas_price),
        },
        "forkConfig": {
            "forkUrl": None if forked is None else forked.url,
            "forkBlockNumber": None if forked is None else forked.block_number,
            "forkRetryBackoff": None,
        },
    }


async def metadata(context: Context) -> dict[str, Any]:
    """Return what tells this run of this chain from others, in Hardhat's and anvil's shape."""
    backend = context.backend
    facts = await steering(backend).telling.facts()
    head = await backend.chain.block("latest")
    assert head is not None, "every chain has a newest block"
    forked = facts.forked
    found = {
        "clientVersion": backend.client_version,
        "clientSemver": backend.client_version.split("/v")[-1].split("/")[0],
        "clientCommitSha": "",
        "chainId": backend.chain.chain_id,
        "instanceId": views.as_hex(facts.instance),
        "latestBlockNumber": head.number,
        "latestBlockHash": views.as_hex(head.hash),
        "snapshots": {
            hex(number): [height, views.as_hex(block_hash)]
            for number, (height, block_hash) in facts.snapshots.items()
        },
    }
    if forked is not None:
        found["forkedNetwork"] = {
            "chainId": forked.chain_id,
            "forkBlockNumber": forked.block_number,
            "forkBlockHash": views.as_hex(forked.block_hash),
        }
    return found


async def anvil_set_logging(context: Context, on: bool) -> None:
    """Let the log tell what happens on this chain, or not."""
    await steering(context.backend).telling.set_logging(on)


async def hardhat_set_logging(context: Context, on: bool) -> bool:
    """See `anvil_set_logging`."""
    await anvil_set_logging(context, on)
    return True


async def genesis_time(context: Context) -> int:
    """Return the time of the first block, in seconds since 1970."""
    return await steering(context.backend).telling.genesis_time()


async def blobs_of(context: Context, tx_hash: bytes) -> list[str] | None:
    """Return the blobs of a transaction; null where it is unknown, or has none here."""
    found = await context.backend.chain.transaction(tx_hash)
    transaction = None if found is None else found.transaction
    if not isinstance(transaction, Transaction) or not transaction.blob_hashes:
        return None
    blobs = await steering(context.backend).telling.blobs(transaction.blob_hashes)
    kept = [views.as_hex(blob) for blob in blobs if blob is not None]
    return kept if len(kept) == len(blobs) else None


async def blob(context: Context, versioned_hash: bytes) -> str | None:
    """Return a blob; null for one that is not here."""
    (found,) = await steering(context.backend).telling.blobs([versioned_hash])
    return None if found is None else views.as_hex(found)


async def set_chain_id(context: Context, chain_id: int) -> None:
    """Refuse another chain id: nothing of the rollup would hold with it."""
    own = context.backend.chain.chain_id
    if chain_id != own:
        raise ServerError(
            f"the chain id stays {own}: the rollup config, the contracts on both chains and all "
            f"batches name it; start with --{context.backend.name}-chain-id {chain_id}"
        )


async def set_rpc_url(context: Context, url: str) -> None:
    """Refuse: where a chain was forked from is said at the start."""
    raise ServerError("the URL that a chain is forked from is given at the start: --fork-url URL")


_ON: Final = Parameter("enabled", quantities.boolean)
_CHAIN_ID: Final = Parameter("chain id", quantities.quantity_or_number)
_URL: Final = Parameter("URL", quantities.text)

METHODS: Final = {
    "anvil_nodeInfo": Method(node_info),
    "anvil_metadata": Method(metadata),
    "hardhat_metadata": Method(metadata),
    "anvil_setLoggingEnabled": Method(anvil_set_logging, (_ON,)),
    "hardhat_setLoggingEnabled": Method(hardhat_set_logging, (_ON,)),
    "anvil_getGenesisTime": Method(genesis_time),
    "anvil_getBlobsByTransactionHash": Method(blobs_of, (HASH,)),
    "anvil_getBlobByHash": Method(blob, (HASH,)),
    "anvil_setChainId": Method(set_chain_id, (_CHAIN_ID,)),
    "anvil_setRpcUrl": Method(set_rpc_url, (_URL,)),
}
