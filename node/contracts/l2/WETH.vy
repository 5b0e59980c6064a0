# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title WETH
@notice Ether, or what pays for gas in its place, as an ERC-20: one token for each wei that lies
        here.
@dev An allowance of 2**256 - 1 never ends.  Name and symbol follow those that L1Block tells.
"""

interface L1Block:
    def gasPayingTokenName() -> String[MAX_NAME]: view
    def gasPayingTokenSymbol() -> String[MAX_NAME]: view

event Approval:
    src: indexed(address)
    guy: indexed(address)
    wad: uint256

event Transfer:
    src: indexed(address)
    dst: indexed(address)
    wad: uint256

event Deposit:
    dst: indexed(address)
    wad: uint256

event Withdrawal:
    src: indexed(address)
    wad: uint256

MAX_NAME: constant(uint256) = 32
L1_BLOCK: constant(address) = 0x4200000000000000000000000000000000000015

balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])


@external
@pure
def version() -> String[5]:
    """
    @notice The level of the OP Stack contract that this one answers like.
    """
    return "1.1.1"


@external
@view
def name() -> String[MAX_NAME + 8]:
    """
    @notice Name of the token.
    """
    return concat("Wrapped ", staticcall L1Block(L1_BLOCK).gasPayingTokenName())


@external
@view
def symbol() -> String[MAX_NAME + 1]:
    """
    @notice Symbol of the token.
    """
    return concat("W", staticcall L1Block(L1_BLOCK).gasPayingTokenSymbol())


@external
@pure
def decimals() -> uint8:
    """
    @notice Decimals, as of ether.
    """
    return 18


@external
@view
def totalSupply() -> uint256:
    """
    @notice The wei that lie here.
    """
    return self.balance


@external
@payable
def deposit():
    """
    @notice Get tokens for the value sent along.
    """
    self._deposit()


@external
@payable
def __default__():
    """
    @notice Plain value is a deposit, and so is a call of any function that is not here: tokens
            of this kind have always answered so, and programs that probe them meet it.
    """
    self._deposit()


@external
def withdraw(_wad: uint256):
    """
    @notice Get wei for tokens.
    """
    self.balanceOf[msg.sender] -= _wad
    log Withdrawal(src=msg.sender, wad=_wad)
    raw_call(msg.sender, b"", value=_wad)


@external
def approve(_guy: address, _wad: uint256) -> bool:
    """
    @notice Let somebody move that many of the caller's tokens.
    """
    self.allowance[msg.sender][_guy] = _wad
    log Approval(src=msg.sender, guy=_guy, wad=_wad)
    return True


@external
def transfer(_dst: address, _wad: uint256) -> bool:
    """
    @notice Move tokens of the caller.
    """
    self._move(msg.sender, _dst, _wad)
    return True


@external
def transferFrom(_src: address, _dst: address, _wad: uint256) -> bool:
    """
    @notice Move tokens of somebody who has allowed it.
    """
    if _src != msg.sender and self.allowance[_src][msg.sender] != max_value(uint256):
        self.allowance[_src][msg.sender] -= _wad
    self._move(_src, _dst, _wad)
    return True


@internal
@payable
def _deposit():
    self.balanceOf[msg.sender] += msg.value
    log Deposit(dst=msg.sender, wad=msg.value)


@internal
def _move(source: address, target: address, amount: uint256):
    self.balanceOf[source] -= amount
    self.balanceOf[target] += amount
    log Transfer(src=source, dst=target, wad=amount)
