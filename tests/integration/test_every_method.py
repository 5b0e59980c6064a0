"""Every method that anvil, Hardhat, ganache and eth-tester answer, asked of both ports.

The lists were found by calling each of those nodes.  A method is served, or refused as one
that does not exist with the reason as the error's data.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import aiohttp
import pytest

from byline.node.rollups.rollup import ChainName
from tests.devnets import Running, running


def _names(text: str) -> list[str]:
    return text.split()


ANVIL = _names("""
anvil_addBalance anvil_autoImpersonateAccount anvil_dealERC20 anvil_dropAllTransactions
anvil_dropTransaction anvil_dumpState anvil_getAutomine anvil_getBlobByHash
anvil_getBlobsByTransactionHash anvil_getGenesisTime anvil_getIntervalMining
anvil_impersonateAccount anvil_impersonateSignature anvil_increaseTime anvil_loadState
anvil_metadata anvil_mine anvil_mine_detailed anvil_nodeInfo
anvil_removeBlockTimestampInterval anvil_removePoolTransactions anvil_reorg anvil_reset
anvil_revert anvil_rollback anvil_setAutomine anvil_setBalance anvil_setBlockGasLimit
anvil_setBlockTimestampInterval anvil_setChainId anvil_setCode anvil_setCoinbase
anvil_setERC20Allowance anvil_setFeeToken anvil_setIntervalMining anvil_setLoggingEnabled
anvil_setMinGasPrice anvil_setNextBlockBaseFeePerGas anvil_setNextBlockTimestamp
anvil_setNonce anvil_setRpcUrl anvil_setStorageAt anvil_setTime
anvil_setValidatorFeeToken anvil_snapshot anvil_stopImpersonatingAccount debug_codeByHash
debug_dbGet debug_getRawTransaction debug_traceBlockByHash debug_traceBlockByNumber
debug_traceCall debug_traceTransaction erigon_getHeaderByNumber eth_accounts
eth_blobBaseFee eth_blockNumber eth_call eth_chainId eth_coinbase eth_config
eth_createAccessList eth_estimateGas eth_feeHistory eth_fillTransaction eth_gasPrice
eth_getAccount eth_getAccountInfo eth_getBalance eth_getBlockByHash eth_getBlockByNumber
eth_getBlockReceipts eth_getBlockTransactionCountByHash
eth_getBlockTransactionCountByNumber eth_getCode eth_getFilterChanges eth_getFilterLogs
eth_getLogs eth_getProof eth_getRawTransactionByBlockHashAndIndex
eth_getRawTransactionByBlockNumberAndIndex eth_getRawTransactionByHash eth_getStorageAt
eth_getStorageValues eth_getTransactionByBlockHashAndIndex
eth_getTransactionByBlockNumberAndIndex eth_getTransactionByHash
eth_getTransactionBySenderAndNonce eth_getTransactionCount eth_getTransactionReceipt
eth_getUncleByBlockHashAndIndex eth_getUncleByBlockNumberAndIndex
eth_getUncleCountByBlockHash eth_getUncleCountByBlockNumber eth_getWork eth_hashrate
eth_maxPriorityFeePerGas eth_networkId eth_newBlockFilter eth_newFilter
eth_newPendingTransactionFilter eth_protocolVersion eth_requestAccounts
eth_sendRawTransaction eth_sendRawTransactionSync eth_sendTransaction
eth_sendTransactionSync eth_sendUnsignedTransaction eth_sign eth_signTransaction
eth_signTypedData eth_signTypedData_v3 eth_signTypedData_v4 eth_simulateV1
eth_submitHashrate eth_submitWork eth_syncing eth_uninstallFilter evm_increaseTime
evm_mine evm_mine_detailed evm_revert evm_setAccountNonce evm_setAutomine
evm_setBlockGasLimit evm_setIntervalMining evm_setNextBlockTimestamp evm_setTime
evm_snapshot hardhat_addBalance hardhat_autoImpersonateAccount hardhat_dealERC20
hardhat_dropAllTransactions hardhat_dropTransaction hardhat_dumpState hardhat_getAutomine
hardhat_impersonateAccount hardhat_loadState hardhat_metadata hardhat_mine hardhat_reset
hardhat_setBalance hardhat_setCode hardhat_setCoinbase hardhat_setLoggingEnabled
hardhat_setMinGasPrice hardhat_setNextBlockBaseFeePerGas hardhat_setNonce
hardhat_setStorageAt hardhat_stopImpersonatingAccount net_listening net_version
ots_getApiLevel ots_getBlockDetails ots_getBlockDetailsByHash ots_getBlockTransactions
ots_getContractCreator ots_getInternalOperations ots_getTransactionBySenderAndNonce
ots_getTransactionError ots_hasCode ots_searchTransactionsAfter
ots_searchTransactionsBefore ots_traceTransaction personal_sign tenderly_addBalance
tenderly_setBalance trace_block trace_filter trace_replayBlockTransactions
trace_transaction txpool_content txpool_inspect txpool_status web3_clientVersion
web3_sha3
""")
"""What anvil 1.7.1 answers, stubs included."""

HARDHAT = _names("""
debug_traceCall debug_traceTransaction eth_accounts eth_blobBaseFee eth_blockNumber
eth_call eth_chainId eth_coinbase eth_estimateGas eth_feeHistory eth_gasPrice
eth_getBalance eth_getBlockByHash eth_getBlockByNumber eth_getBlockTransactionCountByHash
eth_getBlockTransactionCountByNumber eth_getCode eth_getFilterChanges eth_getFilterLogs
eth_getLogs eth_getProof eth_getStorageAt eth_getTransactionByBlockHashAndIndex
eth_getTransactionByBlockNumberAndIndex eth_getTransactionByHash eth_getTransactionCount
eth_getTransactionReceipt eth_maxPriorityFeePerGas eth_newBlockFilter eth_newFilter
eth_newPendingTransactionFilter eth_pendingTransactions eth_sendRawTransaction
eth_sendTransaction eth_sign eth_signTypedData_v4 eth_subscribe eth_syncing
eth_uninstallFilter eth_unsubscribe evm_increaseTime evm_mine evm_revert evm_setAutomine
evm_setBlockGasLimit evm_setIntervalMining evm_setNextBlockTimestamp evm_snapshot
hardhat_dropTransaction hardhat_getAutomine hardhat_impersonateAccount hardhat_metadata
hardhat_mine hardhat_setBalance hardhat_setCode hardhat_setCoinbase
hardhat_setLoggingEnabled hardhat_setMinGasPrice hardhat_setNextBlockBaseFeePerGas
hardhat_setNonce hardhat_setPrevRandao hardhat_setStorageAt
hardhat_stopImpersonatingAccount net_version personal_sign web3_clientVersion web3_sha3
""")
"""What Hardhat 3.18 answers."""

GANACHE = _names("""
bzz_info db_putString debug_storageRangeAt debug_traceTransaction eth_accounts
eth_blockNumber eth_call eth_chainId eth_coinbase eth_estimateGas eth_feeHistory
eth_gasPrice eth_getBalance eth_getBlockByHash eth_getBlockByNumber
eth_getBlockTransactionCountByHash eth_getBlockTransactionCountByNumber eth_getCode
eth_getCompilers eth_getFilterChanges eth_getFilterLogs eth_getLogs eth_getProof
eth_getStorageAt eth_getTransactionByBlockHashAndIndex
eth_getTransactionByBlockNumberAndIndex eth_getTransactionByHash eth_getTransactionCount
eth_getTransactionReceipt eth_getUncleByBlockHashAndIndex
eth_getUncleByBlockNumberAndIndex eth_getUncleCountByBlockHash
eth_getUncleCountByBlockNumber eth_getWork eth_hashrate eth_maxPriorityFeePerGas
eth_mining eth_newBlockFilter eth_newFilter eth_newPendingTransactionFilter
eth_protocolVersion eth_sendRawTransaction eth_sendTransaction eth_sign
eth_signTransaction eth_signTypedData eth_signTypedData_v4 eth_submitHashrate
eth_submitWork eth_subscribe eth_syncing eth_uninstallFilter eth_unsubscribe
evm_addAccount evm_increaseTime evm_mine evm_removeAccount evm_revert
evm_setAccountBalance evm_setAccountCode evm_setAccountNonce evm_setAccountStorageAt
evm_setTime evm_snapshot miner_setEtherbase miner_setExtra miner_setGasPrice miner_start
miner_stop net_listening net_peerCount net_version personal_importRawKey
personal_listAccounts personal_lockAccount personal_newAccount personal_sendTransaction
personal_signTransaction personal_unlockAccount rpc_modules shh_version txpool_content
web3_clientVersion web3_sha3
""")
"""What ganache 7.9.2 answers."""

ETH_TESTER = _names("""
eth_accounts eth_blobBaseFee eth_blockNumber eth_call eth_chainId eth_estimateGas
eth_feeHistory eth_gasPrice eth_getBalance eth_getBlockByHash eth_getBlockByNumber
eth_getBlockTransactionCountByHash eth_getBlockTransactionCountByNumber eth_getCode
eth_getFilterChanges eth_getFilterLogs eth_getLogs eth_getStorageAt
eth_getTransactionByBlockHashAndIndex eth_getTransactionByBlockNumberAndIndex
eth_getTransactionByHash eth_getTransactionCount eth_getTransactionReceipt
eth_getUncleCountByBlockHash eth_getUncleCountByBlockNumber eth_maxPriorityFeePerGas
eth_newBlockFilter eth_newFilter eth_newPendingTransactionFilter eth_protocolVersion
eth_sendRawTransaction eth_sendTransaction eth_syncing eth_uninstallFilter evm_mine
evm_revert evm_snapshot net_listening net_peerCount net_version testing_timeTravel
web3_clientVersion web3_sha3
""")
"""What web3.py's EthereumTesterProvider answers."""

