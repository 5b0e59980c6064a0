# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title SuperchainConfig
@notice The switch with which the guardian stops withdrawals: of everybody, or of one chain.
@dev Rules: ethereum-optimism/specs, protocol/stage-1.md.  A pause ends by itself; it can be
     prolonged, and begun again only after it was ended by hand.
"""

from lib import deployer

initializes: deployer

# error SuperchainConfig_OnlyGuardian()
# error SuperchainConfig_AlreadyPaused(address identifier)
# error SuperchainConfig_NotAlreadyPaused(address identifier)

event Paused:
    identifier: address

event Unpaused:
    identifier: address

event ConfigUpdate:
    updateType: indexed(uint8)
    data: Bytes[32]

# About three months.
PAUSE_EXPIRY: constant(uint256) = 7_884_000
GUARDIAN_UPDATE: constant(uint8) = 0

guardian: public(address)
pauseTimestamps: public(HashMap[address, uint256])


@deploy
def __init__():
    deployer._remember()


@external
def initialize(_guardian: address):
    """
    @notice Set up, once, by the deployer.
    """
    deployer._begin_setup()
    self.guardian = _guardian
    log ConfigUpdate(updateType=GUARDIAN_UPDATE, data=abi_encode(_guardian))


@external
@pure
def version() -> String[5]:
    """
    @notice The level of the OP Stack contract that this one answers like.
    """
    return "2.4.0"


@external
@pure
def pauseExpiry() -> uint256:
    """
    @notice Seconds after which a pause ends by itself.
    """
    return PAUSE_EXPIRY


@external
@view
def paused(_identifier: address = empty(address)) -> bool:
    """
    @notice Whether that chain, or without an argument everybody, is paused now.
    """
    return self._expiration(_identifier) > block.timestamp


@external
@view
def pausable(_identifier: address) -> bool:
    """
    @notice Whether a pause may begin: no earlier one is on record.
    """
    return self.pauseTimestamps[_identifier] == 0


@external
@view
def expiration(_identifier: address) -> uint256:
    """
    @notice When the pause ends by itself; zero if there is none.
    """
    return self._expiration(_identifier)


@external
def pause(_identifier: address):
    """
    @notice Pause one chain, or everybody under the zero address.
    """
    self._check_guardian()
    if self.pauseTimestamps[_identifier] != 0:
        raw_revert(
            abi_encode(
                _identifier, method_id=method_id("SuperchainConfig_AlreadyPaused(address)")
            )
        )
    self.pauseTimestamps[_identifier] = block.timestamp
    log Paused(identifier=_identifier)


@external
def unpause(_identifier: address):
    """
    @notice End a pause.
    """
    self._check_guardian()
    self.pauseTimestamps[_identifier] = 0
    log Unpaused(identifier=_identifier)


@external
def extend(_identifier: address):
    """
    @notice Let a pause begin anew.
    """
    self._check_guardian()
    if self.pauseTimestamps[_identifier] == 0:
        raw_revert(
            abi_encode(
                _identifier, method_id=method_id("SuperchainConfig_NotAlreadyPaused(address)")
            )
        )
    self.pauseTimestamps[_identifier] = block.timestamp
    log Paused(identifier=_identifier)


@internal
@view
def _check_guardian():
    if msg.sender != self.guardian:
        raw_revert(method_id("SuperchainConfig_OnlyGuardian()"))


@internal
@view
def _expiration(identifier: address) -> uint256:
    begun: uint256 = self.pauseTimestamps[identifier]
    return 0 if begun == 0 else begun + PAUSE_EXPIRY
