# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Claims on the payout vault
@notice How money leaves to whom it is owed.  The books are closed before anyone else's code
        runs.
"""

from lib import attribution_calls
from . import _accumulator as pools
from . import _permits as permits
from . import _vault_batches as batches
from . import _vault_books as books

uses: attribution_calls
uses: batches
uses: books
uses: permits
uses: pools

# error NotClaimable(uint256 id)
# error NothingToClaim()
# error WrongProof(uint256 id, uint256 index)
# error AlreadyClaimed(uint256 id, uint256 index)
# error NotExpired(uint256 expires)
# error TooLittleGas(uint256 gas)

event Claimed:
    batchId: indexed(uint64)
    who: indexed(address)
    index: uint32
    amount: uint256

event AccruedClaimed:
    modelId: indexed(uint32)
    who: indexed(address)
    amount: uint256

event Withdrawn:
    who: indexed(address)
    amount: uint256

event Sponsored:
    who: indexed(address)
    sponsor: indexed(address)
    fee: uint256

event Swept:
    batchId: indexed(uint64)
    modelId: indexed(uint32)
    amount: uint256

struct Leaf:
    batchId: uint64
    index: uint32
    amount: uint128
    proof: Bytes[MAX_LEAF_PROOF]

ROOT: constant(uint256) = 3
SETTLED: constant(uint256) = 2
SWEPT: constant(uint256) = 4
MAX_LEAF_PROOF: constant(uint256) = 4 + 48 * 32
MAX_CLAIMS: constant(uint256) = 16
# Of a sponsored claim, beside what is measured: the transaction itself, and the two payments.
SPONSOR_OVERHEAD: constant(uint256) = 21_000 + 2 * 12_000
FEE_RESERVE: constant(uint256) = 12_000  # to send a fee: 9,100 and some

claimWindow: public(uint64)


@deploy
def __init__(_claimSeconds: uint64):
    self.claimWindow = _claimSeconds


@external
def withdraw() -> uint256:
    """
    @notice Pay the caller everything credited to it.
    @return Wei paid.
    """
    amount: uint256 = books.credits[empty(bytes32)][msg.sender]
    if amount == 0:
        raw_revert(method_id("NothingToClaim()"))
    # The books are closed before the caller's code runs.
    books.credits[empty(bytes32)][msg.sender] = 0
    log Withdrawn(who=msg.sender, amount=amount)
    books._send(msg.sender, amount)
    return amount


@external
def claim(
    _batchId: uint64, _index: uint32, _amount: uint128, _proof: Bytes[MAX_LEAF_PROOF]
) -> uint256:
    """
    @notice Pay the caller what the root of a batch says it is owed, less any penalty.
    @param _index Place of the caller in the list.
    @param _amount What the root has there, in wei.
    @param _proof u32 n || (hash || u128 sum) of each sibling, from the leaf upwards.
    @return Wei paid.
    """
    paid: uint256 = self._claim(msg.sender, _batchId, _index, _amount, _proof)
    books._send(msg.sender, paid)
    return paid


@external
def claimMany(_leaves: DynArray[Leaf, MAX_CLAIMS]) -> uint256:
    """
    @notice Make up to 16 claims of the caller at once.
    @return Wei paid.
    """
    paid: uint256 = 0
    for i: uint256 in range(len(_leaves), bound=MAX_CLAIMS):
        paid += self._claim(
            msg.sender,
            _leaves[i].batchId,
            _leaves[i].index,
            _leaves[i].amount,
            _leaves[i].proof,
        )
    books._send(msg.sender, paid)
    return paid


@external
def claimFor(
    _who: address,
    _leaves: DynArray[Leaf, MAX_CLAIMS],
    _maxFee: uint256,
    _deadline: uint256,
    _signature: Bytes[permits.SIGNATURE_ROOM],
) -> uint256:
    """
    @notice Make claims for `_who`, who signed for them; the caller is paid for its gas out of
            what is claimed, at most `_maxFee`.
    @return Wei paid to `_who`.
    """
    gasBefore: uint256 = msg.gas
    leaves: bytes32 = empty(bytes32)
    for i: uint256 in range(len(_leaves), bound=MAX_CLAIMS):
        leaves = keccak256(
            concat(
                leaves,
                convert(_leaves[i].batchId, bytes8),
                convert(_leaves[i].index, bytes4),
                convert(_leaves[i].amount, bytes16),
            )
        )
    permits._use(_who, leaves, _maxFee, _deadline, _signature)
    paid: uint256 = 0
    for i: uint256 in range(len(_leaves), bound=MAX_CLAIMS):
        paid += self._claim(
            _who,
            _leaves[i].batchId,
            _leaves[i].index,
            _leaves[i].amount,
            _leaves[i].proof,
        )
    used: uint256 = gasBefore - msg.gas + SPONSOR_OVERHEAD + 16 * len(msg.data)
    fee: uint256 = min(min(_maxFee, used * tx.gasprice), paid)
    log Sponsored(who=_who, sponsor=msg.sender, fee=fee)
    books._send(_who, paid - fee)
    # Many clients estimate gas at a price of zero, where no fee is sent; what sending one takes
    # must be there then, too, or the transaction that they make of it fails.
    if fee == 0 and msg.gas < FEE_RESERVE:
        raw_revert(abi_encode(msg.gas, method_id=method_id("TooLittleGas(uint256)")))
    books._send(msg.sender, fee)
    return paid - fee


@external
def claimAccrued(_modelId: uint32) -> uint256:
    """
    @notice Pay the caller what its units of a model have earned, less any penalty.
    @return Wei paid.
    """
    id: bytes32 = books._pool_id(_modelId)
    owed: uint256 = books.credits[id][msg.sender]
    amount: uint256 = owed + pools._take(_modelId, msg.sender)
    if amount == 0:
        raw_revert(method_id("NothingToClaim()"))
    if owed != 0:
        books.credits[id][msg.sender] = 0
    log AccruedClaimed(modelId=_modelId, who=msg.sender, amount=amount)
    withheld: uint256 = self._penalty(convert(_modelId, uint256), 0, msg.sender, amount)
    books._send(msg.sender, amount - withheld)
    return amount - withheld


@external
def sweepExpired(_batchId: uint64):
    """
    @notice Make what has not been claimed behind a root in time the model's carry; anyone may.
    """
    b: batches.Batch = batches._load(_batchId)
    if b.status != SETTLED or b.mode != ROOT:
        raw_revert(abi_encode(_batchId, method_id=method_id("NotClaimable(uint256)")))
    expires: uint256 = b.settledAt + convert(self.claimWindow, uint256)
    if block.timestamp <= expires:
        raw_revert(abi_encode(expires, method_id=method_id("NotExpired(uint256)")))
    modelId: uint32 = convert(b.modelId, uint32)
    amount: uint256 = b.left
    b.left = 0
    b.status = SWEPT
    batches._store(_batchId, b)
    books.carryOf[modelId] += amount
    log Swept(batchId=_batchId, modelId=modelId, amount=amount)


@internal
def _claim(
    _who: address,
    _batchId: uint64,
    _index: uint32,
    _amount: uint128,
    _proof: Bytes[MAX_LEAF_PROOF],
) -> uint256:
    """
    @notice Book a claim; the caller sends what is returned.
    """
    b: batches.Batch = batches._load(_batchId)
    if b.status != SETTLED or b.mode != ROOT:
        raw_revert(abi_encode(_batchId, method_id=method_id("NotClaimable(uint256)")))
    if not attribution_calls._verify_leaf(
        b.root, convert(b.pot, uint128), _index, _who, _amount, _proof
    ):
        raw_revert(abi_encode(_batchId, _index, method_id=method_id("WrongProof(uint256,uint256)")))
    if not batches._take_claim(_batchId, _index):
        raw_revert(
            abi_encode(_batchId, _index, method_id=method_id("AlreadyClaimed(uint256,uint256)"))
        )
    amount: uint256 = convert(_amount, uint256)
    b.left -= amount
    batches._money[_batchId] = (b.pot << 128) | b.left
    log Claimed(batchId=_batchId, who=_who, index=_index, amount=amount)
    return amount - self._penalty(b.modelId, _batchId, _who, amount)


@internal
def _penalty(_modelId: uint256, _batchId: uint64, _who: address, _amount: uint256) -> uint256:
    """
    @notice What penalties keep from a claim; it is carried.
    """
    if not books._any_penalties():
        return 0
    withheld: uint256 = books._withheld(_modelId, _batchId, _who, _amount)
    books._carry_withheld(convert(_modelId, uint32), withheld)
    return withheld
