# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Settings of the ledger
@notice Who its siblings are, how long its windows last (seconds), and what a batch
        and a demand cost (wei).
"""

# error BondTooLarge(uint256 bond)

interface Registry:
    def model(_id: uint32) -> (
        address, address, address, uint8, uint32, bytes32, uint8, uint8, uint32, uint8
    ): view
    def modelDatasets(_id: uint32) -> DynArray[uint32, 4]: view
    def dataset(_id: uint32) -> (
        address, bytes32, bytes32, bytes32, bytes32, uint32, uint32, uint32, uint32, uint8
    ): view
    def condemnDataset(_id: uint32): nonpayable

interface Bond:
    def lock(_who: address, _amount: uint256): nonpayable
    def unlock(_who: address, _amount: uint256): nonpayable
    def slash(_who: address, _amount: uint256, _challenger: address, _penalty: uint32): nonpayable
    def bondOf(_who: address) -> (uint256, uint256, uint256): view

interface Vault:
    def deposit(
        _batchId: uint64,
        _modelId: uint32,
        _payoutRoot: bytes32,
        _n: uint32,
        _totalW: uint64,
        _policy: uint32,
    ): payable
    def settled(_batchId: uint64) -> bool: view
    def voidSettlement(_batchId: uint64): nonpayable

registry: public(address)
vault: public(address)
bond: public(address)
verifier: public(address)
payoutVerifier: public(address)
challengeWindow: public(uint64)
settleWindow: public(uint64)
withdrawDelay: public(uint64)
batchBond: public(uint256)
demandFee: public(uint256)


@deploy
def __init__(
    _registry: address,
    _vault: address,
    _bond: address,
    _verifier: address,
    _payoutVerifier: address,
    _challengeWindow: uint64,
    _settleWindow: uint64,
    _withdrawDelay: uint64,
    _batchBond: uint256,
    _demandFee: uint256,
):
    if _batchBond >= 2**88:
        raw_revert(abi_encode(_batchBond, method_id=method_id("BondTooLarge(uint256)")))
    self.registry = _registry
    self.vault = _vault
    self.bond = _bond
    self.verifier = _verifier
    self.payoutVerifier = _payoutVerifier
    self.challengeWindow = _challengeWindow
    self.settleWindow = _settleWindow
    self.withdrawDelay = _withdrawDelay
    self.batchBond = _batchBond
    self.demandFee = _demandFee
