// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Postbox, IL1Block} from "../src/Postbox.sol";
import {vm} from "../src/Vm.sol";

interface IGasPriceOracle {
    function getL1Fee(bytes calldata transaction) external view returns (uint256);
}

/// Runs on a fork of the L2, where the predeploys are.
contract PostboxTest {
    event Posted(address indexed from, uint64 l1Block, string text);

    IL1Block private constant L1_BLOCK = IL1Block(0x4200000000000000000000000000000000000015);
    IGasPriceOracle private constant ORACLE =
        IGasPriceOracle(0x420000000000000000000000000000000000000F);

    Postbox private postbox;

    function setUp() external {
        postbox = new Postbox();
    }

    function test_a_letter_is_stamped_with_the_l1_block() external {
        address alice = address(0xA11CE);
        vm.expectEmit(true, true, true, true);
        emit Posted(alice, L1_BLOCK.number(), "hello");
        vm.prank(alice);
        postbox.post("hello");
        Postbox.Letter memory letter = postbox.letter(0);
        require(letter.from == alice && letter.l1Block == L1_BLOCK.number());
        require(postbox.count() == 1);
    }

    function test_an_empty_letter_is_refused() external {
        vm.expectRevert(Postbox.NothingWritten.selector);
        postbox.post("");
    }

    function test_a_longer_letter_costs_more_on_the_l1() external view {
        bytes memory short = abi.encodeCall(Postbox.post, ("hello"));
        bytes memory long = abi.encodeCall(
            Postbox.post,
            ("Dear reader, the L1 holds what the L2 does, and asks a fee by the compressed byte.")
        );
        require(ORACLE.getL1Fee(short) > 0);
        require(ORACLE.getL1Fee(long) >= ORACLE.getL1Fee(short));
    }
}
