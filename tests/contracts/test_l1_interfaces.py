"""Our contracts of the L1 have the functions, events and errors that clients of the OP Stack use.

Each list is what clients call or look for (viem, the OP Stack's own SDK, op-node, op-proposer),
with what they expect back.
"""

from __future__ import annotations

import pytest

from byline.node.contracts import artifacts
from byline.node.contracts.declarations import parse, selector, signature
from tests.contracts.l1_stack import l1_stack

WITHDRAWAL = (
    "(uint256 nonce, address sender, address target, uint256 value, uint256 gasLimit, bytes data)"
)
OUTPUT = (
    "(bytes32 version, bytes32 stateRoot, bytes32 messagePasserStorageRoot, "
    "bytes32 latestBlockhash)"
)
MARKET = (
    "(uint32 maxResourceLimit, uint8 elasticityMultiplier, uint8 baseFeeMaxChangeDenominator, "
    "uint32 minimumBaseFee, uint32 systemTxMaxGas, uint128 maximumBaseFee)"
)
FOUND = "(uint256 index, bytes32 metadata, uint64 timestamp, bytes32 rootClaim, bytes extraData)"

FUNCTIONS = {
    "OptimismPortal": f"""
        version() view returns (string)
        depositTransaction(address to, uint256 v, uint64 g, bool c, bytes d) payable
        depositERC20Transaction(address to, uint256 m, uint256 v, uint64 g, bool c, bytes d)
        donateETH() payable
        proveWithdrawalTransaction({WITHDRAWAL} t, uint256 index, {OUTPUT} o, bytes[] p)
        finalizeWithdrawalTransaction({WITHDRAWAL} t)
        finalizeWithdrawalTransactionExternalProof({WITHDRAWAL} t, address submitter)
        checkWithdrawal(bytes32 h, address submitter) view
        provenWithdrawals(bytes32 h, address submitter) view returns (address game, uint64 at)
        finalizedWithdrawals(bytes32 h) view returns (bool)
        numProofSubmitters(bytes32 h) view returns (uint256)
        proofSubmitters(bytes32 h, uint256 i) view returns (address)
        proofMaturityDelaySeconds() view returns (uint256)
        disputeGameFinalityDelaySeconds() view returns (uint256)
        respectedGameType() view returns (uint32)
        respectedGameTypeUpdatedAt() view returns (uint64)
        disputeGameBlacklist(address game) view returns (bool)
        disputeGameFactory() view returns (address)
        anchorStateRegistry() view returns (address)
        systemConfig() view returns (address)
        superchainConfig() view returns (address)
        guardian() view returns (address)
        paused() view returns (bool)
        l2Sender() view returns (address)
        minimumGasLimit(uint64 n) pure returns (uint64)
        params() view returns (uint128 f, uint64 b, uint64 n)
        balance() view returns (uint256)
        setGasPayingToken(address t, uint8 d, bytes32 n, bytes32 s)
    """,
    "SystemConfig": f"""
        version() view returns (string)
        setBatcherHash(bytes32 h)
        setGasConfigEcotone(uint32 b, uint32 o)
        setGasConfig(uint256 o, uint256 s)
        setGasLimit(uint64 g)
        setUnsafeBlockSigner(address s)
        setEIP1559Params(uint32 d, uint32 e)
        setOperatorFeeScalars(uint32 s, uint64 c)
        setMinBaseFee(uint64 f)
        setDAFootprintGasScalar(uint16 s)
        setFeature(bytes32 f, bool e)
        isFeatureEnabled(bytes32 f) view returns (bool)
        isCustomGasToken() view returns (bool)
        gasPayingToken() view returns (address t, uint8 d)
        gasPayingTokenName() view returns (string)
        gasPayingTokenSymbol() view returns (string)
        unsafeBlockSigner() view returns (address)
        batchInbox() view returns (address)
        startBlock() view returns (uint256)
        optimismPortal() view returns (address)
        l1CrossDomainMessenger() view returns (address)
        l1StandardBridge() view returns (address)
        resourceConfig() view returns ({MARKET} c)
        paused() view returns (bool)
        guardian() view returns (address)
        superchainConfig() view returns (address)
        l2ChainId() view returns (uint256)
    """,
    "DisputeGameFactory": f"""
        version() view returns (string)
        create(uint32 t, bytes32 r, bytes e) payable returns (address)
        gameCount() view returns (uint256)
        gameAtIndex(uint256 i) view returns (uint32 t, uint64 at, address game)
        games(uint32 t, bytes32 r, bytes e) view returns (address game, uint64 at)
        getGameUUID(uint32 t, bytes32 r, bytes e) pure returns (bytes32)
        findLatestGames(uint32 t, uint256 s, uint256 n) view returns ({FOUND}[] found)
        gameImpls(uint32 t) view returns (address)
        gameArgs(uint32 t) view returns (bytes)
        initBonds(uint32 t) view returns (uint256)
        setImplementation(uint32 t, address i)
        setImplementation(uint32 t, address i, bytes a)
        setInitBond(uint32 t, uint256 b)
        owner() view returns (address)
    """,
    "AnchorStateRegistry": """
        getAnchorRoot() view returns (bytes32 r, uint256 n)
        anchors(uint32 t) view returns (bytes32 r, uint256 n)
        anchorGame() view returns (address)
        setAnchorState(address g)
        isGameProper(address g) view returns (bool)
        isGameRespected(address g) view returns (bool)
        isGameFinalized(address g) view returns (bool)
        isGameResolved(address g) view returns (bool)
        isGameRegistered(address g) view returns (bool)
        isGameBlacklisted(address g) view returns (bool)
        isGameRetired(address g) view returns (bool)
        isGameClaimValid(address g) view returns (bool)
        respectedGameType() view returns (uint32)
        retirementTimestamp() view returns (uint64)
        disputeGameFactory() view returns (address)
        disputeGameFinalityDelaySeconds() view returns (uint256)
    """,
    "DevnetDisputeGame": """
        initialize() payable
        resolve() returns (uint8)
        resolveClaim(uint256 i, uint256 n)
        status() view returns (uint8)
        createdAt() view returns (uint64)
        resolvedAt() view returns (uint64)
        gameType() view returns (uint32)
        gameCreator() view returns (address)
        rootClaim() view returns (bytes32)
        l1Head() view returns (bytes32)
        l2BlockNumber() view returns (uint256)
        l2SequenceNumber() view returns (uint256)
        extraData() view returns (bytes)
        gameData() view returns (uint32 t, bytes32 r, bytes e)
        maxClockDuration() view returns (uint64)
        wasRespectedGameTypeWhenCreated() view returns (bool)
        anchorStateRegistry() view returns (address)
        claimCredit(address r)
        closeGame()
    """,
    "L1CrossDomainMessenger": """
        sendMessage(address t, bytes m, uint32 g) payable
        relayMessage(uint256 n, address s, address t, uint256 v, uint256 g, bytes m) payable
        successfulMessages(bytes32 h) view returns (bool)
        failedMessages(bytes32 h) view returns (bool)
        messageNonce() view returns (uint256)
        xDomainMessageSender() view returns (address)
        baseGas(bytes m, uint32 g) pure returns (uint64)
        portal() view returns (address)
        otherMessenger() view returns (address)
    """,
    "L1StandardBridge": """
        bridgeETH(uint32 g, bytes e) payable
        bridgeETHTo(address t, uint32 g, bytes e) payable
        bridgeERC20(address l, address r, uint256 a, uint32 g, bytes e)
        bridgeERC20To(address l, address r, address t, uint256 a, uint32 g, bytes e)
        depositETH(uint32 g, bytes e) payable
        depositETHTo(address t, uint32 g, bytes e) payable
        depositERC20(address l, address r, uint256 a, uint32 g, bytes e)
        depositERC20To(address l, address r, address t, uint256 a, uint32 g, bytes e)
        finalizeBridgeETH(address f, address t, uint256 a, bytes e) payable
        finalizeBridgeERC20(address l, address r, address f, address t, uint256 a, bytes e)
        finalizeETHWithdrawal(address f, address t, uint256 a, bytes e) payable
        finalizeERC20Withdrawal(address l, address r, address f, address t, uint256 a, bytes e)
        deposits(address l, address r) view returns (uint256)
        l2TokenBridge() view returns (address)
        messenger() view returns (address)
        otherBridge() view returns (address)
    """,
    "OpenToken": """
        name() view returns (string)
        symbol() view returns (string)
        decimals() view returns (uint8)
        totalSupply() view returns (uint256)
        balanceOf(address o) view returns (uint256)
        allowance(address o, address s) view returns (uint256)
        transfer(address t, uint256 v) returns (bool)
        transferFrom(address f, address t, uint256 v) returns (bool)
        approve(address s, uint256 v) returns (bool)
        permit(address o, address s, uint256 v, uint256 d, uint8 y, bytes32 r, bytes32 z)
        nonces(address o) view returns (uint256)
        DOMAIN_SEPARATOR() view returns (bytes32)
    """,
    "SuperchainConfig": """
        guardian() view returns (address)
        paused() view returns (bool)
        paused(address i) view returns (bool)
        pause(address i)
        unpause(address i)
    """,
}

