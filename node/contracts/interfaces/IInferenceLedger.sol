// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @notice Where answers of models are paid and put on record.
interface IInferenceLedger {
    struct Withdrawal {
        uint256 amount;
        uint64 readyAt;
    }

    struct Demand {
        address by;
        uint64 deadline;
    }

    /// @notice Already demanded.
    error AlreadyDemanded(uint64 index);

    /// @notice Already published.
    error AlreadyPublished(uint64 index);

    /// @notice Already refunded.
    error AlreadyRefunded(uint64 index);

    /// @notice Amount too large.
    error AmountTooLarge(uint256 amount);

    /// @notice Bad bps.
    error BadBps(uint256);

    /// @notice Bad tree.
    error BadTree(uint256 index);

    /// @notice Bond too large.
    error BondTooLarge(uint256 bond);

    /// @notice Dataset condemned.
    error DatasetCondemned(uint32 dataset);

    /// @notice Deadline not passed.
    error DeadlineNotPassed(uint256 deadline);

    /// @notice Deadline passed.
    error DeadlinePassed(uint256 deadline);

    /// @notice Demands open.
    error DemandsOpen(uint256 demands);

    /// @notice Fee over prepaid.
    error FeeOverPrepaid(uint256 index, uint256 prepaid);

    /// @notice Malformed challenge.
    error MalformedChallenge(uint8 kind);

    /// @notice Malformed input.
    error MalformedInput(uint256);

    /// @notice Malformed signature.
    error MalformedSignature(uint256 index);

    /// @notice Model not live.
    error ModelNotLive(uint32 model);

    /// @notice No answer.
    error NoAnswer(address backEnd);

    /// @notice No demand.
    error NoDemand(uint64 index);

    /// @notice Nonce used.
    error NonceUsed(uint256 index);

    /// @notice Not ascending.
    error NotAscending(uint256 index);

    /// @notice What the bond, the verifiers and the math refuse reaches the caller as it is:
    error NotFree(uint256 free, uint256 amount);

    /// @notice Not open.
    error NotOpen(uint64 batchId, uint8 status);

    /// @notice Not operator.
    error NotOperator(address caller);

    /// @notice Not payer.
    error NotPayer(address caller);

    /// @notice Not proven.
    error NotProven(uint8 kind);

    /// @notice Not settled.
    error NotSettled(uint64 batchId);

    /// @notice Nothing paid.
    error NothingPaid();

    /// @notice Nothing to withdraw.
    error NothingToWithdraw();

    /// @notice Outside opening.
    error OutsideOpening(uint256 entry);

    /// @notice Payout count.
    error PayoutCount(uint256 n);

    /// @notice Ragged entries.
    error RaggedEntries(uint256 length);

    /// @notice Receipt count.
    error ReceiptCount(uint256 count);

    /// @notice Receipt expired.
    error ReceiptExpired(uint256 index);

    /// @notice Receipts length.
    error ReceiptsLength(uint256 length);

    /// @notice Too many recipients.
    error TooManyRecipients(uint256);

    /// @notice Transfer failed.
    error TransferFailed(address to);

    /// @notice Units overflow.
    error UnitsOverflow(uint256 units);

    /// @notice Unknown batch.
    error UnknownBatch(uint64 batchId);

    /// @notice Unknown dataset.
    error UnknownDataset(uint64 dataset);

    /// @notice Unknown kind.
    error UnknownKind(uint8 kind);

    /// @notice Unknown method.
    error UnknownMethod(uint8);

    /// @notice Unknown request.
    error UnknownRequest(bytes32 reqId);

    /// @notice Unknown selector.
    error UnknownSelector(bytes4);

    /// @notice Value not accepted.
    error ValueNotAccepted();

    /// @notice Weight overflow.
    error WeightOverflow(uint256);

    /// @notice Window not over.
    error WindowNotOver(uint256 end);

