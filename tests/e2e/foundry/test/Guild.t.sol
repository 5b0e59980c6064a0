// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Coin, Guild} from "../src/Guild.sol";
import {vm} from "./Vm.sol";

/// Runs on a fork of a devnet, and asks the same node again for a fork of its own.
contract GuildTest {
    address private constant RICH = 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266;
    address private constant DEPLOYER = 0x4e59b44847b379578588920cA78FbF26c0B4956C;
    address private constant MULTICALL3 = 0xcA11bde05977b3631167028862bE2a173976CA11;

    Guild private guild;
    uint256 private forked;

    function setUp() external {
        forked = block.number;
        guild = new Guild(5);
    }

    function test_the_fork_stands_on_the_devnet() external view {
        require(RICH.balance > 1 ether, "no balance of the devnet");
        require(DEPLOYER.code.length > 0 && MULTICALL3.code.length > 0, "no code of the devnet");
        require(block.chainid == vm.envUint("CHAIN_ID"), "another chain");
        require(block.timestamp > 1_700_000_000, "another time");
    }

    function test_cheats_work_within() external {
        address alice = address(0xA11CE);
        vm.deal(alice, 1 ether);
        vm.prank(alice);
        guild.join{value: 7}("hello");
        require(guild.paid(alice) == 7);
        vm.roll(forked + 100);
        vm.warp(block.timestamp + 1 days);
        vm.store(address(guild), bytes32(0), bytes32(uint256(77)));
        require(guild.due() == 77 && block.number == forked + 100);
        vm.expectRevert(Guild.Closed.selector);
        guild.close();
    }

    function test_contracts_of_the_devnet_can_be_called() external {
        Coin coin = Coin(vm.envAddress("COIN"));
        require(coin.totalSupply() == 1_000);
        vm.prank(RICH);
        coin.transfer(address(this), 10);
        require(coin.balanceOf(address(this)) == 10);
    }

    function test_another_fork_at_an_earlier_block() external {
        uint256 fork = vm.createSelectFork(vm.envString("URL"), vm.envUint("EARLIER"));
        require(vm.activeFork() == fork && block.number == vm.envUint("EARLIER"));
        require(vm.envAddress("COIN").code.length == 0, "there already");
        vm.rollFork(vm.envUint("EARLIER") + 1);
        bytes memory answer = vm.rpc("eth_chainId", "[]");
        require(answer.length > 0);
    }
}