CHECKLIST = _names("""
eth_accounts eth_baseFee eth_blobBaseFee eth_blockNumber eth_call eth_callBundle
eth_callMany eth_capabilities eth_chainId eth_coinbase eth_config eth_createAccessList
eth_estimateGas eth_feeHistory eth_fillTransaction eth_gasPrice eth_getAccount
eth_getAccountInfo eth_getBalance eth_getBlockAccessList eth_getBlockByHash
eth_getBlockByNumber eth_getBlockReceipts eth_getBlockTransactionCountByHash
eth_getBlockTransactionCountByNumber eth_getCode eth_getFilterChanges eth_getFilterLogs
eth_getHeaderByHash eth_getHeaderByNumber eth_getLogs eth_getProof
eth_getRawTransactionByBlockHashAndIndex eth_getRawTransactionByBlockNumberAndIndex
eth_getRawTransactionByHash eth_getStorageAt eth_getStorageValues
eth_getTransactionByBlockHashAndIndex eth_getTransactionByBlockNumberAndIndex
eth_getTransactionByHash eth_getTransactionBySenderAndNonce eth_getTransactionCount
eth_getTransactionReceipt eth_getUncleByBlockHashAndIndex
eth_getUncleByBlockNumberAndIndex eth_getUncleCountByBlockHash
eth_getUncleCountByBlockNumber eth_hashrate eth_maxPriorityFeePerGas eth_mining
eth_newBlockFilter eth_newFilter eth_newPendingTransactionFilter eth_pendingTransactions
eth_protocolVersion eth_requestAccounts eth_resend eth_sendRawTransaction
eth_sendRawTransactionConditional eth_sendRawTransactionSync eth_sendTransaction
eth_sendTransactionSync eth_sendUnsignedTransaction eth_sign eth_signTransaction
eth_signTypedData eth_signTypedData_v3 eth_signTypedData_v4 eth_simulateV1 eth_subscribe
eth_syncing eth_uninstallFilter eth_unsubscribe debug_accountRange debug_chainConfig
debug_clearTxpool debug_codeByHash debug_dbGet debug_dumpBlock debug_executionWitness
debug_getBadBlocks debug_getModifiedAccountsByHash debug_getModifiedAccountsByNumber
debug_getRawBlock debug_getRawHeader debug_getRawReceipts debug_getRawTransaction
debug_intermediateRoots debug_preimage debug_setHead debug_storageRangeAt
debug_traceBlock debug_traceBlockByHash debug_traceBlockByNumber debug_traceCall
debug_traceCallMany debug_traceTransaction trace_block trace_call trace_callMany
trace_filter trace_get trace_rawTransaction trace_replayBlockTransactions
trace_replayTransaction trace_transaction txpool_content txpool_contentFrom
txpool_inspect txpool_status net_listening net_peerCount net_version web3_clientVersion
web3_sha3 rpc_modules personal_ecRecover personal_importRawKey personal_listAccounts
personal_newAccount personal_sign personal_unlockAccount wallet_sendTransaction
ots_getApiLevel ots_getBlockDetails ots_getBlockDetailsByHash ots_getBlockTransactions
ots_getContractCreator ots_getInternalOperations ots_getTransactionBySenderAndNonce
ots_getTransactionError ots_hasCode ots_searchTransactionsAfter
ots_searchTransactionsBefore ots_traceTransaction erigon_blockNumber
erigon_getHeaderByHash erigon_getHeaderByNumber optimism_outputAtBlock
optimism_rollupConfig optimism_safeHeadAtL1Block optimism_syncStatus optimism_version
opp2p_peers opp2p_self admin_addPeer admin_conductorEnabled admin_datadir
admin_exportChain admin_getConfig admin_getL1Addresses admin_getL2Addresses
admin_getL2ToL2MessageByMsgHash admin_importChain admin_nodeInfo admin_overrideLeader
admin_peers admin_postUnsafePayload admin_resetDerivationPipeline admin_sequencerActive
admin_startSequencer admin_stopSequencer miner_setExtra miner_setGasLimit
miner_setGasPrice miner_setMaxDASize anvil_classifyTransaction
anvil_setNextBlockPrevRandao anvil_setPrevRandao hardhat_setERC20Allowance
engine_signalSuperchainV1 attribution_explain attribution_lineage attribution_metrics
attribution_status attribution_trace attribution_verify
""")
"""What clients, explorers and rollup operators ask beyond these."""

