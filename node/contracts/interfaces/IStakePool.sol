// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @notice Stakes on models, and what the models' fees pay to who staked.
interface IStakePool {
    /// @notice Amount too large.
    error AmountTooLarge(uint256 amount);

    /// @notice Model not live.
    error ModelNotLive(uint256 id);

    /// @notice No stakers.
    error NoStakers();

    /// @notice Not staked.
    error NotStaked(uint256 staked, uint256 amount);

    /// @notice Nothing paid.
    error NothingPaid();

    /// @notice Nothing to claim.
    error NothingToClaim();

    /// @notice Payment failed.
    error PaymentFailed();

    /// @notice Stake locked.
    error StakeLocked(uint256 until);

    /// @notice Zero amount.
    error ZeroAmount();

    /// @notice Staked.
    event Staked(uint32 indexed model, address indexed who, uint256 amount, uint256 lockedUntil);

    /// @notice Unstaked.
    event Unstaked(uint32 indexed model, address indexed who, uint256 amount);

    /// @notice Funded.
    event Funded(uint32 indexed model, address indexed payer, uint256 amount);

    /// @notice Claimed.
    event Claimed(uint32 indexed model, address indexed who, uint256 amount);

    /// @notice Returns `version`.
    function version() external pure returns (string memory);

    /// @notice The contract that knows the models.
    function registry() external view returns (address);

    /// @notice Returns: Wei staked on the model.
    function totalStake(uint32 _model) external view returns (uint256);

    /// @notice Returns: Wei that `_who` has staked on the model.
    function stakeOf(uint32 _model, address _who) external view returns (uint256);

    /// @notice Returns: Timestamp from which `_who` may take its stake back; 0 if there never was
    ///         one.
    function lockedUntil(uint32 _model, address _who) external view returns (uint256);

    /// @notice Returns: Staked wei; fine wei earned by each staked wei since the beginning; fine
    ///         wei that the next payment divides; wei paid in; wei claimed.
    function pool(
        uint32 _model
    ) external view returns (uint256, uint256, uint256, uint256, uint256);

    /// @notice Returns: Wei that a claim would pay.
    function pending(uint32 _model, address _who) external view returns (uint256);

    /// @notice Returns: What `_who` has earned and not been paid, in parts of 2**-64 wei.
    function fineDue(uint32 _model, address _who) external view returns (uint256);

    /// @notice Stake the value of the call on a live model. It earns from the next payment on.
    function stake(uint32 _model) external payable;

    /// @notice Pay the caller a part of its stake back, once its last stake is old enough. What it
    ///         has earned stays to be claimed.
    function unstake(uint32 _model, uint256 _amount) external;

    /// @notice Divide the value of the call among the model's stakers, in proportion to the
    ///         stakes; anyone may pay.
    function fund(uint32 _model) external payable;

    /// @notice Pay the caller what it has earned on the model.
    function claim(uint32 _model) external returns (uint256);

    /// @notice Returns `stakeLock`.
    function stakeLock() external view returns (uint64);
}