    /// @notice Window over.
    error WindowOver(uint256 end);

    /// @notice Withdrawal not ready.
    error WithdrawalNotReady(uint256 readyAt);

    /// @notice Wrong demand fee.
    error WrongDemandFee(uint256 paid, uint256 fee);

    /// @notice Wrong entry.
    error WrongEntry(uint256 index);

    /// @notice Wrong evidence.
    error WrongEvidence();

    /// @notice Wrong header.
    error WrongHeader();

    /// @notice Wrong leaf.
    error WrongLeaf(uint64 index);

    /// @notice Wrong list.
    error WrongList(uint256 index);

    /// @notice Wrong merged.
    error WrongMerged(uint256 index);

    /// @notice Wrong opening.
    error WrongOpening(uint64 index);

    /// @notice Wrong output.
    error WrongOutput();

    /// @notice Wrong owners.
    error WrongOwners(uint256 index);

    /// @notice Wrong payouts.
    error WrongPayouts();

    /// @notice Wrong record.
    error WrongRecord(uint64 index);

    /// @notice Wrong records.
    error WrongRecords();

    /// @notice Wrong share.
    error WrongShare(uint256 index);

    /// @notice Wrong signer.
    error WrongSigner(uint256 index);

    /// @notice Wrong tokens.
    error WrongTokens(uint256 tokens);

    /// @notice Zero address.
    error ZeroAddress();

    /// @notice Zero fee.
    error ZeroFee(uint256 index);

    /// @notice Zero weight.
    error ZeroWeight();

    /// @notice Prepaid deposited.
    event PrepaidDeposited(address indexed payer, address indexed by, uint256 amount);

    /// @notice Withdrawal requested.
    event WithdrawalRequested(address indexed payer, uint256 amount, uint64 readyAt);

    /// @notice Withdrawn.
    event Withdrawn(address indexed payer, uint256 amount);

    /// @notice Inference opened.
    event InferenceOpened(
        bytes32 indexed reqId,
        address indexed payer,
        uint32 indexed modelId,
        bytes32 reqHash,
        uint128 fee,
        uint64 deadline,
        uint64 nonce
    );

    /// @notice Inference cancelled.
    event InferenceCancelled(bytes32 indexed reqId, address indexed payer, uint128 fee);

    /// @notice Inference answered.
    event InferenceAnswered(bytes32 indexed reqId, uint64 indexed batchId);

    /// @notice Inference recorded.
    event InferenceRecorded(
        uint64 indexed batchId,
        uint64 index,
        address indexed payer,
        bytes32 indexed reqHash,
        bytes32 outHash,
        bytes32 evidenceRoot,
        bytes32 weightsRoot,
        uint128 fee,
        uint32 tokensIn,
        uint32 tokensOut,
        uint64 nonce
    );

    /// @notice Receipt batch.
    event ReceiptBatch(
        uint64 indexed batchId,
        uint32 indexed modelId,
        address indexed operator,
        bytes32 recordsRoot,
        bytes32 payoutRoot,
        uint32 count,
        uint32 n,
        uint64 totalW,
        uint128 totalFee,
        uint256 bond
    );

    /// @notice Prepaid debited.
    event PrepaidDebited(
        address indexed payer,
        uint64 indexed batchId,
        uint64 index,
        uint256 amount
    );

    /// @notice Evidence published.
    event EvidencePublished(
        uint64 indexed batchId,
        uint64 indexed index,
        bytes output,
        bytes evidence
    );

    /// @notice Demand answered.
    event DemandAnswered(
        uint64 indexed batchId,
        uint64 indexed index,
        address indexed to,
        uint256 fee,
        uint64 windowEnd
    );

    /// @notice Payouts published.
    event PayoutsPublished(uint64 indexed batchId, bytes packed);

    /// @notice Evidence demanded.
    event EvidenceDemanded(
        uint64 indexed batchId,
        uint64 indexed index,
        address indexed by,
        uint256 fee,
        uint64 deadline
    );

