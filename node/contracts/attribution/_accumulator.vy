# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Accumulators
@notice One for each model.  Units say in what proportion money that comes in later is owed;
        they hold for an epoch, and each list of weights opens the next one.  With U units and
        a remainder r, an amount A does
            acc, r = divmod(A + r, U)
        and `units` earn units * acc, exactly: what is owed plus r is what came in.  The last
        remainder of an epoch joins the first amount of the next.
"""

struct Pool:
    epoch: uint256
    units: uint256
    rem: uint256  # wei, below units while there are any

struct Share:
    epoch: uint256
    units: uint256
    paid: uint256  # acc of the epoch up to which it has been paid

U32: constant(uint256) = 2**32 - 1
U64: constant(uint256) = 2**64 - 1

_pools: HashMap[uint32, uint256]
_lists: HashMap[uint32, bytes32]
_acc: HashMap[uint32, HashMap[uint256, uint256]]
_shares: HashMap[uint32, HashMap[address, uint256]]


@internal
@view
def _pool(_model: uint32) -> Pool:
    word: uint256 = self._pools[_model]
    return Pool(epoch=word & U32, units=(word >> 32) & U64, rem=word >> 96)


@internal
def _set_pool(_model: uint32, _now: Pool):
    self._pools[_model] = _now.epoch | (_now.units << 32) | (_now.rem << 96)


@internal
@view
def _continues(_model: uint32, _root: bytes32, _units: uint256) -> bool:
    """
    @notice Whether the units of the model's epoch are those of this list, every one entered.
    """
    return self._lists[_model] == _root and self._pool(_model).units == _units


@internal
def _open(_model: uint32, _units: uint256) -> uint256:
    """
    @notice Begin an epoch with the units of a list, all of which count at once; who they
            belong to is told by `_enter`, and that all is told by `_close_list`.
    @return The epoch.
    """
    pool: Pool = self._pool(_model)
    pool.epoch += 1
    pool.units = _units
    self._set_pool(_model, pool)
    self._lists[_model] = empty(bytes32)
    return pool.epoch


@internal
def _close_list(_model: uint32, _epoch: uint256, _root: bytes32):
    """
    @notice Record that all units of an epoch are entered, unless it is over already.
    """
    if _epoch == self._pool(_model).epoch:
        self._lists[_model] = _root


@internal
def _accrue(_model: uint32, _amount: uint256) -> uint256:
    """
    @notice Divide an amount among the units of the epoch, of which there are some.
    @return The epoch.
    """
    pool: Pool = self._pool(_model)
    divided: uint256 = _amount + pool.rem
    self._acc[_model][pool.epoch] += divided // pool.units
    pool.rem = divided % pool.units
    self._set_pool(_model, pool)
    return pool.epoch


@internal
@view
def _due(_model: uint32, _who: address) -> uint256:
    """
    @notice Wei that the share of `_who` has earned and that have not been taken.
    """
    word: uint256 = self._shares[_model][_who]
    return ((word >> 32) & U64) * (self._acc[_model][word & U32] - (word >> 96))


@internal
def _take(_model: uint32, _who: address) -> uint256:
    """
    @notice Take what a share has earned.
    """
    due: uint256 = self._due(_model, _who)
    if due != 0:
        word: uint256 = self._shares[_model][_who]
        acc: uint256 = self._acc[_model][word & U32]
        self._shares[_model][_who] = (word & (2**96 - 1)) | (acc << 96)
    return due


@internal
def _enter(_model: uint32, _epoch: uint256, _who: address, _units: uint256) -> uint256:
    """
    @notice Say who some units of an epoch belong to.
    @return Wei that the caller owes `_who` from now on: of the share that ends here, or of
            these units where their epoch is over, or where the list names `_who` again.
    """
    earned: uint256 = self._acc[_model][_epoch]
    if _epoch != self._pool(_model).epoch:
        return _units * earned
    due: uint256 = self._due(_model, _who)
    before: uint256 = self._shares[_model][_who]
    if before & U32 == _epoch:
        # Chunks are ascending each by itself, so that a wrong list may hold somebody twice.
        units: uint256 = ((before >> 32) & U64) + _units
        self._shares[_model][_who] = _epoch | (units << 32) | (earned << 96)
        return due + _units * earned
    self._shares[_model][_who] = _epoch | (_units << 32)
    return due


@internal
def _withdraw_units(_model: uint32, _epoch: uint256, _units: uint256) -> uint256:
    """
    @notice Take units that were never entered out of an epoch, with what they have earned.
    """
    pool: Pool = self._pool(_model)
    if _epoch == pool.epoch:
        pool.units -= _units
        self._set_pool(_model, pool)
    return _units * self._acc[_model][_epoch]


@external
@view
def pool(_model: uint32) -> (uint32, uint64, uint256, uint256, bytes32):
    """
    @return Epoch; its units; wei that each unit has earned in it; wei that the next amount
            divides as well; root of the list that the units come from, once all are entered.
    """
    now: Pool = self._pool(_model)
    return (
        convert(now.epoch, uint32),
        convert(now.units, uint64),
        self._acc[_model][now.epoch],
        now.rem,
        self._lists[_model],
    )


@external
@view
def share(_model: uint32, _who: address) -> (uint32, uint64, uint256):
    """
    @return The last epoch in which `_who` has units; the units; wei that they have earned and
            that have not been taken.
    """
    word: uint256 = self._shares[_model][_who]
    return (
        convert(word & U32, uint32),
        convert((word >> 32) & U64, uint64),
        self._due(_model, _who),
    )
