// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Coin, Guild} from "../src/Guild.sol";
import {vm} from "../test/Vm.sol";

/// Six transactions: two creations, one with a salt, and calls that follow from one another.
contract GuildScript {
    function run() external returns (Guild guild, Coin coin) {
        vm.startBroadcast();
        guild = new Guild(5);
        coin = new Coin{salt: "coin"}(1_000);
        guild.join{value: 9}("founded");
        guild.setDue(6);
        guild.join{value: 8}("again");
        payable(address(guild)).transfer(3);
        vm.stopBroadcast();
        require(guild.count() == 2 && address(guild).balance == 20);
    }
}
