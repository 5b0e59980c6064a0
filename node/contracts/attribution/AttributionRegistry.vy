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

# error UnknownDataset(uint256 id)
# error UnknownModel(uint256 id)
# error UnknownPolicy(uint256 id)
# error UnknownMethod(uint8 method)
# error UnknownMode(uint8 mode)
# error NotRegistrant(address caller)
# error NotModelOwner(address caller)
# error NotLedger(address caller)
# error NotLive(uint256 id)
# error DatasetCondemned(uint256 id)
# error AlreadyCondemned(uint256 id)
# error EmptyDataset()
# error BadOwners(uint256 owners)
# error UriTooLong(uint256 size)
# error LicenseTooLong(uint256 size)
# error BadDatasetCount(uint256 count)
# error TooManyTokens(uint256 tokens)
# error NotAscending(uint256 index)
# error LengthMismatch(uint256 parents, uint256 bps)
# error NoParents()
# error BadParent(uint256 id)
# error BadBps(uint256 bps)
# error LineageTooLarge(uint256 models)
# error ZeroEngine()
# error BadMinLength(uint256 minLength)
# error ZeroOperator()
# error StepNotAfter(uint256 last)
# error IdsExhausted()

interface FeePolicy:
    def policyCount() -> uint32: view

event DatasetRegistered:
    id: indexed(uint32)
    registrant: indexed(address)
    docRoot: bytes32
    tokRoot: bytes32
    saRoot: bytes32
    ownerRoot: bytes32
    tokens: uint32
    owners: uint32
    uri: String[MAX_TEXT]
    license: String[MAX_TEXT]

event DatasetVersion:
    id: indexed(uint32)
    previous: indexed(uint32)
    version: uint32

event DatasetStatus:
    id: indexed(uint32)
    status: uint8

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

event LineageEdge:
    child: indexed(uint32)
    parent: indexed(uint32)
    bps: uint16

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

struct Dataset:
    registrant: address
    docRoot: bytes32
    tokRoot: bytes32
    saRoot: bytes32
    ownerRoot: bytes32
    tokens: uint32
    owners: uint32
    version: uint32
    previous: uint32
    status: uint8

struct Head:  # of a model; one word of storage
    owner: address
    feePolicy: uint32
    tokens: uint32
    kind: uint8
    method: uint8
    mode: uint8
    status: uint8

# Longer lists and texts than these are no calls of this contract at all; the limits of the
# registry lie below, so that what exceeds them is refused with a name.
MAX_LIST: constant(uint256) = 64
MAX_TEXT: constant(uint256) = 1024

MAX_URI: constant(uint256) = 256
MAX_LICENSE: constant(uint256) = 64
MAX_DATASETS: constant(uint256) = 4
MAX_LINEAGE: constant(uint256) = 32
MAX_ANCESTORS: constant(uint256) = 31
MAX_EDGES: constant(uint256) = 496  # 32 models, each made from all before it
WHOLE: constant(uint256) = 10_000  # basis points
U16: constant(uint256) = 2**16 - 1
U32: constant(uint256) = 2**32 - 1

LIVE: constant(uint8) = 1
DEPRECATED: constant(uint8) = 2
CONDEMNED: constant(uint8) = 3

KIND_MODEL: constant(uint8) = 0
KIND_ADAPTER: constant(uint8) = 1
LAST_METHOD: constant(uint8) = 4  # cascade, hamilton, webster, dhondt, adams
LAST_MODE: constant(uint8) = 3  # push, credit, accumulator, root

SPANS_ENGINE: constant(String[15]) = "byline spans v1"
MAX_MIN_LENGTH: constant(uint256) = 64

_ledger: address
_feePolicy: address
datasetCount: public(uint32)
modelCount: public(uint32)
_datasets: HashMap[uint32, Dataset]
_heads: HashMap[uint32, uint256]
_operators: HashMap[uint32, address]
_fallbacks: HashMap[uint32, address]
_engines: HashMap[uint32, bytes32]
_datasetsOf: HashMap[uint32, uint256]  # four ids, the first lowest
_parentsOf: HashMap[uint32, DynArray[uint256, MAX_ANCESTORS]]  # id << 16 | bps
_ancestorsOf: HashMap[uint32, uint256[4]]  # eight ids a word, ascending, the first lowest
lastStep: public(HashMap[uint32, uint64])


@deploy
def __init__(_ledgerAddress: address, _feePolicyAddress: address):
    self._ledger = _ledgerAddress
    self._feePolicy = _feePolicyAddress


