# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title L1Block
@notice What the L2 knows of its L1 origin.  The L1 attributes transaction that begins every L2
        block writes it; fees are charged from it, and contracts may read it.
@dev Slots 0 to 8 are those of the OP Stack (specs, protocol/{ecotone,isthmus,jovian}/
     l1-attributes.md), packed by hand because nodes read them directly.  Bit 0 is the lowest:
       0  number: 64 bits from 0, timestamp: 64 from 64
       3  sequenceNumber: 64 from 0, blobBaseFeeScalar: 32 from 64, baseFeeScalar: 32 from 96
       8  operatorFeeConstant: 64 from 0, operatorFeeScalar: 32 from 64,
          daFootprintGasScalar: 16 from 96
     The setters of Ecotone and later take packed bytes after the selector, not ABI arguments;
     each offset below counts from the start of calldata.
"""

# error NotDepositor()

DEPOSITOR: constant(address) = 0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001
ETHER_TOKEN: constant(address) = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE
MAX_16: constant(uint256) = 2**16 - 1
MAX_32: constant(uint256) = 2**32 - 1
MAX_64: constant(uint256) = 2**64 - 1

time_and_number: uint256
basefee: public(uint256)
hash: public(bytes32)
scalars_and_sequence_number: uint256
batcherHash: public(bytes32)
l1FeeOverhead: public(uint256)
l1FeeScalar: public(uint256)
blobBaseFee: public(uint256)
operator_fee_and_footprint: uint256


@external
@pure
def version() -> String[5]:
    """
    @notice The level of the OP Stack contract that this one answers like.
    """
    return "1.8.0"


@external
@pure
def DEPOSITOR_ACCOUNT() -> address:
    """
    @notice The only account that may call the setters.
    """
    return DEPOSITOR


@external
@view
def number() -> uint64:
    """
    @notice Height of the L1 origin.
    """
    return convert(self.time_and_number & MAX_64, uint64)


@external
@view
def timestamp() -> uint64:
    """
    @notice Time of the L1 origin, seconds since 1970.
    """
    return convert((self.time_and_number >> 64) & MAX_64, uint64)


@external
@view
def sequenceNumber() -> uint64:
    """
    @notice Distance of this L2 block from the first of its epoch.
    """
    return convert(self.scalars_and_sequence_number & MAX_64, uint64)


@external
@view
def blobBaseFeeScalar() -> uint32:
    """
    @notice Weight of the L1 blob base fee in the L1 fee.
    """
    return convert((self.scalars_and_sequence_number >> 64) & MAX_32, uint32)


@external
@view
def baseFeeScalar() -> uint32:
    """
    @notice Weight of the L1 base fee in the L1 fee.
    """
    return convert((self.scalars_and_sequence_number >> 96) & MAX_32, uint32)


@external
@view
def operatorFeeConstant() -> uint64:
    """
    @notice Wei that every transaction pays to the operator.
    """
    return convert(self.operator_fee_and_footprint & MAX_64, uint64)


@external
@view
def operatorFeeScalar() -> uint32:
    """
    @notice Weight of the gas used in the operator fee.
    """
    return convert((self.operator_fee_and_footprint >> 64) & MAX_32, uint32)


@external
@view
def daFootprintGasScalar() -> uint16:
    """
    @notice Gas that a byte of estimated batch data counts in the DA footprint.
    """
    return convert((self.operator_fee_and_footprint >> 96) & MAX_16, uint16)


@external
@pure
def gasPayingToken() -> (address, uint8):
    """
    @notice The token that pays for gas and its decimals: ether.
    """
    return ETHER_TOKEN, 18


@external
@pure
def gasPayingTokenName() -> String[5]:
    """
    @notice Name of the token that pays for gas.
    """
    return "Ether"


@external
@pure
def gasPayingTokenSymbol() -> String[3]:
    """
    @notice Symbol of the token that pays for gas.
    """
    return "ETH"


@external
@pure
def isCustomGasToken() -> bool:
    """
    @notice Whether anything but ether pays for gas.
    """
    return False


@external
def setL1BlockValues(
    _number: uint64,
    _timestamp: uint64,
    _basefee: uint256,
    _hash: bytes32,
    _sequenceNumber: uint64,
    _batcherHash: bytes32,
    _l1FeeOverhead: uint256,
    _l1FeeScalar: uint256,
):
    """
    @notice The setter of Bedrock.  Leaves the other parts of packed slots as they are.
    """
    assert (
        msg.sender == DEPOSITOR
    ), "L1Block: only the depositor account can set L1 block values"
    time: uint256 = convert(_timestamp, uint256)
    self.time_and_number = (
        ((self.time_and_number >> 128) << 128) | (time << 64) | convert(_number, uint256)
    )
    self.basefee = _basefee
    self.hash = _hash
    self.scalars_and_sequence_number = (
        ((self.scalars_and_sequence_number >> 64) << 64) | convert(_sequenceNumber, uint256)
    )
    self.batcherHash = _batcherHash
    self.l1FeeOverhead = _l1FeeOverhead
    self.l1FeeScalar = _l1FeeScalar


@external
def setL1BlockValuesEcotone():
    """
    @notice The setter of Ecotone: 164 bytes.
    """
    self._set_ecotone_values()


@external
def setL1BlockValuesIsthmus():
    """
    @notice The setter of Isthmus: 176 bytes, with the operator fee at the end.
    """
    self._set_ecotone_values()
    self.operator_fee_and_footprint = convert(slice(msg.data, 164, 12), uint256)


@external
def setL1BlockValuesJovian():
    """
    @notice The setter of Jovian: 178 bytes, with the DA footprint gas scalar at the end.
    """
    self._set_ecotone_values()
    operator_fee: uint256 = convert(slice(msg.data, 164, 12), uint256)
    footprint: uint256 = convert(slice(msg.data, 176, 2), uint256)
    self.operator_fee_and_footprint = (footprint << 96) | operator_fee


@internal
def _set_ecotone_values():
    if msg.sender != DEPOSITOR:
        raw_revert(method_id("NotDepositor()"))
    self.scalars_and_sequence_number = self._word_at(4) >> 128
    self.time_and_number = self._word_at(20) >> 128
    self.basefee = self._word_at(36)
    self.blobBaseFee = self._word_at(68)
    self.hash = convert(self._word_at(100), bytes32)
    self.batcherHash = convert(self._word_at(132), bytes32)


@internal
@view
def _word_at(offset: uint256) -> uint256:
    return extract32(slice(msg.data, offset, 32), 0, output_type=uint256)
