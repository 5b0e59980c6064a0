# pragma version ~=0.4.3
# What the log is to show of a contract: a call, what it writes, and how it fails.

total: public(uint256)


@external
def add(amount: uint256, note: String[32]):
    print("adding %s", amount, hardhat_compat=True)
    print(note, self.total)
    self.total += amount


@external
def refuse(have: uint256):
    print("refusing", hardhat_compat=True)
    raw_revert(abi_encode(have, msg.sender, method_id=method_id("TooLittle(uint256,address)")))


@external
def complain():
    raise "not today"
