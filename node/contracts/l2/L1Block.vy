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
       9  mapping from the name of a feature to true, at keccak256(name . 9)
     The token that pays for gas, if not ether, its name and its symbol lie at the hashes of
     "opstack.gaspayingtoken", "...name" and "...symbol" less one.  The token's slot holds the
     address in 160 bits from 0 and its decimals in 8 from 160.
     Vyper places neither such slots nor such mappings.  So what follows slot 8 is one array, in
     which the index is the slot less 9.
     The setters of Ecotone and later take packed bytes after the selector, not ABI arguments;
     each offset below counts from the start of calldata.
"""

# error NotDepositor()
# error L1Block_FeatureAlreadyEnabled()

event FeatureSet:
    feature: indexed(bytes32)
    enabled: indexed(bool)

event GasPayingTokenSet:
    token: indexed(address)
    decimals: indexed(uint8)
    name: bytes32
    symbol: bytes32

DEPOSITOR: constant(address) = 0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001
ETHER_TOKEN: constant(address) = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE
MAX_16: constant(uint256) = 2**16 - 1
MAX_32: constant(uint256) = 2**32 - 1
MAX_64: constant(uint256) = 2**64 - 1
MAX_160: constant(uint256) = 2**160 - 1
MAX_NAME: constant(uint256) = 32
FEATURES: constant(uint256) = 9
TOKEN: constant(bytes32) = keccak256("opstack.gaspayingtoken")
TOKEN_NAME: constant(bytes32) = keccak256("opstack.gaspayingtokenname")
TOKEN_SYMBOL: constant(bytes32) = keccak256("opstack.gaspayingtokensymbol")

time_and_number: uint256
basefee: public(uint256)
hash: public(bytes32)
scalars_and_sequence_number: uint256
batcherHash: public(bytes32)
l1FeeOverhead: public(uint256)
l1FeeScalar: public(uint256)
blobBaseFee: public(uint256)
operator_fee_and_footprint: uint256
slots_from_9: uint256[2**256 - 10]


@external
@pure
def version() -> String[5]:
    """
    @notice The level of the OP Stack contract that this one answers like.
    """
    return "1.9.0"


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
@view
def gasPayingToken() -> (address, uint8):
    """
    @notice The token of the L1 that pays for gas and its decimals; for ether 0xEeee...EEeE, 18.
    """
    if not self._is_custom():
        return ETHER_TOKEN, 18
    content: uint256 = self._token()
    token: address = convert(convert(content & MAX_160, uint160), address)
    return token, convert((content >> 160) & 255, uint8)


@external
@view
def gasPayingTokenName() -> String[MAX_NAME]:
    """
    @notice Name of the token that pays for gas.
    """
    if not self._is_custom():
        return "Ether"
    return self._text(TOKEN_NAME)


@external
@view
def gasPayingTokenSymbol() -> String[MAX_NAME]:
    """
    @notice Symbol of the token that pays for gas.
    """
    if not self._is_custom():
        return "ETH"
    return self._text(TOKEN_SYMBOL)


@external
@view
def isCustomGasToken() -> bool:
    """
    @notice Whether anything but ether pays for gas.
    """
    return self._is_custom()


@external
@view
def isFeatureEnabled(_feature: bytes32) -> bool:
    """
    @notice Whether a feature of that name was enabled.
    """
    return self.slots_from_9[self._feature_index(_feature)] != 0


@external
def setFeature(_feature: bytes32):
    """
    @notice Enable a feature, for good.
    """
    self._check_depositor()
    index: uint256 = self._feature_index(_feature)
    if self.slots_from_9[index] != 0:
        raw_revert(method_id("L1Block_FeatureAlreadyEnabled()"))
    self.slots_from_9[index] = 1
    log FeatureSet(feature=_feature, enabled=True)


@external
def setGasPayingToken(_token: address, _decimals: uint8, _name: bytes32, _symbol: bytes32):
    """
    @notice Called by a deposit that the portal makes when a chain with such a token is set up.
    @param _name Padded with zero bytes, as the symbol is.
    """
    self._check_depositor()
    content: uint256 = (convert(_decimals, uint256) << 160) | convert(_token, uint256)
    self.slots_from_9[self._named_index(TOKEN)] = content
    self.slots_from_9[self._named_index(TOKEN_NAME)] = convert(_name, uint256)
    self.slots_from_9[self._named_index(TOKEN_SYMBOL)] = convert(_symbol, uint256)
    log GasPayingTokenSet(token=_token, decimals=_decimals, name=_name, symbol=_symbol)


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
    self._check_depositor()
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


@internal
@view
def _check_depositor():
    if msg.sender != DEPOSITOR:
        raw_revert(method_id("NotDepositor()"))


@internal
@view
def _token() -> uint256:
    return self.slots_from_9[self._named_index(TOKEN)]


@internal
@view
def _is_custom() -> bool:
    token: uint256 = self._token() & MAX_160
    return token != 0 and token != convert(ETHER_TOKEN, uint256)


@internal
@view
def _text(name: bytes32) -> String[MAX_NAME]:
    """
    @notice What a slot holds before its first zero byte.
    """
    content: uint256 = self.slots_from_9[self._named_index(name)]
    size: uint256 = 0
    for _position: uint256 in range(MAX_NAME):
        if (content << (8 * size)) >> 248 == 0:
            break
        size += 1
    return convert(slice(convert(content, bytes32), 0, size), String[MAX_NAME])


@internal
@pure
def _named_index(name: bytes32) -> uint256:
    return convert(name, uint256) - 1 - FEATURES


@internal
@pure
def _feature_index(feature: bytes32) -> uint256:
    return convert(keccak256(abi_encode(feature, FEATURES)), uint256) - FEATURES