ERRORS = {
    "OptimismPortal": {
        "OptimismPortal_BadTarget()": "c5defbad",
        "OptimismPortal_ImproperDisputeGame()": "f395240e",
        "OptimismPortal_InvalidDisputeGame()": "e29927ed",
        "OptimismPortal_InvalidProofTimestamp()": "b4caa4e5",
        "OptimismPortal_InvalidOutputRootProof()": "426149af",
        "OptimismPortal_InvalidMerkleProof()": "2e57ef3a",
        "OptimismPortal_AlreadyFinalized()": "730a1074",
        "OptimismPortal_Unproven()": "cca6afda",
        "OptimismPortal_ProofNotOldEnough()": "d9bc01be",
        "OptimismPortal_InvalidRootClaim()": "332a57f8",
        "OptimismPortal_GasLimitTooLow()": "70c8bdbd",
        "NoValue()": "f2365b5b",
    },
    "DevnetDisputeGame": {
        "ClockNotExpired()": "f2440b53",
        "BadAuth()": "d386ef3e",
        "AnchorRootNotFound()": "6a6bc3b2",
        "UnexpectedRootClaim(bytes32)": "f40239db",
    },
    "DisputeGameFactory": {"GameAlreadyExists(bytes32)": "014f6fe5"},
}

EVENTS = {
    "OptimismPortal": """
        TransactionDeposited(address indexed a, address indexed b, uint256 indexed c, bytes d)
        WithdrawalProven(bytes32 indexed h, address indexed a, address indexed b)
        WithdrawalProvenExtension1(bytes32 indexed h, address indexed a)
        WithdrawalFinalized(bytes32 indexed h, bool s)
    """,
    "SystemConfig": """
        ConfigUpdate(uint256 indexed v, uint8 indexed t, bytes d)
        FeatureSet(bytes32 indexed f, bool indexed e)
        OwnershipTransferred(address indexed a, address indexed b)
    """,
    "DisputeGameFactory": """
        DisputeGameCreated(address indexed g, uint32 indexed t, bytes32 indexed r)
        ImplementationSet(address indexed i, uint32 indexed t)
        InitBondUpdated(uint32 indexed t, uint256 indexed b)
    """,
    "AnchorStateRegistry": """
        AnchorUpdated(address indexed g)
        RespectedGameTypeSet(uint32 t)
        RetirementTimestampSet(uint256 t)
        DisputeGameBlacklisted(address indexed g)
    """,
    "DevnetDisputeGame": "Resolved(uint8 indexed s)\nGameClosed(uint8 m)",
    "L1CrossDomainMessenger": """
        SentMessage(address indexed t, address s, bytes m, uint256 n, uint256 g)
        SentMessageExtension1(address indexed s, uint256 v)
        RelayedMessage(bytes32 indexed h)
        FailedRelayedMessage(bytes32 indexed h)
    """,
    "L1StandardBridge": """
        ETHDepositInitiated(address indexed f, address indexed t, uint256 a, bytes e)
        ETHWithdrawalFinalized(address indexed f, address indexed t, uint256 a, bytes e)
        ETHBridgeInitiated(address indexed f, address indexed t, uint256 a, bytes e)
        ETHBridgeFinalized(address indexed f, address indexed t, uint256 a, bytes e)
        ERC20DepositInitiated(address indexed l, address indexed r, address indexed f, address t, uint256 a, bytes e)
        ERC20WithdrawalFinalized(address indexed l, address indexed r, address indexed f, address t, uint256 a, bytes e)
        ERC20BridgeInitiated(address indexed l, address indexed r, address indexed f, address t, uint256 a, bytes e)
        ERC20BridgeFinalized(address indexed l, address indexed r, address indexed f, address t, uint256 a, bytes e)
    """,  # noqa: E501
    "SuperchainConfig": "Paused(address i)\nUnpaused(address i)",
}


