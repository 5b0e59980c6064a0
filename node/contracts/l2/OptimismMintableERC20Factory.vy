# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title OptimismMintableERC20Factory
@notice Creates the twin on the L2 of any token of the L1, for anybody, for the standard bridge.
@dev Rules: ethereum-optimism/specs, protocol/predeploys.md.  Genesis writes slots 1 (the bridge)
     and 3 (the account that holds the token as a blueprint, ERC-5202: fe 71 00 and its creation
     code); there is no other setup.  Slot 2 is that of the OP Stack, except that keys are hashed
     Vyper's way.
     A twin's address follows from the token, its name, symbol and decimals, so each combination
     is created once; being made of other code, it is not the address of the OP Stack.
     Names and symbols have up to 128 bytes (the OP Stack: no limit).
"""

event StandardL2TokenCreated:
    remoteToken: indexed(address)
    localToken: indexed(address)

event OptimismMintableERC20Created:
    localToken: indexed(address)
    remoteToken: indexed(address)
    deployer: address

MAX_NAME: constant(uint256) = 128
BLUEPRINT_PREAMBLE: constant(uint256) = 3
USUAL_DECIMALS: constant(uint8) = 18

gap: uint256[1]
bridge: public(address)
deployments: public(HashMap[address, address])
blueprint: public(address)


@external
@pure
def version() -> String[6]:
    """
    @notice The level of the OP Stack contract that this one answers like.
    """
    return "1.11.0"


@external
@view
def BRIDGE() -> address:
    """
    @notice Older name of `bridge`.
    """
    return self.bridge


@external
def createStandardL2Token(
    _remoteToken: address, _name: String[MAX_NAME], _symbol: String[MAX_NAME]
) -> address:
    """
    @notice An older name of createOptimismMintableERC20.
    """
    return self._create(_remoteToken, _name, _symbol, USUAL_DECIMALS)


@external
def createOptimismMintableERC20(
    _remoteToken: address, _name: String[MAX_NAME], _symbol: String[MAX_NAME]
) -> address:
    """
    @notice Create the twin of a token with 18 decimals.
    @return Its address.
    """
    return self._create(_remoteToken, _name, _symbol, USUAL_DECIMALS)


@external
def createOptimismMintableERC20WithDecimals(
    _remoteToken: address,
    _name: String[MAX_NAME],
    _symbol: String[MAX_NAME],
    _decimals: uint8,
) -> address:
    """
    @notice Create the twin of a token.
    @return Its address.
    """
    return self._create(_remoteToken, _name, _symbol, _decimals)


@internal
def _create(
    remote_token: address, name: String[MAX_NAME], symbol: String[MAX_NAME], decimals: uint8
) -> address:
    assert remote_token != empty(address), (
        "OptimismMintableERC20Factory: must provide remote token address"
    )
    local_token: address = create_from_blueprint(
        self.blueprint,
        self.bridge,
        remote_token,
        name,
        symbol,
        decimals,
        code_offset=BLUEPRINT_PREAMBLE,
        salt=keccak256(abi_encode(remote_token, name, symbol, decimals)),
    )
    self.deployments[local_token] = remote_token
    log StandardL2TokenCreated(remoteToken=remote_token, localToken=local_token)
    log OptimismMintableERC20Created(
        localToken=local_token, remoteToken=remote_token, deployer=msg.sender
    )
    return local_token
