# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title OPEN
@notice The token that pays for gas on an L2 of OpenLedger, as an ERC-20 of the L1 (EIP-20, with
        approval by signature, EIP-2612).
@dev Errors are those of EIP-6093.  The supply is fixed: the constructor gives it to the deployer,
     and a genesis that writes storage gives it to whom it likes (slots 0 balances, 1 allowances,
     2 nonces, 3 supply; keys of mappings are hashed Vyper's way).
"""

# error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)
# error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)
# error ERC20InvalidReceiver(address receiver)
# error ERC20InvalidSpender(address spender)
# error ERC2612ExpiredSignature(uint256 deadline)
# error ERC2612InvalidSigner(address signer, address owner)

event Transfer:
    sender: indexed(address)
    to: indexed(address)
    value: uint256

event Approval:
    owner: indexed(address)
    spender: indexed(address)
    value: uint256

NAME: constant(String[4]) = "OPEN"
VERSION: constant(String[1]) = "1"
SUPPLY: constant(uint256) = 10**27
DOMAIN_TYPE: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
PERMIT_TYPE: constant(bytes32) = keccak256(
    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)
# The fields of the domain that are used (EIP-5267): name, version, chain, contract.
DOMAIN_FIELDS: constant(bytes1) = 0x0f
# The order of secp256k1: each signature has a twin in the other half of it.
ORDER: constant(uint256) = (
    115792089237316195423570985008687907852837564279074904382605163141518161494337
)
MAX_S: constant(uint256) = ORDER // 2

balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
nonces: public(HashMap[address, uint256])
totalSupply: public(uint256)


@deploy
def __init__():
    self.totalSupply = SUPPLY
    self.balanceOf[msg.sender] = SUPPLY
    log Transfer(sender=empty(address), to=msg.sender, value=SUPPLY)


@external
@pure
def name() -> String[4]:
    """
    @notice The name of the token.
    """
    return NAME


@external
@pure
def symbol() -> String[4]:
    """
    @notice Its symbol.
    """
    return NAME


@external
@pure
def decimals() -> uint8:
    """
    @notice Digits after the point.
    """
    return 18


@external
@view
def DOMAIN_SEPARATOR() -> bytes32:
    """
    @notice What binds a permit to this token and chain.
    """
    return self._domain()


@external
@view
def eip712Domain() -> (
    bytes1, String[4], String[1], uint256, address, bytes32, DynArray[uint256, 1]
):
    """
    @notice What the domain separator is made of (EIP-5267).
    """
    return DOMAIN_FIELDS, NAME, VERSION, chain.id, self, empty(bytes32), []


@external
def transfer(_to: address, _value: uint256) -> bool:
    """
    @notice Give tokens away.
    """
    self._move(msg.sender, _to, _value)
    return True


@external
def transferFrom(_from: address, _to: address, _value: uint256) -> bool:
    """
    @notice Move tokens of somebody who has approved that.
    """
    allowed: uint256 = self.allowance[_from][msg.sender]
    if allowed != max_value(uint256):
        if allowed < _value:
            raw_revert(
                abi_encode(
                    msg.sender,
                    allowed,
                    _value,
                    method_id=method_id("ERC20InsufficientAllowance(address,uint256,uint256)"),
                )
            )
        self.allowance[_from][msg.sender] = allowed - _value
    self._move(_from, _to, _value)
    return True


@external
def approve(_spender: address, _value: uint256) -> bool:
    """
    @notice Let somebody move so many of the caller's tokens; the greatest number is no limit.
    """
    self._approve(msg.sender, _spender, _value)
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
    @notice Approve by a signature of the owner.
    """
    if block.timestamp > _deadline:
        raw_revert(abi_encode(_deadline, method_id=method_id("ERC2612ExpiredSignature(uint256)")))
    content: bytes32 = keccak256(
        abi_encode(PERMIT_TYPE, _owner, _spender, _value, self.nonces[_owner], _deadline)
    )
    digest: bytes32 = keccak256(concat(x"1901", self._domain(), content))
    signer: address = empty(address)
    if convert(_s, uint256) <= MAX_S:
        signer = ecrecover(digest, _v, _r, _s)
    if signer == empty(address) or signer != _owner:
        raw_revert(
            abi_encode(
                signer, _owner, method_id=method_id("ERC2612InvalidSigner(address,address)")
            )
        )
    self.nonces[_owner] += 1
    self._approve(_owner, _spender, _value)


@internal
@view
def _domain() -> bytes32:
    return keccak256(
        abi_encode(DOMAIN_TYPE, keccak256(NAME), keccak256(VERSION), chain.id, self)
    )


@internal
def _approve(owner: address, spender: address, amount: uint256):
    if spender == empty(address):
        raw_revert(abi_encode(spender, method_id=method_id("ERC20InvalidSpender(address)")))
    self.allowance[owner][spender] = amount
    log Approval(owner=owner, spender=spender, value=amount)


@internal
def _move(sender: address, to: address, amount: uint256):
    if to == empty(address):
        raw_revert(abi_encode(to, method_id=method_id("ERC20InvalidReceiver(address)")))
    held: uint256 = self.balanceOf[sender]
    if held < amount:
        raw_revert(
            abi_encode(
                sender,
                held,
                amount,
                method_id=method_id("ERC20InsufficientBalance(address,uint256,uint256)"),
            )
        )
    self.balanceOf[sender] = held - amount
    self.balanceOf[to] += amount
    log Transfer(sender=sender, to=to, value=amount)
