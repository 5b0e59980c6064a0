"""Methods that other nodes serve and this one does not, and why.

Whoever calls one gets the error of a method that does not exist, with these words as its
`data`: clients tell by code and message that a method is missing, people read why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

_WORK: Final = "there is no proof of work since the merge"
_LISTS: Final = "block access lists come with Amsterdam (EIP-7928), which no chain here has yet"
_KEYS: Final = (
    "the node keeps no keystore: the accounts of eth_accounts are always unlocked, and "
    "anvil_impersonateAccount unlocks any other"
)
_WALLET: Final = "this is a node and no wallet: send with eth_sendTransaction"
_PEERS: Final = "there is no peer-to-peer network here"
_INTEROP: Final = "there is one L2, so no messages between L2s"
_L2_PORT: Final = "the L2's port serves it: this chain has no sequencer"
_SUPERSIM: Final = (
    "a method of supersim's own port; `byline up` prints the contracts' addresses, and "
    "optimism_rollupConfig tells of the rollup"
)
_COMPILER: Final = "nodes have no compilers any more: compile with vyper, solc, forge or Hardhat"
_MINER: Final = "there are no miners since the merge: evm_setAutomine says when blocks are made"

NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "eth_getWork": _WORK,
        "eth_submitWork": _WORK,
        "eth_submitHashrate": _WORK,
        "eth_getCompilers": _COMPILER,
        "eth_compileLLL": _COMPILER,
        "eth_compileSerpent": _COMPILER,
        "eth_compileSolidity": _COMPILER,
        "eth_getBlockAccessList": _LISTS,
        "eth_getBlockAccessListByBlockHash": _LISTS,
        "eth_getBlockAccessListByBlockNumber": _LISTS,
        "debug_getRawBlockAccessList": _LISTS,
        "eth_sendRawTransactionConditional": _L2_PORT,
        "eth_cancelTransaction": "send another transaction with the same nonce and higher fees",
        "eth_getL1Fee": "ask the GasPriceOracle at 0x420000000000000000000000000000000000000F",
        "personal_newAccount": _KEYS,
        "personal_importRawKey": _KEYS,
        "personal_lockAccount": _KEYS,
        "personal_unlockAccount": _KEYS,
        "personal_sendTransaction": "passwords mean nothing here: use eth_sendTransaction",
        "personal_signTransaction": "passwords mean nothing here: use eth_signTransaction",
        "evm_addAccount": _KEYS,
        "evm_removeAccount": _KEYS,
        "miner_start": _MINER,
        "miner_stop": _MINER,
        "miner_setEtherbase": "anvil_setCoinbase says who gets the tips",
        "miner_setExtra": "an L2 block's extra data holds its EIP-1559 parameters, which come "
        "from the SystemConfig on the L1; L1 blocks have none here",
        "miner_setGasPrice": "any tip gets a transaction into a block here",
        "miner_setGasLimit": "an L2 block's gas limit comes from the SystemConfig on the L1; "
        "anvil_setBlockGasLimit sets that of either chain",
        "miner_setMaxDASize": _L2_PORT,
        "testing_timeTravel": "use evm_setNextBlockTimestamp and evm_mine",
        "testing_buildBlockV1": "for the tests of execution clients: evm_mine makes blocks here",
        "anvil_classifyTransaction": "in no release of anvil yet; trace_transaction shows what a "
        "transaction did",
        "anvil_setFeeToken": "a method for the Tempo network",
        "anvil_setValidatorFeeToken": "a method for the Tempo network",
        "admin_addPeer": _PEERS,
        "admin_removePeer": _PEERS,
        "admin_addTrustedPeer": _PEERS,
        "admin_removeTrustedPeer": _PEERS,
        "admin_startHTTP": "the ports are open as long as the node runs",
        "admin_stopHTTP": "the ports are open as long as the node runs",
        "admin_startWS": "HTTP and WebSocket share a port, open as long as the node runs",
        "admin_stopWS": "HTTP and WebSocket share a port, open as long as the node runs",
        "admin_exportChain": "a node may not write files for whoever reaches its port: "
        "start with --data-dir to keep the chains",
        "admin_importChain": "a node may not read files for whoever reaches its port",
        "admin_sequencerActive": _L2_PORT,
        "admin_startSequencer": _L2_PORT,
        "admin_stopSequencer": _L2_PORT,
        "admin_conductorEnabled": _L2_PORT,
        "admin_resetDerivationPipeline": _L2_PORT,
        "admin_postUnsafePayload": "the sequencer makes the L2's blocks here; `byline engine` "
        "takes those of others by the Engine API",
        "admin_getConfig": _SUPERSIM,
        "admin_getL1Addresses": _SUPERSIM,
        "admin_getL2Addresses": _SUPERSIM,
        "admin_overrideLeader": "there is no conductor: admin_startSequencer starts the sequencer",
        "admin_getL2ToL2MessageByMsgHash": _INTEROP,
        "admin_getAccessListByMsgHash": _INTEROP,
        "admin_getAccessListForIdentifier": _INTEROP,
        "engine_signalSuperchainV1": "there is no superchain to signal",
        "db_putString": "removed from Ethereum's JSON-RPC",
        "db_getString": "removed from Ethereum's JSON-RPC",
        "shh_version": "Whisper is no more",
        "bzz_info": "Swarm has a node of its own",
        "debug_executePayload": "the Engine API executes payloads: byline engine",
        "debug_setTrieFlushInterval": "every block's state is written with it",
        "debug_chaindbCompact": "the store compacts itself",
    }
)
"""By name."""

NAMESPACES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "attribution": "the L2's port serves it, where the node keeps an index of its contracts",
        "bor": "a namespace of Polygon's chains",
        "clique": "there is no proof of authority here",
        "les": _PEERS,
        "opp2p": f"{_PEERS}: L2 blocks come from the sequencer or from the L1",
        "rollup": "optimism_rollupConfig tells of the rollup",
        "wallet": _WALLET,
        "optimism": "this is not the L2's port: the rollup node answers there",
        "engine": "the Engine API has a port of its own: byline engine",
    }
)
"""By namespace, where a port serves nothing of it."""


def why_refused(name: str, known: Iterable[str]) -> str | None:
    """Return why a method is not among the `known`; `None` where there is nothing to say."""
    if name in NAMES:
        return NAMES[name]
    namespace = name.partition("_")[0]
    if any(other.partition("_")[0] == namespace for other in known):
        return None
    return NAMESPACES.get(namespace)
