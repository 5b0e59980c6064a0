# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Calls of the attribution math and of the evidence checks
@notice For contracts that divide money or judge evidence.  Each of the two back ends is the
        precompile where its slot is 0, and otherwise the contract of that address: the twin.
@dev Use: from lib import attribution_calls, then
         initializes: attribution_calls
     and attribution_calls.__init__(math, evidence) in the constructor; genesis writes the
     same two slots.

     Not interface calls: a precompile has no code to look for, and takes no byte after the
     last argument, where Vyper would send the longest list that the type allows.

     What a back end reverts with becomes the caller's own error.  An answer of another size
     than the function has is NoAnswer: nothing is at that address, or something else.
"""

# error NoAnswer(address backEnd)
# error ValueNotAccepted()
# error MalformedInput(uint256)
# error UnknownSelector(bytes4)
# error UnknownMethod(uint8)
# error TooManyRecipients(uint256)
# error WeightOverflow(uint256)
# error ZeroWeight()
# error NotAscending(uint256 index)
# error BadBps(uint256)
# error BadTree(uint256 index)

MATH_PRECOMPILE: constant(address) = 0x000000000000000000000000000000000000a770
EVIDENCE_PRECOMPILE: constant(address) = 0x000000000000000000000000000000000000a771

CASCADE: constant(uint8) = 0

# A proof of a tree with 2**32 leaves: u64 count, siblings of 32 bytes; u32 count, of 48.
MAX_CHUNK: constant(uint256) = 1024
MAX_CHUNK_PROOF: constant(uint256) = 8 + 32 * 32
MAX_LEAF_PROOF: constant(uint256) = 4 + 48 * 32
# 1024 tokens, as long as an output may be.
MAX_TOKENS: constant(uint256) = 4096
MAX_SUFFIX: constant(uint256) = 256
# The owners of one answer.
MAX_OWNERS: constant(uint256) = 256

_math: address
_evidence: address


@deploy
def __init__(_math_contract: address, _evidence_contract: address):
    """
    @notice Name the twins; the zero address stands for the precompile.
    """
    self._math = _math_contract
    self._evidence = _evidence_contract


@internal
@view
def _math_address() -> address:
    """
    @notice Who divides: the precompile or its twin.
    """
    if self._math == empty(address):
        return MATH_PRECOMPILE
    return self._math


@internal
@view
def _evidence_address() -> address:
    """
    @notice Who compares: the precompile or its twin.
    """
    if self._evidence == empty(address):
        return EVIDENCE_PRECOMPILE
    return self._evidence


@internal
@view
def _apportion(
    _method: uint8, _amount: uint128, _weights: DynArray[uint64, MAX_OWNERS]
) -> DynArray[uint128, MAX_OWNERS]:
    """
    @notice Divide an amount by weights, exactly.
    """
    target: address = self._math_address()
    answer: Bytes[64 + 32 * MAX_OWNERS] = raw_call(
        target,
        abi_encode(
            _method,
            _amount,
            _weights,
            method_id=method_id("apportion(uint8,uint128,uint64[])"),
        ),
        max_outsize=64 + 32 * MAX_OWNERS,
        is_static_call=True,
    )
    if len(answer) != 64 + 32 * len(_weights):
        self._refuse_answer(target)
    shares: DynArray[uint128, MAX_OWNERS] = abi_decode(answer, DynArray[uint128, MAX_OWNERS])
    if len(shares) != len(_weights):
        self._refuse_answer(target)
    return shares


@internal
@view
def _settle_root(
    _method: uint8, _amount: uint128, _packed: Bytes[28 * MAX_OWNERS]
) -> (bytes32, uint128, uint32):
    """
    @notice The sum tree of what each of a packed list gets: its root, sum and size.
    @param _packed address 20 || weight u64 for each, strictly ascending; at most 256 here.
    """
    target: address = self._math_address()
    answer: Bytes[96] = raw_call(
        target,
        abi_encode(
            _method, _amount, _packed, method_id=method_id("settleRoot(uint8,uint128,bytes)")
        ),
        max_outsize=96,
        is_static_call=True,
    )
    if len(answer) != 96:
        self._refuse_answer(target)
    return abi_decode(answer, (bytes32, uint128, uint32))


@internal
@view
def _verify_leaf(
    _root: bytes32,
    _total: uint128,
    _index: uint32,
    _who: address,
    _amount: uint128,
    _proof: Bytes[MAX_LEAF_PROOF],
) -> bool:
    """
    @notice Whether a sum tree holds this amount for `_who` at `_index`.
    """
    return self._yes(
        self._math_address(),
        abi_encode(
            _root,
            _total,
            _index,
            _who,
            _amount,
            _proof,
            method_id=method_id("verifyLeaf(bytes32,uint128,uint32,address,uint128,bytes)"),
        ),
    )


@internal
@view
def _verify_chunk(
    _root: bytes32, _index: uint64, _chunk: Bytes[MAX_CHUNK], _proof: Bytes[MAX_CHUNK_PROOF]
) -> bool:
    """
    @notice Whether a Merkle tree of chunks holds `_chunk` at `_index`.
    """
    return self._yes(
        self._evidence_address(),
        abi_encode(
            _root,
            _index,
            _chunk,
            _proof,
            method_id=method_id("verifyChunk(bytes32,uint64,bytes,bytes)"),
        ),
    )


@internal
@view
def _match_len(
    _a: Bytes[MAX_TOKENS],
    _offA: uint32,
    _b: Bytes[MAX_TOKENS],
    _offB: uint32,
    _most: uint32,
) -> uint32:
    """
    @notice How many bytes from `_offA` of `_a` and from `_offB` of `_b` are equal, up to `_most`.
    """
    target: address = self._evidence_address()
    answer: Bytes[32] = raw_call(
        target,
        abi_encode(
            _a,
            _offA,
            _b,
            _offB,
            _most,
            method_id=method_id("matchLen(bytes,uint32,bytes,uint32,uint32)"),
        ),
        max_outsize=32,
        is_static_call=True,
    )
    if len(answer) != 32:
        self._refuse_answer(target)
    return abi_decode(answer, uint32)


@internal
@view
def _compare_suffix(_x: Bytes[MAX_SUFFIX], _y: Bytes[MAX_SUFFIX]) -> int8:
    """
    @notice -1, 0 or 1: how `_x` stands to `_y` in lexicographic order, a prefix first.
    """
    target: address = self._evidence_address()
    answer: Bytes[32] = raw_call(
        target,
        abi_encode(_x, _y, method_id=method_id("compareSuffix(bytes,bytes)")),
        max_outsize=32,
        is_static_call=True,
    )
    if len(answer) != 32:
        self._refuse_answer(target)
    return abi_decode(answer, int8)


@internal
@view
def _yes(_target: address, _data: Bytes[2500]) -> bool:
    """
    @notice Ask what is answered by a truth value.
    """
    answer: Bytes[32] = raw_call(_target, _data, max_outsize=32, is_static_call=True)
    if len(answer) != 32:
        self._refuse_answer(_target)
    return abi_decode(answer, bool)


@internal
@pure
def _refuse_answer(_target: address):
    raw_revert(abi_encode(_target, method_id=method_id("NoAnswer(address)")))
