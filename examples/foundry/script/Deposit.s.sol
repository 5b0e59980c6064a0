// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Postbox} from "../src/Postbox.sol";
import {vm} from "../src/Vm.sol";

/// The portal of the OP Stack, as far as this script calls it.
interface IPortal {
    function depositTransaction(
        address to,
        uint256 value,
        uint64 gasLimit,
        bool isCreation,
        bytes calldata data
    ) external payable;
}

/// Runs on the L1: the call of the postbox is a deposit, in the L2's next block a moment later.
contract Deposit {
    address private constant DEPLOYER = 0x4e59b44847b379578588920cA78FbF26c0B4956C;

    function run() external {
        IPortal portal = IPortal(
            vm.envOr("PORTAL", 0x62796C696e650000000000000000000000000002)
        );
        bytes32 code = keccak256(type(Postbox).creationCode);
        bytes32 hash = keccak256(abi.encodePacked(bytes1(0xff), DEPLOYER, bytes32("postbox"), code));
        address postbox = address(uint160(uint256(hash)));
        bytes memory data = abi.encodeCall(Postbox.post, ("hello from the L1"));
        vm.broadcast();
        portal.depositTransaction(postbox, 0, 200_000, false, data);
    }
}
