# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Storage of the system config
@notice Reading and changing it, and telling the rollup of every change that it follows.
@dev Slots are those of the OP Stack.  To reach all of them, storage is one array that begins at
     slot 0, where index and slot are the same.  Packed slots, from the lowest bit:
       104  gasLimit 64, basefeeScalar 32, blobbasefeeScalar 32
       105  maxResourceLimit 32, elasticityMultiplier 8, baseFeeMaxChangeDenominator 8,
            minimumBaseFee 32, systemTxMaxGas 32, maximumBaseFee 128
       106  eip1559Denominator 32, eip1559Elasticity 32, operatorFeeScalar 32,
            operatorFeeConstant 64, daFootprintGasScalar 16
       108  superchainConfig 160, minBaseFee 64
"""

event ConfigUpdate:
    version: indexed(uint256)
    updateType: indexed(uint8)
    data: Bytes[64]

event OwnershipTransferred:
    previousOwner: indexed(address)
    newOwner: indexed(address)

VERSION: constant(uint256) = 0

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
UNSAFE_BLOCK_SIGNER_SLOT: constant(bytes32) = keccak256("systemconfig.unsafeblocksigner")

MAX_GAS_LIMIT: constant(uint64) = 500_000_000
MAX_160: constant(uint256) = 2**160 - 1

slots: uint256[2**256 - 1]


@internal
@view
def _owner() -> address:
    return convert(convert(self.slots[OWNER] & MAX_160, uint160), address)


@internal
@view
def _check_owner():
    assert msg.sender == self._owner(), "Ownable: caller is not the owner"


@internal
def _set_owner(owner: address):
    assert owner != empty(address), "Ownable: new owner is the zero address"
    log OwnershipTransferred(previousOwner=self._owner(), newOwner=owner)
    self.slots[OWNER] = convert(owner, uint256)


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
def _named(name: bytes32) -> uint256:
    """
    @notice A slot that is known by the hash of its name (as in EIP-1967).
    """
    return self.slots[convert(name, uint256) - 1]


@internal
def _set_named(name: bytes32, content: uint256):
    self.slots[convert(name, uint256) - 1] = content


@internal
@view
def _named_address(name: bytes32) -> address:
    return convert(convert(self._named(name) & MAX_160, uint160), address)


@internal
@pure
def _feature_slot(feature: bytes32) -> uint256:
    return convert(keccak256(abi_encode(feature, FEATURES)), uint256)


@internal
@view
def _minimum_gas_limit() -> uint64:
    deposits: uint256 = self._field(RESOURCE_CONFIG, 0, 32)
    attributes: uint256 = self._field(RESOURCE_CONFIG, 80, 32)
    return convert(deposits + attributes, uint64)


@internal
def _set_batcher_hash(batcher_hash: bytes32):
    self.slots[BATCHER_HASH] = convert(batcher_hash, uint256)
    self._announce(BATCHER, abi_encode(batcher_hash))


@internal
def _set_gas_config(base_fee_scalar: uint32, blob_base_fee_scalar: uint32):
    base: uint256 = convert(base_fee_scalar, uint256)
    blob: uint256 = convert(blob_base_fee_scalar, uint256)
    self._set_field(GAS_LIMIT_AND_SCALARS, 64, 32, base)
    self._set_field(GAS_LIMIT_AND_SCALARS, 96, 32, blob)
    self.slots[SCALAR] = (1 << 248) | (blob << 32) | base
    self._announce(FEE_SCALARS, abi_encode(self.slots[OVERHEAD], self.slots[SCALAR]))


@internal
def _set_gas_limit(gas_limit: uint64):
    assert gas_limit >= self._minimum_gas_limit(), "SystemConfig: gas limit too low"
    assert gas_limit <= MAX_GAS_LIMIT, "SystemConfig: gas limit too high"
    self._set_field(GAS_LIMIT_AND_SCALARS, 0, 64, convert(gas_limit, uint256))
    self._announce(GAS_LIMIT, abi_encode(gas_limit))


@internal
def _set_unsafe_block_signer(signer: address):
    self.slots[convert(UNSAFE_BLOCK_SIGNER_SLOT, uint256)] = convert(signer, uint256)
    self._announce(UNSAFE_BLOCK_SIGNER, abi_encode(signer))