@external
@pure
def version() -> String[5]:
    return "0.1.0"


@external
@view
def ledger() -> address:
    """
    @notice Who may condemn datasets.
    """
    return self._ledger


@external
@view
def feePolicy() -> address:
    """
    @notice The contract that knows the fee policies.
    """
    return self._feePolicy


@external
def registerDataset(
    _docRoot: bytes32,
    _tokRoot: bytes32,
    _saRoot: bytes32,
    _ownerRoot: bytes32,
    _tokens: uint32,
    _owners: uint32,
    _uri: String[MAX_TEXT],
    _license: String[MAX_TEXT],
) -> uint32:
    """
    @notice Register a dataset under the next id; anyone may.  The caller answers for the
            commitments: a challenge that proves them wrong condemns the dataset.
    @param _docRoot Root over the chunks of the documents.
    @param _tokRoot Root over the chunks of the token string.
    @param _saRoot Root over the chunks of the suffix array.
    @param _ownerRoot Root over the ranges of tokens and whom they belong to.
    @param _tokens Tokens in all, at least 1.
    @param _owners Ranges behind `_ownerRoot`, in 1.._tokens.
    @param _uri Where the documents are, at most 256 bytes.
    @param _license Under what terms, e.g. an SPDX identifier; at most 64 bytes.
    """
    return self._register_dataset(
        _docRoot, _tokRoot, _saRoot, _ownerRoot, _tokens, _owners, 1, 0, _uri, _license
    )


@external
def newVersion(
    _previous: uint32,
    _docRoot: bytes32,
    _tokRoot: bytes32,
    _saRoot: bytes32,
    _ownerRoot: bytes32,
    _tokens: uint32,
    _owners: uint32,
    _uri: String[MAX_TEXT],
    _license: String[MAX_TEXT],
) -> uint32:
    """
    @notice Register what follows a dataset, under an id of its own; the registrant of
            `_previous` only.  The previous one stays as it is: models were made from it.
    """
    before: Dataset = self._datasets[_previous]
    if before.status == 0:
        raw_revert(abi_encode(_previous, method_id=method_id("UnknownDataset(uint256)")))
    if msg.sender != before.registrant:
        raw_revert(abi_encode(msg.sender, method_id=method_id("NotRegistrant(address)")))
    version: uint32 = before.version + 1
    id: uint32 = self._register_dataset(
        _docRoot,
        _tokRoot,
        _saRoot,
        _ownerRoot,
        _tokens,
        _owners,
        version,
        _previous,
        _uri,
        _license,
    )
    log DatasetVersion(id=id, previous=_previous, version=version)
    return id


@external
def deprecateDataset(_id: uint32):
    """
    @notice Advise against new uses of a live dataset; its registrant only.
    """
    before: Dataset = self._datasets[_id]
    if before.status == 0:
        raw_revert(abi_encode(_id, method_id=method_id("UnknownDataset(uint256)")))
    if msg.sender != before.registrant:
        raw_revert(abi_encode(msg.sender, method_id=method_id("NotRegistrant(address)")))
    if before.status != LIVE:
        raw_revert(abi_encode(_id, method_id=method_id("NotLive(uint256)")))
    self._datasets[_id].status = DEPRECATED
    log DatasetStatus(id=_id, status=DEPRECATED)


@external
def condemnDataset(_id: uint32):
    """
    @notice Record that a dataset's commitments were proven wrong; the ledger only.  No model
            can be registered on it from now on.
    """
    if msg.sender != self._ledger:
        raw_revert(abi_encode(msg.sender, method_id=method_id("NotLedger(address)")))
    status: uint8 = self._datasets[_id].status
    if status == 0:
        raw_revert(abi_encode(_id, method_id=method_id("UnknownDataset(uint256)")))
    if status == CONDEMNED:
        raw_revert(abi_encode(_id, method_id=method_id("AlreadyCondemned(uint256)")))
    self._datasets[_id].status = CONDEMNED
    log DatasetStatus(id=_id, status=CONDEMNED)


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
    @param _engineId How its answers are attributed.  Of "byline spans v1" the last two bytes
           are the shortest span, 1..64 tokens.
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
    head: Head = self._owned(_id)
    self._check_terms(_policy, _method, _mode)
    head.feePolicy = _policy
    head.method = _method
    head.mode = _mode
    self._heads[_id] = self._packed(head)
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
    head: Head = self._owned(_id)
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
    head: Head = self._owned(_id)
    if head.status != LIVE:
        raw_revert(abi_encode(_id, method_id=method_id("NotLive(uint256)")))
    head.status = DEPRECATED
    self._heads[_id] = self._packed(head)
    log ModelStatus(model=_id, status=DEPRECATED)


