# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Paying the contributors of a batch
@notice What the settlements in one piece and in chunks have in common.  Entries are read from
        the calldata, where the external function has found their first byte.
"""

from . import _accumulator as pools
from . import _vault_batches as batches
from . import _vault_books as books

uses: batches
uses: books
uses: pools

# error NotWaiting(uint256 id, uint256 status)
# error TooLittleGas(uint256 gas)

event Settled:
    batchId: indexed(uint64)
    modelId: indexed(uint32)
    pot: uint256
    root: bytes32
    n: uint32
    method: uint8
    mode: uint8

event Credited:
    batchId: indexed(uint64)
    who: indexed(address)
    amount: uint256

event Pushed:
    batchId: indexed(uint64)
    who: indexed(address)
    amount: uint256

event EpochOpened:
    modelId: indexed(uint32)
    epoch: uint32
    batchId: indexed(uint64)
    units: uint64

event UnitsEntered:
    modelId: indexed(uint32)
    who: indexed(address)
    epoch: uint32
    units: uint64
    due: uint256

event Accrued:
    modelId: indexed(uint32)
    epoch: uint32
    batchId: indexed(uint64)
    amount: uint256
    carried: uint256

PUSH: constant(uint256) = 0
WAITING: constant(uint256) = 1
SETTLED: constant(uint256) = 2
U64: constant(uint256) = 2**64 - 1
ENTRY: constant(uint256) = 28  # address 20 || weight u64
MAX_ENTRIES: constant(uint256) = 1024  # a call
# What a pushed payment may use, and what must be there so that it can: no caller may make
# payments fail by bringing little gas.
PUSH_GAS: constant(uint256) = 25_000
PUSH_RESERVE: constant(uint256) = 120_000


@internal
@view
def _waiting(_batchId: uint64) -> batches.Batch:
    b: batches.Batch = batches._load(_batchId)
    if b.status != WAITING:
        raw_revert(
            abi_encode(_batchId, b.status, method_id=method_id("NotWaiting(uint256,uint256)"))
        )
    return b


@internal
def _finish(_batchId: uint64, _batch: batches.Batch):
    """
    @notice Store a batch as settled.
    """
    b: batches.Batch = _batch
    b.status = SETTLED
    b.settledAt = block.timestamp
    batches._store(_batchId, b)
    log Settled(
        batchId=_batchId,
        modelId=convert(b.modelId, uint32),
        pot=b.pot,
        root=b.root,
        n=convert(b.count, uint32),
        method=convert(b.method, uint8),
        mode=convert(b.mode, uint8),
    )


@internal
def _finish_if(_last: bool, _batchId: uint64, _batch: batches.Batch):
    if _last:
        self._finish(_batchId, _batch)
    else:
        batches._store(_batchId, _batch)


@internal
def _pay_cascade(
    _batchId: uint64, _batch: batches.Batch, _at: uint256, _count: uint256, _reached: uint256
):
    """
    @notice Pay entries that stand in the calldata from byte `_at`; `_reached` is the weight of
            those before.
    """
    reached: uint256 = _reached
    paid: uint256 = _batch.pot * reached // _batch.weight
    withheld: uint256 = 0
    for i: uint256 in range(_count, bound=MAX_ENTRIES):
        entry: uint256 = self._entry(_at + ENTRY * i)
        reached += entry & U64
        # At most 2**192: a pot of 128 bits times weights of 64.
        due: uint256 = unsafe_div(unsafe_mul(_batch.pot, reached), _batch.weight)
        withheld += self._give(_batchId, _batch, convert(entry >> 64, address), due - paid)
        paid = due
    books._carry_withheld(convert(_batch.modelId, uint32), withheld)


@internal
def _give(_batchId: uint64, _batch: batches.Batch, _who: address, _amount: uint256) -> uint256:
    """
    @notice Push or credit a contributor's amount.
    @return What a penalty keeps from it, which the caller carries.
    """
    if _amount == 0:
        return 0
    withheld: uint256 = books._withheld(
        convert(_batch.modelId, uint32), _batchId, _who, _amount
    )
    kept: uint256 = _amount - withheld
    if kept == 0:
        return withheld
    if _batch.mode == PUSH:
        if msg.gas < PUSH_RESERVE:
            raw_revert(abi_encode(msg.gas, method_id=method_id("TooLittleGas(uint256)")))
        paid: bool = raw_call(_who, b"", value=kept, gas=PUSH_GAS, revert_on_failure=False)
        if paid:
            log Pushed(batchId=_batchId, who=_who, amount=kept)
            return withheld
    log Credited(batchId=_batchId, who=_who, amount=kept)
    books._credit(_who, kept)
    return withheld


@internal
def _open_epoch(_batchId: uint64, _batch: batches.Batch) -> uint256:
    """
    @notice Begin an epoch of the model's accumulator with the pot of a batch.
    """
    modelId: uint32 = convert(_batch.modelId, uint32)
    epoch: uint256 = pools._open(modelId, _batch.weight)
    log EpochOpened(
        modelId=modelId,
        epoch=convert(epoch, uint32),
        batchId=_batchId,
        units=convert(_batch.weight, uint64),
    )
    pools._accrue(modelId, _batch.pot)
    self._tell_accrued(modelId, epoch, _batchId, _batch.pot, 0)
    return epoch


@internal
def _enter_all(_modelId: uint32, _epoch: uint256, _at: uint256, _count: uint256):
    """
    @notice Enter the units of entries that stand in the calldata from byte `_at`.
    """
    id: bytes32 = books._pool_id(_modelId)
    for i: uint256 in range(_count, bound=MAX_ENTRIES):
        entry: uint256 = self._entry(_at + ENTRY * i)
        who: address = convert(entry >> 64, address)
        due: uint256 = pools._enter(_modelId, _epoch, who, entry & U64)
        if due != 0:
            books.credits[id][who] += due
        log UnitsEntered(
            modelId=_modelId,
            who=who,
            epoch=convert(_epoch, uint32),
            units=convert(entry & U64, uint64),
            due=due,
        )


@internal
def _tell_accrued(
    _modelId: uint32, _epoch: uint256, _batchId: uint64, _amount: uint256, _carried: uint256
):
    log Accrued(
        modelId=_modelId,
        epoch=convert(_epoch, uint32),
        batchId=_batchId,
        amount=_amount,
        carried=_carried,
    )


@internal
@view
def _entry(_at: uint256) -> uint256:
    """
    @notice The entry at a byte of the calldata: address << 64 | weight.
    """
    return convert(slice(msg.data, _at, 28), uint256)
