// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @notice What answers cost, and how a fee is divided among the platform, the model's owner,
///         its stakers and its contributors.
interface IFeePolicy {
    /// @notice Amount too large.
    error AmountTooLarge(uint256 amount);

    /// @notice Bad bps.
    error BadBps(uint256 sum);

    /// @notice Ids exhausted.
    error IdsExhausted();

    /// @notice Unknown policy.
    error UnknownPolicy(uint256 id);

    /// @notice Zero treasury.
    error ZeroTreasury();

    /// @notice Policy created.
    event PolicyCreated(
        uint32 indexed id,
        address indexed creator,
        address indexed treasury,
        uint128 rateIn,
        uint128 rateOut,
        uint128 platformFee,
        uint16 platformBps,
        uint16 modelBps,
        uint16 stakerBps,
        uint16 contributorBps
    );

    /// @notice Returns `version`.
    function version() external pure returns (string memory);

    /// @notice Create a policy under the next id, counted from 1; anyone may.
    function createPolicy(
        uint128 _rateIn,
        uint128 _rateOut,
        uint128 _platformFee,
        uint16 _platformBps,
        uint16 _modelBps,
        uint16 _stakerBps,
        uint16 _contributorBps,
        address _treasury
    ) external returns (uint32);

    /// @notice Returns: Rates for 1,000 tokens in and out; platform fee; basis points of platform,
    ///         model, stakers and contributors; the platform's treasury.
    function policy(
        uint32 _id
    ) external view returns (uint128, uint128, uint128, uint16, uint16, uint16, uint16, address);

    /// @notice The least fee for one answer, in wei: platform fee, and the rates of the tokens
    ///         together, rounded up once.
    function quote(
        uint32 _id,
        uint32 _tokensIn,
        uint32 _tokensOut
    ) external view returns (uint128);

    /// @notice Divide an amount: the platform fee first, as far as it goes; the rest by cascade
    ///         over the four parts, in the order of the answer.
    function split(
        uint32 _id,
        uint128 _amount
    ) external view returns (uint128, uint128, uint128, uint128);

    /// @notice Returns `policyCount`.
    function policyCount() external view returns (uint32);
}
