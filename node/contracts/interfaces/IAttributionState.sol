// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @notice Many credits of the vault, written by one call.
/// @dev Only there on chains whose rollup config names a vault, and only for it. It has no
///      code, which compilers look for before a call that returns nothing: make a low-level
///      call.
interface IAttributionState {
    /// @notice Value not accepted.
    error ValueNotAccepted();

    /// @notice Delegated call.
    error DelegatedCall();

    /// @notice Static call.
    error StaticCall();

    /// @notice Not vault.
    error NotVault(address);

    /// @notice Malformed input.
    error MalformedInput(uint256);

    /// @notice Unknown selector.
    error UnknownSelector(bytes4);

    /// @notice Bad length.
    error BadLength(uint256);

    /// @notice Not ascending.
    error NotAscending(uint256);

    /// @notice Credit overflow.
    error CreditOverflow(uint256);

    /// @notice Adds amounts (address 20 || uint128 16 each) to the caller's credits.
    function creditBatch(bytes32 pool, bytes calldata packed) external;
}
