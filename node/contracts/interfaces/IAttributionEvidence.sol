// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @notice Checks what an attribution claims: spans, owners, order, chunks.
/// @dev The precompile at 0x000000000000000000000000000000000000a771 and its twin, the
///      contract AttributionEvidence, answer alike.
interface IAttributionEvidence {
    /// @notice Value not accepted.
    error ValueNotAccepted();

    /// @notice Malformed input.
    error MalformedInput(uint256);

    /// @notice Unknown selector.
    error UnknownSelector(bytes4);

    /// @notice Input too long.
    error InputTooLong(uint256);

    /// @notice Too many documents.
    error TooManyDocuments(uint256);

    /// @notice Offset out of range.
    error OffsetOutOfRange(uint256, uint256);

    /// @notice Zero neighbours.
    error ZeroNeighbours();

    /// @notice Too many labels.
    error TooManyLabels(uint256);

    /// @notice Bad minimum.
    error BadMinimum(uint256);

    /// @notice Not tokens.
    error NotTokens(uint256);

    /// @notice Output too long.
    error OutputTooLong(uint256);

    /// @notice Documents too long.
    error DocumentsTooLong(uint256);

    /// @notice Zero token.
    error ZeroToken(uint256);

    /// @notice Counts the equal bytes from two offsets on, up to `max`.
    function matchLen(
        bytes calldata a,
        uint32 offA,
        bytes calldata b,
        uint32 offB,
        uint32 max
    ) external pure returns (uint32 length);

    /// @notice Says whether a Merkle tree of chunks holds `chunk` at `index`.
    function verifyChunk(
        bytes32 root,
        uint64 index,
        bytes calldata chunk,
        bytes calldata proof
    ) external pure returns (bool proven);

    /// @notice Finds where an output repeats documents in `minLen` tokens or more.
    function spans(
        bytes calldata output,
        bytes[] calldata docs,
        uint16 minLen
    ) external pure returns (bytes memory entries);

    /// @notice Compares the first 256 bytes of two strings, a prefix being smaller.
    function compareSuffix(bytes calldata x, bytes calldata y) external pure returns (int8 order);

    /// @notice Divides the vote of the `k` nearest labels by Shapley value, exactly.
    function knnShapley(
        uint8 k,
        uint8 yq,
        uint8[] calldata labelsSorted
    ) external pure returns (int64[] memory num, uint64 den);
}
