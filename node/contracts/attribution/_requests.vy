# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Requests that bring their fee
@notice Opened by a payer, answered by the operator in a batch of one, or cancelled.
"""

from lib import merkle_tree
from . import _batches
from . import _prepaid
from . import _recording

uses: _batches
uses: _recording

# error AmountTooLarge(uint256 amount)
# error DeadlineNotPassed(uint256 deadline)
# error DeadlinePassed(uint256 deadline)
# error NotPayer(address caller)
# error NothingPaid()
# error UnknownRequest(bytes32 reqId)

event InferenceOpened:
    reqId: indexed(bytes32)
    payer: indexed(address)
    modelId: indexed(uint32)
    reqHash: bytes32
    fee: uint128
    deadline: uint64
    nonce: uint64

event InferenceCancelled:
    reqId: indexed(bytes32)
    payer: indexed(address)
    fee: uint128

event InferenceAnswered:
    reqId: indexed(bytes32)
    batchId: indexed(uint64)

struct Request:
    reqHash: bytes32
    who: uint256  # payer 160 bits, modelId 32, nonce 64
    terms: uint256  # fee 128 bits, deadline 64

RECORD: constant(uint256) = 180

requestCount: public(uint64)
_requests: HashMap[bytes32, Request]


@external
@payable
def open(_modelId: uint32, _reqHash: bytes32, _deadline: uint64) -> bytes32:
    """
    @notice Ask a model, with the fee as the call's value.
    @param _reqHash What is asked, as payer and operator agree to hash it.
    @param _deadline Up to and including this second the operator may answer.
    @return The request's id.
    """
    if msg.value == 0:
        raw_revert(method_id("NothingPaid()"))
    if msg.value > convert(max_value(uint128), uint256):
        raw_revert(abi_encode(msg.value, method_id=method_id("AmountTooLarge(uint256)")))
    if convert(_deadline, uint256) < block.timestamp:
        raw_revert(
            abi_encode(
                convert(_deadline, uint256), method_id=method_id("DeadlinePassed(uint256)")
            )
        )
    operator: address = empty(address)
    policy: uint32 = 0
    operator, policy = _recording._live_operator(_modelId)
    nonce: uint64 = self.requestCount + 1
    self.requestCount = nonce
    reqId: bytes32 = keccak256(
        abi_encode(chain.id, self, msg.sender, _modelId, _reqHash, nonce)
    )
    self._requests[reqId] = Request(
        reqHash=_reqHash,
        who=(convert(msg.sender, uint256) << 96)
        | (convert(_modelId, uint256) << 64)
        | convert(nonce, uint256),
        terms=(msg.value << 64) | convert(_deadline, uint256),
    )
    log InferenceOpened(
        reqId=reqId,
        payer=msg.sender,
        modelId=_modelId,
        reqHash=_reqHash,
        fee=convert(msg.value, uint128),
        deadline=_deadline,
        nonce=nonce,
    )
    return reqId


@external
def cancel(_reqId: bytes32) -> uint256:
    """
    @notice Take back the fee of a request that nobody answered in time, or that nobody can
            answer any more: of a model that is not live, or of a condemned dataset.  Its
            payer only.
    @return Wei paid.
    """
    request: Request = self._requests[_reqId]
    payer: address = convert(request.who >> 96, address)
    if payer == empty(address):
        raw_revert(abi_encode(_reqId, method_id=method_id("UnknownRequest(bytes32)")))
    if msg.sender != payer:
        raw_revert(abi_encode(msg.sender, method_id=method_id("NotPayer(address)")))
    deadline: uint256 = request.terms & convert(max_value(uint64), uint256)
    modelId: uint32 = convert((request.who >> 64) & convert(max_value(uint32), uint256), uint32)
    if block.timestamp <= deadline and _recording._is_answered(modelId):
        raw_revert(abi_encode(deadline, method_id=method_id("DeadlineNotPassed(uint256)")))
    fee: uint256 = request.terms >> 64
    self._requests[_reqId] = empty(Request)
    log InferenceCancelled(reqId=_reqId, payer=payer, fee=convert(fee, uint128))
    _prepaid._send(payer, fee)
    return fee


@external
def record(
    _reqId: bytes32,
    _outHash: bytes32,
    _evidenceRoot: bytes32,
    _weightsRoot: bytes32,
    _tokensIn: uint32,
    _tokensOut: uint32,
    _payoutRoot: bytes32,
    _n: uint32,
) -> uint64:
    """
    @notice Answer an open request: a batch of one record; the model's operator only.
    @param _outHash Hash of the answer's tokens, four bytes each.
    @param _payoutRoot Sum tree of the `_n` owners and their points.
    @return The batch's id.
    """
    request: Request = self._requests[_reqId]
    payer: address = convert(request.who >> 96, address)
    if payer == empty(address):
        raw_revert(abi_encode(_reqId, method_id=method_id("UnknownRequest(bytes32)")))
    deadline: uint256 = request.terms & convert(max_value(uint64), uint256)
    if block.timestamp > deadline:
        raw_revert(abi_encode(deadline, method_id=method_id("DeadlinePassed(uint256)")))
    modelId: uint32 = convert((request.who >> 64) & convert(max_value(uint32), uint256), uint32)
    policy: uint32 = _recording._check_operator(modelId)
    self._requests[_reqId] = empty(Request)
    batchId: uint64 = _batches._next_batch()
    nonce: uint64 = convert(request.who & convert(max_value(uint64), uint256), uint64)
    fee: uint256 = request.terms >> 64
    leaf: Bytes[RECORD] = concat(
        convert(payer, bytes20),
        request.reqHash,
        _outHash,
        _evidenceRoot,
        _weightsRoot,
        convert(convert(fee, uint128), bytes16),
        convert(_tokensIn, bytes4),
        convert(_tokensOut, bytes4),
        convert(nonce, bytes8),
    )
    _batches._log_record(batchId, 0, leaf)
    log InferenceAnswered(reqId=_reqId, batchId=batchId)
    _batches._store_batch(
        batchId,
        modelId,
        merkle_tree._root_of([merkle_tree._leaf(0, leaf)]),
        _payoutRoot,
        1,
        _n,
        _batches._units(fee),
        fee,
        policy,
    )
    return batchId


@external
@view
def request(_reqId: bytes32) -> (address, uint32, bytes32, uint128, uint64, uint64):
    """
    @notice An open request: payer, modelId, reqHash, fee, deadline, nonce; zeros otherwise.
    """
    stored: Request = self._requests[_reqId]
    long: uint256 = convert(max_value(uint64), uint256)
    return (
        convert(stored.who >> 96, address),
        convert((stored.who >> 64) & convert(max_value(uint32), uint256), uint32),
        stored.reqHash,
        convert(stored.terms >> 64, uint128),
        convert(stored.terms & long, uint64),
        convert(stored.who & long, uint64),
    )
