# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title InferenceLedger
@notice Where answers of models are paid and put on record.  A payer opens a request with its
        fee, or signs a receipt that debits a prepaid balance; the model's operator records the
        answers in batches, each with the roots of its evidence and weights; whoever can prove
        a record wrong within a window takes half of the operator's bond; what nobody can
        prove wrong is final, and its fees go to the vault.
@dev Laws:
         this contract's balance == the prepaid balances + the fees of open requests
             + the fees of batches that are recorded, or void and not refunded yet
             + the fees of demands that nobody has answered or taken back
         (at least, where somebody forces ether in by destroying a contract),
         a nonce of a payer, a request and a refund are used once.
     Every figure can be rebuilt from the events.

     A batch is recorded (1), then void (2), or finalized (3); what is finalized is released
     (4) once the vault has settled it, or has defaulted (5) if that took too long.  A record
     is a leaf of 180 bytes, a receipt has 253 (node/attribution/receipts.py); what a
     challenge has to bring is in node/attribution/proof/challenges.py, and what it has to show in
     ChallengeVerifier.

     Fees, balances and bonds are wei; times are seconds of the block's clock.
"""

from lib import attribution_calls
from . import _batches
from . import _judges
from . import _prepaid
from . import _publication
from . import _receipts
from . import _recording
from . import _requests
from . import _ledger_settings

initializes: attribution_calls
initializes: _ledger_settings
initializes: _prepaid[_ledger_settings := _ledger_settings]
initializes: _batches[_ledger_settings := _ledger_settings]
initializes: _judges[_ledger_settings := _ledger_settings]
initializes: _recording[_ledger_settings := _ledger_settings]
initializes: _requests[_batches := _batches, _recording := _recording]
initializes: _receipts[_batches := _batches, _prepaid := _prepaid, _recording := _recording]
initializes: _publication[
    attribution_calls := attribution_calls,
    _batches := _batches,
    _prepaid := _prepaid,
    _ledger_settings := _ledger_settings,
]

exports: (
    _ledger_settings.registry,
    _ledger_settings.vault,
    _ledger_settings.bond,
    _ledger_settings.verifier,
    _ledger_settings.payoutVerifier,
    _ledger_settings.challengeWindow,
    _ledger_settings.settleWindow,
    _ledger_settings.withdrawDelay,
    _ledger_settings.batchBond,
    _ledger_settings.demandFee,
    _prepaid.deposit,
    _prepaid.depositFor,
    _prepaid.requestWithdrawal,
    _prepaid.withdraw,
    _prepaid.prepaid,
    _prepaid.withdrawals,
    _batches.batch,
    _batches.batchState,
    _batches.policyOf,
    _batches.batchCount,
    _requests.open,
    _requests.cancel,
    _requests.record,
    _requests.request,
    _requests.requestCount,
    _receipts.recordBatch,
    _receipts.nonceUsed,
    _receipts.domainSeparator,
    _receipts.nonces,
    _publication.publish,
    _publication.publishPayouts,
    _publication.demand,
    _publication.demandPayouts,
    _publication.slashWithheld,
    _publication.reclaimDemand,
    _publication.published,
    _publication.demands,
)

# error AlreadyRefunded(uint64 index)
# error DemandsOpen(uint256 demands)
# error MalformedChallenge(uint8 kind)
# error NotProven(uint8 kind)
# error NotSettled(uint64 batchId)
# error UnknownDataset(uint64 dataset)
# error WindowNotOver(uint256 end)
# What the bond, the verifiers and the math refuse reaches the caller as it is:
# error NotFree(uint256 free, uint256 amount)
# error OutsideOpening(uint256 entry)
# error RaggedEntries(uint256 length)
# error WrongEntry(uint256 index)
# error WrongHeader()
# error WrongLeaf(uint64 index)
# error WrongList(uint256 index)
# error WrongMerged(uint256 index)
# error WrongOpening(uint64 index)
# error WrongOwners(uint256 index)
# error WrongRecords()
# error WrongShare(uint256 index)

event Finalized:
    batchId: indexed(uint64)
    totalFee: uint128

event Refunded:
    batchId: indexed(uint64)
    index: indexed(uint64)
    payer: indexed(address)
    fee: uint128

event Released:
    batchId: indexed(uint64)
    operator: indexed(address)
    bond: uint256

RECORDED: constant(uint256) = 1
VOID: constant(uint256) = 2
FINALIZED: constant(uint256) = 3
RELEASED: constant(uint256) = 4
DEFAULTED: constant(uint256) = 5
CONDEMNED: constant(uint8) = 3
RECORD: constant(uint256) = 180
MAX_RECEIPTS: constant(uint256) = 200
MAX_PROOF: constant(uint256) = 8 + 32 * 8
MAX_DATA: constant(uint256) = 163_840
BAD_DATASET: constant(uint8) = 5
MISSING_SETTLEMENT: constant(uint8) = 7

refundedBits: public(HashMap[uint64, uint256])


@deploy
def __init__(
    _math: address,
    _evidence: address,
    _registry: address,
    _vault: address,
    _bond: address,
    _verifier: address,
    _payoutVerifier: address,
    _challengeWindow: uint64,
    _settleWindow: uint64,
    _withdrawDelay: uint64,
    _batchBond: uint256,
    _demandFee: uint256,
):
    attribution_calls.__init__(_math, _evidence)
    _ledger_settings.__init__(
        _registry,
        _vault,
        _bond,
        _verifier,
        _payoutVerifier,
        _challengeWindow,
        _settleWindow,
        _withdrawDelay,
        _batchBond,
        _demandFee,
    )


@external
@pure
def version() -> String[5]:
    return "0.1.0"


@external
@view
def math() -> address:
    """
    @notice The contract or precompile that commits to lists.
    """
    return attribution_calls._math_address()


@external
def challenge(_subject: uint64, _kind: uint8, _data: Bytes[MAX_DATA]):
    """
    @notice Prove that a batch or a dataset is wrong.  Takes half of what is slashed.
    @param _subject The batch's id; of kind 5 the dataset's.
    @param _kind 1 false span, 2 longer match, 3 wrong owner, 4 wrong count, 5 bad dataset,
           6 wrong weights, 7 missing settlement, 8 wrong payouts.
    @param _data The proof, as node/attribution/proof/challenges.py encodes it.
    """
    if _kind == MISSING_SETTLEMENT and len(_data) == 0:
        self._challenge_default(_subject)
        return
    batch: _batches.Batch = empty(_batches.Batch)
    registrant: address = empty(address)
    if _kind == BAD_DATASET:
        registrant = self._registrant(_subject)
    else:
        batch = _batches._challengeable(_subject)
    # The data goes through no internal function: each would pay for a place to copy it to.
    target: address = empty(address)
    selector: bytes4 = empty(bytes4)
    target, selector = _judges._judge(_kind)
    # What follows the subject is one argument that is a tuple: where it begins, and itself.
    done: bool = False
    answer: Bytes[256] = b""
    done, answer = raw_call(
        target,
        concat(selector, convert(_subject, bytes32), convert(64, bytes32), _data),
        max_outsize=256,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not done and len(answer) >= 4:
        raw_revert(answer)
    if not done or len(answer) != 32:
        # Vyper says nothing where arguments are not of their types.
        raw_revert(abi_encode(_kind, method_id=method_id("MalformedChallenge(uint8)")))
    if convert(extract32(answer, 0), uint256) != 1:
        raw_revert(abi_encode(_kind, method_id=method_id("NotProven(uint8)")))
    if _kind == BAD_DATASET:
        self._condemn(_subject, registrant)
    else:
        _batches._void(_subject, batch, VOID, _kind, msg.sender)


@internal
@view
def _registrant(_subject: uint64) -> address:
    """
    @notice Who registered a dataset; refuses what is none, or is condemned.
    """
    registrant: address = empty(address)
    status: uint8 = 0
    if _subject <= convert(max_value(uint32), uint64):
        registrant, status = _recording._dataset_status(convert(_subject, uint32))
    if status == 0 or status == CONDEMNED:
        raw_revert(abi_encode(_subject, method_id=method_id("UnknownDataset(uint64)")))
    return registrant


@internal
def _condemn(_subject: uint64, _who: address):
    """
    @notice Condemn a dataset that nothing can be proven against; its registrant loses what
            it has bonded and not locked.
    """
    registry: address = _ledger_settings.registry
    extcall _ledger_settings.Registry(registry).condemnDataset(convert(_subject, uint32))
    bond: address = _ledger_settings.bond
    total: uint256 = 0
    locked: uint256 = 0
    score: uint256 = 0
    total, locked, score = staticcall _ledger_settings.Bond(bond).bondOf(_who)
    free: uint256 = total - locked
    if free != 0:
        extcall _ledger_settings.Bond(bond).lock(_who, free)
    _batches._take_bond(_subject, BAD_DATASET, _who, free, msg.sender)


@internal
def _challenge_default(_batchId: uint64):
    """
    @notice Void the settlement of a batch that is final and that nobody settled in time.
    """
    batch: _batches.Batch = _batches._existing(_batchId)
    if batch.state & 255 != FINALIZED:
        _batches._not_open(_batchId, batch.state)
    end: uint256 = (batch.state >> 72) & convert(max_value(uint48), uint256)
    end += convert(_ledger_settings.settleWindow, uint256)
    vault: address = _ledger_settings.vault
    if block.timestamp <= end or staticcall _ledger_settings.Vault(vault).settled(_batchId):
        raw_revert(
            abi_encode(MISSING_SETTLEMENT, method_id=method_id("NotProven(uint8)"))
        )
    _batches._void(_batchId, batch, DEFAULTED, MISSING_SETTLEMENT, msg.sender)
    extcall _ledger_settings.Vault(vault).voidSettlement(_batchId)


@external
def finalize(_batchId: uint64):
    """
    @notice Send the fees of a batch that nobody proved wrong to the vault; by anyone.
    """
    batch: _batches.Batch = _batches._existing(_batchId)
    if batch.state & 255 != RECORDED:
        _batches._not_open(_batchId, batch.state)
    end: uint256 = _batches._window_end(batch.state)
    if block.timestamp <= end:
        raw_revert(abi_encode(end, method_id=method_id("WindowNotOver(uint256)")))
    open_: uint256 = (batch.state >> 120) & convert(max_value(uint16), uint256)
    if open_ != 0:
        raw_revert(abi_encode(open_, method_id=method_id("DemandsOpen(uint256)")))
    _batches._batches[_batchId].state = (
        (batch.state & ~convert(255, uint256)) | (block.timestamp << 72) | FINALIZED
    )
    fee: uint256 = batch.sums >> 128
    log Finalized(batchId=_batchId, totalFee=convert(fee, uint128))
    extcall _ledger_settings.Vault(_ledger_settings.vault).deposit(
        _batchId,
        convert((batch.who >> 64) & convert(max_value(uint32), uint256), uint32),
        batch.payoutRoot,
        convert(batch.who & convert(max_value(uint32), uint256), uint32),
        convert((batch.sums >> 64) & convert(max_value(uint64), uint256), uint64),
        convert((batch.state >> 136) & convert(max_value(uint32), uint256), uint32),
        value=fee,
    )


@external
def release(_batchId: uint64):
    """
    @notice Give an operator its bond back once the vault has settled the batch; by anyone.
    """
    batch: _batches.Batch = _batches._existing(_batchId)
    if batch.state & 255 != FINALIZED:
        _batches._not_open(_batchId, batch.state)
    if not staticcall _ledger_settings.Vault(_ledger_settings.vault).settled(_batchId):
        raw_revert(abi_encode(_batchId, method_id=method_id("NotSettled(uint64)")))
    _batches._batches[_batchId].state = (batch.state & ~convert(255, uint256)) | RELEASED
    operator: address = convert(batch.who >> 96, address)
    amount: uint256 = batch.state >> 168
    log Released(batchId=_batchId, operator=operator, bond=amount)
    if amount != 0:
        extcall _ledger_settings.Bond(_ledger_settings.bond).unlock(operator, amount)


@external
def refund(_batchId: uint64, _index: uint64, _record: Bytes[RECORD], _proof: Bytes[MAX_PROOF]):
    """
    @notice Give the fee of a record in a void batch back, to its payer's prepaid balance; by
            anyone, once.
    """
    batch: _batches.Batch = _batches._existing(_batchId)
    if batch.state & 255 != VOID:
        _batches._not_open(_batchId, batch.state)
    _batches._check_record(batch.recordsRoot, _index, _record, _proof)
    bits: uint256 = self.refundedBits[_batchId]
    bit: uint256 = 1 << convert(_index, uint256)
    if bits & bit != 0:
        raw_revert(abi_encode(_index, method_id=method_id("AlreadyRefunded(uint64)")))
    self.refundedBits[_batchId] = bits | bit
    record: _batches.Record = _batches._record(_record)
    _prepaid.prepaid[record.payer] += record.fee
    log Refunded(
        batchId=_batchId,
        index=_index,
        payer=record.payer,
        fee=convert(record.fee, uint128),
    )


@external
@view
def refunded(_batchId: uint64, _index: uint64) -> bool:
    """
    @notice Whether the fee of a record was given back.
    """
    if _index >= convert(MAX_RECEIPTS, uint64):
        return False
    return self.refundedBits[_batchId] & (1 << convert(_index, uint256)) != 0