@external
@view
def dataset(
    _id: uint32,
) -> (address, bytes32, bytes32, bytes32, bytes32, uint32, uint32, uint32, uint32, uint8):
    """
    @return Registrant; roots of documents, tokens, suffix array and owners; tokens; owner
            ranges; version; the dataset before it, or 0; status: 0 unknown, 1 live,
            2 deprecated, 3 condemned.
    """
    d: Dataset = self._datasets[_id]
    return (
        d.registrant,
        d.docRoot,
        d.tokRoot,
        d.saRoot,
        d.ownerRoot,
        d.tokens,
        d.owners,
        d.version,
        d.previous,
        d.status,
    )


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
    head: Head = self._unpacked(self._heads[_id])
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
        id: uint32 = convert((packed >> (32 * i)) & U32, uint32)
        if id == 0:
            break
        ids.append(id)
    return ids


@external
@view
def parents(
    _id: uint32,
) -> (DynArray[uint32, MAX_ANCESTORS], DynArray[uint16, MAX_ANCESTORS]):
    """
    @return Ids of the parents, ascending, and the basis points of each.
    """
    ids: DynArray[uint32, MAX_ANCESTORS] = []
    bps: DynArray[uint16, MAX_ANCESTORS] = []
    for parent: uint256 in self._parentsOf[_id]:
        ids.append(convert(parent >> 16, uint32))
        bps.append(convert(parent & U16, uint16))
    return ids, bps


