# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Setup of the system config
@notice What is decided when an L2 begins: its contracts, its resource market, its gas token.
@dev Rules: ethereum-optimism/specs, protocol/system-config.md; for an ERC-20 as gas token
     experimental/custom-gas-token.md in the form of 2024.
"""

from . import _system_config_store as store

uses: store

# error NotDeployer()

interface SuperchainConfig:
    def guardian() -> address: view
    def paused(_identifier: address) -> bool: view

interface OptimismPortal:
    def setGasPayingToken(
        _token: address, _decimals: uint8, _name: bytes32, _symbol: bytes32
    ): nonpayable

interface Token:
    def decimals() -> uint8: view
    def name() -> String[MAX_NAME]: view
    def symbol() -> String[MAX_NAME]: view

struct ResourceConfig:
    maxResourceLimit: uint32
    elasticityMultiplier: uint8
    baseFeeMaxChangeDenominator: uint8
    minimumBaseFee: uint32
    systemTxMaxGas: uint32
    maximumBaseFee: uint128

struct Addresses:
    l1CrossDomainMessenger: address
    l1ERC721Bridge: address
    l1StandardBridge: address
    optimismPortal: address
    optimismMintableERC20Factory: address
    delayedWETH: address

event FeatureSet:
    feature: indexed(bytes32)
    enabled: indexed(bool)

MAX_NAME: constant(uint256) = 32
ETHER_TOKEN: constant(address) = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE
CUSTOM_GAS_TOKEN: constant(bytes32) = (
    0x435553544f4d5f4741535f544f4b454e00000000000000000000000000000000
)
DEPLOYER: constant(bytes32) = keccak256("systemconfig.deployer")
TOKEN: constant(bytes32) = keccak256("opstack.gaspayingtoken")
TOKEN_NAME: constant(bytes32) = keccak256("opstack.gaspayingtokenname")
TOKEN_SYMBOL: constant(bytes32) = keccak256("opstack.gaspayingtokensymbol")


@external
def initialize(
    _owner: address,
    _basefeeScalar: uint32,
    _blobbasefeeScalar: uint32,
    _batcherHash: bytes32,
    _gasLimit: uint64,
    _unsafeBlockSigner: address,
    _config: ResourceConfig,
    _batchInbox: address,
    _addresses: Addresses,
    _l2ChainId: uint256,
    _superchainConfig: address,
    _gasPayingToken: address,
):
    """
    @notice Set up, once, by the deployer.
    @param _gasPayingToken The ERC-20 that pays for gas on the L2; zero for ether.
    """
    if msg.sender == empty(address) or msg.sender != store._named_address(DEPLOYER):
        raw_revert(method_id("NotDeployer()"))
    store._set_named(DEPLOYER, 0)
    store._set_owner(_owner)
    self._set_addresses(_addresses, _batchInbox)
    store._set_batcher_hash(_batcherHash)
    store._set_gas_config(_basefeeScalar, _blobbasefeeScalar)
    self._set_resource_config(_config, _gasLimit)
    store._set_gas_limit(_gasLimit)
    store._set_unsafe_block_signer(_unsafeBlockSigner)
    store.slots[store.L2_CHAIN_ID] = _l2ChainId
    superchain: uint256 = convert(_superchainConfig, uint256)
    store._set_field(store.SUPERCHAIN_AND_MIN_BASE_FEE, 0, 160, superchain)
    store._set_named(keccak256("systemconfig.startBlock"), block.number)
    if _gasPayingToken != empty(address):
        self._set_gas_paying_token(_gasPayingToken, _addresses.optimismPortal)


@external
def setFeature(_feature: bytes32, _enabled: bool):
    """
    @notice Switch a feature on or off.
    """
    store._check_owner()
    store.slots[store._feature_slot(_feature)] = convert(_enabled, uint256)
    log FeatureSet(feature=_feature, enabled=_enabled)


@external
@view
def isFeatureEnabled(_feature: bytes32) -> bool:
    """
    @notice Whether that feature is switched on.
    """
    return self._is_feature_enabled(_feature)


@external
@view
def isCustomGasToken() -> bool:
    """
    @notice Whether anything but ether pays for gas on the L2.
    """
    return self._token() != ETHER_TOKEN or self._is_feature_enabled(CUSTOM_GAS_TOKEN)


@external
@view
def gasPayingToken() -> (address, uint8):
    """
    @notice The ERC-20 that pays for gas on the L2 and its decimals; for ether 0xEeee...EEeE.
    """
    return self._token(), 18


@external
@view
def gasPayingTokenName() -> String[MAX_NAME]:
    """
    @notice Name of what pays for gas.
    """
    if self._token() == ETHER_TOKEN:
        return "Ether"
    return self._text(TOKEN_NAME)


@external
@view
def gasPayingTokenSymbol() -> String[MAX_NAME]:
    """
    @notice Symbol of what pays for gas.
    """
    if self._token() == ETHER_TOKEN:
        return "ETH"
    return self._text(TOKEN_SYMBOL)


@external
@view
def superchainConfig() -> address:
    """
    @notice Where pauses are kept; zero if nothing can be paused.
    """
    return self._superchain_config()


@external
@view
def paused() -> bool:
    """
    @notice Whether withdrawals stand still: of everybody, or of this chain, which is known by
            its portal.
    """
    superchain: address = self._superchain_config()
    if superchain == empty(address):
        return False
    if staticcall SuperchainConfig(superchain).paused(empty(address)):
        return True
    portal: address = store._named_address(keccak256("systemconfig.optimismportal"))
    return staticcall SuperchainConfig(superchain).paused(portal)


@external
@view
def guardian() -> address:
    """
    @notice Who may pause and judge dispute games; the owner if nothing can be paused.
    """
    superchain: address = self._superchain_config()
    if superchain == empty(address):
        return store._owner()
    return staticcall SuperchainConfig(superchain).guardian()


@internal
def _remember_deployer():
    store._set_named(DEPLOYER, convert(msg.sender, uint256))


@internal
@view
def _superchain_config() -> address:
    word: uint256 = store._field(store.SUPERCHAIN_AND_MIN_BASE_FEE, 0, 160)
    return convert(convert(word, uint160), address)


@internal
@view
def _is_feature_enabled(feature: bytes32) -> bool:
    return store.slots[store._feature_slot(feature)] & 255 != 0


@internal
def _set_addresses(addresses: Addresses, batch_inbox: address):
    self._set_address(keccak256("systemconfig.batchinbox"), batch_inbox)
    self._set_address(
        keccak256("systemconfig.l1crossdomainmessenger"), addresses.l1CrossDomainMessenger
    )
    self._set_address(keccak256("systemconfig.l1erc721bridge"), addresses.l1ERC721Bridge)
    self._set_address(keccak256("systemconfig.l1standardbridge"), addresses.l1StandardBridge)
    self._set_address(keccak256("systemconfig.optimismportal"), addresses.optimismPortal)
    self._set_address(
        keccak256("systemconfig.optimismmintableerc20factory"),
        addresses.optimismMintableERC20Factory,
    )
    self._set_address(keccak256("systemconfig.delayedweth"), addresses.delayedWETH)


@internal
def _set_address(name: bytes32, content: address):
    store._set_named(name, convert(content, uint256))


@internal
def _set_resource_config(config: ResourceConfig, gas_limit: uint64):
    least: uint128 = convert(config.minimumBaseFee, uint128)
    assert least <= config.maximumBaseFee, "SystemConfig: min base fee must be less than max base"
    assert config.baseFeeMaxChangeDenominator > 1, (
        "SystemConfig: denominator must be larger than 1"
    )
    limit: uint256 = convert(config.maxResourceLimit, uint256)
    attributes: uint256 = convert(config.systemTxMaxGas, uint256)
    assert limit + attributes <= convert(gas_limit, uint256), "SystemConfig: gas limit too low"
    elasticity: uint256 = convert(config.elasticityMultiplier, uint256)
    assert elasticity > 0, "SystemConfig: elasticity multiplier cannot be 0"
    assert limit % elasticity == 0, "SystemConfig: precision loss with target resource limit"
    store.slots[store.RESOURCE_CONFIG] = (
        limit
        | (elasticity << 32)
        | (convert(config.baseFeeMaxChangeDenominator, uint256) << 40)
        | (convert(config.minimumBaseFee, uint256) << 48)
        | (attributes << 80)
        | (convert(config.maximumBaseFee, uint256) << 112)
    )


@internal
def _set_gas_paying_token(token: address, portal: address):
    decimals: uint8 = staticcall Token(token).decimals()
    assert decimals == 18, "SystemConfig: bad decimals of gas paying token"
    name: bytes32 = self._word(staticcall Token(token).name())
    symbol: bytes32 = self._word(staticcall Token(token).symbol())
    store._set_named(TOKEN, (18 << 160) | convert(token, uint256))
    store._set_named(TOKEN_NAME, convert(name, uint256))
    store._set_named(TOKEN_SYMBOL, convert(symbol, uint256))
    extcall OptimismPortal(portal).setGasPayingToken(token, 18, name, symbol)


@internal
@view
def _token() -> address:
    token: address = store._named_address(TOKEN)
    return ETHER_TOKEN if token == empty(address) else token


@internal
@pure
def _word(text: String[MAX_NAME]) -> bytes32:
    """
    @notice Text in one word, from its first byte; longer text does not get here.
    """
    padded: Bytes[2 * MAX_NAME] = concat(convert(text, Bytes[MAX_NAME]), empty(bytes32))
    return extract32(padded, 0)


@internal
@view
def _text(name: bytes32) -> String[MAX_NAME]:
    word: bytes32 = convert(store._named(name), bytes32)
    size: uint256 = 0
    for i: uint256 in range(MAX_NAME):
        if (convert(word, uint256) >> (248 - 8 * i)) & 255 == 0:
            break
        size += 1
    whole: Bytes[MAX_NAME] = concat(word, b"")
    return convert(slice(whole, 0, size), String[MAX_NAME])
