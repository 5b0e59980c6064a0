// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @notice Pays the contributors of an answer.
interface IInferencePayments {
    struct Model {
        address owner;
        uint8 method;
    }

    /// @notice Amount too large.
    error AmountTooLarge(uint256 amount);

    /// @notice Claim failed.
    error ClaimFailed();

    /// @notice Length mismatch.
    error LengthMismatch(uint256 contributors, uint256 weights);

    /// @notice Malformed input.
    error MalformedInput(uint256);

    /// @notice Model exists.
    error ModelExists(bytes32 id);

    /// @notice Not ascending.
    error NotAscending(uint256 index);

    /// @notice Not conserved.
    error NotConserved(uint256 amount, uint256 credited);

    /// @notice Not model owner.
    error NotModelOwner(address caller);

    /// @notice Nothing paid.
    error NothingPaid();

    /// @notice Nothing to claim.
    error NothingToClaim();

    /// @notice Unknown method.
    error UnknownMethod(uint8 method);

    /// @notice Unknown model.
    error UnknownModel(bytes32 id);

    /// @notice Weight overflow.
    error WeightOverflow(uint256);

    /// @notice Zero owner.
    error ZeroOwner();

    /// @notice Zero weight.
    error ZeroWeight();

    /// @notice Model registered.
    event ModelRegistered(bytes32 indexed modelId, address indexed owner, uint8 method);

    /// @notice Method set.
    event MethodSet(bytes32 indexed modelId, uint8 method);

    /// @notice Inference paid.
    event InferencePaid(
        bytes32 indexed modelId,
        address indexed payer,
        bytes32 indexed requestHash,
        uint256 amount,
        bytes32 evidenceRoot,
        uint8 method,
        uint256 contributors
    );

    /// @notice Credited.
    event Credited(
        bytes32 indexed requestHash,
        address indexed contributor,
        uint256 amount,
        uint64 weight
    );

    /// @notice Claimed.
    event Claimed(address indexed contributor, uint256 amount);

    /// @notice Returns `version`.
    function version() external pure returns (string memory);

    /// @notice The contract or precompile that divides the payments.
    function math() external view returns (address);

    /// @notice Register a model under an id that is free; anyone may.
    function registerModel(bytes32 _id, address _owner, uint8 _method) external;

    /// @notice Change how the model's fees are divided from now on; its owner only.
    function setMethod(bytes32 _id, uint8 _method) external;

    /// @notice Pay for one answer: the value of the call is divided among its contributors.
    function payForInference(
        bytes32 _modelId,
        bytes32 _requestHash,
        bytes32 _evidenceRoot,
        address[] calldata _contributors,
        uint64[] calldata _weights
    ) external payable;

    /// @notice Pay the caller everything credited to it.
    function claim() external returns (uint256);

    /// @notice Returns `models`.
    function models(bytes32 arg0) external view returns (Model memory);

    /// @notice Returns `credits`.
    function credits(address arg0) external view returns (uint256);

    /// @notice Returns `totalCredited`.
    function totalCredited() external view returns (uint256);

    /// @notice Returns `totalClaimed`.
    function totalClaimed() external view returns (uint256);
}
