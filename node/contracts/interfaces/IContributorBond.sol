// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @notice Money that operators and contributors put up for their word.
interface IContributorBond {
    /// @notice Bad limit.
    error BadLimit(uint256 threshold, uint256 limit);

    /// @notice Not free.
    error NotFree(uint256 free, uint256 amount);

    /// @notice Not ledger.
    error NotLedger(address caller);

    /// @notice Not locked.
    error NotLocked(uint256 locked, uint256 amount);

    /// @notice Nothing paid.
    error NothingPaid();

    /// @notice Nothing to claim.
    error NothingToClaim();

    /// @notice Payment failed.
    error PaymentFailed();

    /// @notice Zero address.
    error ZeroAddress();

    /// @notice Zero amount.
    error ZeroAmount();

    /// @notice Bonded.
    event Bonded(address indexed who, address indexed payer, uint256 amount);

    /// @notice Withdrawn.
    event Withdrawn(address indexed who, uint256 amount);

    /// @notice Locked.
    event Locked(address indexed who, uint256 amount);

    /// @notice Unlocked.
    event Unlocked(address indexed who, uint256 amount);

    /// @notice Slashed.
    event Slashed(
        address indexed who,
        address indexed challenger,
        uint256 toChallenger,
        uint256 toTreasury,
        uint32 penalty
    );

    /// @notice Treasury paid.
    event TreasuryPaid(address indexed to, uint256 amount);

    /// @notice Returns `version`.
    function version() external pure returns (string memory);

    /// @notice Who may lock, unlock and slash.
    function ledger() external view returns (address);

    /// @notice Who the treasury is paid to.
    function treasuryTo() external view returns (address);

    /// @notice Returns: Wei in all, wei of those that are locked, penalty points.
    function bondOf(address _who) external view returns (uint256, uint256, uint256);

    /// @notice The part of its earnings that `_who` keeps, times 2**16: all up to the threshold,
    ///         then falling evenly to nothing at the limit, rounded down.
    function multiplier(address _who) external view returns (uint32);

    /// @notice Add the value of the call to the caller's bond.
    function bond() external payable;

    /// @notice Add the value of the call to somebody's bond: it belongs to them from now on.
    function bondFor(address _who) external payable;

    /// @notice Pay the caller a part of its bond that is not locked.
    function withdraw(uint256 _amount) external;

    /// @notice Lock a part of a bond; the ledger only.
    function lock(address _who, uint256 _amount) external;

    /// @notice Free a locked part of a bond; the ledger only.
    function unlock(address _who, uint256 _amount) external;

    /// @notice Take a locked part of a bond: half, rounded down, becomes the challenger's bond and
    ///         the rest the treasury's; the ledger only.
    function slash(address _who, uint256 _amount, address _challenger, uint32 _penalty) external;

    /// @notice Pay the treasury to whom it is for; anyone may.
    function payTreasury() external;

    /// @notice Returns `threshold`.
    function threshold() external view returns (uint32);

    /// @notice Returns `limit`.
    function limit() external view returns (uint32);

    /// @notice Returns `treasury`.
    function treasury() external view returns (uint256);

    /// @notice How many have a score above the threshold: while nobody has, payers need not look
    ///         anyone up.
    function penalised() external view returns (uint256);
}
