# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Deposits into the payout vault
@notice How the fees of a batch are divided before its contributors are known.
"""

from lib import attribution_calls
from . import _accumulator as pools
from . import _vault_batches as batches
from . import _vault_books as books
from . import _vault_paying as paying

uses: attribution_calls
uses: batches
uses: books
uses: paying
uses: pools

# error BatchExists(uint256 id)
# error AmountTooLarge(uint256 amount)
# error NothingPaid()

interface Registry:
    def lineage(_id: uint32) -> (DynArray[uint32, 32], Bytes[64], Bytes[3968]): view

interface FeePolicy:
    def split(_id: uint32, _amount: uint128) -> (uint128, uint128, uint128, uint128): view
    def policy(
        _id: uint32,
    ) -> (uint128, uint128, uint128, uint16, uint16, uint16, uint16, address): view

interface StakePool:
    def totalStake(_model: uint32) -> uint256: view
    def fund(_model: uint32): payable

event Deposited:
    batchId: indexed(uint64)
    modelId: indexed(uint32)
    amount: uint256
    treasury: address
    platform: uint256
    owner: address
    toOwner: uint256
    toStakers: uint256
    toAncestors: uint256
    carried: uint256
    pot: uint256
    root: bytes32
    n: uint32
    weight: uint64
    method: uint8
    mode: uint8

event Fallback:
    batchId: indexed(uint64)
    who: indexed(address)
    amount: uint256

event CarryReleased:
    modelId: indexed(uint32)
    who: indexed(address)
    amount: uint256
    carried: uint256

struct Terms:  # of a deposit
    treasury: address
    owner: address
    fallbackTo: address
    platform: uint256
    toOwner: uint256
    toStakers: uint256
    toContributors: uint256
    mode: uint256
    method: uint256

CASCADE: constant(uint256) = 0
PUSH: constant(uint256) = 0
ACCUMULATOR: constant(uint256) = 2
WAITING: constant(uint256) = 1
LIVE: constant(uint8) = 1
U128: constant(uint256) = 2**128 - 1
MAX_UNDIVIDED: constant(uint256) = 256  # entries that another method than cascade divides
# Fewer where each is paid: 256 that burn the gas of their payment and refuse it take more than
# the 2**24 gas of one transaction, and only cascade can be settled in several.
MAX_PUSHED_AT_ONCE: constant(uint256) = 128
MAX_LINEAGE: constant(uint256) = 32

_feePolicy: address
_stakePool: address


@deploy
def __init__(_feePolicyAddress: address, _stakePoolAddress: address):
    self._feePolicy = _feePolicyAddress
    self._stakePool = _stakePoolAddress


@external
@payable
def deposit(
    _batchId: uint64,
    _modelId: uint32,
    _payoutRoot: bytes32,
    _n: uint32,
    _totalW: uint64,
    _policy: uint32,
):
    """
    @notice Take the fees of a batch, which are the value of the call; the ledger only.  The
            fee policy divides them, the model's ancestors get their parts as carries, and the
            rest with the model's own carry is the pot of the batch.
    @param _payoutRoot Root of the sum tree of the contributors' weights.
    @param _n Contributors; where there is none, the pot is the model's fallback's.
    @param _totalW Sum of the weights.
    @param _policy The model's fee policy when the answers were recorded: what its owner sets
           afterwards takes nothing from who contributed to them.
    """
    books._only_ledger()
    if batches._load(_batchId).status != 0:
        raw_revert(abi_encode(_batchId, method_id=method_id("BatchExists(uint256)")))
    terms: Terms = self._terms(_modelId, msg.value, _policy)
    own: uint256 = self._pay_ancestors(_batchId, _modelId, terms.toContributors)
    carried: uint256 = books.carryOf[_modelId]
    if carried != 0:
        books.carryOf[_modelId] = 0
    b: batches.Batch = empty(batches.Batch)
    b.modelId = convert(_modelId, uint256)
    b.mode = terms.mode
    b.method = terms.method
    if (
        b.mode == ACCUMULATOR
        or convert(_n, uint256) > MAX_UNDIVIDED
        or (b.mode == PUSH and convert(_n, uint256) > MAX_PUSHED_AT_ONCE)
    ):
        b.method = CASCADE
    b.status = WAITING
    b.count = convert(_n, uint256)
    b.weight = convert(_totalW, uint256)
    b.pot = own + carried
    if b.pot > U128:
        raw_revert(abi_encode(b.pot, method_id=method_id("AmountTooLarge(uint256)")))
    b.left = b.pot
    b.root = _payoutRoot
    log Deposited(
        batchId=_batchId,
        modelId=_modelId,
        amount=msg.value,
        treasury=terms.treasury,
        platform=terms.platform,
        owner=terms.owner,
        toOwner=terms.toOwner,
        toStakers=terms.toStakers,
        toAncestors=terms.toContributors - own,
        carried=carried,
        pot=b.pot,
        root=_payoutRoot,
        n=_n,
        weight=_totalW,
        method=convert(b.method, uint8),
        mode=convert(b.mode, uint8),
    )
    books._credit(terms.treasury, terms.platform)
    books._credit(terms.owner, terms.toOwner)
    if b.count == 0 or b.weight == 0:
        log Fallback(batchId=_batchId, who=terms.fallbackTo, amount=b.pot)
        books._credit(terms.fallbackTo, b.pot)
        b.left = 0
        # Nothing can be claimed from it.
        b.root = empty(bytes32)
        paying._finish(_batchId, b)
        self._fund_stakers(_modelId, terms.toStakers)
        return
    batches._roots[_batchId] = _payoutRoot
    if b.mode == ACCUMULATOR and pools._continues(_modelId, _payoutRoot, b.weight):
        b.left = 0
        epoch: uint256 = pools._accrue(_modelId, b.pot)
        paying._tell_accrued(_modelId, epoch, _batchId, b.pot, 0)
        paying._finish(_batchId, b)
    else:
        batches._store(_batchId, b)
    self._fund_stakers(_modelId, terms.toStakers)


@external
@payable
def accrue(_modelId: uint32):
    """
    @notice Pay a model's contributors without a batch.  Where the model settles by
            accumulator and has units, the value and the model's carry accrue to them;
            otherwise the value joins the carry, and so the pot of the next batch.  A model
            that is not live has no next batch: value and carry are credited to its fallback.
    """
    if msg.value > U128:
        raw_revert(abi_encode(msg.value, method_id=method_id("AmountTooLarge(uint256)")))
    model: books.Model = books._model(_modelId)
    carried: uint256 = books.carryOf[_modelId]
    accrues: bool = (
        model.mode == convert(ACCUMULATOR, uint8) and pools._pool(_modelId).units != 0
    )
    ends: bool = accrues or model.status != LIVE
    amount: uint256 = msg.value + carried if ends else msg.value
    if amount == 0:
        raw_revert(method_id("NothingPaid()"))
    if not ends:
        books._carry(_modelId, 0, amount)
        return
    books.carryOf[_modelId] = 0
    if accrues:
        epoch: uint256 = pools._accrue(_modelId, amount)
        paying._tell_accrued(_modelId, epoch, 0, amount, carried)
        return
    log CarryReleased(modelId=_modelId, who=model.fallbackTo, amount=amount, carried=carried)
    books._credit(model.fallbackTo, amount)


@internal
@view
def _terms(_modelId: uint32, _amount: uint256, _policy: uint32) -> Terms:
    """
    @notice How a fee of the model is divided by a policy, and how its pot will be paid.
    """
    if _amount > U128:
        raw_revert(abi_encode(_amount, method_id=method_id("AmountTooLarge(uint256)")))
    model: books.Model = books._model(_modelId)
    terms: Terms = empty(Terms)
    terms.owner = model.owner
    terms.fallbackTo = model.fallbackTo
    if terms.fallbackTo == empty(address):
        terms.fallbackTo = model.owner
    terms.mode = convert(model.mode, uint256)
    terms.method = convert(model.method, uint256)
    platform: uint128 = 0
    toOwner: uint128 = 0
    toStakers: uint128 = 0
    toContributors: uint128 = 0
    platform, toOwner, toStakers, toContributors = staticcall FeePolicy(self._feePolicy).split(
        _policy, convert(_amount, uint128)
    )
    terms.platform = convert(platform, uint256)
    terms.toOwner = convert(toOwner, uint256)
    terms.toStakers = convert(toStakers, uint256)
    terms.toContributors = convert(toContributors, uint256)
    books._check_conserved(
        _amount, terms.platform + terms.toOwner + terms.toStakers + terms.toContributors
    )
    if terms.toStakers != 0 and not self._has_stakers(_modelId):
        terms.toContributors += terms.toStakers
        terms.toStakers = 0
    if terms.platform != 0:
        terms.treasury = (staticcall FeePolicy(self._feePolicy).policy(_policy))[7]
    return terms


@internal
@view
def _has_stakers(_modelId: uint32) -> bool:
    if self._stakePool == empty(address):
        return False
    return staticcall StakePool(self._stakePool).totalStake(_modelId) != 0


@internal
def _fund_stakers(_modelId: uint32, _amount: uint256):
    if _amount != 0:
        extcall StakePool(self._stakePool).fund(_modelId, value=_amount)


@internal
def _pay_ancestors(_batchId: uint64, _modelId: uint32, _amount: uint256) -> uint256:
    """
    @notice Carry forward what the models that this one was made from get of an amount.
    @return The rest, which is the model's own.
    """
    ids: DynArray[uint32, 32] = []
    nodes: Bytes[64] = b""
    edges: Bytes[3968] = b""
    ids, nodes, edges = staticcall Registry(books._registry).lineage(_modelId)
    if len(ids) < 2:
        return _amount
    target: address = attribution_calls._math_address()
    answer: Bytes[64 + 32 * MAX_LINEAGE] = raw_call(
        target,
        abi_encode(
            convert(_amount, uint128),
            nodes,
            edges,
            method_id=method_id("payoutTree(uint128,bytes,bytes)"),
        ),
        max_outsize=64 + 32 * MAX_LINEAGE,
        is_static_call=True,
    )
    if len(answer) != 64 + 32 * len(ids):
        attribution_calls._refuse_answer(target)
    divided: uint256 = 0
    part: uint256 = 0
    for i: uint256 in range(len(ids), bound=MAX_LINEAGE):
        part = convert(extract32(answer, 64 + 32 * i), uint256)
        divided += part
        if ids[i] != _modelId and part != 0:
            books._carry(ids[i], _batchId, part)
    books._check_conserved(_amount, divided)
    return part
