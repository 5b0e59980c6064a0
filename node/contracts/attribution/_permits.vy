# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Signed permits to claim for somebody
@notice Whoever is owed money but has none to pay gas with signs, and a sponsor sends:
            ClaimPermit(address who,bytes32 leavesHash,uint256 maxFee,uint256 nonce,uint256 deadline)
        under EIP-712, in the domain ("Byline Payout Vault", "1", chain id, this contract).
        leavesHash begins as 32 zero bytes and becomes, for each leaf in order,
            H(leavesHash || u64 batch || u32 index || u128 amount).
@dev Nonces count from 0, one after the other.  Signatures are r || s || v of 65 bytes, with s in
     the lower half of the curve's order and v 27 or 28: one permit has one signature.  Contracts
     are not asked what they have signed (ERC-1271): they claim for themselves.
"""

# error PermitExpired(uint256 deadline)
# error BadSignature()
# error WrongSigner(address signer, address who)

DOMAIN_TYPE: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
NAME_HASH: constant(bytes32) = keccak256("Byline Payout Vault")
VERSION_HASH: constant(bytes32) = keccak256("1")
PERMIT_TYPE: constant(bytes32) = keccak256(
    "ClaimPermit(address who,bytes32 leavesHash,uint256 maxFee,uint256 nonce,uint256 deadline)"
)
# Longer ones than it takes, so that the refusal can say what is wrong.
SIGNATURE_ROOM: constant(uint256) = 1_024
HALF_ORDER: constant(uint256) = (
    57896044618658097711785492504343953926418782139537452191302581570759080747168
)

nonces: public(HashMap[address, uint256])


@internal
def _use(
    _who: address,
    _leavesHash: bytes32,
    _maxFee: uint256,
    _deadline: uint256,
    _signature: Bytes[SIGNATURE_ROOM],
):
    """
    @notice Check the permit that `_who` signed, and use up its nonce.
    """
    if block.timestamp > _deadline:
        raw_revert(abi_encode(_deadline, method_id=method_id("PermitExpired(uint256)")))
    if len(_signature) != 65:
        raw_revert(method_id("BadSignature()"))
    s: uint256 = convert(extract32(_signature, 32), uint256)
    v: uint256 = convert(slice(_signature, 64, 1), uint256)
    if s > HALF_ORDER or (v != 27 and v != 28):
        raw_revert(method_id("BadSignature()"))
    permit: bytes32 = keccak256(
        abi_encode(PERMIT_TYPE, _who, _leavesHash, _maxFee, self.nonces[_who], _deadline)
    )
    digest: bytes32 = keccak256(concat(x"1901", self._domain(), permit))
    signer: address = ecrecover(digest, v, convert(extract32(_signature, 0), uint256), s)
    if signer == empty(address):
        raw_revert(method_id("BadSignature()"))
    if signer != _who:
        raw_revert(abi_encode(signer, _who, method_id=method_id("WrongSigner(address,address)")))
    self.nonces[_who] += 1


@internal
@view
def _domain() -> bytes32:
    return keccak256(abi_encode(DOMAIN_TYPE, NAME_HASH, VERSION_HASH, chain.id, self))


@external
@view
def DOMAIN_SEPARATOR() -> bytes32:
    """
    @return The hash of the domain, as EIP-712 has it.
    """
    return self._domain()
