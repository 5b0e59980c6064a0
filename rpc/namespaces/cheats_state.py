"""`anvil_`, `hardhat_`, `tenderly_`, `evm_`: accounts as a test wants them.

What each answers is what its namesake does: null, or true for `setStorageAt`, and for those
that Hardhat and ganache answer so.  On the L2 everything here is derived from the L1.
"""

from __future__ import annotations

from typing import Any, Final

from byline.derivation.dev_edits import MAX_NONCE, AccountEdit
from byline.derivation.hashing import keccak256
from byline.rpc import quantities, views
from byline.rpc.backend import CallRequest
from byline.rpc.editing import Editing
from byline.rpc.errors import InvalidParams, ServerError
from byline.rpc.method import Context, Method, Parameter, Run
from byline.rpc.namespaces.common import ADDRESS, TRANSACTION
from byline.rpc.namespaces.eth_transactions import send_as

BALANCE_OF: Final = keccak256(b"balanceOf(address)")[:4]
ALLOWANCE: Final = keccak256(b"allowance(address,address)")[:4]


def editing_of(context: Context) -> Editing:
    """Return what edits the chain."""
    found = context.backend.editing
    assert found is not None, "the methods are not served without it"
    return found


async def set_balance(context: Context, address: bytes, balance: int) -> None:
    """Let an account have a balance."""
    await editing_of(context).edit([AccountEdit(address, balance=balance)])


async def add_balance(context: Context, address: bytes, amount: int) -> None:
    """Give an account wei."""
    await editing_of(context).add_balance(address, amount)


async def set_nonce(context: Context, address: bytes, nonce: int) -> None:
    """Let an account have a nonce, also a lower one."""
    if nonce > MAX_NONCE:
        raise InvalidParams(f"nonce {nonce}: want at most {MAX_NONCE}")
    await editing_of(context).edit([AccountEdit(address, nonce=nonce)])


async def set_code(context: Context, address: bytes, code: bytes) -> None:
    """Let an account have code."""
    await editing_of(context).edit([AccountEdit(address, code=code)])


async def set_storage_at(context: Context, address: bytes, slot: int, word: int) -> bool:
    """Let a slot of an account hold a word."""
    await editing_of(context).edit([AccountEdit(address, storage={slot: word})])
    return True


def truly(run: Run) -> Run:
    """Return `run` with the answer true, as ganache gives it."""

    async def answered(context: Context, *arguments: Any) -> bool:
        await run(context, *arguments)
        return True

    answered.__doc__ = run.__doc__
    return answered


async def impersonate(context: Context, address: bytes) -> None:
    """Ask for no signature of an account."""
    await editing_of(context).impersonate(address, True)


async def hardhat_impersonate(context: Context, address: bytes) -> bool:
    """Ask for no signature of an account."""
    await editing_of(context).impersonate(address, True)
    return True


async def stop_impersonating(context: Context, address: bytes) -> None:
    """Ask for the signatures of an account again."""
    await editing_of(context).impersonate(address, False)


async def hardhat_stop_impersonating(context: Context, address: bytes) -> bool:
    """Ask for the signatures of an account again; false where they were asked for."""
    return await editing_of(context).impersonate(address, False)


async def auto_impersonate(context: Context, on: bool) -> None:
    """Ask for nobody's signature, or for everybody's who is not impersonated by name."""
    await editing_of(context).impersonate_everybody(on)


async def impersonate_signature(context: Context, signature: bytes, address: bytes) -> None:
    """Refuse: what `ecrecover` answers is the same on every chain."""
    raise ServerError(
        "impersonateSignature: ecrecover would answer otherwise than on every other node, and "
        "no verifier would follow; impersonate the account, or sign with a key of your own"
    )


async def deal_erc20(context: Context, holder: bytes, token: bytes, amount: int) -> None:
    """Let an account have a balance of a token."""
    await _set_word_of_view(context, token, BALANCE_OF + _words(holder), amount, "ERC20 balance")


async def set_erc20_allowance(
    context: Context, owner: bytes, spender: bytes, token: bytes, amount: int
) -> None:
    """Let an account spend so much of another's token."""
    call = ALLOWANCE + _words(owner, spender)
    await _set_word_of_view(context, token, call, amount, "ERC20 allowance")


async def _set_word_of_view(
    context: Context, token: bytes, call: bytes, amount: int, what: str
) -> None:
    editing = editing_of(context)
    slot = await editing.slot_of(token, call)
    if slot is None:
        raise ServerError(
            f"Unable to set {what}, no slot found: 0x{token.hex()} has no storage word that the "
            "view returns as it is"
        )
    await editing.edit([AccountEdit(token, storage={slot: amount})])


