# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title GasPriceOracle
@notice What a transaction will pay beside its gas: the L1 fee for its place in a batch, and the
        operator fee.
@dev Rules of Fjord, Isthmus and Jovian (specs, protocol/{fjord,isthmus,jovian}/exec-engine.md and
     predeploys.md).  Slot 0 holds a byte for each fork, the lowest for Ecotone, then Fjord,
     Isthmus, Jovian; genesis writes it, and the depositor account sets the later two where the
     fork comes later.  Chains here are past Fjord from their first block: older formulas are
     absent, and so are `overhead` and `scalar`, which ended with Ecotone.
     Transactions of up to 65,535 bytes; longer calldata reverts (use `getL1FeeUpperBound`).
"""

# error Panic(uint256 code)

MAX_TRANSACTION: constant(uint256) = 65535
L1_BLOCK: constant(address) = 0x4200000000000000000000000000000000000015
DEPOSITOR: constant(address) = 0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001

# The estimate of a compressed size from its FastLZ size: a line, in millionths of a byte.
INTERCEPT: constant(int256) = -42_585_600
SLOPE: constant(uint256) = 836_500
LEAST_SIZE: constant(int256) = 100_000_000
# What a signature adds to a transaction that has none yet.
SIGNATURE_BYTES: constant(uint256) = 68

# FastLZ, level 1.
HASH_SLOTS: constant(uint256) = 8192
FARTHEST_MATCH: constant(uint256) = 8191
LONGEST_MATCH: constant(uint256) = 262
TAIL: constant(uint256) = 13
# What Solidity gives up with where arithmetic overflows.
ARITHMETIC_PANIC: constant(uint256) = 17

interface L1Block:
    def basefee() -> uint256: view
    def blobBaseFee() -> uint256: view
    def baseFeeScalar() -> uint32: view
    def blobBaseFeeScalar() -> uint32: view
    def operatorFeeScalar() -> uint32: view
    def operatorFeeConstant() -> uint64: view

DECIMALS: public(constant(uint256)) = 6

forks: uint256


@external
@pure
def version() -> String[5]:
    """
    @notice The level of the OP Stack contract that this one answers like.
    """
    return "1.6.0"


@external
@view
def isEcotone() -> bool:
    """
    @notice Whether Ecotone is active.
    """
    return self._is_active(0)


@external
@view
def isFjord() -> bool:
    """
    @notice Whether Fjord is active.
    """
    return self._is_active(1)


@external
@view
def isIsthmus() -> bool:
    """
    @notice Whether Isthmus is active.
    """
    return self._is_active(2)


@external
@view
def isJovian() -> bool:
    """
    @notice Whether Jovian is active.
    """
    return self._is_active(3)


@external
def setIsthmus():
    """
    @notice Called by the depositor account in the block that activates Isthmus.
    """
    assert (
        msg.sender == DEPOSITOR
    ), "GasPriceOracle: only the depositor account can set isIsthmus flag"
    assert self._is_active(1), "GasPriceOracle: Isthmus can only be activated after Fjord"
    assert not self._is_active(2), "GasPriceOracle: Isthmus already active"
    self.forks |= 1 << 16


@external
def setJovian():
    """
    @notice Called by the depositor account in the block that activates Jovian.
    """
    assert (
        msg.sender == DEPOSITOR
    ), "GasPriceOracle: only the depositor account can set isJovian flag"
    assert self._is_active(2), "GasPriceOracle: Jovian can only be activated after Isthmus"
    assert not self._is_active(3), "GasPriceOracle: Jovian already active"
    self.forks |= 1 << 24


@external
@view
def getL1Fee(_data: Bytes[MAX_TRANSACTION]) -> uint256:
    """
    @notice The L1 fee of a transaction, in wei.
    @param _data The transaction, encoded without its signature.
    """
    return self._l1_fee(self._compressed_size(_data) + SIGNATURE_BYTES)


@external
@view
def getL1FeeUpperBound(_unsignedTxSize: uint256) -> uint256:
    """
    @notice The most that a transaction of that size is likely to pay, in wei.
    @param _unsignedTxSize Its size in bytes without the signature.
    """
    size: uint256 = _unsignedTxSize + SIGNATURE_BYTES
    return self._l1_fee(size + size // 255 + 16)


@external
@view
def getL1GasUsed(_data: Bytes[MAX_TRANSACTION]) -> uint256:
    """
    @notice L1 calldata gas of the estimated size.  Says little about fees since Ecotone.
    @param _data The transaction, encoded without its signature.
    """
    return self._estimate(self._compressed_size(_data) + SIGNATURE_BYTES) * 16 // 10**6


@external
@view
def getOperatorFee(_gasUsed: uint256) -> uint256:
    """
    @notice The operator fee for that much gas, in wei: 0 before Isthmus.
    """
    if not self._is_active(2):
        return 0
    scaled: uint256 = _gasUsed * convert(staticcall L1Block(L1_BLOCK).operatorFeeScalar(), uint256)
    if self._is_active(3):
        scaled *= 100
    else:
        scaled //= 10**6
    return scaled + convert(staticcall L1Block(L1_BLOCK).operatorFeeConstant(), uint256)


@external
@view
def gasPrice() -> uint256:
    """
    @notice The base fee of the L2.
    """
    return block.basefee


@external
@view
def baseFee() -> uint256:
    """
    @notice The base fee of the L2.
    """
    return block.basefee


@external
@view
def l1BaseFee() -> uint256:
    """
    @notice The base fee of the L1 origin.
    """
    return staticcall L1Block(L1_BLOCK).basefee()


@external
@view
def blobBaseFee() -> uint256:
    """
    @notice The blob base fee of the L1 origin.
    """
    return staticcall L1Block(L1_BLOCK).blobBaseFee()


@external
@view
def baseFeeScalar() -> uint32:
    """
    @notice Weight of the L1 base fee.
    """
    return staticcall L1Block(L1_BLOCK).baseFeeScalar()


@external
@view
def blobBaseFeeScalar() -> uint32:
    """
    @notice Weight of the L1 blob base fee.
    """
    return staticcall L1Block(L1_BLOCK).blobBaseFeeScalar()


@external
@pure
def decimals() -> uint256:
    """
    @notice Decimals of the scalars.
    """
    return DECIMALS


@internal
@view
def _is_active(index: uint256) -> bool:
    return (self.forks >> (8 * index)) & 255 != 0


@internal
@pure
def _estimate(compressed_size: uint256) -> uint256:
    return convert(
        max(LEAST_SIZE, INTERCEPT + convert(SLOPE * compressed_size, int256)), uint256
    )


@internal
@view
def _l1_fee(compressed_size: uint256) -> uint256:
    base_scalar: uint256 = convert(staticcall L1Block(L1_BLOCK).baseFeeScalar(), uint256)
    # The OP Stack multiplies these in 32 bits.
    if base_scalar * 16 > convert(max_value(uint32), uint256):
        raw_revert(abi_encode(ARITHMETIC_PANIC, method_id=method_id("Panic(uint256)")))
    blob_scalar: uint256 = convert(staticcall L1Block(L1_BLOCK).blobBaseFeeScalar(), uint256)
    price: uint256 = (
        base_scalar * 16 * staticcall L1Block(L1_BLOCK).basefee()
        + blob_scalar * staticcall L1Block(L1_BLOCK).blobBaseFee()
    )
    return self._estimate(compressed_size) * price // 10**12


@internal
@pure
def _literals(count: uint256) -> uint256:
    # Runs of up to 32 bytes, each after one byte of its length.
    rest: uint256 = count % 32
    if rest != 0:
        rest += 1
    return 33 * (count // 32) + rest


@internal
@pure
def _slot(window: uint256) -> uint256:
    # The table is indexed by a hash of the first three bytes, read little-endian.
    key: uint256 = (
        (window >> 248) | ((window >> 232) & (255 << 8)) | ((window >> 216) & (255 << 16))
    )
    return (((2654435769 * key) & (2**32 - 1)) >> 19) & (HASH_SLOTS - 1)


@internal
@pure
def _compressed_size(data: Bytes[MAX_TRANSACTION]) -> uint256:
    """
    @dev The length of `data` compressed by FastLZ; the stream itself is not made.  An empty table
         says position 0 for every hash, so a match with the start is found from the beginning.
         One function, because Vyper copies bytes that are passed on.
    """
    size: uint256 = len(data)
    # Windows of 32 bytes are read, also near the end.
    padded: Bytes[MAX_TRANSACTION + 64] = concat(data, empty(bytes32), empty(bytes32))
    table: uint256[HASH_SLOTS] = empty(uint256[HASH_SLOTS])
    limit: uint256 = 0
    if size > TAIL:
        limit = size - TAIL
    total: uint256 = 0
    anchor: uint256 = 0
    position: uint256 = 2
    for _match: uint256 in range(MAX_TRANSACTION):
        if position >= limit:
            break
        # Look for three equal bytes, not too far back.
        candidate: uint256 = 0
        for _step: uint256 in range(MAX_TRANSACTION):
            window: uint256 = extract32(padded, position, output_type=uint256)
            slot: uint256 = self._slot(window)
            candidate = table[slot]
            table[slot] = position
            distance: uint256 = position - candidate
            if position >= limit:
                break
            position += 1
            if distance > FARTHEST_MATCH:
                continue
            if window >> 232 == extract32(padded, candidate, output_type=uint256) >> 232:
                break
        if position >= limit:
            break
        position -= 1
        total += self._literals(position - anchor)
        # Count the equal bytes after those three; one that differs is counted too.
        source: uint256 = candidate + 3
        target: uint256 = position + 3
        length: uint256 = 0
        for _byte: uint256 in range(MAX_TRANSACTION):
            if target + length >= limit + 9:
                break
            same: bool = slice(padded, source + length, 1) == slice(padded, target + length, 1)
            length += 1
            if not same:
                break
        position += length
        # As matches of up to 262 bytes: three bytes for one of more than 6, else two.
        total += 3 * ((length - 1) // LONGEST_MATCH)
        if (length - 1) % LONGEST_MATCH >= 6:
            total += 3
        else:
            total += 2
        for _after: uint256 in range(2):
            table[self._slot(extract32(padded, position, output_type=uint256))] = position
            position += 1
        anchor = position
    return total + self._literals(size - anchor)
