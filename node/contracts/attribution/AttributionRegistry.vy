# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title AttributionRegistry
@notice What answers are made of: datasets by their commitments, and models by the datasets and
        the models that they were made from.
@dev Ids count from 1.  A model names parents of lower id alone, so lineages have no cycles.
     Commitments, lineages and token counts never change; what may change (operator, fee policy,
     method, mode, status) has an event of its own.  Every view can be rebuilt from the events;
     `uri` and `license` are in the events alone.

     Siblings: `_ledger` may condemn datasets, `_feePolicy` knows the policies.
"""

from . import _registry_checks as checks
from . import _registry_datasets as datasets
from . import _registry_heads as heads
from . import _registry_lineage as line

initializes: datasets
initializes: line

exports: (
    datasets.ledger,
    datasets.datasetCount,
    datasets.registerDataset,
    datasets.newVersion,
    datasets.deprecateDataset,
    datasets.condemnDataset,
    datasets.dataset,
    line.modelCount,
    line.parents,
    line.lineage,
)

# error UnknownModel(uint256 id)
# error UnknownPolicy(uint256 id)
# error UnknownMethod(uint8 method)
# error UnknownMode(uint8 mode)
# error NotModelOwner(address caller)
# error NotLive(uint256 id)
# error NoParents()
# error ZeroOperator()
# error StepNotAfter(uint256 last)

interface FeePolicy:
    def policyCount() -> uint32: view

event ModelRegistered:
    id: indexed(uint32)
    owner: indexed(address)
    operator: indexed(address)
    fallbackTo: address
    kind: uint8
    feePolicy: uint32
    engineId: bytes32
    method: uint8
    mode: uint8
    tokens: uint32
    datasets: DynArray[uint32, MAX_LIST]
    uri: String[MAX_TEXT]

event PolicySet:
    model: indexed(uint32)
    feePolicy: uint32
    method: uint8
    mode: uint8

event OperatorSet:
    model: indexed(uint32)
    operator: indexed(address)

event TrainingStep:
    model: indexed(uint32)
    step: indexed(uint64)
    checkpointRoot: bytes32
    batchRoot: bytes32
    lossQ16: int64

event ModelStatus:
    model: indexed(uint32)
    status: uint8

MAX_LIST: constant(uint256) = checks.MAX_LIST
MAX_TEXT: constant(uint256) = checks.MAX_TEXT
MAX_DATASETS: constant(uint256) = 4

LIVE: constant(uint8) = 1
DEPRECATED: constant(uint8) = 2

KIND_MODEL: constant(uint8) = 0
KIND_ADAPTER: constant(uint8) = 1
LAST_METHOD: constant(uint8) = 4  # cascade, hamilton, webster, dhondt, adams
LAST_MODE: constant(uint8) = 3  # push, credit, accumulator, root

_feePolicy: address
_heads: HashMap[uint32, uint256]
_operators: HashMap[uint32, address]
_fallbacks: HashMap[uint32, address]
_engines: HashMap[uint32, bytes32]
_datasetsOf: HashMap[uint32, uint256]  # four ids, the first lowest
lastStep: public(HashMap[uint32, uint64])


@deploy
def __init__(_ledgerAddress: address, _feePolicyAddress: address):
    datasets.__init__(_ledgerAddress)
    self._feePolicy = _feePolicyAddress


@external
@pure
def version() -> String[5]:
    return "0.1.0"


@external
@view
def feePolicy() -> address:
    """
    @notice The contract that knows the fee policies.
    """
    return self._feePolicy


@external
def registerModel(
    _datasetIds: DynArray[uint32, MAX_LIST],
    _parentIds: DynArray[uint32, MAX_LIST],
    _bps: DynArray[uint16, MAX_LIST],
    _policy: uint32,
    _engineId: bytes32,
    _fallback: address,
    _method: uint8,
    _mode: uint8,
    _uri: String[MAX_TEXT],
) -> uint32:
    """
    @notice Register a model under the next id; the caller owns and, at first, operates it.
    @param _datasetIds What it answers from: 1 to 4 datasets, ascending, none condemned, of
           fewer than 2**32 tokens together.
    @param _parentIds Models that it was made from, ascending; with their own parents and it
           at most 32 models.
    @param _bps What each parent gets of the contributors' part, in basis points, at least 1
           each and at most 10,000 together; the model keeps the rest.
    @param _policy Id of its fee policy.
    @param _engineId How its answers are attributed: 30 bytes of the hash of "byline spans v1",
           the only engine that challenges can judge by, and u16 the shortest span, 1..64 tokens.
    @param _fallback Who is paid for an answer with no contributor; zero means the caller.
    @param _method How a pot is divided: 0 cascade, 1 hamilton, 2 webster, 3 dhondt, 4 adams.
    @param _mode How it is paid: 0 push, 1 credit, 2 accumulator, 3 root.
    @param _uri Where the model is described, at most 256 bytes.
    """
    return self._register_model(
        KIND_MODEL,
        _datasetIds,
        _parentIds,
        _bps,
        _policy,
        _engineId,
        _fallback,
        _method,
        _mode,
        _uri,
    )


@external
def registerAdapter(
    _datasetIds: DynArray[uint32, MAX_LIST],
    _parentIds: DynArray[uint32, MAX_LIST],
    _bps: DynArray[uint16, MAX_LIST],
    _policy: uint32,
    _engineId: bytes32,
    _fallback: address,
    _method: uint8,
    _mode: uint8,
    _uri: String[MAX_TEXT],
) -> uint32:
    """
    @notice Register a model that works on top of others: as `registerModel`, with at least
            one parent.
    """
    if len(_parentIds) == 0:
        raw_revert(method_id("NoParents()"))
    return self._register_model(
        KIND_ADAPTER,
        _datasetIds,
        _parentIds,
        _bps,
        _policy,
        _engineId,
        _fallback,
        _method,
        _mode,
        _uri,
    )


@external
def setPolicy(_id: uint32, _policy: uint32, _method: uint8, _mode: uint8):
    """
    @notice Change how fees are divided and paid from now on; the model's owner only.
    """
    head: heads.Head = self._owned(_id)
    self._check_terms(_policy, _method, _mode)
    head.feePolicy = _policy
    head.method = _method
    head.mode = _mode
    self._heads[_id] = heads._packed(head)
    log PolicySet(model=_id, feePolicy=_policy, method=_method, mode=_mode)


@external
def setOperator(_id: uint32, _operator: address):
    """
    @notice Name who serves the model and records its answers; its owner only.
    """
    self._owned(_id)
    if _operator == empty(address):
        raw_revert(method_id("ZeroOperator()"))
    self._operators[_id] = _operator
    log OperatorSet(model=_id, operator=_operator)


@external
def recordTraining(
    _id: uint32, _step: uint64, _checkpointRoot: bytes32, _batchRoot: bytes32, _lossQ16: int64
):
    """
    @notice Commit to a step of a live model's training; its owner only.
    @param _step Above the step recorded last; the first is at least 1.
    @param _checkpointRoot Root over the parameters after the step.
    @param _batchRoot Root over what was trained on.
    @param _lossQ16 Loss after the step, times 2**16.
    """
    head: heads.Head = self._owned(_id)
    if head.status != LIVE:
        raw_revert(abi_encode(_id, method_id=method_id("NotLive(uint256)")))
    last: uint64 = self.lastStep[_id]
    if _step <= last:
        raw_revert(abi_encode(last, method_id=method_id("StepNotAfter(uint256)")))
    self.lastStep[_id] = _step
    log TrainingStep(
        model=_id,
        step=_step,
        checkpointRoot=_checkpointRoot,
        batchRoot=_batchRoot,
        lossQ16=_lossQ16,
    )


@external
def deprecateModel(_id: uint32):
    """
    @notice Advise against new requests to a live model; its owner only.  What it and its
            children earned is still paid.
    """
    head: heads.Head = self._owned(_id)
    if head.status != LIVE:
        raw_revert(abi_encode(_id, method_id=method_id("NotLive(uint256)")))
    head.status = DEPRECATED
    self._heads[_id] = heads._packed(head)
    log ModelStatus(model=_id, status=DEPRECATED)


@external
@view
def model(
    _id: uint32,
) -> (address, address, address, uint8, uint32, bytes32, uint8, uint8, uint32, uint8):
    """
    @return Owner; operator; who is paid where nobody contributed; kind: 0 model, 1 adapter;
            fee policy; engine; method; mode; tokens of its datasets together; status:
            0 unknown, 1 live, 2 deprecated.
    """
    head: heads.Head = heads._unpacked(self._heads[_id])
    return (
        head.owner,
        self._operators[_id],
        self._fallbacks[_id],
        head.kind,
        head.feePolicy,
        self._engines[_id],
        head.method,
        head.mode,
        head.tokens,
        head.status,
    )


@external
@view
def modelDatasets(_id: uint32) -> DynArray[uint32, MAX_DATASETS]:
    """
    @return Ids ascending; none for an unknown model.
    """
    packed: uint256 = self._datasetsOf[_id]
    ids: DynArray[uint32, MAX_DATASETS] = []
    for i: uint256 in range(MAX_DATASETS):
        id: uint32 = convert((packed >> (32 * i)) & checks.U32, uint32)
        if id == 0:
            break
        ids.append(id)
    return ids


@internal
def _register_model(
    _kind: uint8,
    _datasetIds: DynArray[uint32, MAX_LIST],
    _parentIds: DynArray[uint32, MAX_LIST],
    _bps: DynArray[uint16, MAX_LIST],
    _policy: uint32,
    _engineId: bytes32,
    _fallback: address,
    _method: uint8,
    _mode: uint8,
    _uri: String[MAX_TEXT],
) -> uint32:
    tokens: uint32 = datasets._check_datasets(_datasetIds)
    ancestors: DynArray[uint32, MAX_LIST] = line._check_parents(_parentIds, _bps)
    self._check_terms(_policy, _method, _mode)
    checks._check_engine(_engineId)
    checks._check_uri(_uri)
    id: uint32 = checks._next(line.modelCount)
    fallbackTo: address = msg.sender if _fallback == empty(address) else _fallback
    self._heads[id] = heads._packed(
        heads.Head(
            owner=msg.sender,
            feePolicy=_policy,
            tokens=tokens,
            kind=_kind,
            method=_method,
            mode=_mode,
            status=LIVE,
        )
    )
    self._operators[id] = msg.sender
    self._fallbacks[id] = fallbackTo
    self._engines[id] = _engineId
    self._datasetsOf[id] = self._four(_datasetIds)
    log ModelRegistered(
        id=id,
        owner=msg.sender,
        operator=msg.sender,
        fallbackTo=fallbackTo,
        kind=_kind,
        feePolicy=_policy,
        engineId=_engineId,
        method=_method,
        mode=_mode,
        tokens=tokens,
        datasets=_datasetIds,
        uri=_uri,
    )
    line._begin(id, _parentIds, _bps, ancestors)
    return id


@internal
@view
def _check_terms(_policy: uint32, _method: uint8, _mode: uint8):
    if _policy == 0 or _policy > staticcall FeePolicy(self._feePolicy).policyCount():
        raw_revert(abi_encode(_policy, method_id=method_id("UnknownPolicy(uint256)")))
    if _method > LAST_METHOD:
        raw_revert(abi_encode(_method, method_id=method_id("UnknownMethod(uint8)")))
    if _mode > LAST_MODE:
        raw_revert(abi_encode(_mode, method_id=method_id("UnknownMode(uint8)")))


@internal
@view
def _owned(_id: uint32) -> heads.Head:
    """
    @return The model, which the caller owns.
    """
    head: heads.Head = heads._unpacked(self._heads[_id])
    if head.status == 0:
        raw_revert(abi_encode(_id, method_id=method_id("UnknownModel(uint256)")))
    if msg.sender != head.owner:
        raw_revert(abi_encode(msg.sender, method_id=method_id("NotModelOwner(address)")))
    return head


@internal
@pure
def _four(_ids: DynArray[uint32, MAX_LIST]) -> uint256:
    packed: uint256 = 0
    for i: uint256 in range(len(_ids), bound=MAX_DATASETS):
        packed |= convert(_ids[i], uint256) << (32 * i)
    return packed