    /// @notice Challenged.
    event Challenged(uint64 indexed subject, uint8 indexed kind, address indexed challenger);

    /// @notice Challenge resolved.
    event ChallengeResolved(
        uint64 indexed subject,
        uint8 indexed kind,
        address indexed slashed,
        uint256 amount
    );

    /// @notice Demand returned.
    event DemandReturned(
        uint64 indexed batchId,
        uint64 indexed index,
        address indexed to,
        uint256 fee
    );

    /// @notice Finalized.
    event Finalized(uint64 indexed batchId, uint128 totalFee);

    /// @notice Released.
    event Released(uint64 indexed batchId, address indexed operator, uint256 bond);

    /// @notice Refunded.
    event Refunded(
        uint64 indexed batchId,
        uint64 indexed index,
        address indexed payer,
        uint128 fee
    );

    /// @notice Returns `registry`.
    function registry() external view returns (address);

    /// @notice Returns `vault`.
    function vault() external view returns (address);

    /// @notice Returns `bond`.
    function bond() external view returns (address);

    /// @notice Returns `verifier`.
    function verifier() external view returns (address);

    /// @notice Returns `payoutVerifier`.
    function payoutVerifier() external view returns (address);

    /// @notice Returns `challengeWindow`.
    function challengeWindow() external view returns (uint64);

    /// @notice Returns `settleWindow`.
    function settleWindow() external view returns (uint64);

    /// @notice Returns `withdrawDelay`.
    function withdrawDelay() external view returns (uint64);

    /// @notice Returns `batchBond`.
    function batchBond() external view returns (uint256);

    /// @notice Returns `demandFee`.
    function demandFee() external view returns (uint256);

    /// @notice Add to the caller's prepaid balance.
    function deposit() external payable;

    /// @notice Add to the prepaid balance of `_payer`.
    function depositFor(address _payer) external payable;

    /// @notice Announce that the caller will withdraw up to `_amount` after the delay. Receipts
    ///         may debit the balance until then. A new request takes the old one's place.
    function requestWithdrawal(uint256 _amount) external;

    /// @notice Pay what the caller asked for, or what is left of it.
    function withdraw() external returns (uint256);

    /// @notice Returns `prepaid`.
    function prepaid(address arg0) external view returns (uint256);

    /// @notice Returns `withdrawals`.
    function withdrawals(address arg0) external view returns (Withdrawal memory);

    /// @notice A batch: modelId, operator, recordsRoot, payoutRoot, count, n, totalW, totalFee,
    ///         recordedAt, status (0 none, 1 recorded, 2 void, 3 finalized, 4 released, 5
    ///         defaulted).
    function batch(
        uint64 _batchId
    ) external view returns (uint32, address, bytes32, bytes32, uint32, uint32, uint64, uint128, uint64, uint8);

    /// @notice Of a batch: the bond, the number of demands that are open, the second up to which
    ///         it may be challenged, and the second at which it became final (0 if it is not).
    function batchState(uint64 _batchId) external view returns (uint256, uint32, uint64, uint64);

    /// @notice The fee policy that divides a batch: its model's when the batch was recorded.
    function policyOf(uint64 _batchId) external view returns (uint32);

    /// @notice Returns `batchCount`.
    function batchCount() external view returns (uint64);

    /// @notice Ask a model, with the fee as the call's value.
    function open(
        uint32 _modelId,
        bytes32 _reqHash,
        uint64 _deadline
    ) external payable returns (bytes32);

    /// @notice Take back the fee of a request that nobody answered in time, or that nobody can
    ///         answer any more: of a model that is not live, or of a condemned dataset. Its payer
    ///         only.
    function cancel(bytes32 _reqId) external returns (uint256);

