# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title PayoutVerifier
@notice Judges what is said against weights and payouts: kinds 6 to 8 of the ledger's
        challenges (1 to 5 are ChallengeVerifier's).  Each is one view, so anyone can try a
        challenge for nothing.
@dev True: the fault is proven.  False: what was shown holds, but proves nothing.  Shown data
     that does not fit the commitments reverts with a named error, arguments that are not of
     their types revert without data.

     The rules that records are held to, engine "byline spans v1":
         a span that c of the N tokens of all datasets begin weighs
         max(1, length * (log2(N) - log2(c))), logarithms in Q16, and its leaves share that
         by cascade; leaves are in order of span, dataset and j, where dataset d has
         m = min(c_d, 4) of them, at the entries lo + floor(j*c_d/m) of its suffix array;
         an owner's points are its part of the record's units by cascade over the sums of the
         leaves' weights, in ascending order of owners; with no leaves all units are the
         model's fallback's.  A record has a unit for each 10**9 wei, at least one.
         A batch pays each owner the sum of its points.

     How the arguments are filled is in node/attribution/proof/challenges.py.
"""

from lib import attribution_calls
from lib import merkle_tree
from . import _subject

initializes: attribution_calls
initializes: _subject[attribution_calls := attribution_calls]

# error WrongEvidence()
# error WrongRecords()
# error WrongOwners(uint256 index)
# error WrongShare(uint256 index)
# error WrongEntry(uint256 index)
# error WrongHeader()
# error WrongList(uint256 index)
# error WrongMerged(uint256 index)

MAX_EVIDENCE: constant(uint256) = 14_336
MAX_RECORDS: constant(uint256) = 46_080
LEAF: constant(uint256) = 56
RECORD: constant(uint256) = 180
PACKED: constant(uint256) = 28
MAX_LEAVES: constant(uint256) = 256
MAX_LIST: constant(uint256) = 28 * 256
LEAVES_BEFORE_LAST: constant(uint256) = 240
MAX_SPAN: constant(uint256) = 64
PLACES: constant(uint256) = 4
WEI_PER_UNIT: constant(uint256) = 10**9
MASK64: constant(uint256) = 2**64 - 1
# A share of kind 7: record u16, leaf u32, points u128, bytes of the proof u16, the proof.
SHARE_HEAD: constant(uint256) = 24
MAX_SHARES: constant(uint256) = 120_000
# The most entries of all lists of kind 8: nodes take no more, if all owners differ.
MAX_ENTRIES: constant(uint256) = 1500
FRACTION_BITS: constant(uint256) = 16
GUARD: constant(uint256) = 64

struct WrongWeights:
    record: _subject.Shown
    leaves: Bytes[MAX_EVIDENCE]
    owners: Bytes[20 * MAX_LEAVES]

struct Entry:
    index: uint32
    who: address
    amount: uint128
    proof: Bytes[1540]

struct Header:
    n: uint32
    total: uint128
    top: bytes32

struct Underpaid:
    owner: address
    records: Bytes[MAX_RECORDS]
    shares: Bytes[MAX_SHARES]
    entries: DynArray[Entry, 2]
    header: Header

struct WrongPayouts:
    records: Bytes[MAX_RECORDS]
    counts: Bytes[2 * MAX_LEAVES]
    lists: Bytes[28 * MAX_ENTRIES]
    places: Bytes[2 * MAX_ENTRIES]
    merged: Bytes[28 * MAX_ENTRIES]


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
def wrongWeights(_batchId: uint64, _shown: WrongWeights) -> bool:
    """
    @notice Kind 6: the leaves are not in the order and number of the rule, or their weights,
            or the points that follow from them, are others.
    @param _shown With all leaves, and their owners, each once and ascending, 20 bytes each.
    """
    claim: _subject.Claim = _subject._claim(_batchId, _shown.record)
    if len(_shown.leaves) % LEAF != 0 or (
        merkle_tree._evidence_root(_shown.leaves) != claim.evidenceRoot
    ):
        raw_revert(method_id("WrongEvidence()"))
    model: _subject.Model = _subject._model(claim.modelId)
    packed: Bytes[MAX_LIST] = b""
    if len(_shown.leaves) == 0:
        packed = concat(
            convert(model.fallbackTo, bytes20), convert(convert(claim.units, uint64), bytes8)
        )
    else:
        least: uint256 = convert(model.engineId, uint256) & 65535
        if not self._fits(_shown.leaves, convert(model.tokens, uint256), least):
            return True
        packed = self._points(_shown.leaves, _shown.owners, claim.units)
    return self._list_root(packed, claim.units) != claim.weightsRoot


@external
@view
def underpaid(_batchId: uint64, _shown: Underpaid) -> bool:
    """
    @notice Kind 7: a batch pays an owner less than its records say, or nothing; or its list
            of payouts has another sum or size than the batch.
    @param _shown With all records of the batch, 180 bytes each; shares of the owner in some
           of them, ascending by record: record u16 || leaf u32 || points u128 || bytes of
           the proof u16 || proof; and entries of the list of payouts: the owner's, or the
           one or two that stand where the owner's would.  A header (n, total, top, the last
           not zero) is judged by itself: nothing else is looked at then.
    """
    batch: _subject.Batch = _subject._batch(_batchId)
    total: uint128 = convert(batch.totalW, uint128)
    if _shown.header.top != empty(bytes32):
        root: bytes32 = keccak256(
            concat(
                x"02",
                convert(_shown.header.n, bytes4),
                convert(_shown.header.total, bytes16),
                _shown.header.top,
            )
        )
        if root != batch.payoutRoot:
            raw_revert(method_id("WrongHeader()"))
        return _shown.header.n != batch.n or _shown.header.total != total
    self._check_records(batch.recordsRoot, _shown.records)
    due: uint256 = 0
    least: uint256 = 0
    at: uint256 = 0
    for i: uint256 in range(MAX_LEAVES):
        if at >= len(_shown.shares):
            break
        head: uint256 = convert(slice(_shown.shares, at, SHARE_HEAD), uint256)
        index: uint256 = head >> 176
        size: uint256 = head & 65535
        amount: uint128 = convert((head >> 16) & (2**128 - 1), uint128)
        if index < least or (index + 1) * RECORD > len(_shown.records) or size > 1540:
            raw_revert(abi_encode(i, method_id=method_id("WrongShare(uint256)")))
        share_proof: Bytes[MAX_SHARES] = slice(_shown.shares, at + SHARE_HEAD, size)
        if not attribution_calls._verify_leaf(
            extract32(_shown.records, index * RECORD + 116),
            convert(self._units(extract32(_shown.records, index * RECORD + 148)), uint128),
            convert((head >> 144) & (2**32 - 1), uint32),
            _shown.owner,
            amount,
            convert(share_proof, Bytes[1540]),
        ):
            raw_revert(abi_encode(i, method_id=method_id("WrongShare(uint256)")))
        due += convert(amount, uint256)
        least = index + 1
        at += SHARE_HEAD + size
    if least == 0 or len(_shown.entries) == 0:
        return False
    for i: uint256 in range(len(_shown.entries), bound=2):
        entry: Entry = _shown.entries[i]
        if not attribution_calls._verify_leaf(
            batch.payoutRoot, total, entry.index, entry.who, entry.amount, entry.proof
        ):
            raw_revert(abi_encode(i, method_id=method_id("WrongEntry(uint256)")))
    first: Entry = _shown.entries[0]
    owner: uint160 = convert(_shown.owner, uint160)
    who: uint160 = convert(first.who, uint160)
    if len(_shown.entries) == 2:
        second: Entry = _shown.entries[1]
        return (
            convert(first.index, uint256) + 1 == convert(second.index, uint256)
            and who < owner
            and owner < convert(second.who, uint160)
        )
    if who == owner:
        return due > convert(first.amount, uint256)
    if first.index == 0 and owner < who:
        return True
    return who < owner and convert(first.index, uint256) + 1 == convert(batch.n, uint256)


@external
@view
def wrongPayouts(_batchId: uint64, _shown: WrongPayouts) -> bool:
    """
    @notice Kind 8: the lists of points of all records, added up, are not the list of payouts.
            Needs nothing of that list, so it proves what kind 7 cannot where it is withheld;
            of at most 1,500 entries of all lists together.  Where there are more, demand the list.
    @param _shown With all records; of each the number of its list's entries, u16; the lists,
           address 20 || points u64 each; of each entry the place of its owner in the merged
           list, u16; and the merged list.
    """
    batch: _subject.Batch = _subject._batch(_batchId)
    self._check_records(batch.recordsRoot, _shown.records)
    sums: uint256[MAX_ENTRIES] = empty(uint256[MAX_ENTRIES])
    places: uint256 = len(_shown.merged) // PACKED
    entry: uint256 = 0
    for i: uint256 in range(len(_shown.records) // RECORD, bound=MAX_LEAVES):
        count: uint256 = convert(slice(_shown.counts, 2 * i, 2), uint256)
        if count > MAX_LEAVES:
            raw_revert(abi_encode(i, method_id=method_id("WrongList(uint256)")))
        part: Bytes[28 * MAX_ENTRIES] = slice(_shown.lists, entry * PACKED, count * PACKED)
        units: uint256 = self._units(extract32(_shown.records, i * RECORD + 148))
        listed: uint256 = 0
        for j: uint256 in range(count, bound=MAX_LEAVES):
            number: uint256 = convert(slice(part, j * PACKED, PACKED), uint256)
            place: uint256 = convert(slice(_shown.places, 2 * entry, 2), uint256)
            if place >= places or (
                number >> 64 != convert(slice(_shown.merged, place * PACKED, 20), uint256)
            ):
                raw_revert(abi_encode(place, method_id=method_id("WrongMerged(uint256)")))
            # One more for each time, so that a place of no points is seen to be needed.
            sums[place] += ((number & MASK64) << 16) + 1
            listed += number & MASK64
            entry += 1
        if (
            listed != units
            or self._list_root(convert(part, Bytes[MAX_LIST]), units)
            != extract32(_shown.records, i * RECORD + 116)
        ):
            raw_revert(abi_encode(i, method_id=method_id("WrongList(uint256)")))
    for place: uint256 in range(places, bound=MAX_ENTRIES):
        amount: uint256 = convert(slice(_shown.merged, place * PACKED + 20, 8), uint256)
        if sums[place] == 0 or sums[place] >> 16 != amount:
            raw_revert(abi_encode(place, method_id=method_id("WrongMerged(uint256)")))
    answer: Bytes[96] = raw_call(
        attribution_calls._math_address(),
        abi_encode(
            convert(0, uint8),
            convert(batch.totalW, uint128),
            _shown.merged,
            method_id=method_id("settleRoot(uint8,uint128,bytes)"),
        ),
        max_outsize=96,
        is_static_call=True,
    )
    if len(answer) != 96:
        attribution_calls._refuse_answer(attribution_calls._math_address())
    return (
        extract32(answer, 0) != batch.payoutRoot
        or convert(extract32(answer, 64), uint256) != convert(batch.n, uint256)
    )


@internal
@pure
def _fits(_leaves: Bytes[MAX_EVIDENCE], _tokens: uint256, _least: uint256) -> bool:
    """
    @notice Whether leaves are in the order and number of the rule, and of its weights.
    """
    count: uint256 = len(_leaves) // LEAF
    before: _subject.Leaf = empty(_subject.Leaf)
    # Of the span: where it ends in the output, its first leaf, places in all datasets.
    end: uint256 = 0
    first: uint256 = 0
    places: uint256 = 0
    # Of the dataset: how many leaves there are to be, and how many there were.
    want: uint256 = 0
    had: uint256 = 0
    for i: uint256 in range(count + 1, bound=257):
        leaf: _subject.Leaf = empty(_subject.Leaf)
        if i < count:
            leaf = _subject._leaf_of(
                convert(extract32(_leaves, i * LEAF), uint256),
                convert(extract32(_leaves, i * LEAF + 24), uint256),
            )
        isSpan: bool = (
            i == 0 or i == count or leaf.outPos != before.outPos or leaf.length != before.length
        )
        if isSpan or leaf.dataset != before.dataset:
            if had != want:
                return False
            if isSpan:
                if i != 0:
                    if places > _tokens:
                        return False
                    weight: uint256 = self._weight(before.length, _tokens, places)
                    share: uint256 = i - first
                    for j: uint256 in range(share, bound=MAX_LEAVES):
                        stated: uint256 = convert(
                            slice(_leaves, (first + j) * LEAF + 44, 8), uint256
                        )
                        if stated != weight * (j + 1) // share - weight * j // share:
                            return False
                if i == count:
                    break
                if (
                    leaf.outPos < end
                    or i > LEAVES_BEFORE_LAST
                    or leaf.length < max(_least, 1)
                    or leaf.length > MAX_SPAN
                ):
                    return False
                end = leaf.outPos + leaf.length
                first = i
                places = 0
            elif leaf.dataset < before.dataset:
                return False
            if leaf.lo >= leaf.hi:
                return False
            places += leaf.hi - leaf.lo
            want = min(leaf.hi - leaf.lo, PLACES)
            had = 0
        elif leaf.lo != before.lo or leaf.hi != before.hi or had == want:
            return False
        if leaf.saIndex != leaf.lo + had * (leaf.hi - leaf.lo) // want:
            return False
        had += 1
        before = leaf
    return True


@internal
@pure
def _points(
    _leaves: Bytes[MAX_EVIDENCE], _owners: Bytes[20 * MAX_LEAVES], _units: uint256
) -> Bytes[MAX_LIST]:
    """
    @notice The packed list of owners and points of leaves that add up to some weight.
    """
    owners: DynArray[uint256, MAX_LEAVES] = []
    for i: uint256 in range(len(_owners) // 20, bound=MAX_LEAVES):
        owners.append(convert(slice(_owners, i * 20, 20), uint256))
        if i != 0 and owners[i] <= owners[i - 1]:
            raw_revert(abi_encode(i, method_id=method_id("WrongOwners(uint256)")))
    sums: uint256[MAX_LEAVES] = empty(uint256[MAX_LEAVES])
    found: uint256 = 0
    total: uint256 = 0
    for i: uint256 in range(len(_leaves) // LEAF, bound=MAX_LEAVES):
        word: uint256 = convert(extract32(_leaves, i * LEAF + 24), uint256)
        owner: uint256 = word >> 96
        low: uint256 = 0
        high: uint256 = len(owners)
        for _: uint256 in range(9):
            if high - low <= 1:
                break
            middle: uint256 = (low + high) // 2
            if owners[middle] <= owner:
                low = middle
            else:
                high = middle
        if len(owners) == 0 or owners[low] != owner:
            raw_revert(abi_encode(i, method_id=method_id("WrongOwners(uint256)")))
        if sums[low] == 0:
            found += 1
        # One more for each leaf, so that an owner of no weight is found, too.
        sums[low] += (((word >> 32) & MASK64) << 16) + 1
        total += (word >> 32) & MASK64
    if found != len(owners):
        raw_revert(abi_encode(len(owners), method_id=method_id("WrongOwners(uint256)")))
    packed: Bytes[MAX_LIST] = b""
    reached: uint256 = 0
    paid: uint256 = 0
    for i: uint256 in range(len(owners), bound=MAX_LEAVES):
        reached += sums[i] >> 16
        due: uint256 = _units * reached // total
        entry: bytes28 = convert(
            convert((owners[i] << 64) | (due - paid), uint224), bytes28
        )
        longer: Bytes[MAX_LIST + 28] = concat(packed, entry)
        packed = convert(longer, Bytes[MAX_LIST])
        paid = due
    return packed


@internal
@view
def _list_root(_packed: Bytes[MAX_LIST], _units: uint256) -> bytes32:
    """
    @notice The sum tree of a list whose points add up to `_units`.
    """
    root: bytes32 = empty(bytes32)
    total: uint128 = 0
    n: uint32 = 0
    root, total, n = attribution_calls._settle_root(0, convert(_units, uint128), _packed)
    return root


@internal
@pure
def _check_records(_root: bytes32, _records: Bytes[MAX_RECORDS]):
    if len(_records) % RECORD != 0 or merkle_tree._records_root(_records) != _root:
        raw_revert(method_id("WrongRecords()"))


@internal
@pure
def _units(_numbers: bytes32) -> uint256:
    """
    @notice The points of a record, from the word whose upper half is its fee.
    """
    return max(1, (convert(_numbers, uint256) >> 128) // WEI_PER_UNIT)


@internal
@pure
def _weight(_length: uint256, _tokens: uint256, _places: uint256) -> uint256:
    """
    @notice What a span weighs: the information of its length, in bits, times 2**16.
    """
    return max(1, _length * (self._log2(_tokens) - self._log2(_places)))


@internal
@pure
def _log2(_number: uint256) -> uint256:
    """
    @notice log2 of a number from 1 to 2**64-1 in Q16, rounded down (up to the last bit), as
            node/attribution/fixed_point.py has it.
    """
    length: uint256 = 0
    rest: uint256 = _number >> 1
    for _: uint256 in range(64):
        if rest == 0:
            break
        rest = rest >> 1
        length += 1
    result: uint256 = length
    mantissa: uint256 = (_number << GUARD) >> length
    for _: uint256 in range(FRACTION_BITS):
        mantissa = (mantissa * mantissa) >> GUARD
        result = result << 1
        if mantissa >> (GUARD + 1) != 0:
            mantissa = mantissa >> 1
            result = result | 1
    return result