def lines(table: dict[str, str]) -> list[tuple[str, str]]:
    return [
        (name, line.strip()) for name, text in table.items() for line in text.strip().splitlines()
    ]


def types(parameters: list[dict[str, object]]) -> str:
    return signature({"name": "", "inputs": parameters})


@pytest.mark.parametrize(("name", "line"), lines(FUNCTIONS))
def test_a_function_that_clients_call_is_there(name: str, line: str) -> None:
    wanted = parse(f"function {line}")
    found = [
        item
        for item in artifacts.load(name).abi
        if item["type"] == "function" and signature(dict(item)) == signature(wanted)
    ]
    assert found, f"{name} lacks {signature(wanted)}"
    assert types(found[0]["outputs"]) == types(wanted["outputs"])
    kinds = {found[0]["stateMutability"], wanted["stateMutability"]}
    assert len(kinds) == 1 or kinds == {"view", "pure"}


@pytest.mark.parametrize(("name", "line"), lines(EVENTS))
def test_an_event_that_clients_look_for_is_there(name: str, line: str) -> None:
    wanted = parse(f"event {line}")
    found = [
        item
        for item in artifacts.load(name).abi
        if item["type"] == "event" and signature(dict(item)) == signature(wanted)
    ]
    assert found, f"{name} lacks {signature(wanted)}"
    indexed = [[item["indexed"] for item in entry["inputs"]] for entry in (found[0], wanted)]
    assert indexed[0] == indexed[1]


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_errors_have_the_selectors_that_clients_know(name: str) -> None:
    declared = {
        signature(dict(item)): selector(dict(item)).hex()
        for item in artifacts.load(name).abi
        if item["type"] == "error"
    }
    assert ERRORS[name].items() <= declared.items()


def test_the_version_of_the_portal_leads_clients_to_dispute_games() -> None:
    # Clients take the part before the first point; from 3 on they look for games.
    parts = l1_stack().portal.read("version").split(".")
    assert len(parts) == 3
    assert all(part.isdigit() for part in parts)
    assert int(parts[0]) >= 3
