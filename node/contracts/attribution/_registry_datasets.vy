# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title The datasets of the registry
@notice Commitments to documents, their tokens, the order of the tokens' suffixes, and whose the
        tokens are.
@dev `_ledger` alone may condemn.  `uri` and `license` are in the events alone.
"""

from . import _registry_checks as checks

# error UnknownDataset(uint256 id)
# error NotRegistrant(address caller)
# error NotLedger(address caller)
# error NotLive(uint256 id)
# error AlreadyCondemned(uint256 id)
# error EmptyDataset()
# error BadOwners(uint256 owners)
# error LicenseTooLong(uint256 size)
# error BadDatasetCount(uint256 count)
# error DatasetCondemned(uint256 id)
# error TooManyTokens(uint256 tokens)

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

MAX_LIST: constant(uint256) = checks.MAX_LIST
MAX_TEXT: constant(uint256) = checks.MAX_TEXT
MAX_LICENSE: constant(uint256) = 64
MAX_DATASETS: constant(uint256) = 4  # of a model

LIVE: constant(uint8) = 1
DEPRECATED: constant(uint8) = 2
CONDEMNED: constant(uint8) = 3

_ledger: address
datasetCount: public(uint32)
_datasets: HashMap[uint32, Dataset]


@deploy
def __init__(_ledgerAddress: address):
    self._ledger = _ledgerAddress


@external
@view
def ledger() -> address:
    """
    @notice Who may condemn datasets.
    """
    return self._ledger


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
    checks._check_uri(_uri)
    if len(_license) > MAX_LICENSE:
        raw_revert(abi_encode(len(_license), method_id=method_id("LicenseTooLong(uint256)")))
    id: uint32 = checks._next(self.datasetCount)
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
@view
def _check_datasets(_ids: DynArray[uint32, MAX_LIST]) -> uint32:
    """
    @return Tokens of all together.
    """
    if len(_ids) == 0 or len(_ids) > MAX_DATASETS:
        raw_revert(abi_encode(len(_ids), method_id=method_id("BadDatasetCount(uint256)")))
    checks._check_ascending(_ids)
    tokens: uint256 = 0
    for id: uint32 in _ids:
        status: uint8 = self._datasets[id].status
        if status == 0:
            raw_revert(abi_encode(id, method_id=method_id("UnknownDataset(uint256)")))
        if status == CONDEMNED:
            raw_revert(abi_encode(id, method_id=method_id("DatasetCondemned(uint256)")))
        tokens += convert(self._datasets[id].tokens, uint256)
    if tokens > checks.U32:
        raw_revert(abi_encode(tokens, method_id=method_id("TooManyTokens(uint256)")))
    return convert(tokens, uint32)
