# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Input of the evidence checks
@notice Reads words and `bytes` out of the input, and refuses what is not canonical.
@dev The rules are those of precompiles/abi.py.  All places are byte offsets of the input,
     selector included.  Nothing is copied: what is found is a place and a length.
"""

# error MalformedInput(uint256)

MAX_WORDS: constant(uint256) = 2048
SELECTOR: constant(uint256) = 4


@internal
@view
def _word(at: uint256, most: uint256) -> uint256:
    """
    @notice Read the word at byte `at`, which may be `most`.
    """
    if at + 32 > len(msg.data):
        self._malformed(at)
    value: uint256 = convert(slice(msg.data, at, 32), uint256)
    if value > most:
        self._malformed(at)
    return value


@internal
@view
def _length(head: uint256, start: uint256, base: uint256) -> uint256:
    """
    @notice Read the length of the dynamic argument that must lie at `start`.
    @param head Where its offset stands.
    @param base What that offset counts from.
    """
    if self._word(head, max_value(uint256)) != start - base:
        self._malformed(head)
    return self._word(start, max_value(uint256))


@internal
@view
def _end_of_words(start: uint256, count: uint256) -> uint256:
    """
    @notice Where the array of `count` words ends whose length is at `start`.
    """
    first: uint256 = start + 32
    whole: uint256 = (len(msg.data) - first) // 32
    if count > whole:
        self._malformed(first + 32 * whole)
    return first + 32 * count


@internal
@view
def _bytes(head: uint256, start: uint256, base: uint256) -> (uint256, uint256):
    """
    @notice Read the `bytes` whose offset is at `head` and which must lie at `start`.
    @return Their length (the content is at start + 32), and where they end.
    """
    length: uint256 = self._length(head, start, base)
    words: uint256 = length // 32
    rest: uint256 = length % 32
    if rest != 0:
        words += 1
    end: uint256 = self._end_of_words(start, words)
    if rest != 0:
        last: uint256 = convert(slice(msg.data, end - 32, 32), uint256)
        if last << (8 * rest) != 0:
            self._malformed(end - 32)
    return length, end


@internal
@view
def _nothing_follows(end: uint256):
    if len(msg.data) > end:
        self._malformed(end)


@internal
@view
def _equal(a: uint256, b: uint256, reach: uint256) -> uint256:
    """
    @notice How many of `reach` bytes at `a` and at `b` are equal, from the first on.
    @dev The last, incomplete word is read so that it ends where the bytes do: what stands
         before them in the input is there, what follows may not be.
    """
    done: uint256 = 0
    for _: uint256 in range(reach // 32, bound=MAX_WORDS):
        difference: uint256 = self._at(unsafe_add(a, done)) ^ self._at(unsafe_add(b, done))
        if difference != 0:
            return done + self._zero_bytes(difference)
        done = unsafe_add(done, 32)
    rest: uint256 = reach - done
    if rest != 0:
        difference: uint256 = self._at(a + reach - 32) ^ self._at(b + reach - 32)
        difference = difference << (8 * (32 - rest))
        if difference != 0:
            return done + self._zero_bytes(difference)
    return reach


@internal
@view
def _at(place: uint256) -> uint256:
    return convert(slice(msg.data, place, 32), uint256)


@internal
@pure
def _zero_bytes(word: uint256) -> uint256:
    """
    @notice How many bytes of a word that is not 0 are zero before the first that is not.
    """
    found: uint256 = 0
    left: uint256 = word
    for bits: uint256 in [128, 64, 32, 16, 8]:
        if left >> (256 - bits) == 0:
            found += bits // 8
            left = left << bits
    return found


@internal
@pure
def _malformed(at: uint256):
    raw_revert(abi_encode(at, method_id=method_id("MalformedInput(uint256)")))
