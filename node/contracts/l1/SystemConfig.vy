# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title SystemConfig
@notice What the operator of an L2 may change while it runs.  Derivation reads the ConfigUpdate
        events; the storage is for everybody else.
@dev Rules: ethereum-optimism/specs, protocol/{system-config,configurability}.md.  Slots are those
     of the OP Stack and written by genesis, which stands for `initialize` (so there are no
     events of it, and the rollup config carries the first values).  To reach all of them,
     storage is one array that begins at slot 0, where index and slot are the same.  Packed
     slots, from the lowest bit:
       104  gasLimit 64, basefeeScalar 32, blobbasefeeScalar 32
       105  maxResourceLimit 32, elasticityMultiplier 8, baseFeeMaxChangeDenominator 8,
            minimumBaseFee 32, systemTxMaxGas 32, maximumBaseFee 128
       106  eip1559Denominator 32, eip1559Elasticity 32, operatorFeeScalar 32,
            operatorFeeConstant 64, daFootprintGasScalar 16
       108  superchainConfig 160, minBaseFee 64
     Absent: pausing (there is no SuperchainConfig), the setter of features (there is no
     ProxyAdmin, who would call it), and setBatcherHash(address) (Vyper has no overloading).
"""

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

event ConfigUpdate:
    version: indexed(uint256)
    updateType: indexed(uint8)
    data: Bytes[64]

event OwnershipTransferred:
    previousOwner: indexed(address)
    newOwner: indexed(address)

VERSION: public(constant(uint256)) = 0

BATCHER: constant(uint8) = 0
FEE_SCALARS: constant(uint8) = 1
GAS_LIMIT: constant(uint8) = 2
UNSAFE_BLOCK_SIGNER: constant(uint8) = 3
EIP_1559_PARAMS: constant(uint8) = 4
OPERATOR_FEE_PARAMS: constant(uint8) = 5
MIN_BASE_FEE: constant(uint8) = 6
DA_FOOTPRINT_GAS_SCALAR: constant(uint8) = 7

OWNER: constant(uint256) = 51
OVERHEAD: constant(uint256) = 101
SCALAR: constant(uint256) = 102
BATCHER_HASH: constant(uint256) = 103
GAS_LIMIT_AND_SCALARS: constant(uint256) = 104
RESOURCE_CONFIG: constant(uint256) = 105
FEE_PARAMETERS: constant(uint256) = 106
L2_CHAIN_ID: constant(uint256) = 107
SUPERCHAIN_AND_MIN_BASE_FEE: constant(uint256) = 108
FEATURES: constant(uint256) = 109
UNSAFE_BLOCK_SIGNER_SLOT: public(constant(bytes32)) = keccak256("systemconfig.unsafeblocksigner")

MAX_GAS_LIMIT: constant(uint64) = 500_000_000
CUSTOM_GAS_TOKEN: constant(bytes32) = (
    0x435553544f4d5f4741535f544f4b454e00000000000000000000000000000000
)
MAX_160: constant(uint256) = 2**160 - 1

slots: uint256[2**256 - 1]


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
    return self._owner()


@external
@view
def overhead() -> uint256:
    """
    @notice Unused since Ecotone.
    """
    return self.slots[OVERHEAD]


@external
@view
def scalar() -> uint256:
    """
    @notice The fee scalars as derivation reads them, a version in the first byte.
    """
    return self.slots[SCALAR]


@external
@view
def batcherHash() -> bytes32:
    """
    @notice Whose inbox transactions count: an address, padded left.
    """
    return convert(self.slots[BATCHER_HASH], bytes32)


@external
@view
def gasLimit() -> uint64:
    """
    @notice Gas of an L2 block.
    """
    return convert(self._field(GAS_LIMIT_AND_SCALARS, 0, 64), uint64)


@external
@view
def basefeeScalar() -> uint32:
    """
    @notice Weight of the L1 base fee in the L1 fee.
    """
    return convert(self._field(GAS_LIMIT_AND_SCALARS, 64, 32), uint32)


@external
@view
def blobbasefeeScalar() -> uint32:
    """
    @notice Weight of the L1 blob base fee in the L1 fee.
    """
    return convert(self._field(GAS_LIMIT_AND_SCALARS, 96, 32), uint32)


@external
@view
def eip1559Denominator() -> uint32:
    """
    @notice How slowly the L2 base fee moves; 0 for the constant of the chain.
    """
    return convert(self._field(FEE_PARAMETERS, 0, 32), uint32)


@external
@view
def eip1559Elasticity() -> uint32:
    """
    @notice Gas limit over gas target; 0 for the constant of the chain.
    """
    return convert(self._field(FEE_PARAMETERS, 32, 32), uint32)


@external
@view
def operatorFeeScalar() -> uint32:
    """
    @notice Weight of the gas used in the operator fee.
    """
    return convert(self._field(FEE_PARAMETERS, 64, 32), uint32)


@external
@view
def operatorFeeConstant() -> uint64:
    """
    @notice Wei that every transaction pays to the operator.
    """
    return convert(self._field(FEE_PARAMETERS, 96, 64), uint64)


@external
@view
def daFootprintGasScalar() -> uint16:
    """
    @notice Gas that a byte of estimated batch data counts; 0 for 400.
    """
    return convert(self._field(FEE_PARAMETERS, 160, 16), uint16)


@external
@view
def minBaseFee() -> uint64:
    """
    @notice The least L2 base fee, in wei.
    """
    return convert(self._field(SUPERCHAIN_AND_MIN_BASE_FEE, 160, 64), uint64)


@external
@view
def l2ChainId() -> uint256:
    """
    @notice The chain that this contract configures.
    """
    return self.slots[L2_CHAIN_ID]


@external
@view
def isFeatureEnabled(_feature: bytes32) -> bool:
    """
    @notice Whether genesis switched that feature on.
    """
    return self._is_feature_enabled(_feature)


@external
@view
def isCustomGasToken() -> bool:
    """
    @notice Whether anything but ether pays for gas on the L2.
    """
    return self._is_feature_enabled(CUSTOM_GAS_TOKEN)


@external
@view
def resourceConfig() -> ResourceConfig:
    """
    @notice The bounds of deposit gas.
    """
    return ResourceConfig(
        maxResourceLimit=convert(self._field(RESOURCE_CONFIG, 0, 32), uint32),
        elasticityMultiplier=convert(self._field(RESOURCE_CONFIG, 32, 8), uint8),
        baseFeeMaxChangeDenominator=convert(self._field(RESOURCE_CONFIG, 40, 8), uint8),
        minimumBaseFee=convert(self._field(RESOURCE_CONFIG, 48, 32), uint32),
        systemTxMaxGas=convert(self._field(RESOURCE_CONFIG, 80, 32), uint32),
        maximumBaseFee=convert(self._field(RESOURCE_CONFIG, 112, 128), uint128),
    )


@external
@view
def minimumGasLimit() -> uint64:
    """
    @notice The least gas of an L2 block: all deposits of an L1 block and the L1 attributes.
    """
    return self._minimum_gas_limit()


@external
@pure
def maximumGasLimit() -> uint64:
    """
    @notice The most gas of an L2 block.
    """
    return MAX_GAS_LIMIT


@external
@view
def unsafeBlockSigner() -> address:
    """
    @notice Whose signature makes a gossiped block believable.
    """
    return convert(convert(self.slots[convert(UNSAFE_BLOCK_SIGNER_SLOT, uint256)], uint160), address)


@external
@view
def batchInbox() -> address:
    """
    @notice Where batches are sent.
    """
    return self._named_address(keccak256("systemconfig.batchinbox"))


@external
@view
def startBlock() -> uint256:
    """
    @notice The L1 block at which to begin to look for logs.
    """
    return self.slots[convert(keccak256("systemconfig.startBlock"), uint256) - 1]


@external
@view
def optimismPortal() -> address:
    """
    @notice Where deposits enter.
    """
    return self._named_address(keccak256("systemconfig.optimismportal"))


@external
@view
def getAddresses() -> Addresses:
    """
    @notice The contracts of this L2 on the L1; zero for those that do not exist.
    """
    return Addresses(
        l1CrossDomainMessenger=self._named_address(
            keccak256("systemconfig.l1crossdomainmessenger")
        ),
        l1ERC721Bridge=self._named_address(keccak256("systemconfig.l1erc721bridge")),
        l1StandardBridge=self._named_address(keccak256("systemconfig.l1standardbridge")),
        optimismPortal=self._named_address(keccak256("systemconfig.optimismportal")),
        optimismMintableERC20Factory=self._named_address(
            keccak256("systemconfig.optimismmintableerc20factory")
        ),
        delayedWETH=self._named_address(keccak256("systemconfig.delayedweth")),
    )


# --- Setters, for the owner


@external
def transferOwnership(_newOwner: address):
    """
    @notice Let somebody else call the setters.
    """
    self._check_owner()
    assert _newOwner != empty(address), "Ownable: new owner is the zero address"
    log OwnershipTransferred(previousOwner=self._owner(), newOwner=_newOwner)
    self.slots[OWNER] = convert(_newOwner, uint256)


@external
def setBatcherHash(_batcherHash: bytes32):
    """
    @notice Change whose inbox transactions count.
    """
    self._check_owner()
    self.slots[BATCHER_HASH] = convert(_batcherHash, uint256)
    self._announce(BATCHER, abi_encode(_batcherHash))


@external
def setGasConfig(_overhead: uint256, _scalar: uint256):
    """
    @notice Set the fee scalars in the form from before Ecotone.
    """
    self._check_owner()
    assert _scalar >> 248 == 0, "SystemConfig: scalar exceeds max."
    self.slots[OVERHEAD] = _overhead
    self.slots[SCALAR] = _scalar
    self._announce(FEE_SCALARS, abi_encode(_overhead, _scalar))


@external
def setGasConfigEcotone(_basefeeScalar: uint32, _blobbasefeeScalar: uint32):
    """
    @notice Set the weights of the L1 fees.
    """
    self._check_owner()
    base: uint256 = convert(_basefeeScalar, uint256)
    blob: uint256 = convert(_blobbasefeeScalar, uint256)
    self._set_field(GAS_LIMIT_AND_SCALARS, 64, 32, base)
    self._set_field(GAS_LIMIT_AND_SCALARS, 96, 32, blob)
    self.slots[SCALAR] = (1 << 248) | (blob << 32) | base
    self._announce(FEE_SCALARS, abi_encode(self.slots[OVERHEAD], self.slots[SCALAR]))


@external
def setGasLimit(_gasLimit: uint64):
    """
    @notice Set the gas of an L2 block.
    """
    self._check_owner()
    assert _gasLimit >= self._minimum_gas_limit(), "SystemConfig: gas limit too low"
    assert _gasLimit <= MAX_GAS_LIMIT, "SystemConfig: gas limit too high"
    self._set_field(GAS_LIMIT_AND_SCALARS, 0, 64, convert(_gasLimit, uint256))
    self._announce(GAS_LIMIT, abi_encode(_gasLimit))


@external
def setUnsafeBlockSigner(_unsafeBlockSigner: address):
    """
    @notice Set whose signature makes a gossiped block believable.
    """
    self._check_owner()
    signer: uint256 = convert(_unsafeBlockSigner, uint256)
    self.slots[convert(UNSAFE_BLOCK_SIGNER_SLOT, uint256)] = signer
    self._announce(UNSAFE_BLOCK_SIGNER, abi_encode(_unsafeBlockSigner))


@external
def setEIP1559Params(_denominator: uint32, _elasticity: uint32):
    """
    @notice Set how the L2 base fee moves.
    """
    self._check_owner()
    assert _denominator >= 1, "SystemConfig: denominator must be >= 1"
    assert _elasticity >= 1, "SystemConfig: elasticity must be >= 1"
    denominator: uint256 = convert(_denominator, uint256)
    elasticity: uint256 = convert(_elasticity, uint256)
    self._set_field(FEE_PARAMETERS, 0, 64, (elasticity << 32) | denominator)
    self._announce(EIP_1559_PARAMS, abi_encode((denominator << 32) | elasticity))


@external
def setOperatorFeeScalars(_operatorFeeScalar: uint32, _operatorFeeConstant: uint64):
    """
    @notice Set the operator fee.
    """
    self._check_owner()
    weight: uint256 = convert(_operatorFeeScalar, uint256)
    flat: uint256 = convert(_operatorFeeConstant, uint256)
    self._set_field(FEE_PARAMETERS, 64, 96, (flat << 32) | weight)
    self._announce(OPERATOR_FEE_PARAMS, abi_encode((weight << 64) | flat))


@external
def setMinBaseFee(_minBaseFee: uint64):
    """
    @notice Set the least L2 base fee, in wei.
    """
    self._check_owner()
    self._set_field(SUPERCHAIN_AND_MIN_BASE_FEE, 160, 64, convert(_minBaseFee, uint256))
    self._announce(MIN_BASE_FEE, abi_encode(_minBaseFee))


@external
def setDAFootprintGasScalar(_daFootprintGasScalar: uint16):
    """
    @notice Set the gas that a byte of estimated batch data counts; 0 for 400.
    """
    self._check_owner()
    self._set_field(FEE_PARAMETERS, 160, 16, convert(_daFootprintGasScalar, uint256))
    self._announce(DA_FOOTPRINT_GAS_SCALAR, abi_encode(_daFootprintGasScalar))


# --- What they share


@internal
@view
def _owner() -> address:
    return convert(convert(self.slots[OWNER] & MAX_160, uint160), address)


@internal
@view
def _check_owner():
    assert msg.sender == self._owner(), "Ownable: caller is not the owner"


@internal
def _announce(update: uint8, data: Bytes[64]):
    log ConfigUpdate(version=VERSION, updateType=update, data=data)


@internal
@view
def _field(slot: uint256, low: uint256, width: uint256) -> uint256:
    return (self.slots[slot] >> low) & ((1 << width) - 1)


@internal
def _set_field(slot: uint256, low: uint256, width: uint256, content: uint256):
    mask: uint256 = ((1 << width) - 1) << low
    self.slots[slot] = (self.slots[slot] & ~mask) | (content << low)


@internal
@view
def _named_address(name: bytes32) -> address:
    slot: uint256 = convert(name, uint256) - 1
    return convert(convert(self.slots[slot] & MAX_160, uint160), address)


@internal
@view
def _is_feature_enabled(feature: bytes32) -> bool:
    slot: uint256 = convert(keccak256(abi_encode(feature, FEATURES)), uint256)
    return self.slots[slot] & 255 != 0


@internal
@view
def _minimum_gas_limit() -> uint64:
    deposits: uint256 = self._field(RESOURCE_CONFIG, 0, 32)
    attributes: uint256 = self._field(RESOURCE_CONFIG, 80, 32)
    return convert(deposits + attributes, uint64)
