# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title SystemConfig
@notice What the operator of an L2 may change while it runs.  Derivation reads the ConfigUpdate
        events; the storage is for everybody else.
@dev Rules: ethereum-optimism/specs, protocol/{system-config,configurability}.md.  A genesis that
     writes the slots (see _system_config_store) stands for `initialize`: then there are no
     events of it, and the rollup config carries the first values.
     Differences from the OP Stack: features are set by the owner (there is no ProxyAdmin), and
     setBatcherHash(address) is absent (Vyper has no overloading).
"""

from . import _system_config_setup as setup
from . import _system_config_store as store

initializes: store
initializes: setup[store := store]

exports: (
    setup.gasPayingToken,
    setup.gasPayingTokenName,
    setup.gasPayingTokenSymbol,
    setup.guardian,
    setup.initialize,
    setup.isCustomGasToken,
    setup.isFeatureEnabled,
    setup.paused,
    setup.setFeature,
    setup.superchainConfig,
)

interface OptimismPortal:
    def disputeGameFactory() -> address: view

VERSION: public(constant(uint256)) = 0
UNSAFE_BLOCK_SIGNER_SLOT: public(constant(bytes32)) = keccak256("systemconfig.unsafeblocksigner")


@deploy
def __init__():
    setup._remember_deployer()


@external
@pure
def version() -> String[6]:
    """
    @notice The level of the OP Stack contract that this one answers like.
    """
    return "3.13.1"


# --- Getters


@external
@view
def owner() -> address:
    """
    @notice Who may call the setters.
    """
    return store._owner()


@external
@view
def overhead() -> uint256:
    """
    @notice Unused since Ecotone.
    """
    return store.slots[store.OVERHEAD]


@external
@view
def scalar() -> uint256:
    """
    @notice The fee scalars as derivation reads them, a version in the first byte.
    """
    return store.slots[store.SCALAR]


@external
@view
def batcherHash() -> bytes32:
    """
    @notice Whose inbox transactions count: an address, padded left.
    """
    return convert(store.slots[store.BATCHER_HASH], bytes32)


@external
@view
def gasLimit() -> uint64:
    """
    @notice Gas of an L2 block.
    """
    return convert(store._field(store.GAS_LIMIT_AND_SCALARS, 0, 64), uint64)


@external
@view
def basefeeScalar() -> uint32:
    """
    @notice Weight of the L1 base fee in the L1 fee.
    """
    return convert(store._field(store.GAS_LIMIT_AND_SCALARS, 64, 32), uint32)


@external
@view
def blobbasefeeScalar() -> uint32:
    """
    @notice Weight of the L1 blob base fee in the L1 fee.
    """
    return convert(store._field(store.GAS_LIMIT_AND_SCALARS, 96, 32), uint32)


@external
@view
def eip1559Denominator() -> uint32:
    """
    @notice How slowly the L2 base fee moves; 0 for the constant of the chain.
    """
    return convert(store._field(store.FEE_PARAMETERS, 0, 32), uint32)


@external
@view
def eip1559Elasticity() -> uint32:
    """
    @notice Gas limit over gas target; 0 for the constant of the chain.
    """
    return convert(store._field(store.FEE_PARAMETERS, 32, 32), uint32)


@external
@view
def operatorFeeScalar() -> uint32:
    """
    @notice Weight of the gas used in the operator fee.
    """
    return convert(store._field(store.FEE_PARAMETERS, 64, 32), uint32)


@external
@view
def operatorFeeConstant() -> uint64:
    """
    @notice Wei that every transaction pays to the operator.
    """
    return convert(store._field(store.FEE_PARAMETERS, 96, 64), uint64)


@external
@view
def daFootprintGasScalar() -> uint16:
    """
    @notice Gas that a byte of estimated batch data counts; 0 for 400.
    """
    return convert(store._field(store.FEE_PARAMETERS, 160, 16), uint16)


@external
@view
def minBaseFee() -> uint64:
    """
    @notice The least L2 base fee, in wei.
    """
    return convert(store._field(store.SUPERCHAIN_AND_MIN_BASE_FEE, 160, 64), uint64)


@external
@view
def l2ChainId() -> uint256:
    """
    @notice The chain that this contract configures.
    """
    return store.slots[store.L2_CHAIN_ID]


@external
@view
def resourceConfig() -> setup.ResourceConfig:
    """
    @notice The bounds of deposit gas.
    """
    return setup.ResourceConfig(
        maxResourceLimit=convert(store._field(store.RESOURCE_CONFIG, 0, 32), uint32),
        elasticityMultiplier=convert(store._field(store.RESOURCE_CONFIG, 32, 8), uint8),
        baseFeeMaxChangeDenominator=convert(store._field(store.RESOURCE_CONFIG, 40, 8), uint8),
        minimumBaseFee=convert(store._field(store.RESOURCE_CONFIG, 48, 32), uint32),
        systemTxMaxGas=convert(store._field(store.RESOURCE_CONFIG, 80, 32), uint32),
        maximumBaseFee=convert(store._field(store.RESOURCE_CONFIG, 112, 128), uint128),
    )


@external
@view
def minimumGasLimit() -> uint64:
    """
    @notice The least gas of an L2 block: all deposits of an L1 block and the L1 attributes.
    """
    return store._minimum_gas_limit()


@external
@pure
def maximumGasLimit() -> uint64:
    """
    @notice The most gas of an L2 block.
    """
    return store.MAX_GAS_LIMIT


@external
@view
def unsafeBlockSigner() -> address:
    """
    @notice Whose signature makes a gossiped block believable.
    """
    signer: uint256 = store.slots[convert(UNSAFE_BLOCK_SIGNER_SLOT, uint256)]
    return convert(convert(signer, uint160), address)


@external
@view
def batchInbox() -> address:
    """
    @notice Where batches are sent.
    """
    return store._named_address(keccak256("systemconfig.batchinbox"))


@external
@view
def startBlock() -> uint256:
    """
    @notice The L1 block at which to begin to look for logs.
    """
    return store.slots[convert(keccak256("systemconfig.startBlock"), uint256) - 1]


@external
@view
def optimismPortal() -> address:
    """
    @notice Where deposits enter.
    """
    return store._named_address(keccak256("systemconfig.optimismportal"))


@external
@view
def l1CrossDomainMessenger() -> address:
    """
    @notice Where messages to the L2 are sent.
    """
    return store._named_address(keccak256("systemconfig.l1crossdomainmessenger"))


@external
@view
def l1StandardBridge() -> address:
    """
    @notice Where tokens are sent to the L2.
    """
    return store._named_address(keccak256("systemconfig.l1standardbridge"))


@external
@view
def l1ERC721Bridge() -> address:
    """
    @notice Where unique tokens are sent to the L2; zero if there is no such bridge.
    """
    return store._named_address(keccak256("systemconfig.l1erc721bridge"))


@external
@view
def optimismMintableERC20Factory() -> address:
    """
    @notice Where twins of tokens of the L2 are created; zero if they cannot be.
    """
    return store._named_address(keccak256("systemconfig.optimismmintableerc20factory"))


@external
@view
def disputeGameFactory() -> address:
    """
    @notice Where games about this L2 are created.
    """
    portal: address = store._named_address(keccak256("systemconfig.optimismportal"))
    return staticcall OptimismPortal(portal).disputeGameFactory()


@external
@view
def getAddresses() -> setup.Addresses:
    """
    @notice The contracts of this L2 on the L1; zero for those that do not exist.
    """
    return setup.Addresses(
        l1CrossDomainMessenger=store._named_address(
            keccak256("systemconfig.l1crossdomainmessenger")
        ),
        l1ERC721Bridge=store._named_address(keccak256("systemconfig.l1erc721bridge")),
        l1StandardBridge=store._named_address(keccak256("systemconfig.l1standardbridge")),
        optimismPortal=store._named_address(keccak256("systemconfig.optimismportal")),
        optimismMintableERC20Factory=store._named_address(
            keccak256("systemconfig.optimismmintableerc20factory")
        ),
        delayedWETH=store._named_address(keccak256("systemconfig.delayedweth")),
    )


# --- Setters, for the owner


@external
def transferOwnership(_newOwner: address):
    """
    @notice Let somebody else call the setters.
    """
    store._check_owner()
    store._set_owner(_newOwner)


@external
def setBatcherHash(_batcherHash: bytes32):
    """
    @notice Change whose inbox transactions count.
    """
    store._check_owner()
    store._set_batcher_hash(_batcherHash)


@external
def setGasConfig(_overhead: uint256, _scalar: uint256):
    """
    @notice Set the fee scalars in the form from before Ecotone.
    """
    store._check_owner()
    assert _scalar >> 248 == 0, "SystemConfig: scalar exceeds max."
    store.slots[store.OVERHEAD] = _overhead
    store.slots[store.SCALAR] = _scalar
    store._announce(store.FEE_SCALARS, abi_encode(_overhead, _scalar))


@external
def setGasConfigEcotone(_basefeeScalar: uint32, _blobbasefeeScalar: uint32):
    """
    @notice Set the weights of the L1 fees.
    """
    store._check_owner()
    store._set_gas_config(_basefeeScalar, _blobbasefeeScalar)


@external
def setGasLimit(_gasLimit: uint64):
    """
    @notice Set the gas of an L2 block.
    """
    store._check_owner()
    store._set_gas_limit(_gasLimit)


@external
def setUnsafeBlockSigner(_unsafeBlockSigner: address):
    """
    @notice Set whose signature makes a gossiped block believable.
    """
    store._check_owner()
    store._set_unsafe_block_signer(_unsafeBlockSigner)


@external
def setEIP1559Params(_denominator: uint32, _elasticity: uint32):
    """
    @notice Set how the L2 base fee moves.
    """
    store._check_owner()
    assert _denominator >= 1, "SystemConfig: denominator must be >= 1"
    assert _elasticity >= 1, "SystemConfig: elasticity must be >= 1"
    denominator: uint256 = convert(_denominator, uint256)
    elasticity: uint256 = convert(_elasticity, uint256)
    store._set_field(store.FEE_PARAMETERS, 0, 64, (elasticity << 32) | denominator)
    store._announce(store.EIP_1559_PARAMS, abi_encode((denominator << 32) | elasticity))


@external
def setOperatorFeeScalars(_operatorFeeScalar: uint32, _operatorFeeConstant: uint64):
    """
    @notice Set the operator fee.
    """
    store._check_owner()
    weight: uint256 = convert(_operatorFeeScalar, uint256)
    flat: uint256 = convert(_operatorFeeConstant, uint256)
    store._set_field(store.FEE_PARAMETERS, 64, 96, (flat << 32) | weight)
    store._announce(store.OPERATOR_FEE_PARAMS, abi_encode((weight << 64) | flat))


@external
def setMinBaseFee(_minBaseFee: uint64):
    """
    @notice Set the least L2 base fee, in wei.
    """
    store._check_owner()
    store._set_field(store.SUPERCHAIN_AND_MIN_BASE_FEE, 160, 64, convert(_minBaseFee, uint256))
    store._announce(store.MIN_BASE_FEE, abi_encode(_minBaseFee))


@external
def setDAFootprintGasScalar(_daFootprintGasScalar: uint16):
    """
    @notice Set the gas that a byte of estimated batch data counts; 0 for 400.
    """
    store._check_owner()
    store._set_field(store.FEE_PARAMETERS, 160, 16, convert(_daFootprintGasScalar, uint256))
    store._announce(store.DA_FOOTPRINT_GAS_SCALAR, abi_encode(_daFootprintGasScalar))
