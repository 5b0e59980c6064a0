// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @notice Judges what is said against the evidence of a record, and against a dataset.
interface IChallengeVerifier {
    struct Shown {
        uint64 index;
        bytes leaf;
        bytes proof;
    }

    struct Opening {
        uint64 first;
        bytes[] chunks;
        bytes[] proofs;
    }

    struct FalseSpan {
        Shown record;
        bytes leaf;
        uint64 leafIndex;
        bytes leafProof;
        bytes output;
        Opening tokens;
        Opening suffix;
    }

    struct LongerMatch {
        Shown record;
        bytes output;
        bytes leaves;
        uint32 outPos;
        uint32 length;
        uint32 dataset;
        uint32 pos;
        Opening tokens;
    }

    struct WrongOwner {
        Shown record;
        bytes leaf;
        uint64 leafIndex;
        bytes leafProof;
        Opening owner;
    }

    struct WrongCount {
        Shown record;
        bytes output;
        bytes leaves;
        uint8 edge;
        uint32 leafIndex;
        uint32 dataset;
        uint32 pos;
        Opening suffix;
        Opening tokens;
    }

    struct BadDataset {
        uint8 form;
        uint64 index;
        Opening suffix;
        Opening left;
        Opening right;
        Opening owners;
    }

    /// @notice Bad bps.
    error BadBps(uint256);

    /// @notice Bad tree.
    error BadTree(uint256 index);

    /// @notice Malformed input.
    error MalformedInput(uint256);

    /// @notice No answer.
    error NoAnswer(address backEnd);

    /// @notice Not ascending.
    error NotAscending(uint256 index);

    /// @notice Outside opening.
    error OutsideOpening(uint256 entry);

    /// @notice Too many recipients.
    error TooManyRecipients(uint256);

    /// @notice Unknown method.
    error UnknownMethod(uint8);

    /// @notice Unknown selector.
    error UnknownSelector(bytes4);

    /// @notice Value not accepted.
    error ValueNotAccepted();

    /// @notice Weight overflow.
    error WeightOverflow(uint256);

    /// @notice Wrong evidence.
    error WrongEvidence();

    /// @notice Wrong leaf.
    error WrongLeaf(uint64 index);

    /// @notice Wrong opening.
    error WrongOpening(uint64 index);

    /// @notice Wrong output.
    error WrongOutput();

    /// @notice Wrong record.
    error WrongRecord(uint64 index);

    /// @notice Zero weight.
    error ZeroWeight();

    /// @notice Returns `version`.
    function version() external pure returns (string memory);

    /// @notice Kind 1: a leaf names a span that is not where it says.
    function falseSpan(uint64 _batchId, FalseSpan calldata _shown) external view returns (bool);

    /// @notice Kind 2: `length` tokens of the output from `outPos` on stand in the dataset at
    ///         `pos`, where the record has a shorter span, or none although it had to.
    function longerMatch(
        uint64 _batchId,
        LongerMatch calldata _shown
    ) external view returns (bool);

    /// @notice Kind 3: the position of a leaf belongs to somebody else.
    function wrongOwner(uint64 _batchId, WrongOwner calldata _shown) external view returns (bool);

    /// @notice Kind 4: the range of a leaf is not that of all suffixes that start with its span,
    ///         or a dataset that has the span is left out.
    function wrongCount(uint64 _batchId, WrongCount calldata _shown) external view returns (bool);

    /// @notice Kind 5: what a dataset commits to is no dataset.
    function badDataset(uint64 _id, BadDataset calldata _shown) external view returns (bool);
}