REFUSED = {
    "there is no proof of work": "eth_getWork eth_submitHashrate eth_submitWork",
    "block access lists come with Amsterdam": "eth_getBlockAccessList",
    "nodes have no compilers": "eth_getCompilers",
    "the node keeps no keystore": (
        "personal_importRawKey personal_lockAccount personal_newAccount "
        "personal_unlockAccount evm_addAccount evm_removeAccount"
    ),
    "passwords mean nothing here": "personal_sendTransaction personal_signTransaction",
    "there are no miners": "miner_start miner_stop",
    "anvil_setCoinbase": "miner_setEtherbase",
    "an L2 block's extra data": "miner_setExtra",
    "an L2 block's gas limit": "miner_setGasLimit",
    "any tip": "miner_setGasPrice",
    "a method for the Tempo network": "anvil_setFeeToken anvil_setValidatorFeeToken",
    "in no release of anvil": "anvil_classifyTransaction",
    "use evm_setNextBlockTimestamp": "testing_timeTravel",
    "removed from": "db_putString",
    "Whisper": "shh_version",
    "Swarm": "bzz_info",
    "this is a node and no wallet": "wallet_sendTransaction",
    "there is no peer-to-peer network": "admin_addPeer opp2p_peers opp2p_self",
    "a node may not": "admin_exportChain admin_importChain",
    "a method of supersim": "admin_getConfig admin_getL1Addresses admin_getL2Addresses",
    "there is one L2": "admin_getL2ToL2MessageByMsgHash",
    "there is no conductor": "admin_overrideLeader",
    "the sequencer makes": "admin_postUnsafePayload",
    "there is no superchain": "engine_signalSuperchainV1",
}
"""How the reason begins, and what is refused on both ports for it."""

