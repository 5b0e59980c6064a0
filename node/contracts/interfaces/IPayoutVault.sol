// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @notice Holds what models earn until it is with whom it is for.
interface IPayoutVault {
    struct Leaf {
        uint64 batchId;
        uint32 index;
        uint128 amount;
        bytes proof;
    }

    /// @notice Already claimed.
    error AlreadyClaimed(uint256 id, uint256 index);

    /// @notice Amount too large.
    error AmountTooLarge(uint256 amount);

    /// @notice Bad bps.
    error BadBps(uint256);

    /// @notice Bad signature.
    error BadSignature();

    /// @notice Bad tree.
    error BadTree(uint256 index);

    /// @notice Batch exists.
    error BatchExists(uint256 id);

    /// @notice Claim failed.
    error ClaimFailed();

    /// @notice In chunks.
    error InChunks(uint256 entries);

    /// @notice Malformed input.
    error MalformedInput(uint256);

    /// @notice No answer.
    error NoAnswer(address backEnd);

    /// @notice Not ascending.
    error NotAscending(uint256 index);

    /// @notice Not claimable.
    error NotClaimable(uint256 id);

    /// @notice Not conserved.
    error NotConserved(uint256 amount, uint256 divided);

    /// @notice Not expired.
    error NotExpired(uint256 expires);

    /// @notice Not in chunks.
    error NotInChunks(uint256 method);

    /// @notice Not ledger.
    error NotLedger(address caller);

    /// @notice Not vault.
    error NotVault(address caller);

    /// @notice Not waiting.
    error NotWaiting(uint256 id, uint256 status);

    /// @notice Nothing paid.
    error NothingPaid();

    /// @notice Nothing to claim.
    error NothingToClaim();

    /// @notice Permit expired.
    error PermitExpired(uint256 deadline);

    /// @notice Too little gas.
    error TooLittleGas(uint256 gas);

    /// @notice Too many recipients.
    error TooManyRecipients(uint256);

    /// @notice Unknown method.
    error UnknownMethod(uint8);

    /// @notice Unknown model.
    error UnknownModel(uint256 id);

    /// @notice Unknown selector.
    error UnknownSelector(bytes4);

    /// @notice Value not accepted.
    error ValueNotAccepted();

    /// @notice Weight overflow.
    error WeightOverflow(uint256);

    /// @notice Wrong chunk.
    error WrongChunk(uint256 start, uint256 length);

    /// @notice Wrong length.
    error WrongLength(uint256 entries, uint256 length);

    /// @notice Wrong list.
    error WrongList(uint256 id);

    /// @notice Wrong proof.
    error WrongProof(uint256 id, uint256 index);

    /// @notice Wrong signer.
    error WrongSigner(address signer, address who);

    /// @notice Zero weight.
    error ZeroWeight();

    /// @notice Deposited.
    event Deposited(
        uint64 indexed batchId,
        uint32 indexed modelId,
        uint256 amount,
        address treasury,
        uint256 platform,
        address owner,
        uint256 toOwner,
        uint256 toStakers,
        uint256 toAncestors,
        uint256 carried,
        uint256 pot,
        bytes32 root,
        uint32 n,
        uint64 weight,
        uint8 method,
        uint8 mode
    );

    /// @notice Fallback.
    event Fallback(uint64 indexed batchId, address indexed who, uint256 amount);

    /// @notice Carry forward.
    event CarryForward(uint32 indexed modelId, uint64 indexed batchId, uint256 amount);

    /// @notice Settled.
    event Settled(
        uint64 indexed batchId,
        uint32 indexed modelId,
        uint256 pot,
        bytes32 root,
        uint32 n,
        uint8 method,
        uint8 mode
    );

    /// @notice Accrued.
    event Accrued(
        uint32 indexed modelId,
        uint32 epoch,
        uint64 indexed batchId,
        uint256 amount,
        uint256 carried
    );

    /// @notice Carry released.
    event CarryReleased(
        uint32 indexed modelId,
        address indexed who,
        uint256 amount,
        uint256 carried
    );

    /// @notice Voided.
    event Voided(
        uint64 indexed batchId,
        uint32 indexed modelId,
        uint256 amount,
        uint32 epoch,
        uint64 units
    );

    /// @notice Withheld.
    event Withheld(
        uint32 indexed modelId,
        address indexed who,
        uint64 indexed batchId,
        uint256 amount
    );

    /// @notice Claimed.
    event Claimed(uint64 indexed batchId, address indexed who, uint32 index, uint256 amount);

    /// @notice Sponsored.
    event Sponsored(address indexed who, address indexed sponsor, uint256 fee);

    /// @notice Accrued claimed.
    event AccruedClaimed(uint32 indexed modelId, address indexed who, uint256 amount);

    /// @notice Swept.
    event Swept(uint64 indexed batchId, uint32 indexed modelId, uint256 amount);

    /// @notice Withdrawn.
    event Withdrawn(address indexed who, uint256 amount);

    /// @notice Epoch opened.
    event EpochOpened(uint32 indexed modelId, uint32 epoch, uint64 indexed batchId, uint64 units);

    /// @notice Units entered.
    event UnitsEntered(
        uint32 indexed modelId,
        address indexed who,
        uint32 epoch,
        uint64 units,
        uint256 due
    );

    /// @notice Pushed.
    event Pushed(uint64 indexed batchId, address indexed who, uint256 amount);

