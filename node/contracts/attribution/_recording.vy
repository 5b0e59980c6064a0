# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Whose answers are recorded
@notice Models whose answers can be put on record, and who does that.
"""

from . import _ledger_settings

uses: _ledger_settings

# error DatasetCondemned(uint32 dataset)
# error ModelNotLive(uint32 model)
# error NotOperator(address caller)

LIVE: constant(uint8) = 1
CONDEMNED: constant(uint8) = 3


@internal
@view
def _model(_modelId: uint32) -> (address, uint32, uint8):
    """
    @notice Who records for a model, its fee policy, and its status.
    """
    owner: address = empty(address)
    operator: address = empty(address)
    fallbackTo: address = empty(address)
    kind: uint8 = 0
    policy: uint32 = 0
    engine: bytes32 = empty(bytes32)
    method: uint8 = 0
    mode: uint8 = 0
    tokens: uint32 = 0
    status: uint8 = 0
    (
        owner, operator, fallbackTo, kind, policy, engine, method, mode, tokens, status
    ) = staticcall _ledger_settings.Registry(_ledger_settings.registry).model(_modelId)
    return operator, policy, status


@internal
@view
def _live_operator(_modelId: uint32) -> (address, uint32):
    """
    @notice Who records for a model, and its fee policy; refuses models that are not live.
    """
    operator: address = empty(address)
    policy: uint32 = 0
    status: uint8 = 0
    operator, policy, status = self._model(_modelId)
    if status != LIVE:
        raw_revert(abi_encode(_modelId, method_id=method_id("ModelNotLive(uint32)")))
    return operator, policy


@internal
@view
def _dataset_status(_id: uint32) -> (address, uint8):
    """
    @notice Who registered a dataset, and its status.
    """
    registrant: address = empty(address)
    a: bytes32 = empty(bytes32)
    b: bytes32 = empty(bytes32)
    c: bytes32 = empty(bytes32)
    d: bytes32 = empty(bytes32)
    e: uint32 = 0
    f: uint32 = 0
    g: uint32 = 0
    h: uint32 = 0
    status: uint8 = 0
    registry: address = _ledger_settings.registry
    (
        registrant, a, b, c, d, e, f, g, h, status
    ) = staticcall _ledger_settings.Registry(registry).dataset(_id)
    return registrant, status


@internal
@view
def _condemned(_modelId: uint32) -> uint32:
    """
    @notice A dataset of the model that nothing can be proven against; 0 where there is none.
    """
    registry: address = _ledger_settings.registry
    for id: uint32 in staticcall _ledger_settings.Registry(registry).modelDatasets(_modelId):
        registrant: address = empty(address)
        status: uint8 = 0
        registrant, status = self._dataset_status(id)
        if status == CONDEMNED:
            return id
    return 0


@internal
@view
def _is_answered(_modelId: uint32) -> bool:
    """
    @notice Whether answers of a model can be recorded.
    """
    operator: address = empty(address)
    policy: uint32 = 0
    status: uint8 = 0
    operator, policy, status = self._model(_modelId)
    return status == LIVE and self._condemned(_modelId) == 0


@internal
@view
def _check_operator(_modelId: uint32) -> uint32:
    """
    @notice Refuse all but the operator of a live model whose datasets can be proven against.
    @return The model's fee policy.
    """
    operator: address = empty(address)
    policy: uint32 = 0
    operator, policy = self._live_operator(_modelId)
    if msg.sender != operator:
        raw_revert(abi_encode(msg.sender, method_id=method_id("NotOperator(address)")))
    condemned: uint32 = self._condemned(_modelId)
    if condemned != 0:
        raw_revert(abi_encode(condemned, method_id=method_id("DatasetCondemned(uint32)")))
    return policy
