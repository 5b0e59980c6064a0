// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @notice Divides a payment among weighted contributors, exactly.
/// @dev The precompile at 0x000000000000000000000000000000000000a770 and its twin, the
///      contract AttributionMath, answer alike.
interface IAttributionMath {
    /// @notice Value not accepted.
    error ValueNotAccepted();

    /// @notice Malformed input.
    error MalformedInput(uint256);

    /// @notice Unknown selector.
    error UnknownSelector(bytes4);

    /// @notice Too many recipients.
    error TooManyRecipients(uint256);

    /// @notice Unknown method.
    error UnknownMethod(uint8);

    /// @notice Weight overflow.
    error WeightOverflow(uint256);

    /// @notice Zero weight.
    error ZeroWeight();

    /// @notice Bad bps.
    error BadBps(uint256);

    /// @notice Zero temperature.
    error ZeroTemperature();

    /// @notice Zero half life.
    error ZeroHalfLife();

    /// @notice Length mismatch.
    error LengthMismatch(uint256, uint256);

    /// @notice Not ascending.
    error NotAscending(uint256);

    /// @notice Ragged entries.
    error RaggedEntries(uint256);

    /// @notice No recipients.
    error NoRecipients();

    /// @notice Index overflow.
    error IndexOverflow(uint256);

    /// @notice Too many nodes.
    error TooManyNodes(uint256);

    /// @notice Too many edges.
    error TooManyEdges(uint256);

    /// @notice Bad tree.
    error BadTree(uint256);

    /// @notice Divides `amount` by `weights`; method 0 is cascade, 1 hamilton, 2 webster, 3
    ///         dhondt, 4 adams.
    function apportion(
        uint8 method,
        uint128 amount,
        uint64[] calldata weights
    ) external pure returns (uint128[] memory amounts);

    /// @notice A part of a cascade of `amount` by weights that sum to `totalW`, of which `startC`
    ///         lie before this part and `endC` before the next.
    function apportionChunk(
        uint128 amount,
        uint64 totalW,
        uint64 startC,
        uint64[] calldata weights
    ) external pure returns (uint128[] memory amounts, uint64 endC);

    /// @notice Divides `amount` by `weights` so that each gets nothing, or at least `minPay` and
    ///         at most `maxBps` of it; `carry` is what nobody may have.
    function capFloor(
        uint128 amount,
        uint64[] calldata weights,
        uint128 minPay,
        uint16 maxBps
    ) external pure returns (uint128[] memory amounts, uint128 carry);

    /// @notice The positive parts of `scores`.
    function relu(int64[] calldata scores) external pure returns (uint64[] memory weights);

    /// @notice The softmax of `scores` at `temperature`, both in units of 2**-16; the highest
    ///         score weighs 2**32.
    function softmax(
        int64[] calldata scores,
        uint32 temperature
    ) external pure returns (uint64[] memory weights);

    /// @notice Halves each weight with every `halfLife` of its age.
    function decay(
        uint64[] calldata weights,
        uint32[] calldata ages,
        uint32 halfLife
    ) external pure returns (uint64[] memory decayed);

    /// @notice Lets `amount` flow from the last node to its ancestors; nodes are u16 basis points
    ///         each, edges u16 child || u16 parent || u32 weight, strictly ascending.
    function payoutTree(
        uint128 amount,
        bytes calldata nodes,
        bytes calldata edges
    ) external pure returns (uint128[] memory kept);

    /// @notice Divides `amount` and returns the root of the payouts' sum tree; `packed` is address
    ///         20 || weight u64 each, strictly ascending.
    function settleRoot(
        uint8 method,
        uint128 amount,
        bytes calldata packed
    ) external pure returns (bytes32 root, uint128 total, uint32 n);

    /// @notice Divides a part by cascade and returns the top of its part of the sum tree.
    function settleRootChunk(
        uint128 amount,
        uint64 totalW,
        uint64 startC,
        uint32 startIndex,
        bytes calldata packed
    ) external pure returns (bytes32 top, uint128 sum, uint64 endC);

    /// @notice Whether `who` has `amt` at `index` of a sum tree; false for what does not fit.
    function verifyLeaf(
        bytes32 root,
        uint128 total,
        uint32 index,
        address who,
        uint128 amt,
        bytes calldata proof
    ) external pure returns (bool proved);
}