def _words(*addresses: bytes) -> bytes:
    return b"".join(address.rjust(32, b"\0") for address in addresses)


async def send_unsigned(context: Context, request: CallRequest) -> str:
    """Send a transaction of any account, impersonated or not; returns its hash."""
    return views.as_hex(await send_as(context, request))


def _amount(value: Any) -> int:
    """Read a number below 2**256 in hex, also padded, in decimal digits, or as JSON has it."""
    if type(value) is int and value >= 0:
        found = value
    elif isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 78:
        found = int(value)
    else:
        return quantities.slot(value)
    if found >= 2**256:
        raise InvalidParams(f"{quantities.shown(value)}: want less than 2**256")
    return found


_AMOUNT = Parameter("amount", _amount)
_BALANCE = Parameter("balance", _amount)
_NONCE = Parameter("nonce", _amount)
_CODE = Parameter("code", quantities.data)
_SLOT = Parameter("slot", _amount)
_WORD = Parameter("value", _amount)
_ON = Parameter("on", quantities.boolean)
_TOKEN = Parameter("token", quantities.address)
_SPENDER = Parameter("spender", quantities.address)
_SIGNATURE = Parameter("signature", quantities.data)

SET_BALANCE: Final = Method(set_balance, (ADDRESS, _BALANCE))
ADD_BALANCE: Final = Method(add_balance, (ADDRESS, _AMOUNT))
SET_NONCE: Final = Method(set_nonce, (ADDRESS, _NONCE))
SET_CODE: Final = Method(set_code, (ADDRESS, _CODE))
SET_STORAGE_AT: Final = Method(set_storage_at, (ADDRESS, _SLOT, _WORD))
DEAL_ERC20: Final = Method(deal_erc20, (ADDRESS, _TOKEN, _AMOUNT))
SET_ERC20_ALLOWANCE: Final = Method(set_erc20_allowance, (ADDRESS, _SPENDER, _TOKEN, _AMOUNT))
AUTO_IMPERSONATE: Final = Method(auto_impersonate, (_ON,))
IMPERSONATE_SIGNATURE: Final = Method(impersonate_signature, (_SIGNATURE, ADDRESS))

METHODS: Final = {
    "anvil_setBalance": SET_BALANCE,
    "hardhat_setBalance": Method(truly(set_balance), (ADDRESS, _BALANCE)),
    "tenderly_setBalance": SET_BALANCE,
    "evm_setAccountBalance": Method(truly(set_balance), (ADDRESS, _BALANCE)),
    "anvil_addBalance": ADD_BALANCE,
    "hardhat_addBalance": ADD_BALANCE,
    "tenderly_addBalance": ADD_BALANCE,
    "anvil_setNonce": SET_NONCE,
    "hardhat_setNonce": Method(truly(set_nonce), (ADDRESS, _NONCE)),
    "evm_setAccountNonce": Method(truly(set_nonce), (ADDRESS, _NONCE)),
    "anvil_setCode": SET_CODE,
    "hardhat_setCode": Method(truly(set_code), (ADDRESS, _CODE)),
    "evm_setAccountCode": Method(truly(set_code), (ADDRESS, _CODE)),
    "anvil_setStorageAt": SET_STORAGE_AT,
    "hardhat_setStorageAt": SET_STORAGE_AT,
    "evm_setAccountStorageAt": SET_STORAGE_AT,
    "anvil_impersonateAccount": Method(impersonate, (ADDRESS,)),
    "hardhat_impersonateAccount": Method(hardhat_impersonate, (ADDRESS,)),
    "anvil_stopImpersonatingAccount": Method(stop_impersonating, (ADDRESS,)),
    "hardhat_stopImpersonatingAccount": Method(hardhat_stop_impersonating, (ADDRESS,)),
    "anvil_autoImpersonateAccount": AUTO_IMPERSONATE,
    "hardhat_autoImpersonateAccount": AUTO_IMPERSONATE,
    "anvil_impersonateSignature": IMPERSONATE_SIGNATURE,
    "hardhat_impersonateSignature": IMPERSONATE_SIGNATURE,
    "anvil_dealERC20": DEAL_ERC20,
    "hardhat_dealERC20": DEAL_ERC20,
    "anvil_setERC20Allowance": SET_ERC20_ALLOWANCE,
    "hardhat_setERC20Allowance": SET_ERC20_ALLOWANCE,
    "eth_sendUnsignedTransaction": Method(send_unsigned, (TRANSACTION,)),
}
