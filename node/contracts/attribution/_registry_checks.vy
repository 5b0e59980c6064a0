# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title What the parts of the registry check alike
"""

# error NotAscending(uint256 index)
# error UriTooLong(uint256 size)
# error IdsExhausted()
# error UnknownEngine(bytes32 engineId)

# Longer lists and texts than these are no calls of the registry at all; its limits lie below,
# so that what exceeds them is refused with a name.
MAX_LIST: constant(uint256) = 64
MAX_TEXT: constant(uint256) = 1024

MAX_URI: constant(uint256) = 256
U16: constant(uint256) = 2**16 - 1
U32: constant(uint256) = 2**32 - 1

SPANS_ENGINE: constant(String[15]) = "byline spans v1"
MAX_MIN_LENGTH: constant(uint256) = 64  # tokens


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
@pure
def _check_engine(_engineId: bytes32):
    """
    @notice Refuse all engines but the one that challenges judge by, with spans of 1 to 64
            tokens at the least: evidence of another could not be proven wrong.
    """
    engine: uint256 = convert(_engineId, uint256)
    shortest: uint256 = engine & U16
    if (
        engine >> 16 != convert(keccak256(SPANS_ENGINE), uint256) >> 16
        or shortest == 0
        or shortest > MAX_MIN_LENGTH
    ):
        raw_revert(abi_encode(_engineId, method_id=method_id("UnknownEngine(bytes32)")))
