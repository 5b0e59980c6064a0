# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title ContributorBond
@notice Money that operators and contributors put up for their word.  The ledger locks a part
        while a record can be challenged, and takes it where a challenge is proven: half goes
        to the challenger's own bond, the rest to the treasury, and penalty points stay.
@dev Laws:
         this contract's balance == the sum of all bonds + treasury
         (more only where somebody forces ether in by destroying a contract),
         locked <= total, for everyone.
     Every figure can be rebuilt from the events.

     Settings: `_ledger` alone may lock, unlock and slash; `_treasuryTo` is who the treasury is
     paid to; a score up to `threshold` costs nothing, one of `limit` and above costs all.
"""

# error NotLedger(address caller)
# error ZeroAddress()
# error NothingPaid()
# error ZeroAmount()
# error NotFree(uint256 free, uint256 amount)
# error NotLocked(uint256 locked, uint256 amount)
# error BadLimit(uint256 threshold, uint256 limit)
# error NothingToClaim()
# error PaymentFailed()

event Bonded:
    who: indexed(address)
    payer: indexed(address)
    amount: uint256

event Withdrawn:
    who: indexed(address)
    amount: uint256

event Locked:
    who: indexed(address)
    amount: uint256

event Unlocked:
    who: indexed(address)
    amount: uint256

event Slashed:
    who: indexed(address)
    challenger: indexed(address)
    toChallenger: uint256
    toTreasury: uint256
    penalty: uint32

event TreasuryPaid:
    to: indexed(address)
    amount: uint256

struct Account:
    total: uint256
    locked: uint256
    score: uint256

ONE: constant(uint256) = 65_536  # Q16

_ledger: address
_treasuryTo: address
threshold: public(uint32)
limit: public(uint32)
treasury: public(uint256)
_accounts: HashMap[address, Account]
# How many have a score above the threshold: while nobody has, payers need not look anyone up.
penalised: public(uint256)


@deploy
def __init__(_ledgerAddress: address, _treasury: address, _threshold: uint32, _limit: uint32):
    if _treasury == empty(address):
        raw_revert(method_id("ZeroAddress()"))
    if _limit <= _threshold:
        raw_revert(
            abi_encode(_threshold, _limit, method_id=method_id("BadLimit(uint256,uint256)"))
        )
    self._ledger = _ledgerAddress
    self._treasuryTo = _treasury
    self.threshold = _threshold
    self.limit = _limit


@external
@pure
def version() -> String[5]:
    return "0.1.0"


@external
@view
def ledger() -> address:
    """
    @notice Who may lock, unlock and slash.
    """
    return self._ledger


@external
@view
def treasuryTo() -> address:
    """
    @notice Who the treasury is paid to.
    """
    return self._treasuryTo


@external
@view
def bondOf(_who: address) -> (uint256, uint256, uint256):
    """
    @return Wei in all, wei of those that are locked, penalty points.
    """
    account: Account = self._accounts[_who]
    return account.total, account.locked, account.score


@external
@view
def multiplier(_who: address) -> uint32:
    """
    @notice The part of its earnings that `_who` keeps, times 2**16: all up to the threshold,
            then falling evenly to nothing at the limit, rounded down.
    """
    score: uint256 = self._accounts[_who].score
    threshold: uint256 = convert(self.threshold, uint256)
    limit: uint256 = convert(self.limit, uint256)
    if score <= threshold:
        return convert(ONE, uint32)
    if score >= limit:
        return 0
    return convert(ONE * (limit - score) // (limit - threshold), uint32)


@external
@payable
def bond():
    """
    @notice Add the value of the call to the caller's bond.
    """
    self._add(msg.sender)


@external
@payable
def bondFor(_who: address):
    """
    @notice Add the value of the call to somebody's bond: it belongs to them from now on.
    """
    if _who == empty(address):
        raw_revert(method_id("ZeroAddress()"))
    self._add(_who)


@external
def withdraw(_amount: uint256):
    """
    @notice Pay the caller a part of its bond that is not locked.
    """
    if _amount == 0:
        raw_revert(method_id("ZeroAmount()"))
    account: Account = self._accounts[msg.sender]
    self._check_free(account, _amount)
    # The books are closed before the caller's code runs.
    self._accounts[msg.sender].total = account.total - _amount
    log Withdrawn(who=msg.sender, amount=_amount)
    self._pay(msg.sender, _amount)


@external
def lock(_who: address, _amount: uint256):
    """
    @notice Lock a part of a bond; the ledger only.
    """
    self._only_ledger()
    account: Account = self._accounts[_who]
    self._check_free(account, _amount)
    self._accounts[_who].locked = account.locked + _amount
    log Locked(who=_who, amount=_amount)


@external
def unlock(_who: address, _amount: uint256):
    """
    @notice Free a locked part of a bond; the ledger only.
    """
    self._only_ledger()
    locked: uint256 = self._accounts[_who].locked
    self._check_locked(locked, _amount)
    self._accounts[_who].locked = locked - _amount
    log Unlocked(who=_who, amount=_amount)


@external
def slash(_who: address, _amount: uint256, _challenger: address, _penalty: uint32):
    """
    @notice Take a locked part of a bond: half, rounded down, becomes the challenger's bond and
            the rest the treasury's; the ledger only.
    @param _amount Wei; 0 where only penalty points are due.
    @param _penalty Points that are added to the score of `_who`.
    """
    self._only_ledger()
    if _challenger == empty(address):
        raw_revert(method_id("ZeroAddress()"))
    locked: uint256 = self._accounts[_who].locked
    self._check_locked(locked, _amount)
    reward: uint256 = _amount // 2
    self._accounts[_who].locked = locked - _amount
    self._accounts[_who].total -= _amount
    score: uint256 = self._accounts[_who].score
    threshold: uint256 = convert(self.threshold, uint256)
    if score <= threshold and score + convert(_penalty, uint256) > threshold:
        self.penalised += 1
    self._accounts[_who].score = score + convert(_penalty, uint256)
    self._accounts[_challenger].total += reward
    self.treasury += _amount - reward
    log Slashed(
        who=_who,
        challenger=_challenger,
        toChallenger=reward,
        toTreasury=_amount - reward,
        penalty=_penalty,
    )


@external
def payTreasury():
    """
    @notice Pay the treasury to whom it is for; anyone may.
    """
    amount: uint256 = self.treasury
    if amount == 0:
        raw_revert(method_id("NothingToClaim()"))
    self.treasury = 0
    log TreasuryPaid(to=self._treasuryTo, amount=amount)
    self._pay(self._treasuryTo, amount)


@internal
@payable
def _add(_who: address):
    if msg.value == 0:
        raw_revert(method_id("NothingPaid()"))
    self._accounts[_who].total += msg.value
    log Bonded(who=_who, payer=msg.sender, amount=msg.value)


@internal
def _pay(_to: address, _amount: uint256):
    paid: bool = raw_call(_to, b"", value=_amount, revert_on_failure=False)
    if not paid:
        raw_revert(method_id("PaymentFailed()"))


@internal
@view
def _only_ledger():
    if msg.sender != self._ledger:
        raw_revert(abi_encode(msg.sender, method_id=method_id("NotLedger(address)")))


@internal
@pure
def _check_free(_account: Account, _amount: uint256):
    free: uint256 = _account.total - _account.locked
    if _amount > free:
        raw_revert(abi_encode(free, _amount, method_id=method_id("NotFree(uint256,uint256)")))


@internal
@pure
def _check_locked(_locked: uint256, _amount: uint256):
    if _amount > _locked:
        raw_revert(abi_encode(_locked, _amount, method_id=method_id("NotLocked(uint256,uint256)")))
