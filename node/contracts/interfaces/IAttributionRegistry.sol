// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @notice What answers are made of.
interface IAttributionRegistry {
    /// @notice Already condemned.
    error AlreadyCondemned(uint256 id);

    /// @notice Bad bps.
    error BadBps(uint256 bps);

    /// @notice Bad dataset count.
    error BadDatasetCount(uint256 count);

    /// @notice Bad owners.
    error BadOwners(uint256 owners);

    /// @notice Bad parent.
    error BadParent(uint256 id);

    /// @notice Dataset condemned.
    error DatasetCondemned(uint256 id);

    /// @notice Empty dataset.
    error EmptyDataset();

    /// @notice Ids exhausted.
    error IdsExhausted();

    /// @notice Length mismatch.
    error LengthMismatch(uint256 parents, uint256 bps);

    /// @notice License too long.
    error LicenseTooLong(uint256 size);

    /// @notice Lineage too large.
    error LineageTooLarge(uint256 models);

    /// @notice No parents.
    error NoParents();

    /// @notice Not ascending.
    error NotAscending(uint256 index);

    /// @notice Not ledger.
    error NotLedger(address caller);

    /// @notice Not live.
    error NotLive(uint256 id);

    /// @notice Not model owner.
    error NotModelOwner(address caller);

    /// @notice Not registrant.
    error NotRegistrant(address caller);

    /// @notice Step not after.
    error StepNotAfter(uint256 last);

    /// @notice Too many tokens.
    error TooManyTokens(uint256 tokens);

    /// @notice Unknown dataset.
    error UnknownDataset(uint256 id);

    /// @notice Unknown engine.
    error UnknownEngine(bytes32 engineId);

    /// @notice Unknown method.
    error UnknownMethod(uint8 method);

    /// @notice Unknown mode.
    error UnknownMode(uint8 mode);

    /// @notice Unknown model.
    error UnknownModel(uint256 id);

    /// @notice Unknown policy.
    error UnknownPolicy(uint256 id);

    /// @notice Uri too long.
    error UriTooLong(uint256 size);

    /// @notice Zero operator.
    error ZeroOperator();

    /// @notice Dataset registered.
    event DatasetRegistered(
        uint32 indexed id,
        address indexed registrant,
        bytes32 docRoot,
        bytes32 tokRoot,
        bytes32 saRoot,
        bytes32 ownerRoot,
        uint32 tokens,
        uint32 owners,
        string uri,
        string license
    );

    /// @notice Dataset version.
    event DatasetVersion(uint32 indexed id, uint32 indexed previous, uint32 version);

    /// @notice Dataset status.
    event DatasetStatus(uint32 indexed id, uint8 status);

    /// @notice Lineage edge.
    event LineageEdge(uint32 indexed child, uint32 indexed parent, uint16 bps);

    /// @notice Model registered.
    event ModelRegistered(
        uint32 indexed id,
        address indexed owner,
        address indexed operator,
        address fallbackTo,
        uint8 kind,
        uint32 feePolicy,
        bytes32 engineId,
        uint8 method,
        uint8 mode,
        uint32 tokens,
        uint32[] datasets,
        string uri
    );

    /// @notice Policy set.
    event PolicySet(uint32 indexed model, uint32 feePolicy, uint8 method, uint8 mode);

    /// @notice Operator set.
    event OperatorSet(uint32 indexed model, address indexed operator);

    /// @notice Training step.
    event TrainingStep(
        uint32 indexed model,
        uint64 indexed step,
        bytes32 checkpointRoot,
        bytes32 batchRoot,
        int64 lossQ16
    );

    /// @notice Model status.
    event ModelStatus(uint32 indexed model, uint8 status);

    /// @notice Who may condemn datasets.
    function ledger() external view returns (address);

    /// @notice Returns `datasetCount`.
    function datasetCount() external view returns (uint32);

    /// @notice Register a dataset under the next id; anyone may. The caller answers for the
    ///         commitments: a challenge that proves them wrong condemns the dataset.
    function registerDataset(
        bytes32 _docRoot,
        bytes32 _tokRoot,
        bytes32 _saRoot,
        bytes32 _ownerRoot,
        uint32 _tokens,
        uint32 _owners,
        string calldata _uri,
        string calldata _license
    ) external returns (uint32);

