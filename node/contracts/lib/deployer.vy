# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Setup by the deployer, once
@notice Contracts that refer to each other are deployed first and told of each other afterwards.
@dev A genesis writes storage itself and leaves the deployer zero, so nobody can set up again.
"""

# error NotDeployer()

deployer: address


@internal
def _remember():
    self.deployer = msg.sender


@internal
def _begin_setup():
    """
    @notice Refuse everybody but the deployer, and the deployer for the second time.
    """
    if msg.sender == empty(address) or msg.sender != self.deployer:
        raw_revert(method_id("NotDeployer()"))
    self.deployer = empty(address)
