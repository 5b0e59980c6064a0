// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import "hardhat/console.sol";

/// What the log is to show of Solidity: every kind of argument, calls within calls, immutables.
contract Inner {
    function speak(uint256 depth) external view {
        console.log("inner", depth);
        if (depth > 0) Inner(address(this)).speak(depth - 1);
    }

    function fail() external pure {
        console.log("inner fails");
        revert("inner");
    }
}

contract Talker {
    error TooLittle(uint256 have, uint256 want);

    Inner immutable inner;
    uint256 immutable start;

    constructor(uint256 start_) {
        inner = new Inner();
        start = start_;
        console.log("constructed with %d", start_);
    }

    function speak() external view {
        console.log();
        console.log("%s has %d of %s", "Alice", start, true);
        console.logInt(-7);
        console.log(msg.sender, true);
        console.logBytes(hex"0102");
        console.logBytes32(bytes32(uint256(255)));
        inner.speak(1);
        try inner.fail() {} catch {}
        console.log(start, "last");
    }

    function refuse(uint256 have) external view {
        if (have < start) revert TooLittle(have, start);
    }
}
