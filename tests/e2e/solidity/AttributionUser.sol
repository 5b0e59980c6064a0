// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import "byline/IAttributionEvidence.sol";
import "byline/IAttributionMath.sol";

/// A contract of a user: it trusts a share only where the text behind it is shown.
contract AttributionUser {
    IAttributionMath public immutable math;
    IAttributionEvidence public immutable evidence;

    constructor(address math_, address evidence_) {
        math = IAttributionMath(math_);
        evidence = IAttributionEvidence(evidence_);
    }

    function shares(uint128 amount, uint64[] calldata weights)
        external
        view
        returns (uint128[] memory)
    {
        return math.apportion(0, amount, weights);
    }

    function shown(bytes32 root, uint64 index, bytes calldata chunk, bytes calldata proof)
        external
        view
        returns (bool)
    {
        return evidence.verifyChunk(root, index, chunk, proof);
    }

    function found(bytes calldata output, bytes[] calldata docs)
        external
        view
        returns (bytes memory entries)
    {
        return evidence.spans(output, docs, 2);
    }

    function worth(uint8[] calldata labels) external view returns (int64[] memory, uint64) {
        return evidence.knnShapley(2, 7, labels);
    }

    /// The length of a match, or 0 where an offset is beyond the end.
    function lenient(bytes calldata a, uint32 offset, bytes calldata b)
        external
        view
        returns (uint32, bytes4)
    {
        try evidence.matchLen(a, offset, b, 0, type(uint32).max) returns (uint32 length) {
            return (length, 0);
        } catch (bytes memory reason) {
            require(bytes4(reason) == IAttributionEvidence.OffsetOutOfRange.selector);
            return (0, bytes4(reason));
        }
    }
}
