# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title FeePolicy
@notice What answers cost, and how a fee is divided among the platform, the model's owner, its
        stakers and its contributors.
@dev A policy never changes once it is created; a model moves to another one.  `split` loses
     no wei: the four parts add up to the amount.
"""

# error UnknownPolicy(uint256 id)
# error BadBps(uint256 sum)
# error ZeroTreasury()
# error AmountTooLarge(uint256 amount)
# error IdsExhausted()

event PolicyCreated:
    id: indexed(uint32)
    creator: indexed(address)
    treasury: indexed(address)
    rateIn: uint128
    rateOut: uint128
    platformFee: uint128
    platformBps: uint16
    modelBps: uint16
    stakerBps: uint16
    contributorBps: uint16

struct Policy:
    rates: uint256  # in << 128 | out
    shares: uint256  # fee << 64 | platform << 48 | model << 32 | stakers << 16 | contributors
    treasury: address

WHOLE: constant(uint256) = 10_000  # basis points
U16: constant(uint256) = 2**16 - 1
U128: constant(uint256) = 2**128 - 1
TOKENS: constant(uint256) = 1_000  # that a rate is for

policyCount: public(uint32)
_policies: HashMap[uint32, Policy]


@external
@pure
def version() -> String[5]:
    return "0.1.0"


@external
def createPolicy(
    _rateIn: uint128,
    _rateOut: uint128,
    _platformFee: uint128,
    _platformBps: uint16,
    _modelBps: uint16,
    _stakerBps: uint16,
    _contributorBps: uint16,
    _treasury: address,
) -> uint32:
    """
    @notice Create a policy under the next id, counted from 1; anyone may.
    @param _rateIn Wei for 1,000 tokens of a question.
    @param _rateOut Wei for 1,000 tokens of an answer.
    @param _platformFee Wei for each settlement that go to the platform before the rest is
           divided.
    @param _platformBps The platform's part of the rest; the four parts add up to 10,000.
    @param _modelBps The part of the model's owner.
    @param _stakerBps The part of those who stake on the model.
    @param _contributorBps The part of the contributors.
    @param _treasury Who gets the platform's part; not zero.
    """
    total: uint256 = (
        convert(_platformBps, uint256)
        + convert(_modelBps, uint256)
        + convert(_stakerBps, uint256)
        + convert(_contributorBps, uint256)
    )
    if total != WHOLE:
        raw_revert(abi_encode(total, method_id=method_id("BadBps(uint256)")))
    if _treasury == empty(address):
        raw_revert(method_id("ZeroTreasury()"))
    if self.policyCount == max_value(uint32):
        raw_revert(method_id("IdsExhausted()"))
    id: uint32 = self.policyCount + 1
    self.policyCount = id
    self._policies[id] = Policy(
        rates=convert(_rateIn, uint256) << 128 | convert(_rateOut, uint256),
        shares=(
            convert(_platformFee, uint256) << 64
            | convert(_platformBps, uint256) << 48
            | convert(_modelBps, uint256) << 32
            | convert(_stakerBps, uint256) << 16
            | convert(_contributorBps, uint256)
        ),
        treasury=_treasury,
    )
    log PolicyCreated(
        id=id,
        creator=msg.sender,
        treasury=_treasury,
        rateIn=_rateIn,
        rateOut=_rateOut,
        platformFee=_platformFee,
        platformBps=_platformBps,
        modelBps=_modelBps,
        stakerBps=_stakerBps,
        contributorBps=_contributorBps,
    )
    return id


@external
@view
def policy(
    _id: uint32,
) -> (uint128, uint128, uint128, uint16, uint16, uint16, uint16, address):
    """
    @return Rates for 1,000 tokens in and out; platform fee; basis points of platform, model,
            stakers and contributors; the platform's treasury.
    """
    self._check(_id)
    rates: uint256 = self._policies[_id].rates
    shares: uint256 = self._policies[_id].shares
    return (
        convert(rates >> 128, uint128),
        convert(rates & U128, uint128),
        convert(shares >> 64, uint128),
        self._bps(shares, 48),
        self._bps(shares, 32),
        self._bps(shares, 16),
        self._bps(shares, 0),
        self._policies[_id].treasury,
    )


@external
@view
def quote(_id: uint32, _tokensIn: uint32, _tokensOut: uint32) -> uint128:
    """
    @notice The least fee for one answer, in wei: platform fee, and the rates of the tokens
            together, rounded up once.
    """
    self._check(_id)
    rates: uint256 = self._policies[_id].rates
    fee: uint256 = self._policies[_id].shares >> 64
    worth: uint256 = (rates >> 128) * convert(_tokensIn, uint256)
    worth += (rates & U128) * convert(_tokensOut, uint256)
    price: uint256 = fee + (worth + TOKENS - 1) // TOKENS
    if price > U128:
        raw_revert(abi_encode(price, method_id=method_id("AmountTooLarge(uint256)")))
    return convert(price, uint128)


@external
@view
def split(_id: uint32, _amount: uint128) -> (uint128, uint128, uint128, uint128):
    """
    @notice Divide an amount: the platform fee first, as far as it goes; the rest by cascade
            over the four parts, in the order of the answer.
    @return Wei for platform, model, stakers, contributors.
    """
    self._check(_id)
    shares: uint256 = self._policies[_id].shares
    fee: uint256 = min(shares >> 64, convert(_amount, uint256))
    rest: uint256 = convert(_amount, uint256) - fee
    upto: uint256 = convert(self._bps(shares, 48), uint256)
    platform: uint256 = rest * upto // WHOLE
    upto += convert(self._bps(shares, 32), uint256)
    model: uint256 = rest * upto // WHOLE
    upto += convert(self._bps(shares, 16), uint256)
    stakers: uint256 = rest * upto // WHOLE
    return (
        convert(fee + platform, uint128),
        convert(model - platform, uint128),
        convert(stakers - model, uint128),
        convert(rest - stakers, uint128),
    )


@internal
@view
def _check(_id: uint32):
    if _id == 0 or _id > self.policyCount:
        raw_revert(abi_encode(_id, method_id=method_id("UnknownPolicy(uint256)")))


@internal
@pure
def _bps(_shares: uint256, _shift: uint256) -> uint16:
    return convert((_shares >> _shift) & U16, uint16)
