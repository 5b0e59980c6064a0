// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// The cheats of foundry that this project uses.  A project of your own has forge-std instead.
interface Vm {
    function broadcast() external;
    function envOr(string calldata name, address otherwise) external view returns (address);
    function expectEmit(bool, bool, bool, bool) external;
    function expectRevert(bytes4 selector) external;
    function prank(address sender) external;
}

Vm constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
