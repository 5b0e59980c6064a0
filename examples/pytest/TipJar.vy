# pragma version 0.4.3
"""
A jar that keeps what is put in until its owner empties it.
"""

event Tip:
    giver: indexed(address)
    amount: uint256

owner: public(immutable(address))
given: public(HashMap[address, uint256])


@deploy
def __init__():
    owner = msg.sender


@external
@payable
def tip():
    """
    Put in what comes with the call.
    """
    assert msg.value > 0, "nothing given"
    self.given[msg.sender] += msg.value
    log Tip(giver=msg.sender, amount=msg.value)


@external
def empty():
    """
    Take everything out; only the owner may.
    """
    assert msg.sender == owner, "not the owner"
    send(owner, self.balance)
