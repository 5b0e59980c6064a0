# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title InferencePayments
@notice Pays the contributors of an answer.  Whoever asked a model brings the fee, the
        contributors, and the weight of each in the answer; the fee is divided to the wei by
        the attribution math and credited, and each contributor claims when it pays off.
@dev Laws, for every payment:
         the credits add up to the fee,
         totalCredited - totalClaimed == the sum of all credits <= this contract's balance
         (equal, unless somebody forces ether in by destroying a contract).
     Every figure can be rebuilt from the events.

     The payer states the weights, and the evidence root commits to the spans behind them;
     this contract does not judge the evidence.

     Storage: slot 0 is the math contract.  A genesis writes nothing there on a chain with the
     precompile (0 means 0x...A770), and the address of the twin on a chain without it; where
     the contract is deployed by a transaction, the constructor takes the address.
"""

# error UnknownModel(bytes32 id)
# error ModelExists(bytes32 id)
# error ZeroOwner()
# error NotModelOwner(address caller)
# error UnknownMethod(uint8 method)
# error NothingPaid()
# error AmountTooLarge(uint256 amount)
# error LengthMismatch(uint256 contributors, uint256 weights)
# error NotAscending(uint256 index)
# error NotConserved(uint256 amount, uint256 credited)
# error NothingToClaim()
# error ClaimFailed()
# error MalformedInput(uint256)
# error WeightOverflow(uint256)
# error ZeroWeight()

event ModelRegistered:
    modelId: indexed(bytes32)
    owner: indexed(address)
    method: uint8

event MethodSet:
    modelId: indexed(bytes32)
    method: uint8

event InferencePaid:
    modelId: indexed(bytes32)
    payer: indexed(address)
    requestHash: indexed(bytes32)
    amount: uint256
    evidenceRoot: bytes32
    method: uint8
    contributors: uint256

event Credited:
    requestHash: indexed(bytes32)
    contributor: indexed(address)
    amount: uint256
    weight: uint64

event Claimed:
    contributor: indexed(address)
    amount: uint256

struct Model:
    owner: address
    method: uint8

MAX_CONTRIBUTORS: constant(uint256) = 256
MAX_OUTPUT: constant(uint256) = 64 + 32 * 256  # offset, length, shares
LAST_METHOD: constant(uint8) = 1  # 0 cascade, 1 hamilton
PRECOMPILE: constant(address) = 0x000000000000000000000000000000000000a770

_math: address
models: public(HashMap[bytes32, Model])
credits: public(HashMap[address, uint256])
totalCredited: public(uint256)
totalClaimed: public(uint256)


@deploy
def __init__(_attributionMath: address):
    self._math = _attributionMath


@external
@pure
def version() -> String[5]:
    return "0.1.0"


@external
@view
def math() -> address:
    """
    @notice The contract or precompile that divides the payments.
    """
    return self._divider()


@external
def registerModel(_id: bytes32, _owner: address, _method: uint8):
    """
    @notice Register a model under an id that is free; anyone may.
    @param _id Chosen by the caller, e.g. the hash of the model's description.
    @param _owner Who may change the method; not zero.
    @param _method How its fees are divided: 0 cascade (the usual), 1 hamilton.
    """
    if self.models[_id].owner != empty(address):
        raw_revert(abi_encode(_id, method_id=method_id("ModelExists(bytes32)")))
    if _owner == empty(address):
        raw_revert(method_id("ZeroOwner()"))
    self._check_method(_method)
    self.models[_id] = Model(owner=_owner, method=_method)
    log ModelRegistered(modelId=_id, owner=_owner, method=_method)


@external
def setMethod(_id: bytes32, _method: uint8):
    """
    @notice Change how the model's fees are divided from now on; its owner only.
    """
    if msg.sender != self.models[_id].owner:
        raw_revert(abi_encode(msg.sender, method_id=method_id("NotModelOwner(address)")))
    self._check_method(_method)
    self.models[_id].method = _method
    log MethodSet(modelId=_id, method=_method)


@external
@payable
def payForInference(
    _modelId: bytes32,
    _requestHash: bytes32,
    _evidenceRoot: bytes32,
    _contributors: DynArray[address, MAX_CONTRIBUTORS],
    _weights: DynArray[uint64, MAX_CONTRIBUTORS],
):
    """
    @notice Pay for one answer: the value of the call is divided among its contributors.
    @param _requestHash What was asked and answered, as payer and model agree to hash it.
    @param _evidenceRoot Root over the spans of the answer that the weights come from.
    @param _contributors Strictly ascending, at most 256: one order means one division.
    @param _weights One for each contributor; their sum is in 1..2**64-1.  A fault in them is
           reported with the error of the attribution math.
    """
    model: Model = self.models[_modelId]
    if model.owner == empty(address):
        raw_revert(abi_encode(_modelId, method_id=method_id("UnknownModel(bytes32)")))
    if msg.value == 0:
        raw_revert(method_id("NothingPaid()"))
    if msg.value > convert(max_value(uint128), uint256):
        raw_revert(abi_encode(msg.value, method_id=method_id("AmountTooLarge(uint256)")))
    if len(_contributors) != len(_weights):
        raw_revert(
            abi_encode(
                len(_contributors),
                len(_weights),
                method_id=method_id("LengthMismatch(uint256,uint256)"),
            )
        )
    self._check_ascending(_contributors)
    shares: DynArray[uint128, MAX_CONTRIBUTORS] = self._apportion(model.method, msg.value, _weights)
    log InferencePaid(
        modelId=_modelId,
        payer=msg.sender,
        requestHash=_requestHash,
        amount=msg.value,
        evidenceRoot=_evidenceRoot,
        method=model.method,
        contributors=len(_contributors),
    )
    self._credit(msg.value, _requestHash, _contributors, _weights, shares)


@external
def claim() -> uint256:
    """
    @notice Pay the caller everything credited to it.
    @return Wei paid.
    """
    amount: uint256 = self.credits[msg.sender]
    if amount == 0:
        raw_revert(method_id("NothingToClaim()"))
    # The books are closed before the caller's code runs.
    self.credits[msg.sender] = 0
    self.totalClaimed += amount
    log Claimed(contributor=msg.sender, amount=amount)
    paid: bool = raw_call(msg.sender, b"", value=amount, revert_on_failure=False)
    if not paid:
        raw_revert(method_id("ClaimFailed()"))
    return amount


@internal
@view
def _apportion(
    _method: uint8, _amount: uint256, _weights: DynArray[uint64, MAX_CONTRIBUTORS]
) -> DynArray[uint128, MAX_CONTRIBUTORS]:
    """
    @notice Ask the math contract; its errors become this contract's.
    @dev Not an interface call: Vyper sends those with the longest list the type allows, and
         the math takes no byte after the last weight; nor has a precompile code to look for.
    """
    output: Bytes[MAX_OUTPUT] = raw_call(
        self._divider(),
        abi_encode(
            _method,
            convert(_amount, uint128),
            _weights,
            method_id=method_id("apportion(uint8,uint128,uint64[])"),
        ),
        max_outsize=MAX_OUTPUT,
        is_static_call=True,
    )
    return abi_decode(output, DynArray[uint128, MAX_CONTRIBUTORS])


@internal
def _credit(
    _amount: uint256,
    _requestHash: bytes32,
    _contributors: DynArray[address, MAX_CONTRIBUTORS],
    _weights: DynArray[uint64, MAX_CONTRIBUTORS],
    _shares: DynArray[uint128, MAX_CONTRIBUTORS],
):
    """
    @notice Book the shares, and refuse shares that do not add up to the payment: the math
            is exact, but what is configured as math need not be.
    """
    credited: uint256 = 0
    if len(_shares) == len(_contributors):
        for i: uint256 in range(len(_contributors), bound=MAX_CONTRIBUTORS):
            share: uint256 = convert(_shares[i], uint256)
            credited += share
            if share != 0:
                self.credits[_contributors[i]] += share
            log Credited(
                requestHash=_requestHash,
                contributor=_contributors[i],
                amount=share,
                weight=_weights[i],
            )
    if credited != _amount:
        raw_revert(
            abi_encode(_amount, credited, method_id=method_id("NotConserved(uint256,uint256)"))
        )
    self.totalCredited += credited


@internal
@pure
def _check_ascending(_contributors: DynArray[address, MAX_CONTRIBUTORS]):
    """
    @notice Refuse unless each address is above the one before, and the first above zero.
    """
    before: uint160 = 0
    index: uint256 = 0
    for contributor: address in _contributors:
        number: uint160 = convert(contributor, uint160)
        if number <= before:
            raw_revert(abi_encode(index, method_id=method_id("NotAscending(uint256)")))
        before = number
        index += 1


@internal
@pure
def _check_method(_method: uint8):
    if _method > LAST_METHOD:
        raw_revert(abi_encode(_method, method_id=method_id("UnknownMethod(uint8)")))


@internal
@view
def _divider() -> address:
    if self._math == empty(address):
        return PRECOMPILE
    return self._math