    /// @notice Answer an open request: a batch of one record; the model's operator only.
    function record(
        bytes32 _reqId,
        bytes32 _outHash,
        bytes32 _evidenceRoot,
        bytes32 _weightsRoot,
        uint32 _tokensIn,
        uint32 _tokensOut,
        bytes32 _payoutRoot,
        uint32 _n
    ) external returns (uint64);

    /// @notice An open request: payer, modelId, reqHash, fee, deadline, nonce; zeros otherwise.
    function request(
        bytes32 _reqId
    ) external view returns (address, uint32, bytes32, uint128, uint64, uint64);

    /// @notice Returns `requestCount`.
    function requestCount() external view returns (uint64);

    /// @notice Record answers whose fees were signed for; the model's operator only.
    function recordBatch(
        uint32 _modelId,
        bytes calldata _receipts,
        bytes32 _payoutRoot,
        uint32 _n
    ) external returns (uint64);

    /// @notice Whether a receipt of `_payer` with this nonce was taken.
    function nonceUsed(address _payer, uint64 _nonce) external view returns (bool);

    /// @notice The EIP-712 domain that receipts are signed for.
    function domainSeparator() external view returns (bytes32);

    /// @notice Returns `nonces`.
    function nonces(address arg0, uint64 arg1) external view returns (uint256);

    /// @notice Show the answer and the evidence behind a record; anyone may. Answers a demand,
    ///         which gives challengers a whole window from then on. Without a demand the window
    ///         stays: who waits for evidence demands it early enough to judge it in time.
    function publish(
        uint64 _batchId,
        uint64 _index,
        bytes calldata _record,
        bytes calldata _proof,
        bytes calldata _output,
        bytes calldata _evidence
    ) external;

    /// @notice Show the list behind a batch's payout root; anyone may.
    function publishPayouts(uint64 _batchId, bytes calldata _packed) external;

    /// @notice Ask for the evidence of a record, for the demand fee. Whoever publishes it gets the
    ///         fee; if nobody does within a challenge window, it costs the operator's bond.
    function demand(
        uint64 _batchId,
        uint64 _index,
        bytes calldata _record,
        bytes calldata _proof
    ) external payable;

    /// @notice The same of the list behind a batch's payout root.
    function demandPayouts(uint64 _batchId) external payable;

    /// @notice Void a batch whose operator left a demand unanswered; the bond's half and the fee
    ///         go to who demanded.
    function slashWithheld(uint64 _batchId, uint64 _index) external;

    /// @notice Give back the fee of a demand that nobody answered before its batch became void; to
    ///         the prepaid balance of who demanded, by anyone.
    function reclaimDemand(uint64 _batchId, uint64 _index) external;

    /// @notice Returns `published`.
    function published(uint64 arg0, uint64 arg1) external view returns (bool);

    /// @notice Returns `demands`.
    function demands(uint64 arg0, uint64 arg1) external view returns (Demand memory);

    /// @notice Returns `version`.
    function version() external pure returns (string memory);

    /// @notice The contract or precompile that commits to lists.
    function math() external view returns (address);

    /// @notice Prove that a batch or a dataset is wrong. Takes half of what is slashed.
    function challenge(uint64 _subject, uint8 _kind, bytes calldata _data) external;

    /// @notice Send the fees of a batch that nobody proved wrong to the vault; by anyone.
    function finalize(uint64 _batchId) external;

    /// @notice Give an operator its bond back once the vault has settled the batch; by anyone.
    function release(uint64 _batchId) external;

    /// @notice Give the fee of a record in a void batch back, to its payer's prepaid balance; by
    ///         anyone, once.
    function refund(
        uint64 _batchId,
        uint64 _index,
        bytes calldata _record,
        bytes calldata _proof
    ) external;

    /// @notice Whether the fee of a record was given back.
    function refunded(uint64 _batchId, uint64 _index) external view returns (bool);

    /// @notice Returns `refundedBits`.
    function refundedBits(uint64 arg0) external view returns (uint256);
}
