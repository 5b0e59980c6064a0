# pragma version 0.4.3
"""
@title strict_abi
@notice Strict reading of ABI-encoded arguments in __default__, for the twins of precompiles.
@dev The rules, and the order in which faults are found, are those of precompiles/abi.py: only
     the canonical encoding is taken, and a breach reverts with the byte offset of the word at
     fault.  All offsets count from the start of the input, selector included.
"""

# error MalformedInput(uint256)

MAX_UINT8: constant(uint256) = 2**8 - 1
MAX_UINT16: constant(uint256) = 2**16 - 1
MAX_UINT32: constant(uint256) = 2**32 - 1
MAX_UINT64: constant(uint256) = 2**64 - 1
MAX_UINT128: constant(uint256) = 2**128 - 1
SELECTOR: constant(uint256) = 4


@internal
@pure
def malformed(at: uint256):
    raw_revert(abi_encode(at, method_id=method_id("MalformedInput(uint256)")))


@internal
@view
def word(at: uint256, most: uint256) -> uint256:
    """
    @notice Read the word at byte `at`, which may be `most`.
    """
    if at + 32 > len(msg.data):
        self.malformed(at)
    value: uint256 = convert(slice(msg.data, at, 32), uint256)
    if value > most:
        self.malformed(at)
    return value


@internal
@view
def signed_word(at: uint256, most: int256) -> int256:
    """
    @notice Read the word at byte `at` as a signed integer of -most - 1 .. most.
    """
    if at + 32 > len(msg.data):
        self.malformed(at)
    value: int256 = convert(slice(msg.data, at, 32), int256)
    if value > most or value < -most - 1:
        self.malformed(at)
    return value


@internal
@view
def length_of(head: uint256, start: uint256) -> uint256:
    """
    @notice Read the length of the dynamic argument whose offset is at `head`, and which must
            lie at `start`.  Bound it, then ask end_of_words or end_of_bytes.
    """
    if self.word(head, max_value(uint256)) != start - SELECTOR:
        self.malformed(head)
    return self.word(start, max_value(uint256))


@internal
@view
def end_of_words(start: uint256, length: uint256) -> uint256:
    """
    @notice Return where the array of `length` words at `start` ends; refuse one cut off.
    @dev The length may be anything: it is held against the input before it is multiplied.
    """
    first: uint256 = start + 32
    there: uint256 = len(msg.data) - first
    if length > there // 32:
        self.malformed(first + there // 32 * 32)
    return first + 32 * length


@internal
@view
def end_of_bytes(start: uint256, length: uint256) -> uint256:
    """
    @notice Return where the bytes of that length at `start` end, filled up to a whole word;
            refuse those cut off, or filled up with something else than zeros.
    """
    words: uint256 = length // 32
    over: uint256 = length % 32
    if over != 0:
        words += 1
    end: uint256 = self.end_of_words(start, words)
    if over != 0:
        if (convert(slice(msg.data, end - 32, 32), uint256) << (8 * over)) != 0:
            self.malformed(end - 32)
    return end


@internal
@view
def nothing_follows(end: uint256):
    if len(msg.data) > end:
        self.malformed(end)
