// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Postbox} from "../src/Postbox.sol";
import {vm} from "../src/Vm.sol";

/// Puts the postbox on the L2, at the same address on every chain: `new` with a salt goes through
/// the deterministic deployer, which is in the devnet's genesis.
contract Deploy {
    function run() external returns (Postbox postbox) {
        vm.broadcast();
        postbox = new Postbox{salt: "postbox"}();
        vm.broadcast();
        postbox.post("hello from a script");
    }
}