    /// @notice Credited.
    event Credited(uint64 indexed batchId, address indexed who, uint256 amount);

    /// @notice Chunk settled.
    event ChunkSettled(uint64 indexed batchId, uint32 start, uint32 n, uint64 weight);

    /// @notice Slot 0 of the vault, where the state precompile writes.  Pool 0 is what `withdraw`
    ///         pays, all models together; pool `model id` is what its accumulator owes from epochs
    ///         that are over.
    function credits(bytes32 arg0, address arg1) external view returns (uint256);

    /// @notice Wei that join the pot of the model's next batch.
    function carryOf(uint32 arg0) external view returns (uint256);

    /// @notice Returns: Epoch; its units; wei that each unit has earned in it; wei that the next
    ///         amount divides as well; root of the list that the units come from, once all are
    ///         entered.
    function pool(uint32 _model) external view returns (uint32, uint64, uint256, uint256, bytes32);

    /// @notice Returns: The last epoch in which `_who` has units; the units; wei that they have
    ///         earned and that have not been taken.
    function share(uint32 _model, address _who) external view returns (uint32, uint64, uint256);

    /// @notice Returns `nonces`.
    function nonces(address arg0) external view returns (uint256);

    /// @notice Returns: The hash of the domain, as EIP-712 has it.
    function DOMAIN_SEPARATOR() external view returns (bytes32);

    /// @notice Returns: Whether the claim at this index of a batch has been paid.
    function claimed(uint64 _batchId, uint32 _index) external view returns (bool);

    /// @notice Returns: Whether the whole pot of a batch has been given to its contributors, or is
    ///         theirs to claim.
    function settled(uint64 _batchId) external view returns (bool);

    /// @notice Returns: Model; mode (0 push, 1 credit, 2 accumulator, 3 root); method that
    ///         divides; pot in wei; root of the weights, or of the claims once a batch in root
    ///         mode is settled; entries of the list; status (0 none, 1 waiting, 2 settled, 3 void,
    ///         4 swept).
    function settlement(
        uint64 _batchId
    ) external view returns (uint32, uint8, uint8, uint128, bytes32, uint32, uint8);

    /// @notice Returns: Entries settled by chunks so far; the sum of their weights; wei of the pot
    ///         that nobody has been given yet (in root mode: unclaimed); when it was settled.
    function progress(uint64 _batchId) external view returns (uint32, uint64, uint128, uint64);

    /// @notice Take the fees of a batch, which are the value of the call; the ledger only. The fee
    ///         policy divides them, the model's ancestors get their parts as carries, and the rest
    ///         with the model's own carry is the pot of the batch.
    function deposit(
        uint64 _batchId,
        uint32 _modelId,
        bytes32 _payoutRoot,
        uint32 _n,
        uint64 _totalW,
        uint32 _policy
    ) external payable;

    /// @notice Pay a model's contributors without a batch. Where the model settles by accumulator
    ///         and has units, the value and the model's carry accrue to them; otherwise the value
    ///         joins the carry, and so the pot of the next batch. A model that is not live has no
    ///         next batch: value and carry are credited to its fallback.
    function accrue(uint32 _modelId) external payable;

    /// @notice Give up a batch whose list nobody brings; the ledger only. What nobody has been
    ///         given becomes the model's carry.
    function voidSettlement(uint64 _batchId) external;

    /// @notice Pay the caller what the root of a batch says it is owed, less any penalty.
    function claim(
        uint64 _batchId,
        uint32 _index,
        uint128 _amount,
        bytes calldata _proof
    ) external returns (uint256);

    /// @notice Make up to 16 claims of the caller at once.
    function claimMany(Leaf[] calldata _leaves) external returns (uint256);

    /// @notice Make claims for `_who`, who signed for them; the caller is paid for its gas out of
    ///         what is claimed, at most `_maxFee`.
    function claimFor(
        address _who,
        Leaf[] calldata _leaves,
        uint256 _maxFee,
        uint256 _deadline,
        bytes calldata _signature
    ) external returns (uint256);

    /// @notice Pay the caller what its units of a model have earned, less any penalty.
    function claimAccrued(uint32 _modelId) external returns (uint256);

    /// @notice Returns `claimWindow`.
    function claimWindow() external view returns (uint64);

    /// @notice Make what has not been claimed behind a root in time the model's carry; anyone may.
    function sweepExpired(uint64 _batchId) external;

    /// @notice Pay the caller everything credited to it.
    function withdraw() external returns (uint256);

    /// @notice Returns `version`.
    function version() external pure returns (string memory);

    /// @notice Returns: Math (precompile or twin), ledger, registry, fee policies, bonds, stake
    ///         pool, and the state precompile, if it is used.
    function siblings(
        
    ) external view returns (address, address, address, address, address, address, address);

    /// @notice Returns: Wei that `withdraw` would pay.
    function creditOf(address _who) external view returns (uint256);

    /// @notice Returns: Wei that `_who` has earned by units of a model, before any penalty.
    function accruedOf(uint32 _model, address _who) external view returns (uint256);

    /// @notice Settle a batch of up to 1,024 contributors at once; anyone may.
    function settle(uint64 _batchId, bytes calldata _packed) external;

    /// @notice Settle the next contributors of a batch; anyone may. A batch that has been begun in
    ///         chunks is finished in chunks.
    function settleChunk(uint64 _batchId, bytes calldata _packed, bytes calldata _proof) external;
}
