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
# error NoAnswer(address backEnd)
# error NotVault(address caller)

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

event Voided:
    batchId: indexed(uint64)
    modelId: indexed(uint32)
    amount: uint256
    epoch: uint32
    units: uint64

PUSH: constant(uint256) = 0
CREDIT: constant(uint256) = 1
ACCUMULATOR: constant(uint256) = 2
WAITING: constant(uint256) = 1
SETTLED: constant(uint256) = 2
VOID: constant(uint256) = 3
U64: constant(uint256) = 2**64 - 1
ENTRY: constant(uint256) = 28  # address 20 || weight u64
MAX_ENTRIES: constant(uint256) = 1024  # a call
# What a pushed payment may use, and what must be there so that it can: no caller may make
# payments fail by bringing little gas.
PUSH_GAS: constant(uint256) = 25_000
PUSH_RESERVE: constant(uint256) = 120_000
# What the state precompile is given at once: 36 bytes for each entry.
PAGE: constant(uint256) = 64
WORDS: constant(uint256) = 72

# The state precompile, where the chain has it; zero for the loop of this contract.
_state: address


@deploy
def __init__(_statePrecompile: address):
    self._state = _statePrecompile


@external
def voidSettlement(_batchId: uint64):
    """
    @notice Give up a batch whose list nobody brings; the ledger only.  What nobody has been
            given becomes the model's carry.
    """
    books._only_ledger()
    b: batches.Batch = self._waiting(_batchId)
    modelId: uint32 = convert(b.modelId, uint32)
    done: batches.Progress = batches._progress_of(_batchId)
    amount: uint256 = b.left
    units: uint256 = 0
    if b.mode == ACCUMULATOR and done.entries != 0:
        units = b.weight - done.reached
        amount = pools._withdraw_units(modelId, done.epoch, units)
    b.left = 0
    b.status = VOID
    batches._store(_batchId, b)
    books.carryOf[modelId] += amount
    log Voided(
        batchId=_batchId,
        modelId=modelId,
        amount=amount,
        epoch=convert(done.epoch, uint32),
        units=convert(units, uint64),
    )


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
    native: bool = _batch.mode == CREDIT and self._state != empty(address)
    penalties: bool = books._any_penalties()
    page: uint256[WORDS] = empty(uint256[WORDS])
    filled: uint256 = 0
    reached: uint256 = _reached
    paid: uint256 = _batch.pot * reached // _batch.weight
    carried: uint256 = 0
    for i: uint256 in range(_count, bound=MAX_ENTRIES):
        entry: uint256 = self._entry(_at + ENTRY * i)
        who: address = convert(entry >> 64, address)
        reached += entry & U64
        # At most 2**192: a pot of 128 bits times weights of 64.
        due: uint256 = unsafe_div(unsafe_mul(_batch.pot, reached), _batch.weight)
        amount: uint256 = due - paid
        paid = due
        if amount == 0:
            continue
        if penalties:
            withheld: uint256 = books._withheld(_batch.modelId, _batchId, who, amount)
            carried += withheld
            amount -= withheld
        if not native:
            self._give(_batchId, _batch.mode, who, amount)
        elif amount != 0:
            log Credited(batchId=_batchId, who=who, amount=amount)
            # address 20 || amount u128, one after the other: eight entries are nine words.
            word: uint256 = filled + filled // 8
            bits: uint256 = 32 * (filled % 8)
            first: uint256 = (entry >> 64) << 96 | amount >> 32
            page[word] |= first >> bits
            page[word + 1] = ((entry >> 64) << 128 | amount) << (224 - bits)
            filled += 1
            if filled == PAGE:
                self._credit_page(page, PAGE)
                filled = 0
                page = empty(uint256[WORDS])
    if filled != 0:
        self._credit_page(page, filled)
    books._carry_withheld(convert(_batch.modelId, uint32), carried)


@internal
def _credit_page(_page: uint256[WORDS], _count: uint256):
    """
    @notice Let the state precompile credit entries.
    """
    packed: Bytes[36 * PAGE] = slice(abi_encode(_page), 0, 36 * _count)
    who: address = convert(_page[0] >> 96, address)
    amount: uint256 = ((_page[0] & (2**96 - 1)) << 32) | (_page[1] >> 224)
    before: uint256 = books.credits[empty(bytes32)][who]
    raw_call(
        self._state,
        abi_encode(empty(bytes32), packed, method_id=method_id("creditBatch(bytes32,bytes)")),
    )
    # Where no precompile is, the call succeeds as well.
    if books.credits[empty(bytes32)][who] != before + amount:
        raw_revert(abi_encode(self._state, method_id=method_id("NoAnswer(address)")))


@internal
def _give(_batchId: uint64, _mode: uint256, _who: address, _amount: uint256):
    """
    @notice Push or credit what is a contributor's, penalties taken.
    """
    if _amount == 0:
        return
    if _mode == PUSH:
        if msg.gas < PUSH_RESERVE:
            raw_revert(abi_encode(msg.gas, method_id=method_id("TooLittleGas(uint256)")))
        paid: bool = raw_call(_who, b"", value=_amount, gas=PUSH_GAS, revert_on_failure=False)
        if paid:
            log Pushed(batchId=_batchId, who=_who, amount=_amount)
            return
    log Credited(batchId=_batchId, who=_who, amount=_amount)
    books._credit(_who, _amount)


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
