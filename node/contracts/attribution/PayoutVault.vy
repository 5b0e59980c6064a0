# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title PayoutVault
@notice Holds what models earn until it is with whom it is for.  The ledger deposits the fees of
        a batch of answers with the root of a list: who contributed, with what weight.  Anyone
        may then bring the list, and the batch is settled the way its model has chosen:
            0 push         each contributor is paid, or credited where that fails
            1 credit       each is credited, all models together, to be withdrawn
            2 accumulator  the weights become units that this pot and later money accrue to
            3 root         a root of the amounts is stored, and each claims with a proof
@dev Laws:
         balance == credits + unclaimed and unsettled pots + accumulators + carries
         (more only where somebody forces ether in by destroying a contract),
         what a batch pays, withholds and carries adds up to its deposit, to the wei.
     Every figure can be rebuilt from the events.

     Division: in the list's order, ascending addresses, with C the weights so far and W all of
     them, each gets floor(pot * C / W) less what those before got (cascade).  The other
     methods need all weights at once: for up to 256 contributors, 128 in push mode, the math
     contract is asked; above that, batches are divided by cascade.  The accumulator's own rule is in
     _accumulator.vy.

     Penalties: when an amount of a batch becomes one contributor's own (push and credit: at
     the settlement; accumulator and root: at the claim), they keep
     floor(amount * multiplier / 2**16) of it by ContributorBond, and the rest is carried.
     Carries of a model join the pot of its next batch.

     Lists come whole or in chunks, and each is checked before a wei moves: the math contract
     gives the top of the chunk's weights, and a proof leads from there to the root.