    /// @notice Register what follows a dataset, under an id of its own; the registrant of
    ///         `_previous` only. The previous one stays as it is: models were made from it.
    function newVersion(
        uint32 _previous,
        bytes32 _docRoot,
        bytes32 _tokRoot,
        bytes32 _saRoot,
        bytes32 _ownerRoot,
        uint32 _tokens,
        uint32 _owners,
        string calldata _uri,
        string calldata _license
    ) external returns (uint32);

    /// @notice Advise against new uses of a live dataset; its registrant only.
    function deprecateDataset(uint32 _id) external;

    /// @notice Record that a dataset's commitments were proven wrong; the ledger only. No model
    ///         can be registered on it from now on.
    function condemnDataset(uint32 _id) external;

    /// @notice Returns: Registrant; roots of documents, tokens, suffix array and owners; tokens;
    ///         owner ranges; version; the dataset before it, or 0; status: 0 unknown, 1 live, 2
    ///         deprecated, 3 condemned.
    function dataset(
        uint32 _id
    ) external view returns (address, bytes32, bytes32, bytes32, bytes32, uint32, uint32, uint32, uint32, uint8);

    /// @notice Returns `modelCount`.
    function modelCount() external view returns (uint32);

    /// @notice Returns: Ids of the parents, ascending, and the basis points of each.
    function parents(uint32 _id) external view returns (uint32[] memory, uint16[] memory);

    /// @notice The model and all that it was made from, as `payoutTree` of the attribution math
    ///         takes them: pay in at the last node, and each gets its part.
    function lineage(
        uint32 _id
    ) external view returns (uint32[] memory, bytes memory, bytes memory);

    /// @notice Returns `version`.
    function version() external pure returns (string memory);

    /// @notice The contract that knows the fee policies.
    function feePolicy() external view returns (address);

    /// @notice Register a model under the next id; the caller owns and, at first, operates it.
    function registerModel(
        uint32[] calldata _datasetIds,
        uint32[] calldata _parentIds,
        uint16[] calldata _bps,
        uint32 _policy,
        bytes32 _engineId,
        address _fallback,
        uint8 _method,
        uint8 _mode,
        string calldata _uri
    ) external returns (uint32);

    /// @notice Register a model that works on top of others: as `registerModel`, with at least one
    ///         parent.
    function registerAdapter(
        uint32[] calldata _datasetIds,
        uint32[] calldata _parentIds,
        uint16[] calldata _bps,
        uint32 _policy,
        bytes32 _engineId,
        address _fallback,
        uint8 _method,
        uint8 _mode,
        string calldata _uri
    ) external returns (uint32);

    /// @notice Change how fees are divided and paid from now on; the model's owner only.
    function setPolicy(uint32 _id, uint32 _policy, uint8 _method, uint8 _mode) external;

    /// @notice Name who serves the model and records its answers; its owner only.
    function setOperator(uint32 _id, address _operator) external;

    /// @notice Commit to a step of a live model's training; its owner only.
    function recordTraining(
        uint32 _id,
        uint64 _step,
        bytes32 _checkpointRoot,
        bytes32 _batchRoot,
        int64 _lossQ16
    ) external;

    /// @notice Advise against new requests to a live model; its owner only. What it and its
    ///         children earned is still paid.
    function deprecateModel(uint32 _id) external;

    /// @notice Returns: Owner; operator; who is paid where nobody contributed; kind: 0 model, 1
    ///         adapter; fee policy; engine; method; mode; tokens of its datasets together; status:
    ///         0 unknown, 1 live, 2 deprecated.
    function model(
        uint32 _id
    ) external view returns (address, address, address, uint8, uint32, bytes32, uint8, uint8, uint32, uint8);

    /// @notice Returns: Ids ascending; none for an unknown model.
    function modelDatasets(uint32 _id) external view returns (uint32[] memory);

    /// @notice Returns `lastStep`.
    function lastStep(uint32 arg0) external view returns (uint64);
}