@external
@view
def lineage(
    _id: uint32,
) -> (DynArray[uint32, MAX_LINEAGE], Bytes[2 * MAX_LINEAGE], Bytes[8 * MAX_EDGES]):
    """
    @notice The model and all that it was made from, as `payoutTree` of the attribution math
            takes them: pay in at the last node, and each gets its part.
    @return Ids ascending, the model last; for each what it keeps, u16 basis points; for each
            parent of each: u16 index of the child, u16 index of the parent, u32 basis points.
    """
    ids: DynArray[uint32, MAX_LIST] = self._lineage_ids(_id)
    if len(ids) == 0:
        raw_revert(abi_encode(_id, method_id=method_id("UnknownModel(uint256)")))
    names: DynArray[uint32, MAX_LINEAGE] = []
    # Words filled from their upper end: 16 nodes or 4 edges each.
    nodes: uint256[2] = empty(uint256[2])
    edges: uint256[124] = empty(uint256[124])
    count: uint256 = 0
    for child: uint256 in range(len(ids), bound=MAX_LINEAGE):
        names.append(ids[child])
        kept: uint256 = WHOLE
        place: uint256 = 0
        for parent: uint256 in self._parentsOf[ids[child]]:
            for _: uint256 in range(MAX_LINEAGE):
                if convert(ids[place], uint256) == parent >> 16:
                    break
                place += 1
            bps: uint256 = parent & U16
            kept -= bps
            edge: uint256 = child << 48 | place << 32 | bps
            edges[count // 4] |= edge << (192 - 64 * (count % 4))
            count += 1
        nodes[child // 16] |= kept << (240 - 16 * (child % 16))
    return (
        names,
        slice(abi_encode(nodes), 0, 2 * len(ids)),
        slice(abi_encode(edges), 0, 8 * count),
    )


@internal
def _register_dataset(
    _docRoot: bytes32,
    _tokRoot: bytes32,
    _saRoot: bytes32,
    _ownerRoot: bytes32,
    _tokens: uint32,
    _owners: uint32,
    _version: uint32,
    _previous: uint32,
    _uri: String[MAX_TEXT],
    _license: String[MAX_TEXT],
) -> uint32:
    if _tokens == 0:
        raw_revert(method_id("EmptyDataset()"))
    if _owners == 0 or _owners > _tokens:
        raw_revert(abi_encode(_owners, method_id=method_id("BadOwners(uint256)")))
    self._check_uri(_uri)
    if len(_license) > MAX_LICENSE:
        raw_revert(abi_encode(len(_license), method_id=method_id("LicenseTooLong(uint256)")))
    id: uint32 = self._next(self.datasetCount)
    self.datasetCount = id
    self._datasets[id] = Dataset(
        registrant=msg.sender,
        docRoot=_docRoot,
        tokRoot=_tokRoot,
        saRoot=_saRoot,
        ownerRoot=_ownerRoot,
        tokens=_tokens,
        owners=_owners,
        version=_version,
        previous=_previous,
        status=LIVE,
    )
    log DatasetRegistered(
        id=id,
        registrant=msg.sender,
        docRoot=_docRoot,
        tokRoot=_tokRoot,
        saRoot=_saRoot,
        ownerRoot=_ownerRoot,
        tokens=_tokens,
        owners=_owners,
        uri=_uri,
        license=_license,
    )
    return id


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
    tokens: uint32 = self._check_datasets(_datasetIds)
    ancestors: DynArray[uint32, MAX_LIST] = self._check_parents(_parentIds, _bps)
    self._check_terms(_policy, _method, _mode)
    self._check_engine(_engineId)
    self._check_uri(_uri)
    id: uint32 = self._next(self.modelCount)
    fallbackTo: address = msg.sender if _fallback == empty(address) else _fallback
    self.modelCount = id
    self._heads[id] = self._packed(
        Head(
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
    self._keep_ancestors(id, ancestors)
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
    for i: uint256 in range(len(_parentIds), bound=MAX_LIST):
        self._parentsOf[id].append(
            convert(_parentIds[i], uint256) << 16 | convert(_bps[i], uint256)
        )
        log LineageEdge(child=id, parent=_parentIds[i], bps=_bps[i])
    return id


@internal
@view
def _check_datasets(_ids: DynArray[uint32, MAX_LIST]) -> uint32:
    """
    @return Tokens of all together.
    """
    if len(_ids) == 0 or len(_ids) > MAX_DATASETS:
        raw_revert(abi_encode(len(_ids), method_id=method_id("BadDatasetCount(uint256)")))
    self._check_ascending(_ids)
    tokens: uint256 = 0
    for id: uint32 in _ids:
        status: uint8 = self._datasets[id].status
        if status == 0:
            raw_revert(abi_encode(id, method_id=method_id("UnknownDataset(uint256)")))
        if status == CONDEMNED:
            raw_revert(abi_encode(id, method_id=method_id("DatasetCondemned(uint256)")))
        tokens += convert(self._datasets[id].tokens, uint256)
    if tokens > convert(max_value(uint32), uint256):
        raw_revert(abi_encode(tokens, method_id=method_id("TooManyTokens(uint256)")))
    return convert(tokens, uint32)


@internal
@view
def _check_parents(
    _ids: DynArray[uint32, MAX_LIST], _bps: DynArray[uint16, MAX_LIST]
) -> DynArray[uint32, MAX_LIST]:
    """
    @return The parents and all their ancestors, ascending.
    """
    if len(_ids) != len(_bps):
        raw_revert(
            abi_encode(len(_ids), len(_bps), method_id=method_id("LengthMismatch(uint256,uint256)"))
        )
    self._check_ascending(_ids)
    total: uint256 = 0
    ancestors: DynArray[uint32, MAX_LIST] = []
    for i: uint256 in range(len(_ids), bound=MAX_LIST):
        if _bps[i] == 0:
            raw_revert(abi_encode(_bps[i], method_id=method_id("BadBps(uint256)")))
        total += convert(_bps[i], uint256)
        line: DynArray[uint32, MAX_LIST] = self._lineage_ids(_ids[i])
        if len(line) == 0:
            raw_revert(abi_encode(_ids[i], method_id=method_id("BadParent(uint256)")))
        ancestors = self._union(ancestors, line)
        if len(ancestors) > MAX_ANCESTORS:
            raw_revert(
                abi_encode(len(ancestors) + 1, method_id=method_id("LineageTooLarge(uint256)"))
            )
    if total > WHOLE:
        raw_revert(abi_encode(total, method_id=method_id("BadBps(uint256)")))
    return ancestors


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
@pure
def _check_engine(_engineId: bytes32):
    if _engineId == empty(bytes32):
        raw_revert(method_id("ZeroEngine()"))
    engine: uint256 = convert(_engineId, uint256)
    if engine >> 16 == convert(keccak256(SPANS_ENGINE), uint256) >> 16:
        shortest: uint256 = engine & U16
        if shortest == 0 or shortest > MAX_MIN_LENGTH:
            raw_revert(abi_encode(shortest, method_id=method_id("BadMinLength(uint256)")))


@internal
@pure
def _check_uri(_uri: String[MAX_TEXT]):
    if len(_uri) > MAX_URI:
        raw_revert(abi_encode(len(_uri), method_id=method_id("UriTooLong(uint256)")))


@internal
@pure
def _check_ascending(_ids: DynArray[uint32, MAX_LIST]):
    """
    @notice Refuse unless each id is above the one before, and the first above zero.
    """
    before: uint32 = 0
    for i: uint256 in range(len(_ids), bound=MAX_LIST):
        if _ids[i] <= before:
            raw_revert(abi_encode(i, method_id=method_id("NotAscending(uint256)")))
        before = _ids[i]


@internal
@pure
def _next(_count: uint32) -> uint32:
    if _count == max_value(uint32):
        raw_revert(method_id("IdsExhausted()"))
    return _count + 1


@internal
@view
def _owned(_id: uint32) -> Head:
    """
    @return The model, which the caller owns.
    """
    head: Head = self._unpacked(self._heads[_id])
    if head.status == 0:
        raw_revert(abi_encode(_id, method_id=method_id("UnknownModel(uint256)")))
    if msg.sender != head.owner:
        raw_revert(abi_encode(msg.sender, method_id=method_id("NotModelOwner(address)")))
    return head


@internal
@view
def _lineage_ids(_id: uint32) -> DynArray[uint32, MAX_LIST]:
    """
    @return The model's ancestors, ascending, and the model; nothing for an unknown model.
    """
    ids: DynArray[uint32, MAX_LIST] = []
    if _id == 0 or _id > self.modelCount:
        return ids
    for place: uint256 in range(4):
        word: uint256 = self._ancestorsOf[_id][place]
        for i: uint256 in range(8):
            id: uint32 = convert((word >> (32 * i)) & U32, uint32)
            if id == 0:
                break
            ids.append(id)
        if len(ids) < 8 * (place + 1):
            break
    ids.append(_id)
    return ids


@internal
def _keep_ancestors(_id: uint32, _ancestors: DynArray[uint32, MAX_LIST]):
    words: uint256[4] = empty(uint256[4])
    for i: uint256 in range(len(_ancestors), bound=MAX_LINEAGE):
        words[i // 8] |= convert(_ancestors[i], uint256) << (32 * (i % 8))
    for i: uint256 in range(4):
        if words[i] == 0:
            break
        self._ancestorsOf[_id][i] = words[i]


@internal
@pure
def _union(
    _a: DynArray[uint32, MAX_LIST], _b: DynArray[uint32, MAX_LIST]
) -> DynArray[uint32, MAX_LIST]:
    """
    @notice Merge two ascending lists of at most 32 ids each, what is in both once.
    """
    merged: DynArray[uint32, MAX_LIST] = []
    i: uint256 = 0
    j: uint256 = 0
    for _: uint256 in range(MAX_LIST):
        if i == len(_a) and j == len(_b):
            break
        if j == len(_b) or (i < len(_a) and _a[i] < _b[j]):
            merged.append(_a[i])
            i += 1
        else:
            if i < len(_a) and _a[i] == _b[j]:
                i += 1
            merged.append(_b[j])
            j += 1
    return merged


@internal
@pure
def _four(_ids: DynArray[uint32, MAX_LIST]) -> uint256:
    packed: uint256 = 0
    for i: uint256 in range(len(_ids), bound=MAX_DATASETS):
        packed |= convert(_ids[i], uint256) << (32 * i)
    return packed


@internal
@pure
def _packed(_head: Head) -> uint256:
    return (
        convert(_head.owner, uint256) << 96
        | convert(_head.feePolicy, uint256) << 64
        | convert(_head.tokens, uint256) << 32
        | convert(_head.kind, uint256) << 24
        | convert(_head.method, uint256) << 16
        | convert(_head.mode, uint256) << 8
        | convert(_head.status, uint256)
    )


@internal
@pure
def _unpacked(_word: uint256) -> Head:
    return Head(
        owner=convert(convert(_word >> 96, uint160), address),
        feePolicy=convert((_word >> 64) & U32, uint32),
        tokens=convert((_word >> 32) & U32, uint32),
        kind=convert((_word >> 24) & 255, uint8),
        method=convert((_word >> 16) & 255, uint8),
        mode=convert((_word >> 8) & 255, uint8),
        status=convert(_word & 255, uint8),
    )
