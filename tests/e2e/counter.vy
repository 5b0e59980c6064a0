# pragma version 0.4.3
"""
A number that anyone may raise: enough contract to try a client on.
"""

event Changed:
    who: indexed(address)
    old: uint256
    new: uint256

value: public(uint256)


@deploy
def __init__(start: uint256):
    self.value = start


@external
@payable
def set_value(new: uint256):
    """
    Set the number, which must not fall.
    """
    assert new >= self.value, "must not fall"
    log Changed(who=msg.sender, old=self.value, new=new)
    self.value = new
