// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// The predeploy that tells an L2 of its L1, as far as this contract asks it.
interface IL1Block {
    function number() external view returns (uint64);
}

/// Letters in order of arrival, each stamped with the L1 block that the L2 knew then.
contract Postbox {
    struct Letter {
        address from;
        uint64 l1Block;
        string text;
    }

    error NothingWritten();

    event Posted(address indexed from, uint64 l1Block, string text);

    IL1Block private constant L1_BLOCK = IL1Block(0x4200000000000000000000000000000000000015);

    Letter[] private letters;

    function post(string calldata text) external {
        if (bytes(text).length == 0) revert NothingWritten();
        uint64 l1Block = L1_BLOCK.number();
        letters.push(Letter(msg.sender, l1Block, text));
        emit Posted(msg.sender, l1Block, text);
    }

    function count() external view returns (uint256) {
        return letters.length;
    }

    function letter(uint256 index) external view returns (Letter memory) {
        return letters[index];
    }
}
