# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title The batches of the payout vault
@notice What a deposit leaves behind, packed into four words, and how far its settlement is.
"""

from . import _sum_nodes as sums

struct Batch:
    modelId: uint256
    mode: uint256
    method: uint256
    status: uint256
    count: uint256  # entries of the list
    weight: uint256  # sum of their weights
    settledAt: uint256  # timestamp
    pot: uint256  # wei for the contributors
    left: uint256  # wei of the pot that nobody has been given yet
    root: bytes32  # of the list's weights; from the settlement on, in root mode, of the claims

struct Progress:
    entries: uint256  # settled so far
    reached: uint256  # sum of their weights
    epoch: uint256  # of the accumulator, where that is the mode

PUSH: constant(uint256) = 0
CREDIT: constant(uint256) = 1
ACCUMULATOR: constant(uint256) = 2
ROOT: constant(uint256) = 3

WAITING: constant(uint256) = 1
SETTLED: constant(uint256) = 2
VOID: constant(uint256) = 3
SWEPT: constant(uint256) = 4

U8: constant(uint256) = 2**8 - 1
U32: constant(uint256) = 2**32 - 1
U64: constant(uint256) = 2**64 - 1
U128: constant(uint256) = 2**128 - 1
MAX_LEVELS: constant(uint256) = 32

_heads: HashMap[uint64, uint256]
_money: HashMap[uint64, uint256]
_roots: HashMap[uint64, bytes32]
_progress: HashMap[uint64, uint256]
# Of batches in root mode that are settled in chunks: at level k the top of 2**k claims, where
# bit k of the number of entries is 1.
_peakHashes: HashMap[uint64, HashMap[uint256, bytes32]]
_peakSums: HashMap[uint64, HashMap[uint256, uint256]]
# A bit for each claim of a batch.
_claimed: HashMap[uint64, HashMap[uint256, uint256]]


@internal
@view
def _load(_id: uint64) -> Batch:
    head: uint256 = self._heads[_id]
    money: uint256 = self._money[_id]
    return Batch(
        modelId=head & U32,
        mode=(head >> 32) & U8,
        method=(head >> 40) & U8,
        status=(head >> 48) & U8,
        count=(head >> 56) & U32,
        weight=(head >> 88) & U64,
        settledAt=head >> 152,
        pot=money >> 128,
        left=money & U128,
        root=self._roots[_id],
    )


@internal
def _store(_id: uint64, _batch: Batch):
    """
    @notice Write a batch, but for its root.
    """
    self._heads[_id] = (
        _batch.modelId
        | (_batch.mode << 32)
        | (_batch.method << 40)
        | (_batch.status << 48)
        | (_batch.count << 56)
        | (_batch.weight << 88)
        | (_batch.settledAt << 152)
    )
    self._money[_id] = (_batch.pot << 128) | _batch.left


@internal
@view
def _progress_of(_id: uint64) -> Progress:
    word: uint256 = self._progress[_id]
    return Progress(entries=word & U32, reached=(word >> 32) & U64, epoch=word >> 96)


@internal
def _set_progress(_id: uint64, _done: Progress):
    self._progress[_id] = _done.entries | (_done.reached << 32) | (_done.epoch << 96)


@internal
def _push_peak(_id: uint64, _entries: uint256, _size: uint256, _top: sums.Node) -> sums.Node:
    """
    @notice Add the top of a chunk of claims to those that wait for a neighbour.
    @param _entries Claims before the chunk, a multiple of `_size`.
    @param _size The chunk's size, or the next power of two above it.
    @return The top that now waits.
    """
    node: sums.Node = _top
    bit: uint256 = _size
    for _: uint256 in range(MAX_LEVELS):
        if _entries & bit == 0:
            break
        left: uint256 = self._peakSums[_id][bit]
        node.digest = sums._join(self._peakHashes[_id][bit], left, node.digest, node.sum)
        node.sum += left
        bit = bit << 1
    self._peakHashes[_id][bit] = node.digest
    self._peakSums[_id][bit] = node.sum
    return node


@internal
@view
def _last_root(
    _id: uint64, _entries: uint256, _size: uint256, _count: uint256, _top: sums.Node
) -> bytes32:
    """
    @notice The root of all claims, from the top that the last chunk made and those before.
    """
    node: sums.Node = _top
    carried: bool = True
    bit: uint256 = _size
    for _: uint256 in range(MAX_LEVELS):
        if bit > _entries:
            break
        if carried:
            # What the last chunk has been joined with already.
            carried = _entries & bit != 0
        elif _entries & bit != 0:
            left: uint256 = self._peakSums[_id][bit]
            node.digest = sums._join(self._peakHashes[_id][bit], left, node.digest, node.sum)
            node.sum += left
        bit = bit << 1
    return sums._root(_count, node)


@internal
def _take_claim(_id: uint64, _index: uint32) -> bool:
    """
    @notice Mark a claim; False where it was marked before.
    """
    word: uint256 = convert(_index, uint256) >> 8
    bit: uint256 = 1 << (convert(_index, uint256) & U8)
    before: uint256 = self._claimed[_id][word]
    if before & bit != 0:
        return False
    self._claimed[_id][word] = before | bit
    return True


@external
@view
def claimed(_batchId: uint64, _index: uint32) -> bool:
    """
    @return Whether the claim at this index of a batch has been paid.
    """
    bit: uint256 = 1 << (convert(_index, uint256) & U8)
    return self._claimed[_batchId][convert(_index, uint256) >> 8] & bit != 0


@external
@view
def settled(_batchId: uint64) -> bool:
    """
    @return Whether the whole pot of a batch has been given to its contributors, or is
            theirs to claim.
    """
    status: uint256 = (self._heads[_batchId] >> 48) & U8
    return status == SETTLED or status == SWEPT


@external
@view
def settlement(
    _batchId: uint64,
) -> (uint32, uint8, uint8, uint128, bytes32, uint32, uint8):
    """
    @return Model; mode (0 push, 1 credit, 2 accumulator, 3 root); method that divides; pot in
            wei; root of the weights, or of the claims once a batch in root mode is settled;
            entries of the list; status (0 none, 1 waiting, 2 settled, 3 void, 4 swept).
    """
    b: Batch = self._load(_batchId)
    return (
        convert(b.modelId, uint32),
        convert(b.mode, uint8),
        convert(b.method, uint8),
        convert(b.pot, uint128),
        b.root,
        convert(b.count, uint32),
        convert(b.status, uint8),
    )


@external
@view
def progress(_batchId: uint64) -> (uint32, uint64, uint128, uint64):
    """
    @return Entries settled by chunks so far; the sum of their weights; wei of the pot that
            nobody has been given yet (in root mode: unclaimed); when it was settled.
    """
    done: Progress = self._progress_of(_batchId)
    b: Batch = self._load(_batchId)
    return (
        convert(done.entries, uint32),
        convert(done.reached, uint64),
        convert(b.left, uint128),
        convert(b.settledAt, uint64),
    )
