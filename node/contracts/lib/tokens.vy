# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Moving tokens
@notice ERC-20 transfers to and from the calling contract.  Tokens that answer nothing are taken
        at their word; tokens that keep a part of each transfer are refused.
"""

# error TransferFailed()

interface ERC20:
    def balanceOf(_owner: address) -> uint256: view
    def transfer(_to: address, _amount: uint256) -> bool: nonpayable
    def transferFrom(_from: address, _to: address, _amount: uint256) -> bool: nonpayable


@internal
def _take(token: address, amount: uint256):
    """
    @notice Take tokens from the caller, who must have approved that.
    """
    before: uint256 = staticcall ERC20(token).balanceOf(self)
    success: bool = extcall ERC20(token).transferFrom(
        msg.sender, self, amount, default_return_value=True
    )
    if not success or staticcall ERC20(token).balanceOf(self) - before != amount:
        raw_revert(method_id("TransferFailed()"))


@internal
def _give(token: address, to: address, amount: uint256):
    """
    @notice Give tokens of this contract away.
    """
    before: uint256 = staticcall ERC20(token).balanceOf(self)
    success: bool = extcall ERC20(token).transfer(to, amount, default_return_value=True)
    if not success or before - staticcall ERC20(token).balanceOf(self) != amount:
        raw_revert(method_id("TransferFailed()"))
