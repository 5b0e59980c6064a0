# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title The search for spans
@notice Where an output repeats documents word for word.
@dev The rule is in precompiles/evidence/_spans_py.py.  Here every place of the documents is
     tried for every place of the output: about 400 gas each, more where tokens agree.  That
     is for small documents, and to be held against the precompile, which fills a table.
"""

from attribution import _evidence_input as reading

# error TooManyDocuments(uint256)
# error BadMinimum(uint256)
# error NotTokens(uint256)
# error OutputTooLong(uint256)
# error DocumentsTooLong(uint256)
# error ZeroToken(uint256)

MAX_DOCUMENTS: constant(uint256) = 256
MAX_TOKENS: constant(uint256) = 1024
MAX_TEXT: constant(uint256) = 8192
MAX_SPAN: constant(uint256) = 64
MAX_UINT32: constant(uint256) = 2**32 - 1
LEAVES_OF_A_SPAN: constant(uint256) = 4
ENOUGH_LEAVES: constant(uint256) = 240
# 241 entries of 14 bytes fill 106 words; before them stand the offset and the length.
ENTRY: constant(uint256) = 14
MAX_WORDS: constant(uint256) = 108

# Byte offsets of the input.
OUTPUT_AT: constant(uint256) = 4
DOCUMENTS_AT: constant(uint256) = 36
MINIMUM_AT: constant(uint256) = 68
TAIL_AT: constant(uint256) = 100


@internal
@view
def _spans() -> DynArray[uint256, MAX_WORDS]:
    """
    @notice Answer the input of spans(bytes,bytes[],uint16).
    @return The words of the answer: `bytes` as the only result.
    """
    size: uint256 = 0
    minimum: uint256 = 0
    # Each where its content is, and how many tokens it has: at * 2**32 + tokens.
    documents: DynArray[uint256, MAX_DOCUMENTS] = []
    size, minimum, documents = self._shape()
    words: uint256[MAX_WORDS] = empty(uint256[MAX_WORDS])
    count: uint256 = 0
    leaves: uint256 = 0
    place: uint256 = 0
    for _: uint256 in range(MAX_TOKENS):
        if place >= size or leaves > ENOUGH_LEAVES:
            break
        length: uint256 = 0
        document: uint256 = 0
        position: uint256 = 0
        places: uint256 = 0
        length, document, position, places = self._longest(
            TAIL_AT + 32 + 4 * place, min(MAX_SPAN, size - place), minimum, documents
        )
        if length == 0:
            place += 1
            continue
        entry: uint256 = (place << 80) | (length << 48) | (document << 32) | position
        bit: uint256 = 512 + 112 * count
        at: uint256 = bit // 256
        room: uint256 = 256 - bit % 256
        if room >= 112:
            words[at] |= entry << (room - 112)
        else:
            words[at] |= entry >> (112 - room)
            words[at + 1] |= entry << (256 + room - 112)
        count += 1
        leaves += min(places, LEAVES_OF_A_SPAN)
        place += length
    words[0] = 32
    words[1] = ENTRY * count
    answer: DynArray[uint256, MAX_WORDS] = []
    for i: uint256 in range(2 + (ENTRY * count + 31) // 32, bound=MAX_WORDS):
        answer.append(words[i])
    return answer


@internal
@view
def _longest(
    at: uint256, most: uint256, minimum: uint256, documents: DynArray[uint256, MAX_DOCUMENTS]
) -> (uint256, uint256, uint256, uint256):
    """
    @notice The longest piece of at least `minimum` tokens that begins at byte `at`.
    @return Its length (0 for none), document and position, and at how many places it stands.
    """
    length: uint256 = 0
    document: uint256 = 0
    position: uint256 = 0
    places: uint256 = 0
    wanted: uint256 = minimum
    head: uint256 = reading._at(at - 28) & MAX_UINT32
    for i: uint256 in range(len(documents), bound=MAX_DOCUMENTS):
        tokens: uint256 = documents[i] & MAX_UINT32
        content: uint256 = documents[i] >> 32
        for p: uint256 in range(tokens, bound=MAX_TEXT):
            here: uint256 = unsafe_add(content, unsafe_mul(4, p))
            reach: uint256 = min(most, unsafe_sub(tokens, p))
            if reach < wanted:
                break
            if reading._at(unsafe_sub(here, 28)) & MAX_UINT32 != head:
                continue
            found: uint256 = reading._equal(at, here, 4 * reach) // 4
            if found > length and found >= minimum:
                length = found
                wanted = found
                document = i
                position = p
                places = 1
            elif found == length:
                places += 1
    return length, document, position, places


@internal
@view
def _shape() -> (uint256, uint256, DynArray[uint256, MAX_DOCUMENTS]):
    """
    @notice Read all of the input and refuse what is out of bounds.
    @return The output's tokens, minLen, and the documents.
    """
    length: uint256 = 0
    end: uint256 = 0
    length, end = reading._bytes(OUTPUT_AT, TAIL_AT, reading.SELECTOR)
    start: uint256 = end
    count: uint256 = reading._length(DOCUMENTS_AT, start, reading.SELECTOR)
    if count > MAX_DOCUMENTS:
        raw_revert(abi_encode(count, method_id=method_id("TooManyDocuments(uint256)")))
    base: uint256 = start + 32
    end = reading._end_of_words(start, count)
    documents: DynArray[uint256, MAX_DOCUMENTS] = []
    for i: uint256 in range(count, bound=MAX_DOCUMENTS):
        content: uint256 = end + 32
        size: uint256 = 0
        size, end = reading._bytes(base + 32 * i, end, base)
        # In bytes, until they are known to be whole tokens.
        documents.append((content << 32) | size)
    minimum: uint256 = reading._word(MINIMUM_AT, 2**16 - 1)
    reading._nothing_follows(end)
    if minimum == 0 or minimum > MAX_SPAN:
        raw_revert(abi_encode(minimum, method_id=method_id("BadMinimum(uint256)")))
    self._whole(length)
    if length > 4 * MAX_TOKENS:
        raw_revert(abi_encode(length // 4, method_id=method_id("OutputTooLong(uint256)")))
    total: uint256 = 0
    for i: uint256 in range(count, bound=MAX_DOCUMENTS):
        size: uint256 = documents[i] & MAX_UINT32
        self._whole(size)
        total += size
        documents[i] = documents[i] - size + size // 4
    if total > 4 * MAX_TEXT:
        raw_revert(abi_encode(total, method_id=method_id("DocumentsTooLong(uint256)")))
    for i: uint256 in range(length // 4, bound=MAX_TOKENS):
        if reading._at(TAIL_AT + 4 + 4 * i) & MAX_UINT32 == 0:
            raw_revert(abi_encode(i, method_id=method_id("ZeroToken(uint256)")))
    return length // 4, minimum, documents


@internal
@pure
def _whole(size: uint256):
    if size % 4 != 0:
        raw_revert(abi_encode(size, method_id=method_id("NotTokens(uint256)")))
