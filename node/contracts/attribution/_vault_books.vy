# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title The books of the payout vault
@notice What the vault owes in credits, what it carries for models, and the contracts that it
        works with.
"""

# error NotLedger(address caller)
# error UnknownModel(uint256 id)
# error NotConserved(uint256 amount, uint256 divided)
# error ClaimFailed()

interface Registry:
    def model(_id: uint32) -> Model: view

interface ContributorBond:
    def penalised() -> uint256: view
    def multiplier(_who: address) -> uint32: view

event Withheld:
    modelId: indexed(uint32)
    who: indexed(address)
    batchId: indexed(uint64)
    amount: uint256

event CarryForward:
    modelId: indexed(uint32)
    batchId: indexed(uint64)
    amount: uint256

struct Model:  # as the registry answers
    owner: address
    operator: address
    fallbackTo: address
    kind: uint8
    feePolicy: uint32
    engineId: bytes32
    method: uint8
    mode: uint8
    tokens: uint32
    status: uint8

ONE: constant(uint256) = 65_536  # Q16

# Slot 0 of the vault, where the state precompile writes.  Pool 0 is what `withdraw` pays, all
# models together; pool `model id` is what its accumulator owes from epochs that are over.
credits: public(HashMap[bytes32, HashMap[address, uint256]])
# Wei that join the pot of the model's next batch.
carryOf: public(HashMap[uint32, uint256])
_ledger: address
_registry: address
_bond: address


@deploy
def __init__(_ledgerAddress: address, _registryAddress: address, _bondAddress: address):
    self._ledger = _ledgerAddress
    self._registry = _registryAddress
    self._bond = _bondAddress


@internal
def _credit(_who: address, _amount: uint256):
    if _amount != 0:
        self.credits[empty(bytes32)][_who] += _amount


@internal
def _carry(_modelId: uint32, _batchId: uint64, _amount: uint256):
    self.carryOf[_modelId] += _amount
    log CarryForward(modelId=_modelId, batchId=_batchId, amount=_amount)


@internal
@view
def _any_penalties() -> bool:
    """
    @notice Whether there is anyone from whom a penalty keeps something.
    """
    if self._bond == empty(address):
        return False
    return staticcall ContributorBond(self._bond).penalised() != 0


@internal
def _withheld(_modelId: uint256, _batchId: uint64, _who: address, _amount: uint256) -> uint256:
    """
    @notice What the penalties of `_who` keep from an amount, where anyone has any.
    """
    multiplier: uint256 = convert(
        staticcall ContributorBond(self._bond).multiplier(_who, skip_contract_check=True), uint256
    )
    if multiplier >= ONE:
        return 0
    withheld: uint256 = _amount - _amount * multiplier // ONE
    log Withheld(
        modelId=convert(_modelId, uint32), who=_who, batchId=_batchId, amount=withheld)
    return withheld


@internal
def _carry_withheld(_modelId: uint32, _amount: uint256):
    """
    @notice Carry what penalties keep; `Withheld` has told of each.
    """
    if _amount != 0:
        self.carryOf[_modelId] += _amount


@internal
def _send(_to: address, _amount: uint256):
    if _amount == 0:
        return
    paid: bool = raw_call(_to, b"", value=_amount, revert_on_failure=False)
    if not paid:
        raw_revert(method_id("ClaimFailed()"))


@internal
@view
def _model(_id: uint32) -> Model:
    model: Model = staticcall Registry(self._registry).model(_id)
    if model.owner == empty(address):
        raw_revert(abi_encode(_id, method_id=method_id("UnknownModel(uint256)")))
    return model


@internal
@view
def _only_ledger():
    if msg.sender != self._ledger:
        raw_revert(abi_encode(msg.sender, method_id=method_id("NotLedger(address)")))


@internal
@pure
def _pool_id(_modelId: uint32) -> bytes32:
    return convert(convert(_modelId, uint256), bytes32)


@internal
@pure
def _check_conserved(_amount: uint256, _divided: uint256):
    if _amount != _divided:
        raw_revert(
            abi_encode(_amount, _divided, method_id=method_id("NotConserved(uint256,uint256)"))
        )
