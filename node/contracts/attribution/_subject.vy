# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title What a challenge is about
@notice Batches, models and datasets as the ledger and the registry hold them, records and
        openings as whoever challenges brings them.  Nothing that a contract knows is ever
        taken from the challenger.
"""

from lib import attribution_calls
from lib import merkle_tree

uses: attribution_calls

# error WrongRecord(uint64 index)
# error WrongOpening(uint64 index)
# error OutsideOpening(uint256 entry)

struct Batch:
    modelId: uint32
    operator: address
    recordsRoot: bytes32
    payoutRoot: bytes32
    count: uint32
    n: uint32
    totalW: uint64
    totalFee: uint128
    recordedAt: uint64
    status: uint8

struct Model:
    owner: address
    operator: address
    fallbackTo: address
    kind: uint8
    feePolicy: uint32
    engineId: bytes32
    method: uint8
    mode: uint8
    tokens: uint32
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

interface Ledger:
    def batch(_batchId: uint64) -> Batch: view

interface Registry:
    def model(_id: uint32) -> Model: view
    def modelDatasets(_id: uint32) -> DynArray[uint32, 4]: view
    def dataset(_id: uint32) -> Dataset: view

struct Shown:
    index: uint64
    leaf: Bytes[180]
    proof: Bytes[264]

struct Opening:
    first: uint64
    chunks: DynArray[Bytes[1024], 2]
    proofs: DynArray[Bytes[1032], 2]

# What a record says, and the model that it is of.
struct Claim:
    modelId: uint32
    outHash: bytes32
    evidenceRoot: bytes32
    weightsRoot: bytes32
    units: uint256

# An evidence leaf.
struct Leaf:
    outPos: uint256
    length: uint256
    dataset: uint32
    lo: uint256
    hi: uint256
    pos: uint256
    owner: address
    weight: uint256
    saIndex: uint256

RECORD: constant(uint256) = 180
EVIDENCE_LEAF: constant(uint256) = 56
MAX_EVIDENCE: constant(uint256) = 14_336
CHUNK: constant(uint256) = 1024
ENTRY: constant(uint256) = 4
# The most tokens that are compared, in bytes.
MAX_WINDOW: constant(uint256) = 256
WEI_PER_UNIT: constant(uint256) = 10**9
MASK32: constant(uint256) = 2**32 - 1
MASK64: constant(uint256) = 2**64 - 1

_ledger: address
_registry: address


@deploy
def __init__(_ledgerAddress: address, _registryAddress: address):
    self._ledger = _ledgerAddress
    self._registry = _registryAddress


@internal
@view
def _batch(_batchId: uint64) -> Batch:
    return staticcall Ledger(self._ledger).batch(_batchId)


@internal
@view
def _model(_id: uint32) -> Model:
    return staticcall Registry(self._registry).model(_id)


@internal
@view
def _dataset(_id: uint32) -> Dataset:
    return staticcall Registry(self._registry).dataset(_id)


@internal
@view
def _has_dataset(_modelId: uint32, _id: uint32) -> bool:
    """
    @notice Whether a model is made of a dataset.
    """
    for id: uint32 in staticcall Registry(self._registry).modelDatasets(_modelId):
        if id == _id:
            return True
    return False


@internal
@view
def _claim(_batchId: uint64, _shown: Shown) -> Claim:
    """
    @notice What a record of a batch says; reverts for what is no record of it.
    """
    batch: Batch = self._batch(_batchId)
    if len(_shown.leaf) != RECORD or not attribution_calls._verify_chunk(
        batch.recordsRoot, _shown.index, _shown.leaf, _shown.proof
    ):
        raw_revert(abi_encode(_shown.index, method_id=method_id("WrongRecord(uint64)")))
    fee: uint256 = convert(extract32(_shown.leaf, 148), uint256) >> 128
    return Claim(
        modelId=batch.modelId,
        outHash=extract32(_shown.leaf, 52),
        evidenceRoot=extract32(_shown.leaf, 84),
        weightsRoot=extract32(_shown.leaf, 116),
        units=max(1, fee // WEI_PER_UNIT),
    )


@internal
@pure
def _leaf_of(_first: uint256, _second: uint256) -> Leaf:
    """
    @notice An evidence leaf from its bytes 0 to 31 and 24 to 55.
    """
    return Leaf(
        outPos=_first >> 224,
        length=(_first >> 192) & MASK32,
        dataset=convert((_first >> 160) & MASK32, uint32),
        lo=(_first >> 128) & MASK32,
        hi=(_first >> 96) & MASK32,
        pos=(_first >> 64) & MASK32,
        owner=convert(_second >> 96, address),
        weight=(_second >> 32) & MASK64,
        saIndex=_second & MASK32,
    )


@internal
@view
def _check_opening(_root: bytes32, _opening: Opening):
    """
    @notice Refuse chunks that the root does not commit to, and more or less than one or two.
    """
    if len(_opening.chunks) == 0 or len(_opening.chunks) != len(_opening.proofs):
        raw_revert(abi_encode(_opening.first, method_id=method_id("WrongOpening(uint64)")))
    for i: uint256 in range(len(_opening.chunks), bound=2):
        index: uint64 = _opening.first + convert(i, uint64)
        if not attribution_calls._verify_chunk(
            _root, index, _opening.chunks[i], _opening.proofs[i]
        ):
            raw_revert(abi_encode(index, method_id=method_id("WrongOpening(uint64)")))


@internal
@view
def _entries(
    _root: bytes32, _opening: Opening, _at: uint256, _count: uint256
) -> Bytes[MAX_WINDOW]:
    """
    @notice `_count` entries of four bytes from `_at` on, which the opening has to hold; at
            most 64.
    """
    self._check_opening(_root, _opening)
    joined: Bytes[2 * CHUNK] = _opening.chunks[0]
    if len(_opening.chunks) == 2:
        if len(joined) != CHUNK:
            raw_revert(abi_encode(_opening.first, method_id=method_id("WrongOpening(uint64)")))
        joined = concat(_opening.chunks[0], _opening.chunks[1])
    start: uint256 = convert(_opening.first, uint256) * CHUNK
    at: uint256 = _at * ENTRY
    size: uint256 = _count * ENTRY
    if at < start or at + size > start + len(joined) or size > MAX_WINDOW:
        raw_revert(abi_encode(_at, method_id=method_id("OutsideOpening(uint256)")))
    window: Bytes[2 * CHUNK] = slice(joined, at - start, size)
    return convert(window, Bytes[MAX_WINDOW])
