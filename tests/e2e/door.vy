# pragma version 0.4.3
"""
A door for messages from the other chain: it refuses while it is shut.
"""

interface Messenger:
    def xDomainMessageSender() -> address: view

is_open: public(bool)
guest: public(address)
last: public(uint256)


@external
def open():
    self.is_open = True


@external
@payable
def knock(number: uint256):
    """
    Remember who sent the message, as its messenger tells.
    """
    assert self.is_open, "the door is shut"
    self.guest = staticcall Messenger(msg.sender).xDomainMessageSender()
    self.last = number