ONLY_ON_THE_L2 = {
    "the L2's port": (
        "admin_conductorEnabled admin_resetDerivationPipeline admin_sequencerActive "
        "admin_startSequencer admin_stopSequencer eth_sendRawTransactionConditional "
        "miner_setMaxDASize"
    ),
    "this is not the L2's port": (
        "optimism_outputAtBlock optimism_rollupConfig optimism_safeHeadAtL1Block "
        "optimism_syncStatus optimism_version"
    ),
    "the L2's port serves it, where": (
        "attribution_explain attribution_lineage attribution_metrics attribution_status "
        "attribution_trace attribution_verify"
    ),
}
"""The same for the L1's port alone."""

EVERY = sorted({*ANVIL, *HARDHAT, *GANACHE, *ETH_TESTER, *CHECKLIST})
TOO_MANY = [None] * 40
"""Parameters that no method takes: what is served says so and does nothing."""


def _reasons(name: ChainName) -> dict[str, str]:
    tables = (REFUSED,) if name == "l2" else (REFUSED, ONLY_ON_THE_L2)
    return {
        method: words
        for table in tables
        for words, methods in table.items()
        for method in methods.split()
    }


@pytest.fixture(scope="module")
def devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("devnet")) as found:
        yield found


async def _errors(url: str) -> dict[str, dict[str, object]]:
    batch = [
        {"jsonrpc": "2.0", "id": method, "method": method, "params": TOO_MANY} for method in EVERY
    ]
    async with aiohttp.ClientSession() as session, session.post(url, json=batch) as answer:
        return {item["id"]: item["error"] for item in await answer.json()}


@pytest.mark.parametrize("name", ["l1", "l2"])
def test_every_method_is_served_or_refused_with_a_reason(devnet: Running, name: ChainName) -> None:
    errors = asyncio.run(_errors(devnet.l1_url if name == "l1" else devnet.l2_url))
    reasons = _reasons(name)
    assert errors.keys() == set(EVERY)
    for method, error in errors.items():
        if method in reasons:
            assert error["code"] == -32601, method
            assert error["message"] == f"the method {method} does not exist/is not available"
            assert str(error["data"]).startswith(reasons[method]), (method, error["data"])
        else:
            assert error["code"] == -32602, (method, error)
            assert "too many arguments" in str(error["message"]), (method, error)


def test_nothing_is_refused_that_no_list_has() -> None:
    assert set(_reasons("l1")) <= set(EVERY)
