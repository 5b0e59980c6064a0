// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// The cheats of foundry that these tests and scripts use.
interface Vm {
    function activeFork() external view returns (uint256);
    function createSelectFork(string calldata url, uint256 number) external returns (uint256);
    function deal(address account, uint256 balance) external;
    function envAddress(string calldata name) external view returns (address);
    function envString(string calldata name) external view returns (string memory);
    function envUint(string calldata name) external view returns (uint256);
    function expectRevert(bytes4 selector) external;
    function prank(address sender) external;
    function roll(uint256 number) external;
    function rollFork(uint256 number) external;
    function rpc(string calldata method, string calldata parameters) external returns (bytes memory);
    function startBroadcast() external;
    function stopBroadcast() external;
    function store(address account, bytes32 slot, bytes32 value) external;
    function warp(uint256 time) external;
}

Vm constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
