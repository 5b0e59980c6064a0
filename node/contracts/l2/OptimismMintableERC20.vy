# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title OptimismMintableERC20
@notice The twin on the L2 of a token of the L1.  The bridge mints it for tokens that are locked
        there and burns it for those that go back.
@dev Rules: ethereum-optimism/specs, protocol/bridges.md; EIP-20, EIP-2612.  The words of refusals
     are those that clients of the OP Stack know.  The Permit2 contract may move all tokens, and
     no approval changes that.
     The factory creates it from a blueprint (ERC-5202), and what the constructor is told lies in
     the code.
"""

event Approval:
    owner: indexed(address)
    spender: indexed(address)
    value: uint256

event Burn:
    account: indexed(address)
    amount: uint256

event Mint:
    account: indexed(address)
    amount: uint256

event Transfer:
    sender: indexed(address)
    to: indexed(address)
    value: uint256

MAX_NAME: constant(uint256) = 128
PERMIT2: public(constant(address)) = 0x000000000022D473030F116dDEE9F6B43aC78BA3
DOMAIN_TYPE: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
DOMAIN_VERSION: constant(bytes32) = keccak256("1")
PERMIT_TYPE: constant(bytes32) = keccak256(
    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)
# The order of secp256k1: each signature has a twin in the other half of it.
ORDER: constant(uint256) = (
    115792089237316195423570985008687907852837564279074904382605163141518161494337
)
MAX_S: constant(uint256) = ORDER // 2
# ERC-165, ILegacyMintableERC20 and IOptimismMintableERC20.
INTERFACES: constant(bytes4[3]) = [0x01ffc9a7, 0x1d1d8b63, 0xec4fc8e3]

BRIDGE: public(immutable(address))
REMOTE_TOKEN: public(immutable(address))
name: public(immutable(String[MAX_NAME]))
symbol: public(immutable(String[MAX_NAME]))
decimals: public(immutable(uint8))

balanceOf: public(HashMap[address, uint256])
approved: HashMap[address, HashMap[address, uint256]]
totalSupply: public(uint256)
nonces: public(HashMap[address, uint256])


@deploy
def __init__(
    _bridge: address,
    _remoteToken: address,
    _name: String[MAX_NAME],
    _symbol: String[MAX_NAME],
    _decimals: uint8,
):
    BRIDGE = _bridge
    REMOTE_TOKEN = _remoteToken
    name = _name
    symbol = _symbol
    decimals = _decimals


@external
@pure
def version() -> String[5]:
    """
    @notice The level of the OP Stack contract that this one answers like.
    """
    return "1.4.1"


@external
@view
def bridge() -> address:
    """
    @notice Who mints and burns.
    """
    return BRIDGE


@external
@view
def l2Bridge() -> address:
    """
    @notice An older name of bridge.
    """
    return BRIDGE


@external
@view
def remoteToken() -> address:
    """
    @notice The token on the L1.
    """
    return REMOTE_TOKEN


@external
@view
def l1Token() -> address:
    """
    @notice An older name of remoteToken.
    """
    return REMOTE_TOKEN


@external
@pure
def supportsInterface(_interfaceId: bytes4) -> bool:
    """
    @notice Whether the functions of an interface are here (ERC-165).
    """
    return _interfaceId in INTERFACES


@external
@view
def DOMAIN_SEPARATOR() -> bytes32:
    """
    @notice What binds a permit to this token and chain.
    """
    return self._domain()


@external
@view
def allowance(_owner: address, _spender: address) -> uint256:
    """
    @notice How many tokens of an owner somebody may move; the greatest number is no limit.
    """
    return self._allowance(_owner, _spender)


# --- For the bridge


@external
def mint(_to: address, _amount: uint256):
    """
    @notice Put tokens into circulation.
    """
    self._check_bridge()
    assert _to != empty(address), "ERC20: mint to the zero address"
    self.totalSupply += _amount
    self.balanceOf[_to] += _amount
    log Transfer(sender=empty(address), to=_to, value=_amount)
    log Mint(account=_to, amount=_amount)


@external
def burn(_from: address, _amount: uint256):
    """
    @notice Take tokens out of circulation.
    """
    self._check_bridge()
    assert _from != empty(address), "ERC20: burn from the zero address"
    held: uint256 = self.balanceOf[_from]
    assert held >= _amount, "ERC20: burn amount exceeds balance"
    self.balanceOf[_from] = held - _amount
    self.totalSupply -= _amount
    log Transfer(sender=_from, to=empty(address), value=_amount)
    log Burn(account=_from, amount=_amount)


# --- For holders


@external
def transfer(_to: address, _amount: uint256) -> bool:
    """
    @notice Give tokens away.
    """
    self._move(msg.sender, _to, _amount)
    return True


@external
def transferFrom(_from: address, _to: address, _amount: uint256) -> bool:
    """
    @notice Move tokens of somebody who has approved that.
    """
    allowed: uint256 = self._allowance(_from, msg.sender)
    if allowed != max_value(uint256):
        assert allowed >= _amount, "ERC20: insufficient allowance"
        self._approve(_from, msg.sender, allowed - _amount)
    self._move(_from, _to, _amount)
    return True


@external
def approve(_spender: address, _amount: uint256) -> bool:
    """
    @notice Let somebody move so many of the caller's tokens; the greatest number is no limit.
    """
    self._approve(msg.sender, _spender, _amount)
    return True


@external
def increaseAllowance(_spender: address, _added: uint256) -> bool:
    """
    @notice Let somebody move more of the caller's tokens.
    """
    self._approve(msg.sender, _spender, self._allowance(msg.sender, _spender) + _added)
    return True


@external
def decreaseAllowance(_spender: address, _subtracted: uint256) -> bool:
    """
    @notice Let somebody move less of the caller's tokens.
    """
    allowed: uint256 = self._allowance(msg.sender, _spender)
    assert allowed >= _subtracted, "ERC20: decreased allowance below zero"
    self._approve(msg.sender, _spender, allowed - _subtracted)
    return True


@external
def permit(
    _owner: address,
    _spender: address,
    _value: uint256,
    _deadline: uint256,
    _v: uint8,
    _r: bytes32,
    _s: bytes32,
):
    """
    @notice Approve by a signature of the owner (EIP-2612).
    """
    assert block.timestamp <= _deadline, "ERC20Permit: expired deadline"
    content: bytes32 = keccak256(
        abi_encode(PERMIT_TYPE, _owner, _spender, _value, self.nonces[_owner], _deadline)
    )
    self.nonces[_owner] += 1
    digest: bytes32 = keccak256(concat(x"1901", self._domain(), content))
    assert convert(_s, uint256) <= MAX_S, "ECDSA: invalid signature 's' value"
    assert _v == 27 or _v == 28, "ECDSA: invalid signature 'v' value"
    signer: address = ecrecover(digest, _v, _r, _s)
    assert signer != empty(address), "ECDSA: invalid signature"
    assert signer == _owner, "ERC20Permit: invalid signature"
    self._approve(_owner, _spender, _value)


@internal
@view
def _check_bridge():
    assert msg.sender == BRIDGE, "OptimismMintableERC20: only bridge can mint and burn"


@internal
@view
def _domain() -> bytes32:
    return keccak256(
        abi_encode(DOMAIN_TYPE, keccak256(name), DOMAIN_VERSION, chain.id, self)
    )


@internal
@view
def _allowance(owner: address, spender: address) -> uint256:
    if spender == PERMIT2:
        return max_value(uint256)
    return self.approved[owner][spender]


@internal
def _approve(owner: address, spender: address, amount: uint256):
    assert owner != empty(address), "ERC20: approve from the zero address"
    assert spender != empty(address), "ERC20: approve to the zero address"
    self.approved[owner][spender] = amount
    log Approval(owner=owner, spender=spender, value=amount)


@internal
def _move(sender: address, to: address, amount: uint256):
    assert sender != empty(address), "ERC20: transfer from the zero address"
    assert to != empty(address), "ERC20: transfer to the zero address"
    held: uint256 = self.balanceOf[sender]
    assert held >= amount, "ERC20: transfer amount exceeds balance"
    self.balanceOf[sender] = held - amount
    self.balanceOf[to] += amount
    log Transfer(sender=sender, to=to, value=amount)
