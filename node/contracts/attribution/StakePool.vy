# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title StakePool
@notice Stakes on models, and what the models' fees pay to who staked.
@dev One accumulator for each model, and every remainder kept.  Amounts are counted in parts of
     2**-64 wei ("fine").  With S staked and a remainder r, a payment A does
         acc, r = divmod(A * 2**64 + r, S)
     and a staker of s earns s times what acc grew by.  So, always and exactly, per model:
         sum of fine dues + r == (funded - claimed) * 2**64
     and a claim pays the whole wei of a due and leaves its fraction.  What a payment cannot
     divide (less than S fine) comes with the next one.
     Bounds: stakes and payments of a model add up to less than 2**128 each, so no product here
     reaches 2**256.

     Balance == the sum of all stakes + funded - claimed (more only where somebody forces ether
     in).  Every figure can be rebuilt from the events.

     Settings: `_registry` knows the models; `stakeLock` seconds pass between a stake and the
     withdrawal of any part of it, so that nobody stakes for one payment alone.
"""

# error ModelNotLive(uint256 id)
# error NothingPaid()
# error ZeroAmount()
# error NoStakers()
# error AmountTooLarge(uint256 amount)
# error NotStaked(uint256 staked, uint256 amount)
# error StakeLocked(uint256 until)
# error NothingToClaim()
# error PaymentFailed()

interface AttributionRegistry:
    def model(_id: uint32) -> Model: view

event Staked:
    model: indexed(uint32)
    who: indexed(address)
    amount: uint256
    lockedUntil: uint256

event Unstaked:
    model: indexed(uint32)
    who: indexed(address)
    amount: uint256

event Funded:
    model: indexed(uint32)
    payer: indexed(address)
    amount: uint256

event Claimed:
    model: indexed(uint32)
    who: indexed(address)
    amount: uint256

struct Model:  # as the registry answers
    owner: address
    operator: address
    fallbackTo: address
    kind: uint8
    feePolicy: uint32
    engineId: bytes32
    method: uint8
    mode: uint8
    tokens: uint32
    status: uint8

struct Pool:
    staked: uint256
    acc: uint256  # fine wei that each staked wei has earned since the beginning
    rem: uint256  # fine wei that the next payment divides
    funded: uint256
    claimed: uint256

struct Stake:
    amount: uint256
    accAt: uint256  # acc of the pool up to which `due` counts
    due: uint256  # fine wei
    lockedUntil: uint256  # timestamp

LIVE: constant(uint8) = 1
FINE: constant(uint256) = 2**64
BOUND: constant(uint256) = 2**128

_registry: address
stakeLock: public(uint64)
_pools: HashMap[uint32, Pool]
_stakes: HashMap[uint32, HashMap[address, Stake]]


@deploy
def __init__(_registryAddress: address, _stakeLock: uint64):
    self._registry = _registryAddress
    self.stakeLock = _stakeLock


@external
@pure
def version() -> String[5]:
    return "0.1.0"


@external
@view
def registry() -> address:
    """
    @notice The contract that knows the models.
    """
    return self._registry


@external
@view
def totalStake(_model: uint32) -> uint256:
    """
    @return Wei staked on the model.
    """
    return self._pools[_model].staked


@external
@view
def stakeOf(_model: uint32, _who: address) -> uint256:
    """
    @return Wei that `_who` has staked on the model.
    """
    return self._stakes[_model][_who].amount


@external
@view
def lockedUntil(_model: uint32, _who: address) -> uint256:
    """
    @return Timestamp from which `_who` may take its stake back; 0 if there never was one.
    """
    return self._stakes[_model][_who].lockedUntil


@external
@view
def pool(_model: uint32) -> (uint256, uint256, uint256, uint256, uint256):
    """
    @return Staked wei; fine wei earned by each staked wei since the beginning; fine wei that
            the next payment divides; wei paid in; wei claimed.
    """
    p: Pool = self._pools[_model]
    return p.staked, p.acc, p.rem, p.funded, p.claimed


@external
@view
def pending(_model: uint32, _who: address) -> uint256:
    """
    @return Wei that a claim would pay.
    """
    return self._due(_model, _who) // FINE


@external
@view
def fineDue(_model: uint32, _who: address) -> uint256:
    """
    @return What `_who` has earned and not been paid, in parts of 2**-64 wei.
    """
    return self._due(_model, _who)


@external
@payable
def stake(_model: uint32):
    """
    @notice Stake the value of the call on a live model.  It earns from the next payment on.
    """
    if msg.value == 0:
        raw_revert(method_id("NothingPaid()"))
    if (staticcall AttributionRegistry(self._registry).model(_model)).status != LIVE:
        raw_revert(abi_encode(_model, method_id=method_id("ModelNotLive(uint256)")))
    staked: uint256 = self._bounded(self._pools[_model].staked, msg.value)
    until: uint256 = block.timestamp + convert(self.stakeLock, uint256)
    self._settle(_model, msg.sender)
    self._pools[_model].staked = staked
    self._stakes[_model][msg.sender].amount += msg.value
    self._stakes[_model][msg.sender].lockedUntil = until
    log Staked(model=_model, who=msg.sender, amount=msg.value, lockedUntil=until)


@external
def unstake(_model: uint32, _amount: uint256):
    """
    @notice Pay the caller a part of its stake back, once its last stake is old enough.  What
            it has earned stays to be claimed.
    """
    if _amount == 0:
        raw_revert(method_id("ZeroAmount()"))
    held: Stake = self._stakes[_model][msg.sender]
    if _amount > held.amount:
        raw_revert(
            abi_encode(held.amount, _amount, method_id=method_id("NotStaked(uint256,uint256)"))
        )
    if block.timestamp < held.lockedUntil:
        raw_revert(abi_encode(held.lockedUntil, method_id=method_id("StakeLocked(uint256)")))
    # The books are closed before the caller's code runs.
    self._settle(_model, msg.sender)
    self._stakes[_model][msg.sender].amount = held.amount - _amount
    self._pools[_model].staked -= _amount
    log Unstaked(model=_model, who=msg.sender, amount=_amount)
    self._pay(msg.sender, _amount)


@external
@payable
def fund(_model: uint32):
    """
    @notice Divide the value of the call among the model's stakers, in proportion to the
            stakes; anyone may pay.
    """
    if msg.value == 0:
        raw_revert(method_id("NothingPaid()"))
    staked: uint256 = self._pools[_model].staked
    if staked == 0:
        raw_revert(method_id("NoStakers()"))
    self._pools[_model].funded = self._bounded(self._pools[_model].funded, msg.value)
    divided: uint256 = msg.value * FINE + self._pools[_model].rem
    self._pools[_model].acc += divided // staked
    self._pools[_model].rem = divided % staked
    log Funded(model=_model, payer=msg.sender, amount=msg.value)


@external
def claim(_model: uint32) -> uint256:
    """
    @notice Pay the caller what it has earned on the model.
    @return Wei paid.
    """
    self._settle(_model, msg.sender)
    due: uint256 = self._stakes[_model][msg.sender].due
    amount: uint256 = due // FINE
    if amount == 0:
        raw_revert(method_id("NothingToClaim()"))
    self._stakes[_model][msg.sender].due = due % FINE
    self._pools[_model].claimed += amount
    log Claimed(model=_model, who=msg.sender, amount=amount)
    self._pay(msg.sender, amount)
    return amount


@internal
def _settle(_model: uint32, _who: address):
    """
    @notice Move what a stake has earned into its due.
    """
    self._stakes[_model][_who].due = self._due(_model, _who)
    self._stakes[_model][_who].accAt = self._pools[_model].acc


@internal
@view
def _due(_model: uint32, _who: address) -> uint256:
    held: Stake = self._stakes[_model][_who]
    return held.due + held.amount * (self._pools[_model].acc - held.accAt)


@internal
@pure
def _bounded(_before: uint256, _more: uint256) -> uint256:
    """
    @return The sum, which stays below 2**128.
    """
    if _more >= BOUND - _before:
        raw_revert(abi_encode(_more, method_id=method_id("AmountTooLarge(uint256)")))
    return _before + _more


@internal
def _pay(_to: address, _amount: uint256):
    paid: bool = raw_call(_to, b"", value=_amount, revert_on_failure=False)
    if not paid:
        raw_revert(method_id("PaymentFailed()"))
