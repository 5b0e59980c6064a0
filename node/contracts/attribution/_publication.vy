# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Publication
@notice The evidence of records and the lists of payouts, shown on demand.
"""

from lib import attribution_calls
from lib import merkle_tree
from . import _batches
from . import _prepaid
from . import _ledger_settings

uses: attribution_calls
uses: _batches
uses: _prepaid
uses: _ledger_settings

# error AlreadyDemanded(uint64 index)
# error AlreadyPublished(uint64 index)
# error NoDemand(uint64 index)
# error WindowNotOver(uint256 end)
# error WrongDemandFee(uint256 paid, uint256 fee)
# error WrongEvidence()
# error WrongOutput()
# error WrongPayouts()
# error WrongTokens(uint256 tokens)

event EvidencePublished:
    batchId: indexed(uint64)
    index: indexed(uint64)
    output: Bytes[4096]
    evidence: Bytes[14336]

event PayoutsPublished:
    batchId: indexed(uint64)
    packed: Bytes[114688]

event EvidenceDemanded:
    batchId: indexed(uint64)
    index: indexed(uint64)
    by: indexed(address)
    fee: uint256
    deadline: uint64

event DemandAnswered:
    batchId: indexed(uint64)
    index: indexed(uint64)
    to: indexed(address)
    fee: uint256
    windowEnd: uint64

event DemandReturned:
    batchId: indexed(uint64)
    index: indexed(uint64)
    to: indexed(address)
    fee: uint256

struct Demand:
    by: address
    deadline: uint64

RECORDED: constant(uint256) = 1
VOID: constant(uint256) = 2
RECORD: constant(uint256) = 180
# As many as the math divides among, and one challenge can judge, in one call.
MAX_PAYOUTS: constant(uint256) = 4096
MAX_PACKED: constant(uint256) = 28 * 4096
MAX_PROOF: constant(uint256) = 8 + 32 * 8
MAX_OUTPUT: constant(uint256) = 4096
MAX_EVIDENCE: constant(uint256) = 14_336
# Stands for the list of payouts where a number of a record is asked for.
PAYOUTS: constant(uint64) = max_value(uint64)
WITHHELD: constant(uint8) = 0

published: public(HashMap[uint64, HashMap[uint64, bool]])
demands: public(HashMap[uint64, HashMap[uint64, Demand]])


@external
def publish(
    _batchId: uint64,
    _index: uint64,
    _record: Bytes[RECORD],
    _proof: Bytes[MAX_PROOF],
    _output: Bytes[MAX_OUTPUT],
    _evidence: Bytes[MAX_EVIDENCE],
):
    """
    @notice Show the answer and the evidence behind a record; anyone may.  Answers a demand,
            which gives challengers a whole window from then on.  Without a demand the window
            stays: who waits for evidence demands it early enough to judge it in time.
    @param _output The tokens, four bytes each: 1 to 1024, none zero.
    @param _evidence The leaves, 56 bytes each: at most 256.
    """
    batch: _batches.Batch = _batches._existing(_batchId)
    if batch.state & 255 == VOID:
        _batches._not_open(_batchId, batch.state)
    _batches._check_record(batch.recordsRoot, _index, _record, _proof)
    record: _batches.Record = _batches._record(_record)
    tokens: uint256 = len(_output) // 4
    if len(_output) % 4 != 0 or tokens == 0 or tokens != record.tokensOut:
        raw_revert(abi_encode(tokens, method_id=method_id("WrongTokens(uint256)")))
    if keccak256(_output) != record.outHash:
        raw_revert(method_id("WrongOutput()"))
    for i: uint256 in range(tokens, bound=1024):
        if convert(slice(_output, i * 4, 4), uint256) == 0:
            raw_revert(abi_encode(tokens, method_id=method_id("WrongTokens(uint256)")))
    if (
        len(_evidence) % 56 != 0
        or merkle_tree._evidence_root(_evidence) != record.evidenceRoot
    ):
        raw_revert(method_id("WrongEvidence()"))
    log EvidencePublished(
        batchId=_batchId, index=_index, output=_output, evidence=_evidence
    )
    self._answer(_batchId, _index, batch)


@external
def publishPayouts(_batchId: uint64, _packed: Bytes[MAX_PACKED]):
    """
    @notice Show the list behind a batch's payout root; anyone may.
    @param _packed address 20 || points u64 for each owner, strictly ascending.
    """
    batch: _batches.Batch = _batches._existing(_batchId)
    if batch.state & 255 == VOID:
        _batches._not_open(_batchId, batch.state)
    units: uint256 = (batch.sums >> 64) & convert(max_value(uint64), uint256)
    answer: Bytes[96] = raw_call(
        attribution_calls._math_address(),
        abi_encode(
            convert(0, uint8),
            convert(units, uint128),
            _packed,
            method_id=method_id("settleRoot(uint8,uint128,bytes)"),
        ),
        max_outsize=96,
        is_static_call=True,
    )
    total: uint256 = 0
    for i: uint256 in range(len(_packed) // 28, bound=MAX_PAYOUTS):
        total += convert(slice(_packed, 28 * i + 20, 8), uint256)
    if (
        len(answer) != 96
        or total != units
        or extract32(answer, 0) != batch.payoutRoot
        or len(_packed) // 28 != batch.who & convert(max_value(uint32), uint256)
    ):
        raw_revert(method_id("WrongPayouts()"))
    log PayoutsPublished(batchId=_batchId, packed=_packed)
    self._answer(_batchId, PAYOUTS, batch)


@external
@payable
def demand(_batchId: uint64, _index: uint64, _record: Bytes[RECORD], _proof: Bytes[MAX_PROOF]):
    """
    @notice Ask for the evidence of a record, for the demand fee.  Whoever publishes it gets
            the fee; if nobody does within a challenge window, it costs the operator's bond.
    """
    batch: _batches.Batch = _batches._challengeable(_batchId)
    _batches._check_record(batch.recordsRoot, _index, _record, _proof)
    self._demand(_batchId, _index, batch)


@external
@payable
def demandPayouts(_batchId: uint64):
    """
    @notice The same of the list behind a batch's payout root.
    """
    self._demand(_batchId, PAYOUTS, _batches._challengeable(_batchId))


@external
def slashWithheld(_batchId: uint64, _index: uint64):
    """
    @notice Void a batch whose operator left a demand unanswered; the bond's half and the fee
            go to who demanded.
    @param _index The record's, or 2**64-1 for the list of payouts.
    """
    batch: _batches.Batch = _batches._existing(_batchId)
    asked: Demand = self.demands[_batchId][_index]
    if batch.state & 255 != RECORDED:
        _batches._not_open(_batchId, batch.state)
    if asked.by == empty(address):
        raw_revert(abi_encode(_index, method_id=method_id("NoDemand(uint64)")))
    if block.timestamp <= convert(asked.deadline, uint256):
        raw_revert(
            abi_encode(
                convert(asked.deadline, uint256), method_id=method_id("WindowNotOver(uint256)")
            )
        )
    _batches._void(_batchId, batch, VOID, WITHHELD, asked.by)
    self._return_demand(_batchId, _index, asked.by)


@external
def reclaimDemand(_batchId: uint64, _index: uint64):
    """
    @notice Give back the fee of a demand that nobody answered before its batch became void;
            to the prepaid balance of who demanded, by anyone.
    """
    batch: _batches.Batch = _batches._existing(_batchId)
    asked: Demand = self.demands[_batchId][_index]
    if batch.state & 255 != VOID:
        _batches._not_open(_batchId, batch.state)
    if asked.by == empty(address):
        raw_revert(abi_encode(_index, method_id=method_id("NoDemand(uint64)")))
    self._return_demand(_batchId, _index, asked.by)


@internal
@payable
def _demand(_batchId: uint64, _index: uint64, _batch: _batches.Batch):
    if msg.value != _ledger_settings.demandFee:
        raw_revert(
            abi_encode(
                msg.value,
                _ledger_settings.demandFee,
                method_id=method_id("WrongDemandFee(uint256,uint256)"),
            )
        )
    if self.published[_batchId][_index]:
        raw_revert(abi_encode(_index, method_id=method_id("AlreadyPublished(uint64)")))
    if self.demands[_batchId][_index].by != empty(address):
        raw_revert(abi_encode(_index, method_id=method_id("AlreadyDemanded(uint64)")))
    deadline: uint64 = convert(block.timestamp, uint64) + _ledger_settings.challengeWindow
    self.demands[_batchId][_index] = Demand(by=msg.sender, deadline=deadline)
    _batches._batches[_batchId].state = _batch.state + (1 << 120)
    log EvidenceDemanded(
        batchId=_batchId, index=_index, by=msg.sender, fee=msg.value, deadline=deadline
    )


@internal
def _answer(_batchId: uint64, _index: uint64, _batch: _batches.Batch):
    """
    @notice Remember that something is public, and pay for it if it was demanded.
    """
    self.published[_batchId][_index] = True
    if self.demands[_batchId][_index].by == empty(address):
        return
    self.demands[_batchId][_index] = empty(Demand)
    end: uint256 = max(
        _batches._window_end(_batch.state),
        block.timestamp + convert(_ledger_settings.challengeWindow, uint256),
    )
    mask: uint256 = convert(max_value(uint64), uint256) << 8
    state: uint256 = (_batch.state & ~mask) | (end << 8)
    _batches._batches[_batchId].state = state - (1 << 120)
    _prepaid.prepaid[msg.sender] += _ledger_settings.demandFee
    log DemandAnswered(
        batchId=_batchId,
        index=_index,
        to=msg.sender,
        fee=_ledger_settings.demandFee,
        windowEnd=convert(end, uint64),
    )


@internal
def _return_demand(_batchId: uint64, _index: uint64, _to: address):
    self.demands[_batchId][_index] = empty(Demand)
    _batches._batches[_batchId].state -= 1 << 120
    _prepaid.prepaid[_to] += _ledger_settings.demandFee
    log DemandReturned(batchId=_batchId, index=_index, to=_to, fee=_ledger_settings.demandFee)
