# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title ChallengeVerifier
@notice Judges what is said against the evidence of a record, and against a dataset: kinds 1
        to 5 of the ledger's challenges (6 to 8 are PayoutVerifier's).  Each is one view, so
        anyone can try a challenge for nothing.
@dev True: the fault is proven.  False: what was shown holds, but proves nothing.  Shown data
     that does not fit the commitments reverts with a named error, arguments that are not of
     their types revert without data.

     The rules that records are held to are those of the engine "byline spans v1", and
     minLen the last two bytes of the engine's id.  Reading the output from
     the left, the longest match of at least minLen and at most 64 tokens in any dataset of
     the model is a span, and reading goes on behind it, else at the next token; up to four
     places of each dataset that has the span are leaves.
     A suffix array orders positions by their first 64 tokens, equal ones by position.

     How the arguments are filled is in node/attribution/proof/challenges.py.
"""

from lib import attribution_calls
from lib import merkle_tree
from . import _subject

initializes: attribution_calls
initializes: _subject[attribution_calls := attribution_calls]

# error WrongLeaf(uint64 index)
# error WrongOutput()
# error WrongEvidence()

MAX_OUTPUT: constant(uint256) = 4096
MAX_EVIDENCE: constant(uint256) = 14_336
LEAF: constant(uint256) = 56
ENTRY: constant(uint256) = 4
CHUNK: constant(uint256) = 1024
CHUNK_ENTRIES: constant(uint256) = 256
MAX_SPAN: constant(uint256) = 64
# No span begins where more leaves than these are there already.
LEAVES_BEFORE_LAST: constant(uint256) = 240

# Edges of kind 4.
BEFORE_FIRST: constant(uint8) = 0
FIRST: constant(uint8) = 1
LAST: constant(uint8) = 2
BEHIND_LAST: constant(uint8) = 3
OTHER_DATASET: constant(uint8) = 4

# Forms of kind 5.
ORDER: constant(uint8) = 0
OWNERS: constant(uint8) = 1
TOKENS_SHAPE: constant(uint8) = 2
SUFFIXES_SHAPE: constant(uint8) = 3

struct FalseSpan:
    record: _subject.Shown
    leaf: Bytes[LEAF]
    leafIndex: uint64
    leafProof: Bytes[264]
    output: Bytes[MAX_OUTPUT]
    tokens: _subject.Opening
    suffix: _subject.Opening

struct LongerMatch:
    record: _subject.Shown
    output: Bytes[MAX_OUTPUT]
    leaves: Bytes[MAX_EVIDENCE]
    outPos: uint32
    length: uint32
    dataset: uint32
    pos: uint32
    tokens: _subject.Opening

struct WrongOwner:
    record: _subject.Shown
    leaf: Bytes[LEAF]
    leafIndex: uint64
    leafProof: Bytes[264]
    owner: _subject.Opening

struct WrongCount:
    record: _subject.Shown
    output: Bytes[MAX_OUTPUT]
    leaves: Bytes[MAX_EVIDENCE]
    edge: uint8
    leafIndex: uint32
    dataset: uint32
    pos: uint32
    suffix: _subject.Opening
    tokens: _subject.Opening

struct BadDataset:
    form: uint8
    index: uint64
    suffix: _subject.Opening
    left: _subject.Opening
    right: _subject.Opening
    owners: _subject.Opening


@deploy
def __init__(_math: address, _evidence: address, _ledger: address, _registry: address):
    attribution_calls.__init__(_math, _evidence)
    _subject.__init__(_ledger, _registry)


@external
@pure
def version() -> String[5]:
    return "0.1.0"


@external
@view
def falseSpan(_batchId: uint64, _shown: FalseSpan) -> bool:
    """
    @notice Kind 1: a leaf names a span that is not where it says.
    @dev Proven by the leaf alone: a dataset that is not the model's, a length out of bounds,
         a position or an index beyond the dataset's end; with the output: a span beyond the
         output's end; with the output and the dataset's tokens at the position: other tokens;
         with the suffix array's chunk: another entry at the index.
         Leave the openings that are not needed empty.
    """
    claim: _subject.Claim = _subject._claim(_batchId, _shown.record)
    leaf: _subject.Leaf = self._leaf(
        claim.evidenceRoot, _shown.leaf, _shown.leafIndex, _shown.leafProof
    )
    if not _subject._has_dataset(claim.modelId, leaf.dataset):
        return True
    if leaf.length < self._least_span(claim.modelId) or leaf.length > MAX_SPAN:
        return True
    dataset: _subject.Dataset = _subject._dataset(leaf.dataset)
    size: uint256 = convert(dataset.tokens, uint256)
    if leaf.pos + leaf.length > size or leaf.saIndex >= size:
        return True
    if len(_shown.suffix.chunks) != 0:
        entry: Bytes[256] = _subject._entries(dataset.saRoot, _shown.suffix, leaf.saIndex, 1)
        if convert(slice(entry, 0, 4), uint256) != leaf.pos:
            return True
    if len(_shown.output) != 0:
        self._check_output(claim.outHash, _shown.output)
        if (leaf.outPos + leaf.length) * ENTRY > len(_shown.output):
            return True
        if len(_shown.tokens.chunks) != 0:
            window: Bytes[256] = _subject._entries(
                dataset.tokRoot, _shown.tokens, leaf.pos, leaf.length
            )
            return not self._matches(_shown.output, leaf.outPos, window)
    return False


@external
@view
def longerMatch(_batchId: uint64, _shown: LongerMatch) -> bool:
    """
    @notice Kind 2: `length` tokens of the output from `outPos` on stand in the dataset at
            `pos`, where the record has a shorter span, or none although it had to.
    @param _shown With all leaves of the evidence.
    """
    claim: _subject.Claim = _subject._claim(_batchId, _shown.record)
    self._check_evidence(claim.evidenceRoot, _shown.leaves)
    self._check_output(claim.outHash, _shown.output)
    outPos: uint256 = convert(_shown.outPos, uint256)
    length: uint256 = convert(_shown.length, uint256)
    if length == 0 or length > MAX_SPAN or (outPos + length) * ENTRY > len(_shown.output):
        return False
    count: uint256 = len(_shown.leaves) // LEAF
    isShorter: bool = False
    isCovered: bool = False
    end: uint256 = 0
    for i: uint256 in range(count, bound=256):
        word: uint256 = convert(extract32(_shown.leaves, i * LEAF), uint256)
        start: uint256 = word >> 224
        behind: uint256 = start + ((word >> 192) & (2**32 - 1))
        if start == outPos and behind < outPos + length:
            isShorter = True
        if start <= outPos and outPos < behind:
            isCovered = True
        end = max(end, behind)
    if isCovered and not isShorter:
        return False
    if not isShorter:
        if length < self._least_span(claim.modelId):
            return False
        if outPos >= end and count > LEAVES_BEFORE_LAST:
            return False
    return self._has_tokens(
        claim.modelId,
        _shown.dataset,
        _shown.pos,
        length,
        outPos,
        _shown.output,
        _shown.tokens,
    )


@external
@view
def wrongOwner(_batchId: uint64, _shown: WrongOwner) -> bool:
    """
    @notice Kind 3: the position of a leaf belongs to somebody else.
    @param _shown With the one range of owners that holds the position.
    """
    claim: _subject.Claim = _subject._claim(_batchId, _shown.record)
    leaf: _subject.Leaf = self._leaf(
        claim.evidenceRoot, _shown.leaf, _shown.leafIndex, _shown.leafProof
    )
    dataset: _subject.Dataset = _subject._dataset(leaf.dataset)
    _subject._check_opening(dataset.ownerRoot, _shown.owner)
    if len(_shown.owner.chunks[0]) != 28:
        return False
    start: uint256 = 0
    end: uint256 = 0
    owner: address = empty(address)
    start, end, owner = self._range(_shown.owner.chunks[0])
    return start <= leaf.pos and leaf.pos < end and owner != leaf.owner


@external
@view
def wrongCount(_batchId: uint64, _shown: WrongCount) -> bool:
    """
    @notice Kind 4: the range of a leaf is not that of all suffixes that start with its span,
            or a dataset that has the span is left out.
    @param _shown With all leaves.  `edge` says what is shown: of the suffix array, with the
           tokens there, the entry 0 before the range, which has the span, 1 the first of
           it, which has not, 2 the last, which has not, 3 behind it, which has; or 4, that
           `dataset` has the span at `pos`, and no leaf.  A range that is empty or goes beyond
           the end needs no opening.
    """
    claim: _subject.Claim = _subject._claim(_batchId, _shown.record)
    self._check_evidence(claim.evidenceRoot, _shown.leaves)
    self._check_output(claim.outHash, _shown.output)
    at: uint256 = convert(_shown.leafIndex, uint256) * LEAF
    if at >= len(_shown.leaves):
        return False
    leaf: _subject.Leaf = _subject._leaf_of(
        convert(extract32(_shown.leaves, at), uint256),
        convert(extract32(_shown.leaves, at + 24), uint256),
    )
    if leaf.length > MAX_SPAN or (leaf.outPos + leaf.length) * ENTRY > len(_shown.output):
        return False
    if _shown.edge == OTHER_DATASET:
        wanted: uint256 = (leaf.outPos << 64) | (leaf.length << 32)
        wanted = wanted | convert(_shown.dataset, uint256)
        for i: uint256 in range(len(_shown.leaves) // LEAF, bound=256):
            if convert(extract32(_shown.leaves, i * LEAF), uint256) >> 160 == wanted:
                return False
        return self._has_tokens(
            claim.modelId,
            _shown.dataset,
            _shown.pos,
            leaf.length,
            leaf.outPos,
            _shown.output,
            _shown.tokens,
        )
    if not _subject._has_dataset(claim.modelId, leaf.dataset):
        return False
    dataset: _subject.Dataset = _subject._dataset(leaf.dataset)
    size: uint256 = convert(dataset.tokens, uint256)
    if leaf.lo >= leaf.hi or leaf.hi > size:
        return True
    index: uint256 = leaf.lo
    if _shown.edge == BEFORE_FIRST:
        if leaf.lo == 0:
            return False
        index = leaf.lo - 1
    elif _shown.edge == LAST:
        index = leaf.hi - 1
    elif _shown.edge == BEHIND_LAST:
        if leaf.hi == size:
            return False
        index = leaf.hi
    elif _shown.edge != FIRST:
        return False
    entry: Bytes[256] = _subject._entries(dataset.saRoot, _shown.suffix, index, 1)
    pos: uint256 = convert(slice(entry, 0, 4), uint256)
    has: bool = False
    if pos + leaf.length <= size:
        window: Bytes[256] = _subject._entries(dataset.tokRoot, _shown.tokens, pos, leaf.length)
        has = self._matches(_shown.output, leaf.outPos, window)
    elif pos >= size:
        # The dataset is at fault, which is kind 5.
        return False
    if _shown.edge == BEFORE_FIRST or _shown.edge == BEHIND_LAST:
        return has
    return not has


@external
@view
def badDataset(_id: uint64, _shown: BadDataset) -> bool:
    """
    @notice Kind 5: what a dataset commits to is no dataset.
    @param _shown `form` 0: entries `index` and `index` + 1 of the suffix array are not in
           order, with the tokens of both, or the first of them is out of range, which needs
           no tokens; 1: `owners` opens one range, or two neighbours, that do not cover the
           dataset without gaps; 2 and 3: `left` opens a chunk of the tokens, or `suffix` one
           of the suffix array, of a size or a number that does not fit the tokens.
    """
    dataset: _subject.Dataset = _subject._dataset(convert(_id, uint32))
    size: uint256 = convert(dataset.tokens, uint256)
    if _shown.form == ORDER:
        return self._is_unordered(dataset, _shown)
    if _shown.form == OWNERS:
        return self._is_uncovered(dataset, _shown.owners)
    opening: _subject.Opening = _shown.left
    root: bytes32 = dataset.tokRoot
    if _shown.form == SUFFIXES_SHAPE:
        opening = _shown.suffix
        root = dataset.saRoot
    elif _shown.form != TOKENS_SHAPE:
        return False
    _subject._check_opening(root, opening)
    chunks: uint256 = (size + CHUNK_ENTRIES - 1) // CHUNK_ENTRIES
    if convert(slice(opening.proofs[0], 0, 8), uint256) != chunks:
        return True
    rest: uint256 = size * ENTRY - convert(opening.first, uint256) * CHUNK
    return len(opening.chunks[0]) != min(rest, CHUNK)


@internal
@view
def _is_unordered(_dataset: _subject.Dataset, _shown: BadDataset) -> bool:
    size: uint256 = convert(_dataset.tokens, uint256)
    index: uint256 = convert(_shown.index, uint256)
    if index >= size:
        return False
    entry: Bytes[256] = _subject._entries(_dataset.saRoot, _shown.suffix, index, 1)
    left: uint256 = convert(slice(entry, 0, 4), uint256)
    if left >= size:
        return True
    if index + 1 == size:
        return False
    entry = _subject._entries(_dataset.saRoot, _shown.suffix, index + 1, 1)
    right: uint256 = convert(slice(entry, 0, 4), uint256)
    if right >= size:
        return True
    order: int8 = attribution_calls._compare_suffix(
        _subject._entries(_dataset.tokRoot, _shown.left, left, min(MAX_SPAN, size - left)),
        _subject._entries(_dataset.tokRoot, _shown.right, right, min(MAX_SPAN, size - right)),
    )
    return order > 0 or (order == 0 and left >= right)


@internal
@view
def _is_uncovered(_dataset: _subject.Dataset, _opening: _subject.Opening) -> bool:
    _subject._check_opening(_dataset.ownerRoot, _opening)
    count: uint256 = convert(slice(_opening.proofs[0], 0, 8), uint256)
    if count != convert(_dataset.owners, uint256):
        return True
    before: uint256 = 0
    for i: uint256 in range(len(_opening.chunks), bound=2):
        if len(_opening.chunks[i]) != 28:
            return True
        start: uint256 = 0
        end: uint256 = 0
        owner: address = empty(address)
        start, end, owner = self._range(_opening.chunks[i])
        index: uint256 = convert(_opening.first, uint256) + i
        if start >= end:
            return True
        # Of the first one shown, unless it is the dataset's first, nothing is known before.
        if (i == 1 or index == 0) and start != before:
            return True
        if index + 1 == count and end != convert(_dataset.tokens, uint256):
            return True
        before = end
    return False


@internal
@view
def _has_tokens(
    _modelId: uint32,
    _id: uint32,
    _pos: uint32,
    _length: uint256,
    _outPos: uint256,
    _output: Bytes[MAX_OUTPUT],
    _tokens: _subject.Opening,
) -> bool:
    """
    @notice Whether a dataset of the model has the output's tokens at a position.
    """
    if not _subject._has_dataset(_modelId, _id):
        return False
    dataset: _subject.Dataset = _subject._dataset(_id)
    pos: uint256 = convert(_pos, uint256)
    if pos + _length > convert(dataset.tokens, uint256):
        return False
    return self._matches(
        _output, _outPos, _subject._entries(dataset.tokRoot, _tokens, pos, _length)
    )


@internal
@view
def _matches(_output: Bytes[MAX_OUTPUT], _outPos: uint256, _window: Bytes[256]) -> bool:
    """
    @notice Whether the output continues from `_outPos` on with these tokens.
    """
    size: uint32 = convert(len(_window), uint32)
    at: uint32 = convert(_outPos * ENTRY, uint32)
    return attribution_calls._match_len(_output, at, _window, 0, size) == size


@internal
@view
def _leaf(
    _root: bytes32, _data: Bytes[LEAF], _index: uint64, _proof: Bytes[264]
) -> _subject.Leaf:
    """
    @notice An evidence leaf; reverts for what the root does not commit to.
    """
    if len(_data) != LEAF or not attribution_calls._verify_chunk(_root, _index, _data, _proof):
        raw_revert(abi_encode(_index, method_id=method_id("WrongLeaf(uint64)")))
    return _subject._leaf_of(
        convert(extract32(_data, 0), uint256), convert(extract32(_data, 24), uint256)
    )


@internal
@view
def _least_span(_modelId: uint32) -> uint256:
    """
    @notice The least number of tokens of a span: the last two bytes of the engine's id.
    """
    model: _subject.Model = _subject._model(_modelId)
    return convert(model.engineId, uint256) & 65535


@internal
@pure
def _range(_chunk: Bytes[CHUNK]) -> (uint256, uint256, address):
    """
    @notice Start, end and owner of a range, which has 28 bytes.
    """
    number: uint256 = convert(slice(_chunk, 0, 28), uint256)
    return (
        number >> 192, (number >> 160) & (2**32 - 1), convert(number & (2**160 - 1), address)
    )


@internal
@pure
def _check_output(_hash: bytes32, _output: Bytes[MAX_OUTPUT]):
    if keccak256(_output) != _hash:
        raw_revert(method_id("WrongOutput()"))


@internal
@pure
def _check_evidence(_root: bytes32, _leaves: Bytes[MAX_EVIDENCE]):
    if len(_leaves) % LEAF != 0 or merkle_tree._evidence_root(_leaves) != _root:
        raw_revert(method_id("WrongEvidence()"))
