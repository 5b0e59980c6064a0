// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// A guild with dues: values, events and every way to fail that a client has to read.
contract Guild {
    error TooLow(uint256 paid, uint256 due);
    error Closed();

    event Joined(address indexed who, uint256 paid, string motto);
    event DueChanged(uint256 indexed due) ;

    uint256 public due;
    address public immutable founder;
    mapping(address => uint256) public paid;
    address[] public members;

    constructor(uint256 due_) {
        require(due_ != 666, "no such due");
        due = due_;
        founder = msg.sender;
    }

    receive() external payable {}

    function setDue(uint256 due_) external {
        require(due_ >= due, "dues must not fall");
        due = due_;
        emit DueChanged(due_);
    }

    function join(string calldata motto) external payable {
        if (msg.value < due) revert TooLow(msg.value, due);
        paid[msg.sender] += msg.value;
        members.push(msg.sender);
        emit Joined(msg.sender, msg.value, motto);
    }

    function leave() external {
        uint256 amount = paid[msg.sender];
        delete paid[msg.sender];
        (bool done, ) = msg.sender.call{value: amount}("");
        require(done, "the money came back");
    }

    function count() external view returns (uint256) {
        return members.length;
    }

    function now_() external view returns (uint256 time, uint256 number, uint256 fee, uint256 random, address miner) {
        return (block.timestamp, block.number, block.basefee, block.prevrandao, block.coinbase);
    }

    function close() external pure {
        revert Closed();
    }

    function silent() external pure {
        revert();
    }

    function divide(uint256 by) external pure returns (uint256) {
        return 1 / by;
    }

    function check(bool what) external pure {
        assert(what);
    }

    function burn() external pure {
        assembly ("memory-safe") {
            invalid()
        }
    }

    function spin() external {
        for (;;) due += 1;
    }
}

/// Money that anvil's cheats look for in a mapping.
contract Coin {
    string public constant name = "Coin";
    string public constant symbol = "COIN";
    uint8 public constant decimals = 18;
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    error Short(address who, uint256 has, uint256 wants);

    constructor(uint256 supply) {
        totalSupply = supply;
        balanceOf[msg.sender] = supply;
        emit Transfer(address(0), msg.sender, supply);
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        return _move(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        allowance[from][msg.sender] -= value;
        return _move(from, to, value);
    }

    function _move(address from, address to, uint256 value) private returns (bool) {
        uint256 has = balanceOf[from];
        if (has < value) revert Short(from, has, value);
        balanceOf[from] = has - value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
        return true;
    }
}