"""

from lib import attribution_calls
from . import _accumulator as pools
from . import _permits as permits
from . import _sum_nodes as sums
from . import _vault_batches as batches
from . import _vault_books as books
from . import _vault_claims as claims
from . import _vault_deposits as deposits
from . import _vault_paying as paying

initializes: books
initializes: attribution_calls
initializes: pools
initializes: permits
initializes: batches
initializes: paying[batches := batches, books := books, pools := pools]
initializes: deposits[
    attribution_calls := attribution_calls,
    batches := batches,
    books := books,
    paying := paying,
    pools := pools,
]
initializes: claims[
    attribution_calls := attribution_calls,
    batches := batches,
    books := books,
    permits := permits,
    pools := pools,
]

exports: (
    books.credits,
    books.carryOf,
    pools.pool,
    pools.share,
    permits.nonces,
    permits.DOMAIN_SEPARATOR,
    batches.claimed,
    batches.settled,
    batches.settlement,
    batches.progress,
    deposits.deposit,
    deposits.accrue,
    paying.voidSettlement,
    claims.claim,
    claims.claimMany,
    claims.claimFor,
    claims.claimAccrued,
    claims.claimWindow,
    claims.sweepExpired,
    claims.withdraw,
)

# error WrongLength(uint256 entries, uint256 length)
# error WrongChunk(uint256 start, uint256 length)
# error WrongList(uint256 id)
# error NotInChunks(uint256 method)
# error InChunks(uint256 entries)

event ChunkSettled:
    batchId: indexed(uint64)
    start: uint32
    n: uint32
    weight: uint64

CASCADE: constant(uint256) = 0
ACCUMULATOR: constant(uint256) = 2
ROOT: constant(uint256) = 3
U64: constant(uint256) = 2**64 - 1
ENTRY: constant(uint256) = 28  # address 20 || weight u64
MAX_PACKED: constant(uint256) = 28 * 1024
MAX_UNDIVIDED: constant(uint256) = 256  # entries that another method than cascade divides
MAX_LEAF_PROOF: constant(uint256) = 4 + 48 * 32


@deploy
def __init__(
    _mathContract: address,
    _evidenceContract: address,
    _ledgerAddress: address,
    _registryAddress: address,
    _feePolicyAddress: address,
    _bondAddress: address,
    _stakePoolAddress: address,
    _statePrecompile: address,
    _claimSeconds: uint64,
):
    """
    @param _mathContract The twin of the math, or zero for the precompile.
    @param _evidenceContract Likewise; the vault asks for no evidence.
    @param _bondAddress Zero for no penalties.
    @param _stakePoolAddress Zero for no stakers.
    @param _statePrecompile 0x...A772 where the chain has it; zero for the loop of this contract.
    @param _claimSeconds How long the amounts behind a root can be claimed.
    """
    attribution_calls.__init__(_mathContract, _evidenceContract)
    books.__init__(_ledgerAddress, _registryAddress, _bondAddress)
    deposits.__init__(_feePolicyAddress, _stakePoolAddress)
    claims.__init__(_claimSeconds)
    paying.__init__(_statePrecompile)


@external
@pure
def version() -> String[5]:
    return "0.1.0"


@external
@view
def siblings() -> (address, address, address, address, address, address, address):
    """
    @return Math (precompile or twin), ledger, registry, fee policies, bonds, stake pool, and
            the state precompile, if it is used.
    """
    return (
        attribution_calls._math_address(),
        books._ledger,
        books._registry,
        deposits._feePolicy,
        books._bond,
        deposits._stakePool,
        paying._state,
    )


@external
@view
def creditOf(_who: address) -> uint256:
    """
    @return Wei that `withdraw` would pay.
    """
    return books.credits[empty(bytes32)][_who]


@external
@view
def accruedOf(_model: uint32, _who: address) -> uint256:
    """
    @return Wei that `_who` has earned by units of a model, before any penalty.
    """
    return books.credits[books._pool_id(_model)][_who] + pools._due(_model, _who)


@external
def settle(_batchId: uint64, _packed: Bytes[MAX_PACKED]):
    """
    @notice Settle a batch of up to 1,024 contributors at once; anyone may.
    @param _packed address 20 || weight u64 of each, strictly ascending by address: the list
           behind the batch's root.
    """
    self._check_offset(36, 64)
    b: batches.Batch = paying._waiting(_batchId)
    modelId: uint32 = convert(b.modelId, uint32)
    done: batches.Progress = batches._progress_of(_batchId)
    if done.entries != 0:
        raw_revert(abi_encode(done.entries, method_id=method_id("InChunks(uint256)")))
    if len(_packed) != ENTRY * b.count:
        raw_revert(
            abi_encode(b.count, len(_packed), method_id=method_id("WrongLength(uint256,uint256)"))
        )
    top: sums.Node = self._node(
        raw_call(
            attribution_calls._math_address(),
            abi_encode(
                convert(b.weight, uint128),
                convert(b.weight, uint64),
                convert(0, uint64),
                convert(0, uint32),
                _packed,
                method_id=method_id("settleRootChunk(uint128,uint64,uint64,uint32,bytes)"),
            ),
            max_outsize=96,
            is_static_call=True,
        )
    )
    if top.sum != b.weight or sums._root(b.count, top) != b.root:
        raw_revert(abi_encode(_batchId, method_id=method_id("WrongList(uint256)")))
    # The entries are read again from the calldata: offset 64, so they begin at byte 100.
    at: uint256 = 100
    if b.mode == ACCUMULATOR:
        done.epoch = paying._open_epoch(_batchId, b)
        b.left = 0
        paying._enter_all(modelId, done.epoch, at, b.count)
        pools._close_list(modelId, done.epoch, b.root)
        paying._finish(_batchId, b)
    elif b.mode == ROOT:
        b.root = self._claims_root(
            raw_call(
                attribution_calls._math_address(),
                abi_encode(
                    convert(b.method, uint8),
                    convert(b.pot, uint128),
                    _packed,
                    method_id=method_id("settleRoot(uint8,uint128,bytes)"),
                ),
                max_outsize=96,
                is_static_call=True,
            ),
            b,
        )
        batches._roots[_batchId] = b.root
        paying._finish(_batchId, b)
    elif b.method == CASCADE:
        b.left = 0
        paying._finish(_batchId, b)
        paying._pay_cascade(_batchId, b, at, b.count, 0)
    else:
        # Last in the function, so that only who comes here pays for its memory.
        weights: DynArray[uint64, MAX_UNDIVIDED] = []
        for i: uint256 in range(b.count, bound=MAX_UNDIVIDED):
            weights.append(convert(paying._entry(at + ENTRY * i) & U64, uint64))
        shares: DynArray[uint128, MAX_UNDIVIDED] = attribution_calls._apportion(
            convert(b.method, uint8), convert(b.pot, uint128), weights
        )
        divided: uint256 = 0
        for share: uint128 in shares:
            divided += convert(share, uint256)
        books._check_conserved(b.pot, divided)
        b.left = 0
        paying._finish(_batchId, b)
        carried: uint256 = 0
        penalties: bool = books._any_penalties()
        for i: uint256 in range(b.count, bound=MAX_UNDIVIDED):
            amount: uint256 = convert(shares[i], uint256)
            if amount == 0:
                continue
            who: address = convert(paying._entry(at + ENTRY * i) >> 64, address)
            if penalties:
                withheld: uint256 = books._withheld(b.modelId, _batchId, who, amount)
                carried += withheld
                amount -= withheld
            paying._give(_batchId, b.mode, who, amount)
        books._carry_withheld(modelId, carried)


@external
def settleChunk(_batchId: uint64, _packed: Bytes[MAX_PACKED], _proof: Bytes[MAX_LEAF_PROOF]):
    """
    @notice Settle the next contributors of a batch; anyone may.  A batch that has been begun
            in chunks is finished in chunks.
    @param _packed As for `settle`: a power of two of entries, at most 1,024, that divides the
           number of those before; the last chunk may have fewer.
    @param _proof u32 n || (hash || u128 sum) of each sibling, from the chunk's top upwards.
    """
    self._check_offset(36, 96)
    b: batches.Batch = paying._waiting(_batchId)
    modelId: uint32 = convert(b.modelId, uint32)
    if b.method != CASCADE:
        raw_revert(abi_encode(b.method, method_id=method_id("NotInChunks(uint256)")))
    done: batches.Progress = batches._progress_of(_batchId)
    start: uint256 = done.entries
    n: uint256 = len(_packed) // ENTRY
    last: bool = start + n == b.count
    size: uint256 = 1
    for _: uint256 in range(10):
        if size >= n:
            break
        size = size << 1
    if len(_packed) % ENTRY != 0 or n == 0 or start % size != 0 or not (n == size or last):
        raw_revert(
            abi_encode(start, len(_packed), method_id=method_id("WrongChunk(uint256,uint256)"))
        )
    if start + n > b.count:
        raw_revert(
            abi_encode(b.count, len(_packed), method_id=method_id("WrongLength(uint256,uint256)"))
        )
    reached: uint256 = done.reached
    answer: Bytes[96] = raw_call(
        attribution_calls._math_address(),
        abi_encode(
            convert(b.weight, uint128),
            convert(b.weight, uint64),
            convert(reached, uint64),
            convert(start, uint32),
            _packed,
            method_id=method_id("settleRootChunk(uint128,uint64,uint64,uint32,bytes)"),
        ),
        max_outsize=96,
        is_static_call=True,
    )
    chunk: sums.Node = self._node(answer)
    top: sums.Node = sums._climb(chunk, start, size, b.count, _proof)
    if top.sum != b.weight or sums._root(b.count, top) != b.root:
        raw_revert(abi_encode(_batchId, method_id=method_id("WrongList(uint256)")))
    done.entries = start + n
    done.reached = reached + chunk.sum
    log ChunkSettled(
        batchId=_batchId,
        start=convert(start, uint32),
        n=convert(n, uint32),
        weight=convert(chunk.sum, uint64),
    )
    at: uint256 = 132
    if b.mode == ACCUMULATOR:
        if start == 0:
            done.epoch = paying._open_epoch(_batchId, b)
            b.left = 0
        batches._set_progress(_batchId, done)
        paying._enter_all(modelId, done.epoch, at, n)
        if last:
            pools._close_list(modelId, done.epoch, b.root)
        paying._finish_if(last, _batchId, b)
    elif b.mode == ROOT:
        batches._set_progress(_batchId, done)
        answer = raw_call(
            attribution_calls._math_address(),
            abi_encode(
                convert(b.pot, uint128),
                convert(b.weight, uint64),
                convert(reached, uint64),
                convert(start, uint32),
                _packed,
                method_id=method_id("settleRootChunk(uint128,uint64,uint64,uint32,bytes)"),
            ),
            max_outsize=96,
            is_static_call=True,
        )
        paidTop: sums.Node = self._node(answer)
        due: uint256 = b.pot * done.reached // b.weight - b.pot * reached // b.weight
        books._check_conserved(due, paidTop.sum)
        paidTop = batches._push_peak(_batchId, start, size, paidTop)
        if last:
            b.root = batches._last_root(_batchId, start, size, b.count, paidTop)
            batches._roots[_batchId] = b.root
            paying._finish(_batchId, b)
    else:
        batches._set_progress(_batchId, done)
        b.left = b.pot - b.pot * done.reached // b.weight
        paying._finish_if(last, _batchId, b)
        paying._pay_cascade(_batchId, b, at, n, reached)


@internal
@view
def _node(_answer: Bytes[96]) -> sums.Node:
    """
    @notice Read what settleRootChunk answers: top, sum, and the weight after the chunk.
    """
    if len(_answer) != 96:
        attribution_calls._refuse_answer(attribution_calls._math_address())
    return sums.Node(
        digest=extract32(_answer, 0), sum=convert(extract32(_answer, 32), uint256)
    )


@internal
@view
def _claims_root(_answer: Bytes[96], _batch: batches.Batch) -> bytes32:
    """
    @notice Read what settleRoot answers, which must be of the pot and of the list.
    """
    if len(_answer) != 96:
        attribution_calls._refuse_answer(attribution_calls._math_address())
    books._check_conserved(_batch.pot, convert(extract32(_answer, 32), uint256))
    return extract32(_answer, 0)


@internal
@view
def _check_offset(_at: uint256, _want: uint256):
    """
    @notice Refuse a call whose list does not stand where `_entry` will look for it.
    """
    if convert(slice(msg.data, _at, 32), uint256) != _want:
        raw_revert(abi_encode(_at, method_id=method_id("MalformedInput(uint256)")))
