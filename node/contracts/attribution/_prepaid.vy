# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Prepaid balances
@notice What payers have paid in, for receipts to debit; refunds come here, too.
"""

from . import _ledger_settings

uses: _ledger_settings

# error FeeOverPrepaid(uint256 index, uint256 prepaid)
# error NothingPaid()
# error NothingToWithdraw()
# error TransferFailed(address to)
# error WithdrawalNotReady(uint256 readyAt)
# error ZeroAddress()

event PrepaidDeposited:
    payer: indexed(address)
    by: indexed(address)
    amount: uint256

event PrepaidDebited:
    payer: indexed(address)
    batchId: indexed(uint64)
    index: uint64
    amount: uint256

event WithdrawalRequested:
    payer: indexed(address)
    amount: uint256
    readyAt: uint64

event Withdrawn:
    payer: indexed(address)
    amount: uint256

struct Withdrawal:
    amount: uint256
    readyAt: uint64

prepaid: public(HashMap[address, uint256])
withdrawals: public(HashMap[address, Withdrawal])


@external
@payable
def deposit():
    """
    @notice Add to the caller's prepaid balance.
    """
    self._deposit(msg.sender)


@external
@payable
def depositFor(_payer: address):
    """
    @notice Add to the prepaid balance of `_payer`.
    """
    if _payer == empty(address):
        raw_revert(method_id("ZeroAddress()"))
    self._deposit(_payer)


@external
def requestWithdrawal(_amount: uint256):
    """
    @notice Announce that the caller will withdraw up to `_amount` after the delay.  Receipts
            may debit the balance until then.  A new request takes the old one's place.
    """
    ready: uint64 = convert(block.timestamp, uint64) + _ledger_settings.withdrawDelay
    self.withdrawals[msg.sender] = Withdrawal(amount=_amount, readyAt=ready)
    log WithdrawalRequested(payer=msg.sender, amount=_amount, readyAt=ready)


@external
def withdraw() -> uint256:
    """
    @notice Pay what the caller asked for, or what is left of it.
    @return Wei paid.
    """
    asked: Withdrawal = self.withdrawals[msg.sender]
    amount: uint256 = min(asked.amount, self.prepaid[msg.sender])
    if amount == 0:
        raw_revert(method_id("NothingToWithdraw()"))
    if block.timestamp < convert(asked.readyAt, uint256):
        raw_revert(
            abi_encode(
                convert(asked.readyAt, uint256),
                method_id=method_id("WithdrawalNotReady(uint256)"),
            )
        )
    self.withdrawals[msg.sender] = empty(Withdrawal)
    self.prepaid[msg.sender] -= amount
    log Withdrawn(payer=msg.sender, amount=amount)
    self._send(msg.sender, amount)
    return amount


@internal
@payable
def _deposit(_payer: address):
    if msg.value == 0:
        raw_revert(method_id("NothingPaid()"))
    self.prepaid[_payer] += msg.value
    log PrepaidDeposited(payer=_payer, by=msg.sender, amount=msg.value)


@internal
def _send(_to: address, _amount: uint256):
    paid: bool = raw_call(_to, b"", value=_amount, revert_on_failure=False)
    if not paid:
        raw_revert(abi_encode(_to, method_id=method_id("TransferFailed(address)")))


@internal
def _debit(_payer: address, _fee: uint256, _batchId: uint64, _index: uint256):
    """
    @notice Take the fee of a batch's record.
    """
    held: uint256 = self.prepaid[_payer]
    if _fee > held:
        raw_revert(
            abi_encode(_index, held, method_id=method_id("FeeOverPrepaid(uint256,uint256)"))
        )
    self.prepaid[_payer] = held - _fee
    log PrepaidDebited(
        payer=_payer, batchId=_batchId, index=convert(_index, uint64), amount=_fee
    )
