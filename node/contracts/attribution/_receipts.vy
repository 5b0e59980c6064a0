# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Receipts
@notice Fees that payers signed for, taken from their prepaid balances.
"""

from lib import merkle_tree
from . import _batches
from . import _prepaid
from . import _recording

uses: _batches
uses: _prepaid
uses: _recording

# error MalformedSignature(uint256 index)
# error NonceUsed(uint256 index)
# error ReceiptCount(uint256 count)
# error ReceiptExpired(uint256 index)
# error ReceiptsLength(uint256 length)
# error WrongSigner(uint256 index)
# error ZeroFee(uint256 index)

RECEIPT: constant(uint256) = 253
RECORD: constant(uint256) = 180
# What proves the payouts of so many records wrong, of 256 owners each, is below the 131,072
# bytes that nodes take for a transaction.
MAX_RECEIPTS: constant(uint256) = 200
# One more than is taken, so that the refusal can say what is wrong.
RECEIPTS_ROOM: constant(uint256) = 253 * 257
# Half the order of secp256k1: each signature has one form of the two.
HALF_ORDER: constant(uint256) = (
    57896044618658097711785492504343953926418782139537452191302581570759080747168
)
DOMAIN_TYPE: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
NAME_HASH: constant(bytes32) = keccak256("Byline Inference Ledger")
VERSION_HASH: constant(bytes32) = keccak256("1")
RECEIPT_TYPE: constant(bytes32) = keccak256(
    "InferenceReceipt(address payer,uint32 modelId,uint64 nonce,bytes32 reqHash,bytes32 outHash,uint128 fee,uint64 deadline)"
)

nonces: public(HashMap[address, HashMap[uint64, uint256]])


@external
def recordBatch(
    _modelId: uint32, _receipts: Bytes[RECEIPTS_ROOM], _payoutRoot: bytes32, _n: uint32
) -> uint64:
    """
    @notice Record answers whose fees were signed for; the model's operator only.
    @param _receipts 1 to 200 receipts of 253 bytes (node/attribution/receipts.py).
    @param _payoutRoot Sum tree of the `_n` owners and their points over the whole batch.
    @return The batch's id.
    """
    if len(_receipts) % RECEIPT != 0:
        raw_revert(
            abi_encode(len(_receipts), method_id=method_id("ReceiptsLength(uint256)"))
        )
    count: uint256 = len(_receipts) // RECEIPT
    if count == 0 or count > MAX_RECEIPTS:
        raw_revert(abi_encode(count, method_id=method_id("ReceiptCount(uint256)")))
    policy: uint32 = _recording._check_operator(_modelId)
    batchId: uint64 = _batches._next_batch()
    domain: bytes32 = self._domain()
    hashes: DynArray[bytes32, MAX_RECEIPTS] = []
    totalFee: uint256 = 0
    totalW: uint256 = 0
    for i: uint256 in range(count, bound=MAX_RECEIPTS):
        receipt: Bytes[RECEIPT] = slice(_receipts, i * RECEIPT, RECEIPT)
        fee: uint256 = self._take_receipt(batchId, i, _modelId, domain, receipt)
        leaf: Bytes[RECORD] = concat(
            slice(receipt, 0, 20),
            slice(receipt, 28, 64),
            slice(receipt, 116, 64),
            slice(receipt, 92, 16),
            slice(receipt, 180, 8),
            slice(receipt, 20, 8),
        )
        hashes.append(merkle_tree._leaf(i, leaf))
        totalFee += fee
        totalW += _batches._units(fee)
        _batches._log_record(batchId, i, leaf)
    _batches._store_batch(
        batchId,
        _modelId,
        merkle_tree._root_of(hashes),
        _payoutRoot,
        count,
        _n,
        totalW,
        totalFee,
        policy,
    )
    return batchId


@external
@view
def nonceUsed(_payer: address, _nonce: uint64) -> bool:
    """
    @notice Whether a receipt of `_payer` with this nonce was taken.
    """
    nonce: uint256 = convert(_nonce, uint256)
    return self.nonces[_payer][convert(nonce >> 8, uint64)] & (1 << (nonce & 255)) != 0


@external
@view
def domainSeparator() -> bytes32:
    """
    @notice The EIP-712 domain that receipts are signed for.
    """
    return self._domain()


@internal
def _take_receipt(
    _batchId: uint64,
    _index: uint256,
    _modelId: uint32,
    _domain: bytes32,
    _receipt: Bytes[RECEIPT],
) -> uint256:
    """
    @notice Check one receipt and take its fee from the payer's prepaid balance.
    @return The fee.
    """
    payer: address = convert(convert(extract32(_receipt, 0), uint256) >> 96, address)
    nonce: uint256 = convert(extract32(_receipt, 0), uint256) >> 32
    nonce = nonce & convert(max_value(uint64), uint256)
    numbers: uint256 = convert(extract32(_receipt, 92), uint256)
    fee: uint256 = numbers >> 128
    deadline: uint256 = (numbers >> 64) & convert(max_value(uint64), uint256)
    if deadline < block.timestamp:
        raw_revert(abi_encode(_index, method_id=method_id("ReceiptExpired(uint256)")))
    if fee == 0:
        raw_revert(abi_encode(_index, method_id=method_id("ZeroFee(uint256)")))
    word: uint64 = convert(nonce >> 8, uint64)
    bit: uint256 = 1 << (nonce & 255)
    used: uint256 = self.nonces[payer][word]
    if used & bit != 0:
        raw_revert(abi_encode(_index, method_id=method_id("NonceUsed(uint256)")))
    struct_hash: bytes32 = keccak256(
        abi_encode(
            RECEIPT_TYPE,
            payer,
            _modelId,
            nonce,
            extract32(_receipt, 28),
            extract32(_receipt, 60),
            fee,
            deadline,
        )
    )
    digest: bytes32 = keccak256(concat(x"1901", _domain, struct_hash))
    s: uint256 = convert(extract32(_receipt, 220), uint256)
    v: uint256 = convert(extract32(_receipt, 221), uint256) & 255
    if s > HALF_ORDER or (v != 27 and v != 28):
        raw_revert(abi_encode(_index, method_id=method_id("MalformedSignature(uint256)")))
    signer: address = ecrecover(digest, v, convert(extract32(_receipt, 188), uint256), s)
    if signer == empty(address) or signer != payer:
        raw_revert(abi_encode(_index, method_id=method_id("WrongSigner(uint256)")))
    self.nonces[payer][word] = used | bit
    _prepaid._debit(payer, fee, _batchId, _index)
    return fee


@internal
@view
def _domain() -> bytes32:
    return keccak256(abi_encode(DOMAIN_TYPE, NAME_HASH, VERSION_HASH, chain.id, self))
