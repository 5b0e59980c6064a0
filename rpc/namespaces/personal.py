"""`personal_`: who signed a message, and the accounts; what needs a keystore is refused.

Source: geth's former `personal` module.
"""

from __future__ import annotations

from typing import Any, Final

from byline.derivation.hashing import keccak256
from byline.derivation.kernels import secp256k1
from byline.rpc import quantities, views
from byline.rpc.errors import InvalidParams, ServerError
from byline.rpc.method import Context, Method, Parameter
from byline.rpc.namespaces.eth_transactions import accounts

_SIGNATURE_BYTES: Final = 65
_PREFIX: Final = b"\x19Ethereum Signed Message:\n"
"""EIP-191, version 0x45."""


async def ec_recover(context: Context, message: bytes, signature: bytes) -> str:
    """Return the account whose `personal_sign` or `eth_sign` made a signature."""
    if len(signature) != _SIGNATURE_BYTES:
        raise InvalidParams(f"signature must be 65 bytes long, got {len(signature)}")
    parity = signature[64] - 27
    if parity not in (0, 1):
        raise InvalidParams("invalid Ethereum signature (V is not 27 or 28)")
    digest = keccak256(_PREFIX + str(len(message)).encode() + message)
    r, s = (int.from_bytes(signature[at : at + 32], "big") for at in (0, 32))
    found = secp256k1.recover(digest, parity, r, s)
    if found is None:
        raise ServerError("invalid signature: no key made it")
    return views.as_hex(found)


_MESSAGE: Final = Parameter("message", quantities.data)
_SIGNATURE: Final = Parameter("signature", quantities.data)

METHODS: Final[dict[str, Any]] = {
    "personal_listAccounts": Method(accounts),
    "personal_ecRecover": Method(ec_recover, (_MESSAGE, _SIGNATURE)),
}
