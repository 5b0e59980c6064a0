# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Batches
@notice Recorded answers: what the ledger keeps of them, and what makes them void.
"""

from lib import merkle_tree
from . import _ledger_settings

uses: _ledger_settings

# error NotOpen(uint64 batchId, uint8 status)
# error PayoutCount(uint256 n)
# error UnitsOverflow(uint256 units)
# error UnknownBatch(uint64 batchId)
# error WindowOver(uint256 end)
# error WrongRecord(uint64 index)

event InferenceRecorded:
    batchId: indexed(uint64)
    index: uint64
    payer: indexed(address)
    reqHash: indexed(bytes32)
    outHash: bytes32
    evidenceRoot: bytes32
    weightsRoot: bytes32
    fee: uint128
    tokensIn: uint32
    tokensOut: uint32
    nonce: uint64

event ReceiptBatch:
    batchId: indexed(uint64)
    modelId: indexed(uint32)
    operator: indexed(address)
    recordsRoot: bytes32
    payoutRoot: bytes32
    count: uint32
    n: uint32
    totalW: uint64
    totalFee: uint128
    bond: uint256

event Challenged:
    subject: indexed(uint64)
    kind: indexed(uint8)
    challenger: indexed(address)

event ChallengeResolved:
    subject: indexed(uint64)
    kind: indexed(uint8)
    slashed: indexed(address)
    amount: uint256

struct Batch:
    recordsRoot: bytes32
    payoutRoot: bytes32
    who: uint256  # operator 160 bits, modelId 32, count 32, n 32
    sums: uint256  # totalFee 128 bits, totalW 64, recordedAt 64
    # bond 88 bits, fee policy 32, demands 16, finalizedAt 48, windowEnd 64, status 8
    state: uint256

struct Record:
    payer: address
    reqHash: bytes32
    outHash: bytes32
    evidenceRoot: bytes32
    weightsRoot: bytes32
    fee: uint256
    tokensIn: uint256
    tokensOut: uint256
    nonce: uint256

RECORDED: constant(uint256) = 1
VOID: constant(uint256) = 2
FINALIZED: constant(uint256) = 3
RELEASED: constant(uint256) = 4
DEFAULTED: constant(uint256) = 5
RECORD: constant(uint256) = 180
# As many as the math divides among, and one challenge can judge, in one call.
MAX_PAYOUTS: constant(uint256) = 4096
MAX_PROOF: constant(uint256) = 8 + 32 * 8
WEI_PER_UNIT: constant(uint256) = 10**9
PENALTY: constant(uint32) = 100

batchCount: public(uint64)
_batches: HashMap[uint64, Batch]


@external
@view
def batch(_batchId: uint64) -> (
    uint32, address, bytes32, bytes32, uint32, uint32, uint64, uint128, uint64, uint8
):
    """
    @notice A batch: modelId, operator, recordsRoot, payoutRoot, count, n, totalW, totalFee,
            recordedAt, status (0 none, 1 recorded, 2 void, 3 finalized, 4 released,
            5 defaulted).
    """
    stored: Batch = self._batches[_batchId]
    low: uint256 = convert(max_value(uint32), uint256)
    long: uint256 = convert(max_value(uint64), uint256)
    return (
        convert((stored.who >> 64) & low, uint32),
        convert(stored.who >> 96, address),
        stored.recordsRoot,
        stored.payoutRoot,
        convert((stored.who >> 32) & low, uint32),
        convert(stored.who & low, uint32),
        convert((stored.sums >> 64) & long, uint64),
        convert(stored.sums >> 128, uint128),
        convert(stored.sums & long, uint64),
        convert(stored.state & 255, uint8),
    )


@external
@view
def batchState(_batchId: uint64) -> (uint256, uint32, uint64, uint64):
    """
    @notice Of a batch: the bond, the number of demands that are open, the second up to which
            it may be challenged, and the second at which it became final (0 if it is not).
    """
    state: uint256 = self._batches[_batchId].state
    return (
        state >> 168,
        convert((state >> 120) & convert(max_value(uint16), uint256), uint32),
        convert(self._window_end(state), uint64),
        convert((state >> 72) & convert(max_value(uint48), uint256), uint64),
    )


@external
@view
def policyOf(_batchId: uint64) -> uint32:
    """
    @notice The fee policy that divides a batch: its model's when the batch was recorded.
    """
    policy: uint256 = self._batches[_batchId].state >> 136
    return convert(policy & convert(max_value(uint32), uint256), uint32)


@internal
def _next_batch() -> uint64:
    batchId: uint64 = self.batchCount + 1
    self.batchCount = batchId
    return batchId


@internal
def _log_record(_batchId: uint64, _index: uint256, _leaf: Bytes[RECORD]):
    record: Record = self._record(_leaf)
    log InferenceRecorded(
        batchId=_batchId,
        index=convert(_index, uint64),
        payer=record.payer,
        reqHash=record.reqHash,
        outHash=record.outHash,
        evidenceRoot=record.evidenceRoot,
        weightsRoot=record.weightsRoot,
        fee=convert(record.fee, uint128),
        tokensIn=convert(record.tokensIn, uint32),
        tokensOut=convert(record.tokensOut, uint32),
        nonce=convert(record.nonce, uint64),
    )


@internal
def _store_batch(
    _batchId: uint64,
    _modelId: uint32,
    _recordsRoot: bytes32,
    _payoutRoot: bytes32,
    _count: uint256,
    _n: uint32,
    _totalW: uint256,
    _totalFee: uint256,
    _policy: uint32,
):
    """
    @notice Keep a batch, and lock what its operator loses if it is wrong.
    """
    n: uint256 = convert(_n, uint256)
    if n == 0 or n > MAX_PAYOUTS:
        raw_revert(abi_encode(n, method_id=method_id("PayoutCount(uint256)")))
    if _totalW > convert(max_value(uint64), uint256):
        raw_revert(abi_encode(_totalW, method_id=method_id("UnitsOverflow(uint256)")))
    amount: uint256 = _ledger_settings.batchBond
    end: uint256 = block.timestamp + convert(_ledger_settings.challengeWindow, uint256)
    self._batches[_batchId] = Batch(
        recordsRoot=_recordsRoot,
        payoutRoot=_payoutRoot,
        who=(convert(msg.sender, uint256) << 96)
        | (convert(_modelId, uint256) << 64)
        | (_count << 32)
        | n,
        # Below 2**128: each unit stands for less than 2 * 10**9 wei, of less than 2**64 units.
        sums=(_totalFee << 128) | (_totalW << 64) | block.timestamp,
        state=(amount << 168) | (convert(_policy, uint256) << 136) | (end << 8) | RECORDED,
    )
    log ReceiptBatch(
        batchId=_batchId,
        modelId=_modelId,
        operator=msg.sender,
        recordsRoot=_recordsRoot,
        payoutRoot=_payoutRoot,
        count=convert(_count, uint32),
        n=_n,
        totalW=convert(_totalW, uint64),
        totalFee=convert(_totalFee, uint128),
        bond=amount,
    )
    if amount != 0:
        extcall _ledger_settings.Bond(_ledger_settings.bond).lock(msg.sender, amount)


@internal
def _void(
    _batchId: uint64, _batch: Batch, _status: uint256, _kind: uint8, _challenger: address
):
    """
    @notice End a batch, and take its operator's bond.
    """
    self._batches[_batchId].state = (_batch.state & ~convert(255, uint256)) | _status
    operator: address = convert(_batch.who >> 96, address)
    amount: uint256 = _batch.state >> 168
    self._take_bond(_batchId, _kind, operator, amount, _challenger)


@internal
def _take_bond(
    _subject: uint64, _kind: uint8, _who: address, _amount: uint256, _challenger: address
):
    """
    @notice Slash what is locked of somebody's bond, for a challenge that is proven.  Its
            score suffers where there is nothing to take, too.
    """
    log Challenged(subject=_subject, kind=_kind, challenger=_challenger)
    log ChallengeResolved(subject=_subject, kind=_kind, slashed=_who, amount=_amount)
    extcall _ledger_settings.Bond(_ledger_settings.bond).slash(
        _who, _amount, _challenger, PENALTY
    )


@internal
@pure
def _units(_fee: uint256) -> uint256:
    """
    @notice Points that a fee is divided into: one for each 10**9 wei, at least one.
    """
    return max(1, _fee // WEI_PER_UNIT)


@internal
@pure
def _window_end(_state: uint256) -> uint256:
    return (_state >> 8) & convert(max_value(uint64), uint256)


@internal
@view
def _existing(_batchId: uint64) -> Batch:
    batch: Batch = self._batches[_batchId]
    if batch.state == 0:
        raw_revert(abi_encode(_batchId, method_id=method_id("UnknownBatch(uint64)")))
    return batch


@internal
@view
def _challengeable(_batchId: uint64) -> Batch:
    """
    @notice The batch, if it is recorded and its window is not over.
    """
    batch: Batch = self._existing(_batchId)
    if batch.state & 255 != RECORDED:
        self._not_open(_batchId, batch.state)
    end: uint256 = self._window_end(batch.state)
    if block.timestamp > end:
        raw_revert(abi_encode(end, method_id=method_id("WindowOver(uint256)")))
    return batch


@internal
@pure
def _not_open(_batchId: uint64, _state: uint256):
    raw_revert(
        abi_encode(
            _batchId, convert(_state & 255, uint8), method_id=method_id("NotOpen(uint64,uint8)")
        )
    )


@internal
@pure
def _check_record(
    _root: bytes32, _index: uint64, _record: Bytes[RECORD], _proof: Bytes[MAX_PROOF]
):
    """
    @notice Refuse what is not the record at `_index` below the root.
    """
    if len(_record) != RECORD or not merkle_tree._proves(
        _root, convert(_index, uint256), _record, _proof
    ):
        raw_revert(abi_encode(_index, method_id=method_id("WrongRecord(uint64)")))


@internal
@pure
def _record(_leaf: Bytes[RECORD]) -> Record:
    """
    @notice The fields of a record, which has 180 bytes.
    """
    numbers: uint256 = convert(extract32(_leaf, 148), uint256)
    low: uint256 = convert(max_value(uint32), uint256)
    return Record(
        payer=convert(convert(extract32(_leaf, 0), uint256) >> 96, address),
        reqHash=extract32(_leaf, 20),
        outHash=extract32(_leaf, 52),
        evidenceRoot=extract32(_leaf, 84),
        weightsRoot=extract32(_leaf, 116),
        fee=numbers >> 128,
        tokensIn=(numbers >> 96) & low,
        tokensOut=(numbers >> 64) & low,
        nonce=numbers & convert(max_value(uint64), uint256),
    )
