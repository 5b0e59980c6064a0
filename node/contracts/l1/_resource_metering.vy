# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Market for deposit gas
@notice Gas that deposits use on the L2 is paid for on the L1, by burning gas of the L1: as much
        as it costs at a base fee that follows demand, in the manner of EIP-1559.
@dev Rules: ethereum-optimism/specs, protocol/guaranteed-gas-market.md.  Storage as in the OP
     Stack: slot 1 holds, from the lowest bit, the base fee in 128 bits, the deposit gas bought
     in the last block with deposits in 64, and the number of that block in 64.
"""

# error OutOfGas()

struct ResourceConfig:
    maxResourceLimit: uint32
    elasticityMultiplier: uint8
    baseFeeMaxChangeDenominator: uint8
    minimumBaseFee: uint32
    systemTxMaxGas: uint32
    maximumBaseFee: uint128

INITIAL_BASE_FEE: constant(uint256) = 10**9
# What L1 gas is taken to cost at least, in wei.
LEAST_L1_BASE_FEE: constant(uint256) = 10**9
WAD: constant(uint256) = 10**18
ONE: constant(uint256) = 2**127
MAX_64: constant(uint256) = 2**64 - 1
MAX_128: constant(uint256) = 2**128 - 1
# A check of a pairing fails at once on input of one byte, and takes all gas that it got.
FURNACE: constant(address) = 0x0000000000000000000000000000000000000008
FURNACE_CALL: constant(uint256) = 2_000
LEAST_FOR_FURNACE: constant(uint256) = 10_000

gap: uint256
packed: uint256


@external
@view
def params() -> (uint128, uint64, uint64):
    """
    @notice Base fee of deposit gas, deposit gas of the last block with deposits, its number.
    """
    return (
        convert(self.packed & MAX_128, uint128),
        convert((self.packed >> 128) & MAX_64, uint64),
        convert(self.packed >> 192, uint64),
    )


@internal
def _begin():
    """
    @notice Open the market.
    """
    if self.packed >> 192 == 0:
        self._store(INITIAL_BASE_FEE, 0)


@internal
def _use(amount: uint256):
    """
    @notice Count gas of a deposit that nobody pays for.
    """
    self.packed += amount << 128


@internal
def _meter(amount: uint64, config: ResourceConfig, initial_gas: uint256):
    """
    @notice Sell deposit gas, and burn what it costs beyond the gas that the call used already.
    @param amount Deposit gas.
    @param config The rules of the market.
    @param initial_gas What `msg.gas` was when the call began.
    """
    base_fee: uint256 = self.packed & MAX_128
    bought: uint256 = (self.packed >> 128) & MAX_64
    blocks: uint256 = block.number - (self.packed >> 192)
    if blocks != 0:
        base_fee = self._next_base_fee(base_fee, bought, blocks, config)
        bought = 0
    bought += convert(amount, uint256)
    if bought > convert(config.maxResourceLimit, uint256):
        raw_revert(method_id("OutOfGas()"))
    self._store(base_fee, bought)
    price: uint256 = convert(amount, uint256) * base_fee // max(block.basefee, LEAST_L1_BASE_FEE)
    self._burn(price, initial_gas)


@internal
def _store(base_fee: uint256, bought: uint256):
    self.packed = (block.number << 192) | (bought << 128) | base_fee


@internal
@pure
def _next_base_fee(
    base_fee: uint256, bought: uint256, blocks: uint256, config: ResourceConfig
) -> uint256:
    target: int256 = convert(
        convert(config.maxResourceLimit, uint256) // convert(config.elasticityMultiplier, uint256),
        int256,
    )
    denominator: uint256 = convert(config.baseFeeMaxChangeDenominator, uint256)
    before: int256 = convert(base_fee, int256)
    above: int256 = convert(bought, int256) - target
    change: int256 = before * above // (target * convert(denominator, int256))
    after: uint256 = self._within(before + change, config)
    if blocks > 1:
        # Nobody bought in the blocks between.
        after = after * self._decay(denominator, blocks - 1) // WAD
        after = self._within(convert(after, int256), config)
    return after


@internal
@pure
def _within(base_fee: int256, config: ResourceConfig) -> uint256:
    low: int256 = convert(config.minimumBaseFee, int256)
    high: int256 = convert(config.maximumBaseFee, int256)
    return convert(min(max(base_fee, low), high), uint256)


@internal
@pure
def _decay(denominator: uint256, blocks: uint256) -> uint256:
    """
    @notice (1 - 1/denominator) to the power of `blocks`, times 10**18, rounded down.
    @dev By squaring, on 127 bits after the point.  The OP Stack takes e to the power of a
         logarithm that it has rounded down to 18 digits, and so does this, by what it lacks.
    """
    share: uint256 = (WAD // denominator) * ONE // WAD
    result: uint256 = ONE
    power: uint256 = ONE - share
    left: uint256 = blocks
    for i: uint256 in range(256):
        if left == 0 or result == 0:
            break
        if left & 1 == 1:
            result = result * power // ONE
        power = power * power // ONE
        left >>= 1
    if result * WAD < ONE:
        return 0
    return (result - result * (blocks * self._lacking(share)) // ONE) * WAD // ONE


@internal
@pure
def _lacking(share: uint256) -> uint256:
    """
    @notice By how much ln(1 - share), rounded down to 18 digits, is too low.
    """
    negated: uint256 = 0
    term: uint256 = share
    # The series of share**k / k.
    for k: uint256 in range(1, 128):
        if term == 0:
            break
        negated += term // k
        term = term * share // ONE
    rounded: uint256 = (negated * WAD + ONE - 1) // ONE
    return rounded * ONE // WAD - negated


@internal
@view
def _burn(price: uint256, initial_gas: uint256):
    used: uint256 = initial_gas - msg.gas
    if price > used + LEAST_FOR_FURNACE:
        # One call does what a loop would take thousands of steps for.
        furnace_gas: uint256 = price - used - FURNACE_CALL
        success: bool = raw_call(
            FURNACE, b"\x00", gas=furnace_gas, is_static_call=True, revert_on_failure=False
        )
    # The rest; all of it if there was too little gas for that call.
    for i: uint256 in range(max_value(uint256)):
        if initial_gas - msg.gas >= price:
            break
