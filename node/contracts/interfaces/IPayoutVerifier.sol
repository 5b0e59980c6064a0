// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @notice Judges what is said against weights and payouts.
interface IPayoutVerifier {
    struct Shown {
        uint64 index;
        bytes leaf;
        bytes proof;
    }

    struct WrongWeights {
        Shown record;
        bytes leaves;
        bytes owners;
    }

    struct Entry {
        uint32 index;
        address who;
        uint128 amount;
        bytes proof;
    }

    struct Header {
        uint32 n;
        uint128 total;
        bytes32 top;
    }

    struct Underpaid {
        address owner;
        bytes records;
        bytes shares;
        Entry[] entries;
        Header header;
    }

    struct WrongPayouts {
        bytes records;
        bytes counts;
        bytes lists;
        bytes places;
        bytes merged;
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

    /// @notice Wrong entry.
    error WrongEntry(uint256 index);

    /// @notice Wrong evidence.
    error WrongEvidence();

    /// @notice Wrong header.
    error WrongHeader();

    /// @notice Wrong list.
    error WrongList(uint256 index);

    /// @notice Wrong merged.
    error WrongMerged(uint256 index);

    /// @notice Wrong opening.
    error WrongOpening(uint64 index);

    /// @notice Wrong owners.
    error WrongOwners(uint256 index);

    /// @notice Wrong record.
    error WrongRecord(uint64 index);

    /// @notice Wrong records.
    error WrongRecords();

    /// @notice Wrong share.
    error WrongShare(uint256 index);

    /// @notice Zero weight.
    error ZeroWeight();

    /// @notice Returns `version`.
    function version() external pure returns (string memory);

    /// @notice Kind 6: the leaves are not in the order and number of the rule, or their weights,
    ///         or the points that follow from them, are others.
    function wrongWeights(
        uint64 _batchId,
        WrongWeights calldata _shown
    ) external view returns (bool);

    /// @notice Kind 7: a batch pays an owner less than its records say, or nothing; or its list of
    ///         payouts has another sum or size than the batch.
    function underpaid(uint64 _batchId, Underpaid calldata _shown) external view returns (bool);

    /// @notice Kind 8: the lists of points of all records, added up, are not the list of payouts.
    ///         Needs nothing of that list, so it proves what kind 7 cannot where it is withheld;
    ///         of at most 1,500 entries of all lists together. Where there are more, demand the
    ///         list.
    function wrongPayouts(
        uint64 _batchId,
        WrongPayouts calldata _shown
    ) external view returns (bool);
}
